// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "lib/image/initrd-digest.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/sha256.h"

/* Read, not mapped: a file that shrinks meanwhile is an error, no signal. */
static int hash_file(int fd, uint64_t size, uint8_t digest[32],
		     struct kq_message *message)
{
	static uint8_t buffer[256 * 1024];
	struct kq_sha256 sha;
	uint64_t at = 0;

	kq_sha256_init(&sha);
	while (at < size) {
		ssize_t n = pread(fd, buffer, sizeof(buffer), (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return kq_fail(message, KQ_ERR_SYSTEM,
				       "cannot read the initrd: %m");
		if (n == 0 || (uint64_t)n > size - at)
			return kq_fail(message, KQ_ERR_SYSTEM,
				       "the initrd is being written to: load "
				       "again when it is complete");
		kq_sha256_update(&sha, buffer, (size_t)n);
		at += (uint64_t)n;
	}
	kq_sha256_final(&sha, digest);
	return 0;
}

int kq_initrd_digest(int fd, uint64_t size, struct kq_stage_params *params,
		     struct kq_message *message)
{
	int r;

	if (size == 0)
		return 0;
	r = hash_file(fd, size, params->initrd_sha256, message);
	if (r < 0)
		return r;
	params->initrd_size = size;
	params->flags |= KQ_PARAMS_INITRD;
	return 0;
}

int kq_initrd_digest_path(const char *path, struct kq_stage_params *params,
			  struct kq_message *message)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		r = kq_fail(message, KQ_ERR_SYSTEM,
			    "cannot read the initrd %s: %m", path);
	else if (!S_ISREG(st.st_mode))
		r = kq_fail(message, KQ_ERR_SYSTEM,
			    "cannot read the initrd %s: not a regular file",
			    path);
	else
		r = kq_initrd_digest(fd, (uint64_t)st.st_size, params, message);
	if (fd >= 0)
		close(fd);
	return r;
}
