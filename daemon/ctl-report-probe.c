// SPDX-License-Identifier: GPL-2.0-or-later
/* What the probe windows saw: who still wrote when all should be quiet? */
#include "config.h"

#include <inttypes.h>

#include "daemon/ctl-report-text.h"
#include "daemon/ctl-table.h"

static bool was_probed(const struct kq_report_smmu *smmu)
{
	return smmu->flags & KQ_SMMU_PROBED && smmu->probe_us > 0;
}

void kq_probe(const struct kq_report_header *report, struct kq_probe *ret)
{
	*ret = (struct kq_probe){ .asked = report->probe_ms > 0,
				  .streams = report->strays.count };
	for (uint32_t i = 0; i < report->smmus.count; i++) {
		const struct kq_report_smmu *smmu = &kq_report_smmus(report)[i];

		if (!was_probed(smmu))
			continue;
		if (ret->probed++ == 0 || smmu->probe_us < ret->us)
			ret->us = smmu->probe_us;
		ret->transactions += smmu->probe_events;
		ret->at_least |=
			smmu->flags & KQ_SMMU_PROBE_OVERFLOW ||
			(smmu->probe_events > 0 && smmu->type != KQ_SMMU_V3);
	}
	ret->seen = ret->transactions > 0 || ret->at_least || ret->streams > 0;
	ret->verified = ret->asked && !ret->seen && ret->probed > 0 &&
			ret->probed == report->smmus.count;
}

/* "50 ms": a window is asked for in whole milliseconds. */
const char *kq_text_window(char text[KQ_DURATION_TEXT], uint32_t us)
{
	if (us < 1000)
		return kq_text_duration(text, us);
	snprintf(text, KQ_DURATION_TEXT, "%" PRIu32 " ms", us / 1000);
	return text;
}

struct kq_stray kq_stray(const struct kq_report_header *report,
			 const struct kq_report_stray *record)
{
	const struct kq_report_smmu *smmu =
		&kq_report_smmus(report)[record->smmu];
	bool v3 = smmu->type == KQ_SMMU_V3;
	struct kq_stray stray = {
		.record = record,
		.smmu = smmu,
		.function = kq_report_stream_function(report, record->smmu,
						      record->stream_id),
		/* An SMMUv1 or v2 keeps the latest fault only, and is polled.
		 */
		.at_least = !v3 || smmu->flags & KQ_SMMU_PROBE_OVERFLOW,
		.has_address = !v3 || kq_event_has_address(record->event),
	};

	kq_text_name(stray.name, record->name, sizeof(record->name));
	return stray;
}

const char *kq_stray_who(const struct kq_stray *stray, char text[KQ_STRAY_TEXT])
{
	const struct kq_report_function *fn = stray->function;

	if (fn)
		kq_text_address(text, fn->segment, fn->bdf);
	else
		snprintf(text, KQ_STRAY_TEXT, "%s",
			 *stray->name ? stray->name : "?");
	return text;
}

static void add_stray(struct kq_table *table, const struct kq_stray *stray)
{
	const struct kq_report_stray *record = stray->record;
	char who[KQ_STRAY_TEXT], driver[KQ_NAME_TEXT];

	kq_table_cell(table, "  0x%" PRIx64, stray->smmu->base);
	kq_table_cell(table, "0x%" PRIx32, record->stream_id);
	kq_table_cell(table, "%s", kq_stray_who(stray, who));
	kq_table_cell(table, "%s",
		      stray->function ? kq_text_driver(driver, stray->function)
				      : "-");
	kq_table_cell(table, "%s%" PRIu32, stray->at_least ? "at least " : "",
		      record->count);
	kq_table_cell(table, "%s",
		      record->event ? kq_word_event(record->event) : "fault");
	if (stray->has_address)
		kq_table_cell(table, "0x%" PRIx64, record->address);
	else
		kq_table_cell(table, "-");
}

static int print_strays(const struct kq_report_header *report, FILE *out)
{
	static const char *const titles[] = { "  SMMU",	  "STREAM", "WHO",
					      "DRIVER",	  "COUNT",  "EVENT",
					      "FIRST AT", NULL };
	struct kq_table *table = kq_table_new(titles);
	int r;

	for (uint32_t i = 0; i < report->strays.count; i++) {
		struct kq_stray stray =
			kq_stray(report, &kq_report_strays(report)[i]);

		add_stray(table, &stray);
	}
	r = kq_table_print(table, out);
	kq_table_free(table);
	if (report->strays.count == KQ_REPORT_MAX_STRAYS)
		fprintf(out,
			"  and perhaps more: no room for further streams\n");
	return r;
}

int kq_report_print_probe(const struct kq_report_header *report, FILE *out)
{
	char text[KQ_DURATION_TEXT];
	struct kq_probe probe;

	kq_probe(report, &probe);
	if (report->strays.count == 0)
		return 0;
	fprintf(out, "\nStill writing in the probe window of %s:\n",
		kq_text_window(text, probe.us));
	return print_strays(report, out);
}
