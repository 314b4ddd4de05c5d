// SPDX-License-Identifier: GPL-2.0-or-later
/* The layers that are not a format of somebody else's. */
#include "config.h"

#include "lib/image/layers.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "lib/error.h"
#include "lib/stage-image.h"

#define MAGIC_MAX 8u /* of all codecs */

void kq_layer_note(struct kq_kernel_file *kernel, const char *name)
{
	size_t used = strlen(kernel->kind);

	snprintf(kernel->kind + used, sizeof(kernel->kind) - used, "%s%s",
		 used ? ", " : "", name);
}

int kq_layer_decompress(struct kq_kernel_file *kernel, const char *name,
			struct kq_message *message)
{
	struct kq_source *image = &kernel->image;
	const struct kq_codec *codec;
	uint8_t magic[MAGIC_MAX];
	size_t size;
	int r;

	r = kq_source_read(image, magic, sizeof(magic), &size, message);
	if (r < 0 && r != -KQ_ERR_NOSPACE)
		return r;
	codec = kq_codec_by_magic(magic, size);
	if (!codec || (name && strcmp(codec->name, name) != 0))
		return kq_codec_damaged(name ? name : "compressed", message);
	if (image->codec)
		return kq_fail(message, KQ_ERR_NOTSUP,
			       "is compressed twice (%s inside %s): "
			       "decompress it once",
			       codec->name, image->codec->name);
	kq_source_decompress(image, codec);
	kq_layer_note(kernel, codec->name);
	return 0;
}

/* An Image without EFI stub may start with anything: its magic comes later. */
static bool is_compressed(const struct kq_head *head)
{
	return !kq_image_is_arm64(head->data, head->size) &&
	       kq_codec_by_magic(head->data, head->size);
}

static int remove_compression(struct kq_kernel_file *kernel,
			      const struct kq_head *head,
			      struct kq_message *message)
{
	(void)head;
	return kq_layer_decompress(kernel, NULL, message);
}

static bool is_quiesce_image(const struct kq_head *head)
{
	struct kq_image_header header;

	if (!kq_image_is_arm64(head->data, head->size))
		return false;
	memcpy(&header, head->data, sizeof(header));
	return le64toh(header.tag) == KQ_IMAGE_TAG;
}

/*
 * Keep a stretch of a quiesce image. Its own header says how far it goes:
 * how much may have to be decompressed before the stretch.
 */
static int narrow(struct kq_source *source, const struct kq_image_info *info,
		  uint64_t offset, uint64_t size, struct kq_message *message)
{
	if (offset <= info->image_size && size <= info->image_size - offset &&
	    kq_source_narrow(source, offset, size) == 0)
		return 0;
	return kq_fail(message, KQ_ERR_TRUNCATED,
		       "is a truncated quiesce image");
}

static int remove_stage(struct kq_kernel_file *kernel,
			const struct kq_head *head, struct kq_message *message)
{
	struct kq_source params_at = kernel->image;
	struct kq_image_header header;
	struct kq_stage_params params;
	struct kq_image_info info;
	size_t size;
	int r;

	r = kq_image_parse(head->data, &info, message);
	if (r < 0)
		return r;
	memcpy(&header, head->data, sizeof(header));
	r = narrow(&params_at, &info, le64toh(header.params_offset),
		   sizeof(params), message);
	if (r < 0)
		return r;
	r = kq_source_read(&params_at, &params, sizeof(params), &size, message);
	if (r < 0)
		return r;
	return narrow(&kernel->image, &info, le64toh(params.payload_offset),
		      le64toh(params.payload_size), message);
}

const struct kq_layer kq_layer_compressed = {
	.name = NULL, /* the codec's */
	.matches = is_compressed,
	.remove = remove_compression,
};

const struct kq_layer kq_layer_quiesce = {
	.name = "quiesce image",
	.matches = is_quiesce_image,
	.remove = remove_stage,
};
