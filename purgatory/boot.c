// SPDX-License-Identifier: GPL-2.0-or-later
/* The arm64 side of the stage's run: memory, phases, faults. */
#include "purgatory/boot.h"

#include "lib/stage-image.h"
#include "lib/work-area.h"
#include "purgatory/arm64.h"
#include "purgatory/fdt.h"
#include "purgatory/stage.h"
#include "purgatory/verify.h"

/* Defined in entry.S, filled in by the front end. */
extern const struct kq_stage_params kq_stage_params
	__attribute__((visibility("hidden")));

/* Arm DEN 0022, "SYSTEM_RESET" */
#define PSCI_SYSTEM_RESET 0x84000009u

/* Generic timers run at 1 MHz to 1 GHz; firmware may have forgotten CNTFRQ. */
#define TIMER_HZ_LEAST UINT64_C(1000000)
#define TIMER_HZ_FALLBACK UINT64_C(1000000000)

static void init_io(struct kq_io *io, const struct kq_boot *boot)
{
	uint64_t hz = kq_arm64_timer_hz();

	if (hz < TIMER_HZ_LEAST)
		hz = TIMER_HZ_FALLBACK; /* waits too long, never too short */
	io->start_ticks = boot->start_ticks;
	io->ticks_per_ms = hz / 1000;
}

/* The context stands at the front of the work area. */
static void *work_area(struct kq_stage *stage)
{
	return (uint8_t *)stage + KQ_STAGE_CONTEXT_SIZE;
}

static size_t work_size(void)
{
	return kq_stage_params.work_size - KQ_STAGE_CONTEXT_SIZE;
}

/* Damaged parameters shall not make the stage write to what is not its own. */
static bool has_work_area(const struct kq_stage_params *params)
{
	return params->work_size >= KQ_STAGE_CONTEXT_SIZE &&
	       params->work_offset <= params->payload_offset &&
	       params->work_size <=
		       params->payload_offset - params->work_offset;
}

static void prepare(struct kq_stage *stage, uint8_t *image,
		    struct kq_boot *boot)
{
	const struct kq_stage_params *params = &kq_stage_params;
	uint64_t *words = (uint64_t *)stage;

	if (!has_work_area(params))
		return;
	/* What the caches hold of it is older than what we write past them. */
	kq_arm64_dcache_invalidate(stage, params->work_size);
	for (uint32_t i = 0; i < KQ_STAGE_CONTEXT_SIZE / 8; i++)
		words[i] = 0;
	init_io(&stage->io, boot);
	boot->io = &stage->io;
	stage->fdt = boot->fdt;
	stage->fdt_size = KQ_FDT_MAX_SIZE;
	stage->image = image;
	stage->params = params;
	kq_stage_prepare(stage, image + params->plan_offset, params->plan_size,
			 work_area(stage), work_size());
}

/* Where it ran, and if a phase before this one faulted, where. */
static void note_run(struct kq_report_header *report, const uint8_t *image,
		     const struct kq_boot *boot)
{
	report->exception_level = boot->el;
	if (boot->el == 2 && kq_arm64_has_vhe())
		report->flags |= KQ_REPORT_VHE;
	if (boot->stage_faults == 0)
		return;
	report->flags |= KQ_REPORT_STAGE_FAULT;
	report->stage_fault_esr = boot->fault_esr;
	report->stage_fault_pc = boot->fault_elr - (uint64_t)image;
}

static void hand_over(struct kq_stage *stage, const uint8_t *image,
		      struct kq_boot *boot)
{
	/* The plan's check itself faulted: a report without it. */
	if (!stage->report)
		kq_stage_prepare(stage, NULL, 0, work_area(stage),
				 work_size());
	if (stage->report)
		note_run(stage->report, image, boot);
	/* The next kernel reads it through caches that must not be stale. */
	boot->fdt = kq_stage_hand_over(stage, boot->fdt, KQ_FDT_MAX_SIZE);
	kq_arm64_dcache_invalidate(stage, kq_stage_params.work_size);
}

/*
 * The payload is known to be damaged, and the plan says not to enter it. The
 * firmware does not return from this; if it is none, or calling it aborts,
 * the next phase follows.
 */
static void reset_machine(const struct kq_stage *stage)
{
	if (kq_verify_forbids(stage) &&
	    stage->plan->on_bad_digest == KQ_ON_BAD_RESET)
		kq_arm64_psci(stage->plan->psci, PSCI_SYSTEM_RESET);
}

static void stop(const struct kq_stage *stage)
{
	if (kq_verify_forbids(stage))
		kq_arm64_halt();
}

void kq_boot_phase(uint32_t phase, uint8_t *image, struct kq_boot *boot)
{
	struct kq_stage *stage = (void *)(image + kq_stage_params.work_offset);

	if (phase > 0 && !boot->io)
		return; /* phase 0 did not get far enough */
	if (phase == 0)
		prepare(stage, image, boot);
	else if (phase == 1)
		kq_stage_devices(stage);
	else if (phase == 2)
		kq_stage_smmus(stage);
	else if (phase == 3)
		kq_stage_finish(stage);
	else if (phase == 4)
		hand_over(stage, image, boot);
	else if (phase == 5)
		reset_machine(stage);
	else
		stop(stage);
}
