/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The header of an arm64 Image. Linux, Documentation/arch/arm64/booting.rst.
 */
#ifndef KQ_IMAGE_HEADER_H
#define KQ_IMAGE_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/message.h"
#include "lib/stage-image.h"

struct kq_image_info {
	uint64_t text_offset;
	uint64_t image_size; /* memory it needs, at least its file's size */
	uint64_t flags;
};

/**
 * kq_image_is_arm64() - does this data start like an arm64 Image?
 */
bool kq_image_is_arm64(const void *data, size_t size);

/**
 * kq_image_parse() - read and check the header alone
 * @data:    the Image's first bytes; kq_image_is_arm64() says so
 * @ret:     result
 * @message: what is wrong with it, to follow the file's name
 *
 * Return: 0; -KQ_ERR_NOTSUP a kind of kernel that cannot be loaded;
 * -KQ_ERR_VALUE a field is wrong; -KQ_ERR_BOUNDS bigger than any kernel.
 */
int kq_image_parse(const void *data, struct kq_image_info *ret,
		   struct kq_message *message);

/**
 * kq_image_check() - is a whole Image there, and is it the expected one?
 * @head:    an Image's first bytes, as far as its headers go, or all of it
 * @room:    bytes at @head
 * @size:    bytes of the whole Image
 * @info:    what kq_image_parse() made of its header before
 * @message: what is wrong with it, to follow the file's name
 *
 * The header does not say how long the file is (image_size counts the BSS
 * too), but with an EFI stub the PE section table does.
 *
 * Return: 0; -KQ_ERR_TRUNCATED; -KQ_ERR_CHECKSUM the header is another one
 * now; -KQ_ERR_BOUNDS longer than the memory it asks for; -KQ_ERR_VALUE or
 * -KQ_ERR_MAGIC from its PE header.
 */
int kq_image_check(const void *head, size_t room, size_t size,
		   const struct kq_image_info *info,
		   struct kq_message *message);

#endif
