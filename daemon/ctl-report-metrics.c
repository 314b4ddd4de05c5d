// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * quiescectl report --format=prometheus: a report as metrics, for the textfile
 * collector of node_exporter. Every name, label and meaning is in
 * quiescectl(8), "METRICS".
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/ctl-report-text.h"
#include "daemon/ctl-words.h"
#include "daemon/store.h"
#include "lib/error.h"

#define PREFIX "kexec_quiesce_"

/* The two lines in front of a metric's values. */
static void head(FILE *out, const char *name, const char *help)
{
	fprintf(out, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s gauge\n",
		name, help, name);
}

static void gauge(FILE *out, const char *name, const char *help, uint64_t value)
{
	head(out, name, help);
	fprintf(out, PREFIX "%s %" PRIu64 "\n", name, value);
}

/* Microseconds as seconds, exactly. */
static void print_seconds(FILE *out, uint32_t us)
{
	fprintf(out, " %" PRIu32 ".%06" PRIu32 "\n", us / 1000000,
		us % 1000000);
}

/* A label's value in its quotes. @text is printable ASCII. */
static void print_label(FILE *out, const char *name, const char *text)
{
	fprintf(out, "%s=\"", name);
	for (; *text; text++) {
		if (*text == '\\' || *text == '"')
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void print_info(const struct kq_report_header *report, FILE *out)
{
	char key[KQ_STORE_KEY];

	kq_store_key(report, key);
	head(out, "report_info", "The report that all this is from.");
	fprintf(out,
		PREFIX "report_info{id=\"%s\",kind=\"%s\",quiesce=\"%s\"} 1\n",
		key, kq_word_kind(report->kind),
		kq_word_quiesce(report->quiesce));
	gauge(out, "load_timestamp_seconds",
	      "When the quiesce image was loaded, Unix time.",
	      report->load_time_s);
}

static void print_verdict(const struct kq_report_header *report, FILE *out)
{
	struct kq_verdict verdict;
	struct kq_probe probe;

	kq_verdict(report, &verdict);
	kq_probe(report, &probe);
	gauge(out, "report_quiet", "1 if nothing that could write was left.",
	      verdict.quiet);
	gauge(out, "report_verified_quiet",
	      "1 if probe windows at all SMMUs saw nothing.", verdict.verified);
	gauge(out, "stray_streams", "Streams seen in the probe windows.",
	      probe.streams);
	gauge(out, "stray_transactions",
	      "Transactions seen in the probe windows.", probe.transactions);
	gauge(out, "survived_aborts",
	      "Aborted hardware accesses that the stage survived.",
	      report->fault_count);
	head(out, "functions", "PCI functions by what became of them.");
	for (uint32_t i = 0; i < KQ_FN_RESULT_COUNT; i++)
		fprintf(out, PREFIX "functions{result=\"%s\"} %u\n",
			kq_word_function_result(i), verdict.counts[i]);
}

static void print_flags(const struct kq_report_header *report, FILE *out)
{
	head(out, "report_flag", "1 if the report has this flag.");
	for (const struct kq_bit_name *bit = kq_bits_report; bit->name; bit++)
		fprintf(out, PREFIX "report_flag{flag=\"%s\"} %d\n", bit->name,
			(report->flags & bit->mask) != 0);
}

static void print_verify(const struct kq_report_header *report, FILE *out)
{
	head(out, "verify",
	     "1 for what became of the check of what was loaded.");
	for (uint32_t i = 0; i < KQ_VERIFY_RESULT_COUNT; i++)
		fprintf(out, PREFIX "verify{result=\"%s\"} %d\n",
			kq_word_verify_result(i), report->verify.result == i);
}

static void print_smmus(const struct kq_report_header *report, FILE *out)
{
	const struct kq_report_smmu *smmus = kq_report_smmus(report);

	head(out, "smmus", "SMMUs by what became of them.");
	for (uint32_t i = 0; i < KQ_SMMU_RESULT_COUNT; i++) {
		unsigned int count = 0;

		for (uint32_t j = 0; j < report->smmus.count; j++)
			count += smmus[j].result == i;
		fprintf(out, PREFIX "smmus{result=\"%s\"} %u\n",
			kq_word_smmu_result(i), count);
	}
}

static void print_times(const struct kq_report_header *report, FILE *out)
{
	head(out, "stage_seconds", "How long the stage ran.");
	fprintf(out, PREFIX "stage_seconds");
	print_seconds(out, report->total_us);
	head(out, "stage_step_seconds", "How long each of its steps took.");
	for (uint32_t i = 0; i < KQ_STEP_COUNT; i++) {
		fprintf(out, PREFIX "stage_step_seconds{step=\"%s\"}",
			kq_word_step(i));
		print_seconds(out, report->steps[i].duration_us);
	}
}

/* Offenders of one driver; of devices without one, of one name. */
struct group {
	char driver[KQ_NAME_TEXT];
	char name[KQ_COMPONENT_NAME_SIZE + 1];
	unsigned int count;
};

struct groups {
	struct group *all;
	size_t count;
	bool lost; /* one could not be stored */
};

static void add_group(struct groups *groups, const struct group *group)
{
	struct group *all;

	for (size_t i = 0; i < groups->count; i++)
		if (strcmp(groups->all[i].driver, group->driver) == 0 &&
		    strcmp(groups->all[i].name, group->name) == 0) {
			groups->all[i].count++;
			return;
		}
	all = reallocarray(groups->all, groups->count + 1, sizeof(*all));
	if (!all) {
		groups->lost = true;
		return;
	}
	groups->all = all;
	all[groups->count++] = *group;
}

/* Compared as they are printed: two series must not have the same labels. */
static void add_offender(const struct kq_report_header *report,
			 const struct kq_offender *offender, void *context)
{
	const struct kq_report_function *fn = offender->function;
	const struct kq_report_stray *stray = offender->stray;
	struct group group = { .count = 1 };

	(void)report;
	if (fn)
		kq_text_name(group.driver, fn->driver, sizeof(fn->driver));
	else
		kq_text_name(group.name, stray->name, sizeof(stray->name));
	add_group(context, &group);
}

static int print_offenders(const struct kq_report_header *report, FILE *out)
{
	struct groups groups = { 0 };

	kq_report_each_offender(report, add_offender, &groups);
	head(out, "offenders",
	     "Devices that were at work when they should have been quiet.");
	for (size_t i = 0; i < groups.count; i++) {
		fprintf(out, PREFIX "offenders{");
		print_label(out, "driver", groups.all[i].driver);
		fputc(',', out);
		print_label(out, "name", groups.all[i].name);
		fprintf(out, "} %u\n", groups.all[i].count);
	}
	free(groups.all);
	return groups.lost ? -KQ_ERR_NOMEM : 0;
}

int kq_report_metrics(const struct kq_found_report *found,
		      const struct kq_store *store, FILE *out)
{
	gauge(out, "reports_kept", "Reports that are kept on this machine.",
	      store->count);
	gauge(out, "report_this_boot",
	      "1 if the report is of the way into the running kernel.",
	      found && found->freshness == KQ_FRESH);
	if (!found)
		return 0;
	print_info(found->report, out);
	print_verdict(found->report, out);
	print_flags(found->report, out);
	print_verify(found->report, out);
	print_smmus(found->report, out);
	print_times(found->report, out);
	return print_offenders(found->report, out);
}
