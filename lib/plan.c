// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/plan.h"

#include <stdbool.h>

#include "lib/blob.h"
#include "lib/error.h"
#include "lib/plan-slot.h"

#define CONFIG_SPACE_SIZE 4096u

static const struct kq_blob_kind kind = {
	.magic = KQ_PLAN_MAGIC,
	.version = KQ_PLAN_VERSION,
	.header_size = sizeof(struct kq_plan_header),
};

static bool sections_ok(const struct kq_plan_header *plan)
{
	uint32_t header = sizeof(*plan), total = plan->total_size;

	return kq_section_ok(&plan->functions, header, total,
			     sizeof(struct kq_plan_function),
			     KQ_PLAN_MAX_FUNCTIONS) &&
	       kq_section_ok(&plan->hosts, header, total,
			     sizeof(struct kq_plan_host), KQ_PLAN_MAX_HOSTS) &&
	       kq_section_ok(&plan->smmus, header, total,
			     sizeof(struct kq_plan_smmu), KQ_PLAN_MAX_SMMUS) &&
	       kq_section_ok(&plan->streams, header, total,
			     sizeof(struct kq_plan_stream),
			     KQ_PLAN_MAX_STREAMS) &&
	       kq_section_ok(&plan->components, header, total,
			     sizeof(struct kq_plan_component),
			     KQ_PLAN_MAX_COMPONENTS);
}

static bool settings_ok(const struct kq_plan_header *plan)
{
	return (plan->kind == KQ_PLAN_CRASH ||
		plan->kind == KQ_PLAN_ORDERLY) &&
	       plan->quiesce <= KQ_QUIESCE_FLR &&
	       plan->budget_ms <= KQ_PLAN_MAX_BUDGET_MS &&
	       plan->probe_ms <= KQ_PLAN_MAX_PROBE_MS &&
	       plan->console <= KQ_CONSOLE_UART8250 &&
	       plan->console_addr % 4 == 0 && plan->console_shift <= 3 &&
	       plan->on_bad_digest <= KQ_ON_BAD_LAST &&
	       plan->psci <= KQ_PSCI_LAST &&
	       (plan->flags & ~KQ_PLAN_BRIDGES) == 0;
}

static bool region_ok(const struct kq_plan_header *plan)
{
	return plan->region_size == 0 ||
	       kq_plan_region_usable(plan->region_base, plan->region_size);
}

static bool host_ok(const struct kq_plan_host *host)
{
	/* 256 buses of 1 MiB each must not wrap around. */
	return host->bus_first <= host->bus_last && host->ecam % 4096 == 0 &&
	       host->ecam <= UINT64_MAX - KQ_BIT64(28);
}

static bool capability_ok(uint16_t offset, uint32_t lowest)
{
	return offset == 0 || (offset >= lowest && offset % 4 == 0 &&
			       offset <= CONFIG_SPACE_SIZE - 64);
}

/* As the report's checker wants it, where the stage copies it to. */
static bool name_ok(const char *name, size_t size)
{
	return name[size - 1] == '\0';
}

static bool index_ok(uint16_t index, uint32_t count)
{
	return index == KQ_NONE || index < count;
}

static bool function_in_host(const struct kq_plan_header *plan,
			     const struct kq_plan_function *fn)
{
	const struct kq_plan_host *host;

	if (fn->host == KQ_NONE)
		return true;
	host = &kq_plan_hosts(plan)[fn->host];
	return host->segment == fn->segment &&
	       (fn->bdf >> 8) >= host->bus_first &&
	       (fn->bdf >> 8) <= host->bus_last;
}

static bool function_ok(const struct kq_plan_header *plan,
			const struct kq_plan_function *fn)
{
	uint32_t count = plan->functions.count;
	bool vf = fn->flags & KQ_FN_VF;

	return index_ok(fn->host, plan->hosts.count) &&
	       index_ok(fn->smmu, plan->smmus.count) &&
	       index_ok(fn->parent, count) && index_ok(fn->pf, count) &&
	       function_in_host(plan, fn) && vf == (fn->pf != KQ_NONE) &&
	       capability_ok(fn->pcie_cap, 0x40) && fn->pcie_cap < 0x100 &&
	       capability_ok(fn->af_cap, 0x40) && fn->af_cap < 0x100 &&
	       capability_ok(fn->aer_cap, 0x100) &&
	       capability_ok(fn->dpc_cap, 0x100) &&
	       capability_ok(fn->sriov_cap, 0x100) &&
	       (fn->flags & ~KQ_FN_PLAN_FLAGS) == 0 &&
	       (!(fn->flags & KQ_FN_FLR) || fn->pcie_cap) &&
	       (!(fn->flags & KQ_FN_AF_FLR) || fn->af_cap) &&
	       fn->reset_delay_ms <= KQ_PLAN_MAX_RESET_DELAY_MS &&
	       name_ok(fn->driver, sizeof(fn->driver));
}

/* By address, each once: the stage looks functions up by bisection. */
static bool in_order(const struct kq_plan_function *fn,
		     const struct kq_plan_function *next)
{
	return fn->segment < next->segment ||
	       (fn->segment == next->segment && fn->bdf < next->bdf);
}

static bool pf_ok(const struct kq_plan_header *plan,
		  const struct kq_plan_function *fn)
{
	return fn->pf == KQ_NONE ||
	       !(kq_plan_functions(plan)[fn->pf].flags & KQ_FN_VF);
}

static bool functions_ok(const struct kq_plan_header *plan)
{
	const struct kq_plan_function *fns = kq_plan_functions(plan);

	for (uint32_t i = 0; i < plan->functions.count; i++)
		if (!function_ok(plan, &fns[i]) || !pf_ok(plan, &fns[i]) ||
		    (i > 0 && !in_order(&fns[i - 1], &fns[i])))
			return false;
	return true;
}

static bool smmu_ok(const struct kq_plan_smmu *smmu)
{
	bool known = smmu->type == KQ_SMMU_V1 || smmu->type == KQ_SMMU_V2 ||
		     smmu->type == KQ_SMMU_V3 || smmu->type == KQ_SMMU_OTHER;

	return known && smmu->base % 4096 == 0 &&
	       smmu->base <= UINT64_MAX - KQ_BIT64(32) &&
	       smmu->policy >= KQ_POLICY_ABORT &&
	       smmu->policy <= KQ_POLICY_LAST && smmu->twin % 4096 == 0 &&
	       smmu->twin <= UINT64_MAX - KQ_BIT64(32);
}

static bool component_ok(const struct kq_plan_header *plan,
			 const struct kq_plan_component *component)
{
	return component->smmu < plan->smmus.count &&
	       component->count <= UINT32_MAX - component->stream_id &&
	       name_ok(component->name, sizeof(component->name));
}

static bool entries_ok(const struct kq_plan_header *plan)
{
	for (uint32_t i = 0; i < plan->hosts.count; i++)
		if (!host_ok(&kq_plan_hosts(plan)[i]))
			return false;
	if (!functions_ok(plan))
		return false;
	for (uint32_t i = 0; i < plan->smmus.count; i++)
		if (!smmu_ok(&kq_plan_smmus(plan)[i]))
			return false;
	for (uint32_t i = 0; i < plan->streams.count; i++)
		if (kq_plan_streams(plan)[i].smmu >= plan->smmus.count)
			return false;
	for (uint32_t i = 0; i < plan->components.count; i++)
		if (!component_ok(plan, &kq_plan_components(plan)[i]))
			return false;
	return true;
}

int kq_plan_check(const void *plan, size_t size)
{
	const struct kq_plan_header *header = plan;
	int r = kq_blob_check(header, size, &kind);

	if (r < 0)
		return r;
	if (!sections_ok(header))
		return -KQ_ERR_BOUNDS;
	if (!settings_ok(header) || !region_ok(header) || !entries_ok(header))
		return -KQ_ERR_VALUE;
	return 0;
}

void kq_plan_seal(struct kq_plan_header *plan)
{
	kq_blob_seal(plan);
}
