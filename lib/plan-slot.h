/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan region: memory that firmware's device tree keeps for us and out of
 * Linux's RAM. An update of the loaded plan is written there, and the stage
 * takes it instead of the plan in its image: nothing is loaded anew.
 * docs/plan-format.md is the normative text. Shared by hosted programs and
 * the stage.
 *
 * The region holds two slots. The writer leaves alone the one that counts,
 * so that a crash at any moment finds a whole plan.
 */
#ifndef KQ_PLAN_SLOT_H
#define KQ_PLAN_SLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bits.h"
#include "lib/plan.h"

/* Of a node in /reserved-memory, beside no-map. */
#define KQ_PLAN_REGION_COMPATIBLE "kexec-quiesce,plan"

#define KQ_PLAN_REGION_ALIGN	  4096u
#define KQ_PLAN_REGION_SLOTS	  2u

#define KQ_PLAN_SLOT_MAGIC	  "\211KQSLOT\n"
/* Any change of layout or meaning bumps the version. */
#define KQ_PLAN_SLOT_VERSION 1u

/* At the start of each slot, a blob by itself; the plan follows. */
struct kq_plan_slot {
	uint8_t magic[8]; /* written last; zero while the slot changes */
	uint32_t version;
	uint32_t header_size;
	uint32_t total_size; /* as header_size */
	uint32_t plan_size;
	uint8_t sha256[32]; /* of this header with this field zero */
	uint8_t load_id[16]; /* of the load that it updates */
	uint8_t boot_id[16];
	uint64_t generation; /* 1, 2, 3...: updates since the load */
	uint8_t plan_sha256[32]; /* the plan's own field of that name */
};

_Static_assert(sizeof(struct kq_plan_slot) == 128, "plan region format");
_Static_assert(offsetof(struct kq_plan_slot, sha256) == 24,
	       "plan region format");
_Static_assert(offsetof(struct kq_plan_slot, generation) == 88,
	       "plan region format");

/* What the largest plan takes; the rest of a larger region is not used. */
#define KQ_PLAN_SLOT_MAX_SIZE \
	kq_align_up(sizeof(struct kq_plan_slot) + KQ_PLAN_MAX_SIZE, \
		    KQ_PLAN_REGION_ALIGN)

/**
 * kq_plan_region_usable() - can a region of this place and size be used?
 *
 * It is aligned, does not wrap around and has room for two small plans.
 */
static inline bool kq_plan_region_usable(uint64_t base, uint64_t size)
{
	return base && base % KQ_PLAN_REGION_ALIGN == 0 &&
	       size % KQ_PLAN_REGION_ALIGN == 0 &&
	       size >= KQ_PLAN_REGION_SLOTS * KQ_PLAN_REGION_ALIGN &&
	       size <= UINT64_MAX - base;
}

/**
 * kq_plan_region_slot_size() - bytes of each slot; slot 1 follows slot 0
 */
static inline uint64_t kq_plan_region_slot_size(uint64_t region_size)
{
	uint64_t size = region_size / KQ_PLAN_REGION_SLOTS;

	size -= size % KQ_PLAN_REGION_ALIGN;
	return size < KQ_PLAN_SLOT_MAX_SIZE ? size : KQ_PLAN_SLOT_MAX_SIZE;
}

#endif
