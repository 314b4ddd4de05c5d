// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "lib/image/initrd-digest.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/image/source.h"

int kq_initrd_digest(int fd, const struct stat *st,
		     struct kq_stage_params *params,
		     struct kq_message *message)
{
	const struct kq_source initrd = { .fd = fd,
					  .size = (uint64_t)st->st_size };
	struct kq_message reason;
	int r;

	if (initrd.size == 0)
		return 0;
	r = kq_source_hash(&initrd, params->initrd_sha256, &reason);
	if (r < 0)
		return kq_fail(message, -r, "the initrd %s", reason.text);
	if (kq_source_changed(fd, st))
		return kq_fail(message, KQ_ERR_TRUNCATED,
			       "the initrd is being written to: load again "
			       "when it is complete");
	params->initrd_size = initrd.size;
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
		r = kq_initrd_digest(fd, &st, params, message);
	if (fd >= 0)
		close(fd);
	return r;
}
