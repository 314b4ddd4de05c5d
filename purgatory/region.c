// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The plan region is read as a device is: firmware alone says that memory is
 * there. Linux maps it uncached, as the stage does: caches hold nothing of it.
 */
#include "purgatory/region.h"

#include "lib/blob.h"
#include "lib/error.h"
#include "lib/plan-slot.h"

/* Words up to the first that aborts. */
static int read_words(struct kq_io *io, struct kq_paddr from, uint64_t *to,
		      uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		to[i] = kq_io_read64(io, kq_paddr_add(from, i * 8));
		if (kq_io_faulted(io))
			return -KQ_ERR_UNREACHABLE;
	}
	return 0;
}

/* The header, and of the rest what it claims. What it is worth is decided by
 * kq_plan_region_choose(), on the copy. */
static int read_slot(struct kq_io *io, struct kq_paddr from, uint64_t *to,
		     uint64_t slot_size)
{
	const struct kq_plan_slot *slot = (const void *)to;
	uint64_t header = sizeof(*slot) / 8;
	int r = read_words(io, from, to, header);

	if (r < 0 ||
	    !kq_bytes_equal(slot->magic, KQ_PLAN_SLOT_MAGIC,
			    sizeof(slot->magic)) ||
	    slot->plan_size > slot_size - sizeof(*slot))
		return r;
	return read_words(io, kq_paddr_add(from, sizeof(*slot)), to + header,
			  kq_align_up(slot->plan_size, 8) / 8);
}

size_t kq_region_read(struct kq_stage *stage,
		      const struct kq_plan_header *loaded, void *copy,
		      size_t copy_size, struct kq_plan_choice *ret)
{
	uint64_t slot_size = kq_plan_region_slot_size(loaded->region_size);
	bool unreachable = false;

	*ret = (struct kq_plan_choice){ .plan = NULL };
	if (slot_size == 0)
		return 0;
	if (copy_size < KQ_PLAN_REGION_SLOTS * slot_size) {
		ret->error = KQ_ERR_NOSPACE;
		return 0;
	}
	for (uint32_t i = 0; i < KQ_PLAN_REGION_SLOTS; i++) {
		uint64_t *to = (void *)((uint8_t *)copy + i * slot_size);
		uint64_t from = loaded->region_base + i * slot_size;

		if (read_slot(&stage->io, kq_paddr(from), to, slot_size) < 0)
			unreachable = true;
	}
	kq_plan_region_choose(copy, slot_size, loaded, ret);
	if (unreachable)
		ret->error = KQ_ERR_UNREACHABLE;
	return KQ_PLAN_REGION_SLOTS * slot_size;
}
