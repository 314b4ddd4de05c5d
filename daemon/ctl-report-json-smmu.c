// SPDX-License-Identifier: GPL-2.0-or-later
/* SMMUs and strays of the report for programs; see ctl-report-json.c. */
#include "config.h"

#include "daemon/ctl-json.h"
#include "daemon/ctl-report.h"
#include "daemon/ctl-words.h"

static json_t *json_smmu3_state(const struct kq_report_smmu_state *state)
{
	json_t *object = json_object();
	uint32_t active = state->gerror ^ state->gerrorn;

	kq_json_set(object, "cr0", kq_json_hex(state->cr0));
	kq_json_set(object, "cr1", kq_json_hex(state->cr1));
	kq_json_set(object, "cr2", kq_json_hex(state->cr2));
	kq_json_set(object, "gbpa", kq_json_hex(state->gbpa));
	kq_json_set(object, "irq_ctrl", kq_json_hex(state->irq_ctrl));
	kq_json_set(object, "gerror", kq_json_hex(state->gerror));
	kq_json_set(object, "gerrorn", kq_json_hex(state->gerrorn));
	kq_json_set(object, "strtab_base_cfg",
		    kq_json_hex(state->strtab_base_cfg));
	kq_json_set(object, "strtab_base", kq_json_hex(state->strtab_base));
	kq_json_set(object, "evtq_base", kq_json_hex(state->evtq_base));
	kq_json_set(object, "evtq_prod", kq_json_hex(state->evtq_prod));
	kq_json_set(object, "evtq_cons", kq_json_hex(state->evtq_cons));
	kq_json_set(object, "cmdq_prod", kq_json_hex(state->cmdq_prod));
	kq_json_set(object, "cmdq_cons", kq_json_hex(state->cmdq_cons));
	kq_json_set(object, "enabled", kq_json_bits(state->cr0, kq_bits_cr0));
	kq_json_set(object, "errors", kq_json_bits(active, kq_bits_gerror));
	return object;
}

/* The first context bank that showed a fault. */
static json_t *json_bank(const struct kq_report_smmu2_state *state)
{
	json_t *object;

	if (state->faulting_banks == 0)
		return json_null();
	object = json_object();
	kq_json_set(object, "index", json_integer(state->bank));
	kq_json_set(object, "fsr", kq_json_hex(state->bank_fsr));
	kq_json_set(object, "fsynr0", kq_json_hex(state->bank_fsynr0));
	kq_json_set(object, "far", kq_json_hex(state->bank_far));
	kq_json_set(object, "frsynra", kq_json_hex(state->bank_frsynra));
	kq_json_set(object, "stream_id",
		    json_integer(state->bank_frsynra & 0xffff));
	kq_json_set(object, "errors",
		    kq_json_bits(state->bank_fsr, kq_bits_fsr));
	return object;
}

static json_t *json_smmu2_state(const struct kq_report_smmu2_state *state)
{
	json_t *object = json_object();

	kq_json_set(object, "scr0", kq_json_hex(state->scr0));
	kq_json_set(object, "sacr", kq_json_hex(state->sacr));
	kq_json_set(object, "sgfsr", kq_json_hex(state->sgfsr));
	kq_json_set(object, "sgfsynr0", kq_json_hex(state->sgfsynr0));
	kq_json_set(object, "sgfsynr1", kq_json_hex(state->sgfsynr1));
	kq_json_set(object, "sgfar", kq_json_hex(state->sgfar));
	kq_json_set(object, "enabled", kq_json_bits(state->scr0, kq_bits_scr0));
	kq_json_set(object, "errors",
		    kq_json_bits(state->sgfsr, kq_bits_sgfsr));
	kq_json_set(object, "faulting_banks",
		    json_integer(state->faulting_banks));
	kq_json_set(object, "bank", json_bank(state));
	return object;
}

static void set_states(json_t *object, const struct kq_report_smmu *smmu)
{
	json_t *before = json_null(), *after = json_null();

	if (smmu->type == KQ_SMMU_V3) {
		before = json_smmu3_state(&smmu->before);
		after = json_smmu3_state(&smmu->after);
	} else if (smmu->type == KQ_SMMU_V1 || smmu->type == KQ_SMMU_V2) {
		before = json_smmu2_state(&smmu->before2);
		after = json_smmu2_state(&smmu->after2);
	}
	kq_json_set(object, "before", before);
	kq_json_set(object, "after", after);
}

static json_t *json_smmu(const struct kq_report_smmu *smmu)
{
	json_t *object = json_object();
	bool stuck = smmu->result == KQ_SMMU_STUCK;

	kq_json_set(object, "base", kq_json_hex(smmu->base));
	kq_json_set(object, "type", json_string(kq_word_smmu_type(smmu->type)));
	kq_json_set(object, "policy",
		    json_string(kq_word_policy(smmu->policy)));
	kq_json_set(object, "applied",
		    smmu->applied ? json_string(kq_word_policy(smmu->applied))
				  : json_null());
	kq_json_set(object, "flags", kq_json_bits(smmu->flags, kq_bits_smmu));
	kq_json_set(object, "result",
		    json_string(kq_word_smmu_result(smmu->result)));
	kq_json_set(object, "duration_us", json_integer(smmu->duration_us));
	kq_json_set(object, "probe_us", json_integer(smmu->probe_us));
	kq_json_set(object, "probe_events", json_integer(smmu->probe_events));
	kq_json_set(object, "aborted_streams",
		    json_integer(smmu->aborted_streams));
	kq_json_set(object, "idr0", kq_json_hex(smmu->idr0));
	kq_json_set(object, "idr1", kq_json_hex(smmu->idr1));
	kq_json_set(object, "stuck_offset",
		    stuck ? kq_json_hex(smmu->stuck_offset) : json_null());
	set_states(object, smmu);
	return object;
}

json_t *kq_report_json_smmus(const struct kq_report_header *report)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < report->smmus.count; i++)
		json_array_append_new(array,
				      json_smmu(&kq_report_smmus(report)[i]));
	return array;
}

static json_t *json_stray(const struct kq_report_header *report,
			  const struct kq_report_stray *record)
{
	struct kq_stray stray = kq_stray(report, record);
	const struct kq_report_function *fn = stray.function;
	char driver[KQ_DRIVER_NAME_SIZE + 1] = "";
	json_t *object = json_object();

	if (fn)
		kq_text_name(driver, fn->driver, sizeof(fn->driver));
	kq_json_set(object, "smmu", json_integer(record->smmu));
	kq_json_set(object, "stream_id", json_integer(record->stream_id));
	kq_json_set(object, "function",
		    kq_report_json_address(
			    report,
			    fn ? (uint16_t)(fn - kq_report_functions(report))
			       : KQ_NONE));
	kq_json_set(object, "driver",
		    *driver ? json_string(driver) : json_null());
	kq_json_set(object, "name",
		    *stray.name ? json_string(stray.name) : json_null());
	kq_json_set(object, "count", json_integer(record->count));
	kq_json_set(object, "at_least", json_boolean(stray.at_least));
	kq_json_set(object, "type",
		    record->event ? json_integer(record->event) : json_null());
	kq_json_set(object, "event",
		    record->event ? json_string(kq_word_event(record->event))
				  : json_null());
	kq_json_set(object, "input_address",
		    stray.has_address ? kq_json_hex(record->address)
				      : json_null());
	return object;
}

json_t *kq_report_json_strays(const struct kq_report_header *report)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < report->strays.count; i++)
		json_array_append_new(
			array,
			json_stray(report, &kq_report_strays(report)[i]));
	return array;
}
