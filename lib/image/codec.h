/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decompression: one codec for each kind of compressed data, all with the
 * same shape. What is compressed is read from a file piece by piece; what
 * comes out goes to one stretch of memory, and no further than its end.
 */
#ifndef KQ_IMAGE_CODEC_H
#define KQ_IMAGE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/message.h"

/* Most memory a library may take beside what comes out. */
#define KQ_CODEC_MEMORY (UINT64_C(256) << 20)

/* A stretch of a file that is read from front to end. */
struct kq_input {
	int fd;
	uint64_t offset; /* in the file, of what is not read yet */
	uint64_t left; /* bytes from there on */
	uint8_t *data; /* read, and not used yet */
	size_t size; /* bytes at @data */
	uint8_t *buffer;
	size_t capacity; /* bytes at @buffer */
};

struct kq_output {
	uint8_t *data;
	size_t capacity; /* bytes at @data */
	size_t size; /* of them written */
	uint8_t beyond; /* the first byte that has no room */
};

struct kq_codec {
	const char *name;
	const char *magic; /* how such data starts */
	size_t magic_size;
	/* Decode one stream, its end included: 0 or as kq_codec_decode(). */
	int (*decode)(struct kq_input *in, struct kq_output *out,
		      struct kq_message *message);
};

/**
 * kq_codec_by_magic() - what data is compressed with
 * @data: the first bytes of it
 *
 * Return: NULL if it does not look compressed.
 */
const struct kq_codec *kq_codec_by_magic(const void *data, size_t size);

/**
 * kq_codec_by_name() - "gzip", "zstd", "xz", "lzma" or "lz4"
 *
 * Return: NULL for any other name.
 */
const struct kq_codec *kq_codec_by_name(const char *name);

/**
 * kq_codec_decode() - decompress a stretch of a file
 * @codec:    what it is compressed with
 * @fd:       the file
 * @offset:   where the stretch starts
 * @size:     its bytes
 * @out:      where the result goes
 * @out_size: room at @out
 * @ret_size: bytes written to @out, also when the room was too small
 * @message:  what is wrong with the data, to follow the file's name
 *
 * Streams one after the other are joined; bytes behind the last that do not
 * start like another one are ignored, as gzip does: kernels have their size
 * there.
 *
 * Return: 0; -KQ_ERR_NOSPACE there is more than @out_size (@message unset);
 * -KQ_ERR_TRUNCATED; -KQ_ERR_CHECKSUM damaged; -KQ_ERR_NOTSUP thousands of
 * streams; -KQ_ERR_NOMEM; -KQ_ERR_SYSTEM.
 */
int kq_codec_decode(const struct kq_codec *codec, int fd, uint64_t offset,
		    uint64_t size, void *out, size_t out_size, size_t *ret_size,
		    struct kq_message *message);

/* The rest is for codecs. */

/**
 * kq_input_need() - have so many bytes at in->data, fewer only at the end
 *
 * Return: 0; -KQ_ERR_NOMEM; -KQ_ERR_SYSTEM; -KQ_ERR_TRUNCATED the file has
 * become shorter.
 */
int kq_input_need(struct kq_input *in, uint64_t size,
		  struct kq_message *message);

/**
 * kq_input_use() - go on by so many bytes of in->data
 */
void kq_input_use(struct kq_input *in, size_t size);

/* What one call of a library may read and write, and did. */
struct kq_step {
	const uint8_t *in;
	size_t in_size;
	uint8_t *out;
	size_t out_size; /* never 0 */
};

/*
 * One call of a library: moves @step's pointers on. Return: 1 to be called
 * again; 0 the stream has ended; -KQ_ERR_CHECKSUM; -KQ_ERR_NOMEM.
 */
typedef int kq_step_fn(void *state, struct kq_step *step);

/**
 * kq_codec_run() - drive a library through one stream
 * @name: the codec's, for @message
 * @fn:   one call of the library
 *
 * Return: as kq_codec_decode().
 */
int kq_codec_run(struct kq_input *in, struct kq_output *out, const char *name,
		 kq_step_fn *fn, void *state, struct kq_message *message);

/* Failures that all codecs have; @name is the codec's. */
int kq_codec_truncated(const char *name, struct kq_message *message);
int kq_codec_damaged(const char *name, struct kq_message *message);
int kq_codec_no_memory(struct kq_message *message);

int kq_codec_gzip(struct kq_input *in, struct kq_output *out,
		  struct kq_message *message);
int kq_codec_zstd(struct kq_input *in, struct kq_output *out,
		  struct kq_message *message);
int kq_codec_xz(struct kq_input *in, struct kq_output *out,
		struct kq_message *message);
int kq_codec_lzma(struct kq_input *in, struct kq_output *out,
		  struct kq_message *message);
int kq_codec_lz4(struct kq_input *in, struct kq_output *out,
		 struct kq_message *message);
int kq_codec_lz4_legacy(struct kq_input *in, struct kq_output *out,
			struct kq_message *message);

#endif
