/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stage: runs between purgatory and the next kernel, quiets the PCIe
 * functions and SMMUs of the plan and reports. docs/architecture.md.
 *
 * One module per step; all take the context below, none keeps state of its
 * own. Freestanding: also compiled hosted, against tests/sim.
 */
#ifndef KQ_STAGE_H
#define KQ_STAGE_H

#include "lib/plan.h"
#include "lib/report.h"
#include "purgatory/io.h"

/* Config space the stage puts back after a reset. */
struct kq_saved_config {
	uint32_t header[16];
	uint32_t devctl;
	uint32_t lnkctl;
	uint32_t devctl2;
	uint32_t lnkctl2;
};

/* What the stage remembers of one planned function. */
struct kq_function {
	struct kq_saved_config saved;
	uint32_t devsta_aer[3]; /* error bits as found: DEVSTA, uncor, cor */
	uint32_t reset_started_us; /* when its FLR was written */
	uint8_t active;	 /* identity is right: it may be touched */
	uint8_t resetting;
	uint8_t reserved[2];
};

/*
 * Everything the stage knows. @plan was checked; @functions[i] and
 * @records[i] belong to plan function i; records behind them are unlisted
 * functions.
 */
struct kq_stage {
	struct kq_io io;
	const struct kq_plan_header *plan;
	struct kq_function *functions;
	struct kq_report_header *report;
	struct kq_report_function *records;
	struct kq_report_smmu *smmus;
	struct kq_report_event *events;
	uint64_t deadline_us; /* no wait lasts past this */
};

/**
 * kq_stage_quiesce() - steps 2 to 10: check the plan, quiet the machine
 * @stage:     @io initialised, the rest zero
 * @plan:      the plan as loaded, unchecked
 * @plan_size: bytes at @plan
 * @work:      work area, 8-byte aligned, zeroed by this function as needed
 * @work_size: bytes at @work
 *
 * Always leaves a report with a valid header in @stage->report, unless
 * @work_size does not even hold a header: then @stage->report is NULL.
 * The report is sealed by kq_stage_seal().
 */
void kq_stage_quiesce(struct kq_stage *stage, const void *plan,
		      size_t plan_size, void *work, size_t work_size);

#endif
