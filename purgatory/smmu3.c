// SPDX-License-Identifier: GPL-2.0-or-later
/* One SMMUv3 through the step: what it was, what it becomes. */
#include "purgatory/smmu3.h"

#include "lib/error.h"
#include "purgatory/smmu3-parts.h"

static void read_state(const struct kq_smmu *smmu,
		       struct kq_report_smmu_state *state)
{
	state->cr0 = kq_smmu3_read(smmu, SMMU3_CR0);
	state->cr1 = kq_smmu3_read(smmu, SMMU3_CR1);
	state->cr2 = kq_smmu3_read(smmu, SMMU3_CR2);
	state->gbpa = kq_smmu3_read(smmu, SMMU3_GBPA);
	state->irq_ctrl = kq_smmu3_read(smmu, SMMU3_IRQ_CTRL);
	state->gerror = kq_smmu3_read(smmu, SMMU3_GERROR);
	state->gerrorn = kq_smmu3_read(smmu, SMMU3_GERRORN);
	state->strtab_base_cfg = kq_smmu3_read(smmu, SMMU3_STRTAB_BASE_CFG);
	state->strtab_base = kq_smmu3_read64(smmu, SMMU3_STRTAB_BASE);
	state->evtq_base = kq_smmu3_read64(smmu, SMMU3_EVTQ_BASE);
	state->cmdq_prod = kq_smmu3_read(smmu, SMMU3_CMDQ_PROD);
	state->cmdq_cons = kq_smmu3_read(smmu, SMMU3_CMDQ_CONS);
}

/*
 * The event queue's indices stand in page 1: one that aborts costs the old
 * events, not the policy.
 */
static int read_event_indices(const struct kq_smmu *smmu,
			      struct kq_report_smmu_state *state)
{
	state->evtq_prod =
		kq_smmu3_read(smmu, kq_smmu3_page1(smmu, SMMU3_EVTQ_PROD));
	state->evtq_cons =
		kq_smmu3_read(smmu, kq_smmu3_page1(smmu, SMMU3_EVTQ_CONS));
	return kq_io_faulted(&smmu->stage->io) ? -KQ_ERR_UNREACHABLE : 0;
}

/* Is the SMMU there at all, and does it behave like one? */
static int identify(const struct kq_smmu *smmu)
{
	smmu->record->idr0 = kq_smmu3_read(smmu, SMMU3_IDR0);
	smmu->record->idr1 = kq_smmu3_read(smmu, SMMU3_IDR1);
	/* Any SMMU has a stage of translation; other things do not. */
	if (kq_io_faulted(&smmu->stage->io) ||
	    smmu->record->idr0 == UINT32_MAX ||
	    !(smmu->record->idr0 & (SMMU3_IDR0_S1P | SMMU3_IDR0_S2P)))
		return -KQ_ERR_UNREACHABLE;
	read_state(smmu, &smmu->record->before);
	return kq_io_faulted(&smmu->stage->io) ? -KQ_ERR_UNREACHABLE : 0;
}

static void add_event(const struct kq_smmu *smmu, struct kq_paddr from,
		      bool pending)
{
	struct kq_stage *stage = smmu->stage;
	struct kq_report_event *event =
		&stage->events[stage->report->events.count];
	uint64_t record[4];

	kq_io_sync_ram(&stage->io, from, SMMU3_EVENT_SIZE);
	for (uint32_t i = 0; i < 4; i++)
		record[i] = kq_io_read64(&stage->io,
					 kq_paddr_add(from, 8 * i));
	/* Slots nobody wrote yet are zero; event 0 does not exist. */
	if (kq_io_faulted(&stage->io) ||
	    (record[0] & SMMU3_EVENT_0_TYPE) == 0)
		return;
	event->smmu = smmu->index;
	event->flags = pending ? KQ_EVENT_PENDING : 0;
	for (uint32_t i = 0; i < 4; i++)
		event->record[i] = record[i];
	stage->report->events.count++;
}

/*
 * The newest records of the old kernel's event queue, oldest first, those
 * it had already consumed included: the queue is a ring in its memory.
 */
static void read_events(const struct kq_smmu *smmu)
{
	const struct kq_report_smmu_state *before = &smmu->record->before;
	uint32_t log2 = KQ_GET(SMMU3_Q_BASE_LOG2SIZE, before->evtq_base);
	uint64_t base = before->evtq_base & SMMU3_Q_BASE_ADDR;
	uint32_t limit = KQ_GET(SMMU3_IDR1_EVTQS, smmu->record->idr1);
	uint32_t mask, pending, count = KQ_REPORT_EVENTS_PER_SMMU;

	if (read_event_indices(smmu, &smmu->record->before) < 0 || base == 0 ||
	    log2 > limit || log2 > 19)
		return;
	/* Off: its memory may long be somebody else's. */
	if (!(before->cr0 & SMMU3_CR0_EVTQEN))
		return;
	mask = (1u << (log2 + 1)) - 1; /* index and wrap bit */
	pending = (before->evtq_prod - before->evtq_cons) & mask;
	if (count > 1u << log2)
		count = 1u << log2;
	for (uint32_t age = count; age > 0; age--) {
		uint32_t slot = (before->evtq_prod - age) &
				((1u << log2) - 1);

		add_event(smmu, kq_paddr(base + slot * SMMU3_EVENT_SIZE),
			  age <= pending);
	}
}

static enum kq_smmu_result result_of(int r)
{
	if (r == 0)
		return KQ_SMMU_DONE;
	return r == -KQ_ERR_TIMEOUT ? KQ_SMMU_STUCK : KQ_SMMU_UNREACHABLE;
}

void kq_smmu3_inspect(struct kq_smmu *smmu)
{
	int r = identify(smmu);

	if (r < 0) {
		smmu->record->result = result_of(r);
		return;
	}
	smmu->state->usable = true;
	read_events(smmu);
	/*
	 * Its MSIs would go to the old kernel's ITS tables. A stuck
	 * acknowledge must not keep the policy from being applied.
	 */
	r = kq_smmu3_write_and_wait(smmu, SMMU3_IRQ_CTRL, SMMU3_IRQ_CTRLACK, 0);
	smmu->record->result = result_of(r);
}

/* IHI 0070, "SMMU_GBPA": written only while UPDATE is 0, then with it. */
static int set_gbpa(const struct kq_smmu *smmu, bool abort)
{
	uint32_t gbpa;
	int r = kq_smmu3_wait(smmu, SMMU3_GBPA, SMMU3_GBPA_UPDATE, 0);

	if (r < 0)
		return r;
	gbpa = kq_smmu3_read(smmu, SMMU3_GBPA) & ~SMMU3_GBPA_ABORT;
	if (abort)
		gbpa |= SMMU3_GBPA_ABORT;
	kq_smmu3_write(smmu, SMMU3_GBPA, gbpa | SMMU3_GBPA_UPDATE);
	r = kq_smmu3_wait(smmu, SMMU3_GBPA, SMMU3_GBPA_UPDATE, 0);
	if (r < 0)
		return r;
	/* Some hypervisors ignore the write: believe what reads back. */
	gbpa = kq_smmu3_read(smmu, SMMU3_GBPA);
	if (abort != !!(gbpa & SMMU3_GBPA_ABORT)) {
		smmu->record->stuck_offset = SMMU3_GBPA;
		return -KQ_ERR_TIMEOUT;
	}
	return 0;
}

/* A handshake that is still under way must not be started again. */
static bool is_stuck(const struct kq_smmu *smmu)
{
	return smmu->record->stuck_offset == SMMU3_GBPA ||
	       smmu->record->stuck_offset == SMMU3_CR0ACK;
}

/* GBPA first: it decides the moment SMMUEN falls. */
int kq_smmu3_disable(const struct kq_smmu *smmu, bool abort)
{
	int r = is_stuck(smmu) ? -KQ_ERR_TIMEOUT : set_gbpa(smmu, abort);

	if (r < 0)
		return r;
	return kq_smmu3_write_and_wait(smmu, SMMU3_CR0, SMMU3_CR0ACK, 0);
}

/* Whatever table there is, GBPA.ABORT holds while it is exchanged. */
static int run_table(const struct kq_smmu *smmu, enum kq_smmu3_default others)
{
	int r = is_stuck(smmu) ? -KQ_ERR_TIMEOUT : set_gbpa(smmu, true);

	if (r == 0)
		r = kq_smmu3_run_on_own_table(smmu, others, 0);
	if (r == 0)
		smmu->record->flags |= KQ_SMMU_OWN_TABLE;
	return r;
}

static int abort_all(const struct kq_smmu *smmu)
{
	int r = -KQ_ERR_NOTSUP;

	if (kq_smmu3_has_reserved(smmu)) {
		r = run_table(smmu, KQ_SMMU3_ABORT);
		if (r < 0)
			smmu->record->flags |= KQ_SMMU_FELL_BACK;
	}
	return r < 0 ? kq_smmu3_disable(smmu, true) : r;
}

/* What a policy needs beyond plain abort; an error asks for abort. */
static int apply_policy(struct kq_smmu *smmu)
{
	if (smmu->plan->policy == KQ_POLICY_BYPASS)
		return kq_smmu3_disable(smmu, false);
	if (smmu->plan->policy == KQ_POLICY_PRESERVE)
		return kq_smmu3_preserve(smmu);
	if (smmu->plan->policy == KQ_POLICY_SINK)
		return run_table(smmu, KQ_SMMU3_SINK);
	return abort_all(smmu);
}

/*
 * A policy that this SMMU cannot have, or that failed half-way through its
 * own table, becomes abort. A bypass or abort that is stuck stays as it is.
 */
static int apply_or_abort(struct kq_smmu *smmu)
{
	uint32_t policy = smmu->plan->policy;
	int r = apply_policy(smmu);

	smmu->record->applied = policy;
	if (r == 0 ||
	    (policy != KQ_POLICY_PRESERVE && policy != KQ_POLICY_SINK))
		return r;
	smmu->record->flags |= KQ_SMMU_FELL_BACK;
	smmu->record->applied = KQ_POLICY_ABORT;
	return abort_all(smmu);
}

void kq_smmu3_apply(struct kq_smmu *smmu)
{
	int r;

	if (!smmu->state->usable)
		return;
	r = apply_or_abort(smmu);
	kq_smmu3_acknowledge(smmu);
	read_state(smmu, &smmu->record->after);
	if (kq_io_faulted(&smmu->stage->io))
		r = -KQ_ERR_UNREACHABLE;
	else
		(void)read_event_indices(smmu, &smmu->record->after);
	if (r < 0) {
		smmu->record->result = result_of(r);
		smmu->record->applied = 0;
	}
}
