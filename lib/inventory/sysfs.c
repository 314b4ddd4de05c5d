// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "lib/inventory/sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_FILE_SIZE (16u << 20)
#define READ_STEP     65536u

static int join(const char *root, const char *path, char ret[PATH_MAX])
{
	int n = snprintf(ret, PATH_MAX, "%s%s", root, path);

	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* Sysfs files do not always tell their size before they are read. */
static int read_all(int fd, char **ret, size_t *size)
{
	char *buffer = NULL, *larger;
	size_t used = 0;
	ssize_t n;

	do {
		if (used > MAX_FILE_SIZE) {
			free(buffer);
			return -EFBIG;
		}
		larger = realloc(buffer, used + READ_STEP + 1);
		if (!larger) {
			free(buffer);
			return -ENOMEM;
		}
		buffer = larger;
		n = read(fd, buffer + used, READ_STEP);
		if (n < 0) {
			int r = -errno;

			free(buffer);
			return r;
		}
		used += (size_t)n;
	} while (n > 0);
	buffer[used] = '\0';
	*ret = buffer;
	*size = used;
	return 0;
}

int kq_sysfs_read(const char *root, const char *path, void **ret, size_t *size)
{
	char name[PATH_MAX], *content = NULL;
	int fd, r;

	r = join(root, path, name);
	if (r < 0)
		return r;
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = read_all(fd, &content, size);
	close(fd);
	if (r == 0)
		*ret = content;
	return r;
}

int kq_sysfs_link(const char *root, const char *path, char ret[PATH_MAX])
{
	char name[PATH_MAX];
	ssize_t n;
	int r;

	r = join(root, path, name);
	if (r < 0)
		return r;
	n = readlink(name, ret, PATH_MAX - 1);
	if (n < 0)
		return -errno;
	ret[n] = '\0';
	return 0;
}

int kq_sysfs_exists(const char *root, const char *path)
{
	char name[PATH_MAX];

	return join(root, path, name) == 0 && access(name, F_OK) == 0;
}

const char *kq_basename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int kq_parse_bdf(const char *name, uint16_t *segment, uint16_t *bdf)
{
	unsigned int s, b, d, f;
	int end = 0;

	if (sscanf(name, "%8x:%2x:%2x.%1x%n", &s, &b, &d, &f, &end) != 4 ||
	    name[end] != '\0' || s > UINT16_MAX || d > 31 || f > 7)
		return -1;
	*segment = (uint16_t)s;
	*bdf = (uint16_t)(b << 8 | d << 3 | f);
	return 0;
}
