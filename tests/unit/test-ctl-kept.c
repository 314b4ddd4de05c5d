// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * quiescectl report with the reports that were kept: --collect, --list, a
 * number or an id instead of a file, and metrics.
 */
#undef NDEBUG
#include "config.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/ctl-report.h"
#include "daemon/ctl.h"
#include "daemon/store.h"
#include "tests/unit/golden.h"
#include "tests/unit/report-fixture.h"

static char top[] = "/tmp/kq-kept-XXXXXX";
static char dir[64]; /* of the store */
static char file[64]; /* a report or a device tree */

/* The journal of this test: nothing of it shall reach the machine's. */
struct iovec;
int sd_journal_sendv(const struct iovec *iov, int n);

int sd_journal_sendv(const struct iovec *iov, int n)
{
	(void)iov;
	(void)n;
	return 0;
}

/* quiescectl report WORDS --store=DIR; *@ret_text to be freed. */
static int run(const char *words, char **ret_text)
{
	char line[256], store[80], program[] = "quiescectl", verb[] = "report";
	char *argv[16] = { program, verb, store };
	int argc = 3, status;
	size_t size;
	FILE *out = open_memstream(ret_text, &size);

	assert(out);
	snprintf(store, sizeof(store), "--store=%s", dir);
	snprintf(line, sizeof(line), "%s", words);
	for (char *word = strtok(line, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	status = kq_ctl_main(argc, argv, out);
	fclose(out);
	return status;
}

static void expect(const char *words, int status, const char *text)
{
	char *got;

	assert(run(words, &got) == status);
	if (!strstr(got, text) || (!*text && *got)) {
		fprintf(stderr, "%s:\n%s", words, got);
		abort();
	}
	free(got);
}

static void write_report(struct kq_report_header *report)
{
	FILE *out = fopen(file, "w");

	assert(out);
	assert(fwrite(report, 1, report->total_size, out) ==
	       report->total_size);
	assert(fclose(out) == 0);
	free(report);
}

static struct kq_report_header *with_id(struct kq_report_header *report,
					const char *id)
{
	memcpy(report->load_id, id, 16);
	kq_report_seal(report);
	return report;
}

static void collect(struct kq_report_header *report)
{
	char words[128];

	write_report(report);
	snprintf(words, sizeof(words), "--collect %s", file);
	expect(words, KQ_EXIT_OK, ": kept and logged\n");
	expect(words, KQ_EXIT_OK, ": kept and logged before\n");
}

static void collect_some(void)
{
	expect("--list", KQ_EXIT_OK, "No reports are kept in /tmp/kq-kept-");
	expect("--list --json", KQ_EXIT_OK, "\"reports\": []");
	collect(kq_fixture_crash()); /* 10111213... */
	collect(with_id(kq_fixture_strays(), "\xab\xcd\x01zzzzzzzzzzzzz"));
	collect(with_id(kq_fixture_verified(), "\xab\xcd\x02zzzzzzzzzzzzz"));
	collect(with_id(kq_fixture_quiet(), "\x12\x34\x56zzzzzzzzzzzzz"));
	collect(kq_fixture_refused());
}

/* The newest first; the time in the middle is that of this test. */
static void list_to_table(void)
{
	static const struct {
		const char *start;
		const char *end;
	} want[] = {
		{ "NUMBER  KEPT (UTC)  ",
		  "  LOAD ID   KIND     OFFENDERS  VERDICT" },
		{ "5       20", "  unknown  0          plan refused" },
		{ "4       20", "  1234567a  crash    0          quiet" },
		{ "3       20",
		  "  abcd027a  crash    0          verified quiet" },
		{ "2       20", "  abcd017a  orderly  3          not quiet" },
		{ "1       20", "  10111213  crash    0          not quiet" },
	};
	char *text, *line, *save = NULL;

	assert(run("--list", &text) == KQ_EXIT_OK);
	line = strtok_r(text, "\n", &save);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		size_t end = strlen(want[i].end);

		assert(line && strlen(line) > end);
		assert(strncmp(line, want[i].start, strlen(want[i].start)) ==
		       0);
		assert(strcmp(line + strlen(line) - end, want[i].end) == 0);
		line = strtok_r(NULL, "\n", &save);
	}
	assert(!line);
	free(text);
}

static void words_to_reports(void)
{
	char bare[128];

	expect("1", KQ_EXIT_OK, "Crash kexec, loaded 2026-11-20 11:04:05");
	expect("2 --offenders", KQ_EXIT_OK, "0000:01:00.0 (mlx5_core)");
	expect("3 --json", KQ_EXIT_OK, "\"verified_quiet\": true");
	expect("3 --format=json", KQ_EXIT_OK, "\"verified_quiet\": true");
	expect("3 --json", KQ_EXIT_OK, "\"stale\": null");
	expect("3 --verbose", KQ_EXIT_OK, "Load id abcd027a");
	expect("abcd02", KQ_EXIT_OK, "verified quiet");
	expect("abcd01 --format=text", KQ_EXIT_OK, "NOT QUIET");
	/* All digits, but no report has that number: an id. */
	expect("1234", KQ_EXIT_OK, "SMMU 0x9050000: abort");
	expect("abcd", KQ_EXIT_FAILURE, ""); /* two of them */
	expect("101", KQ_EXIT_FAILURE, ""); /* too short */
	expect("6", KQ_EXIT_FAILURE, "");
	expect("4294967297", KQ_EXIT_FAILURE, ""); /* 2^32 + 1 */
	expect("ffff", KQ_EXIT_FAILURE, "");
	snprintf(bare, sizeof(bare), "%s --json", file);
	expect(bare, KQ_EXIT_OK, "\"plan-invalid\"");
}

static void list_to_json(void)
{
	char *text;
	json_t *json, *reports, *second;

	assert(run("--list --json", &text) == KQ_EXIT_OK);
	json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	reports = json_object_get(json, "reports");
	assert(json_array_size(reports) == 5);
	second = json_array_get(reports, 3);
	assert(json_integer_value(json_object_get(second, "number")) == 2);
	assert(json_integer_value(json_object_get(second, "offenders")) == 3);
	assert(json_is_false(
		json_object_get(json_object_get(second, "verdict"), "quiet")));
	assert(strcmp(json_string_value(json_object_get(second, "id")),
		      "abcd017a7a7a7a7a7a7a7a7a7a7a7a7a") == 0);
	assert(strcmp(json_string_value(json_object_get(second, "load_time")),
		      "2026-11-20T11:04:05Z") == 0);
	assert(strlen(json_string_value(json_object_get(second, "kept"))) ==
	       20);
	assert(access(json_string_value(json_object_get(second, "path")),
		      R_OK) == 0);
	json_decref(json);
	free(text);
}

static void options_to_usage_errors(void)
{
	static const char *const wrong[] = {
		"--format=xml",
		"--json --format=text",
		"--list 1",
		"--list --offenders",
		"--list --verbose",
		"--list --format=prometheus",
		"--list --collect",
		"--collect --json",
		"--collect --verbose",
		"--collect --output=/dev/null",
		"--format=prometheus -v",
		"--format=prometheus --offenders",
		"1 --output=/dev/null",
		"1 --output=/nonexistent/x",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		expect(wrong[i], KQ_EXIT_FAILURE, "");
}

/* --- Metrics ------------------------------------------------------------ */

/* What a line of the text format may be; a name that HELP and TYPE had. */
static const char *parse_name(const char *p, const char *name)
{
	size_t length = strlen(name);

	assert(strncmp(p, name, length) == 0);
	return p + length;
}

static const char *parse_labels(const char *p)
{
	assert(*p++ == '{');
	do {
		size_t length = strspn(p, "abcdefghijklmnopqrstuvwxyz_");

		assert(length > 0 && p[length] == '=' && p[length + 1] == '"');
		for (p += length + 2; *p != '"'; p++) {
			assert(*p >= ' ' && *p < 0x7f);
			if (*p == '\\')
				p++;
			assert(*p);
		}
	} while (*++p == ',' && p++);
	assert(*p == '}');
	return p + 1;
}

static void parse_value(const char *p)
{
	char *end;

	assert(*p == ' ' && isdigit((unsigned char)p[1]));
	strtod(p + 1, &end);
	assert(!*end);
}

/* One metric after the other: HELP, TYPE, values without duplicates. */
static void check_exposition(const char *text)
{
	char *copy = strdup(text), *save = NULL, name[80] = "";
	const char *seen[512];
	size_t count = 0;

	assert(copy && *text && text[strlen(text) - 1] == '\n');
	for (char *line = strtok_r(copy, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		const char *p = line;
		char type[160];

		if (sscanf(line, "# HELP %79s", name) == 1) {
			snprintf(type, sizeof(type), "# TYPE %s gauge", name);
			line = strtok_r(NULL, "\n", &save);
			assert(line && strcmp(line, type) == 0);
			for (size_t i = 0; i < count; i++)
				assert(strcmp(seen[i], name) != 0);
			continue;
		}
		p = parse_name(p, name);
		if (*p == '{')
			p = parse_labels(p);
		parse_value(p);
		line[p - line] = '\0'; /* the series, from here on */
		for (size_t i = 0; i < count; i++)
			assert(strcmp(seen[i], line) != 0);
		assert(count < sizeof(seen) / sizeof(seen[0]));
		seen[count++] = line;
	}
	free(copy);
}

static void metrics_to_golden(void)
{
	char *text;

	assert(run("2 --format=prometheus", &text) == KQ_EXIT_OK);
	check_exposition(text);
	golden_compare("report-strays.prom", text, strlen(text));
	free(text);
	assert(run("1 --format=prometheus", &text) == KQ_EXIT_OK);
	check_exposition(text);
	golden_compare("report-crash.prom", text, strlen(text));
	free(text);
}

/* Drivers that look alike once they are safe to print are one series. */
static void hostile_names_to_one_series(void)
{
	struct kq_report_header *report = kq_fixture_strays();
	struct kq_report_function *fns = kq_report_functions(report);
	char *text, words[128];

	fns[0].flags |= KQ_FN_OFFENDER;
	fns[3].flags |= KQ_FN_OFFENDER;
	memcpy(fns[0].driver, "\x01\"\\n}", 6);
	memcpy(fns[3].driver, "\x02\"\\n}", 6);
	kq_report_seal(report);
	write_report(report);
	snprintf(words, sizeof(words), "%s --format=prometheus", file);
	assert(run(words, &text) == KQ_EXIT_OK);
	check_exposition(text);
	assert(strstr(text, "\nkexec_quiesce_offenders{driver=\"?\\\"\\\\n}\","
			    "name=\"\"} 2\n"));
	free(text);
}

static void fresh_and_stale_to_this_boot(void)
{
	struct kq_report_header *report = kq_fixture_quiet();
	char words[128];
	size_t size;

	for (int fresh = 0; fresh < 2; fresh++) {
		void *fdt = kq_fixture_fdt(
			report, fresh ? "console=x" : "console=y", &size);
		FILE *out = fopen(file, "w");

		assert(out && fwrite(fdt, 1, size, out) == size);
		fclose(out);
		free(fdt);
		snprintf(words, sizeof(words), "%s --format=prometheus", file);
		expect(words, KQ_EXIT_OK,
		       fresh ? "\nkexec_quiesce_report_this_boot 1\n"
			     : "\nkexec_quiesce_report_this_boot 0\n");
	}
	free(report);
}

/* This machine has no report, or one that is not of this test. */
static void nothing_to_newest(void)
{
	char *text;

	if (access(KQ_CTL_FDT, F_OK) == 0)
		return;
	assert(run("--format=prometheus", &text) == KQ_EXIT_OK);
	check_exposition(text);
	assert(strstr(text, "\nkexec_quiesce_reports_kept 5\n"));
	assert(strstr(text, "\nkexec_quiesce_report_flag{flag=\"plan-invalid\"}"
			    " 1\n"));
	free(text);
	expect("", KQ_EXIT_NO_REPORT, "");
	expect("--collect", KQ_EXIT_NO_REPORT, "nothing to keep");
	dir[strlen(dir) - 1] ^= 1; /* another one, which is not there */
	assert(run("--format=prometheus", &text) == KQ_EXIT_OK);
	check_exposition(text);
	assert(strstr(text, "\nkexec_quiesce_reports_kept 0\n"));
	assert(!strstr(text, "report_info"));
	free(text);
	dir[strlen(dir) - 1] ^= 1;
}

static void output_to_whole_file(void)
{
	char path[80], words[160];
	struct stat st;
	FILE *out;

	snprintf(path, sizeof(path), "%s/x.prom", top);
	out = fopen(path, "w");
	assert(out && fputs("old\n", out) >= 0 && fclose(out) == 0);
	/* What fails leaves the old file. */
	snprintf(words, sizeof(words), "77 --format=prometheus --output=%s",
		 path);
	expect(words, KQ_EXIT_FAILURE, "");
	assert(stat(path, &st) == 0 && st.st_size == 4);
	umask(0022);
	snprintf(words, sizeof(words), "1 --format=prometheus --output=%s",
		 path);
	expect(words, KQ_EXIT_OK, "");
	assert(stat(path, &st) == 0 && st.st_size > 1000);
	assert((st.st_mode & 0777) == 0644);
	assert(umask(0022) == 0022);
	unlink(path);
}

int main(void)
{
	char command[80];

	assert(mkdtemp(top));
	snprintf(dir, sizeof(dir), "%s/state/reports", top);
	snprintf(file, sizeof(file), "%s/file", top);
	collect_some();
	list_to_table();
	words_to_reports();
	list_to_json();
	options_to_usage_errors();
	metrics_to_golden();
	hostile_names_to_one_series();
	fresh_and_stale_to_this_boot();
	nothing_to_newest();
	output_to_whole_file();
	snprintf(command, sizeof(command), "rm -r %s", top);
	assert(system(command) == 0);
	return 0;
}
