// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Input: the name of a file in the directory of kept reports, a NUL, and its
 * content. Whatever lies there, the directory can be read, a new report can be
 * added, and what is shown can be found by its key.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/store.h"
#include "lib/error.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/report-fixture.h"

static char dir[64];

static void remove_directory(void)
{
	rmdir(dir);
}

static int open_directory(void)
{
	if (!*dir) {
		snprintf(dir, sizeof(dir), "%s/kq-fuzz-store-XXXXXX",
			 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
		if (!mkdtemp(dir))
			abort();
		atexit(remove_directory);
	}
	return open(dir, O_RDONLY | O_DIRECTORY);
}

static void check(const struct kq_store *store)
{
	char key[KQ_STORE_KEY];

	for (size_t i = 0; i < store->count; i++) {
		const struct kq_stored_report *kept = &store->reports[i];

		kq_store_key(kept->found.report, key);
		if (strcmp(key, kept->key) != 0 ||
		    !kq_store_has(store, kept->found.report) ||
		    kept->number > store->last_number)
			abort();
	}
}

/* The next report gets in, under the next number, unless there is none. */
static void put(void)
{
	struct kq_report_header *report = kq_fixture_quiet();
	struct kq_store store;
	uint32_t last;
	int r;

	if (kq_store_open(dir, &store, NULL, NULL) < 0)
		abort();
	last = store.last_number;
	r = kq_store_put(&store, report, NULL);
	if (r < 0 && r != -KQ_ERR_NOSPACE)
		abort();
	kq_store_fini(&store);
	if (r < 0) {
		free(report);
		return;
	}
	if (kq_store_read(dir, &store, NULL, NULL) < 0 || store.count < 1 ||
	    store.reports[0].number != last + 1 ||
	    unlink(store.reports[0].path) < 0)
		abort();
	kq_store_fini(&store);
	free(report);
}

static void try_file(const char *name, const uint8_t *data, size_t size)
{
	struct kq_warnings warnings = { 0 };
	struct kq_store store;
	int at = open_directory();
	int fd = openat(at, name, O_WRONLY | O_CREAT | O_EXCL, 0600);

	/* Not a name that a directory could have. */
	if (fd < 0) {
		close(at);
		return;
	}
	if (write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
	if (kq_store_read(dir, &store, &warnings, NULL) < 0 ||
	    store.count + warnings.count > 1)
		abort();
	check(&store);
	kq_store_fini(&store);
	kq_warnings_fini(&warnings);
	put();
	unlinkat(at, name, 0);
	close(at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[256];
	size_t length = strnlen((const char *)data,
				size < sizeof(name) ? size : sizeof(name) - 1);

	memcpy(name, data, length);
	name[length] = '\0';
	if (length == 0 || length == size || strchr(name, '/'))
		return 0;
	try_file(name, data + length + 1, size - length - 1);
	return 0;
}

size_t kq_fuzz_seed(unsigned int index, uint8_t *data)
{
	static const char *const names[] = {
		"00000001-101112131415161718191a1b1c1d1e1f.report",
		"99999999-101112131415161718191a1b1c1d1e1f.report",
		"00000007-101112131415161718191a1b1c1d1e1f.report.Ab12Cd",
	};
	struct kq_report_header *report;
	size_t name;

	if (index >= sizeof(names) / sizeof(names[0]))
		return 0;
	name = strlen(names[index]) + 1;
	report = kq_fixture_quiet();
	memcpy(data, names[index], name);
	memcpy(data + name, report, report->total_size);
	name += report->total_size;
	free(report);
	return name;
}
