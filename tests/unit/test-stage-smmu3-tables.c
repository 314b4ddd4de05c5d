// SPDX-License-Identifier: GPL-2.0-or-later
/* The stage's own stream tables in SMMUv3s: sink, reserved streams. */
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#include "tests/sim/expect.h"
#include "tests/sim/world.h"
#include "lib/work-area.h"

#define S2P 0x1u
#define S1P 0x2u
#define COHACC 0x10u
#define ST_LEVEL_2 (1u << 27)
#define ABORT 0x00100000u
#define CR0ACK 0x24u
#define GBPA 0x44u
#define CMDQ_CONS 0x9cu
#define RESERVED_SID 0x345u

static const unsigned int oas_bits[] = { 32, 36, 40, 42, 44, 48, 48 };

static uint64_t state = 88172645463325252;

static uint64_t chance(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static const struct kq_report_smmu *record_of(const struct world *w)
{
	return kq_report_smmus(w->run.report);
}

/* An SMMU with these properties; the rest as world_init() has it. */
static void build(struct world *w, uint32_t stages, uint32_t grans,
		  uint32_t oas, uint32_t sidsize, uint32_t idr0)
{
	world_init(w);
	w->smmu->idr[0] = (w->smmu->idr[0] & ~(S1P | S2P | COHACC |
					       3u << 27)) |
			  stages | idr0;
	w->smmu->idr[1] = (w->smmu->idr[1] & ~0x3fu) | sidsize;
	w->smmu->idr[5] = grans << 4 | oas;
	w->options.policy = KQ_POLICY_SINK;
}

/* The sink page, from what an access of @sid hits. */
static uint64_t page_of(struct world *w, uint32_t sid, uint64_t granule)
{
	uint64_t where = 0;

	EXPECT_EQ(sim_smmu_dma(w->smmu, sid, 0, true, &where), SIM_DMA_OURS);
	EXPECT_EQ(where % granule, 0);
	EXPECT(sim_memory_has(w->sim, where, granule));
	return where;
}

static uint64_t granule_of(uint32_t grans)
{
	return grans & 1 ? 4096 : grans & 2 ? 16384 : 65536;
}

struct sunk {
	uint64_t page, granule, input;
	uint32_t covered; /* log2 */
};

static void check_one(struct world *w, const struct sunk *s, uint32_t sid,
		      uint64_t addr, bool write)
{
	bool inside = s->covered >= 32 || sid >> s->covered == 0;
	uint64_t where = 0;
	enum sim_dma dma = sim_smmu_dma(w->smmu, sid, addr, write, &where);

	if (!inside || addr >> s->input) {
		EXPECT_EQ(dma, SIM_DMA_ABORTED);
	} else {
		EXPECT_EQ(dma, SIM_DMA_OURS);
		EXPECT_EQ(where, s->page + addr % s->granule);
	}
}

static void check_sunk(struct world *w, const struct sunk *s,
		       unsigned int count)
{
	static const uint32_t sids[] = { 0, 0x18, 0xff, 0x100, 0x200, 0x2ff,
					 0x3ff, 0xffff, 0x10000, UINT32_MAX };
	unsigned int before = expect_failures;

	for (size_t i = 0; i < sizeof(sids) / sizeof(sids[0]); i++) {
		check_one(w, s, sids[i], 0, true);
		check_one(w, s, sids[i], (UINT64_C(1) << s->input) - 1, true);
		check_one(w, s, sids[i], UINT64_C(1) << s->input, true);
		check_one(w, s, sids[i], UINT64_MAX, false);
	}
	for (unsigned int i = 0; i < count; i++) {
		uint32_t sid = (uint32_t)(chance() >> 32);
		uint64_t addr = chance() & ((UINT64_C(1) << s->input) - 1);

		if (chance() & 0x700)
			sid &= 0xffff;
		check_one(w, s, sid, addr, chance() & 0x100);
		if (expect_failures != before)
			return;
	}
}

/* The page is nobody else's: whatever lands in it changes nothing. */
static void fill_page(struct world *w, const struct sunk *s)
{
	uint64_t offset = s->page - w->sim->memory.base;

	if (!sim_memory_has(w->sim, s->page, s->granule))
		return;
	memset((void *)s->page, 0xee, s->granule);
	memset(w->sim->memory.seen + offset, 0xee, s->granule);
}

static void check_world(struct world *w, uint32_t stages, uint32_t grans,
			uint32_t oas, unsigned int count)
{
	struct sunk s = {
		.granule = granule_of(grans),
		.input = stages & S1P ? 48 : oas_bits[oas],
		.covered = w->smmu->strtab_base_cfg & 0x3f,
	};
	size_t size = fdt_totalsize(w->run.fdt_out);
	void *copy;

	EXPECT_EQ(record_of(w)->result, KQ_SMMU_DONE);
	EXPECT_EQ(record_of(w)->applied, KQ_POLICY_SINK);
	EXPECT_EQ(record_of(w)->flags, KQ_SMMU_OWN_TABLE);
	EXPECT_EQ(w->smmu->cr0 & 1, 1);
	if (record_of(w)->applied != KQ_POLICY_SINK)
		return;
	EXPECT(s.covered > 9);
	s.page = page_of(w, 0x100, s.granule);
	check_sunk(w, &s, count);
	copy = malloc(size);
	memcpy(copy, w->run.fdt_out, size);
	fill_page(w, &s);
	EXPECT_EQ(memcmp(copy, w->run.fdt_out, size), 0);
	free(copy);
	check_sunk(w, &s, 32);
}

static void run_config(uint32_t stages, uint32_t grans, uint32_t oas,
		       uint32_t sidsize, uint32_t idr0, unsigned int count)
{
	unsigned int before = expect_failures;
	struct world w;

	build(&w, stages, grans, oas, sidsize, idr0);
	w.sim->memory.skew = (chance() & 0xff) * 4096;
	world_run(&w);
	check_world(&w, stages, grans, oas, count);
	EXPECT(world_clean(&w));
	if (expect_failures != before)
		fprintf(stderr, "... stages %u, granules %u, OAS %u, SIDSIZE "
			"%u, IDR0 %#x, skew %#llx\n", stages, grans, oas,
			sidsize, idr0,
			(unsigned long long)w.sim->memory.skew);
	world_free(&w);
}

static void sink_in_every_kind(void)
{
	static const uint32_t sidsizes[] = { 10, 16, 24, 32 };
	static const uint32_t grans[] = { 1, 2, 4, 7, 6 };
	static const uint32_t idr0s[] = { 0, COHACC, ST_LEVEL_2,
					  ST_LEVEL_2 | COHACC };

	for (uint32_t stages = 1; stages <= 3; stages++)
		for (uint32_t g = 0; g < 5; g++)
			for (uint32_t oas = 0; oas <= 6; oas++)
				for (uint32_t i = 0; i < 4; i++)
					run_config(stages, grans[g], oas,
						   sidsizes[(i + oas) % 4],
						   idr0s[i], 100);
}

static void thousands_of_streams(void)
{
	for (uint32_t stages = 1; stages <= 3; stages++)
		for (uint32_t gran = 1; gran <= 4; gran *= 2)
			run_config(stages, gran, 5, 32, ST_LEVEL_2 | COHACC,
				   5000);
}

/* Models that stall on faults whatever software says; that terminate. */
static void stall_models(void)
{
	for (uint32_t stages = 1; stages <= 2; stages++)
		for (uint32_t model = 0; model <= 2; model++)
			for (uint32_t term = 0; term <= 1; term++) {
				struct world w;

				build(&w, stages, 1, 5, 16, ST_LEVEL_2);
				w.smmu->idr[0] &= ~(7u << 24);
				w.smmu->idr[0] |= model << 24 | term << 26;
				world_run(&w);
				check_world(&w, stages, 1, 5, 100);
				EXPECT(world_clean(&w));
				world_free(&w);
			}
}

/* What cannot be had becomes abort, and the report says so. */
static void expect_fallback(struct world *w)
{
	unsigned int before = expect_failures;
	uint64_t where;

	world_run(w);
	EXPECT(world_clean(w));
	EXPECT_EQ(record_of(w)->result, KQ_SMMU_DONE);
	EXPECT_EQ(record_of(w)->applied, KQ_POLICY_ABORT);
	EXPECT_EQ(record_of(w)->flags, KQ_SMMU_FELL_BACK);
	EXPECT(w->smmu->gbpa & ABORT && w->smmu->cr0 == 0);
	EXPECT_EQ(sim_smmu_dma(w->smmu, 0x100, 0, true, &where),
		  SIM_DMA_ABORTED);
	/* Nothing is taken away from the next kernel. */
	EXPECT_EQ(fdt_num_mem_rsv(w->run.fdt_out), 0);
	if (before != expect_failures)
		fprintf(stderr, "... IDR0 %#x IDR1 %#x IDR5 %#x\n",
			w->smmu->idr[0], w->smmu->idr[1], w->smmu->idr[5]);
	world_free(w);
}

static void sink_that_cannot_be_had(void)
{
	struct world w;

	for (uint32_t bit = 28; bit <= 30; bit++) {
		build(&w, 3, 1, 5, 16, ST_LEVEL_2);
		w.smmu->idr[1] |= 1u << bit; /* REL, QUEUES_, TABLES_PRESET */
		expect_fallback(&w);
	}
	build(&w, 3, 0, 5, 16, ST_LEVEL_2); /* no granule */
	expect_fallback(&w);
	build(&w, 3, 1, 5, 16, ST_LEVEL_2);
	w.smmu->idr[0] &= ~(3u << 2); /* no format */
	expect_fallback(&w);
	build(&w, 3, 1, 5, 16, ST_LEVEL_2);
	w.smmu->idr[0] = (w.smmu->idr[0] & ~(3u << 2)) | 1u << 2; /* AArch32 */
	expect_fallback(&w);
	build(&w, 3, 1, 5, 9, ST_LEVEL_2); /* 0x200 is beyond SIDSIZE */
	expect_fallback(&w);
	build(&w, 3, 1, 5, 0, 0);
	expect_fallback(&w);
	build(&w, 3, 1, 5, 16, ST_LEVEL_2);
	w.smmu->idr[1] &= ~(31u << 21); /* command queue of one entry */
	expect_fallback(&w);
	/* A linear table of 4 GiB. */
	build(&w, 3, 1, 5, 32, 0);
	w.old->stream_id = 0x3ffffff;
	expect_fallback(&w);
}

static void no_memory_left(void)
{
	struct world w;

	build(&w, 3, 1, 5, 16, ST_LEVEL_2);
	world_plan(&w);
	w.sim->memory.lack = kq_stage_tables_size(w.plan) & ~4095u;
	expect_fallback(&w);
}

/* An adopting kernel edits them: no two buses share one. */
static void planned_streams_apart(void)
{
	static const uint32_t planned[] = { 0x18, 0x100, 0x200 };
	uint64_t words[8], at[3], other;
	struct world w;

	build(&w, 3, 1, 5, 16, ST_LEVEL_2);
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(w.smmu->strtab_base_cfg, 1u << 16 | 8u << 6 | 16);
	other = sim_smmu3_find_ste(w.smmu, 0x500, words);
	EXPECT_EQ(other, sim_smmu3_find_ste(w.smmu, 0x600, words));
	for (uint32_t i = 0; i < 3; i++) {
		at[i] = sim_smmu3_find_ste(w.smmu, planned[i] & ~0xffu, words);
		EXPECT(at[i] != 0 && at[i] != other);
		for (uint32_t k = 0; k < i; k++)
			EXPECT(at[i] != at[k]);
	}
	world_free(&w);
}

/* Streams the firmware needs pass, whatever becomes of the others. */
static const struct kq_plan_stream reserved[] = {
	{ .stream_id = RESERVED_SID }, { .stream_id = 0x201 },
	{ .stream_id = 0x19 },
};

static void check_reserved(struct world *w, enum sim_dma others)
{
	for (uint32_t sid = 0; sid < 0x10000; sid++) {
		bool pass = sid == RESERVED_SID || sid == 0x201 || sid == 0x19;
		enum sim_dma wanted = pass ? SIM_DMA_RAW : others;
		uint64_t where = 0;
		enum sim_dma dma = sim_smmu_dma(w->smmu, sid, 0x123456789a,
						true, &where);

		if (dma == wanted && (!pass || where == 0x123456789a))
			continue;
		EXPECT_EQ(dma, wanted);
		fprintf(stderr, "... stream %#x\n", sid);
		return;
	}
}

static void run_reserved(struct world *w, enum kq_policy policy,
			 uint32_t idr0, uint32_t ovr)
{
	build(w, 3, 1, 5, 16, idr0);
	w->smmu->idr[1] = (w->smmu->idr[1] & ~(1u << 27)) | ovr << 27;
	w->options.policy = policy;
	w->options.streams = reserved;
	w->options.stream_count = 3;
	world_run(w);
	EXPECT(world_clean(w));
	EXPECT_EQ(record_of(w)->result, KQ_SMMU_DONE);
	EXPECT_EQ(record_of(w)->applied, policy);
}

static void reserved_streams(void)
{
	static const uint32_t idr0s[] = { 0, COHACC, ST_LEVEL_2 | COHACC };
	struct world w;

	for (uint32_t i = 0; i < 6; i++) {
		uint64_t words[8];

		run_reserved(&w, KQ_POLICY_ABORT, idr0s[i / 2], i % 2);
		EXPECT_EQ(record_of(&w)->flags, KQ_SMMU_OWN_TABLE);
		check_reserved(&w, SIM_DMA_ABORTED);
		EXPECT(sim_smmu3_find_ste(w.smmu, 0x201, words) != 0);
		/* SHCFG: use incoming, where the field means anything. */
		EXPECT_EQ(words[1], i % 2 ? UINT64_C(1) << 44 : 0);
		world_free(&w);
	}
	/* Linear, the table ends behind the highest stream of the plan. */
	run_reserved(&w, KQ_POLICY_SINK, ST_LEVEL_2, 1);
	check_reserved(&w, SIM_DMA_OURS);
	world_free(&w);
	run_reserved(&w, KQ_POLICY_BYPASS, ST_LEVEL_2, 1);
	EXPECT_EQ(w.smmu->cr0, 0);
	world_free(&w);
	run_reserved(&w, KQ_POLICY_PRESERVE, ST_LEVEL_2, 1);
	EXPECT_EQ(w.smmu->enable_fell_ns, 0);
	world_free(&w);
}

/* Reserved streams that no table can have: abort for all, and it is said. */
static void reserved_beyond_reach(void)
{
	static const struct kq_plan_stream far = { .stream_id = 0x10000 };
	struct world w;

	build(&w, 3, 1, 5, 16, ST_LEVEL_2);
	w.options.policy = KQ_POLICY_ABORT;
	w.options.streams = &far;
	w.options.stream_count = 1;
	expect_fallback(&w);
}

/* No run of @w ever lets pass: each handshake at the end is looked at. */
static void check_stuck(struct world *w, uint32_t reg)
{
	bool off;

	w->sim->limit_us = 2300000;
	world_run(w);
	EXPECT(world_clean(w));
	if (w->smmu->enable_fell_ns)
		EXPECT(w->smmu->aborted_when_it_fell);
	off = !(w->smmu->cr0 & w->smmu->cr0ack & 1);
	if (off)
		EXPECT(w->smmu->gbpa & ABORT);
	if (record_of(w)->stuck_offset == 0)
		return;
	EXPECT_EQ(record_of(w)->stuck_offset, reg);
	if (record_of(w)->result == KQ_SMMU_DONE) {
		EXPECT_EQ(record_of(w)->applied, KQ_POLICY_ABORT);
		EXPECT(record_of(w)->flags & KQ_SMMU_FELL_BACK);
		EXPECT(!(record_of(w)->flags & KQ_SMMU_OWN_TABLE));
	} else {
		EXPECT_EQ(record_of(w)->result, KQ_SMMU_STUCK);
		EXPECT_EQ(record_of(w)->applied, 0);
	}
}

static void stuck_at_each_step(void)
{
	for (uint32_t n = 1; n <= 12; n++)
		for (uint32_t i = 0; i < 12; i++) {
			unsigned int before = expect_failures;
			struct world w;

			build(&w, 3, 1, 5, 16, ST_LEVEL_2 | 1u << 9);
			if (i % 2) {
				w.options.policy = KQ_POLICY_ABORT;
				w.options.streams = reserved;
				w.options.stream_count = 3;
			}
			w.options.probe_ms = i / 2 % 2 ? 20 : 0;
			if (i / 4 == 0)
				w.smmu->cr0_update.left = n;
			else if (i / 4 == 1)
				w.smmu->gbpa_update.left = n;
			else
				w.smmu->commands_left = n;
			check_stuck(&w, i / 4 == 0 ? CR0ACK :
					i / 4 == 1 ? GBPA : CMDQ_CONS);
			if (n == 1)
				EXPECT(record_of(&w)->stuck_offset != 0);
			if (before != expect_failures)
				fprintf(stderr, "... n %u, i %u\n", n, i);
			world_free(&w);
		}
}

/* The SMMU says that our commands are illegal. */
static void commands_in_error(void)
{
	struct world w;

	build(&w, 3, 1, 5, 16, ST_LEVEL_2);
	w.smmu->commands_fail = true;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(record_of(&w)->applied, KQ_POLICY_ABORT);
	EXPECT(record_of(&w)->flags & KQ_SMMU_FELL_BACK);
	EXPECT(w.smmu->gbpa & ABORT && !(w.smmu->cr0 & 1));
	EXPECT_EQ(w.smmu->gerror, w.smmu->gerrorn);
	world_free(&w);
}

static void slow_commands(void)
{
	struct world w;

	build(&w, 3, 1, 5, 16, ST_LEVEL_2);
	w.smmu->command_us = 20000;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(record_of(&w)->applied, KQ_POLICY_SINK);
	EXPECT(w.smmu->commands >= 4);
	world_free(&w);
}

/* Everybody's stream goes on all the time; nothing of it lands elsewhere. */
static void traffic_all_along(void)
{
	struct sim_traffic *t;
	struct world w;

	build(&w, 3, 1, 5, 16, ST_LEVEL_2);
	world_plan(&w);
	for (uint32_t i = 0; i < 16; i++)
		sim_add_traffic(w.sim, w.smmu, 0x1000 + i, 0x1000 * i, 100);
	w.smmu->strtab_base_cfg = 0x10208; /* of the old kernel: none there */
	world_run(&w);
	EXPECT(world_clean(&w));
	for (uint32_t i = 0; i < 16; i++) {
		t = &w.sim->traffic[i];
		EXPECT(t->sent > 100);
		EXPECT_EQ(t->landed[SIM_DMA_RAW], 0);
		EXPECT_EQ(t->landed[SIM_DMA_OURS] +
				  t->landed[SIM_DMA_ABORTED], t->sent);
	}
	world_free(&w);
}

/* One SMMU each: their tables do not get mixed up. */
static void several_of_them(void)
{
	struct sim_smmu *s;
	uint64_t a, b, c;
	struct world w;

	build(&w, 3, 1, 5, 16, ST_LEVEL_2);
	s = sim_add_smmu(w.sim, 0x0a050000);
	s->idr[0] &= ~S1P;
	s = sim_add_smmu(w.sim, 0x0b050000);
	s->policy = KQ_POLICY_ABORT;
	s = sim_add_smmu(w.sim, 0x0c050000);
	s->policy = KQ_POLICY_BYPASS;
	s = w.sim->smmus;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(sim_smmu_dma(&s[0], 0x100, 0, true, &a), SIM_DMA_OURS);
	EXPECT_EQ(sim_smmu_dma(&s[1], 0x100, 0, true, &b), SIM_DMA_OURS);
	EXPECT_EQ(sim_smmu_dma(&s[2], 0x100, 0, true, &c), SIM_DMA_ABORTED);
	EXPECT_EQ(sim_smmu_dma(&s[3], 0x100, 0, true, &c), SIM_DMA_RAW);
	EXPECT(a != b);
	world_free(&w);
}

static const struct test_case cases[] = {
	CASE(sink_in_every_kind),
	CASE(thousands_of_streams),
	CASE(stall_models),
	CASE(sink_that_cannot_be_had),
	CASE(no_memory_left),
	CASE(planned_streams_apart),
	CASE(reserved_streams),
	CASE(reserved_beyond_reach),
	CASE(stuck_at_each_step),
	CASE(commands_in_error),
	CASE(slow_commands),
	CASE(traffic_all_along),
	CASE(several_of_them),
};

TEST_MAIN(cases)
