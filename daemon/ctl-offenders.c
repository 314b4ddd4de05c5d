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

/* One line: a function, or a stream that belongs to none. */
struct offender {
	const struct kq_report_function *function; /* or NULL */
	const struct kq_report_stray *stray; /* the first one, or NULL */
	uint64_t transactions;
	bool at_least;
};

typedef void take_offender(const struct kq_report_header *report,
			   const struct offender *offender, void *context);

/* Of functions that share a StreamID the first one has its strays. */
static void add_strays(const struct kq_report_header *report,
		       struct offender *offender)
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

static void each_function(const struct kq_report_header *report,
			  take_offender *take, void *context)
{
	for (uint32_t i = 0; i < report->functions.count; i++) {
		const struct kq_report_function *fn =
			&kq_report_functions(report)[i];
		struct offender offender = { .function = fn };

		add_strays(report, &offender);
		if (offender.stray || fn->flags & KQ_FN_OFFENDER)
			take(report, &offender, context);
	}
}

static void each_nameless(const struct kq_report_header *report,
			  take_offender *take, void *context)
{
	for (uint32_t i = 0; i < report->strays.count; i++) {
		const struct kq_report_stray *record =
			&kq_report_strays(report)[i];
		struct kq_stray stray = kq_stray(report, record);
		struct offender offender = {
			.stray = record,
			.transactions = record->count,
			.at_least = stray.at_least,
		};

		if (!stray.function)
			take(report, &offender, context);
	}
}

static void each_offender(const struct kq_report_header *report,
			  take_offender *take, void *context)
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
		       const struct offender *offender, FILE *out)
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

static void print_offender(const struct kq_report_header *report,
			   const struct offender *offender, void *context)
{
	const struct kq_report_function *fn = offender->function;
	const struct kq_report_stray *stray = offender->stray;
	const char *gap = ": ";
	FILE *out = context;

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

static void count_offender(const struct kq_report_header *report,
			   const struct offender *offender, void *context)
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

void kq_offenders_print(const struct kq_found_report *found, FILE *out)
{
	unsigned int count = 0;

	kq_report_print_freshness(found->freshness, out);
	each_offender(found->report, count_offender, &count);
	if (count)
		each_offender(found->report, print_offender, out);
	else
		print_none(found->report, out);
}

static void add_offender(const struct kq_report_header *report,
			 const struct offender *offender, void *context)
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
	each_offender(found->report, add_offender, offenders);
	kq_json_set(object, "source", json_string(source));
	kq_json_set(object, "stale", kq_report_json_stale(found));
	kq_json_set(object, "verified_quiet", json_boolean(probe.verified));
	kq_json_set(object, "offenders", offenders);
	return object;
}
