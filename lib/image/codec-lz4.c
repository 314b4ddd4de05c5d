// SPDX-License-Identifier: GPL-2.0-or-later
/* lz4's frames, and the format before them that kernels use, by liblz4. */
#include "config.h"

#include <endian.h>
#include <lz4.h>
#include <lz4frame.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "lib/image/codec.h"

/* lz4, doc/lz4_Frame_format.md, "Legacy frame": blocks of this many bytes. */
#define LEGACY_BLOCK (8u << 20)
#define LEGACY_WORD  4u /* the magic, and the size before each block */

static int step_lz4(void *state, struct kq_step *step)
{
	size_t in_size = step->in_size;
	size_t out_size = step->out_size;
	size_t z = LZ4F_decompress(state, step->out, &out_size, step->in,
				   &in_size, NULL);

	if (LZ4F_isError(z))
		return -KQ_ERR_CHECKSUM;
	step->in += in_size;
	step->in_size -= in_size;
	step->out += out_size;
	step->out_size -= out_size;
	return z != 0;
}

int kq_codec_lz4(struct kq_input *in, struct kq_output *out,
		 struct kq_message *message)
{
	LZ4F_dctx *context;
	int r;

	if (LZ4F_isError(
		    LZ4F_createDecompressionContext(&context, LZ4F_VERSION)))
		return kq_codec_no_memory(message);
	r = kq_codec_run(in, out, "lz4", step_lz4, context, message);
	LZ4F_freeDecompressionContext(context);
	return r;
}

/* Decode a block by way of a buffer, because it may not fit. */
static int decode_last(const uint8_t *data, size_t size, struct kq_output *out,
		       struct kq_message *message)
{
	size_t room = out->capacity - out->size;
	char *buffer = malloc(LEGACY_BLOCK);
	int n, r = 0;

	if (!buffer)
		return kq_codec_no_memory(message);
	n = LZ4_decompress_safe((const char *)data, buffer, (int)size,
				LEGACY_BLOCK);
	if (n < 0) {
		r = kq_codec_damaged("lz4", message);
		n = 0;
	} else if ((size_t)n > room) {
		r = -KQ_ERR_NOSPACE;
		n = (int)room;
	}
	memcpy(out->data + out->size, buffer, (size_t)n);
	out->size += (size_t)n;
	free(buffer);
	return r;
}

static int decode_block(const uint8_t *data, size_t size, struct kq_output *out,
			struct kq_message *message)
{
	int n;

	if (out->capacity - out->size < LEGACY_BLOCK)
		return decode_last(data, size, out, message);
	n = LZ4_decompress_safe((const char *)data,
				(char *)out->data + out->size, (int)size,
				LEGACY_BLOCK);
	if (n < 0)
		return kq_codec_damaged("lz4", message);
	out->size += (size_t)n;
	return 0;
}

/*
 * Nothing ends this format but the file, or something that cannot be the
 * size of a block: in a kernel, the number of bytes that all came to.
 */
static int next_block(struct kq_input *in, size_t out_size, size_t *ret_size,
		      struct kq_message *message)
{
	uint32_t size;
	int r;

	*ret_size = 0;
	r = kq_input_need(in, LEGACY_WORD, message);
	if (r < 0 || in->size < LEGACY_WORD)
		return r;
	memcpy(&size, in->data, sizeof(size));
	size = le32toh(size);
	if (size == 0 || size > (uint32_t)LZ4_compressBound(LEGACY_BLOCK))
		return 0;
	r = kq_input_need(in, LEGACY_WORD + (uint64_t)size, message);
	if (r < 0)
		return r;
	if (in->size == LEGACY_WORD && size == out_size)
		return 0;
	if (in->size < LEGACY_WORD + (size_t)size)
		return kq_codec_truncated("lz4", message);
	kq_input_use(in, LEGACY_WORD);
	*ret_size = size;
	return 0;
}

int kq_codec_lz4_legacy(struct kq_input *in, struct kq_output *out,
			struct kq_message *message)
{
	size_t size;
	int r;

	r = kq_input_need(in, LEGACY_WORD, message);
	if (r < 0)
		return r;
	if (in->size < LEGACY_WORD)
		return kq_codec_truncated("lz4", message);
	kq_input_use(in, LEGACY_WORD);
	do {
		r = next_block(in, out->size, &size, message);
		if (r < 0 || size == 0)
			return r;
		r = decode_block(in->data, size, out, message);
		kq_input_use(in, size);
	} while (r == 0);
	return r;
}
