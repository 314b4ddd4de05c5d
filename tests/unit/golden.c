// SPDX-License-Identifier: GPL-2.0-or-later
#undef NDEBUG
#include "config.h"

#include "tests/unit/golden.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM (1 << 20)

static char *slurp(const char *path, size_t *size)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(1, ROOM);

	assert(text);
	*size = 0;
	if (!file)
		return text;
	*size = fread(text, 1, ROOM - 1, file);
	fclose(file);
	return text;
}

static void update(const char *path, const char *text, size_t size)
{
	FILE *file = fopen(path, "w");

	assert(file);
	assert(fwrite(text, 1, size, file) == size);
	fclose(file);
}

void golden_compare(const char *name, const char *text, size_t size)
{
	const char *srcdir = getenv("srcdir");
	size_t golden_size;
	char path[512];
	char *golden;

	snprintf(path, sizeof(path), "%s/tests/data/ctl/%s",
		 srcdir ? srcdir : ".", name);
	if (getenv("KQ_UPDATE_GOLDEN")) {
		update(path, text, size);
		return;
	}
	golden = slurp(path, &golden_size);
	if (size != golden_size || memcmp(text, golden, size) != 0) {
		fprintf(stderr, "%s differs; now it is:\n%s", path, text);
		abort();
	}
	free(golden);
}
