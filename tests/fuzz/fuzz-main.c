// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs a fuzz target without libFuzzer: first all seeds and corpus files as
 * they are, then mutations of them. The same seed number gives the same
 * mutations on every machine.
 *
 *	fuzz-<input> [FILE-OR-DIRECTORY...]
 *
 * With files: also replays those. $srcdir/tests/fuzz/corpus/<input>/ is
 * always replayed if it exists. Environment: KQ_FUZZ_RUNS, number of
 * mutations (20000); KQ_FUZZ_SECONDS, stop earlier than that after so long
 * (10); KQ_FUZZ_SEED, first state of the random numbers (1).
 *
 * An input that kills the target is left in ./crash-<input>.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

/* One run that takes this long is a hang. */
#define HANG_SECONDS   60
#define RUNS_PER_CHECK 64

struct input {
	uint8_t *data;
	size_t size;
};

static struct input *corpus;
static size_t corpus_count;
static uint64_t random_state;
static char crash_name[256];
static const uint8_t *current_data;
static size_t current_size;

/* Part of the sanitizers' runtime; absent in builds without them. */
void __sanitizer_set_death_callback(void (*callback)(void))
	__attribute__((weak));

static void save_crash(void)
{
	int fd = open(crash_name, O_WRONLY | O_CREAT | O_TRUNC, 0666);

	if (fd < 0 ||
	    write(fd, current_data, current_size) != (ssize_t)current_size)
		dprintf(STDERR_FILENO, "cannot save the input: %s\n",
			strerror(errno));
	else
		dprintf(STDERR_FILENO, "the input is in %s\n", crash_name);
}

static void on_signal(int signal_number)
{
	save_crash();
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

static void catch_death(void)
{
	signal(SIGABRT, on_signal);
	signal(SIGALRM, on_signal);
	if (__sanitizer_set_death_callback) {
		__sanitizer_set_death_callback(save_crash);
	} else {
		signal(SIGSEGV, on_signal);
		signal(SIGBUS, on_signal);
		signal(SIGFPE, on_signal);
	}
}

/* xorshift64*; the quality needed is small, the repeatability is not. */
static uint32_t random_number(uint32_t limit)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)((random_state * UINT64_C(2685821657736338717)) >>
			  33) %
	       limit;
}

/* A block of its own per run, so that ASan sees one byte too far. */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy) {
		perror("fuzz");
		exit(1);
	}
	memcpy(copy, data, size);
	current_data = copy;
	current_size = size;
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void add_input(const uint8_t *data, size_t size)
{
	struct input *input;

	corpus = realloc(corpus, (corpus_count + 1) * sizeof(*corpus));
	input = corpus ? &corpus[corpus_count++] : NULL;
	if (!input || !(input->data = malloc(size ? size : 1))) {
		perror("fuzz");
		exit(1);
	}
	memcpy(input->data, data, size);
	input->size = size;
}

static bool add_file(const char *path)
{
	static uint8_t data[KQ_FUZZ_MAX_SIZE];
	FILE *file = fopen(path, "re");

	if (!file) {
		perror(path);
		return false;
	}
	add_input(data, fread(data, 1, sizeof(data), file));
	fclose(file);
	return true;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* A file, or every file of a directory in order of their names. */
static bool add_path(const char *path)
{
	struct dirent **entries;
	struct stat status;
	bool ok = true;
	int n;

	if (stat(path, &status) < 0) {
		perror(path);
		return false;
	}
	if (!S_ISDIR(status.st_mode))
		return add_file(path);
	n = scandir(path, &entries, is_visible, alphasort);
	for (int i = 0; i < n; i++) {
		char name[4096];

		snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
		ok &= add_file(name);
		free(entries[i]);
	}
	free(entries);
	return ok && n >= 0;
}

static void put(uint8_t *data, uint64_t value, unsigned int bytes, bool big)
{
	for (unsigned int i = 0; i < bytes; i++)
		data[big ? bytes - 1 - i : i] = (uint8_t)(value >> 8 * i);
}

/* Values at which arithmetic likes to go wrong. */
static uint64_t edge_value(void)
{
	static const uint64_t values[] = {
		0,
		1,
		2,
		0x7f,
		0x80,
		0xff,
		0x100,
		0x7fff,
		0x8000,
		0xffff,
		0x10000,
		0x7fffffff,
		0x80000000,
		0xfffffffe,
		0xffffffff,
		UINT64_C(0x7fffffffffffffff),
		UINT64_C(0x8000000000000000),
		UINT64_MAX - 1,
		UINT64_MAX,
	};

	return values[random_number(sizeof(values) / sizeof(values[0]))] +
	       random_number(3) - 1;
}

static void overwrite(uint8_t *data, size_t size)
{
	unsigned int bytes = 1u << random_number(4);
	bool big = random_number(2);
	size_t at;

	if (size < bytes)
		return;
	at = random_number((uint32_t)(size - bytes + 1));
	/* Most formats align their fields. */
	if (random_number(4))
		at -= at % bytes;
	put(data + at, edge_value(), bytes, big);
}

static void move_block(uint8_t *data, size_t size)
{
	size_t length, from, to;

	if (size < 2)
		return;
	length = 1 + random_number((uint32_t)(size < 64 ? size / 2 : 64));
	if (length > size)
		return;
	from = random_number((uint32_t)(size - length + 1));
	to = random_number((uint32_t)(size - length + 1));
	memmove(data + to, data + from, length);
}

/* A block of another input at the same or another place. */
static void blend(uint8_t *data, size_t size)
{
	const struct input *other =
		&corpus[random_number((uint32_t)corpus_count)];
	size_t from, to, length;

	if (size == 0 || other->size == 0)
		return;
	from = random_number((uint32_t)other->size);
	to = random_number(2) && from < size ? from
					     : random_number((uint32_t)size);
	length = 1 + random_number(128);
	if (length > other->size - from)
		length = other->size - from;
	if (length > size - to)
		length = size - to;
	memcpy(data + to, other->data + from, length);
}

static size_t resize(uint8_t *data, size_t size)
{
	size_t next = random_number(2) ? random_number((uint32_t)size + 1)
				       : size + random_number(64);

	if (next > KQ_FUZZ_MAX_SIZE)
		next = KQ_FUZZ_MAX_SIZE;
	if (next > size)
		memset(data + size, (int)random_number(256), next - size);
	return next;
}

static size_t mutate(uint8_t *data, size_t size)
{
	for (uint32_t n = 1 + random_number(4); n > 0; n--) {
		switch (random_number(12)) {
		case 0:
			size = resize(data, size);
			break;
		case 1:
		case 2:
			move_block(data, size);
			break;
		case 3:
			blend(data, size);
			break;
		case 4:
		case 5:
		case 6:
			if (size > 0)
				data[random_number((uint32_t)size)] ^=
					(uint8_t)(1u << random_number(8));
			break;
		default:
			overwrite(data, size);
			break;
		}
	}
	return size;
}

static unsigned long setting(const char *name, unsigned long otherwise)
{
	const char *value = getenv(name);

	return value ? strtoul(value, NULL, 0) : otherwise;
}

static unsigned long fuzz(void)
{
	static uint8_t data[KQ_FUZZ_MAX_SIZE];
	unsigned long runs = setting("KQ_FUZZ_RUNS", 20000), i;
	time_t end = time(NULL) + (time_t)setting("KQ_FUZZ_SECONDS", 10);

	for (i = 0; i < runs; i++) {
		const struct input *from =
			&corpus[random_number((uint32_t)corpus_count)];
		size_t size;

		if (i % RUNS_PER_CHECK == 0) {
			alarm(HANG_SECONDS);
			if (time(NULL) >= end)
				break;
		}
		memcpy(data, from->data, from->size);
		size = mutate(data, from->size);
		run(data, size);
	}
	alarm(0);
	return i;
}

static void add_seeds(const char *name)
{
	static uint8_t data[KQ_FUZZ_MAX_SIZE];
	const char *srcdir = getenv("srcdir");
	char path[4096];
	size_t size;

	for (unsigned int i = 0; (size = kq_fuzz_seed(i, data)) > 0; i++)
		add_input(data, size);
	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s",
		 srcdir ? srcdir : ".", name);
	if (access(path, F_OK) == 0 && !add_path(path))
		exit(1);
}

static void free_corpus(void)
{
	for (size_t i = 0; i < corpus_count; i++)
		free(corpus[i].data);
	free(corpus);
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');

	name = name ? name + 1 : argv[0];
	if (strncmp(name, "fuzz-", 5) == 0)
		name += 5;
	snprintf(crash_name, sizeof(crash_name), "crash-%s", name);
	random_state = setting("KQ_FUZZ_SEED", 1) | UINT64_C(1) << 63;

	add_seeds(name);
	for (int i = 1; i < argc; i++)
		if (!add_path(argv[i]))
			return 1;
	if (corpus_count == 0) {
		fprintf(stderr, "%s: no seed and no corpus\n", argv[0]);
		return 1;
	}
	catch_death();
	for (size_t i = 0; i < corpus_count; i++)
		run(corpus[i].data, corpus[i].size);
	printf("%zu inputs replayed, ", corpus_count);
	fflush(stdout);
	printf("%lu mutations survived\n", fuzz());
	free_corpus();
	return 0;
}
