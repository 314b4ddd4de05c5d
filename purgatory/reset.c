// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Steps 5 and 7: let what is in flight end, then Function Level Reset of all
 * capable functions together with one shared wait. PCIe Base Spec, "Function
 * Level Reset (FLR)"; Advanced Features: PCI ECN "Conventional PCI Advanced
 * Capabilities".
 */
#include "purgatory/pci.h"

/* As long as Linux waits for pending transactions before it resets anyway. */
#define PENDING_TIMEOUT_US 700000u
/*
 * The time software must leave a function alone after FLR: 100 ms, and one
 * microsecond for a clock that is read in whole ones.
 */
#define FLR_US 100001u
#define POLL_FIRST_US 1000u
#define POLL_LAST_US 64000u

/* AF capability: CTRL and STATUS bytes are the low half of word 4. */
#define AF_CTRL_STATUS 0x04
#define AF_STATUS_TP (PCI_AF_STATUS_TP << 8)

/*
 * Did the last read of a function show that it answers no more? @word must
 * be one that is never all ones while it does.
 */
static bool is_lost(struct kq_stage *stage, uint32_t index, uint32_t word)
{
	if (!kq_io_faulted(&stage->io) && word != KQ_PCI_ALL_ONES)
		return false;
	stage->records[index].result = KQ_FN_UNREACHABLE;
	stage->functions[index].active = false;
	return true;
}

/* A function that got lost is not waited for. */
static bool is_pending(struct kq_stage *stage, uint32_t index)
{
	const struct kq_plan_function *fn =
		&kq_plan_functions(stage->plan)[index];
	uint32_t word, bit;

	if (fn->pcie_cap) {
		word = kq_pci_read(stage, fn, fn->pcie_cap + PCI_EXP_DEVCTL);
		bit = (uint32_t)PCI_EXP_DEVSTA_TRPND << 16;
	} else if (fn->af_cap) {
		word = kq_pci_read(stage, fn, fn->af_cap + AF_CTRL_STATUS);
		bit = AF_STATUS_TP;
	} else {
		return false;
	}
	return !is_lost(stage, index, word) && word & bit;
}

/* One look at every function not known to be done; how many are pending? */
static uint32_t look_for_pending(struct kq_stage *stage, uint64_t started_us)
{
	uint32_t pending = 0;

	for (uint32_t i = 0; i < stage->plan->functions.count; i++) {
		struct kq_report_function *record = &stage->records[i];
		bool waits = record->flags & KQ_FN_STUCK_PENDING;

		if (!waits)
			continue;
		if (is_pending(stage, i))
			pending++;
		else
			record->flags &= ~KQ_FN_STUCK_PENDING;
		record->pending_us =
			(uint32_t)(kq_io_now_us(&stage->io) - started_us);
	}
	return pending;
}

/* Mark the functions the wait is for; bit by bit the looks unmark them. */
static uint32_t start_pending(struct kq_stage *stage)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < stage->plan->functions.count; i++) {
		struct kq_report_function *record = &stage->records[i];

		if (!stage->functions[i].active ||
		    (!stage->functions[i].quiesce &&
		     record->result != KQ_FN_LEFT_ALONE) ||
		    !is_pending(stage, i))
			continue;
		record->flags |= KQ_FN_STUCK_PENDING;
		count++;
	}
	return count;
}

/* Orderly kexec: a shut down function with requests in flight is not quiet. */
static void find_pending_offenders(struct kq_stage *stage)
{
	for (uint32_t i = 0; i < stage->plan->functions.count; i++) {
		struct kq_report_function *record = &stage->records[i];

		if (record->result != KQ_FN_LEFT_ALONE ||
		    !(record->flags & KQ_FN_STUCK_PENDING))
			continue;
		record->result = KQ_FN_QUIET;
		record->flags |= KQ_FN_OFFENDER;
		stage->functions[i].quiesce = true;
	}
}

/*
 * At most half of what the budget leaves: the bit is set for ever on some
 * functions, which must not cost the others their reset.
 */
static uint64_t pending_timeout(struct kq_stage *stage)
{
	return kq_stage_timeout(stage, 2 * PENDING_TIMEOUT_US, 0) / 2;
}

void kq_pci_wait_pending(struct kq_stage *stage)
{
	uint64_t started = kq_io_now_us(&stage->io);
	uint64_t now = started, pause = POLL_FIRST_US / 16, timeout, end;
	uint32_t pending = start_pending(stage);

	if (pending == 0)
		return;
	timeout = pending_timeout(stage);
	end = now + timeout;
	while ((pending = look_for_pending(stage, started)) > 0 && now < end) {
		kq_delay_us(&stage->io, pause < end - now ? pause : end - now);
		if (pause < POLL_LAST_US / 4)
			pause *= 2;
		now = kq_io_now_us(&stage->io);
	}
	if (pending > 0 && timeout < PENDING_TIMEOUT_US)
		stage->report->flags |= KQ_REPORT_OVER_BUDGET;
	find_pending_offenders(stage);
}

static bool flr_allowed(const struct kq_stage *stage, uint32_t index)
{
	const struct kq_plan_function *fn =
		&kq_plan_functions(stage->plan)[index];

	return fn->flags & (KQ_FN_FLR | KQ_FN_AF_FLR) &&
	       !stage->functions[index].keep_vfs &&
	       !(fn->flags &
		 (KQ_FN_FLR_BROKEN | KQ_FN_DEV_RESET | KQ_FN_BRIDGE));
}

/* A PF's FLR takes its VFs away: they are not reset on their own. */
static bool goes_with_pf(const struct kq_stage *stage,
			 const struct kq_plan_function *fn)
{
	return fn->flags & KQ_FN_VF &&
	       kq_pci_to_quiet(&stage->functions[fn->pf]) &&
	       flr_allowed(stage, fn->pf);
}

/* A VF that the user wants left alone would not survive its PF's FLR. */
static void find_vfs_to_keep(struct kq_stage *stage)
{
	const struct kq_plan_function *fns = kq_plan_functions(stage->plan);

	for (uint32_t i = 0; i < stage->plan->functions.count; i++)
		if (fns[i].flags & KQ_FN_VF && fns[i].flags & KQ_FN_SKIP &&
		    stage->functions[i].active)
			stage->functions[fns[i].pf].keep_vfs = true;
}

static void save_config(struct kq_stage *stage,
			const struct kq_plan_function *fn,
			struct kq_saved_config *saved)
{
	uint32_t cap = fn->pcie_cap;

	for (uint32_t i = 0; i < 16; i++) {
		saved->header[i] = kq_pci_read(stage, fn, 4 * i);
		/* It died since: each further read may hang for 50 ms. */
		if (i == 1 && saved->header[1] == KQ_PCI_ALL_ONES)
			return;
	}
	if (!cap)
		return;
	saved->devctl = kq_pci_read(stage, fn, cap + PCI_EXP_DEVCTL);
	if (kq_pci_has_link(fn))
		saved->lnkctl = kq_pci_read(stage, fn, cap + PCI_EXP_LNKCTL);
	/* Version 1 of the capability ends before the second set. */
	if (((kq_pci_read(stage, fn, cap) >> 16) & PCI_EXP_FLAGS_VERS) < 2)
		return;
	saved->devctl2 = kq_pci_read(stage, fn, cap + PCI_EXP_DEVCTL2);
	if (kq_pci_has_link(fn))
		saved->lnkctl2 = kq_pci_read(stage, fn, cap + PCI_EXP_LNKCTL2);
}

static void write_flr(struct kq_stage *stage, uint32_t index)
{
	const struct kq_plan_function *fn =
		&kq_plan_functions(stage->plan)[index];
	struct kq_report_function *record = &stage->records[index];
	struct kq_function *state = &stage->functions[index];
	bool immediate;
	uint64_t now;

	save_config(stage, fn, &state->saved);
	/* Lost anywhere in between, it reads as all ones now. */
	if (is_lost(stage, index, kq_pci_read(stage, fn, KQ_PCI_COMMAND_STATUS)))
		return;
	immediate = state->saved.header[1] &
		    (uint32_t)PCI_STATUS_IMM_READY << 16;
	if (fn->flags & KQ_FN_FLR) {
		kq_pci_write(stage, fn, fn->pcie_cap + PCI_EXP_DEVCTL,
			     (state->saved.devctl & ~KQ_PCI_STATUS_HALF) |
				     PCI_EXP_DEVCTL_BCR_FLR);
		record->flags |= KQ_FN_FLR_DONE;
	} else {
		kq_pci_write(stage, fn, fn->af_cap + AF_CTRL_STATUS,
			     PCI_AF_CTRL_FLR);
		record->flags |= KQ_FN_AF_FLR_DONE;
	}
	if (is_lost(stage, index, 0))
		return;
	now = kq_io_now_us(&stage->io);
	record->reset_us = (uint32_t)now;
	state->ready_us = (uint32_t)now + fn->reset_delay_ms * 1000u;
	if (!immediate)
		state->ready_us += FLR_US;
	state->resetting = true;
}

/*
 * A reset that the budget cannot wait for is not begun: a function in the
 * middle of an FLR is worse than one with bus master off.
 */
static bool fits_budget(struct kq_stage *stage,
			const struct kq_plan_function *fn)
{
	uint64_t need = FLR_US + fn->reset_delay_ms * 1000u;

	if (kq_stage_timeout(stage, need, 0) == need)
		return true;
	stage->report->flags |= KQ_REPORT_OVER_BUDGET;
	return false;
}

static void start_resets(struct kq_stage *stage)
{
	const struct kq_plan_function *fns = kq_plan_functions(stage->plan);

	for (uint32_t i = 0; i < stage->plan->functions.count; i++)
		if (kq_pci_to_quiet(&stage->functions[i]) &&
		    flr_allowed(stage, i) && !goes_with_pf(stage, &fns[i]) &&
		    fits_budget(stage, &fns[i]))
			write_flr(stage, i);
}

/* Does it answer? A VF's Vendor ID never does: look at its class instead. */
static bool answers(struct kq_stage *stage, const struct kq_plan_function *fn)
{
	uint32_t word;

	if (fn->flags & KQ_FN_VF)
		return kq_pci_read(stage, fn, KQ_PCI_CLASS_REVISION) !=
		       KQ_PCI_ALL_ONES;
	word = kq_pci_read(stage, fn, PCI_VENDOR_ID);
	return word != KQ_PCI_ALL_ONES &&
	       (word & 0xffff) != KQ_PCI_VENDOR_RRS;
}

/*
 * One look at every function whose FLR time is over. Returns the time of
 * the next useful look, 0 if none is left.
 */
static uint64_t look_for_answers(struct kq_stage *stage, uint64_t pause)
{
	const struct kq_plan_function *fns = kq_plan_functions(stage->plan);
	uint64_t next = 0;

	for (uint32_t i = 0; i < stage->plan->functions.count; i++) {
		struct kq_function *state = &stage->functions[i];
		struct kq_report_function *record = &stage->records[i];
		uint64_t now = kq_io_now_us(&stage->io);
		uint64_t due = state->ready_us;

		if (!state->resetting)
			continue;
		if (now >= due && answers(stage, &fns[i])) {
			state->resetting = false;
			record->reset_us = (uint32_t)now - record->reset_us;
			record->result = KQ_FN_RESET;
			continue;
		}
		if (now >= due)
			due = now + pause;
		if (next == 0 || due < next)
			next = due;
	}
	/* Faults while it resets are part of the reset. */
	(void)kq_io_faulted(&stage->io);
	return next;
}

static void give_up(struct kq_stage *stage)
{
	uint32_t now = (uint32_t)kq_io_now_us(&stage->io);

	for (uint32_t i = 0; i < stage->plan->functions.count; i++) {
		struct kq_report_function *record = &stage->records[i];

		if (!stage->functions[i].resetting)
			continue;
		record->result = KQ_FN_RESET_TIMEOUT;
		record->reset_us = now - record->reset_us;
		stage->report->flags |= KQ_REPORT_OVER_BUDGET;
	}
}

static void mark_vfs(struct kq_stage *stage)
{
	const struct kq_plan_function *fns = kq_plan_functions(stage->plan);

	for (uint32_t i = 0; i < stage->plan->functions.count; i++) {
		if (!stage->functions[i].active || !goes_with_pf(stage, &fns[i]))
			continue;
		if (!(stage->records[fns[i].pf].flags &
		      (KQ_FN_FLR_DONE | KQ_FN_AF_FLR_DONE)))
			continue;
		stage->records[i].result = KQ_FN_RESET_WITH_PF;
		stage->functions[i].active = false;
	}
}

void kq_pci_reset_begin(struct kq_stage *stage)
{
	if (stage->plan->quiesce < KQ_QUIESCE_FLR)
		return;
	find_vfs_to_keep(stage);
	start_resets(stage);
	mark_vfs(stage);
}

void kq_pci_reset_end(struct kq_stage *stage)
{
	uint64_t pause = POLL_FIRST_US;
	uint64_t next;

	while ((next = look_for_answers(stage, pause)) != 0) {
		uint64_t now = kq_io_now_us(&stage->io);

		if (now >= stage->deadline_us)
			break;
		if (next > stage->deadline_us)
			next = stage->deadline_us;
		if (next > now)
			kq_delay_us(&stage->io, next - now);
		if (pause < POLL_LAST_US)
			pause *= 2;
	}
	give_up(stage);
}

static void write_pcie_config(struct kq_stage *stage,
			      const struct kq_plan_function *fn,
			      const struct kq_saved_config *saved)
{
	uint32_t cap = fn->pcie_cap, half = ~KQ_PCI_STATUS_HALF;

	kq_pci_write(stage, fn, cap + PCI_EXP_DEVCTL,
		     saved->devctl & half & ~PCI_EXP_DEVCTL_BCR_FLR);
	if (kq_pci_has_link(fn))
		kq_pci_write(stage, fn, cap + PCI_EXP_LNKCTL,
			     saved->lnkctl & half & ~PCI_EXP_LNKCTL_RL);
	if (((kq_pci_read(stage, fn, cap) >> 16) & PCI_EXP_FLAGS_VERS) < 2)
		return;
	kq_pci_write(stage, fn, cap + PCI_EXP_DEVCTL2, saved->devctl2 & half);
	if (kq_pci_has_link(fn))
		kq_pci_write(stage, fn, cap + PCI_EXP_LNKCTL2,
			     saved->lnkctl2 & half);
}

static void write_config(struct kq_stage *stage,
			 const struct kq_plan_function *fn,
			 const struct kq_saved_config *saved)
{
	uint32_t half = ~KQ_PCI_STATUS_HALF;

	if (fn->pcie_cap)
		write_pcie_config(stage, fn, saved);
	for (uint32_t reg = PCI_BASE_ADDRESS_0; reg <= PCI_BASE_ADDRESS_5;
	     reg += 4)
		kq_pci_write(stage, fn, reg, saved->header[reg / 4]);
	kq_pci_write(stage, fn, PCI_ROM_ADDRESS,
		     saved->header[PCI_ROM_ADDRESS / 4]);
	/* Cache line size and latency; BIST (upper half) is not started. */
	kq_pci_write(stage, fn, PCI_CACHE_LINE_SIZE,
		     saved->header[PCI_CACHE_LINE_SIZE / 4] & half);
	kq_pci_write(stage, fn, PCI_INTERRUPT_LINE,
		     saved->header[PCI_INTERRUPT_LINE / 4]);
	/* Decode on last, when the addresses are right; bus master stays off. */
	kq_pci_write(stage, fn, KQ_PCI_COMMAND_STATUS,
		     saved->header[1] & half & ~PCI_COMMAND_MASTER);
}

static void restore_function(struct kq_stage *stage, uint32_t index)
{
	const struct kq_plan_function *fn =
		&kq_plan_functions(stage->plan)[index];
	struct kq_report_function *record = &stage->records[index];

	write_config(stage, fn, &stage->functions[index].saved);
	record->command_after = kq_pci_read(stage, fn, KQ_PCI_COMMAND_STATUS);
	if (kq_io_faulted(&stage->io) ||
	    record->command_after == KQ_PCI_ALL_ONES) {
		record->result = KQ_FN_UNREACHABLE;
		stage->functions[index].active = false;
		return;
	}
	record->flags |= KQ_FN_RESTORED;
	if (record->command_after & PCI_COMMAND_MASTER)
		record->result = KQ_FN_STILL_MASTERING;
}

void kq_pci_restore(struct kq_stage *stage)
{
	for (uint32_t i = 0; i < stage->plan->functions.count; i++)
		if (stage->functions[i].active &&
		    stage->records[i].result == KQ_FN_RESET)
			restore_function(stage, i);
}
