// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "kexec/initrd.h"

#include <fcntl.h>
#include <unistd.h>

#include "kexec/passed.h"
#include "lib/error.h"
#include "lib/image/initrd-digest.h"

int kq_initrd_open(const char *path, struct kq_initrd *ret,
		   struct kq_message *message)
{
	struct stat st;
	int fd, copy;

	*ret = KQ_INITRD_NONE;
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return kq_fail(message, KQ_ERR_SYSTEM,
			       "cannot read the initrd %s: %m", path);
	copy = kq_passed_copy(fd, message);
	close(fd);
	if (copy < 0)
		return copy;
	ret->fd = copy;
	return 0;
}

int kq_initrd_extract(const struct kq_kernel_file *kernel,
		      struct kq_initrd *ret, struct kq_message *message)
{
	int fd, r;

	fd = kq_passed_memfd(message);
	if (fd < 0)
		return fd;
	r = kq_kernel_file_write_initrd(kernel, fd, message);
	if (r == 0)
		r = kq_passed_seal(fd, message);
	if (r < 0) {
		close(fd);
		return r;
	}
	*ret = (struct kq_initrd){ .fd = fd, .added = true };
	return 0;
}

int kq_initrd_hash(struct kq_initrd *initrd, struct kq_stage_params *params,
		   struct kq_message *message)
{
	if (fstat(initrd->fd, &initrd->stat) < 0)
		return kq_fail(message, KQ_ERR_SYSTEM,
			       "cannot read the initrd: %m");
	initrd->hashed = true;
	return kq_initrd_digest(initrd->fd, &initrd->stat, params, message);
}

bool kq_initrd_changed(const struct kq_initrd *initrd)
{
	return initrd->hashed && !initrd->added &&
	       kq_source_changed(initrd->fd, &initrd->stat);
}

void kq_initrd_close(struct kq_initrd *initrd)
{
	if (initrd->fd >= 0)
		close(initrd->fd);
	*initrd = KQ_INITRD_NONE;
}
