// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * quiescectl plan: builds the plan that a load would carry, or finds the one
 * that is loaded, and says what the stage would do with it.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>

#include "daemon/ctl-json.h"
#include "daemon/ctl-loaded.h"
#include "daemon/ctl-plan-action.h"
#include "daemon/ctl-table.h"
#include "daemon/ctl-views.h"
#include "daemon/ctl-words.h"
#include "daemon/ctl.h"
#include "lib/error.h"
#include "lib/kernel.h"
#include "lib/machine.h"
#include "lib/plan-build.h"

/* Everything the verb works with. */
struct view {
	struct kq_settings settings;
	struct kq_inventory *inventory;
	struct kq_loaded loaded; /* --loaded: what there is */
	struct kq_plan_header *built; /* else: what would be */
	const struct kq_plan_header *plan; /* one of them */
	struct kq_warnings warnings;
};

/* The line that says it all. */
static void print_verdict(const struct kq_plan_header *plan, FILE *out)
{
	unsigned int counts[KQ_ACT_COUNT] = { 0 }, reset, quiet;

	for (uint32_t i = 0; i < plan->functions.count; i++) {
		const struct kq_plan_function *fn = &kq_plan_functions(plan)[i];

		if (!(fn->flags & KQ_FN_BRIDGE))
			counts[kq_plan_action(plan, fn)]++;
	}
	reset = counts[KQ_ACT_FLR] + counts[KQ_ACT_AF_FLR] +
		counts[KQ_ACT_WITH_PF];
	quiet = counts[KQ_ACT_MASTER_OFF] + reset;
	fprintf(out, "%s %u function%s (%u by reset)",
		plan->kind == KQ_PLAN_CRASH
			? "A crash would quiet"
			: "An orderly kexec would quiet what is still active of",
		quiet, quiet == 1 ? "" : "s", reset);
	if (counts[KQ_ACT_OUT_OF_REACH])
		fprintf(out, ", %u out of reach", counts[KQ_ACT_OUT_OF_REACH]);
	if (counts[KQ_ACT_LEAVE_ALONE])
		fprintf(out, ", %u left alone", counts[KQ_ACT_LEAVE_ALONE]);
	if (counts[KQ_ACT_OBSERVE])
		fprintf(out, ", %u only looked at", counts[KQ_ACT_OBSERVE]);
	fputc('\n', out);
}

static void print_source(const struct kq_loaded *loaded, FILE *out)
{
	if (loaded->update)
		fprintf(out,
			"Loaded: this is update %" PRIu64
			" of the loaded plan, in the plan region\n",
			loaded->generation);
	else if (loaded->plan)
		fprintf(out, "Loaded: this is the plan in the image\n");
}

static void print_settings(const struct view *view, FILE *out)
{
	const struct kq_plan_header *plan = view->plan;

	fprintf(out,
		"quiesce=%s, waits up to %u ms, bridges %s, plan of %u bytes\n",
		kq_word_quiesce(plan->quiesce), plan->budget_ms,
		plan->flags & KQ_PLAN_BRIDGES ? "may be switched off"
					      : "stay on",
		plan->total_size);
	if (plan->probe_ms)
		fprintf(out,
			"Then %u ms of watching who still writes, before the SMMUs get their policy\n",
			plan->probe_ms);
	if (plan->region_size)
		fprintf(out,
			"It can be updated in place: plan region of %" PRIu64
			" KiB at 0x%" PRIx64 "\n",
			plan->region_size / 1024, plan->region_base);
	print_source(&view->loaded, out);
	if (view->settings.verify == KQ_VERIFY_BY_STAGE)
		fprintf(out,
			"The stage verifies kernel and initrd; on a wrong digest: %s\n",
			kq_on_bad_digest_name(plan->on_bad_digest));
	if (!view->loaded.plan && !view->settings.enabled)
		fprintf(out,
			"No setting asks for quiescing yet: kexec would run without the stage, these are the defaults\n");
}

static void add_row(struct kq_table *table, const struct kq_plan_header *plan,
		    const struct kq_plan_function *fn)
{
	char address[KQ_ADDRESS_TEXT];

	kq_table_cell(table, "%s",
		      kq_text_address(address, fn->segment, fn->bdf));
	kq_table_cell(table, "%04x:%04x", fn->vendor, fn->device);
	kq_table_cell(table, "%s", fn->driver[0] ? fn->driver : "-");
	if (fn->smmu == KQ_NONE)
		kq_table_cell(table, "-");
	else
		kq_table_cell(table, "0x%" PRIx32, fn->stream_id);
	kq_table_cell(table, "%s",
		      kq_plan_actions[kq_plan_action(plan, fn)].text);
}

static int print_functions(const struct kq_plan_header *plan, bool verbose,
			   FILE *out)
{
	static const char *const titles[] = { "FUNCTION", "DEVICE", "DRIVER",
					      "STREAM",	  "ACTION", NULL };
	struct kq_table *table = kq_table_new(titles);
	unsigned int bridges = 0;
	int r;

	for (uint32_t i = 0; i < plan->functions.count; i++) {
		const struct kq_plan_function *fn = &kq_plan_functions(plan)[i];

		if (fn->flags & KQ_FN_BRIDGE && !verbose)
			bridges++;
		else
			add_row(table, plan, fn);
	}
	fputc('\n', out);
	r = kq_table_print(table, out);
	kq_table_free(table);
	if (bridges)
		fprintf(out, "and %u bridge%s (--verbose)\n", bridges,
			bridges == 1 ? "" : "s");
	return r;
}

static void print_smmus(const struct kq_plan_header *plan, FILE *out)
{
	fputc('\n', out);
	if (plan->smmus.count == 0)
		fprintf(out, "No SMMU: nothing stops a device that resists\n");
	for (uint32_t i = 0; i < plan->smmus.count; i++) {
		const struct kq_plan_smmu *smmu = &kq_plan_smmus(plan)[i];

		fprintf(out, "SMMU 0x%" PRIx64 " (%s): %s\n", smmu->base,
			kq_word_smmu_type(smmu->type),
			kq_plan_programs(smmu)
				? kq_word_policy(smmu->policy)
				: "left alone; this kind is not programmed");
		if (smmu->twin)
			fprintf(out, "  and its twin at 0x%" PRIx64 ", alike\n",
				smmu->twin);
	}
}

static void print_component(const struct kq_plan_header *plan,
			    const struct kq_plan_component *component,
			    FILE *out)
{
	char name[KQ_COMPONENT_NAME_SIZE + 1];
	uint32_t last = component->stream_id + component->count - 1;

	fprintf(out, "Stream 0x%" PRIx32, component->stream_id);
	if (component->count > 1)
		fprintf(out, "-0x%" PRIx32, last);
	fprintf(out, " of SMMU 0x%" PRIx64 " is %s\n",
		kq_plan_smmus(plan)[component->smmu].base,
		kq_text_name(name, component->name, sizeof(component->name)));
}

static void print_rest(const struct kq_plan_header *plan, FILE *out)
{
	for (uint32_t i = 0; i < plan->hosts.count; i++) {
		const struct kq_plan_host *host = &kq_plan_hosts(plan)[i];

		fprintf(out,
			"ECAM 0x%" PRIx64 ": segment %04x, buses %02x-%02x\n",
			host->ecam, host->segment, host->bus_first,
			host->bus_last);
	}
	for (uint32_t i = 0; i < plan->streams.count; i++) {
		const struct kq_plan_stream *stream = &kq_plan_streams(plan)[i];

		fprintf(out,
			"Stream 0x%x of SMMU 0x%" PRIx64
			" is reserved by firmware\n",
			stream->stream_id,
			kq_plan_smmus(plan)[stream->smmu].base);
	}
	for (uint32_t i = 0; i < plan->components.count; i++)
		print_component(plan, &kq_plan_components(plan)[i], out);
}

static int print_plan(const struct view *view, bool verbose, FILE *out)
{
	int r;

	print_verdict(view->plan, out);
	print_settings(view, out);
	r = print_functions(view->plan, verbose, out);
	print_smmus(view->plan, out);
	if (verbose)
		print_rest(view->plan, out);
	return r;
}

static json_t *json_of(const struct view *view)
{
	const struct kq_plan_view plan = {
		.plan = view->plan,
		.settings = &view->settings,
		.loaded = view->loaded.plan != NULL,
		.generation = view->loaded.generation,
		.warnings = &view->warnings,
	};

	return kq_plan_json(&plan);
}

static int show(const struct kq_ctl *ctl, const struct view *view)
{
	int r;

	if (ctl->json) {
		r = kq_json_print(json_of(view), ctl->out);
	} else {
		if (view->inventory)
			kq_ctl_warn(&view->inventory->warnings);
		kq_ctl_warn(&view->warnings);
		r = print_plan(view, ctl->verbose, ctl->out);
	}
	if (r == 0)
		return KQ_EXIT_OK;
	kq_ctl_complain("cannot show the plan: %s", kq_strerror(r));
	return KQ_EXIT_FAILURE;
}

static int build(const struct kq_ctl *ctl, struct view *view,
		 struct kq_message *message)
{
	int r = kq_ctl_settings(ctl, &view->settings, message);

	if (r == 0)
		r = kq_inventory_collect(ctl->root, &view->inventory, message);
	if (r == 0)
		r = kq_plan_build(view->inventory, &view->settings,
				  ctl->orderly ? KQ_PLAN_ORDERLY
					       : KQ_PLAN_CRASH,
				  NULL, &view->built, &view->warnings, message);
	view->plan = view->built;
	return r;
}

/* What is loaded says for itself how it was made. */
static int find_loaded(const struct kq_ctl *ctl, struct view *view,
		       struct kq_message *message)
{
	bool any;
	int r;

	if (*ctl->root || ctl->orderly || ctl->setting_count)
		return kq_fail(message, KQ_ERR_VALUE,
			       "--loaded goes with --json and --verbose only");
	if (kq_kernel_loaded("", true, &any) == 0 && !any)
		return kq_fail(message, KQ_ERR_NOTFOUND,
			       "no crash kernel is loaded");
	kq_loaded_find("/proc/iomem", "/proc/kcore", &view->loaded);
	if (!view->loaded.plan)
		return kq_fail(
			message, KQ_ERR_NOTFOUND,
			view->loaded.kind == KQ_LOADED_UNKNOWN
				? "this kernel does not show what is loaded (run this as root)"
				: "no quiesce image with a valid plan is loaded");
	r = kq_loaded_follow(&view->loaded, message);
	view->plan = kq_loaded_plan(&view->loaded);
	return r;
}

int kq_ctl_plan(const struct kq_ctl *ctl)
{
	struct view view = { .plan = NULL };
	struct kq_message message;
	int status = KQ_EXIT_FAILURE;

	if (!*ctl->root && !ctl->loaded && !kq_machine_is_arm64())
		kq_ctl_complain(
			"warning: this machine is not arm64, nothing can be loaded here");
	if ((ctl->loaded ? find_loaded : build)(ctl, &view, &message) < 0)
		kq_ctl_complain("%s", message.text);
	else
		status = show(ctl, &view);
	free(view.built);
	kq_loaded_fini(&view.loaded);
	kq_inventory_free(view.inventory);
	kq_warnings_fini(&view.warnings);
	return status;
}
