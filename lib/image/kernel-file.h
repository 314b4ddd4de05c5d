/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel file: an arm64 Image, plain, compressed, or in one of the
 * wrappers in which kernels come (layers.h). It comes from outside: nothing
 * in it is believed unchecked.
 *
 * Opening it finds out what it is and how much memory the Image needs. The
 * Image itself is read only when there is a place for it, and checked there:
 * what was checked is what is used, whoever installs a kernel meanwhile.
 */
#ifndef KQ_IMAGE_KERNEL_FILE_H
#define KQ_IMAGE_KERNEL_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "lib/image/image-header.h"
#include "lib/image/source.h"
#include "lib/message.h"

struct kq_kernel_file {
	const char *path; /* NULL: not open */
	int fd;
	struct stat stat; /* when it was opened */
	char kind[96]; /* layers around the Image, for people; "" for none */
	struct kq_source image; /* the Image, layers taken off */
	struct kq_image_info info;
	size_t size; /* bytes of the Image; 0 until it was read */
	/* What a unified kernel image brings along: */
	struct kq_source initrd; /* of size 0: none */
	char *cmdline; /* NULL: none */
};

/**
 * kq_kernel_file_open() - open a kernel file and find out what it is
 * @path:    regular file; must outlive @ret
 * @ret:     result; release it with kq_kernel_file_close()
 * @message: why it was refused, one sentence with @path in it
 *
 * Return: 0; -KQ_ERR_SYSTEM cannot be read; -KQ_ERR_TRUNCATED the file ends
 * too early; -KQ_ERR_MAGIC not an arm64 kernel; -KQ_ERR_NOTSUP a kind of
 * kernel that this version does not read; -KQ_ERR_VALUE a header field is
 * wrong; -KQ_ERR_BOUNDS bigger than any kernel is; -KQ_ERR_CHECKSUM damaged;
 * -KQ_ERR_NOMEM.
 */
int kq_kernel_file_open(const char *path, struct kq_kernel_file *ret,
			struct kq_message *message);

/**
 * kq_kernel_file_read() - put the Image into memory and check all of it
 * @kernel:  its size is set
 * @data:    room for kernel->info.image_size bytes
 * @message: what is wrong, one sentence with the path in it
 *
 * Return: 0 or as kq_kernel_file_open(); -KQ_ERR_BOUNDS bigger than it says.
 */
int kq_kernel_file_read(struct kq_kernel_file *kernel, void *data,
			struct kq_message *message);

/**
 * kq_kernel_file_write_initrd() - write the initrd it brings along to a file
 * @kernel:  one whose initrd is there
 * @fd:      empty file
 * @message: why it failed, one sentence
 *
 * Return: 0; -KQ_ERR_SYSTEM; -KQ_ERR_TRUNCATED it is being replaced.
 */
int kq_kernel_file_write_initrd(const struct kq_kernel_file *kernel, int fd,
				struct kq_message *message);

/**
 * kq_kernel_file_close() - release a kernel file; all zero is fine
 */
void kq_kernel_file_close(struct kq_kernel_file *kernel);

#endif
