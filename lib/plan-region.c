// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/plan-region.h"

#include "lib/blob.h"
#include "lib/error.h"
#include "lib/plan-slot.h"
#include "lib/work-area.h"

static const struct kq_blob_kind kind = {
	.magic = KQ_PLAN_SLOT_MAGIC,
	.version = KQ_PLAN_SLOT_VERSION,
	.header_size = sizeof(struct kq_plan_slot),
};

static bool same_load(const uint8_t load_id[16], const uint8_t boot_id[16],
		      const struct kq_plan_header *loaded)
{
	return kq_bytes_equal(load_id, loaded->load_id,
			      sizeof(loaded->load_id)) &&
	       kq_bytes_equal(boot_id, loaded->boot_id,
			      sizeof(loaded->boot_id));
}

int kq_plan_region_check(const struct kq_plan_header *plan, size_t size,
			 const struct kq_plan_header *loaded)
{
	int r = kq_plan_check(plan, size);

	if (r < 0)
		return r;
	if (!same_load(plan->load_id, plan->boot_id, loaded) ||
	    plan->kind != loaded->kind ||
	    plan->region_base != loaded->region_base ||
	    plan->region_size != loaded->region_size)
		return -KQ_ERR_VALUE;
	return kq_stage_has_room(loaded, plan) ? 0 : -KQ_ERR_NOSPACE;
}

/* Does this header claim to be for the loaded plan? */
static bool is_ours(const struct kq_plan_slot *slot,
		    const struct kq_plan_header *loaded)
{
	return kq_bytes_equal(slot->magic, KQ_PLAN_SLOT_MAGIC,
			      sizeof(slot->magic)) &&
	       same_load(slot->load_id, slot->boot_id, loaded);
}

static int check_header(const struct kq_plan_slot *slot, uint64_t slot_size)
{
	int r = kq_blob_check(slot, sizeof(*slot), &kind);

	if (r < 0)
		return r;
	if (slot->plan_size < sizeof(struct kq_plan_header) ||
	    slot->plan_size > slot_size - sizeof(*slot))
		return -KQ_ERR_BOUNDS;
	return slot->generation ? 0 : -KQ_ERR_VALUE;
}

/* The plan's own SHA-256 is the header's: it is the one that was written. */
static int check_plan(const struct kq_plan_slot *slot,
		      const struct kq_plan_header *loaded)
{
	const struct kq_plan_header *plan = (const void *)(slot + 1);

	if (!kq_bytes_equal(plan->sha256, slot->plan_sha256,
			    sizeof(plan->sha256)))
		return -KQ_ERR_CHECKSUM;
	return kq_plan_region_check(plan, slot->plan_size, loaded);
}

static const struct kq_plan_slot *slot_at(const void *slots, uint64_t slot_size,
					  uint32_t index)
{
	return (const void *)((const char *)slots + index * slot_size);
}

static void refuse(struct kq_plan_choice *choice, int r)
{
	if (choice->error == 0)
		choice->error = (uint32_t)-r;
}

/* Of the sound headers below generation @below, the newest; NULL: none. */
static const struct kq_plan_slot *
newest_header(const void *slots, uint64_t slot_size,
	      const struct kq_plan_header *loaded, uint64_t below,
	      struct kq_plan_choice *choice)
{
	const struct kq_plan_slot *newest = NULL;

	for (uint32_t i = 0; i < KQ_PLAN_REGION_SLOTS; i++) {
		const struct kq_plan_slot *slot = slot_at(slots, slot_size, i);
		int r;

		if (!is_ours(slot, loaded))
			continue;
		r = check_header(slot, slot_size);
		if (r < 0) {
			refuse(choice, r);
		} else if (slot->generation < below &&
			   (!newest || slot->generation > newest->generation)) {
			newest = slot;
			choice->slot = i;
		}
	}
	return newest;
}

void kq_plan_region_choose(const void *slots, uint64_t slot_size,
			   const struct kq_plan_header *loaded,
			   struct kq_plan_choice *ret)
{
	const struct kq_plan_slot *slot;
	uint64_t below = UINT64_MAX;
	int r;

	*ret = (struct kq_plan_choice){ .plan = NULL };
	while ((slot = newest_header(slots, slot_size, loaded, below, ret))) {
		r = check_plan(slot, loaded);
		if (r == 0) {
			ret->plan = (const void *)(slot + 1);
			ret->generation = slot->generation;
			return;
		}
		refuse(ret, r);
		below = slot->generation;
	}
	ret->slot = 0;
}
