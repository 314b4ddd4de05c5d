// SPDX-License-Identifier: GPL-2.0-or-later
/* RFC 1952 by zlib. */
#include "config.h"

#include <limits.h>
#include <zlib.h>

#include "lib/error.h"
#include "lib/image/codec.h"

/* inflateInit2(): the largest window, and expect a gzip header. */
#define GZIP_WINDOW_BITS (15 + 16)

static unsigned int clamp(size_t size)
{
	return size < UINT_MAX ? (unsigned int)size : UINT_MAX;
}

static int step_gzip(void *state, struct kq_step *step)
{
	z_stream *stream = state;
	int z;

	stream->next_in = (Bytef *)step->in;
	stream->avail_in = clamp(step->in_size);
	stream->next_out = step->out;
	stream->avail_out = clamp(step->out_size);
	z = inflate(stream, Z_NO_FLUSH);
	step->in_size -= (size_t)(stream->next_in - step->in);
	step->in = stream->next_in;
	step->out_size -= (size_t)(stream->next_out - step->out);
	step->out = stream->next_out;
	switch (z) {
	case Z_STREAM_END:
		return 0;
	case Z_OK:
	case Z_BUF_ERROR: /* no progress, which our caller notices */
		return 1;
	case Z_MEM_ERROR:
		return -KQ_ERR_NOMEM;
	default:
		return -KQ_ERR_CHECKSUM;
	}
}

int kq_codec_gzip(struct kq_input *in, struct kq_output *out,
		  struct kq_message *message)
{
	z_stream stream = { 0 };
	int r;

	if (inflateInit2(&stream, GZIP_WINDOW_BITS) != Z_OK)
		return kq_codec_no_memory(message);
	r = kq_codec_run(in, out, "gzip", step_gzip, &stream, message);
	inflateEnd(&stream);
	return r;
}
