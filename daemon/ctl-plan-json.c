// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "daemon/ctl-json.h"
#include "daemon/ctl-plan-action.h"
#include "daemon/ctl-views.h"
#include "daemon/ctl-words.h"

static json_t *json_function(const struct kq_plan_header *plan,
			     const struct kq_plan_function *fn)
{
	char address[KQ_ADDRESS_TEXT];
	json_t *object = json_object();
	bool translated = fn->smmu != KQ_NONE;

	kq_json_set(
		object, "address",
		json_string(kq_text_address(address, fn->segment, fn->bdf)));
	kq_json_set(object, "vendor", json_sprintf("0x%04x", fn->vendor));
	kq_json_set(object, "device", json_sprintf("0x%04x", fn->device));
	kq_json_set(object, "driver",
		    fn->driver[0] ? json_string(fn->driver) : json_null());
	kq_json_set(object, "smmu",
		    translated ? json_integer(fn->smmu) : json_null());
	kq_json_set(object, "stream_id",
		    translated ? json_integer(fn->stream_id) : json_null());
	kq_json_set(object, "flags", kq_json_bits(fn->flags, kq_bits_function));
	kq_json_set(
		object, "action",
		json_string(kq_plan_actions[kq_plan_action(plan, fn)].name));
	return object;
}

static json_t *json_smmu(const struct kq_plan_smmu *smmu)
{
	json_t *object = json_object();

	kq_json_set(object, "base", kq_json_hex(smmu->base));
	kq_json_set(object, "type", json_string(kq_word_smmu_type(smmu->type)));
	kq_json_set(object, "policy",
		    json_string(kq_word_policy(smmu->policy)));
	kq_json_set(object, "programmed", json_boolean(kq_plan_programs(smmu)));
	kq_json_set(object, "twin",
		    smmu->twin ? kq_json_hex(smmu->twin) : json_null());
	return object;
}

static json_t *json_component(const struct kq_plan_component *component)
{
	char name[KQ_COMPONENT_NAME_SIZE + 1];
	json_t *object = json_object();

	kq_text_name(name, component->name, sizeof(component->name));
	kq_json_set(object, "name", json_string(name));
	kq_json_set(object, "smmu", json_integer(component->smmu));
	kq_json_set(object, "stream_id", json_integer(component->stream_id));
	kq_json_set(object, "count", json_integer(component->count));
	return object;
}

static json_t *json_region(const struct kq_plan_header *plan)
{
	json_t *object;

	if (plan->region_size == 0)
		return json_null();
	object = json_object();
	kq_json_set(object, "base", kq_json_hex(plan->region_base));
	kq_json_set(object, "size",
		    json_integer((json_int_t)plan->region_size));
	return object;
}

json_t *kq_plan_json(const struct kq_plan_view *view)
{
	const struct kq_plan_header *plan = view->plan;
	json_t *object = json_object(), *functions = json_array(),
	       *smmus = json_array(), *components = json_array();

	for (uint32_t i = 0; i < plan->functions.count; i++)
		json_array_append_new(
			functions,
			json_function(plan, &kq_plan_functions(plan)[i]));
	for (uint32_t i = 0; i < plan->smmus.count; i++)
		json_array_append_new(smmus,
				      json_smmu(&kq_plan_smmus(plan)[i]));
	for (uint32_t i = 0; i < plan->components.count; i++)
		json_array_append_new(
			components,
			json_component(&kq_plan_components(plan)[i]));
	kq_json_set(object, "loaded", json_boolean(view->loaded));
	kq_json_set(object, "generation",
		    json_integer((json_int_t)view->generation));
	kq_json_set(object, "region", json_region(plan));
	kq_json_set(object, "enabled", json_boolean(view->settings->enabled));
	kq_json_set(object, "kind", json_string(kq_word_kind(plan->kind)));
	kq_json_set(object, "quiesce",
		    json_string(kq_word_quiesce(plan->quiesce)));
	kq_json_set(object, "budget_ms", json_integer(plan->budget_ms));
	kq_json_set(object, "probe_ms", json_integer(plan->probe_ms));
	kq_json_set(object, "bridges",
		    json_boolean(plan->flags & KQ_PLAN_BRIDGES));
	kq_json_set(object, "verify",
		    json_string(kq_verify_name(view->settings->verify)));
	kq_json_set(object, "on_bad_digest",
		    json_string(kq_on_bad_digest_name(plan->on_bad_digest)));
	kq_json_set(object, "psci", json_string(kq_word_psci(plan->psci)));
	kq_json_set(object, "plan_bytes", json_integer(plan->total_size));
	kq_json_set(object, "functions", functions);
	kq_json_set(object, "smmus", smmus);
	kq_json_set(object, "components", components);
	kq_json_set(object, "warnings", kq_json_warnings(view->warnings));
	return object;
}
