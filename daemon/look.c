// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "daemon/look.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/ctl-loaded.h"
#include "daemon/ctl-views.h"
#include "lib/error.h"
#include "lib/inventory/inventory.h"
#include "lib/kernel.h"
#include "lib/machine.h"
#include "lib/plan-build.h"
#include "lib/plan-region-write.h"

static int read_settings(struct kq_look *look, struct kq_message *message)
{
	const struct kq_record *record = &look->record;
	int r;

	kq_settings_init(&look->settings);
	r = record->config ? kq_settings_load_file(&look->settings,
						   record->config, message)
			   : kq_settings_load(&look->settings, message);
	if (r < 0)
		return r;
	return kq_settings_apply(&look->settings, record->settings,
				 record->setting_count, message);
}

/* The image's memory, if the kernel shows it, knows better than a record. */
static void find_loaded(struct kq_look *look)
{
	char iomem[PATH_MAX], kcore[PATH_MAX];
	struct kq_loaded found;

	snprintf(iomem, sizeof(iomem), "%s/proc/iomem", kq_machine_root());
	snprintf(kcore, sizeof(kcore), "%s/proc/kcore", kq_machine_root());
	kq_loaded_find(iomem, kcore, &found);
	if (found.kind == KQ_LOADED_PLAIN) {
		look->kind = KQ_KIND_PLAIN;
	} else if (found.kind == KQ_LOADED_OURS) {
		look->kind = KQ_KIND_QUIESCED;
		look->ours = look->has_record && found.plan &&
			     memcmp(found.plan->load_id,
				    look->record.plan->load_id,
				    sizeof(found.plan->load_id)) == 0;
	} else {
		look->ours = look->has_record;
		look->kind = look->ours ? KQ_KIND_QUIESCED : KQ_KIND_UNKNOWN;
	}
	kq_loaded_fini(&found);
}

/* Where there is no region, or no way to it, the image's plan counts. */
static void find_effective(struct kq_look *look)
{
	const struct kq_plan_header *plan = look->record.plan;
	struct kq_plan_choice choice = { .generation = 0 };
	struct kq_plan_region region;
	struct kq_plan_header *update = NULL;

	look->effective = plan;
	if (plan->region_size == 0 ||
	    kq_plan_region_open(plan->region_base, plan->region_size, &region,
				NULL) < 0)
		return;
	if (kq_plan_region_get(&region, plan, &update, &choice) == 0 &&
	    update) {
		look->effective = update;
		look->update = choice.generation;
		look->storage = update;
	}
	kq_plan_region_close(&region);
}

int kq_look_begin(struct kq_look *ret, struct kq_message *message)
{
	struct kq_look look = { .kind = KQ_KIND_NONE };
	int r, settings_r;

	(void)kq_kernel_loaded(kq_machine_root(), true, &look.loaded);
	r = kq_record_read(kq_machine_root(), KQ_PLAN_CRASH, &look.record,
			   message);
	look.has_record = r == 0;
	if (r == -KQ_ERR_NOTFOUND)
		r = 0;
	if (look.loaded)
		find_loaded(&look);
	if (look.has_record)
		find_effective(&look);
	settings_r = read_settings(&look, r < 0 ? NULL : message);
	*ret = look;
	return r < 0 ? r : settings_r;
}

static char *text_of(json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT);

	json_decref(json);
	return text;
}

static const struct kq_plan_smmu *find_smmu(const struct kq_plan_header *plan,
					    uint64_t base)
{
	for (uint32_t i = 0; i < plan->smmus.count; i++)
		if (kq_plan_smmus(plan)[i].base == base)
			return &kq_plan_smmus(plan)[i];
	return NULL;
}

static bool is_skipped(const struct kq_plan_header *plan,
		       const struct kq_plan_function *wanted)
{
	const struct kq_plan_function *fn = kq_plan_functions(plan);

	for (uint32_t i = 0; i < plan->functions.count; i++, fn++)
		if (fn->segment == wanted->segment && fn->bdf == wanted->bdf)
			return fn->flags & KQ_FN_SKIP;
	return false;
}

static void keep_policies(struct kq_plan_header *plan,
			  const struct kq_plan_header *fixed)
{
	struct kq_plan_smmu *smmu = (void *)kq_plan_smmus(plan);
	struct kq_plan_function *fn = (void *)kq_plan_functions(plan);

	for (uint32_t i = 0; i < plan->smmus.count; i++, smmu++) {
		const struct kq_plan_smmu *old = find_smmu(fixed, smmu->base);

		if (old)
			smmu->policy = old->policy;
	}
	for (uint32_t i = 0; i < plan->functions.count; i++, fn++) {
		fn->flags &= ~KQ_FN_SKIP;
		if (is_skipped(fixed, fn))
			fn->flags |= KQ_FN_SKIP;
	}
}

/*
 * What the stage shall do was signed along with the image: settings are those
 * of its plan, the config file's only for an SMMU that is new.
 */
static void keep_settings(struct kq_plan_header *plan,
			  const struct kq_plan_header *fixed)
{
	plan->flags = fixed->flags;
	plan->quiesce = fixed->quiesce;
	plan->budget_ms = fixed->budget_ms;
	plan->console = fixed->console;
	plan->console_addr = fixed->console_addr;
	plan->console_shift = fixed->console_shift;
	plan->probe_ms = fixed->probe_ms;
	plan->region_base = fixed->region_base;
	plan->region_size = fixed->region_size;
	plan->on_bad_digest = fixed->on_bad_digest;
	keep_policies(plan, fixed);
	kq_plan_seal(plan);
}

static int plan_for(struct kq_look *look, const struct kq_inventory *inventory,
		    struct kq_message *message)
{
	const struct kq_plan_header *plan = look->record.plan;
	struct kq_warnings warnings = { 0 };
	struct kq_plan_view view = { .settings = &look->settings,
				     .warnings = &warnings };
	struct kq_plan_identity identity;
	int r;

	if (plan) {
		memcpy(identity.load_id, plan->load_id,
		       sizeof(identity.load_id));
		memcpy(identity.boot_id, plan->boot_id,
		       sizeof(identity.boot_id));
		identity.load_time_s = plan->load_time_s;
	}
	r = kq_plan_build(inventory, &look->settings, KQ_PLAN_CRASH,
			  plan ? &identity : NULL, &look->wanted, &warnings,
			  message);
	if (r == 0 && look->record.fixed)
		keep_settings(look->wanted, plan);
	view.plan = look->wanted;
	if (r == 0)
		look->plan = text_of(kq_plan_json(&view));
	kq_warnings_fini(&warnings);
	return r;
}

int kq_look_around(struct kq_look *look, struct kq_message *message)
{
	struct kq_inventory *inventory;
	int r = kq_inventory_collect(kq_machine_root(), &inventory, message);

	if (r < 0)
		return r;
	look->list = text_of(kq_list_json(inventory));
	r = plan_for(look, inventory, message);
	kq_inventory_free(inventory);
	if (r == 0 && (!look->list || !look->plan))
		r = kq_fail(message, KQ_ERR_NOMEM, "out of memory");
	return r;
}

bool kq_look_is_current(const struct kq_look *look)
{
	return look->effective && look->wanted &&
	       look->effective->total_size == look->wanted->total_size &&
	       memcmp(look->effective, look->wanted,
		      look->wanted->total_size) == 0;
}

void kq_look_policy(const struct kq_plan_header *plan, char *text, size_t size)
{
	const struct kq_plan_smmu *smmus = kq_plan_smmus(plan);
	size_t used;

	snprintf(text, size, "%s",
		 plan->smmus.count ? kq_policy_name(smmus[0].policy) : "none");
	for (uint32_t i = 1; i < plan->smmus.count; i++) {
		if (smmus[i].policy == smmus[0].policy)
			continue;
		used = strlen(text);
		snprintf(text + used, size - used, ",0x%" PRIx64 "=%s",
			 smmus[i].base, kq_policy_name(smmus[i].policy));
	}
}

void kq_look_fini(struct kq_look *look)
{
	kq_record_fini(&look->record);
	free(look->wanted);
	free(look->list);
	free(look->plan);
	free(look->storage);
	*look = (struct kq_look){ .kind = KQ_KIND_NONE };
}
