// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Step 3, the snapshot of status and error registers that a crash otherwise
 * loses, and step 10, clearing what the quiesce itself raised, so that the
 * next kernel neither reports our errors nor misses the old ones.
 */
#include "purgatory/pci.h"

/* DEVSTA bits that are errors; the rest is state. */
#define DEVSTA_ERRORS                                                      \
	(PCI_EXP_DEVSTA_CED | PCI_EXP_DEVSTA_NFED | PCI_EXP_DEVSTA_FED | \
	 PCI_EXP_DEVSTA_URD)

/* Error bits of STATUS (and Secondary Status), upper half of the word. */
#define STATUS_ERRORS                                                       \
	((uint32_t)(PCI_STATUS_PARITY | PCI_STATUS_SIG_TARGET_ABORT |      \
		    PCI_STATUS_REC_TARGET_ABORT |                          \
		    PCI_STATUS_REC_MASTER_ABORT |                          \
		    PCI_STATUS_SIG_SYSTEM_ERROR | PCI_STATUS_DETECTED_PARITY) \
	 << 16)

/* AER Root Error Status: all write-1-to-clear error bits. */
#define AER_ROOT_ERRORS 0x7fu

static bool has_root_errors(const struct kq_plan_function *fn)
{
	return fn->port_type == PCI_EXP_TYPE_ROOT_PORT ||
	       fn->port_type == PCI_EXP_TYPE_RC_EC;
}

static void read_aer(struct kq_stage *stage, const struct kq_plan_function *fn,
		     struct kq_report_function *record)
{
	uint32_t cap = fn->aer_cap;

	record->aer_uncor_status =
		kq_pci_read(stage, fn, cap + PCI_ERR_UNCOR_STATUS);
	record->aer_cor_status =
		kq_pci_read(stage, fn, cap + PCI_ERR_COR_STATUS);
	for (uint32_t i = 0; i < 4; i++)
		record->aer_header_log[i] = kq_pci_read(
			stage, fn, cap + PCI_ERR_HEADER_LOG + 4 * i);
	if (has_root_errors(fn))
		record->aer_root_status =
			kq_pci_read(stage, fn, cap + PCI_ERR_ROOT_STATUS);
}

/* Returns false if the function answers no more. */
static bool read_evidence(struct kq_stage *stage, uint32_t index)
{
	const struct kq_plan_function *fn =
		&kq_plan_functions(stage->plan)[index];
	struct kq_report_function *record = &stage->records[index];

	if (fn->pcie_cap) {
		record->devctl_devsta =
			kq_pci_read(stage, fn, fn->pcie_cap + PCI_EXP_DEVCTL);
		/* One that died is not asked a dozen times. */
		if (record->devctl_devsta == KQ_PCI_ALL_ONES)
			return false;
	}
	if (kq_pci_has_link(fn))
		record->lnkctl_lnksta =
			kq_pci_read(stage, fn, fn->pcie_cap + PCI_EXP_LNKCTL);
	if (fn->aer_cap)
		read_aer(stage, fn, record);
	if (fn->dpc_cap)
		record->dpc_status_source =
			kq_pci_read(stage, fn, fn->dpc_cap + PCI_EXP_DPC_STATUS);
	if (fn->flags & KQ_FN_BRIDGE)
		stage->functions[index].secondary_status = kq_pci_read(
			stage, fn, KQ_PCI_SECONDARY_STATUS_WORD);
	return !kq_io_faulted(&stage->io);
}

void kq_pci_evidence_of(struct kq_stage *stage, uint32_t index)
{
	if (!stage->functions[index].active ||
	    stage->records[index].flags & KQ_FN_EVIDENCE)
		return;
	if (read_evidence(stage, index)) {
		stage->records[index].flags |= KQ_FN_EVIDENCE;
		return;
	}
	(void)kq_io_faulted(&stage->io);
	stage->records[index].result = KQ_FN_UNREACHABLE;
	stage->functions[index].active = false;
}

void kq_pci_take_evidence(struct kq_stage *stage)
{
	for (uint32_t i = 0; i < stage->plan->functions.count; i++) {
		if (kq_stage_is_late(stage))
			return;
		kq_pci_evidence_of(stage, i);
	}
}

/*
 * Clear the bits of @errors that are set now and were not in @before.
 * The word's other half is written back as @keep of what is there.
 */
static bool clear_new(struct kq_stage *stage, const struct kq_plan_function *fn,
		      uint32_t reg, uint32_t errors, uint32_t before,
		      uint32_t keep)
{
	uint32_t now = kq_pci_read(stage, fn, reg);
	uint32_t raised = now & ~before & errors;

	if (now == KQ_PCI_ALL_ONES || raised == 0)
		return false;
	kq_pci_write(stage, fn, reg, (now & keep) | raised);
	return true;
}

static bool clear_function(struct kq_stage *stage, uint32_t index)
{
	const struct kq_plan_function *fn =
		&kq_plan_functions(stage->plan)[index];
	const struct kq_report_function *record = &stage->records[index];
	uint32_t half = ~KQ_PCI_STATUS_HALF;
	bool any;

	any = clear_new(stage, fn, KQ_PCI_COMMAND_STATUS, STATUS_ERRORS,
			record->command_status, half);
	if (fn->flags & KQ_FN_BRIDGE)
		any |= clear_new(stage, fn, KQ_PCI_SECONDARY_STATUS_WORD,
				 STATUS_ERRORS,
				 stage->functions[index].secondary_status,
				 half);
	if (fn->aer_cap) {
		any |= clear_new(stage, fn, fn->aer_cap + PCI_ERR_UNCOR_STATUS,
				 UINT32_MAX, record->aer_uncor_status, 0);
		any |= clear_new(stage, fn, fn->aer_cap + PCI_ERR_COR_STATUS,
				 UINT32_MAX, record->aer_cor_status, 0);
	}
	if (fn->aer_cap && has_root_errors(fn))
		any |= clear_new(stage, fn, fn->aer_cap + PCI_ERR_ROOT_STATUS,
				 AER_ROOT_ERRORS, record->aer_root_status, 0);
	/* Behind AER: DEVSTA sums up what AER holds. */
	if (fn->pcie_cap)
		any |= clear_new(stage, fn, fn->pcie_cap + PCI_EXP_DEVCTL,
				 (uint32_t)DEVSTA_ERRORS << 16,
				 record->devctl_devsta, half);
	return any;
}

/*
 * From the end: bridges have the lower addresses, and the errors of what is
 * below them are logged in them last.
 */
void kq_pci_clear_own_errors(struct kq_stage *stage)
{
	for (uint32_t i = stage->plan->functions.count; i-- > 0;) {
		struct kq_report_function *record = &stage->records[i];

		if (!stage->functions[i].active ||
		    stage->functions[i].resetting ||
		    record->result == KQ_FN_SKIPPED ||
		    record->result == KQ_FN_LEFT_ALONE ||
		    !(record->flags & KQ_FN_EVIDENCE))
			continue;
		if (kq_stage_is_late(stage))
			return;
		if (clear_function(stage, i))
			record->flags |= KQ_FN_ERRORS_CLEARED;
		if (kq_io_faulted(&stage->io))
			stage->functions[i].active = false;
	}
}
