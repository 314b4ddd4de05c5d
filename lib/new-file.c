// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "lib/new-file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/error.h"

/* To rename() is to replace: that must not happen to /dev/null. */
static int check_target(const char *path, struct kq_message *message)
{
	struct stat st;

	if (stat(path, &st) < 0 || S_ISREG(st.st_mode))
		return 0;
	return kq_fail(message, KQ_ERR_SYSTEM,
		       "cannot write %s: it is not a regular file", path);
}

int kq_new_file_create(const char *path, struct kq_new_file *ret,
		       struct kq_message *message)
{
	struct kq_new_file file = { .path = path };
	int r;

	r = check_target(path, message);
	if (r < 0)
		return r;
	if (asprintf(&file.temporary, "%s.XXXXXX", path) < 0)
		return kq_fail(message, KQ_ERR_NOMEM, "out of memory");
	file.fd = mkostemp(file.temporary, O_CLOEXEC);
	if (file.fd < 0) {
		free(file.temporary);
		return kq_fail(message, KQ_ERR_SYSTEM, "cannot write %s: %m",
			       path);
	}
	*ret = file;
	return 0;
}

/* A rename is on disk when the directory is. Not all file systems can. */
static bool sync_directory(const char *path)
{
	char *copy = strdup(path);
	int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
		      : -1;
	bool synced = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL);

	if (fd >= 0)
		close(fd);
	free(copy);
	return synced;
}

static int put_in_place(int fd, const char *from, const char *path,
			struct kq_message *message)
{
	if (fsync(fd) < 0 || rename(from, path) < 0 || !sync_directory(path))
		return kq_fail(message, KQ_ERR_SYSTEM, "cannot write %s: %m",
			       path);
	return 0;
}

int kq_new_file_replace(const char *from, const char *path,
			struct kq_message *message)
{
	int fd, r;

	r = check_target(path, message);
	if (r < 0)
		return r;
	fd = open(from, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return kq_fail(message, KQ_ERR_SYSTEM, "cannot open %s: %m",
			       from);
	r = put_in_place(fd, from, path, message);
	close(fd);
	return r;
}

int kq_new_file_commit(struct kq_new_file *file, struct kq_message *message)
{
	int r;

	r = put_in_place(file->fd, file->temporary, file->path, message);
	if (r < 0)
		return r;
	free(file->temporary);
	file->temporary = NULL;
	return 0;
}

void kq_new_file_fini(struct kq_new_file *file)
{
	if (file->temporary) {
		unlink(file->temporary);
		free(file->temporary);
	}
	close(file->fd);
}

bool kq_write_all(int fd, const void *data, size_t size)
{
	const char *at = data;

	while (size > 0) {
		ssize_t n = write(fd, at, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO;
		if (n <= 0)
			return false;
		at += n;
		size -= (size_t)n;
	}
	return true;
}

int kq_new_file_write(const char *path, mode_t mode, const void *data,
		      size_t size, struct kq_message *message)
{
	struct kq_new_file file;
	int r = kq_new_file_create(path, &file, message);

	if (r < 0)
		return r;
	if (fchmod(file.fd, mode) < 0 || !kq_write_all(file.fd, data, size))
		r = kq_fail(message, KQ_ERR_SYSTEM, "cannot write %s: %m",
			    path);
	else
		r = kq_new_file_commit(&file, message);
	kq_new_file_fini(&file);
	return r;
}
