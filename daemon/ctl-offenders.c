// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * quiescectl report --offenders: only who was still at work, by device and
 * driver. After an orderly kexec these are the drivers whose shutdown does
 * not stop their device.
 */
#include "config.h"

#include <inttypes.h>

#include "daemon/ctl-json.h"
#include "daemon/ctl-report-text.h"
#include "lib/error.h"

/* Of functions that share a StreamID the first one has its strays. */
static void add_strays(const struct kq_report_header *report,
		       struct kq_offender *offender)
{
	for (uint32_t i = 0; i < report->strays.count; i++) {
		const struct kq_report_stray *record =
			&kq_report_strays(report)[i];
		struct kq_stray stray = kq_stray(report, record);

		if (stray.function != offender->function)
			continue;
		if (!offender->stray)
			offender->stray = record;
		offender->transactions += record->count;
		offender->at_least |= stray.at_least;
	}
}

static struct kq_offender
function_offender(const struct kq_report_header *report,
		  const struct kq_report_function *fn)
{
	struct kq_offender offender = { .function = fn };

	add_strays(report, &offender);
	return offender;
}

static bool is_offender(const struct kq_offender *offender)
{
	return offender->stray || offender->function->flags & KQ_FN_OFFENDER;
}

bool kq_report_is_offender(const struct kq_report_header *report,
			   const struct kq_report_function *fn)
{
	struct kq_offender offender = function_offender(report, fn);

	return is_offender(&offender);
}

static void each_function(const struct kq_report_header *report,
			  kq_take_offender *take, void *context)
{
	for (uint32_t i = 0; i < report->functions.count; i++) {
		struct kq_offender offender = function_offender(
			report, &kq_report_functions(report)[i]);

		if (is_offender(&offender))
			take(report, &offender, context);
	}
}

static void each_nameless(const struct kq_report_header *report,
			  kq_take_offender *take, void *context)
{
	for (uint32_t i = 0; i < report->strays.count; i++) {
		const struct kq_report_stray *record =
			&kq_report_strays(report)[i];
		struct kq_stray stray = kq_stray(report, record);
		struct kq_offender offender = {
			.stray = record,
			.transactions = record->count,
			.at_least = stray.at_least,
		};

		if (!stray.function)
			take(report, &offender, context);
	}
}

void kq_report_each_offender(const struct kq_report_header *report,
			     kq_take_offender *take, void *context)
{
	each_function(report, take, context);
	each_nameless(report, take, context);
}

static const char *what_it_did(const struct kq_report_function *fn)
{
	return kq_report_was_mastering(fn)
		       ? "still bus-mastering after shutdown"
		       : "still had requests in flight after shutdown";
}

static void print_name(const struct kq_report_header *report,
		       const struct kq_offender *offender, FILE *out)
{
	const struct kq_report_function *fn = offender->function;
	char text[KQ_STRAY_TEXT], driver[KQ_NAME_TEXT];

	if (fn) {
		fprintf(out, "%s (%s)",
			kq_text_address(text, fn->segment, fn->bdf),
			fn->driver[0] ? kq_text_driver(driver, fn)
				      : "no driver");
	} else {
		struct kq_stray stray = kq_stray(report, offender->stray);

		kq_stray_who(&stray, text);
		fprintf(out, "%s", *stray.name ? text : "unknown device");
	}
}

void kq_offender_print(const struct kq_report_header *report,
		       const struct kq_offender *offender, FILE *out)
{
	const struct kq_report_function *fn = offender->function;
	const struct kq_report_stray *stray = offender->stray;
	const char *gap = ": ";

	print_name(report, offender, out);
	if (fn && fn->flags & KQ_FN_OFFENDER) {
		fprintf(out, ": %s", what_it_did(fn));
		gap = "; ";
	}
	if (stray)
		fprintf(out,
			"%s%s%" PRIu64
			" transaction%s in the probe window (stream 0x%" PRIx32
			" of SMMU 0x%" PRIx64 ")",
			gap, offender->at_least ? "at least " : "",
			offender->transactions,
			offender->transactions == 1 ? "" : "s",
			stray->stream_id,
			kq_report_smmus(report)[stray->smmu].base);
	fputc('\n', out);
}

static void print_offender(const struct kq_report_header *report,
			   const struct kq_offender *offender, void *context)
{
	kq_offender_print(report, offender, context);
}

static void count_offender(const struct kq_report_header *report,
			   const struct kq_offender *offender, void *context)
{
	(void)report;
	(void)offender;
	++*(unsigned int *)context;
}

/* What the windows saw, behind a sentence that starts with @gap. */
static void print_window(const struct kq_report_header *report,
			 const struct kq_probe *probe, const char *gap,
			 FILE *out)
{
	char text[KQ_DURATION_TEXT];

	fprintf(out, "%s%s in %s", gap,
		probe->seen ? "no stream could be told" : "0 transactions",
		kq_text_window(text, probe->us));
	if (probe->probed < report->smmus.count)
		fprintf(out, " at %u of %u SMMUs", probe->probed,
			report->smmus.count);
}

/* What "none" is worth depends on who has looked. */
static void print_none(const struct kq_report_header *report, FILE *out)
{
	bool orderly = report->kind == KQ_PLAN_ORDERLY;
	struct kq_probe probe;

	kq_probe(report, &probe);
	if (report->flags & KQ_REPORT_PLAN_INVALID) {
		fprintf(out,
			"No offenders are known: the stage refused its plan and looked at nothing\n");
	} else if (!orderly && probe.probed == 0) {
		fprintf(out,
			"No offenders are known: after a crash only a probe window (--smmu-probe) tells them\n");
	} else {
		fprintf(out, "No offenders");
		if (orderly)
			fprintf(out, ": no device was active after shutdown");
		if (probe.probed)
			print_window(report, &probe, orderly ? ", " : ": ",
				     out);
		fputc('\n', out);
	}
}

unsigned int kq_report_count_offenders(const struct kq_report_header *report)
{
	unsigned int count = 0;

	kq_report_each_offender(report, count_offender, &count);
	return count;
}

void kq_offenders_print(const struct kq_found_report *found, FILE *out)
{
	kq_report_print_freshness(found->freshness, out);
	if (kq_report_count_offenders(found->report))
		kq_report_each_offender(found->report, print_offender, out);
	else
		print_none(found->report, out);
}

static void add_offender(const struct kq_report_header *report,
			 const struct kq_offender *offender, void *context)
{
	const struct kq_report_function *fn = offender->function;
	const struct kq_report_stray *stray = offender->stray;
	char text[KQ_STRAY_TEXT], name[KQ_COMPONENT_NAME_SIZE + 1] = "";
	json_t *object = json_object();

	(void)report;
	kq_json_set(
		object, "function",
		fn ? json_string(kq_text_address(text, fn->segment, fn->bdf))
		   : json_null());
	if (fn)
		kq_text_name(text, fn->driver, sizeof(fn->driver));
	kq_json_set(object, "driver",
		    fn && *text ? json_string(text) : json_null());
	if (stray && !fn)
		kq_text_name(name, stray->name, sizeof(stray->name));
	kq_json_set(object, "name", *name ? json_string(name) : json_null());
	kq_json_set(object, "active_after_shutdown",
		    json_boolean(fn && fn->flags & KQ_FN_OFFENDER));
	kq_json_set(object, "was_mastering",
		    fn ? json_boolean(kq_report_was_mastering(fn))
		       : json_null());
	kq_json_set(object, "smmu",
		    stray ? json_integer(stray->smmu) : json_null());
	kq_json_set(object, "stream_id",
		    stray ? json_integer(stray->stream_id) : json_null());
	kq_json_set(object, "transactions",
		    json_integer((json_int_t)offender->transactions));
	kq_json_set(object, "at_least", json_boolean(offender->at_least));
	json_array_append_new(context, object);
}

json_t *kq_offenders_json(const struct kq_found_report *found,
			  const char *source)
{
	json_t *object = json_object(), *offenders = json_array();
	struct kq_probe probe;

	kq_probe(found->report, &probe);
	kq_report_each_offender(found->report, add_offender, offenders);
	kq_json_set(object, "source", json_string(source));
	kq_json_set(object, "stale", kq_report_json_stale(found));
	kq_json_set(object, "verified_quiet", json_boolean(probe.verified));
	kq_json_set(object, "offenders", offenders);
	return object;
}
