/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The running kernel's side of the plan region: reads and updates it through
 * /dev/mem. Hosted code only.
 */
#ifndef KQ_PLAN_REGION_WRITE_H
#define KQ_PLAN_REGION_WRITE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/message.h"
#include "lib/plan-region.h"
#include "lib/plan-slot.h"

/*
 * A region in reach. Linux maps it as Device memory: nothing but aligned
 * loads and stores, no memcpy().
 */
struct kq_plan_region {
	volatile uint64_t *words;
	uint64_t size;
	int fd; /* /dev/mem, locked while writing; -1: none, as in tests */
	void *map;
	size_t map_size;
	/* Tests: called after each store, and at each barrier with NULL. */
	void (*trace)(struct kq_plan_region *region,
		      const volatile uint64_t *word);
};

/**
 * kq_plan_region_open() - map a region
 * @base:    physical, as the plan has it
 * @size:    bytes
 * @ret:     result; kq_plan_region_close() it
 * @message: why it cannot be had, and that loading anew is the way then
 *
 * Return: 0; -KQ_ERR_NOTSUP this kernel does not allow it, and will not until
 * it is configured or booted otherwise; -KQ_ERR_SYSTEM.
 */
int kq_plan_region_open(uint64_t base, uint64_t size,
			struct kq_plan_region *ret, struct kq_message *message);

/**
 * kq_plan_region_close() - give it back
 */
void kq_plan_region_close(struct kq_plan_region *region);

/**
 * kq_plan_region_get() - what the stage would find
 * @region: in reach
 * @loaded: the plan in the loaded image
 * @ret:    the update that counts, to be freed with free(); NULL: the plan
 *          in the image counts
 * @choice: generation and slot of it; its plan is not to be used
 *
 * Return: 0; -KQ_ERR_NOMEM.
 */
int kq_plan_region_get(const struct kq_plan_region *region,
		       const struct kq_plan_header *loaded,
		       struct kq_plan_header **ret,
		       struct kq_plan_choice *choice);

/**
 * kq_plan_region_put() - make a plan the one that counts
 * @region:         in reach
 * @loaded:         the plan in the loaded image
 * @plan:           its update: sealed, with the ids, kind and region of
 *                  @loaded
 * @ret_generation: 1 for the first update of a load, then counting up
 * @message:        why it failed
 *
 * Until the last store the one before counts, whatever happens. What was
 * written is read back.
 *
 * Return: 0; -KQ_ERR_NOSPACE the slot or the loaded image is too small for
 * it: load anew; -KQ_ERR_VALUE or another error of kq_plan_check(): it is no
 * update of @loaded; -KQ_ERR_CHECKSUM the region did not keep it;
 * -KQ_ERR_NOMEM; -KQ_ERR_SYSTEM another process is writing. After an error
 * the plan before counts.
 */
int kq_plan_region_put(struct kq_plan_region *region,
		       const struct kq_plan_header *loaded,
		       const struct kq_plan_header *plan,
		       uint64_t *ret_generation, struct kq_message *message);

/**
 * kq_plan_region_update() - open, put and close, in one
 *
 * The region is the loaded plan's.
 *
 * Return: 0; -KQ_ERR_NOTFOUND the loaded plan has no region; the errors of
 * kq_plan_region_open() and kq_plan_region_put(). After any error the plan
 * that counted before counts, and loading anew is the way.
 */
int kq_plan_region_update(const struct kq_plan_header *loaded,
			  const struct kq_plan_header *plan,
			  uint64_t *ret_generation, struct kq_message *message);

/**
 * kq_plan_region_clear() - no update counts any more, whosever it was
 * @region:  in reach
 * @message: why it failed
 *
 * An image that is loaded from a file has the ids of the file, so it cannot
 * tell what was written for it in an earlier boot. Memory may survive a
 * reboot.
 *
 * Return: 0; -KQ_ERR_SYSTEM another process is writing.
 */
int kq_plan_region_clear(struct kq_plan_region *region,
			 struct kq_message *message);

/**
 * kq_plan_region_clear_at() - open, clear and close, in one
 *
 * Return: 0; the errors of kq_plan_region_open() and kq_plan_region_clear().
 */
int kq_plan_region_clear_at(uint64_t base, uint64_t size,
			    struct kq_message *message);

#endif
