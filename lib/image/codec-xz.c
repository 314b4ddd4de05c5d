// SPDX-License-Identifier: GPL-2.0-or-later
/* .xz and the older .lzma by liblzma. */
#include "config.h"

#include <lzma.h>

#include "lib/error.h"
#include "lib/image/codec.h"

static int step_lzma(void *state, struct kq_step *step)
{
	lzma_stream *stream = state;
	lzma_ret z;

	stream->next_in = step->in;
	stream->avail_in = step->in_size;
	stream->next_out = step->out;
	stream->avail_out = step->out_size;
	z = lzma_code(stream, LZMA_RUN);
	step->in = stream->next_in;
	step->in_size = stream->avail_in;
	step->out = stream->next_out;
	step->out_size = stream->avail_out;
	switch (z) {
	case LZMA_STREAM_END:
		return 0;
	case LZMA_OK:
	case LZMA_BUF_ERROR: /* no progress, which our caller notices */
		return 1;
	case LZMA_MEM_ERROR:
	case LZMA_MEMLIMIT_ERROR:
		return -KQ_ERR_NOMEM;
	default:
		return -KQ_ERR_CHECKSUM;
	}
}

static int run(lzma_stream *stream, lzma_ret started, const char *name,
	       struct kq_input *in, struct kq_output *out,
	       struct kq_message *message)
{
	int r;

	if (started != LZMA_OK)
		return kq_codec_no_memory(message);
	r = kq_codec_run(in, out, name, step_lzma, stream, message);
	lzma_end(stream);
	return r;
}

int kq_codec_xz(struct kq_input *in, struct kq_output *out,
		struct kq_message *message)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	lzma_ret started = lzma_stream_decoder(&stream, KQ_CODEC_MEMORY, 0);

	return run(&stream, started, "xz", in, out, message);
}

int kq_codec_lzma(struct kq_input *in, struct kq_output *out,
		  struct kq_message *message)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	lzma_ret started = lzma_alone_decoder(&stream, KQ_CODEC_MEMORY);

	return run(&stream, started, "lzma", in, out, message);
}
