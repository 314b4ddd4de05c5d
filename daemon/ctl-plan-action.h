/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the stage would do to each function of a plan. The rules for that are
 * the stage's (purgatory/masters.c and reset.c); they are restated here.
 */
#ifndef KQ_CTL_PLAN_ACTION_H
#define KQ_CTL_PLAN_ACTION_H

#include <stdbool.h>

#include "lib/plan.h"

enum kq_plan_action {
	KQ_ACT_OBSERVE,
	KQ_ACT_LEAVE_ALONE,
	KQ_ACT_OUT_OF_REACH,
	KQ_ACT_MASTER_OFF,
	KQ_ACT_FLR,
	KQ_ACT_AF_FLR,
	KQ_ACT_WITH_PF,
	KQ_ACT_COUNT
};

/* Each action's word in JSON, and what people read. */
struct kq_plan_action_words {
	const char *name;
	const char *text;
};

extern const struct kq_plan_action_words kq_plan_actions[KQ_ACT_COUNT];

/**
 * kq_plan_action() - what happens to a function
 */
enum kq_plan_action kq_plan_action(const struct kq_plan_header *plan,
				   const struct kq_plan_function *fn);

/**
 * kq_plan_programs() - does the stage bring such an SMMU into a state?
 */
static inline bool kq_plan_programs(const struct kq_plan_smmu *smmu)
{
	return smmu->type != KQ_SMMU_OTHER;
}

#endif
