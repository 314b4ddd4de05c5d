// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The probe window: with an empty stream table and an event queue of our
 * own, every transaction that still arrives ends in an event that names its
 * StreamID. (GBPA.ABORT and STEs that abort record nothing.)
 */
#include "lib/error.h"
#include "purgatory/smmu3-parts.h"
#include "purgatory/strays.h"

#define EVENTS_LOG2 7u

static uint32_t log2_of_queue(const struct kq_smmu *smmu)
{
	uint32_t limit = KQ_GET(SMMU3_IDR1_EVTQS, smmu->record->idr1);

	return limit < EVENTS_LOG2 ? limit : EVENTS_LOG2;
}

static int start_events(const struct kq_smmu *smmu)
{
	struct kq_smmu_state *state = smmu->state;
	uint32_t log2 = log2_of_queue(smmu);
	uint64_t size = (uint64_t)SMMU3_EVENT_SIZE << log2;

	if (!state->events)
		state->events = kq_stage_keep(smmu->stage, size, size);
	if (!state->events)
		return -KQ_ERR_NOSPACE;
	state->event_cons = 0;
	kq_smmu3_write64(smmu, SMMU3_EVTQ_BASE,
			 SMMU3_Q_BASE_ALLOCATE | (uint64_t)state->events |
				 log2);
	kq_smmu3_write(smmu, kq_smmu3_page1(smmu, SMMU3_EVTQ_PROD), 0);
	kq_smmu3_write(smmu, kq_smmu3_page1(smmu, SMMU3_EVTQ_CONS), 0);
	return kq_io_faulted(&smmu->stage->io) ? -KQ_ERR_UNREACHABLE : 0;
}

static int open_window(const struct kq_smmu *smmu)
{
	int r = kq_smmu3_disable(smmu, true);

	if (r == 0)
		r = start_events(smmu);
	if (r == 0)
		r = kq_smmu3_run_on_own_table(smmu, KQ_SMMU3_RECORD,
					      SMMU3_CR0_EVTQEN);
	return r;
}

void kq_smmu3_probe_open(struct kq_smmu *smmu)
{
	/* Its table is to be kept: nothing may be put in its place. */
	if (!smmu->state->usable || smmu->plan->policy == KQ_POLICY_PRESERVE)
		return;
	if (open_window(smmu) == 0)
		smmu->record->flags |= KQ_SMMU_PROBED;
	else
		(void)kq_smmu3_disable(smmu, true);
}

static void take_event(const struct kq_smmu *smmu, uint32_t slot)
{
	struct kq_io *io = &smmu->stage->io;
	const uint64_t *event = &smmu->state->events[4 * slot];
	struct kq_paddr addr = kq_paddr((uint64_t)event);
	uint64_t word0, address;

	kq_io_sync_ram(io, addr, SMMU3_EVENT_SIZE);
	word0 = kq_io_read64(io, addr);
	address = kq_io_read64(io, kq_paddr_add(addr, 16));
	smmu->record->probe_events++;
	kq_stray_add(smmu->stage, smmu->index,
		     (uint32_t)KQ_GET(SMMU3_EVENT_0_SID, word0),
		     (uint32_t)KQ_GET(SMMU3_EVENT_0_TYPE, word0), address);
}

void kq_smmu3_probe_look(struct kq_smmu *smmu)
{
	struct kq_smmu_state *state = smmu->state;
	uint32_t log2 = log2_of_queue(smmu);
	uint32_t mask = (2u << log2) - 1; /* index and wrap bit */
	uint32_t before = state->event_cons;
	uint32_t prod;

	if (!(smmu->record->flags & KQ_SMMU_PROBED))
		return;
	prod = kq_smmu3_read(smmu, kq_smmu3_page1(smmu, SMMU3_EVTQ_PROD));
	if (kq_io_faulted(&smmu->stage->io))
		return;
	if ((prod ^ state->event_cons) & SMMU3_EVTQ_OVERFLOW)
		smmu->record->flags |= KQ_SMMU_PROBE_OVERFLOW;
	/* At most one queue full a look, whatever the index claims. */
	for (uint32_t i = 0; i < 1u << log2; i++) {
		uint32_t cons = state->event_cons & mask;

		if (cons == (prod & mask))
			break;
		take_event(smmu, cons & (mask >> 1));
		state->event_cons = (cons + 1) & mask;
	}
	/* The overflow flag is acknowledged by making it equal. */
	state->event_cons &= mask;
	state->event_cons |= prod & SMMU3_EVTQ_OVERFLOW;
	if (state->event_cons != before)
		kq_smmu3_write(smmu, kq_smmu3_page1(smmu, SMMU3_EVTQ_CONS),
			       state->event_cons);
}

void kq_smmu3_probe_close(struct kq_smmu *smmu)
{
	if (!(smmu->record->flags & KQ_SMMU_PROBED))
		return;
	kq_smmu3_probe_look(smmu);
	/* GERROR says it too: an emulator raises EVENTQ_ABT on a full queue. */
	if ((kq_smmu3_read(smmu, SMMU3_GERROR) ^
	     kq_smmu3_read(smmu, SMMU3_GERRORN)) &
	    SMMU3_GERROR_EVENTQ_ABORT)
		smmu->record->flags |= KQ_SMMU_PROBE_OVERFLOW;
	(void)kq_smmu3_disable(smmu, true);
}
