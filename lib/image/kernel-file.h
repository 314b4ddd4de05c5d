/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel file: an arm64 Image, plain, gzip-compressed, or inside a
 * quiesce image. It comes from outside: nothing in it is believed unchecked.
 */
#ifndef KQ_IMAGE_KERNEL_FILE_H
#define KQ_IMAGE_KERNEL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/message.h"

/* Most memory a kernel may ask for; real ones are below a tenth of it. */
#define KQ_KERNEL_MAX_SIZE (UINT64_C(1) << 30)

/* A stretch of memory to munmap(). */
struct kq_mapping {
	void *start;
	size_t size;
};

/* Fields of the Image header, as booting.rst of Linux defines them. */
struct kq_kernel_file {
	const uint8_t *data; /* the Image, header included */
	size_t size; /* bytes at @data */
	uint64_t text_offset;
	uint64_t image_size; /* memory it needs, at least @size */
	uint64_t flags;
	bool compressed; /* the file was gzip-compressed */
	bool unwrapped; /* the file was a quiesce image */
	struct kq_mapping file;
	struct kq_mapping inflated;
};

/**
 * kq_kernel_file_open() - read and check a kernel file
 * @path:    regular file
 * @ret:     result; release it with kq_kernel_file_close()
 * @message: why it was refused, one sentence with @path in it
 *
 * Return: 0; -KQ_ERR_SYSTEM cannot be read; or as kq_kernel_file_parse().
 */
int kq_kernel_file_open(const char *path, struct kq_kernel_file *ret,
			struct kq_message *message);

/**
 * kq_kernel_file_parse() - check a kernel file that is in memory
 * @data:    the file's content; must outlive @ret
 * @size:    bytes at @data
 * @ret:     result; release it with kq_kernel_file_close()
 * @message: what is wrong with it, to follow the file's name
 *
 * Return: 0; -KQ_ERR_TRUNCATED the file ends too early; -KQ_ERR_MAGIC not an
 * arm64 kernel; -KQ_ERR_NOTSUP a kind of kernel that this version does not
 * read; -KQ_ERR_VALUE a header field is wrong; -KQ_ERR_BOUNDS bigger than it
 * says or than any kernel is; -KQ_ERR_CHECKSUM damaged; -KQ_ERR_NOMEM.
 */
int kq_kernel_file_parse(const void *data, size_t size,
			 struct kq_kernel_file *ret,
			 struct kq_message *message);

/**
 * kq_kernel_file_close() - release a kernel file; all zero is fine
 */
void kq_kernel_file_close(struct kq_kernel_file *kernel);

#endif
