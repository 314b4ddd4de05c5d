/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel file: an arm64 Image, plain, compressed, or in one of the
 * wrappers in which kernels come (layers.h). It comes from outside: nothing
 * in it is believed unchecked.
 *
 * Opening it finds out what it is and how much memory the Image needs;
 * loading it checks the Image, hashes it if that is wanted, and has it
 * decompressed once. An Image that is in the file as it is stays there, and
 * is read when it is wanted: what was hashed, or an error.
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
	size_t size; /* bytes of the Image; 0 until it was loaded */
	uint8_t *data; /* the Image, if it had to be decompressed, or NULL */
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
 * kq_kernel_file_load() - check the Image as a whole, and make it readable
 * @kernel:  its size is set
 * @digest:  SHA-256 of the Image; NULL: not wanted
 * @message: what is wrong, one sentence with the path in it
 *
 * Return: 0 or as kq_kernel_file_open(); -KQ_ERR_BOUNDS bigger than it says.
 */
int kq_kernel_file_load(struct kq_kernel_file *kernel,
			uint8_t digest[KQ_SHA256_SIZE],
			struct kq_message *message);

/**
 * kq_kernel_file_read() - read a part of the Image
 * @kernel:  from kq_kernel_file_load()
 * @data:    room for @size bytes
 * @size:    bytes from @offset on that the Image has
 * @message: why it cannot be read, one sentence with the path in it
 *
 * Return: 0; -KQ_ERR_SYSTEM; -KQ_ERR_TRUNCATED the file was written to since
 * it was opened.
 */
int kq_kernel_file_read(const struct kq_kernel_file *kernel, void *data,
			size_t size, uint64_t offset,
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
 * kq_kernel_file_forget() - give back the memory of a decompressed Image
 *
 * It cannot be read any more.
 */
void kq_kernel_file_forget(struct kq_kernel_file *kernel);

/**
 * kq_kernel_file_close() - release a kernel file; all zero is fine
 */
void kq_kernel_file_close(struct kq_kernel_file *kernel);

#endif
