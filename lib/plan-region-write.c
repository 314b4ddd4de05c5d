// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "lib/plan-region-write.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/blob.h"
#include "lib/error.h"
#include "lib/machine.h"
#include "lib/plan-slot.h"

#define DEV_MEM	     "/dev/mem"
#define HEADER_WORDS (sizeof(struct kq_plan_slot) / 8)

/* --- Access --- */

/* One store of 64 bits, which an observer sees as a whole. */
static void store(struct kq_plan_region *region, volatile uint64_t *word,
		  uint64_t value)
{
	*word = value;
	if (region->trace)
		region->trace(region, word);
}

/* What was stored is seen before what is stored from here on. */
static void barrier(struct kq_plan_region *region)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (region->trace)
		region->trace(region, NULL);
}

static void store_words(struct kq_plan_region *region, volatile uint64_t *to,
			const uint64_t *from, size_t count)
{
	for (size_t i = 0; i < count; i++)
		store(region, to + i, from[i]);
}

static uint64_t slot_size(const struct kq_plan_region *region)
{
	return kq_plan_region_slot_size(region->size);
}

/* A copy of both slots. NULL: no memory. */
static uint64_t *read_slots(const struct kq_plan_region *region)
{
	size_t count = KQ_PLAN_REGION_SLOTS * slot_size(region) / 8;
	uint64_t *copy = malloc(count * 8);

	for (size_t i = 0; copy && i < count; i++)
		copy[i] = region->words[i];
	return copy;
}

/* --- Reading --- */

int kq_plan_region_get(const struct kq_plan_region *region,
		       const struct kq_plan_header *loaded,
		       struct kq_plan_header **ret,
		       struct kq_plan_choice *choice)
{
	uint64_t *copy = read_slots(region);
	struct kq_plan_header *plan = NULL;

	if (!copy)
		return -KQ_ERR_NOMEM;
	kq_plan_region_choose(copy, slot_size(region), loaded, choice);
	if (choice->plan) {
		plan = malloc(choice->plan->total_size);
		if (plan)
			memcpy(plan, choice->plan, choice->plan->total_size);
	}
	free(copy);
	if (choice->plan && !plan)
		return -KQ_ERR_NOMEM;
	choice->plan = NULL;
	*ret = plan;
	return 0;
}

/* --- Writing --- */

/* Everything a slot shall hold, in whole words. NULL: no memory. */
static uint64_t *new_slot(const struct kq_plan_header *plan,
			  uint64_t generation, size_t *ret_words)
{
	struct kq_plan_slot *slot;

	*ret_words = HEADER_WORDS + kq_align_up(plan->total_size, 8) / 8;
	slot = calloc(*ret_words, 8);
	if (!slot)
		return NULL;
	memcpy(slot->magic, KQ_PLAN_SLOT_MAGIC, sizeof(slot->magic));
	slot->version = KQ_PLAN_SLOT_VERSION;
	slot->header_size = sizeof(*slot);
	slot->total_size = sizeof(*slot);
	slot->plan_size = plan->total_size;
	slot->generation = generation;
	memcpy(slot->load_id, plan->load_id, sizeof(slot->load_id));
	memcpy(slot->boot_id, plan->boot_id, sizeof(slot->boot_id));
	memcpy(slot->plan_sha256, plan->sha256, sizeof(slot->plan_sha256));
	kq_blob_seal(slot);
	memcpy(slot + 1, plan, plan->total_size);
	return (uint64_t *)slot;
}

/*
 * The magic goes first and comes last. Even without this order the digests
 * would tell a slot that is half written; so it costs the stage nothing.
 */
static void write_slot(struct kq_plan_region *region, volatile uint64_t *to,
		       const uint64_t *slot, size_t words)
{
	store(region, &to[0], 0);
	barrier(region);
	store_words(region, to + HEADER_WORDS, slot + HEADER_WORDS,
		    words - HEADER_WORDS);
	store_words(region, to + 1, slot + 1, HEADER_WORDS - 1);
	barrier(region);
	store(region, &to[0], slot[0]);
	barrier(region);
}

static int check_update(const struct kq_plan_region *region,
			const struct kq_plan_header *loaded,
			const struct kq_plan_header *plan,
			struct kq_message *message)
{
	uint64_t room = slot_size(region) - sizeof(struct kq_plan_slot);
	int r;

	if (plan->total_size > room)
		return kq_fail(
			message, KQ_ERR_NOSPACE,
			"the plan has %" PRIu32
			" bytes, a slot of the plan region takes %" PRIu64
			": load anew",
			plan->total_size, room);
	r = kq_plan_region_check(plan, plan->total_size, loaded);
	if (r == -KQ_ERR_NOSPACE)
		return kq_fail(
			message, KQ_ERR_NOSPACE,
			"the loaded image has no room for the tables this plan needs: load anew");
	if (r < 0)
		return kq_fail(message, -r,
			       "this plan is no update of the loaded one: %s",
			       kq_strerror(r));
	return 0;
}

/*
 * Two that write at a time would both take the same slot. Readers need no
 * lock: what they see half written is no update to them. Until the close.
 */
static int lock(const struct kq_plan_region *region, struct kq_message *message)
{
	if (region->fd < 0 || flock(region->fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	return kq_fail(message, KQ_ERR_SYSTEM,
		       "another process writes to the plan region: %m");
}

static int write_update(struct kq_plan_region *region,
			const struct kq_plan_header *plan,
			const struct kq_plan_choice *current)
{
	uint32_t index = current->generation ? 1 - current->slot : 0;
	size_t words;
	uint64_t *slot = new_slot(plan, current->generation + 1, &words);

	if (!slot)
		return -KQ_ERR_NOMEM;
	write_slot(region, region->words + index * slot_size(region) / 8, slot,
		   words);
	free(slot);
	return 0;
}

/* Does the update count now? */
static int verify_update(const struct kq_plan_region *region,
			 const struct kq_plan_header *loaded,
			 uint64_t generation)
{
	struct kq_plan_choice choice;
	struct kq_plan_header *plan;
	int r = kq_plan_region_get(region, loaded, &plan, &choice);

	if (r < 0)
		return r;
	free(plan);
	return choice.generation == generation ? 0 : -KQ_ERR_CHECKSUM;
}

int kq_plan_region_put(struct kq_plan_region *region,
		       const struct kq_plan_header *loaded,
		       const struct kq_plan_header *plan,
		       uint64_t *ret_generation, struct kq_message *message)
{
	struct kq_plan_choice current;
	struct kq_plan_header *old = NULL;
	int r = check_update(region, loaded, plan, message);

	if (r == 0)
		r = lock(region, message);
	if (r < 0)
		return r;
	r = kq_plan_region_get(region, loaded, &old, &current);
	free(old);
	if (r == 0)
		r = write_update(region, plan, &current);
	if (r == 0)
		r = verify_update(region, loaded, current.generation + 1);
	if (r == -KQ_ERR_CHECKSUM)
		return kq_fail(
			message, KQ_ERR_CHECKSUM,
			"the plan region does not keep what is written to it: is that memory?");
	if (r < 0)
		return kq_fail(message, -r, "out of memory");
	*ret_generation = current.generation + 1;
	return 0;
}

int kq_plan_region_clear(struct kq_plan_region *region,
			 struct kq_message *message)
{
	int r = lock(region, message);

	if (r < 0)
		return r;
	for (uint32_t i = 0; i < KQ_PLAN_REGION_SLOTS; i++)
		store(region, region->words + i * slot_size(region) / 8, 0);
	barrier(region);
	return 0;
}

/* --- /dev/mem --- */

static int open_dev_mem(struct kq_message *message)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s" DEV_MEM, kq_machine_root());
	fd = open(path, O_RDWR | O_SYNC | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	if (errno == ENOENT || errno == ENXIO)
		return kq_fail(
			message, KQ_ERR_NOTSUP,
			"the plan region is out of reach: this kernel has no " DEV_MEM
			" (CONFIG_DEVMEM)");
	if (errno == EPERM)
		return kq_fail(
			message, KQ_ERR_NOTSUP,
			"the plan region is out of reach: " DEV_MEM
			" is forbidden (kernel lockdown, or no CAP_SYS_RAWIO)");
	return kq_fail(message, KQ_ERR_SYSTEM, "cannot open " DEV_MEM ": %m");
}

/* No more of it than the slots, which are smaller than a large region. */
static int map_region(struct kq_plan_region *region, uint64_t base,
		      uint64_t size, struct kq_message *message)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	region->size = size;
	if (base % page || size % page)
		return kq_fail(message, KQ_ERR_NOTSUP,
			       "the plan region at 0x%" PRIx64
			       " does not start and end at pages of %" PRIu64
			       " KiB: this kernel cannot map it",
			       base, page / 1024);
	region->map_size =
		kq_align_up(KQ_PLAN_REGION_SLOTS * slot_size(region), page);
	region->map = mmap(NULL, region->map_size, PROT_READ | PROT_WRITE,
			   MAP_SHARED, region->fd, (off_t)base);
	if (region->map == MAP_FAILED && errno == EPERM)
		return kq_fail(
			message, KQ_ERR_NOTSUP,
			"this kernel does not let the plan region at 0x%" PRIx64
			" be mapped: to it, that is RAM or a driver's",
			base);
	if (region->map == MAP_FAILED)
		return kq_fail(message, KQ_ERR_SYSTEM,
			       "cannot map the plan region at 0x%" PRIx64
			       ": %m",
			       base);
	region->words = region->map;
	return 0;
}

int kq_plan_region_open(uint64_t base, uint64_t size,
			struct kq_plan_region *ret, struct kq_message *message)
{
	struct kq_plan_region region = { .fd = open_dev_mem(message) };
	int r;

	if (region.fd < 0)
		return region.fd;
	r = map_region(&region, base, size, message);
	if (r < 0) {
		close(region.fd);
		return r;
	}
	*ret = region;
	return 0;
}

void kq_plan_region_close(struct kq_plan_region *region)
{
	if (region->map_size)
		munmap(region->map, region->map_size);
	if (region->fd >= 0)
		close(region->fd); /* and unlocks */
	*region = (struct kq_plan_region){ .fd = -1 };
}

int kq_plan_region_update(const struct kq_plan_header *loaded,
			  const struct kq_plan_header *plan,
			  uint64_t *ret_generation, struct kq_message *message)
{
	struct kq_plan_region region;
	int r;

	if (loaded->region_size == 0)
		return kq_fail(message, KQ_ERR_NOTFOUND,
			       "the loaded plan has no plan region");
	r = kq_plan_region_open(loaded->region_base, loaded->region_size,
				&region, message);
	if (r < 0)
		return r;
	r = kq_plan_region_put(&region, loaded, plan, ret_generation, message);
	kq_plan_region_close(&region);
	return r;
}

int kq_plan_region_clear_at(uint64_t base, uint64_t size,
			    struct kq_message *message)
{
	struct kq_plan_region region;
	int r = kq_plan_region_open(base, size, &region, message);

	if (r < 0)
		return r;
	r = kq_plan_region_clear(&region, message);
	kq_plan_region_close(&region);
	return r;
}
