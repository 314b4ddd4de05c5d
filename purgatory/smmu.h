/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Step 9 of the stage: all SMMUs, of whatever kind. */
#ifndef KQ_SMMU_H
#define KQ_SMMU_H

#include "purgatory/stage.h"

/* One SMMU on its way through the step, with all that belongs to it. */
struct kq_smmu {
	struct kq_stage *stage;
	const struct kq_plan_smmu *plan;
	struct kq_report_smmu *record;
	struct kq_smmu_state *state;
	uint32_t index; /* in the plan and in the report */
};

/* Read what each was; fault and event interrupts off. */
void kq_smmu_inspect_all(struct kq_stage *stage);

/**
 * kq_smmu_probe_all() - the probe window, if the plan has one
 *
 * One window for all SMMUs together; who still writes is in the report.
 */
void kq_smmu_probe_all(struct kq_stage *stage);

/* Bring each to the state its policy asks for. */
void kq_smmu_apply_all(struct kq_stage *stage);

#endif
