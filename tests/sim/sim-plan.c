// SPDX-License-Identifier: GPL-2.0-or-later
/* Plans made from the simulated world itself, and runs of the stage. */
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#include "lib/error.h"
#include "lib/work-area.h"
#include "tests/sim/sim.h"

/* The least time the stage gives transactions to complete before an FLR. */
#define PENDING_WAIT_US 100000u

/* Those that are not there last. */
static int by_address(const void *a, const void *b)
{
	const struct sim_function *x = *(struct sim_function *const *)a;
	const struct sim_function *y = *(struct sim_function *const *)b;

	if (sim_present(x) != sim_present(y))
		return sim_present(x) ? -1 : 1;
	if (x->host->segment != y->host->segment)
		return x->host->segment < y->host->segment ? -1 : 1;
	return sim_rid(x) - sim_rid(y);
}

static uint16_t index_of(const struct sim_function *fn)
{
	return fn && fn->plan_index >= 0 ? (uint16_t)fn->plan_index : KQ_NONE;
}

static uint32_t flags_of(const struct sim_function *fn)
{
	uint32_t flags = fn->bridge ? KQ_FN_BRIDGE : 0;

	if (fn->pf)
		flags |= KQ_FN_VF;
	if (fn->pcie_cap &&
	    fn->config[(fn->pcie_cap + PCI_EXP_DEVCAP) / 4] &
		    PCI_EXP_DEVCAP_FLR)
		flags |= KQ_FN_FLR;
	if (fn->af_cap &&
	    fn->config[fn->af_cap / 4] & (uint32_t)PCI_AF_CAP_FLR << 24)
		flags |= KQ_FN_AF_FLR;
	return flags;
}

static void fill_function(const struct sim *sim, const struct sim_function *fn,
			  struct kq_plan_function *entry)
{
	const struct sim_function *id = fn->pf ? fn->pf : fn;

	*entry = (struct kq_plan_function){
		.segment = fn->host->segment,
		.bdf = sim_rid(fn),
		.vendor = id->config[0] & 0xffff,
		.device = fn->pf ? 0x10ca : (uint16_t)(id->config[0] >> 16),
		.class_revision = fn->config[PCI_CLASS_REVISION / 4],
		.flags = flags_of(fn),
		.host = (uint16_t)(fn->host - sim->hosts),
		.parent = index_of(fn->parent),
		.pf = index_of(fn->pf),
		.smmu = fn->smmu < 0 ? KQ_NONE : (uint16_t)fn->smmu,
		.stream_id = fn->stream_id,
		.pcie_cap = fn->pcie_cap,
		.af_cap = fn->af_cap,
		.aer_cap = fn->aer_cap,
		.dpc_cap = fn->dpc_cap,
		.sriov_cap = fn->sriov_cap,
		.port_type = fn->pcie_cap ? (uint8_t)sim_port_type(fn) : 0,
		.driver = "simulated",
	};
}

static void fill_host(const struct sim_host *host, struct kq_plan_host *entry)
{
	*entry = (struct kq_plan_host){
		.ecam = host->ecam,
		.segment = host->segment,
		.bus_first = host->bus_first,
		.bus_last = host->bus_last,
		.flags = host->flags,
	};
	memcpy(entry->root_buses, host->root_buses, sizeof(entry->root_buses));
}

static uint32_t type_of(const struct sim_smmu *smmu)
{
	if (smmu->v2)
		return sim_smmu2_version(smmu) == 1 ? KQ_SMMU_V1 : KQ_SMMU_V2;
	return smmu->v3 ? KQ_SMMU_V3 : KQ_SMMU_OTHER;
}

static void fill_smmu(struct sim_smmu *smmu, const struct sim_plan *options,
		      struct kq_plan_smmu *entry)
{
	*entry = (struct kq_plan_smmu){
		.base = smmu->base,
		.twin = smmu->twin ? smmu->twin->base : 0,
		.type = type_of(smmu),
		.policy = smmu->policy ? smmu->policy : options->policy,
		.flags = smmu->plan_flags |
			 (smmu->page0_only ? KQ_SMMU_PAGE0_ONLY : 0),
	};
}

static struct kq_section section(uint32_t *end, size_t count, size_t size)
{
	struct kq_section s = {
		.offset = *end,
		.count = (uint32_t)count,
		.entry_size = (uint32_t)size,
	};

	*end = (uint32_t)kq_align_up(*end + count * size, 8);
	return s;
}

static size_t count_present(const struct sim *sim)
{
	size_t count = 0;

	for (size_t i = 0; i < sim->function_count; i++)
		count += sim_present(sim->functions[i]);
	return count;
}

/* Twins are one SMMU to the plan; they stand behind all others. */
static size_t planned_smmus(const struct sim *sim)
{
	size_t count = 0;

	while (count < sim->smmu_count && !sim->smmus[count].is_twin)
		count++;
	return count;
}

static struct kq_plan_header *new_plan(const struct sim *sim,
				       const struct sim_plan *options)
{
	struct kq_plan_header header = {
		.magic = KQ_PLAN_MAGIC,
		.version = KQ_PLAN_VERSION,
		.header_size = sizeof(header),
		.flags = options->flags,
		.load_id = { 1, 2, 3, 4 },
		.boot_id = { 5, 6, 7, 8 },
		.load_time_s = 1700000000,
		.kind = options->kind,
		.quiesce = options->quiesce,
		.budget_ms = options->budget_ms,
		.console = options->console,
		.console_addr = sim->uart,
		.console_shift = sim->uart_shift,
		.probe_ms = options->probe_ms,
	};
	struct kq_plan_header *plan;
	uint32_t end = sizeof(header);

	header.functions = section(&end, count_present(sim),
				   sizeof(struct kq_plan_function));
	header.hosts = section(&end, sim->host_count,
			       sizeof(struct kq_plan_host));
	header.smmus = section(&end, planned_smmus(sim),
			       sizeof(struct kq_plan_smmu));
	header.streams = section(&end, options->stream_count,
				 sizeof(struct kq_plan_stream));
	header.components =
		section(&end, options->component_count,
			sizeof(struct kq_plan_component));
	header.total_size = end;
	plan = calloc(1, end);
	if (!plan)
		abort();
	*plan = header;
	return plan;
}

struct kq_plan_header *sim_plan_build(struct sim *sim,
				      const struct sim_plan *options)
{
	struct kq_plan_header *plan = new_plan(sim, options);
	struct kq_plan_function *functions = (void *)kq_plan_functions(plan);

	qsort(sim->functions, sim->function_count, sizeof(*sim->functions),
	      by_address);
	for (size_t i = 0; i < plan->functions.count; i++)
		sim->functions[i]->plan_index = (int)i;
	for (size_t i = 0; i < plan->functions.count; i++)
		fill_function(sim, sim->functions[i], &functions[i]);
	for (size_t i = 0; i < sim->host_count; i++)
		fill_host(&sim->hosts[i],
			  (struct kq_plan_host *)&kq_plan_hosts(plan)[i]);
	for (size_t i = 0; i < options->stream_count; i++)
		((struct kq_plan_stream *)kq_plan_streams(plan))[i] =
			options->streams[i];
	for (size_t i = 0; i < options->component_count; i++)
		((struct kq_plan_component *)kq_plan_components(plan))[i] =
			options->components[i];
	for (size_t i = 0; i < plan->smmus.count; i++) {
		sim->smmus[i].plan_index = (int)i;
		fill_smmu(&sim->smmus[i], options,
			  (struct kq_plan_smmu *)&kq_plan_smmus(plan)[i]);
	}
	return plan;
}

struct kq_plan_function *sim_plan_entry(struct kq_plan_header *plan,
					const struct sim_function *fn)
{
	return (struct kq_plan_function *)&kq_plan_functions(
		plan)[fn->plan_index];
}

/* Where may the stage put tables of its own in use? */
static void allow_tables(struct sim *sim, const struct kq_plan_header *plan,
			 struct sim_smmu *smmu)
{
	const struct kq_plan_stream *streams = kq_plan_streams(plan);

	smmu->own_allowed = smmu->policy == KQ_POLICY_SINK;
	if (plan->probe_ms && smmu->policy != KQ_POLICY_PRESERVE)
		smmu->own_allowed = true;
	for (uint32_t i = 0; i < plan->streams.count; i++)
		if (&sim->smmus[streams[i].smmu] == smmu &&
		    smmu->policy != KQ_POLICY_BYPASS)
			smmu->own_allowed = true;
}

void sim_plan_seal(struct sim *sim, struct kq_plan_header *plan)
{
	kq_plan_seal(plan);
	sim->plan_flags = plan->flags;
	sim->plan_kind = plan->kind;
	sim->plan_quiesce = plan->quiesce;
	sim->uart_forbidden = plan->console == KQ_CONSOLE_NONE;
	sim->pending_wait_us = PENDING_WAIT_US;
	for (size_t i = 0; i < sim->function_count; i++) {
		struct sim_function *fn = sim->functions[i];
		const struct kq_plan_function *entry;

		if (fn->plan_index < 0)
			continue;
		entry = &kq_plan_functions(plan)[fn->plan_index];
		fn->plan_flags = entry->flags;
		fn->no_config = entry->host == KQ_NONE;
	}
	for (size_t i = 0; i < sim->smmu_count; i++)
		if (sim->smmus[i].plan_index >= 0)
			sim->smmus[i].policy = kq_plan_smmus(plan)[i].policy;
	for (size_t i = 0; i < sim->smmu_count; i++)
		allow_tables(sim, plan, &sim->smmus[i]);
}

const struct kq_report_function *sim_record(const struct sim_run *run,
					    const struct sim_function *fn)
{
	const struct kq_report_function *records;

	if (!run->report)
		return NULL;
	records = kq_report_functions(run->report);
	for (uint32_t i = 0; i < run->report->functions.count; i++)
		if (records[i].segment == fn->host->segment &&
		    records[i].bdf == fn->last_rid)
			return &records[i];
	return NULL;
}

/* What the loaded kernel would get without us: a root and a /chosen. */
static void *new_fdt(void)
{
	size_t size = 1024;
	void *fdt = malloc(size);
	int node;

	if (!fdt || fdt_create_empty_tree(fdt, (int)size) < 0)
		abort();
	node = fdt_add_subnode(fdt, 0, "chosen");
	if (node < 0 || fdt_setprop_string(fdt, node, "bootargs", "quiet") < 0)
		abort();
	return fdt;
}

/* As user space of the next kernel finds it. */
static struct kq_report_header *find_report(struct sim *sim, const void *fdt)
{
	int size, node = fdt_path_offset(fdt, "/chosen");
	const void *value = fdt_getprop(fdt, node, KQ_REPORT_PROPERTY, &size);
	void *report;
	int r;

	if (!value)
		return NULL;
	report = malloc((size_t)size);
	if (!report)
		abort();
	memcpy(report, value, (size_t)size);
	r = kq_report_check(report, (size_t)size);
	if (r == 0)
		return report;
	sim_violate(sim, "the report is damaged: %s", kq_strerror(r));
	free(report);
	return NULL;
}

/* A function said to be reset and restored holds what it held before. */
static void check_restored(struct sim *sim, const struct sim_run *run)
{
	static const uint8_t regs[] = {
		PCI_CACHE_LINE_SIZE, PCI_BASE_ADDRESS_0, PCI_BASE_ADDRESS_1,
		PCI_BASE_ADDRESS_2,  PCI_BASE_ADDRESS_3, PCI_BASE_ADDRESS_4,
		PCI_BASE_ADDRESS_5,  PCI_ROM_ADDRESS,	 PCI_INTERRUPT_LINE,
	};

	for (size_t i = 0; i < sim->function_count; i++) {
		const struct sim_function *fn = sim->functions[i];
		const struct kq_report_function *record = sim_record(run, fn);
		uint32_t devctl = (fn->pcie_cap + PCI_EXP_DEVCTL) / 4;

		if (!record || !(record->flags & KQ_FN_RESTORED) ||
		    fn->faults.dead || fn->faults.aborts)
			continue;
		for (size_t k = 0; k < sizeof(regs); k++)
			if (fn->config[regs[k] / 4] != fn->initial[regs[k] / 4])
				sim_violate(sim, "%04x: %#x not restored",
					    fn->last_rid, regs[k]);
		if ((fn->config[1] ^ fn->initial[1]) & 0xffff &
		    ~PCI_COMMAND_MASTER)
			sim_violate(sim, "%04x: COMMAND not restored",
				    fn->last_rid);
		if (fn->pcie_cap && (fn->config[devctl] ^
				     fn->initial[devctl]) & 0x7fff)
			sim_violate(sim, "%04x: DEVCTL not restored",
				    fn->last_rid);
	}
}

/* The stage sees copies of exact size: reads beyond are caught by ASan. */
static void prepare_run(struct sim *sim, const struct kq_plan_header *plan,
			struct sim_run *run)
{
	size_t fdt_size;

	memset(run, 0, sizeof(*run));
	run->stage.io.ticks_per_ms = 62500;
	run->fdt = new_fdt();
	if (sim->image) {
		sim_image_describe(sim->image, run->fdt);
		run->stage.image = (const uint8_t *)sim->image;
		run->stage.params = &sim->image->params;
	}
	run->stage.fdt = run->fdt;
	run->stage.fdt_size = fdt_totalsize(run->fdt);
	fdt_size = fdt_totalsize(run->fdt);
	run->work_size = kq_stage_work_size(plan, fdt_size) - sim->memory.lack;
	run->plan = malloc(plan->total_size);
	if (!run->plan)
		abort();
	sim_memory_init(sim, run->work_size);
	run->sim = sim;
	run->work = (void *)sim->memory.base;
	memcpy(run->plan, plan, plan->total_size);
}

void sim_run(struct sim *sim, const struct kq_plan_header *plan,
	     struct sim_run *ret_run)
{
	prepare_run(sim, plan, ret_run);
	sim_start(sim);
	kq_stage_quiesce(&ret_run->stage, ret_run->plan, plan->total_size,
			 ret_run->work, ret_run->work_size);
	ret_run->fdt_out = kq_stage_hand_over(&ret_run->stage, ret_run->fdt,
					      fdt_totalsize(ret_run->fdt));
	sim_memory_hand_over(sim, ret_run->fdt_out);
	ret_run->report = find_report(sim, ret_run->fdt_out);
	if (!ret_run->report)
		sim_violate(sim, "there is no report");
	else
		check_restored(sim, ret_run);
	sim_finish(sim);
}

void sim_run_free(struct sim_run *run)
{
	free(run->report);
	free(run->plan);
	if (run->work)
		sim_memory_free(run->sim);
	free(run->fdt);
}
