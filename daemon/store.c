// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "daemon/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/new-file.h"

#define SUFFIX	    ".report"
#define NUMBER_SIZE 8 /* digits */
#define MAX_NUMBER  99999999u
#define KEY_SIZE    (KQ_STORE_KEY - 1)
/* "NUMBER-KEY.report" */
#define NAME_SIZE (NUMBER_SIZE + 1 + KEY_SIZE + sizeof(SUFFIX) - 1)

/* More strangers than this are counted, not named. */
#define MAX_NAMED_FILES 20

/* How long another process may have the store open. */
#define LOCK_WAIT_US 2000000
#define LOCK_STEP_US 10000

void kq_store_key(const struct kq_report_header *report, char key[KQ_STORE_KEY])
{
	static const uint8_t none[sizeof(report->load_id)];
	const uint8_t *bytes = report->load_id;

	if (memcmp(bytes, none, sizeof(none)) == 0)
		bytes = report->sha256;
	for (size_t i = 0; i < sizeof(none); i++)
		snprintf(key + 2 * i, 3, "%02x", bytes[i]);
}

/* What a file's name says. */
struct name {
	uint32_t number;
	char key[KQ_STORE_KEY];
};

static bool parse_name(const char *text, struct name *ret)
{
	const char *key = text + NUMBER_SIZE + 1;

	if (strlen(text) != NAME_SIZE ||
	    strspn(text, "0123456789") != NUMBER_SIZE ||
	    text[NUMBER_SIZE] != '-' ||
	    strspn(key, "0123456789abcdef") != KEY_SIZE ||
	    strcmp(key + KEY_SIZE, SUFFIX) != 0)
		return false;
	ret->number = (uint32_t)strtoul(text, NULL, 10);
	memcpy(ret->key, key, KEY_SIZE);
	ret->key[KEY_SIZE] = '\0';
	return true;
}

/* A file that kq_new_file_create() made and that was never finished. */
static bool is_temporary(const char *text)
{
	char name[NAME_SIZE + 1];
	struct name parsed;

	snprintf(name, sizeof(name), "%.*s", (int)NAME_SIZE, text);
	return strlen(text) > NAME_SIZE && text[NAME_SIZE] == '.' &&
	       parse_name(name, &parsed);
}

/* Neither a device nor a pipe may keep us waiting, nor a link lead away. */
static int read_file(const char *path, void **ret, size_t *size,
		     uint64_t *time_s)
{
	const size_t most =
		kq_report_size(KQ_PLAN_MAX_FUNCTIONS + KQ_REPORT_MAX_UNLISTED,
			       KQ_PLAN_MAX_SMMUS);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t got = -1;
	void *data = NULL;
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0) {
		if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > most)
			errno = EMEDIUMTYPE;
		else if ((data = malloc((size_t)st.st_size + 1)))
			got = read(fd, data, (size_t)st.st_size);
	}
	if (fd >= 0)
		close(fd);
	if (got < 0) {
		free(data);
		return -1;
	}
	*ret = data;
	*size = (size_t)got;
	*time_s = st.st_mtime > 0 ? (uint64_t)st.st_mtime : 0;
	return 0;
}

/* Return: 0, or what is wrong with the file, in @message too. */
static int read_report(const char *path, struct kq_stored_report *report,
		       struct kq_message *message)
{
	char key[KQ_STORE_KEY];
	size_t size;
	void *data;
	int r;

	if (read_file(path, &data, &size, &report->time_s) < 0)
		return kq_fail(message, KQ_ERR_SYSTEM, "%s",
			       errno == EMEDIUMTYPE ? "not a report"
						    : strerror(errno));
	r = kq_found_report_parse(data, size, &report->found, message);
	free(data);
	if (r < 0)
		return r;
	report->found.freshness = KQ_UNJUDGED;
	kq_store_key(report->found.report, key);
	if (strcmp(key, report->key) == 0)
		return 0;
	kq_found_report_fini(&report->found);
	return kq_fail(message, KQ_ERR_VALUE,
		       "its name is that of another report");
}

static void skip(const struct kq_store *store, const char *name,
		 const char *why, struct kq_warnings *warnings)
{
	if (!warnings || warnings->count > MAX_NAMED_FILES)
		return;
	if (warnings->count == MAX_NAMED_FILES) {
		kq_warn(warnings, "%s: and further files skipped", store->dir);
		return;
	}
	kq_warn(warnings, "%s/%s: skipped: %s", store->dir, name, why);
}

/* Return: 0 or -KQ_ERR_NOMEM. */
static int add(struct kq_store *store, const char *file,
	       const struct name *name, struct kq_warnings *warnings)
{
	struct kq_stored_report report = { .number = name->number };
	struct kq_stored_report *all;
	struct kq_message message;

	memcpy(report.key, name->key, sizeof(report.key));
	if (asprintf(&report.path, "%s/%s", store->dir, file) < 0)
		return -KQ_ERR_NOMEM;
	if (read_report(report.path, &report, &message) < 0) {
		skip(store, file, message.text, warnings);
		free(report.path);
		return 0;
	}
	all = reallocarray(store->reports, store->count + 1, sizeof(*all));
	if (!all) {
		kq_found_report_fini(&report.found);
		free(report.path);
		return -KQ_ERR_NOMEM;
	}
	store->reports = all;
	all[store->count++] = report;
	return 0;
}

/* For scandir(): the order of names is that of numbers; the newest first. */
static int by_name_reversed(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*b)->d_name, (*a)->d_name);
}

static int take_entry(struct kq_store *store, const char *file,
		      struct kq_warnings *warnings)
{
	struct name name;

	if (*file == '.' || is_temporary(file))
		return 0;
	if (!parse_name(file, &name)) {
		skip(store, file, "not the name of a report", warnings);
		return 0;
	}
	if (name.number > store->last_number)
		store->last_number = name.number;
	/* What is beyond that goes with the next report. */
	if (store->count >= KQ_STORE_KEEP)
		return 0;
	return add(store, file, &name, warnings);
}

static void free_entries(struct dirent **entries, int count)
{
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
}

static int scan(struct kq_store *store, struct kq_warnings *warnings,
		struct kq_message *message)
{
	struct dirent **entries;
	int count = scandir(store->dir, &entries, NULL, by_name_reversed);
	int r = 0;

	if (count < 0 && errno == ENOENT)
		return 0;
	if (count < 0)
		return kq_fail(message, KQ_ERR_SYSTEM, "cannot read %s: %m%s",
			       store->dir,
			       errno == EACCES ? "; run as root" : "");
	for (int i = 0; i < count && r == 0; i++)
		r = take_entry(store, entries[i]->d_name, warnings);
	free_entries(entries, count);
	if (r < 0)
		return kq_fail(message, -r, "out of memory");
	return 0;
}

int kq_store_read(const char *dir, struct kq_store *ret,
		  struct kq_warnings *warnings, struct kq_message *message)
{
	int r;

	*ret = (struct kq_store){ .dir = strdup(dir), .fd = -1 };
	if (!ret->dir)
		return kq_fail(message, KQ_ERR_NOMEM, "out of memory");
	r = scan(ret, warnings, message);
	if (r < 0)
		kq_store_fini(ret);
	return r;
}

/* Makes the directory, and the one above if that is missing too. */
static int make_directory(const char *dir)
{
	char *copy;
	int r = mkdir(dir, 0755);

	if (r == 0 || errno != ENOENT)
		return r == 0 || errno == EEXIST ? 0 : -1;
	copy = strdup(dir);
	if (!copy)
		return -1;
	r = mkdir(dirname(copy), 0755) == 0 ? mkdir(dir, 0755) : -1;
	free(copy);
	return r;
}

/* Return: a locked descriptor of the directory, or -1; EWOULDBLOCK: busy. */
static int lock_directory(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	for (unsigned int us = 0; flock(fd, LOCK_EX | LOCK_NB) < 0;
	     us += LOCK_STEP_US) {
		if (errno != EWOULDBLOCK || us >= LOCK_WAIT_US) {
			int error = errno;

			close(fd);
			errno = error;
			return -1;
		}
		usleep(LOCK_STEP_US);
	}
	return fd;
}

int kq_store_open(const char *dir, struct kq_store *ret,
		  struct kq_warnings *warnings, struct kq_message *message)
{
	int fd, r;

	/* A store that can only be read can still tell what was seen. */
	if (make_directory(dir) < 0 && errno != EROFS)
		return kq_fail(message, KQ_ERR_SYSTEM, "cannot create %s: %m",
			       dir);
	fd = lock_directory(dir);
	if (fd < 0 && errno == EWOULDBLOCK)
		return kq_fail(message, KQ_ERR_TIMEOUT,
			       "%s is in use by another process", dir);
	if (fd < 0)
		return kq_fail(message, KQ_ERR_SYSTEM, "cannot open %s: %m",
			       dir);
	r = kq_store_read(dir, ret, warnings, message);
	if (r < 0)
		close(fd);
	else
		ret->fd = fd;
	return r;
}

/* Old reports, and what a writer that was killed has left behind. */
static void prune(struct kq_store *store)
{
	unsigned int kept = 0;
	struct dirent **entries;
	struct name name;
	int count = scandir(store->dir, &entries, NULL, by_name_reversed);

	if (count < 0)
		return;
	for (int i = 0; i < count; i++) {
		const char *file = entries[i]->d_name;

		if (is_temporary(file) ||
		    (parse_name(file, &name) && ++kept > KQ_STORE_KEEP))
			unlinkat(store->fd, file, 0);
	}
	free_entries(entries, count);
}

int kq_store_put(struct kq_store *store, const struct kq_report_header *report,
		 struct kq_message *message)
{
	char key[KQ_STORE_KEY];
	char *path;
	int r;

	if (store->last_number >= MAX_NUMBER)
		return kq_fail(
			message, KQ_ERR_NOSPACE,
			"the reports in %s are numbered up to %u: remove the last one",
			store->dir, store->last_number);
	kq_store_key(report, key);
	if (asprintf(&path, "%s/%08" PRIu32 "-%s" SUFFIX, store->dir,
		     store->last_number + 1, key) < 0)
		return kq_fail(message, KQ_ERR_NOMEM, "out of memory");
	r = kq_new_file_write(path, 0600, report, report->total_size, message);
	free(path);
	if (r < 0)
		return r;
	store->last_number++;
	prune(store);
	return 0;
}

bool kq_store_has(const struct kq_store *store,
		  const struct kq_report_header *report)
{
	for (size_t i = 0; i < store->count; i++)
		if (memcmp(store->reports[i].found.report->sha256,
			   report->sha256, sizeof(report->sha256)) == 0)
			return true;
	return false;
}

void kq_store_fini(struct kq_store *store)
{
	for (size_t i = 0; i < store->count; i++) {
		kq_found_report_fini(&store->reports[i].found);
		free(store->reports[i].path);
	}
	free(store->reports);
	if (store->dir && store->fd >= 0)
		close(store->fd);
	free(store->dir);
	*store = (struct kq_store){ .fd = -1 };
}
