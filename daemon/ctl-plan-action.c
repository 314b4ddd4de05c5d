// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "daemon/ctl-plan-action.h"

const struct kq_plan_action_words kq_plan_actions[KQ_ACT_COUNT] = {
	[KQ_ACT_OBSERVE] = { "observe", "look only" },
	[KQ_ACT_LEAVE_ALONE] = { "leave-alone", "leave alone, as asked" },
	[KQ_ACT_OUT_OF_REACH] = { "out-of-reach",
				  "out of reach: left to the SMMU" },
	[KQ_ACT_MASTER_OFF] = { "bus-master-off", "bus master off" },
	[KQ_ACT_FLR] = { "flr", "bus master off, FLR" },
	[KQ_ACT_AF_FLR] = { "af-flr", "bus master off, AF FLR" },
	[KQ_ACT_WITH_PF] = { "reset-with-pf",
			     "bus master off, reset with its PF" },
};

/* A VF that is left alone would not survive the reset of its PF. */
static bool has_vf_to_keep(const struct kq_plan_header *plan,
			   const struct kq_plan_function *pf)
{
	const struct kq_plan_function *fns = kq_plan_functions(plan);

	for (uint32_t i = 0; i < plan->functions.count; i++)
		if (fns[i].flags & KQ_FN_VF && fns[i].flags & KQ_FN_SKIP &&
		    &fns[fns[i].pf] == pf)
			return true;
	return false;
}

static enum kq_plan_action reset_action(const struct kq_plan_header *plan,
					const struct kq_plan_function *fn)
{
	if (fn->flags & (KQ_FN_FLR_BROKEN | KQ_FN_DEV_RESET) ||
	    has_vf_to_keep(plan, fn))
		return KQ_ACT_MASTER_OFF;
	if (fn->flags & KQ_FN_FLR)
		return KQ_ACT_FLR;
	return fn->flags & KQ_FN_AF_FLR ? KQ_ACT_AF_FLR : KQ_ACT_MASTER_OFF;
}

/* What happens to a function by itself. */
static enum kq_plan_action own_action(const struct kq_plan_header *plan,
				      const struct kq_plan_function *fn)
{
	if (fn->host == KQ_NONE)
		return KQ_ACT_OUT_OF_REACH;
	if (fn->flags & KQ_FN_SKIP)
		return KQ_ACT_LEAVE_ALONE;
	if (fn->flags & KQ_FN_BRIDGE || plan->quiesce == KQ_QUIESCE_NONE)
		return KQ_ACT_OBSERVE;
	if (plan->quiesce == KQ_QUIESCE_BME)
		return KQ_ACT_MASTER_OFF;
	return reset_action(plan, fn);
}

static bool is_reset(enum kq_plan_action action)
{
	return action == KQ_ACT_FLR || action == KQ_ACT_AF_FLR;
}

enum kq_plan_action kq_plan_action(const struct kq_plan_header *plan,
				   const struct kq_plan_function *fn)
{
	enum kq_plan_action own = own_action(plan, fn);
	bool touched = is_reset(own) || own == KQ_ACT_MASTER_OFF;

	if (touched && fn->flags & KQ_FN_VF &&
	    is_reset(own_action(plan, &kq_plan_functions(plan)[fn->pf])))
		return KQ_ACT_WITH_PF;
	return own;
}
