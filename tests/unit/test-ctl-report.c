// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * quiescectl report: what it prints of made-up reports, which reports it
 * takes and which it refuses.
 */
#undef NDEBUG
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/ctl-json.h"
#include "daemon/ctl-report.h"
#include "daemon/ctl.h"
#include "lib/error.h"
#include "tests/unit/golden.h"
#include "tests/unit/report-fixture.h"

static void print_to_golden(const char *name, struct kq_report_header *report,
			    enum kq_freshness freshness, bool verbose)
{
	struct kq_found_report found = { report, freshness };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert(out);
	assert(kq_report_print(&found, verbose, out) == 0);
	fclose(out);
	golden_compare(name, text, size);
	free(text);
}

static void fixtures_to_text(void)
{
	struct kq_report_header *crash = kq_fixture_crash();
	struct kq_report_header *orderly = kq_fixture_orderly();
	struct kq_report_header *refused = kq_fixture_refused();
	struct kq_report_header *quiet = kq_fixture_quiet();
	struct kq_report_header *strays = kq_fixture_strays();

	print_to_golden("report-strays.txt", strays, KQ_FRESH, false);
	free(strays);
	print_to_golden("report-crash.txt", crash, KQ_FRESH, false);
	print_to_golden("report-crash-verbose.txt", crash, KQ_FRESH, true);
	print_to_golden("report-orderly.txt", orderly, KQ_FRESH, false);
	print_to_golden("report-refused.txt", refused, KQ_FRESH, false);
	print_to_golden("report-stale.txt", quiet, KQ_STALE, false);
	free(crash);
	free(orderly);
	free(refused);
	free(quiet);
}

static const char *string_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	assert(text);
	return text;
}

/* Prints @json, compares, and returns it parsed; *@text to be freed. */
static json_t *json_to_golden(const char *name, json_t *json, char **text)
{
	size_t size = 0;
	FILE *out = open_memstream(text, &size);

	assert(out);
	assert(kq_json_print(json, out) == 0);
	fclose(out);
	golden_compare(name, *text, size);
	json = json_loadb(*text, size, JSON_REJECT_DUPLICATES, NULL);
	assert(json);
	return json;
}

static void strays_to_json(void)
{
	struct kq_report_header *report = kq_fixture_strays();
	struct kq_found_report found = { report, KQ_STALE };
	char *text = NULL;

	json_decref(json_to_golden("report-strays.json",
				   kq_report_json(&found, "x.bin"), &text));
	free(text);
	json_decref(json_to_golden("offenders.json",
				   kq_offenders_json(&found, "x.bin"), &text));
	free(text);
	free(report);
}

static void fixture_to_json(void)
{
	struct kq_report_header *crash = kq_fixture_crash();
	struct kq_found_report found = { crash, KQ_FRESH };
	json_t *json, *functions;
	char *text = NULL;

	json = json_to_golden("report-crash.json",
			      kq_report_json(&found, "x.bin"), &text);
	assert(json_is_false(json_object_get(json, "stale")));
	functions = json_object_get(json, "functions");
	assert(json_array_size(functions) == crash->functions.count);
	assert(strcmp(string_at(json_array_get(functions, 6), "result"),
		      "still-mastering") == 0);
	json_decref(json);
	free(text);
	free(crash);
}

static void verdicts(void)
{
	struct kq_report_header *quiet = kq_fixture_quiet();
	struct kq_report_header *crash = kq_fixture_crash();
	struct kq_report_header *orderly = kq_fixture_orderly();
	struct kq_verdict verdict;

	kq_verdict(quiet, &verdict);
	assert(verdict.quiet);
	assert(strcmp(verdict.text,
		      "1 function quiet (1 reset), SMMU 0x9050000: abort") ==
	       0);
	kq_report_smmus(quiet)[0].result = KQ_SMMU_STUCK;
	kq_verdict(quiet, &verdict);
	assert(!verdict.quiet);
	kq_verdict(crash, &verdict);
	assert(!verdict.quiet);
	assert(verdict.counts[KQ_FN_OBSERVED] == 0); /* only a bridge */
	kq_verdict(orderly, &verdict);
	assert(verdict.quiet && verdict.offenders == 1);
	free(quiet);
	free(crash);
	free(orderly);
}

/* What the verdict says behind the last SMMU. */
static void expect_probe(struct kq_report_header *report, bool quiet,
			 bool verified, const char *end)
{
	struct kq_verdict verdict;
	size_t length;

	kq_verdict(report, &verdict);
	length = strlen(verdict.text);
	if (verdict.quiet != quiet || verdict.verified != verified ||
	    length < strlen(end) ||
	    strcmp(verdict.text + length - strlen(end), end) != 0) {
		fprintf(stderr, "%s\n", verdict.text);
		abort();
	}
}

static void windows_to_verdicts(void)
{
	struct kq_report_header *report = kq_fixture_verified();
	struct kq_report_smmu *smmu = kq_report_smmus(report);

	expect_probe(report, true, true,
		     ": abort; verified quiet: 0 transactions in 50 ms");
	kq_report_functions(report)[0].smmu = KQ_NONE;
	expect_probe(report, true, true,
		     "50 ms (1 function behind no SMMU not watched)");
	smmu->flags |= KQ_SMMU_PROBE_OVERFLOW;
	expect_probe(report, false, false,
		     "; NOT QUIET: the probe window lost events");
	smmu->flags &= ~KQ_SMMU_PROBE_OVERFLOW;
	smmu->probe_us = 0;
	expect_probe(report, true, false, "; no SMMU could be watched");
	smmu->probe_us = 5000;
	smmu->flags = 0;
	expect_probe(report, true, false, "; no SMMU could be watched");
	/* A window that the budget cut short says how short. */
	smmu->flags = KQ_SMMU_PROBED;
	smmu->probe_us = 700;
	kq_report_functions(report)[0].smmu = 0;
	expect_probe(report, true, true, "0 transactions in 700 us");
	smmu->flags |= KQ_SMMU_FELL_BACK;
	smmu->policy = KQ_POLICY_SINK;
	expect_probe(report, true, true,
		     "SMMU 0x9050000: abort (fell back: sink was asked); "
		     "verified quiet: 0 transactions in 700 us");
	smmu->policy = KQ_POLICY_ABORT;
	expect_probe(report, true, true,
		     "abort (fell back: reserved streams are lost); "
		     "verified quiet: 0 transactions in 700 us");
	free(report);
	report = kq_fixture_strays();
	expect_probe(report, false, false,
		     "; NOT QUIET: 3 streams still writing, at least 43 "
		     "transactions in 50 ms");
	report->strays.count = 0;
	kq_report_smmus(report)[0].probe_events = 0;
	kq_report_smmus(report)[1].probe_events = 0;
	expect_probe(report, true, false,
		     "; 0 transactions in 50 ms, but only 2 of 3 SMMUs could "
		     "be watched");
	free(report);
}

static char *text_of(struct kq_report_header *report)
{
	struct kq_found_report found = { report, KQ_FRESH };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert(out);
	assert(kq_report_print(&found, true, out) == 0);
	fclose(out);
	return text;
}

/* What a policy means for a function that could not be silenced. */
static void policies_to_words(void)
{
	struct kq_report_header *report = kq_fixture_strays();
	struct kq_report_function *fn = kq_report_functions(report);
	struct kq_report_smmu *smmu = &kq_report_smmus(report)[1];
	char *text;

	fn->result = KQ_FN_STILL_MASTERING;
	fn->smmu = 1;
	text = text_of(report);
	assert(strstr(text, "; what it sends ends in the sink page"));
	free(text);
	smmu->policy = KQ_POLICY_BYPASS;
	smmu->applied = KQ_POLICY_BYPASS;
	smmu->after2.scr0 = 1;
	text = text_of(report);
	assert(!strstr(text, "sink page") && !strstr(text, "aborts what"));
	assert(strstr(text, "after:  off (CLIENTPD): all streams bypass"));
	free(text);
	/* Asked for the sink, got abort. */
	smmu->policy = KQ_POLICY_SINK;
	smmu->applied = KQ_POLICY_ABORT;
	text = text_of(report);
	assert(strstr(text, "; its SMMU aborts what it sends"));
	free(text);
	smmu->result = KQ_SMMU_STUCK;
	smmu->stuck_offset = 0x74;
	text = text_of(report);
	assert(strstr(text, "sink was asked, but sTLBGSTATUS (0x74) did not"));
	assert(!strstr(text, "; its SMMU aborts what it sends"));
	free(text);
	free(report);
}

static char *offenders_of(const struct kq_report_header *report)
{
	struct kq_found_report found = { (struct kq_report_header *)report,
					 KQ_FRESH };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert(out);
	kq_offenders_print(&found, out);
	fclose(out);
	return text;
}

static void expect_offenders(struct kq_report_header *report,
			     const char *wanted)
{
	char *text = offenders_of(report);

	if (strcmp(text, wanted) != 0) {
		fprintf(stderr, "%s", text);
		abort();
	}
	free(text);
	free(report);
}

static void reports_to_offenders(void)
{
	struct kq_report_header *report = kq_fixture_strays();
	char *text = offenders_of(report);

	golden_compare("offenders.txt", text, strlen(text));
	free(text);
	free(report);
	expect_offenders(kq_fixture_verified(),
			 "No offenders: 0 transactions in 50 ms\n");
	expect_offenders(
		kq_fixture_quiet(),
		"No offenders are known: after a crash only a probe window (--smmu-probe) tells them\n");
	expect_offenders(
		kq_fixture_refused(),
		"No offenders are known: the stage refused its plan and looked at nothing\n");
	expect_offenders(
		kq_fixture_orderly(),
		"0000:01:00.0 (mlx5_core): still bus-mastering after shutdown\n");
	report = kq_fixture_orderly();
	kq_report_functions(report)[2].flags = 0;
	expect_offenders(report,
			 "No offenders: no device was active after shutdown\n");
	report = kq_fixture_strays();
	kq_report_functions(report)[2].flags = 0;
	report->strays.count = 0;
	kq_report_smmus(report)[0].probe_events = 0;
	kq_report_smmus(report)[1].probe_events = 0;
	expect_offenders(
		report,
		"No offenders: no device was active after shutdown, 0 transactions in 50 ms at 2 of 3 SMMUs\n");
}

static enum kq_freshness freshness_of(const char *bootargs)
{
	struct kq_report_header *report = kq_fixture_quiet();
	struct kq_found_report found = { 0 };
	struct kq_message message;
	size_t size;
	void *fdt = kq_fixture_fdt(report, bootargs, &size);

	assert(kq_found_report_parse(fdt, size, &found, &message) == 0);
	assert(memcmp(found.report, report, report->total_size) == 0);
	kq_found_report_fini(&found);
	free(fdt);
	free(report);
	return found.freshness;
}

static void fdt_to_freshness(void)
{
	assert(freshness_of("console=x") == KQ_FRESH);
	assert(freshness_of("console=y") == KQ_STALE);
}

static void bare_to_unjudged(void)
{
	struct kq_report_header *report = kq_fixture_quiet();
	struct kq_found_report found = { 0 };

	assert(kq_found_report_parse(report, report->total_size, &found,
				     NULL) == 0);
	assert(found.freshness == KQ_UNJUDGED);
	kq_found_report_fini(&found);
	free(report);
}

/* Every byte flipped, every length: one sentence, never a report. */
static void refuse(const uint8_t *data, size_t size)
{
	struct kq_found_report found = { 0 };
	struct kq_message message = { "" };

	assert(kq_found_report_parse(data, size, &found, &message) < 0);
	assert(message.text[0] && !strchr(message.text, '\n'));
	assert(!found.report);
}

static void damaged_to_refused(void)
{
	struct kq_report_header *report = kq_fixture_crash();
	size_t total = report->total_size;
	uint8_t *data = (uint8_t *)report;

	for (size_t i = 0; i < total; i++) {
		uint8_t *tight = malloc(i ? i : 1);

		data[i] ^= 0x21;
		refuse(data, total);
		data[i] ^= 0x21;
		assert(tight);
		memcpy(tight, data, i);
		refuse(tight, i);
		free(tight);
	}
	free(report);
}

/* A damaged tree may still hold the report; it must only not crash. */
static void damaged_fdt_to_anything(void)
{
	struct kq_report_header *report = kq_fixture_quiet();
	size_t size;
	uint8_t *fdt = kq_fixture_fdt(report, "console=x", &size);

	for (size_t i = 0; i < size; i++) {
		struct kq_found_report found = { 0 };

		fdt[i] ^= 0x41;
		kq_found_report_parse(fdt, size, &found, NULL);
		kq_found_report_fini(&found);
		fdt[i] ^= 0x41;
		refuse(fdt, i);
	}
	free(fdt);
	free(report);
}

/* Runs the whole program on a file; returns the exit status. */
static int run_on(const void *data, size_t size, const char *option,
		  char **text)
{
	char path[] = "/tmp/kq-test-XXXXXX", verb[] = "report";
	char program[] = "quiescectl", word[32];
	char *argv[] = { program, verb, path, word, NULL };
	int fd = mkstemp(path), status;
	size_t length;
	FILE *out = open_memstream(text, &length);

	assert(fd >= 0 && out);
	assert(write(fd, data, size) == (ssize_t)size);
	close(fd);
	snprintf(word, sizeof(word), "%s", option);
	status = kq_ctl_main(4, argv, out);
	fclose(out);
	unlink(path);
	return status;
}

static void file_to_status(void)
{
	struct kq_report_header *report = kq_fixture_quiet();
	char *text = NULL;
	size_t size;
	void *fdt;

	assert(run_on(report, report->total_size, "--json", &text) ==
	       KQ_EXIT_OK);
	assert(strstr(text, "\"stale\": null"));
	free(text);
	fdt = kq_fixture_fdt(report, "console=y", &size);
	assert(run_on(fdt, size, "--verbose", &text) == KQ_EXIT_NO_REPORT);
	assert(strncmp(text, "STALE", 5) == 0);
	free(text);
	assert(run_on(fdt, size, "--offenders", &text) == KQ_EXIT_NO_REPORT);
	assert(strncmp(text, "STALE", 5) == 0 && strstr(text, "No offenders"));
	free(text);
	assert(run_on(report, report->total_size, "--offenders", &text) ==
	       KQ_EXIT_OK);
	free(text);
	assert(run_on(fdt, size / 2, "--json", &text) == KQ_EXIT_FAILURE);
	assert(!*text);
	free(text);
	assert(run_on(fdt, size, "--orderly", &text) == KQ_EXIT_FAILURE);
	assert(!*text);
	free(text);
	free(fdt);
	free(report);
}

static void empty_tree_to_no_report(void)
{
	struct kq_report_header *report = kq_fixture_quiet();
	char *text = NULL, *name;
	size_t size;
	char *fdt = kq_fixture_fdt(report, "console=x", &size);

	/* Property of another name: the report is not there. */
	name = memmem(fdt, size, KQ_REPORT_PROPERTY,
		      sizeof(KQ_REPORT_PROPERTY));
	assert(name);
	name[0] = 'x';
	assert(run_on(fdt, size, "--json", &text) == KQ_EXIT_NO_REPORT);
	assert(!*text);
	free(text);
	free(fdt);
	free(report);
}

/* Names come from the old kernel's memory: no escape reaches a terminal. */
static void hostile_name_to_question_marks(void)
{
	struct kq_report_header *report = kq_fixture_quiet();
	char *text = NULL;

	memcpy(kq_report_functions(report)[0].driver, "\033[2J\xff\n\"", 8);
	kq_report_seal(report);
	assert(run_on(report, report->total_size, "--verbose", &text) ==
	       KQ_EXIT_OK);
	assert(!strchr(text, '\033') && strstr(text, "?[2J??\""));
	free(text);
	assert(run_on(report, report->total_size, "--json", &text) ==
	       KQ_EXIT_OK);
	assert(strstr(text, "?[2J??\\\""));
	free(text);
	free(report);
}

int main(void)
{
	fixtures_to_text();
	fixture_to_json();
	strays_to_json();
	verdicts();
	windows_to_verdicts();
	policies_to_words();
	reports_to_offenders();
	fdt_to_freshness();
	bare_to_unjudged();
	damaged_to_refused();
	damaged_fdt_to_anything();
	file_to_status();
	empty_tree_to_no_report();
	hostile_name_to_question_marks();
	return 0;
}
