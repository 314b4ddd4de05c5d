/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stage: runs between purgatory and the next kernel, quiets the PCIe
 * functions and SMMUs of the plan and reports. docs/architecture.md.
 *
 * One module per step; all take the context below, none keeps state of its
 * own. Everything but io-arm64.c and the .S files is also compiled hosted,
 * against tests/sim.
 */
#ifndef KQ_STAGE_H
#define KQ_STAGE_H

#include "lib/plan.h"
#include "lib/report.h"
#include "lib/stage-image.h"
#include "lib/work-area.h"
#include "purgatory/io.h"

/* Config space the stage puts back after a reset. */
struct kq_saved_config {
	uint32_t header[16];
	uint32_t devctl;
	uint32_t lnkctl;
	uint32_t devctl2;
	uint32_t lnkctl2;
};

/* What the stage remembers of one planned function beside its record. */
struct kq_function {
	struct kq_saved_config saved;
	uint32_t secondary_status; /* bridges: config dword 0x1c as found */
	uint32_t ready_us;	   /* not touched before: its FLR still runs */
	uint8_t active;		   /* identity is right: it may be touched */
	uint8_t quiesce;	   /* it is the stage's job to quiet it */
	uint8_t resetting;	   /* FLR was written, not yet answered */
	uint8_t keep_vfs;	   /* a VF of it shall be left alone: no FLR */
	uint8_t deferred;	   /* its bus looked dead: it comes last */
	uint8_t reserved[3];
};

/* What the stage remembers of one SMMU beside its record. */
struct kq_smmu_state {
	uint64_t *commands; /* SMMUv3: our own command queue, or NULL */
	uint64_t *events;   /* SMMUv3: our own event queue, or NULL */
	uint32_t command_prod;
	uint32_t event_cons;
	uint8_t usable; /* it answered when it was inspected */
	uint8_t reserved[7];
};

/*
 * Everything the stage knows. @plan was checked. @functions[i] and
 * @records[i] belong to plan function i; the records behind those are
 * unlisted functions.
 */
struct kq_stage {
	struct kq_io io;
	const struct kq_plan_header *plan;
	struct kq_function *functions;
	struct kq_report_header *report; /* NULL: no room even for that */
	struct kq_report_function *records;
	struct kq_report_smmu *smmus;
	struct kq_report_event *events;
	struct kq_report_stray *strays;
	struct kq_smmu_state *smmu_states;
	uint8_t *spare;	   /* behind the report: room for the device tree */
	uint8_t *kept;	   /* end of that; from here on: kq_stage_keep() */
	uint8_t *kept_end; /* end of the work area */
	uint8_t *kept_floor; /* @kept does not fall below */
	uint64_t deadline_us; /* waits end here; see kq_stage_timeout() */
	const void *fdt; /* device tree the payload would get, or NULL */
	size_t fdt_size; /* most bytes that may be read there */
	const uint8_t *image; /* the quiesce image; its parameters: */
	const struct kq_stage_params *params; /* NULL: nothing to verify */
};

/**
 * kq_stage_quiesce() - design steps 2 to 10: quiet the machine
 * @stage:     @io, @fdt, @image, @params and their sizes set, the rest zero
 * @plan:      the plan as loaded, unchecked, 8-byte aligned
 * @plan_size: bytes at @plan
 * @work:      work area, 8-byte aligned, any content
 * @work_size: bytes at @work
 *
 * Runs the four phases below in order.
 */
void kq_stage_quiesce(struct kq_stage *stage, const void *plan,
		      size_t plan_size, void *work, size_t work_size);

/*
 * The phases, apart: the arm64 entry code goes on with the next one if the
 * stage itself faults in one.
 */
void kq_stage_prepare(struct kq_stage *stage, const void *plan,
		      size_t plan_size, void *work, size_t work_size);
void kq_stage_devices(struct kq_stage *stage);
void kq_stage_smmus(struct kq_stage *stage);
void kq_stage_finish(struct kq_stage *stage);

/**
 * kq_stage_hand_over() - seal the report and put it into the device tree
 * @stage:    after the phases
 * @fdt:      the device tree the next kernel would get
 * @fdt_size: most bytes that may be read at @fdt
 *
 * Return: the device tree to pass on: a copy with the report in /chosen, or
 * @fdt itself where that could not be made.
 */
const void *kq_stage_hand_over(struct kq_stage *stage, const void *fdt,
			       size_t fdt_size);

/**
 * kq_stage_timeout() - cut a wait to what the budget leaves
 * @wanted_us: how long to wait at most
 * @least_us:  what is granted even when the budget is spent
 *
 * A caller whose wait then fails for having been cut marks the report as
 * KQ_REPORT_OVER_BUDGET.
 */
uint64_t kq_stage_timeout(struct kq_stage *stage, uint64_t wanted_us,
			  uint64_t least_us);

/**
 * kq_stage_is_late() - is it time to leave out what can be left out?
 *
 * The budget bounds the waits; accesses cost nothing to speak of unless
 * functions are dead, each read of which takes a completion timeout of up
 * to 50 ms. Half a second behind the budget the walk and the evidence end;
 * bus masters are switched off in any case. Marks the report.
 */
bool kq_stage_is_late(struct kq_stage *stage);

/**
 * kq_stage_keep() - take memory that SMMUs will read, also later on
 * @size:      bytes
 * @alignment: a power of two
 *
 * From the end of the work area downwards, as far as
 * kq_stage_tables_size() says: the device tree needs the rest. Where an SMMU is left running on
 * it, the device tree reserves it for the next kernel.
 *
 * Return: zeroed memory, or NULL if there is not enough left.
 */
void *kq_stage_keep(struct kq_stage *stage, uint64_t size,
		    uint64_t alignment);

/* Zero memory; @size is a multiple of 8. */
void kq_stage_clear(void *start, size_t size);

/* Start and end the timing of a step. */
void kq_step_begin(struct kq_stage *stage, enum kq_step step);
void kq_step_end(struct kq_stage *stage, enum kq_step step);

#endif
