// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The input is a plan region of two slots. As it is, and with all its digests
 * made right: what the stage takes from it must be a sound plan of this load,
 * and it must read nothing but the region.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/blob.h"
#include "lib/plan-region-write.h"
#include "lib/plan-slot.h"
#include "purgatory/region.h"
#include "tests/fuzz/fuzz.h"
#include "tests/sim/world.h"

#define BASE UINT64_C(0x48000000)
#define SLOT KQ_PLAN_REGION_ALIGN
#define SIZE (KQ_PLAN_REGION_SLOTS * SLOT)

static void begin(struct world *w, struct sim_ram **ram)
{
	world_init(w);
	*ram = sim_add_uncached(w->sim, BASE, SIZE);
	world_plan(w);
	w->plan->region_base = BASE;
	w->plan->region_size = SIZE;
	kq_plan_seal(w->plan);
}

static void check_choice(const struct kq_plan_choice *choice,
			 const struct kq_plan_header *loaded,
			 const uint8_t *copy)
{
	size_t offset = (size_t)((const uint8_t *)choice->plan - copy);

	if (choice->generation == 0 || choice->slot >= KQ_PLAN_REGION_SLOTS ||
	    offset != choice->slot * SLOT + sizeof(struct kq_plan_slot) ||
	    kq_plan_region_check(choice->plan,
				 SLOT - sizeof(struct kq_plan_slot),
				 loaded) < 0)
		abort();
}

/* The copy is of exact size: what is beyond is caught by ASan. */
static void run(const struct world *w)
{
	struct kq_stage stage = { .plan = NULL };
	struct kq_plan_choice choice;
	uint8_t *copy = malloc(SIZE);

	if (!copy)
		abort();
	memset(copy, 0xa5, SIZE);
	if (kq_region_read(&stage, w->plan, copy, SIZE, &choice) != SIZE)
		abort();
	if (choice.plan)
		check_choice(&choice, w->plan, copy);
	if (!world_clean(w))
		abort();
	free(copy);
}

static void make_right(uint64_t *words)
{
	struct kq_plan_slot *slot = (void *)words;
	struct kq_plan_header *plan = (void *)(slot + 1);

	if (plan->total_size >= sizeof(*plan) &&
	    plan->total_size <= SLOT - sizeof(*slot))
		kq_plan_seal(plan);
	memcpy(slot->plan_sha256, plan->sha256, sizeof(plan->sha256));
	if (slot->total_size == sizeof(*slot))
		kq_blob_seal(slot);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sim_ram *ram;
	struct world w;

	begin(&w, &ram);
	memcpy(ram->words, data, size < SIZE ? size : SIZE);
	run(&w);
	for (uint32_t i = 0; i < KQ_PLAN_REGION_SLOTS; i++)
		make_right(&ram->words[i * SLOT / 8]);
	run(&w);
	world_free(&w);
	return 0;
}

size_t kq_fuzz_seed(unsigned int index, uint8_t *data)
{
	struct kq_plan_region region = { .size = SIZE, .fd = -1 };
	struct sim_ram *ram;
	uint64_t generation;
	struct world w;

	if (index > 1)
		return 0;
	begin(&w, &ram);
	region.words = ram->words;
	for (unsigned int i = 0; i <= index; i++)
		if (kq_plan_region_put(&region, w.plan, w.plan, &generation,
				       NULL) < 0)
			abort();
	memcpy(data, ram->words, SIZE);
	world_free(&w);
	return SIZE;
}
