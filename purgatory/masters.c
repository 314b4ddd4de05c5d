// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Steps 3, 4 and 8: is the function still the planned one, and bus master
 * off. This comes before anything slow: every microsecond here is one in
 * which a device still writes.
 */
#include "purgatory/pci.h"

/* No path from a function to its root is longer. */
#define BUSES 256u
/* A read that took longer ended in a time-out, not in an answer. */
#define DEAD_READ_US 5000u

/*
 * Is the VF at this address one its PF has switched on? A PF that does not
 * answer is not asked again.
 */
static bool pf_has_vf(struct kq_stage *stage, const struct kq_plan_function *vf)
{
	const struct kq_plan_function *pf =
		&kq_plan_functions(stage->plan)[vf->pf];
	uint32_t ctrl, count, place, offset, stride, distance;

	ctrl = kq_pci_read(stage, pf, pf->sriov_cap + PCI_SRIOV_CTRL);
	count = kq_pci_read(stage, pf, pf->sriov_cap + PCI_SRIOV_NUM_VF);
	place = kq_pci_read(stage, pf, pf->sriov_cap + PCI_SRIOV_VF_OFFSET);
	if (kq_io_faulted(&stage->io) || place == KQ_PCI_ALL_ONES) {
		stage->records[vf->pf].result = KQ_FN_UNREACHABLE;
		stage->functions[vf->pf].active = false;
		return false;
	}
	count &= 0xffff;
	offset = place & 0xffff;
	stride = place >> 16;
	distance = (uint32_t)vf->bdf - pf->bdf - offset;
	if (!(ctrl & PCI_SRIOV_CTRL_VFE) || vf->bdf < pf->bdf + offset)
		return false;
	if (stride == 0)
		return distance == 0 && count > 0;
	return distance % stride == 0 && distance / stride < count;
}

/*
 * A VF's Vendor ID reads as all ones (PCIe Base Spec, "VF Configuration
 * Space"): it is known by its PF, and by answering at all. Where the PF
 * cannot be asked any more, its class has to do: it may still be at work.
 */
static enum kq_fn_result identify_vf(struct kq_stage *stage,
				     const struct kq_plan_function *fn)
{
	const struct kq_plan_function *pf =
		&kq_plan_functions(stage->plan)[fn->pf];
	bool known = stage->functions[fn->pf].active && pf->sriov_cap &&
		     pf_has_vf(stage, fn);
	uint32_t class;

	if (stage->functions[fn->pf].active && !known)
		return KQ_FN_GONE;
	class = kq_pci_read(stage, fn, KQ_PCI_CLASS_REVISION);
	if (class == KQ_PCI_ALL_ONES || (!known && class != fn->class_revision))
		return KQ_FN_GONE;
	return KQ_FN_QUIET;
}

/* KQ_FN_QUIET stands for "it is the planned function". */
static enum kq_fn_result identify(struct kq_stage *stage,
				  const struct kq_plan_function *fn)
{
	enum kq_fn_result result = KQ_FN_QUIET;
	uint32_t id;

	if (fn->host == KQ_NONE)
		return KQ_FN_NO_CONFIG_ACCESS;
	if (fn->flags & KQ_FN_VF) {
		result = identify_vf(stage, fn);
	} else {
		id = kq_pci_read(stage, fn, PCI_VENDOR_ID);
		if (id == KQ_PCI_ALL_ONES)
			result = KQ_FN_GONE;
		else if (id != ((uint32_t)fn->device << 16 | fn->vendor))
			result = KQ_FN_REPLACED;
	}
	return kq_io_faulted(&stage->io) ? KQ_FN_UNREACHABLE : result;
}

static bool observed_only(const struct kq_stage *stage,
			  const struct kq_plan_function *fn)
{
	return fn->flags & KQ_FN_BRIDGE ||
	       stage->plan->quiesce == KQ_QUIESCE_NONE;
}

static enum kq_fn_result master_off(struct kq_stage *stage, uint32_t index)
{
	const struct kq_plan_function *fn =
		&kq_plan_functions(stage->plan)[index];
	struct kq_report_function *record = &stage->records[index];
	uint32_t found = kq_pci_read(stage, fn, KQ_PCI_COMMAND_STATUS);
	bool mastering = found & PCI_COMMAND_MASTER;
	enum kq_fn_result result;

	record->command_status = found;
	record->command_after = found;
	if (kq_io_faulted(&stage->io) || found == KQ_PCI_ALL_ONES)
		return KQ_FN_UNREACHABLE;
	if (fn->flags & KQ_FN_SKIP)
		return KQ_FN_SKIPPED;
	if (observed_only(stage, fn))
		return KQ_FN_OBSERVED;
	if (stage->plan->kind == KQ_PLAN_ORDERLY && !mastering)
		return KQ_FN_LEFT_ALONE;
	stage->functions[index].quiesce = true;
	if (stage->plan->kind == KQ_PLAN_ORDERLY)
		record->flags |= KQ_FN_OFFENDER;
	if (!mastering)
		return KQ_FN_QUIET;
	result = kq_pci_bme_off(&stage->io,
				kq_pci_config(stage, fn, KQ_PCI_COMMAND_STATUS),
				found, &record->command_after);
	if (result == KQ_FN_QUIET)
		record->flags |= KQ_FN_BME_CLEARED;
	return result;
}

static void visit(struct kq_stage *stage, uint32_t index)
{
	const struct kq_plan_function *fn =
		&kq_plan_functions(stage->plan)[index];
	enum kq_fn_result result;

	/* An SError the crash left pending is not this function's. */
	(void)kq_io_faulted(&stage->io);
	result = identify(stage, fn);
	if (result == KQ_FN_QUIET) {
		stage->functions[index].active = true;
		result = master_off(stage, index);
	}
	if (result == KQ_FN_UNREACHABLE)
		stage->functions[index].active = false;
	stage->records[index].result = result;
	/*
	 * A bridge logs an error for every function below it that is gone:
	 * its evidence is taken before those are asked for.
	 */
	if (fn->flags & KQ_FN_BRIDGE)
		kq_pci_evidence_of(stage, index);
}

/*
 * A read that nobody answers can take a completion timeout, up to 50 ms,
 * while the functions behind it go on writing: what shares the bus of one
 * that took so long has to wait. Returns the bus to hold back from now on.
 */
static uint32_t visit_unless_dead(struct kq_stage *stage, uint32_t index,
				  uint32_t dead_bus)
{
	const struct kq_plan_function *fn =
		&kq_plan_functions(stage->plan)[index];
	uint32_t bus = (uint32_t)fn->segment << 8 | fn->bdf >> 8;
	uint64_t start = kq_io_now_us(&stage->io);

	if (bus == dead_bus) {
		stage->functions[index].deferred = true;
		return dead_bus;
	}
	visit(stage, index);
	if (!stage->functions[index].active &&
	    kq_io_now_us(&stage->io) - start > DEAD_READ_US)
		return bus;
	return dead_bus;
}

/*
 * VFs after everything else: whether a VF is there is known from its PF,
 * which must have been identified before, and may stand behind it.
 */
void kq_pci_masters_off(struct kq_stage *stage)
{
	const struct kq_plan_function *fns = kq_plan_functions(stage->plan);
	uint32_t count = stage->plan->functions.count;
	uint32_t dead_bus = UINT32_MAX;

	for (uint32_t i = 0; i < count; i++)
		if (!(fns[i].flags & KQ_FN_VF))
			dead_bus = visit_unless_dead(stage, i, dead_bus);
	for (uint32_t i = 0; i < count; i++)
		if (stage->functions[i].deferred)
			visit(stage, i);
	for (uint32_t i = 0; i < count; i++)
		if (fns[i].flags & KQ_FN_VF)
			visit(stage, i);
}

static bool resisted(const struct kq_report_function *record)
{
	return record->result == KQ_FN_STILL_MASTERING ||
	       record->result == KQ_FN_UNREACHABLE ||
	       record->result == KQ_FN_RESET_TIMEOUT;
}

/*
 * Is the bridge, or a function somewhere below it, one the user wants left
 * alone? The depth bounds the climb: nobody has checked the plan for loops.
 */
static bool leads_to_skipped(const struct kq_stage *stage, uint32_t bridge)
{
	const struct kq_plan_function *fns = kq_plan_functions(stage->plan);

	for (uint32_t i = 0; i < stage->plan->functions.count; i++) {
		uint32_t at = i;

		if (!(fns[i].flags & KQ_FN_SKIP))
			continue;
		for (uint32_t d = 0; d < BUSES && at != KQ_NONE; d++) {
			if (at == bridge)
				return true;
			at = fns[at].parent;
		}
	}
	return false;
}

static void bridge_off(struct kq_stage *stage, uint32_t index)
{
	const struct kq_plan_function *bridge =
		&kq_plan_functions(stage->plan)[index];
	struct kq_report_function *record = &stage->records[index];
	enum kq_fn_result result = KQ_FN_UNREACHABLE;
	uint32_t found;

	if (!stage->functions[index].active ||
	    record->flags & KQ_FN_BME_CLEARED ||
	    leads_to_skipped(stage, index))
		return;
	found = kq_pci_read(stage, bridge, KQ_PCI_COMMAND_STATUS);
	if (!kq_io_faulted(&stage->io) && found != KQ_PCI_ALL_ONES)
		result = kq_pci_bme_off(&stage->io,
					kq_pci_config(stage, bridge,
						      KQ_PCI_COMMAND_STATUS),
					found, &record->command_after);
	record->result = result;
	if (result == KQ_FN_QUIET)
		record->flags |= KQ_FN_BME_CLEARED;
}

/*
 * Only the bridge right above, and only when the plan allows it: clearing
 * bus master on bridges turned requests in flight into fatal errors on real
 * servers, so it is a last resort.
 */
void kq_pci_bridges_off(struct kq_stage *stage)
{
	const struct kq_plan_function *fns = kq_plan_functions(stage->plan);

	if (!(stage->plan->flags & KQ_PLAN_BRIDGES) ||
	    stage->plan->quiesce == KQ_QUIESCE_NONE)
		return;
	for (uint32_t i = 0; i < stage->plan->functions.count; i++)
		if (!(fns[i].flags & KQ_FN_BRIDGE) &&
		    resisted(&stage->records[i]) && fns[i].parent != KQ_NONE)
			bridge_off(stage, fns[i].parent);
}
