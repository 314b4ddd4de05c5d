/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Updates of the plan that were made in place: lib/plan-slot.h. */
#ifndef KQ_REGION_H
#define KQ_REGION_H

#include "lib/plan-region.h"
#include "purgatory/stage.h"

/**
 * kq_region_read() - copy the plan region, choose the update to work by
 * @stage:     for access to hardware
 * @loaded:    the plan in the image; kq_plan_check() accepted it
 * @copy:      where to copy to, 8-byte aligned
 * @copy_size: bytes there
 * @ret:       result; its plan is in the copy, which nobody can change now
 *
 * A slot that cannot be read counts as empty, with KQ_ERR_UNREACHABLE.
 *
 * Return: bytes used of @copy, a multiple of 8; 0 without a region.
 */
size_t kq_region_read(struct kq_stage *stage,
		      const struct kq_plan_header *loaded, void *copy,
		      size_t copy_size, struct kq_plan_choice *ret);

#endif
