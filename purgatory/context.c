// SPDX-License-Identifier: GPL-2.0-or-later
/* What every step asks of the context: time, budget, memory. */
#include "purgatory/stage.h"

/* Accesses go on this long behind the budget, which bounds the waits. */
#define GRACE_US 500000u

void kq_stage_clear(void *start, size_t size)
{
	uint64_t *words = start;

	for (size_t i = 0; i < size / 8; i++)
		words[i] = 0;
}

void kq_step_begin(struct kq_stage *stage, enum kq_step step)
{
	stage->report->steps[step].start_us =
		(uint32_t)kq_io_now_us(&stage->io);
}

void kq_step_end(struct kq_stage *stage, enum kq_step step)
{
	struct kq_report_step *timed = &stage->report->steps[step];

	timed->duration_us =
		(uint32_t)kq_io_now_us(&stage->io) - timed->start_us;
}

uint64_t kq_stage_timeout(struct kq_stage *stage, uint64_t wanted_us,
			  uint64_t least_us)
{
	uint64_t now = kq_io_now_us(&stage->io);
	uint64_t left = now < stage->deadline_us ? stage->deadline_us - now : 0;

	if (left < least_us)
		left = least_us;
	return wanted_us < left ? wanted_us : left;
}

bool kq_stage_is_late(struct kq_stage *stage)
{
	if (kq_io_now_us(&stage->io) <= stage->deadline_us + GRACE_US)
		return false;
	stage->report->flags |= KQ_REPORT_OVER_BUDGET;
	return true;
}

void *kq_stage_keep(struct kq_stage *stage, uint64_t size, uint64_t alignment)
{
	uint64_t end = (uint64_t)stage->kept, start = (end - size) &
						      ~(alignment - 1);

	if (size > (uint64_t)(stage->kept - stage->kept_floor) ||
	    start < (uint64_t)stage->kept_floor)
		return NULL;
	stage->kept -= end - start;
	kq_stage_clear(stage->kept, size);
	return stage->kept;
}
