// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "lib/image/codec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/error.h"

/* Read at once: large enough that calls do not count, small enough to stay
 * in the cache. */
#define INPUT_CHUNK (256u << 10)

/*
 * Joined streams, as of a tool that compresses piece by piece. Each may hold
 * nothing and costs a library's start: a file full of them would take hours.
 */
#define STREAMS_MAX 4096u

/* lz4 has two formats. `lz4 -l` writes the older one, and so do kernels. */
static const struct kq_codec codecs[] = {
	{ "gzip", "\x1f\x8b", 2, kq_codec_gzip },
	{ "zstd", "\x28\xb5\x2f\xfd", 4, kq_codec_zstd },
	{ "xz", "\3757zXZ\0", 6, kq_codec_xz },
	{ "lzma", "\x5d\0\0", 3, kq_codec_lzma },
	{ "lz4", "\x04\x22\x4d\x18", 4, kq_codec_lz4 },
	{ "lz4", "\x02\x21\x4c\x18", 4, kq_codec_lz4_legacy },
};

#define CODEC_COUNT (sizeof(codecs) / sizeof(codecs[0]))

const struct kq_codec *kq_codec_by_magic(const void *data, size_t size)
{
	for (size_t i = 0; i < CODEC_COUNT; i++)
		if (size >= codecs[i].magic_size &&
		    !memcmp(data, codecs[i].magic, codecs[i].magic_size))
			return &codecs[i];
	return NULL;
}

const struct kq_codec *kq_codec_by_name(const char *name)
{
	for (size_t i = 0; i < CODEC_COUNT; i++)
		if (!strcmp(codecs[i].name, name))
			return &codecs[i];
	return NULL;
}

int kq_codec_truncated(const char *name, struct kq_message *message)
{
	return kq_fail(message, KQ_ERR_TRUNCATED,
		       "is truncated: its %s data ends early", name);
}

int kq_codec_damaged(const char *name, struct kq_message *message)
{
	return kq_fail(message, KQ_ERR_CHECKSUM,
		       "is damaged: its %s data is not valid", name);
}

int kq_codec_no_memory(struct kq_message *message)
{
	return kq_fail(message, KQ_ERR_NOMEM,
		       "cannot be decompressed: that takes too much memory");
}

/* Make room for @size bytes at in->data, which moves to the buffer's start. */
static int input_grow(struct kq_input *in, size_t size)
{
	uint8_t *buffer = in->buffer;

	if (size < INPUT_CHUNK)
		size = INPUT_CHUNK;
	if (in->size)
		memmove(buffer, in->data, in->size);
	if (size > in->capacity) {
		buffer = realloc(buffer, size);
		if (!buffer)
			return -KQ_ERR_NOMEM;
		in->buffer = buffer;
		in->capacity = size;
	}
	in->data = buffer;
	return 0;
}

int kq_input_need(struct kq_input *in, uint64_t size,
		  struct kq_message *message)
{
	if (size > in->size + in->left)
		size = in->size + in->left;
	if (size <= in->size)
		return 0;
	if (input_grow(in, size) < 0)
		return kq_codec_no_memory(message);
	while (in->size < size) {
		size_t room = in->capacity - in->size;
		ssize_t n = pread(in->fd, in->data + in->size,
				  room < in->left ? room : in->left,
				  (off_t)in->offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return kq_fail(message, KQ_ERR_SYSTEM,
				       "cannot be read: %m");
		if (n == 0)
			return kq_fail(message, KQ_ERR_TRUNCATED,
				       "is being replaced: try again");
		in->size += (size_t)n;
		in->offset += (uint64_t)n;
		in->left -= (uint64_t)n;
	}
	return 0;
}

void kq_input_use(struct kq_input *in, size_t size)
{
	in->data += size;
	in->size -= size;
}

/*
 * A full buffer is no error yet: only more data makes it one, and that goes
 * to out->beyond.
 */
static struct kq_step next_step(struct kq_input *in, struct kq_output *out)
{
	bool full = out->size == out->capacity;

	return (struct kq_step){
		.in = in->data,
		.in_size = in->size,
		.out = full ? &out->beyond : out->data + out->size,
		.out_size = full ? 1 : out->capacity - out->size,
	};
}

int kq_codec_run(struct kq_input *in, struct kq_output *out, const char *name,
		 kq_step_fn *fn, void *state, struct kq_message *message)
{
	int r;

	do {
		struct kq_step before, step;
		size_t used, made;

		r = kq_input_need(in, 1, message);
		if (r < 0)
			return r;
		before = step = next_step(in, out);
		r = fn(state, &step);
		if (r == -KQ_ERR_NOMEM)
			return kq_codec_no_memory(message);
		if (r < 0)
			return kq_codec_damaged(name, message);
		used = before.in_size - step.in_size;
		made = before.out_size - step.out_size;
		if (made && before.out == &out->beyond)
			return -KQ_ERR_NOSPACE;
		if (r > 0 && !used && !made)
			return in->left ? kq_codec_damaged(name, message)
					: kq_codec_truncated(name, message);
		kq_input_use(in, used);
		out->size += made;
	} while (r > 0);
	return 0;
}

static int decode_all(const struct kq_codec *codec, struct kq_input *in,
		      struct kq_output *out, struct kq_message *message)
{
	int r;

	for (unsigned int i = 0; i < STREAMS_MAX; i++) {
		r = codec->decode(in, out, message);
		if (r < 0)
			return r;
		r = kq_input_need(in, codec->magic_size, message);
		if (r < 0)
			return r;
		if (kq_codec_by_magic(in->data, in->size) != codec)
			return 0;
	}
	return kq_fail(message, KQ_ERR_NOTSUP,
		       "is compressed in too many pieces: compress it as one");
}

int kq_codec_decode(const struct kq_codec *codec, int fd, uint64_t offset,
		    uint64_t size, void *out, size_t out_size, size_t *ret_size,
		    struct kq_message *message)
{
	struct kq_input in = { .fd = fd, .offset = offset, .left = size };
	struct kq_output output = { .data = out, .capacity = out_size };
	int r;

	r = decode_all(codec, &in, &output, message);
	free(in.buffer);
	*ret_size = output.size;
	return r;
}
