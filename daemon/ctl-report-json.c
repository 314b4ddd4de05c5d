// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The report for programs. Names and shapes are promised in
 * docs/report-format.md: add to them, never change them.
 *
 * Addresses and registers are strings in hexadecimal, since JSON's numbers
 * do not hold 64 bits everywhere; counts, times and StreamIDs are numbers.
 */
#include "config.h"

#include <inttypes.h>
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-id128.h>
#include <time.h>

#include "daemon/ctl-json.h"
#include "daemon/ctl-report.h"
#include "daemon/ctl-words.h"
#include "lib/error.h"

static json_t *json_id(const uint8_t bytes[16])
{
	char text[SD_ID128_STRING_MAX];
	sd_id128_t id;

	memcpy(&id, bytes, sizeof(id));
	return json_string(sd_id128_to_string(id, text));
}

json_t *kq_report_json_address(const struct kq_report_header *report,
			       uint16_t index)
{
	char text[KQ_ADDRESS_TEXT];
	const struct kq_report_function *fn;

	if (index == KQ_NONE)
		return json_null();
	fn = &kq_report_functions(report)[index];
	return json_string(kq_text_address(text, fn->segment, fn->bdf));
}

static json_t *json_steps(const struct kq_report_header *report)
{
	json_t *array = json_array();

	for (uint32_t i = 0; i < KQ_STEP_COUNT; i++) {
		json_t *step = json_object();

		kq_json_set(step, "name", json_string(kq_word_step(i)));
		kq_json_set(step, "start_us",
			    json_integer(report->steps[i].start_us));
		kq_json_set(step, "duration_us",
			    json_integer(report->steps[i].duration_us));
		json_array_append_new(array, step);
	}
	return array;
}

static json_t *json_errors(const struct kq_report_function *fn)
{
	json_t *array = json_array();

	kq_json_add_bits(array, fn->command_status >> 16,
			 kq_bits_status_errors);
	kq_json_add_bits(array, fn->devctl_devsta >> 16 & KQ_CTL_DEVSTA_ERRORS,
			 kq_bits_devsta);
	kq_json_add_bits(array, fn->aer_uncor_status, kq_bits_aer_uncor);
	kq_json_add_bits(array, fn->aer_cor_status, kq_bits_aer_cor);
	kq_json_add_bits(array, fn->aer_root_status, kq_bits_aer_root);
	if (fn->dpc_status_source & PCI_EXP_DPC_STATUS_TRIGGER)
		json_array_append_new(array, json_string("DPC triggered"));
	return array;
}

static json_t *json_evidence(const struct kq_report_function *fn)
{
	json_t *object, *log;

	if (!(fn->flags & KQ_FN_EVIDENCE))
		return json_null();
	object = json_object();
	log = json_array();
	for (int i = 0; i < 4; i++)
		json_array_append_new(log, kq_json_hex(fn->aer_header_log[i]));
	kq_json_set(object, "status", kq_json_hex(fn->command_status >> 16));
	kq_json_set(object, "devctl", kq_json_hex(fn->devctl_devsta & 0xffff));
	kq_json_set(object, "devsta", kq_json_hex(fn->devctl_devsta >> 16));
	kq_json_set(object, "lnkctl", kq_json_hex(fn->lnkctl_lnksta & 0xffff));
	kq_json_set(object, "lnksta", kq_json_hex(fn->lnkctl_lnksta >> 16));
	kq_json_set(object, "aer_uncorrectable",
		    kq_json_hex(fn->aer_uncor_status));
	kq_json_set(object, "aer_correctable", kq_json_hex(fn->aer_cor_status));
	kq_json_set(object, "aer_header_log", log);
	kq_json_set(object, "aer_root", kq_json_hex(fn->aer_root_status));
	kq_json_set(object, "dpc_status",
		    kq_json_hex(fn->dpc_status_source & 0xffff));
	kq_json_set(object, "dpc_source",
		    kq_json_hex(fn->dpc_status_source >> 16));
	kq_json_set(object, "errors", json_errors(fn));
	return object;
}

static json_t *json_function(const struct kq_report_header *report,
			     const struct kq_report_function *fn)
{
	json_t *object = json_object();
	char text[KQ_ADDRESS_TEXT], driver[KQ_DRIVER_NAME_SIZE + 1];

	kq_text_name(driver, fn->driver, sizeof(fn->driver));
	kq_json_set(object, "address",
		    json_string(kq_text_address(text, fn->segment, fn->bdf)));
	kq_json_set(object, "vendor", json_sprintf("0x%04x", fn->vendor));
	kq_json_set(object, "device", json_sprintf("0x%04x", fn->device));
	kq_json_set(object, "class",
		    json_sprintf("0x%06x", fn->class_revision >> 8));
	kq_json_set(object, "driver",
		    *driver ? json_string(driver) : json_null());
	kq_json_set(object, "parent",
		    kq_report_json_address(report, fn->parent));
	kq_json_set(object, "smmu",
		    fn->smmu == KQ_NONE ? json_null() : json_integer(fn->smmu));
	kq_json_set(object, "stream_id",
		    fn->smmu == KQ_NONE ? json_null()
					: json_integer(fn->stream_id));
	kq_json_set(object, "result",
		    json_string(kq_word_function_result(fn->result)));
	kq_json_set(object, "flags", kq_json_bits(fn->flags, kq_bits_function));
	kq_json_set(object, "was_mastering",
		    json_boolean(kq_report_was_mastering(fn)));
	kq_json_set(object, "command",
		    kq_json_hex(fn->command_status & 0xffff));
	kq_json_set(object, "command_after",
		    kq_json_hex(fn->command_after & 0xffff));
	kq_json_set(object, "pending_us", json_integer(fn->pending_us));
	kq_json_set(object, "reset_us", json_integer(fn->reset_us));
	kq_json_set(object, "evidence", json_evidence(fn));
	return object;
}

static json_t *json_event(const struct kq_report_header *report,
			  const struct kq_report_event *event)
{
	struct kq_smmu_event words = kq_smmu_event(event);
	const struct kq_report_function *fn =
		kq_report_stream_function(report, event->smmu, words.stream_id);
	json_t *object = json_object(), *record = json_array();

	for (int i = 0; i < 4; i++)
		json_array_append_new(record, kq_json_hex(event->record[i]));
	kq_json_set(object, "smmu", json_integer(event->smmu));
	kq_json_set(object, "unread",
		    json_boolean(event->flags & KQ_EVENT_PENDING));
	kq_json_set(object, "type", json_integer(words.type));
	kq_json_set(object, "name", json_string(kq_word_event(words.type)));
	kq_json_set(object, "stream_id", json_integer(words.stream_id));
	kq_json_set(object, "function",
		    kq_report_json_address(
			    report,
			    fn ? (uint16_t)(fn - kq_report_functions(report))
			       : KQ_NONE));
	kq_json_set(object, "input_address",
		    words.has_address ? kq_json_hex(words.address)
				      : json_null());
	kq_json_set(object, "access",
		    words.has_address
			    ? json_string(words.read ? "read" : "write")
			    : json_null());
	kq_json_set(object, "record", record);
	return object;
}

json_t *kq_report_json_verdict(const struct kq_report_header *report)
{
	json_t *object = json_object(), *counts = json_object();
	struct kq_verdict verdict;

	kq_verdict(report, &verdict);
	for (uint32_t i = 0; i < KQ_FN_RESULT_COUNT; i++)
		kq_json_set(counts, kq_word_function_result(i),
			    json_integer(verdict.counts[i]));
	kq_json_set(object, "quiet", json_boolean(verdict.quiet));
	kq_json_set(object, "text", json_string(verdict.text));
	kq_json_set(object, "verified_quiet", json_boolean(verdict.verified));
	kq_json_set(object, "offenders", json_integer(verdict.offenders));
	kq_json_set(object, "counts", counts);
	return object;
}

/* For kq_strerror(), whatever number a report holds. */
static int error_code(uint32_t error)
{
	return error < KQ_ERR_COUNT ? -(int)error : -KQ_ERR_COUNT;
}

static void set_header(json_t *object, const struct kq_report_header *report)
{
	bool refused = report->flags & KQ_REPORT_PLAN_INVALID;

	kq_json_set(object, "version", json_integer(report->version));
	kq_json_set(object, "flags",
		    kq_json_bits(report->flags, kq_bits_report));
	kq_json_set(object, "load_id", json_id(report->load_id));
	kq_json_set(object, "boot_id", json_id(report->boot_id));
	kq_json_set(object, "load_time", kq_json_time(report->load_time_s));
	kq_json_set(object, "kind", json_string(kq_word_kind(report->kind)));
	kq_json_set(object, "quiesce",
		    json_string(kq_word_quiesce(report->quiesce)));
	kq_json_set(object, "budget_ms", json_integer(report->budget_ms));
	kq_json_set(object, "probe_ms", json_integer(report->probe_ms));
	kq_json_set(object, "total_us", json_integer(report->total_us));
	kq_json_set(object, "exception_level",
		    json_integer(report->exception_level));
	kq_json_set(object, "plan_error",
		    refused ? json_string(kq_strerror(
				      error_code(report->plan_error)))
			    : json_null());
	kq_json_set(object, "plan_generation",
		    json_integer((json_int_t)report->plan_generation));
	kq_json_set(object, "region_error",
		    report->region_error
			    ? json_string(kq_strerror(
				      error_code(report->region_error)))
			    : json_null());
	kq_json_set(object, "stage_fault",
		    report->flags & KQ_REPORT_STAGE_FAULT
			    ? json_pack("{s:o, s:o}", "esr",
					kq_json_hex(report->stage_fault_esr),
					"pc",
					kq_json_hex(report->stage_fault_pc))
			    : json_null());
	kq_json_set(object, "fault_count", json_integer(report->fault_count));
	kq_json_set(object, "timer_hz", json_integer(report->timer_hz));
}

json_t *kq_report_json_stale(const struct kq_found_report *found)
{
	if (found->freshness == KQ_UNJUDGED)
		return json_null();
	return json_boolean(found->freshness == KQ_STALE);
}

json_t *kq_report_json(const struct kq_found_report *found, const char *source)
{
	const struct kq_report_header *report = found->report;
	json_t *object = json_object(), *functions = json_array(),
	       *events = json_array();

	kq_json_set(object, "source", json_string(source));
	kq_json_set(object, "stale", kq_report_json_stale(found));
	kq_json_set(object, "verdict", kq_report_json_verdict(report));
	set_header(object, report);
	kq_json_set(object, "verify", kq_report_json_verify(report));
	kq_json_set(object, "steps", json_steps(report));
	for (uint32_t i = 0; i < report->functions.count; i++)
		json_array_append_new(
			functions,
			json_function(report, &kq_report_functions(report)[i]));
	for (uint32_t i = 0; i < report->events.count; i++)
		json_array_append_new(
			events,
			json_event(report, &kq_report_events(report)[i]));
	kq_json_set(object, "functions", functions);
	kq_json_set(object, "smmus", kq_report_json_smmus(report));
	kq_json_set(object, "events", events);
	kq_json_set(object, "strays", kq_report_json_strays(report));
	return object;
}
