// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The input is a plan. As it is, it must be refused or be sound; with its
 * checksum made right, one that is accepted is run: whatever a plan says,
 * the stage comes to its end and leaves a report that passes its check.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/plan.h"
#include "tests/fuzz/fuzz.h"
#include "tests/sim/world.h"

/* Beyond this a plan is only slow to run. */
#define MAX_FUNCTIONS 64u

/* The rules the plan has no say in, but for the policy. */
static bool is_sound(const struct world *w)
{
	return w->run.report && !sim_violated(w->sim, "took ") &&
	       !sim_violated(w->sim, "misaligned") &&
	       !sim_violated(w->sim, "SMMUEN fell") &&
	       !sim_violated(w->sim, "bus master switched on");
}

static void set_policies(struct world *w)
{
	for (uint32_t i = 0; i < w->plan->smmus.count; i++)
		if (kq_plan_smmus(w->plan)[i].base == w->smmu->base)
			w->smmu->policy = kq_plan_smmus(w->plan)[i].policy;
}

static void run(const struct kq_plan_header *plan)
{
	struct world w;

	world_init(&w);
	w.sim->uart = plan->console_addr;
	w.plan = malloc(plan->total_size);
	if (!w.plan)
		abort();
	memcpy(w.plan, plan, plan->total_size);
	set_policies(&w);
	sim_run(w.sim, w.plan, &w.run);
	if (!is_sound(&w)) {
		world_clean(&w);
		abort();
	}
	world_free(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kq_plan_header *plan = malloc(size ? size : 1);

	if (!plan)
		abort();
	memcpy(plan, data, size);
	kq_plan_check(plan, size);
	if (size >= sizeof(*plan) && plan->total_size >= sizeof(*plan) &&
	    plan->total_size <= size) {
		kq_plan_seal(plan);
		if (kq_plan_check(plan, size) == 0 &&
		    plan->functions.count <= MAX_FUNCTIONS)
			run(plan);
	}
	free(plan);
	return 0;
}

size_t kq_fuzz_seed(unsigned int index, uint8_t *data)
{
	struct world w;
	size_t size;

	if (index > 2)
		return 0;
	world_init(&w);
	if (index > 0)
		sim_add_sriov(w.nic, 2, 1, 1);
	if (index > 1) {
		w.options.kind = KQ_PLAN_ORDERLY;
		w.options.flags = KQ_PLAN_BRIDGES;
		sim_add_smmu(w.sim, 0x0a050000);
	}
	world_plan(&w);
	kq_plan_seal(w.plan);
	size = w.plan->total_size;
	memcpy(data, w.plan, size);
	world_free(&w);
	return size;
}
