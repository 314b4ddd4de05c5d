// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Machines made by chance: topologies, plans, faults and hot-plug, each from
 * a fixed seed, all rules of the simulator in force.
 *
 *	test-stage-random [FIRST-SEED [COUNT]]
 */
#include <stdlib.h>

#include "lib/error.h"
#include "tests/sim/expect.h"
#include "tests/sim/sim-smmu2.h"
#include "tests/sim/world.h"

#define WORLDS 400u
#define MULTI_FUNCTION 0x00800000u

static uint64_t state;

static uint32_t chance(uint32_t below)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)((state * UINT64_C(2685821657736338717)) >> 33) %
	       below;
}

static bool one_in(uint32_t n)
{
	return chance(n) == 0;
}

struct machine {
	struct world w;
	struct kq_plan_stream streams[3];
	struct kq_plan_component component;
	uint8_t next_bus;
	bool all_well; /* nothing is broken and the budget is large */
	bool hangs;    /* some reads take 50 ms */
};

static void break_function(struct machine *m, struct sim_function *fn)
{
	struct sim_function_faults *f = &fn->faults;

	m->all_well = false;
	/* What hangs until a completion time-out, in reads of 50 ms. */
	if (one_in(4)) {
		f->dead_read_us = 50000;
		m->hangs = true;
	}
	switch (chance(9)) {
	case 0:
		f->aborts = true;
		break;
	case 1:
		f->dead = true;
		break;
	case 2:
		f->bme_stuck = true;
		break;
	case 3:
		f->flr_kills = true;
		break;
	case 4:
		f->pending_at_rest = true;
		break;
	case 5:
		f->pending_us = SIM_NEVER;
		break;
	case 6:
		f->dead_after = 1 + chance(60);
		break;
	case 7:
		f->abort_after = 1 + chance(60);
		break;
	case 8:
		f->gone_at_us = 1 + chance(200000);
		break;
	}
}

static void vary_function(struct machine *m, struct sim_function *fn)
{
	struct sim_errors errors = {
		.devsta = chance(16),
		.uncor = chance(1u << 26) & 0x03fff010,
		.cor = chance(0x10000) & 0xf1c1,
	};

	if (one_in(3))
		fn->faults.pending_us = chance(40000);
	if (one_in(4))
		fn->faults.flr_us = 1000 + chance(400000);
	if (one_in(4))
		fn->faults.ones_in_reset = true;
	if (one_in(5))
		fn->config[1] |= (uint32_t)PCI_STATUS_IMM_READY << 16;
	if (sim_immediate(fn))
		fn->faults.flr_us = 0;
	if (one_in(5))
		fn->config[1] &= ~(uint32_t)PCI_COMMAND_MASTER;
	if (one_in(4))
		sim_set_errors(fn, &errors);
	if (one_in(6))
		fn->faults.raised = errors;
	if (one_in(12))
		break_function(m, fn);
}

static struct sim_function *add_endpoint(struct machine *m,
					 struct sim_host *host,
					 struct sim_function *parent,
					 uint8_t devfn)
{
	static const uint8_t types[] = {
		PCI_EXP_TYPE_ENDPOINT, PCI_EXP_TYPE_ENDPOINT,
		PCI_EXP_TYPE_LEG_END, PCI_EXP_TYPE_RC_END,
	};
	struct sim_function *fn = sim_add_function(
		m->w.sim, host, parent, devfn, 0x1af4 | chance(65534) << 16,
		0x02000000 | chance(1u << 24));

	if (one_in(2))
		sim_add_pm(fn);
	if (one_in(2))
		sim_add_msix(fn);
	if (!one_in(5)) {
		sim_add_pcie(fn, types[chance(4)], !one_in(4));
		if (!one_in(3))
			sim_add_aer(fn);
	} else if (one_in(2)) {
		sim_add_af(fn, !one_in(3));
	}
	if (m->w.sim->smmu_count)
		fn->smmu = (int)chance((uint32_t)m->w.sim->smmu_count);
	fn->stream_id = sim_rid(fn);
	vary_function(m, fn);
	return fn;
}

/* A device of one or more functions, the first maybe a PF. */
static void add_device(struct machine *m, struct sim_host *host,
		       struct sim_function *parent, uint8_t device)
{
	struct sim_function *first =
		add_endpoint(m, host, parent, (uint8_t)(device << 3));
	uint8_t functions = one_in(3) ? (uint8_t)(1 + chance(4)) : 1;

	for (uint8_t i = 1; i < functions; i++) {
		first->config[3] |= MULTI_FUNCTION;
		add_endpoint(m, host, parent, (uint8_t)(device << 3 | i));
	}
	if (functions == 1 && first->pcie_cap && one_in(4))
		sim_add_sriov(first, 1 + chance(3), 1, 1);
	if (functions == 1 && one_in(8) && !first->sriov_cap)
		first->faults.alias = true;
}

/* An ARI device: its functions are a list, numbers up to 255. */
static void add_ari_device(struct machine *m, struct sim_host *host,
			   struct sim_function *port)
{
	struct sim_function *fn = sim_add_function(
		m->w.sim, host, port, 0, 0x00101af4, 0x02000000);
	uint32_t number = 0;

	port->config[(port->pcie_cap + PCI_EXP_DEVCTL2) / 4] |=
		PCI_EXP_DEVCTL2_ARI;
	sim_add_pcie(fn, PCI_EXP_TYPE_ENDPOINT, !one_in(4));
	for (uint32_t i = chance(4); i > 0 && number < 200; i--) {
		number += 1 + chance(50);
		sim_add_ari(fn, (uint8_t)number);
		fn = sim_add_function(m->w.sim, host, port, (uint8_t)number,
				      0x00111af4, 0x02000000);
		sim_add_pcie(fn, PCI_EXP_TYPE_ENDPOINT, !one_in(4));
	}
	sim_add_ari(fn, 0);
}

/* Up to 32 devices below a bridge to conventional PCI. */
static void add_conventional_bus(struct machine *m, struct sim_host *host,
				 uint8_t devfn)
{
	uint8_t bus = m->next_bus++;
	struct sim_function *bridge = sim_add_bridge(
		m->w.sim, host, NULL, devfn, PCI_EXP_TYPE_PCI_BRIDGE, bus, bus);

	for (uint8_t device = (uint8_t)chance(8); device < 32;
	     device += (uint8_t)(1 + chance(16)))
		add_endpoint(m, host, bridge, (uint8_t)(device << 3));
}

static void add_switch(struct machine *m, struct sim_host *host,
		       struct sim_function *port, unsigned int depth);

static void add_below(struct machine *m, struct sim_host *host,
		      struct sim_function *port, unsigned int depth)
{
	if (depth < 2 && one_in(3) && m->next_bus < 200)
		add_switch(m, host, port, depth + 1);
	else if (one_in(8))
		add_ari_device(m, host, port);
	else if (!one_in(5))
		add_device(m, host, port, 0);
}

static struct sim_function *add_port(struct machine *m, struct sim_host *host,
				     struct sim_function *parent, uint8_t devfn,
				     unsigned int type, unsigned int depth)
{
	uint8_t bus = m->next_bus++;
	struct sim_function *port = sim_add_bridge(
		m->w.sim, host, parent, devfn, type, bus, bus);

	if (one_in(2))
		sim_add_aer(port);
	if (one_in(4))
		sim_add_dpc(port);
	if (type == PCI_EXP_TYPE_ROOT_PORT && one_in(3))
		port->config[(port->pcie_cap + PCI_EXP_RTCTL) / 4] &=
			~(uint32_t)PCI_EXP_RTCTL_CRSSVE;
	if (type != PCI_EXP_TYPE_ROOT_PORT && one_in(2))
		port->config[(port->pcie_cap + PCI_EXP_DEVCAP) / 4] |=
			PCI_EXP_DEVCAP_FLR;
	if (type != PCI_EXP_TYPE_UPSTREAM)
		add_below(m, host, port, depth);
	return port;
}

static void set_subordinate(struct sim_function *port, uint8_t bus)
{
	port->config[PCI_PRIMARY_BUS / 4] &= 0xff00ffff;
	port->config[PCI_PRIMARY_BUS / 4] |= (uint32_t)bus << 16;
}

static void add_switch(struct machine *m, struct sim_host *host,
		       struct sim_function *port, unsigned int depth)
{
	struct sim_function *up = add_port(m, host, port, 0,
					   PCI_EXP_TYPE_UPSTREAM, depth);
	uint32_t count = 1 + chance(3);

	for (uint32_t i = 0; i < count; i++) {
		struct sim_function *down =
			add_port(m, host, up, (uint8_t)(i << 3),
				 PCI_EXP_TYPE_DOWNSTREAM, depth);

		set_subordinate(down, (uint8_t)(m->next_bus - 1));
	}
	set_subordinate(up, (uint8_t)(m->next_bus - 1));
}

/* A root bus of its own in the middle of the window. */
static void add_second_root_bus(struct machine *m, struct sim_host *host)
{
	struct sim_function *fn;

	sim_add_root_bus(host, 0xe0);
	fn = add_endpoint(m, host, NULL, (uint8_t)(chance(32) << 3));
	fn->root_bus = 0xe0;
}

static void add_root_bus(struct machine *m, struct sim_host *host)
{
	uint32_t ports = 1 + chance(4);

	for (uint32_t i = 0; i < ports; i++) {
		struct sim_function *port =
			add_port(m, host, NULL, (uint8_t)((i + 1) << 3),
				 PCI_EXP_TYPE_ROOT_PORT, 0);

		set_subordinate(port, (uint8_t)(m->next_bus - 1));
	}
	for (uint32_t i = chance(3); i > 0; i--)
		add_device(m, host, NULL, (uint8_t)(16 + i));
	if (one_in(4))
		add_conventional_bus(m, host, 24 << 3);
	if (one_in(4))
		add_second_root_bus(m, host);
}

static void add_host(struct machine *m, uint16_t segment)
{
	struct sim_host *host = sim_add_host(m->w.sim,
					     0x4000000000 +
						     segment * 0x100000000ull,
					     segment, 0, 255);
	struct sim_function *port;

	m->next_bus = 1;
	host->absent_aborts = one_in(3);
	if (!one_in(5)) {
		add_root_bus(m, host);
		return;
	}
	/* Only device 0 is real: the others are its echo. */
	host->flags = KQ_HOST_ROOT_DEV0_ONLY;
	port = add_port(m, host, NULL, 0, PCI_EXP_TYPE_ROOT_PORT, 0);
	set_subordinate(port, (uint8_t)(m->next_bus - 1));
}

static void break_smmu3(struct sim_smmu *smmu)
{
	switch (chance(6)) {
	case 0:
		smmu->aborts = true;
		break;
	case 1:
		smmu->gbpa_update.delay_us = SIM_NEVER;
		break;
	case 2:
		smmu->cr0_update.delay_us = SIM_NEVER;
		break;
	case 3:
		smmu->cr0_update.left = 1 + chance(9);
		break;
	case 4:
		smmu->gbpa_update.left = 1 + chance(4);
		break;
	case 5:
		smmu->commands_left = 1 + chance(8);
		break;
	}
}

/* Kinds of SMMUv3, odd ones among them. */
static void vary_smmu3_kind(struct sim_smmu *smmu)
{
	smmu->idr[0] &= ~(UINT32_C(3) | 1u << 4 | 3u << 24 | 3u << 27);
	smmu->idr[0] |= 1 + chance(3);		   /* stages */
	smmu->idr[0] |= chance(2) << 4;		   /* COHACC */
	smmu->idr[0] |= chance(3) << 24;	   /* stall model */
	smmu->idr[0] |= one_in(4) ? 0 : 1u << 27; /* two levels */
	smmu->idr[5] = chance(8) << 4 | chance(7);
	smmu->command_us = one_in(2) ? chance(200) : 0;
	smmu->page0_only = one_in(4);
	smmu->v3 = !one_in(6);
}

static void vary_smmu3(struct machine *m, struct sim_smmu *smmu, uint32_t i)
{
	vary_smmu3_kind(smmu);
	smmu->cr0_update.delay_us = chance(2000);
	smmu->gbpa_update.delay_us = chance(2000);
	smmu->irq_update.delay_us = chance(2000);
	smmu->gerror = chance(512) & 0x1fd;
	smmu->gerrorn = chance(512) & 0x1fd;
	if (one_in(4))
		smmu->cr0 = smmu->cr0ack = 0;
	if (one_in(3))
		smmu->gbpa |= 0x00100000;
	if (one_in(2))
		sim_smmu_events(smmu, 0x80000000 + i * 0x100000, 2 + chance(6),
				chance(100), chance(100), chance(4));
	if (!one_in(8))
		return;
	m->all_well = false;
	break_smmu3(smmu);
}

static void vary_smmu2(struct machine *m, struct sim_smmu *smmu)
{
	struct sim_smmu2 *v2 = smmu->v2;

	if (one_in(4)) /* stream indexing */
		v2->idr[0] = (v2->idr[0] & ~(1u << 27 | 0x1e00u)) |
			     (4 + chance(5)) << 9;
	if (one_in(4))
		v2->idr[0] &= ~(1u << 30); /* stage 2 only */
	if (v2->version == 2)
		v2->idr[2] = chance(8) << 12 | chance(6) << 4 | 5;
	if (one_in(3))
		v2->idr[1] |= 1u << 31;
	if (one_in(4))
		v2->now.scr0 |= 1;
	v2->calxeda = v2->version == 1 && one_in(3);
	v2->mmu500 = v2->version == 2 && one_in(2);
	smmu->plan_flags = (v2->calxeda ? KQ_SMMU_CALXEDA : 0) |
			   (v2->mmu500 ? KQ_SMMU_MMU500 : 0);
	v2->now.sacr = chance(2) << 26;
	v2->now.banks[7].actlr = v2->now.banks[0].actlr = chance(4);
	v2->sync_us = chance(2000);
	if (!one_in(8))
		return;
	m->all_well = false;
	v2->sync_us = SIM_NEVER;
}

static void add_smmus(struct machine *m)
{
	uint32_t count = chance(4);

	/* The old first-level stream table of them all, empty. */
	sim_add_ram(m->w.sim, 0x88000000, 2048);
	for (uint32_t i = 0; i < count; i++) {
		uint64_t base = 0x09000000 + i * 0x1000000;
		struct sim_smmu *smmu;

		if (one_in(3)) {
			smmu = sim_add_smmu2(m->w.sim, base, 1 + chance(2));
			vary_smmu2(m, smmu);
		} else {
			smmu = sim_add_smmu(m->w.sim, base);
			vary_smmu3(m, smmu, i);
		}
		smmu->policy = 1 + chance(KQ_POLICY_LAST);
		for (uint32_t k = chance(3); k > 0; k--)
			sim_add_traffic(m->w.sim, smmu, chance(0x8000),
					chance(1u << 30), 1000 + chance(5000));
	}
}

/* Streams that must pass, platform devices, a window: for some. */
static void vary_streams(struct machine *m)
{
	struct sim_plan *o = &m->w.options;
	uint32_t smmus = (uint32_t)m->w.sim->smmu_count;

	o->probe_ms = one_in(3) ? 1 + chance(30) : 0;
	if (smmus == 0)
		return;
	for (uint32_t i = 0; i < 3; i++)
		m->streams[i] = (struct kq_plan_stream){
			.stream_id = chance(0x8000),
			.smmu = (uint16_t)chance(smmus),
		};
	m->component = (struct kq_plan_component){
		.stream_id = chance(0x8000),
		.count = chance(4),
		.smmu = (uint16_t)chance(smmus),
		.name = "/soc/device",
	};
	o->streams = m->streams;
	o->stream_count = one_in(2) ? chance(4) : 0;
	o->components = &m->component;
	o->component_count = chance(2);
}

/* What differs from the day the plan was made. */
static void change_since(struct machine *m)
{
	struct sim *sim = m->w.sim;
	size_t count = sim->function_count;

	for (size_t i = 0; i < count; i++) {
		struct sim_function *fn = sim->functions[i];

		if (fn->bridge || fn->pf || fn->sriov_cap || !one_in(10))
			continue;
		if (one_in(2)) {
			fn->present = false;
		} else {
			fn->config[0] ^= 0x00010000;
			fn->replaced = true;
		}
	}
	if (one_in(2) && !sim->hosts[0].flags) {
		struct sim_function *fn =
			add_endpoint(m, &sim->hosts[0], NULL, 30 << 3);

		fn->faults.alias = false;
	}
}

static void vary_plan(struct machine *m)
{
	struct sim_plan *o = &m->w.options;
	struct kq_plan_header *plan;

	o->kind = one_in(4) ? KQ_PLAN_ORDERLY : KQ_PLAN_CRASH;
	o->quiesce = one_in(5) ? chance(2) : KQ_QUIESCE_FLR;
	o->flags = chance(2);
	o->budget_ms = one_in(4) ? chance(1500) : 3000;
	m->all_well &= o->budget_ms == 3000 && o->kind == KQ_PLAN_CRASH &&
		       o->quiesce == KQ_QUIESCE_FLR;
	vary_streams(m);
	plan = m->w.plan = sim_plan_build(m->w.sim, o);
	for (uint32_t i = 0; i < plan->functions.count; i++) {
		struct kq_plan_function *fn =
			(void *)&kq_plan_functions(plan)[i];

		if (fn->flags & KQ_FN_BRIDGE)
			continue;
		if (one_in(20))
			fn->flags |= KQ_FN_SKIP;
		if (one_in(20))
			fn->flags |= KQ_FN_FLR_BROKEN;
		if (one_in(20))
			fn->flags |= KQ_FN_DEV_RESET;
		if (one_in(20))
			fn->reset_delay_ms = (uint16_t)chance(300);
	}
}

static void build(struct machine *m)
{
	*m = (struct machine){ .all_well = true };
	m->w.options = (struct sim_plan)SIM_PLAN_DEFAULT;
	m->w.sim = sim_new();
	m->w.sim->rrs_on_root_bus = one_in(2);
	add_smmus(m);
	for (uint16_t i = 0; i < 1 + chance(3); i++)
		add_host(m, i);
	m->w.sim->flag_absent_reads = one_in(2);
	vary_plan(m);
	change_since(m);
	m->w.sim->hurried = m->w.options.budget_ms < 3000;
	/* Each of the SMMUs may be stuck in each of its handshakes. */
	m->w.sim->limit_us = m->w.options.budget_ms * 1000 + 200000;
	/* And reads that hang are granted some time behind the budget. */
	if (m->hangs) {
		m->w.sim->limit_us += 1000000;
		m->w.sim->hurried = true;
	}
}

/* A VF that shall be left alone keeps its PF from being reset. */
static bool must_keep_vfs(const struct sim_function *pf)
{
	for (size_t i = 0; i < pf->sim->function_count; i++)
		if (pf->sim->functions[i]->pf == pf &&
		    pf->sim->functions[i]->plan_flags & KQ_FN_SKIP)
			return true;
	return false;
}

/* In a sound machine every function has one of these ends. */
static void check_result(const struct machine *m, const struct sim_function *fn)
{
	uint32_t result = world_result(&m->w, fn);
	bool resettable = fn->plan_flags & (KQ_FN_FLR | KQ_FN_AF_FLR) &&
			  !(fn->plan_flags &
			    (KQ_FN_FLR_BROKEN | KQ_FN_DEV_RESET)) &&
			  !must_keep_vfs(fn);

	if (fn->bridge)
		EXPECT_EQ(result, fn->bme_clears ? KQ_FN_QUIET : KQ_FN_OBSERVED);
	else if (fn->plan_flags & KQ_FN_SKIP)
		EXPECT_EQ(result, KQ_FN_SKIPPED);
	else if (resettable && !fn->pf)
		EXPECT_EQ(result, KQ_FN_RESET);
	else if (!fn->pf)
		EXPECT_EQ(result, KQ_FN_QUIET);
	else
		EXPECT(result == KQ_FN_RESET || result == KQ_FN_QUIET ||
		       result == KQ_FN_RESET_WITH_PF);
}

static void check_results(const struct machine *m)
{
	const struct sim *sim = m->w.sim;

	for (size_t i = 0; i < sim->function_count; i++) {
		const struct sim_function *fn = sim->functions[i];

		if (fn->plan_index < 0 || (!fn->present && !fn->pf))
			continue;
		if (fn->replaced && !fn->faults.aborts && !fn->faults.dead &&
		    !fn->faults.gone_at_us)
			EXPECT_EQ(world_result(&m->w, fn), KQ_FN_REPLACED);
		else if (m->all_well)
			check_result(m, fn);
	}
}

static bool is_reserved(const struct machine *m, uint32_t smmu, uint32_t sid)
{
	for (size_t i = 0; i < m->w.options.stream_count; i++)
		if (m->streams[i].smmu == smmu &&
		    m->streams[i].stream_id == sid)
			return true;
	return false;
}

/* What a stream meets is what the report says. */
static void check_stream(const struct machine *m, uint32_t index, uint32_t sid)
{
	const struct kq_report_smmu *record =
		&kq_report_smmus(m->w.run.report)[index];
	struct sim_smmu *smmu = &m->w.sim->smmus[index];
	uint64_t where = 0, addr = chance(1u << 30);
	enum sim_dma dma = sim_smmu_dma(smmu, sid, addr, true, &where);

	if (is_reserved(m, index, sid)) {
		/* Said to be as asked: then it passes. */
		if (!(record->flags & KQ_SMMU_FELL_BACK))
			EXPECT_EQ(dma, SIM_DMA_RAW);
	} else if (record->applied == KQ_POLICY_SINK) {
		/* Streams behind the end of a table are aborted. */
		if (dma == SIM_DMA_OURS)
			EXPECT(sim_memory_has(m->w.sim, where, 1));
		else
			EXPECT_EQ(dma, SIM_DMA_ABORTED);
	} else {
		EXPECT_EQ(dma, record->applied == KQ_POLICY_BYPASS ?
				       SIM_DMA_RAW :
				       SIM_DMA_ABORTED);
	}
}

static void check_streams(const struct machine *m)
{
	const struct kq_report_smmu *records =
		kq_report_smmus(m->w.run.report);

	for (uint32_t i = 0; i < m->w.run.report->smmus.count; i++) {
		if (records[i].result != KQ_SMMU_DONE ||
		    records[i].applied == KQ_POLICY_PRESERVE)
			continue;
		for (uint32_t k = 0; k < 50; k++)
			check_stream(m, i, chance(0x8000));
		for (size_t k = 0; k < m->w.options.stream_count; k++)
			check_stream(m, i, m->streams[k].stream_id);
	}
}

static bool run_world(uint64_t seed)
{
	unsigned int before = expect_failures;
	struct machine m;

	state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	build(&m);
	world_run(&m.w);
	if (m.w.run.report) {
		check_results(&m);
		check_streams(&m);
	}
	EXPECT(world_clean(&m.w));
	if (expect_failures != before)
		fprintf(stderr, "... in the world of seed %llu\n",
			(unsigned long long)seed);
	world_free(&m.w);
	return expect_failures == before;
}

int main(int argc, char **argv)
{
	uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 0) : WORLDS;
	unsigned int bad = 0;

	if (argc == 2)
		count = 1;
	for (uint64_t i = 0; i < count; i++)
		bad += !run_world(first + i);
	printf("%llu worlds, %u bad\n", (unsigned long long)count, bad);
	return bad ? 1 : 0;
}
