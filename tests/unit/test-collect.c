// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reports that are kept and logged: what ends up in the directory and in the
 * journal, what happens to damaged files, and that nothing is taken twice.
 */
#undef NDEBUG
#include "config.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/collect.h"
#include "daemon/journal.h"
#include "lib/error.h"
#include "tests/unit/report-fixture.h"

static char top[] = "/tmp/kq-collect-XXXXXX";
static char dir[64]; /* of the store, two levels below nothing */
static char tree[64]; /* the device tree */

/* --- A journal of our own: the linker takes this one. ------------------- */

#define MAX_ENTRIES 64

static char *entries[MAX_ENTRIES]; /* "\nNAME=value\nNAME=value\n" */
static unsigned int entry_count;
static int journal_error;

int sd_journal_sendv(const struct iovec *iov, int n);

int sd_journal_sendv(const struct iovec *iov, int n)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert(out && entry_count < MAX_ENTRIES);
	fputc('\n', out);
	for (int i = 0; i < n; i++) {
		assert(memchr(iov[i].iov_base, '=', iov[i].iov_len));
		assert(!memchr(iov[i].iov_base, '\n', iov[i].iov_len));
		fwrite(iov[i].iov_base, 1, iov[i].iov_len, out);
		fputc('\n', out);
	}
	fclose(out);
	entries[entry_count++] = text;
	return journal_error;
}

static void clear_journal(void)
{
	while (entry_count)
		free(entries[--entry_count]);
	journal_error = 0;
}

/* The only entry of this id that has this field; NULL for no field. */
static const char *entry_of(const char *id, const char *field)
{
	const char *found = NULL;
	char line[256];

	for (unsigned int i = 0; i < entry_count; i++) {
		snprintf(line, sizeof(line), "\nMESSAGE_ID=%s\n", id);
		if (!strstr(entries[i], line))
			continue;
		snprintf(line, sizeof(line), "\n%s\n", field ? field : "");
		if (field && !strstr(entries[i], line))
			continue;
		assert(!found);
		found = entries[i];
	}
	if (!found)
		fprintf(stderr, "no entry %s %s\n", id, field ? field : "");
	assert(found);
	return found;
}

static void expect_field(const char *entry, const char *field)
{
	char line[512];

	snprintf(line, sizeof(line), "\n%s\n", field);
	if (strstr(entry, line))
		return;
	fprintf(stderr, "%s is missing in:%s", field, entry);
	abort();
}

/* --- The directory ------------------------------------------------------ */

static void write_file(const char *path, const void *data, size_t size)
{
	FILE *file = fopen(path, "w");

	assert(file);
	assert(fwrite(data, 1, size, file) == size);
	assert(fclose(file) == 0);
}

/* A device tree that carries @report, which is freed. */
static void boot_with(struct kq_report_header *report, const char *bootargs)
{
	size_t size;
	void *fdt = kq_fixture_fdt(report, bootargs, &size);

	write_file(tree, fdt, size);
	free(fdt);
	free(report);
}

static struct kq_report_header *loaded_as(uint8_t id)
{
	struct kq_report_header *report = kq_fixture_quiet();

	memset(report->load_id, id, sizeof(report->load_id));
	kq_report_seal(report);
	return report;
}

static void empty_store(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s/state %s", top, tree);
	assert(system(command) == 0);
}

static unsigned int count_files(void)
{
	DIR *stream = opendir(dir);
	unsigned int count = 0;

	assert(stream);
	for (struct dirent *e; (e = readdir(stream));)
		count += e->d_name[0] != '.';
	closedir(stream);
	return count;
}

static enum kq_collected collect_expecting(int wanted)
{
	struct kq_warnings warnings = { 0 };
	struct kq_message message = { "" };
	enum kq_collected collected;
	int r = kq_collect_at_start(tree, dir, &collected, &warnings, &message);

	if (r != wanted)
		fprintf(stderr, "%d: %s\n", r, message.text);
	assert(r == wanted);
	assert(r == 0 || message.text[0]);
	assert(warnings.count == 0);
	return collected;
}

static struct kq_store read_store(size_t wanted_warnings)
{
	struct kq_warnings warnings = { 0 };
	struct kq_message message;
	struct kq_store store;

	assert(kq_store_read(dir, &store, &warnings, &message) == 0);
	if (warnings.count != wanted_warnings)
		for (size_t i = 0; i < warnings.count; i++)
			fprintf(stderr, "%s\n", warnings.text[i]);
	assert(warnings.count == wanted_warnings);
	kq_warnings_fini(&warnings);
	return store;
}

/* --- Cases -------------------------------------------------------------- */

static void missing_to_empty(void)
{
	struct kq_store store = read_store(0);

	assert(store.count == 0);
	kq_store_fini(&store);
	assert(collect_expecting(-KQ_ERR_SYSTEM) == KQ_COLLECT_NONE);
	assert(entry_count == 0);
}

static void report_to_kept(void)
{
	struct kq_report_header *report = kq_fixture_quiet();
	struct kq_store store;
	struct stat st;

	boot_with(kq_fixture_quiet(), "console=x");
	assert(collect_expecting(0) == KQ_COLLECT_NEW);
	assert(entry_count == 1);
	expect_field(entries[0], "MESSAGE_ID=" KQ_MESSAGE_REPORT);
	expect_field(entries[0], "PRIORITY=5");
	expect_field(entries[0], "QUIESCE_STALE=0");
	store = read_store(0);
	assert(store.count == 1 && store.reports[0].number == 1);
	assert(strcmp(store.reports[0].key,
		      "101112131415161718191a1b1c1d1e1f") == 0);
	assert(strstr(store.reports[0].path,
		      "/reports/00000001-101112131415161718191a1b1c1d1e1f."
		      "report"));
	assert(memcmp(store.reports[0].found.report->load_id, report->load_id,
		      16) == 0);
	/* The file is the report and nothing else, and root's alone. */
	assert(stat(store.reports[0].path, &st) == 0);
	assert((uint64_t)st.st_size == report->total_size);
	assert((st.st_mode & 0777) == 0600);
	assert(store.reports[0].time_s == (uint64_t)st.st_mtime);
	kq_store_fini(&store);
	free(report);
	clear_journal();
}

static void again_to_seen(void)
{
	assert(collect_expecting(0) == KQ_COLLECT_SEEN);
	assert(entry_count == 0 && count_files() == 1);
	/* Carried along into a later boot: still the same report. */
	boot_with(kq_fixture_quiet(), "console=y");
	assert(collect_expecting(0) == KQ_COLLECT_SEEN);
	assert(entry_count == 0 && count_files() == 1);
	empty_store();
}

static void stale_to_kept_and_marked(void)
{
	boot_with(kq_fixture_quiet(), "console=y");
	assert(collect_expecting(0) == KQ_COLLECT_NEW);
	expect_field(entries[0], "QUIESCE_STALE=1");
	assert(strstr(entries[0], "(of an earlier boot than this)\n"));
	clear_journal();
	empty_store();
}

/* A signed image is loaded anew at every boot, with the same load id. */
static void second_crash_of_an_image_to_kept(void)
{
	struct kq_report_header *report = kq_fixture_quiet();

	boot_with(kq_fixture_quiet(), "console=x");
	assert(collect_expecting(0) == KQ_COLLECT_NEW);
	report->total_us++;
	boot_with(report, "console=x");
	assert(collect_expecting(0) == KQ_COLLECT_NEW);
	assert(collect_expecting(0) == KQ_COLLECT_SEEN);
	assert(count_files() == 2);
	clear_journal();
	empty_store();
}

/* Two refused plans, both without a load id, are two reports. */
static void refused_to_own_keys(void)
{
	struct kq_report_header *report = kq_fixture_refused();

	boot_with(kq_fixture_refused(), "console=x");
	assert(collect_expecting(0) == KQ_COLLECT_NEW);
	assert(collect_expecting(0) == KQ_COLLECT_SEEN);
	expect_field(entries[0], "PRIORITY=4");
	expect_field(entries[0], "QUIESCE_FLAGS=plan-invalid");
	report->total_us = 413;
	boot_with(report, "console=x");
	assert(collect_expecting(0) == KQ_COLLECT_NEW);
	assert(count_files() == 2);
	clear_journal();
	empty_store();
}

static void no_report_to_nothing(void)
{
	struct kq_report_header *report = kq_fixture_quiet();
	size_t size;
	char *fdt = kq_fixture_fdt(report, "console=x", &size), *name;

	name = memmem(fdt, size, KQ_REPORT_PROPERTY,
		      sizeof(KQ_REPORT_PROPERTY));
	assert(name);
	name[0] = 'x';
	write_file(tree, fdt, size);
	assert(collect_expecting(0) == KQ_COLLECT_NONE);
	assert(entry_count == 0 && access(dir, F_OK) < 0);
	free(fdt);
	free(report);
}

static void many_to_newest_20(void)
{
	struct kq_store store;

	for (uint8_t i = 1; i <= 25; i++) {
		boot_with(loaded_as(i), "console=x");
		assert(collect_expecting(0) == KQ_COLLECT_NEW);
		clear_journal();
	}
	assert(count_files() == KQ_STORE_KEEP);
	store = read_store(0);
	assert(store.count == KQ_STORE_KEEP);
	for (uint32_t i = 0; i < KQ_STORE_KEEP; i++) {
		assert(store.reports[i].number == 25 - i);
		assert(store.reports[i].found.report->load_id[0] == 25 - i);
	}
	kq_store_fini(&store);
	empty_store();
}

/* A name below the store's directory. */
static const char *in_store(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

#define KEY_QUIET "101112131415161718191a1b1c1d1e1f"
#define KEY_0	  "00000000000000000000000000000000"

static void add_strange_files(void)
{
	struct kq_report_header *report = kq_fixture_quiet();
	char outside[64];

	write_file(in_store("00000002-" KEY_0 ".report"), report,
		   report->total_size / 2);
	write_file(in_store("00000003-" KEY_0 ".report"), report,
		   report->total_size);
	write_file(in_store("00000004-" KEY_0 ".report"), "", 0);
	write_file(in_store("notes.txt"), "x", 1);
	write_file(in_store("0000005-" KEY_0 ".report"), "x", 1);
	write_file(in_store("\033[2J"), "x", 1);
	assert(mkfifo(in_store("00000006-" KEY_0 ".report"), 0600) == 0);
	assert(mkdir(in_store("00000007-" KEY_0 ".report"), 0700) == 0);
	snprintf(outside, sizeof(outside), "%s/state/outside", top);
	write_file(outside, report, report->total_size);
	assert(symlink(outside, in_store("00000008-" KEY_QUIET ".report")) ==
	       0);
	/* Of a writer that was killed: no news, and removed by the next one. */
	write_file(in_store("00000009-" KEY_0 ".report.Ab12Cd"), report, 100);
	free(report);
}

static void strange_files_to_warnings(void)
{
	struct kq_report_header *next = loaded_as(9);
	struct kq_warnings warnings = { 0 };
	struct kq_store store;

	boot_with(kq_fixture_quiet(), "console=x");
	assert(collect_expecting(0) == KQ_COLLECT_NEW);
	clear_journal();
	add_strange_files();
	assert(kq_store_read(dir, &store, &warnings, NULL) == 0);
	assert(store.count == 1 && store.last_number == 8);
	assert(warnings.count == 9);
	for (size_t i = 0; i < warnings.count; i++)
		assert(strstr(warnings.text[i], ": skipped: ") &&
		       !strchr(warnings.text[i], '\033'));
	kq_warnings_fini(&warnings);
	kq_store_fini(&store);
	/* They neither stop a new report nor make it number 2. */
	assert(kq_store_open(dir, &store, NULL, NULL) == 0);
	assert(kq_store_put(&store, next, NULL) == 0);
	kq_store_fini(&store);
	free(next);
	assert(access(in_store("00000009-" KEY_0 ".report.Ab12Cd"), F_OK) < 0);
	assert(access(in_store("00000009-09090909090909090909090909090909"
			       ".report"),
		      F_OK) == 0);
	empty_store();
}

static void many_strangers_to_a_few_lines(void)
{
	struct kq_warnings warnings = { 0 };
	struct kq_store store;
	char name[32];

	boot_with(kq_fixture_quiet(), "console=x");
	assert(collect_expecting(0) == KQ_COLLECT_NEW);
	clear_journal();
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "stranger-%d", i);
		write_file(in_store(name), "", 0);
	}
	assert(kq_store_read(dir, &store, &warnings, NULL) == 0);
	assert(store.count == 1 && warnings.count == 21);
	assert(strstr(warnings.text[20], ": and further files skipped"));
	kq_warnings_fini(&warnings);
	kq_store_fini(&store);
	empty_store();
}

/* A damaged file of the same report does not count as having seen it. */
static void damaged_to_kept_again(void)
{
	struct kq_warnings warnings = { 0 };
	enum kq_collected collected;
	struct kq_store store;

	boot_with(kq_fixture_quiet(), "console=x");
	assert(collect_expecting(0) == KQ_COLLECT_NEW);
	store = read_store(0);
	assert(truncate(store.reports[0].path, 400) == 0);
	kq_store_fini(&store);
	clear_journal();
	assert(kq_collect_at_start(tree, dir, &collected, &warnings, NULL) ==
	       0);
	assert(collected == KQ_COLLECT_NEW && warnings.count == 1);
	kq_warnings_fini(&warnings);
	assert(count_files() == 2);
	clear_journal();
	empty_store();
}

/* Nowhere to keep it: an error, and the journal has it nevertheless. */
static void no_store_to_journal(void)
{
	char path[64];

	boot_with(kq_fixture_quiet(), "console=x");
	snprintf(path, sizeof(path), "%s/state", top);
	write_file(path, "", 0); /* a file where a directory should be */
	assert(collect_expecting(-KQ_ERR_SYSTEM) == KQ_COLLECT_NEW);
	assert(entry_count == 1);
	clear_journal();
	empty_store();
}

static void no_journal_to_kept(void)
{
	boot_with(kq_fixture_quiet(), "console=x");
	journal_error = -ENOBUFS;
	assert(collect_expecting(-KQ_ERR_SYSTEM) == KQ_COLLECT_NEW);
	clear_journal();
	assert(count_files() == 1);
	assert(collect_expecting(0) == KQ_COLLECT_SEEN);
	empty_store();
}

static void busy_to_timeout(void)
{
	int fd;

	boot_with(kq_fixture_quiet(), "console=x");
	assert(collect_expecting(0) == KQ_COLLECT_NEW);
	clear_journal();
	fd = open(dir, O_RDONLY | O_DIRECTORY);
	assert(fd >= 0 && flock(fd, LOCK_EX) == 0);
	assert(collect_expecting(-KQ_ERR_TIMEOUT) == KQ_COLLECT_NEW);
	assert(entry_count == 1);
	close(fd);
	clear_journal();
	assert(collect_expecting(0) == KQ_COLLECT_SEEN);
	empty_store();
}

static void last_number_to_refused(void)
{
	struct kq_report_header *report = kq_fixture_quiet();

	boot_with(loaded_as(1), "console=x");
	assert(collect_expecting(0) == KQ_COLLECT_NEW);
	clear_journal();
	write_file(in_store("99999999-101112131415161718191a1b1c1d1e1f.report"),
		   report, report->total_size);
	boot_with(loaded_as(2), "console=x");
	assert(collect_expecting(-KQ_ERR_NOSPACE) == KQ_COLLECT_NEW);
	clear_journal();
	free(report);
	empty_store();
}

/* Killed at any moment: whole files only, and the next one goes on. */
static void killed_to_whole_files(void)
{
	struct kq_store store;

	for (unsigned int i = 0; i < 60; i++) {
		pid_t child;

		boot_with(loaded_as((uint8_t)(i + 1)), "console=x");
		child = fork();
		assert(child >= 0);
		if (child == 0) {
			collect_expecting(0);
			_exit(0);
		}
		usleep(i * 100);
		kill(child, SIGKILL);
		assert(waitpid(child, NULL, 0) == child);
		store = read_store(0);
		kq_store_fini(&store);
	}
	/* The next one cleans up behind them. */
	boot_with(loaded_as(0xff), "console=x");
	assert(collect_expecting(0) == KQ_COLLECT_NEW);
	clear_journal();
	store = read_store(0);
	assert(store.count <= KQ_STORE_KEEP && count_files() == store.count);
	kq_store_fini(&store);
	empty_store();
}

static void crash_to_entries(void)
{
	const char *entry;

	boot_with(kq_fixture_crash(), "console=x");
	assert(collect_expecting(0) == KQ_COLLECT_NEW);
	assert(entry_count == 4);
	entry = entry_of(KQ_MESSAGE_REPORT, NULL);
	expect_field(entry, "PRIORITY=4");
	expect_field(entry, "QUIESCE_QUIET=0");
	expect_field(entry, "QUIESCE_KIND=crash");
	expect_field(entry, "QUIESCE_LEVEL=flr");
	expect_field(entry, "QUIESCE_FUNCTIONS=9");
	expect_field(entry, "QUIESCE_FLAGS=vhe");
	expect_field(entry, "QUIESCE_LOAD_TIME=1795172645");
	expect_field(entry, "QUIESCE_BOOT_ID=a0a1a2a3a4a5a6a7a8a9aaabacadaeaf");
	entry = entry_of(KQ_MESSAGE_FUNCTION, "QUIESCE_BDF=0000:04:00.0");
	expect_field(
		entry,
		"MESSAGE=0000:04:00.0 (xhci_hcd): not quieted: still-mastering");
	expect_field(entry, "QUIESCE_DRIVER=xhci_hcd");
	expect_field(entry, "QUIESCE_RESULT=still-mastering");
	expect_field(entry, "QUIESCE_PCI_ID=1b36:000d");
	expect_field(entry, "QUIESCE_STREAM_ID=0x400");
	expect_field(entry, "QUIESCE_SMMU=0x9050000");
	expect_field(entry, "QUIESCE_LOAD_ID=101112131415161718191a1b1c1d1e1f");
	expect_field(entry, "PRIORITY=4");
	entry_of(KQ_MESSAGE_FUNCTION, "QUIESCE_BDF=0001:01:00.0");
	entry = entry_of(KQ_MESSAGE_SMMU, "QUIESCE_SMMU=0xa050000");
	expect_field(entry, "MESSAGE=SMMU 0xa050000: stuck, abort was asked");
	expect_field(entry, "QUIESCE_RESULT=stuck");
	clear_journal();
	empty_store();
}

static void strays_to_entries(void)
{
	const char *entry;

	boot_with(kq_fixture_strays(), "console=x");
	assert(collect_expecting(0) == KQ_COLLECT_NEW);
	assert(entry_count == 5);
	entry = entry_of(KQ_MESSAGE_REPORT, NULL);
	expect_field(entry, "QUIESCE_STREAMS=3");
	expect_field(entry, "QUIESCE_OFFENDERS=1");
	expect_field(entry, "QUIESCE_TRANSACTIONS=43");
	expect_field(entry, "QUIESCE_VERIFY=bad");
	assert(strstr(entry, "; damaged in memory: kernel, initrd\n"));
	entry = entry_of(KQ_MESSAGE_OFFENDER, "QUIESCE_BDF=0000:01:00.0");
	expect_field(entry, "QUIESCE_DRIVER=mlx5_core");
	expect_field(entry, "QUIESCE_TRANSACTIONS=37");
	expect_field(entry, "QUIESCE_STREAM_ID=0x100");
	entry = entry_of(KQ_MESSAGE_OFFENDER,
			 "QUIESCE_NAME=/soc/ethernet@1000");
	expect_field(entry, "QUIESCE_STREAM_ID=0x123");
	entry = entry_of(KQ_MESSAGE_OFFENDER, "QUIESCE_STREAM_ID=0x77");
	assert(!strstr(entry, "\nQUIESCE_NAME="));
	entry = entry_of(KQ_MESSAGE_SMMU, NULL);
	expect_field(
		entry,
		"MESSAGE=SMMU 0x9050000: fell back to abort, sink was asked");
	expect_field(entry, "QUIESCE_APPLIED=abort");
	clear_journal();
	empty_store();
}

/* All is quiet, but nobody knows whether what was loaded is whole. */
static void unverified_to_warning(void)
{
	const char *entry;

	boot_with(kq_fixture_orderly(), "console=x");
	assert(collect_expecting(0) == KQ_COLLECT_NEW);
	entry = entry_of(KQ_MESSAGE_REPORT, NULL);
	expect_field(entry, "QUIESCE_QUIET=1");
	expect_field(entry, "QUIESCE_VERIFY=too-slow");
	expect_field(entry, "PRIORITY=4");
	clear_journal();
	empty_store();
}

/* An offender that resisted, too, gets one warning, not two. */
static void both_to_one_entry(void)
{
	struct kq_report_header *report = kq_fixture_orderly();

	kq_report_functions(report)[2].result = KQ_FN_STILL_MASTERING;
	memcpy(kq_report_functions(report)[2].driver, "a\nB=\033\"", 7);
	kq_report_seal(report);
	boot_with(report, "console=x");
	assert(collect_expecting(0) == KQ_COLLECT_NEW);
	assert(entry_count == 2);
	expect_field(
		entry_of(KQ_MESSAGE_OFFENDER, "QUIESCE_RESULT=still-mastering"),
		"QUIESCE_DRIVER=a?B=?\"");
	clear_journal();
	empty_store();
}

int main(void)
{
	assert(mkdtemp(top));
	snprintf(dir, sizeof(dir), "%s/state/reports", top);
	snprintf(tree, sizeof(tree), "%s/fdt", top);
	missing_to_empty();
	report_to_kept();
	again_to_seen();
	stale_to_kept_and_marked();
	second_crash_of_an_image_to_kept();
	refused_to_own_keys();
	no_report_to_nothing();
	many_to_newest_20();
	strange_files_to_warnings();
	many_strangers_to_a_few_lines();
	damaged_to_kept_again();
	no_store_to_journal();
	no_journal_to_kept();
	busy_to_timeout();
	last_number_to_refused();
	killed_to_whole_files();
	crash_to_entries();
	strays_to_entries();
	unverified_to_warning();
	both_to_one_entry();
	assert(rmdir(top) == 0);
	return 0;
}
