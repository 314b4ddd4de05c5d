/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which plan of a plan region (lib/plan-slot.h) counts, if any. Shared by
 * hosted programs and the stage. */
#ifndef KQ_PLAN_REGION_H
#define KQ_PLAN_REGION_H

#include <stddef.h>
#include <stdint.h>

#include "lib/plan-slot.h"
#include "lib/plan.h"

/* What a region offers. */
struct kq_plan_choice {
	const struct kq_plan_header *plan; /* NULL: no update to be used */
	uint64_t generation; /* of @plan; 0: none */
	uint32_t slot; /* of @plan */
	uint32_t error; /* enum kq_err: why a newer one is not used; 0 */
};

/**
 * kq_plan_region_choose() - find the newest whole update of a loaded plan
 * @slots:     copy of both slots, one behind the other, 8-byte aligned
 * @slot_size: bytes of each
 * @loaded:    the plan in the image; kq_plan_check() accepted it
 * @ret:       result
 *
 * What belongs to another load or boot does not count, nor does a slot that
 * is being written.
 */
void kq_plan_region_choose(const void *slots, uint64_t slot_size,
			   const struct kq_plan_header *loaded,
			   struct kq_plan_choice *ret);

/**
 * kq_plan_region_check() - could the stage use this plan as an update?
 * @plan:   the update
 * @size:   bytes that may be read from @plan
 * @loaded: the plan in the image; kq_plan_check() accepted it
 *
 * Return: 0; what kq_plan_check() says of it; -KQ_ERR_VALUE its ids, kind or
 * region are not those of the loaded plan; -KQ_ERR_NOSPACE the loaded image
 * has no room for what the stage does for it.
 */
int kq_plan_region_check(const struct kq_plan_header *plan, size_t size,
			 const struct kq_plan_header *loaded);

#endif
