/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The quiesce image as a file that is nowhere.
 *
 * The stock kexec wants a file by its name and copies it into memory of its
 * own: an image written out for it would be a second copy of the kernel. So
 * it gets the one file of a FUSE file system, mounted nowhere, whose reads
 * this process answers from stage, plan and the kernel's own file. If this
 * process dies, or the kernel's file is written to, the reads fail, and the
 * stock kexec with them, before it has loaded anything. Not for
 * kexec_file_load(2), which drops the loaded kernel before it reads the file.
 *
 * Linux, include/uapi/linux/fuse.h and Documentation/filesystems/fuse.rst.
 * Five requests are all it takes; libfuse would bring mount helpers, a mount
 * point and an ABI that differs between the releases we run on.
 */
#ifndef KQ_KEXEC_FUSE_H
#define KQ_KEXEC_FUSE_H

#include <stdint.h>

#include "lib/image/image.h"
#include "lib/message.h"

struct kq_fuse {
	int device; /* requests come from there; -1: not open */
	int file_fd; /* names the file as /proc/self/fd/N */
	const struct kq_image *image;
	uint8_t *buffer; /* for a request, then for its answer */
	struct kq_message error; /* of the last read that failed */
};

#define KQ_FUSE_NONE ((struct kq_fuse){ .device = -1, .file_fd = -1 })

/**
 * kq_fuse_open() - make the file system
 * @image:   from kq_image_compose(); must outlive @ret
 * @ret:     result; release it with kq_fuse_close()
 * @message: why it cannot be had: no FUSE in this kernel, no permission
 *
 * ret->file_fd is one to pass on (passed.h).
 *
 * Return: 0; -KQ_ERR_NOTSUP; -KQ_ERR_NOMEM.
 */
int kq_fuse_open(const struct kq_image *image, struct kq_fuse *ret,
		 struct kq_message *message);

/**
 * kq_fuse_serve() - answer what is asked, or wait for the next question
 * @timeout_ms: longest wait for it
 */
void kq_fuse_serve(struct kq_fuse *fuse, int timeout_ms);

/**
 * kq_fuse_close() - end it; who still reads gets an error
 */
void kq_fuse_close(struct kq_fuse *fuse);

#endif
