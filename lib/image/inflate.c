// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "lib/image/inflate.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

#include "lib/error.h"

/* inflateInit2(): the largest window, and expect a gzip header. */
#define GZIP_WINDOW_BITS (15 + 16)

bool kq_is_gzip(const void *data, size_t size)
{
	const uint8_t *bytes = data;

	return size >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

static unsigned int clamp(size_t size)
{
	return size < UINT_MAX ? (unsigned int)size : UINT_MAX;
}

static int inflate_member(z_stream *stream, const uint8_t **in,
			  const uint8_t *in_end, uint8_t **out,
			  uint8_t *out_end, struct kq_message *message)
{
	int z;

	do {
		uint8_t nothing;

		stream->next_in = (Bytef *)*in;
		stream->avail_in = clamp((size_t)(in_end - *in));
		/* A full buffer is no error yet: only more data makes it one */
		stream->next_out = *out < out_end ? *out : &nothing;
		stream->avail_out =
			*out < out_end ? clamp((size_t)(out_end - *out)) : 1;
		z = inflate(stream, Z_NO_FLUSH);
		*in = stream->next_in;
		if (stream->next_out == &nothing + 1)
			return -KQ_ERR_NOSPACE;
		if (*out < out_end)
			*out = stream->next_out;
	} while (z == Z_OK);
	if (z == Z_STREAM_END)
		return 0;
	if (z == Z_BUF_ERROR)
		return kq_fail(message, KQ_ERR_TRUNCATED,
			       "is truncated: its gzip data ends early");
	if (z == Z_MEM_ERROR)
		return kq_fail(message, KQ_ERR_NOMEM,
			       "cannot be decompressed: out of memory");
	return kq_fail(message, KQ_ERR_CHECKSUM,
		       "is damaged: its gzip data is not valid");
}

int kq_inflate(const void *data, size_t size, void *out, size_t out_size,
	       size_t *ret_size, struct kq_message *message)
{
	const uint8_t *in = data;
	const uint8_t *in_end = in + size;
	uint8_t *next = out;
	z_stream stream = { 0 };
	int r;

	if (inflateInit2(&stream, GZIP_WINDOW_BITS) != Z_OK)
		return kq_fail(message, KQ_ERR_NOMEM,
			       "cannot be decompressed: out of memory");
	do {
		r = inflate_member(&stream, &in, in_end, &next,
				   (uint8_t *)out + out_size, message);
		if (r < 0)
			break;
		inflateReset(&stream);
	} while (kq_is_gzip(in, (size_t)(in_end - in)));
	inflateEnd(&stream);
	*ret_size = (size_t)(next - (uint8_t *)out);
	return r;
}
