// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Updates of a plan in place: whatever moment a crash picks, the stage finds
 * one whole plan, the one before or the one after.
 */
#include "lib/plan-region.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "lib/blob.h"
#include "lib/error.h"
#include "lib/plan-region-write.h"
#include "lib/plan-slot.h"
#include "lib/work-area.h"
#include "purgatory/region.h"
#include "tests/sim/expect.h"
#include "tests/sim/world.h"

#define BASE	   UINT64_C(0x48000000)
#define SLOT	   8192u
#define SIZE	   (KQ_PLAN_REGION_SLOTS * SLOT)
#define MAX_STORES 4096u
#define TRIALS	   3000u

/* A world whose plan names a region, and the writer's view of that. */
struct bench {
	struct world w;
	struct sim_ram *ram;
	struct kq_plan_region region;
	struct kq_plan_header *updates[4];
};

/* One store of the writer; barriers divide them into epochs. */
struct stored {
	size_t word;
	uint64_t value;
	unsigned int epoch;
};

static struct bench b;
static struct stored stores[MAX_STORES];
static size_t store_count;
static unsigned int epoch;

static struct kq_plan_header *copy_plan(const struct kq_plan_header *plan)
{
	struct kq_plan_header *copy = malloc(plan->total_size);

	if (!copy)
		abort();
	memcpy(copy, plan, plan->total_size);
	return copy;
}

/* An update that differs from others of its kind. */
static struct kq_plan_header *new_update(uint32_t budget_ms)
{
	struct kq_plan_header *update = copy_plan(b.w.plan);

	update->budget_ms = budget_ms;
	kq_plan_seal(update);
	return update;
}

static void bench_init(void)
{
	memset(&b, 0, sizeof(b));
	world_init(&b.w);
	b.ram = sim_add_uncached(b.w.sim, BASE, SIZE);
	world_plan(&b.w);
	b.w.plan->region_base = BASE;
	b.w.plan->region_size = SIZE;
	sim_plan_seal(b.w.sim, b.w.plan);
	b.region = (struct kq_plan_region){ .words = b.ram->words,
					    .size = SIZE,
					    .fd = -1 };
	for (uint32_t i = 0; i < 4; i++)
		b.updates[i] = new_update(1000 + i);
}

static void bench_free(void)
{
	for (uint32_t i = 0; i < 4; i++)
		free(b.updates[i]);
	world_free(&b.w);
}

static uint64_t put(const struct kq_plan_header *plan)
{
	uint64_t generation = 0;

	EXPECT_EQ(kq_plan_region_put(&b.region, b.w.plan, plan, &generation,
				     NULL),
		  0);
	return generation;
}

/* Which update do these bytes hold? -1: the image's plan counts. */
static int chosen(const uint64_t *slots)
{
	struct kq_plan_choice choice;

	kq_plan_region_choose(slots, SLOT, b.w.plan, &choice);
	if (!choice.plan)
		return -1;
	for (int i = 0; i < 4; i++)
		if (memcmp(choice.plan, b.updates[i],
			   b.updates[i]->total_size) == 0)
			return i;
	EXPECT(!"a plan that nobody wrote");
	return -2;
}

/* The same by the stage's own way of reading. */
static int stage_finds(void)
{
	static uint64_t copy[SIZE / 8];
	struct kq_stage stage = { .plan = NULL };
	struct kq_plan_choice choice;

	memset(copy, 0xa5, sizeof(copy));
	EXPECT_EQ(kq_region_read(&stage, b.w.plan, copy, sizeof(copy), &choice),
		  SIZE);
	return choice.plan ? chosen(copy) : -1;
}

/* --- A crash at every write --- */

static int before, after;
static bool switched;

static void crash_here(struct kq_plan_region *region,
		       const volatile uint64_t *word)
{
	int found = stage_finds();

	(void)region;
	(void)word;
	store_count++;
	EXPECT(found == before || found == after);
	EXPECT(!switched || found == after);
	if (found == after)
		switched = true;
}

static void crash_at_every_store_to_whole_plan(void)
{
	bench_init();
	b.region.trace = crash_here;
	for (after = 0, before = -1; after < 4; before = after++) {
		switched = false;
		store_count = 0;
		EXPECT_EQ(put(b.updates[after]), after + 1);
		EXPECT(switched);
		EXPECT(store_count > b.w.plan->total_size / 8);
	}
	EXPECT(world_clean(&b.w));
	bench_free();
}

/* --- Stores that land in another order --- */

static void record(struct kq_plan_region *region, const volatile uint64_t *word)
{
	if (!word) {
		epoch++;
		return;
	}
	if (store_count == MAX_STORES)
		abort();
	stores[store_count++] =
		(struct stored){ .word = (size_t)(word - region->words),
				 .value = *word,
				 .epoch = epoch };
}

/* What memory may hold at a crash in an epoch: all before it, some of it. */
static void tear(uint64_t *slots, unsigned int during)
{
	for (size_t i = 0; i < store_count; i++)
		if (stores[i].epoch < during ||
		    (stores[i].epoch == during && rand() % 2))
			slots[stores[i].word] = stores[i].value;
}

static void torn_stores_to_whole_plan(void)
{
	uint64_t *start = malloc(SIZE), *slots = malloc(SIZE);
	unsigned int seen[2] = { 0, 0 };

	bench_init();
	put(b.updates[0]);
	put(b.updates[1]);
	memcpy(start, b.ram->words, SIZE);
	store_count = epoch = 0;
	b.region.trace = record;
	put(b.updates[2]);
	srand(1);
	for (unsigned int trial = 0; trial < TRIALS; trial++) {
		int found;

		memcpy(slots, start, SIZE);
		tear(slots, trial % (epoch + 1));
		found = chosen(slots);
		EXPECT(found == 1 || found == 2);
		seen[found == 2]++;
	}
	EXPECT(seen[0] > TRIALS / 4 && seen[1] > TRIALS / 8);
	free(slots);
	free(start);
	bench_free();
}

/* The magic is first and last, alone; the slot that counts is left alone. */
static void stores_are_in_order(void)
{
	size_t first, words;

	bench_init();
	for (uint32_t i = 0; i < 4; i++) {
		store_count = epoch = 0;
		b.region.trace = record;
		put(b.updates[i]);
		first = i % 2 * SLOT / 8;
		words = sizeof(struct kq_plan_slot) / 8 +
			b.updates[i]->total_size / 8;
		EXPECT_EQ(store_count, words + 1);
		EXPECT_EQ(epoch, 3);
		EXPECT_EQ(stores[0].word, first);
		EXPECT_EQ(stores[0].value, 0);
		EXPECT_EQ(stores[words].word, first);
		EXPECT_EQ(stores[words].epoch, 2);
		for (size_t k = 1; k < words; k++)
			EXPECT(stores[k].epoch == 1 && stores[k].word > first &&
			       stores[k].word < first + words);
	}
	bench_free();
}

static void flipped_bit_to_whole_plan(void)
{
	uint64_t *slots = malloc(SIZE);
	size_t used;

	bench_init();
	put(b.updates[0]);
	put(b.updates[1]);
	memcpy(slots, b.ram->words, SIZE);
	used = (sizeof(struct kq_plan_slot) + b.updates[1]->total_size) / 8;
	for (size_t word = 0; word < SIZE / 8; word++)
		for (unsigned int bit = 0; bit < 64; bit += 5) {
			size_t inside = word % (SLOT / 8);
			bool hurts = word >= SLOT / 8 && inside < used;

			slots[word] ^= KQ_BIT64(bit);
			EXPECT_EQ(chosen(slots), hurts ? 0 : 1);
			slots[word] ^= KQ_BIT64(bit);
		}
	free(slots);
	bench_free();
}

/* The plan before the last in the slot, whole, under a newer header. */
static void header_without_its_plan_to_one_before(void)
{
	uint64_t slot[SLOT / 8];

	bench_init();
	put(b.updates[0]);
	put(b.updates[1]);
	memcpy(slot, b.ram->words, sizeof(slot));
	put(b.updates[2]);
	memcpy(&b.ram->words[sizeof(struct kq_plan_slot) / 8],
	       &slot[sizeof(struct kq_plan_slot) / 8],
	       b.updates[0]->total_size);
	EXPECT_EQ(stage_finds(), 1);
	bench_free();
}

/* The writer died: the next one starts over, in the same slot. */
static void killed_writer_to_next_update(void)
{
	bench_init();
	put(b.updates[0]);
	put(b.updates[1]);
	b.ram->words[0] = 0;
	memset(&b.ram->words[20], 0x5a, 200);
	EXPECT_EQ(stage_finds(), 1);
	EXPECT_EQ(put(b.updates[2]), 3);
	EXPECT_EQ(stage_finds(), 2);
	bench_free();
}

/* --- What does not count --- */

static uint32_t error_found(void)
{
	struct kq_plan_choice choice;

	kq_plan_region_choose(b.ram->words, SLOT, b.w.plan, &choice);
	EXPECT(!choice.plan);
	return choice.error;
}

static void other_load_to_image(void)
{
	bench_init();
	put(b.updates[0]);
	put(b.updates[1]);
	EXPECT_EQ(stage_finds(), 1);
	b.w.plan->load_id[15]++;
	EXPECT_EQ(stage_finds(), -1);
	EXPECT_EQ(error_found(), 0);
	b.w.plan->load_id[15]--;
	b.w.plan->boot_id[0]++;
	EXPECT_EQ(stage_finds(), -1);
	EXPECT_EQ(error_found(), 0);
	bench_free();
}

/* A file's ids are those of an earlier boot's updates, too. */
static void cleared_to_image(void)
{
	bench_init();
	put(b.updates[0]);
	put(b.updates[1]);
	EXPECT_EQ(kq_plan_region_clear(&b.region, NULL), 0);
	EXPECT_EQ(stage_finds(), -1);
	EXPECT_EQ(error_found(), 0);
	EXPECT_EQ(put(b.updates[2]), 1);
	EXPECT_EQ(stage_finds(), 2);
	bench_free();
}

/* A new load starts to count anew, over what is there. */
static void new_load_to_first_generation(void)
{
	bench_init();
	put(b.updates[0]);
	put(b.updates[1]);
	for (int i = 0; i < 4; i++) {
		b.updates[i]->load_id[3] = 77;
		kq_plan_seal(b.updates[i]);
	}
	b.w.plan->load_id[3] = 77;
	EXPECT_EQ(stage_finds(), -1);
	EXPECT_EQ(put(b.updates[2]), 1);
	EXPECT_EQ(stage_finds(), 2);
	EXPECT_EQ(put(b.updates[3]), 2);
	EXPECT_EQ(stage_finds(), 3);
	bench_free();
}

/* Slot 0 as a hand of no good will might have it, its header made right. */
static uint32_t forged(void (*change)(struct kq_plan_slot *slot,
				      struct kq_plan_header *plan))
{
	struct kq_plan_slot *slot;
	struct kq_plan_header *plan;
	uint32_t error;

	bench_init();
	put(b.updates[0]);
	slot = (void *)b.ram->words;
	plan = (void *)(slot + 1);
	change(slot, plan);
	if (plan->total_size <= SLOT - sizeof(*slot))
		kq_plan_seal(plan);
	memcpy(slot->plan_sha256, plan->sha256, sizeof(plan->sha256));
	kq_blob_seal(slot);
	error = error_found();
	EXPECT_EQ(stage_finds(), -1);
	EXPECT(world_clean(&b.w));
	bench_free();
	return error;
}

static void slot_version(struct kq_plan_slot *slot, struct kq_plan_header *plan)
{
	(void)plan;
	slot->version++;
}

static void slot_too_long(struct kq_plan_slot *slot,
			  struct kq_plan_header *plan)
{
	(void)plan;
	slot->plan_size = 3 * SLOT;
}

static void slot_too_short(struct kq_plan_slot *slot,
			   struct kq_plan_header *plan)
{
	(void)plan;
	slot->plan_size = sizeof(*plan) - 1;
}

static void slot_without_generation(struct kq_plan_slot *slot,
				    struct kq_plan_header *plan)
{
	(void)plan;
	slot->generation = 0;
}

static void plan_of_other_kind(struct kq_plan_slot *slot,
			       struct kq_plan_header *plan)
{
	(void)slot;
	plan->kind = KQ_PLAN_ORDERLY;
}

static void plan_of_other_load(struct kq_plan_slot *slot,
			       struct kq_plan_header *plan)
{
	(void)slot;
	plan->load_id[0]++;
}

static void plan_longer_than_slot(struct kq_plan_slot *slot,
				  struct kq_plan_header *plan)
{
	(void)slot;
	plan->total_size = SLOT;
}

static void plan_that_needs_tables(struct kq_plan_slot *slot,
				   struct kq_plan_header *plan)
{
	(void)slot;
	((struct kq_plan_smmu *)kq_plan_smmus(plan))->policy = KQ_POLICY_SINK;
}

static void bad_slot_to_image(void)
{
	EXPECT_EQ(forged(slot_version), KQ_ERR_VERSION);
	EXPECT_EQ(forged(slot_too_long), KQ_ERR_BOUNDS);
	EXPECT_EQ(forged(slot_too_short), KQ_ERR_BOUNDS);
	EXPECT_EQ(forged(slot_without_generation), KQ_ERR_VALUE);
	EXPECT_EQ(forged(plan_of_other_kind), KQ_ERR_VALUE);
	EXPECT_EQ(forged(plan_of_other_load), KQ_ERR_VALUE);
	EXPECT_EQ(forged(plan_longer_than_slot), KQ_ERR_TRUNCATED);
	EXPECT_EQ(forged(plan_that_needs_tables), KQ_ERR_NOSPACE);
}

/* --- What the writer refuses --- */

static int refused(const struct kq_plan_header *plan, const char *words)
{
	struct kq_message message = { .text = "" };
	uint64_t generation = 99;
	int r = kq_plan_region_put(&b.region, b.w.plan, plan, &generation,
				   &message);

	EXPECT(strstr(message.text, words) != NULL);
	EXPECT_EQ(generation, 99);
	EXPECT_EQ(stage_finds(), 0);
	return r;
}

static void drop_stores(struct kq_plan_region *region,
			const volatile uint64_t *word)
{
	if (word)
		region->words[word - region->words] = 0;
}

static void bad_update_to_error(void)
{
	struct kq_plan_header *large;

	bench_init();
	put(b.updates[0]);
	b.updates[1]->load_id[0]++;
	EXPECT_EQ(refused(b.updates[1], "checksum"), -KQ_ERR_CHECKSUM);
	kq_plan_seal(b.updates[1]);
	EXPECT_EQ(refused(b.updates[1], "no update"), -KQ_ERR_VALUE);
	((struct kq_plan_smmu *)kq_plan_smmus(b.updates[2]))->policy =
		KQ_POLICY_SINK;
	kq_plan_seal(b.updates[2]);
	EXPECT_EQ(refused(b.updates[2], "load anew"), -KQ_ERR_NOSPACE);
	large = calloc(1, SLOT);
	memcpy(large, b.updates[3], b.updates[3]->total_size);
	large->total_size = SLOT - sizeof(struct kq_plan_slot) + 8;
	kq_plan_seal(large);
	EXPECT_EQ(refused(large, "load anew"), -KQ_ERR_NOSPACE);
	free(large);
	b.region.trace = drop_stores;
	EXPECT_EQ(refused(b.updates[3], "is that memory"), -KQ_ERR_CHECKSUM);
	bench_free();
}

/* Readers do not mind, a second writer must wait for another time. */
static void two_writers_to_error(void)
{
	char path[] = "/tmp/kq-test-XXXXXX";
	int other;

	bench_init();
	put(b.updates[0]);
	b.region.fd = mkstemp(path);
	other = open(path, O_RDONLY);
	EXPECT_EQ(flock(other, LOCK_EX), 0);
	EXPECT_EQ(refused(b.updates[1], "another process"), -KQ_ERR_SYSTEM);
	close(other);
	EXPECT_EQ(put(b.updates[1]), 2);
	close(b.region.fd);
	unlink(path);
	bench_free();
}

/* --- The stage works by it --- */

static void plugged_in_later_to_listed(void)
{
	struct sim_function *hot;
	struct kq_plan_header *update;
	struct world *w = &b.w;

	bench_init();
	/* The slot in port 2 gets another function. */
	w->nvme->config[PCI_CACHE_LINE_SIZE / 4] |= 0x00800000;
	hot = world_endpoint(w, w->port2, 1, NIC_ID);
	update = sim_plan_build(w->sim, &w->options);
	update->region_base = BASE;
	update->region_size = SIZE;
	update->budget_ms = 1500;
	sim_plan_seal(w->sim, update);
	EXPECT_EQ(update->functions.count, w->plan->functions.count + 1);
	EXPECT_EQ(put(b.updates[0]), 1);
	EXPECT_EQ(put(update), 2);
	sim_run(w->sim, w->plan, &w->run);
	EXPECT(world_clean(w));
	EXPECT_EQ(world_result(w, hot), KQ_FN_RESET);
	EXPECT(!(world_flags(w, hot) & KQ_FN_UNLISTED));
	EXPECT_EQ(w->run.report->plan_generation, 2);
	EXPECT_EQ(w->run.report->region_error, 0);
	EXPECT_EQ(w->run.report->budget_ms, 1500);
	EXPECT_EQ(memcmp(w->run.report->load_id, w->plan->load_id, 16), 0);
	free(update);
	bench_free();
}

static void empty_region_to_image(void)
{
	bench_init();
	sim_run(b.w.sim, b.w.plan, &b.w.run);
	EXPECT(world_clean(&b.w));
	EXPECT_EQ(world_result(&b.w, b.w.nic), KQ_FN_RESET);
	EXPECT_EQ(b.w.run.report->plan_generation, 0);
	EXPECT_EQ(b.w.run.report->region_error, 0);
	bench_free();
}

static void unreachable_region_to_image(void)
{
	bench_init();
	put(b.updates[0]);
	free(b.ram->words);
	b.ram->words = NULL;
	sim_run(b.w.sim, b.w.plan, &b.w.run);
	EXPECT(world_clean(&b.w));
	EXPECT_EQ(world_result(&b.w, b.w.nic), KQ_FN_RESET);
	EXPECT_EQ(b.w.run.report->plan_generation, 0);
	EXPECT_EQ(b.w.run.report->region_error, KQ_ERR_UNREACHABLE);
	EXPECT_EQ(b.w.run.report->fault_count, KQ_PLAN_REGION_SLOTS);
	bench_free();
}

static void damaged_update_to_one_before(void)
{
	bench_init();
	put(b.updates[0]);
	put(b.updates[1]);
	b.ram->words[SLOT / 8 + 50] ^= 4;
	sim_run(b.w.sim, b.w.plan, &b.w.run);
	EXPECT(world_clean(&b.w));
	EXPECT_EQ(b.w.run.report->plan_generation, 1);
	EXPECT_EQ(b.w.run.report->budget_ms, 1000);
	EXPECT_EQ(b.w.run.report->region_error, KQ_ERR_CHECKSUM);
	bench_free();
}

/* So little of the work area that the tree has no room, either. */
static void no_room_for_update_to_image(void)
{
	bench_init();
	put(b.updates[0]);
	b.w.sim->memory.lack = kq_stage_work_size(b.w.plan, 0) - SIZE - 4096;
	sim_run(b.w.sim, b.w.plan, &b.w.run);
	EXPECT_EQ(b.w.run.stage.report->plan_generation, 0);
	EXPECT_EQ(b.w.run.stage.report->region_error, KQ_ERR_NOSPACE);
	EXPECT_EQ(sim_bme(b.w.nic), false);
	bench_free();
}

static void no_room_for_copies_to_image(void)
{
	uint64_t copy[16];
	struct kq_stage stage = { .plan = NULL };
	struct kq_plan_choice choice;

	bench_init();
	put(b.updates[0]);
	EXPECT_EQ(kq_region_read(&stage, b.w.plan, copy, sizeof(copy), &choice),
		  0);
	EXPECT(!choice.plan);
	EXPECT_EQ(choice.error, KQ_ERR_NOSPACE);
	bench_free();
}

static const struct test_case cases[] = {
	CASE(crash_at_every_store_to_whole_plan),
	CASE(torn_stores_to_whole_plan),
	CASE(stores_are_in_order),
	CASE(flipped_bit_to_whole_plan),
	CASE(header_without_its_plan_to_one_before),
	CASE(killed_writer_to_next_update),
	CASE(other_load_to_image),
	CASE(cleared_to_image),
	CASE(new_load_to_first_generation),
	CASE(bad_slot_to_image),
	CASE(bad_update_to_error),
	CASE(two_writers_to_error),
	CASE(plugged_in_later_to_listed),
	CASE(empty_region_to_image),
	CASE(unreachable_region_to_image),
	CASE(damaged_update_to_one_before),
	CASE(no_room_for_update_to_image),
	CASE(no_room_for_copies_to_image),
};

TEST_MAIN(cases)
