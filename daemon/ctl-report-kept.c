// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "daemon/ctl-report-kept.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/collect.h"
#include "daemon/ctl-json.h"
#include "daemon/ctl-report.h"
#include "daemon/ctl-table.h"
#include "lib/error.h"

/* Digits of an id that are enough to mean it. */
#define MIN_PREFIX 4

/* As much of an id as the table shows. */
#define SHOWN_PREFIX 8

static const struct kq_stored_report *by_number(const struct kq_store *store,
						unsigned long number)
{
	for (size_t i = 0; i < store->count; i++)
		if (store->reports[i].number == number)
			return &store->reports[i];
	return NULL;
}

static int by_prefix(const struct kq_store *store, const char *prefix,
		     const struct kq_stored_report **ret,
		     struct kq_message *message)
{
	const struct kq_stored_report *found = NULL;

	for (size_t i = 0; i < store->count; i++) {
		const struct kq_stored_report *report = &store->reports[i];

		if (strncmp(report->key, prefix, strlen(prefix)) != 0)
			continue;
		if (found && strcmp(found->key, report->key) != 0)
			return kq_fail(message, KQ_ERR_VALUE,
				       "several reports start with '%s'",
				       prefix);
		if (!found)
			found = report;
	}
	*ret = found;
	return 0;
}

int kq_kept_find(const struct kq_store *store, const char *word,
		 const struct kq_stored_report **ret,
		 struct kq_message *message)
{
	size_t length = strlen(word);

	*ret = NULL;
	if (strspn(word, "0123456789") == length && length < KQ_STORE_KEY)
		*ret = by_number(store, strtoul(word, NULL, 10));
	if (*ret || length < MIN_PREFIX ||
	    strspn(word, "0123456789abcdef") != length)
		return 0;
	return by_prefix(store, word, ret, message);
}

static const char *kept_time(char text[40], uint64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(text, 40, "%Y-%m-%d %H:%M:%S", &tm))
		strcpy(text, "?");
	return text;
}

static const char *verdict_word(const struct kq_report_header *report)
{
	struct kq_verdict verdict;

	kq_verdict(report, &verdict);
	if (report->flags & KQ_REPORT_PLAN_INVALID)
		return "plan refused";
	if (!verdict.quiet)
		return "not quiet";
	return verdict.verified ? "verified quiet" : "quiet";
}

static int print_table(const struct kq_store *store, FILE *out)
{
	static const char *const titles[] = { "NUMBER", "KEPT (UTC)", "LOAD ID",
					      "KIND",	"OFFENDERS",  "VERDICT",
					      NULL };
	struct kq_table *table = kq_table_new(titles);
	char text[40];
	int r;

	for (size_t i = 0; i < store->count; i++) {
		const struct kq_stored_report *kept = &store->reports[i];
		const struct kq_report_header *report = kept->found.report;

		kq_table_cell(table, "%" PRIu32, kept->number);
		kq_table_cell(table, "%s", kept_time(text, kept->time_s));
		kq_table_cell(table, "%.*s", SHOWN_PREFIX, kept->key);
		kq_table_cell(table, "%s", kq_word_kind(report->kind));
		kq_table_cell(table, "%u", kq_report_count_offenders(report));
		kq_table_cell(table, "%s", verdict_word(report));
	}
	r = kq_table_print(table, out);
	kq_table_free(table);
	return r;
}

static json_t *json_kept(const struct kq_stored_report *kept)
{
	const struct kq_report_header *report = kept->found.report;
	json_t *object = json_object();

	kq_json_set(object, "number", json_integer(kept->number));
	kq_json_set(object, "id", json_string(kept->key));
	kq_json_set(object, "path", json_string(kept->path));
	kq_json_set(object, "kept", kq_json_time(kept->time_s));
	kq_json_set(object, "kind", json_string(kq_word_kind(report->kind)));
	kq_json_set(object, "load_time", kq_json_time(report->load_time_s));
	kq_json_set(object, "offenders",
		    json_integer(kq_report_count_offenders(report)));
	kq_json_set(object, "verdict", kq_report_json_verdict(report));
	return object;
}

json_t *kq_kept_json(const struct kq_store *store)
{
	json_t *object = json_object(), *reports = json_array();

	for (size_t i = 0; i < store->count; i++)
		json_array_append_new(reports, json_kept(&store->reports[i]));
	kq_json_set(object, "reports", reports);
	return object;
}

int kq_ctl_report_list(const struct kq_ctl *ctl)
{
	struct kq_warnings warnings = { 0 };
	struct kq_message message;
	struct kq_store store;
	int r = kq_store_read(ctl->store, &store, &warnings, &message);

	kq_ctl_warn(&warnings);
	kq_warnings_fini(&warnings);
	if (r < 0) {
		kq_ctl_complain("%s", message.text);
		return KQ_EXIT_FAILURE;
	}
	if (ctl->json)
		r = kq_json_print(kq_kept_json(&store), ctl->out);
	else if (store.count)
		r = print_table(&store, ctl->out);
	else
		fprintf(ctl->out, "No reports are kept in %s\n", ctl->store);
	kq_store_fini(&store);
	if (r < 0)
		kq_ctl_complain("cannot show the reports: %s", kq_strerror(r));
	return r < 0 ? KQ_EXIT_FAILURE : KQ_EXIT_OK;
}

int kq_ctl_report_collect(const struct kq_ctl *ctl)
{
	static const char *const words[] = {
		[KQ_COLLECT_NONE] = "nothing to keep: there is no report",
		[KQ_COLLECT_SEEN] = "kept and logged before",
		[KQ_COLLECT_NEW] = "kept and logged",
	};
	const char *file = ctl->operands[0] ? ctl->operands[0] : KQ_CTL_FDT;
	struct kq_warnings warnings = { 0 };
	struct kq_message message;
	enum kq_collected collected;
	int r = kq_collect_at_start(file, ctl->store, &collected, &warnings,
				    &message);

	kq_ctl_warn(&warnings);
	kq_warnings_fini(&warnings);
	if (r < 0) {
		kq_ctl_complain("%s: %s%s", file, message.text,
				collected == KQ_COLLECT_NEW
					? "; the journal has the report"
					: "");
		return KQ_EXIT_FAILURE;
	}
	fprintf(ctl->out, "%s: %s\n", file, words[collected]);
	return collected == KQ_COLLECT_NONE ? KQ_EXIT_NO_REPORT : KQ_EXIT_OK;
}
