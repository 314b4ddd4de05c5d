// SPDX-License-Identifier: GPL-2.0-or-later
/* RFC 8878 by libzstd. */
#include "config.h"

#include <zstd.h>
#include <zstd_errors.h>

#include "lib/error.h"
#include "lib/image/codec.h"

static int step_zstd(void *state, struct kq_step *step)
{
	ZSTD_inBuffer in = { step->in, step->in_size, 0 };
	ZSTD_outBuffer out = { step->out, step->out_size, 0 };
	size_t z = ZSTD_decompressStream(state, &out, &in);

	step->in += in.pos;
	step->in_size -= in.pos;
	step->out += out.pos;
	step->out_size -= out.pos;
	if (!ZSTD_isError(z))
		return z != 0;
	switch (ZSTD_getErrorCode(z)) {
	case ZSTD_error_memory_allocation:
	case ZSTD_error_frameParameter_windowTooLarge:
		return -KQ_ERR_NOMEM;
	default:
		return -KQ_ERR_CHECKSUM;
	}
}

/*
 * A kernel's window is often the whole kernel. Only when it sees all of the
 * input at once does the library write to its place directly, instead of to
 * a window of its own first. More than a kernel has goes piece by piece.
 */
int kq_codec_zstd(struct kq_input *in, struct kq_output *out,
		  struct kq_message *message)
{
	ZSTD_DCtx *context;
	int r;

	r = kq_input_need(in, KQ_CODEC_MEMORY, message);
	if (r < 0)
		return r;
	context = ZSTD_createDCtx();
	if (!context)
		return kq_codec_no_memory(message);
	r = kq_codec_run(in, out, "zstd", step_zstd, context, message);
	ZSTD_freeDCtx(context);
	return r;
}
