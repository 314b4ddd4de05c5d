// SPDX-License-Identifier: GPL-2.0-or-later
#include "purgatory/smmu3.h"

#include "lib/error.h"
#include "purgatory/smmu3-regs.h"

/* Linux grants each handshake a second; so do we, budget permitting. */
#define HANDSHAKE_US 1000000u
#define HANDSHAKE_LEAST_US 10000u

/* One SMMU on its way through the step. */
struct smmu3 {
	struct kq_stage *stage;
	const struct kq_plan_smmu *plan;
	struct kq_report_smmu *record;
};

static uint32_t read_reg(const struct smmu3 *smmu, uint32_t reg)
{
	return kq_io_read32(&smmu->stage->io,
			    kq_paddr(smmu->plan->base + reg));
}

static uint64_t read_reg64(const struct smmu3 *smmu, uint32_t reg)
{
	return kq_io_read64(&smmu->stage->io,
			    kq_paddr(smmu->plan->base + reg));
}

static void write_reg(const struct smmu3 *smmu, uint32_t reg, uint32_t value)
{
	kq_io_write32(&smmu->stage->io, kq_paddr(smmu->plan->base + reg),
		      value);
}

/* Registers of page 1 stand in page 0 on models without one. */
static uint32_t page1(const struct smmu3 *smmu, uint32_t reg)
{
	return smmu->plan->flags & KQ_SMMU_PAGE0_ONLY ? reg :
							SMMU3_PAGE1 + reg;
}

static int wait_for(const struct smmu3 *smmu, uint32_t reg, uint32_t mask,
		    uint32_t value)
{
	uint64_t timeout = kq_stage_timeout(smmu->stage, HANDSHAKE_US,
					    HANDSHAKE_LEAST_US);
	int r = kq_poll32(&smmu->stage->io, kq_paddr(smmu->plan->base + reg),
			  mask, value, timeout);

	if (r == -KQ_ERR_TIMEOUT) {
		smmu->record->stuck_offset = reg;
		if (timeout < HANDSHAKE_US)
			smmu->stage->report->flags |= KQ_REPORT_OVER_BUDGET;
	}
	return r;
}

static int write_and_wait(const struct smmu3 *smmu, uint32_t reg, uint32_t ack,
			  uint32_t value)
{
	write_reg(smmu, reg, value);
	return wait_for(smmu, ack, UINT32_MAX, value);
}

static void read_state(const struct smmu3 *smmu,
		       struct kq_report_smmu_state *state)
{
	state->cr0 = read_reg(smmu, SMMU3_CR0);
	state->cr1 = read_reg(smmu, SMMU3_CR1);
	state->cr2 = read_reg(smmu, SMMU3_CR2);
	state->gbpa = read_reg(smmu, SMMU3_GBPA);
	state->irq_ctrl = read_reg(smmu, SMMU3_IRQ_CTRL);
	state->gerror = read_reg(smmu, SMMU3_GERROR);
	state->gerrorn = read_reg(smmu, SMMU3_GERRORN);
	state->strtab_base_cfg = read_reg(smmu, SMMU3_STRTAB_BASE_CFG);
	state->strtab_base = read_reg64(smmu, SMMU3_STRTAB_BASE);
	state->evtq_base = read_reg64(smmu, SMMU3_EVTQ_BASE);
	state->cmdq_prod = read_reg(smmu, SMMU3_CMDQ_PROD);
	state->cmdq_cons = read_reg(smmu, SMMU3_CMDQ_CONS);
}

/*
 * The event queue's indices stand in page 1: one that aborts costs the old
 * events, not the policy.
 */
static int read_event_indices(const struct smmu3 *smmu,
			      struct kq_report_smmu_state *state)
{
	state->evtq_prod = read_reg(smmu, page1(smmu, SMMU3_EVTQ_PROD));
	state->evtq_cons = read_reg(smmu, page1(smmu, SMMU3_EVTQ_CONS));
	return kq_io_faulted(&smmu->stage->io) ? -KQ_ERR_UNREACHABLE : 0;
}

/* Is the SMMU there at all, and does it behave like one? */
static int identify(const struct smmu3 *smmu)
{
	smmu->record->idr0 = read_reg(smmu, SMMU3_IDR0);
	smmu->record->idr1 = read_reg(smmu, SMMU3_IDR1);
	if (kq_io_faulted(&smmu->stage->io) ||
	    smmu->record->idr0 == UINT32_MAX)
		return -KQ_ERR_UNREACHABLE;
	read_state(smmu, &smmu->record->before);
	return kq_io_faulted(&smmu->stage->io) ? -KQ_ERR_UNREACHABLE : 0;
}

static void add_event(struct smmu3 *smmu, struct kq_paddr from, bool pending)
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
	if (kq_io_faulted(&stage->io) || (record[0] & 0xff) == 0)
		return;
	event->smmu = (uint32_t)(smmu->record - stage->smmus);
	event->flags = pending ? KQ_EVENT_PENDING : 0;
	for (uint32_t i = 0; i < 4; i++)
		event->record[i] = record[i];
	stage->report->events.count++;
}

/*
 * The newest records of the old kernel's event queue, oldest first, those
 * it had already consumed included: the queue is a ring in its memory.
 */
static void read_events(struct smmu3 *smmu)
{
	const struct kq_report_smmu_state *before = &smmu->record->before;
	uint32_t log2 = KQ_GET(SMMU3_Q_BASE_LOG2SIZE, before->evtq_base);
	uint64_t base = before->evtq_base & SMMU3_Q_BASE_ADDR;
	uint32_t limit = KQ_GET(SMMU3_IDR1_EVTQS, smmu->record->idr1);
	uint32_t mask, pending, count = KQ_REPORT_EVENTS_PER_SMMU;

	if (read_event_indices(smmu, &smmu->record->before) < 0 || base == 0 ||
	    log2 > limit || log2 > 19)
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

/* IHI 0070, "SMMU_GBPA": written only while UPDATE is 0, then with it. */
static int set_gbpa(const struct smmu3 *smmu, bool abort)
{
	uint32_t gbpa;
	int r = wait_for(smmu, SMMU3_GBPA, SMMU3_GBPA_UPDATE, 0);

	if (r < 0)
		return r;
	gbpa = read_reg(smmu, SMMU3_GBPA) & ~SMMU3_GBPA_ABORT;
	if (abort)
		gbpa |= SMMU3_GBPA_ABORT;
	write_reg(smmu, SMMU3_GBPA, gbpa | SMMU3_GBPA_UPDATE);
	r = wait_for(smmu, SMMU3_GBPA, SMMU3_GBPA_UPDATE, 0);
	if (r < 0)
		return r;
	/* Some hypervisors ignore the write: believe what reads back. */
	gbpa = read_reg(smmu, SMMU3_GBPA);
	if (abort != !!(gbpa & SMMU3_GBPA_ABORT)) {
		smmu->record->stuck_offset = SMMU3_GBPA;
		return -KQ_ERR_TIMEOUT;
	}
	return 0;
}

/* GBPA first: it decides the moment SMMUEN falls. */
static int apply_policy(const struct smmu3 *smmu)
{
	int r;

	if (smmu->plan->policy == KQ_POLICY_PRESERVE)
		return 0;
	r = set_gbpa(smmu, smmu->plan->policy == KQ_POLICY_ABORT);
	if (r < 0)
		return r;
	return write_and_wait(smmu, SMMU3_CR0, SMMU3_CR0ACK, 0);
}

/* A stale CMDQ_ERR would halt the next kernel's command queue. */
static void acknowledge_errors(const struct smmu3 *smmu)
{
	write_reg(smmu, SMMU3_GERRORN, read_reg(smmu, SMMU3_GERROR));
}

static enum kq_smmu_result result_of(int r)
{
	if (r == 0)
		return KQ_SMMU_DONE;
	return r == -KQ_ERR_TIMEOUT ? KQ_SMMU_STUCK : KQ_SMMU_UNREACHABLE;
}

static int program(struct smmu3 *smmu)
{
	int policy, irq, r = identify(smmu);

	if (r < 0)
		return r;
	read_events(smmu);
	/*
	 * Its MSIs would go to the old kernel's ITS tables. A stuck
	 * acknowledge must not keep the policy from being applied.
	 */
	irq = write_and_wait(smmu, SMMU3_IRQ_CTRL, SMMU3_IRQ_CTRLACK, 0);
	policy = apply_policy(smmu);
	acknowledge_errors(smmu);
	read_state(smmu, &smmu->record->after);
	if (kq_io_faulted(&smmu->stage->io))
		return -KQ_ERR_UNREACHABLE;
	read_event_indices(smmu, &smmu->record->after);
	return policy < 0 ? policy : irq;
}

void kq_smmu3_quiesce(struct kq_stage *stage, uint32_t index)
{
	struct smmu3 smmu = {
		.stage = stage,
		.plan = &kq_plan_smmus(stage->plan)[index],
		.record = &stage->smmus[index],
	};
	uint64_t start = kq_io_now_us(&stage->io);

	smmu.record->result = result_of(program(&smmu));
	smmu.record->duration_us =
		(uint32_t)(kq_io_now_us(&stage->io) - start);
}
