// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For the guest: updates the plan of the loaded crash kernel in place, to
 * what the machine is now, as quiesced does when devices come and go. Prints
 * the load's id and the update's generation.
 *
 *	update-plan		once
 *	update-plan forever	again and again, until the crash; prints "going
 *				on" after many
 */
#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/ctl-loaded.h"
#include "lib/inventory/inventory.h"
#include "lib/plan-build.h"
#include "lib/plan-region-write.h"

/* Forever is long when there were so many updates. */
#define MANY 20u

/* As far as cases.cfg sets anything. */
static void settings_of(const struct kq_plan_header *plan,
			struct kq_settings *settings)
{
	kq_settings_init(settings);
	settings->quiesce = plan->quiesce;
	settings->budget_ms = plan->budget_ms;
	settings->probe_ms = plan->probe_ms;
	if (plan->smmus.count)
		settings->policy = kq_plan_smmus(plan)->policy;
}

static int build(const struct kq_plan_header *loaded,
		 struct kq_plan_header **ret, struct kq_message *message)
{
	struct kq_plan_identity identity = { .load_time_s =
						     loaded->load_time_s };
	struct kq_settings settings;
	struct kq_inventory *inventory;
	int r = kq_inventory_collect("", &inventory, message);

	if (r < 0)
		return r;
	settings_of(loaded, &settings);
	memcpy(identity.load_id, loaded->load_id, sizeof(identity.load_id));
	memcpy(identity.boot_id, loaded->boot_id, sizeof(identity.boot_id));
	r = kq_plan_build(inventory, &settings, loaded->kind, &identity, ret,
			  NULL, message);
	kq_inventory_free(inventory);
	return r;
}

static int update(const struct kq_plan_header *loaded, bool forever,
		  uint64_t *ret_generation, struct kq_message *message)
{
	struct kq_plan_header *plan;
	int r = build(loaded, &plan, message);

	if (r < 0)
		return r;
	do {
		r = kq_plan_region_update(loaded, plan, ret_generation,
					  message);
		if (r == 0 && forever && *ret_generation == MANY) {
			puts("going on");
			fflush(stdout);
		}
	} while (r == 0 && forever);
	free(plan);
	return r;
}

static void print(const struct kq_plan_header *loaded, uint64_t generation)
{
	printf("load ");
	for (size_t i = 0; i < sizeof(loaded->load_id); i++)
		printf("%02x", loaded->load_id[i]);
	printf(" generation %llu\n", (unsigned long long)generation);
}

int main(int argc, char *argv[])
{
	bool forever = argc > 1 && strcmp(argv[1], "forever") == 0;
	struct kq_loaded loaded;
	struct kq_message message;
	uint64_t generation;
	int r;

	kq_loaded_find("/proc/iomem", "/proc/kcore", &loaded);
	if (!loaded.plan) {
		fprintf(stderr, "update-plan: no plan is loaded\n");
		return 2;
	}
	r = update(loaded.plan, forever, &generation, &message);
	if (r < 0)
		fprintf(stderr, "update-plan: %s\n", message.text);
	else
		print(loaded.plan, generation);
	kq_loaded_fini(&loaded);
	return r < 0 ? 1 : 0;
}
