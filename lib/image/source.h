/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where an Image comes from: a stretch of a file, or a stretch of what such
 * a stretch decompresses to. Nothing is kept in memory: it is read when it
 * is asked for, and to where it is wanted.
 */
#ifndef KQ_IMAGE_SOURCE_H
#define KQ_IMAGE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "lib/image/codec.h"
#include "lib/message.h"
#include "lib/sha256.h"

struct kq_source {
	int fd;
	uint64_t offset; /* in the file */
	uint64_t size; /* bytes there */
	const struct kq_codec
		*codec; /* what they are compressed with, or NULL */
	/* With a codec, the stretch of what comes out: */
	uint64_t inner_offset;
	uint64_t inner_size; /* UINT64_MAX: to the end */
};

/**
 * kq_source_narrow() - keep only a stretch of a source
 * @offset: from the source's start
 * @size:   bytes from there
 *
 * How much comes out of compressed data is known when it is read.
 *
 * Return: 0; -KQ_ERR_BOUNDS the source ends before.
 */
int kq_source_narrow(struct kq_source *source, uint64_t offset, uint64_t size);

/**
 * kq_source_decompress() - the source is compressed
 * @codec: with this; the source was not decompressed before
 */
void kq_source_decompress(struct kq_source *source,
			  const struct kq_codec *codec);

/**
 * kq_source_read() - read from a source's start
 * @data:     where to
 * @size:     room at @data
 * @ret_size: bytes that were read, also when there is more
 * @message:  what is wrong, to follow the file's name
 *
 * Return: 0; -KQ_ERR_NOSPACE there is more than @size (@message unset);
 * or as kq_codec_decode().
 */
int kq_source_read(const struct kq_source *source, void *data, size_t size,
		   size_t *ret_size, struct kq_message *message);

/**
 * kq_source_changed() - was a file written to?
 * @fd:   the file
 * @then: what fstat() said of it before
 *
 * By its times as well as its size: ctime, too, which nobody can put back. A
 * rename changes that one, which costs a false alarm at most.
 */
bool kq_source_changed(int fd, const struct stat *then);

/**
 * kq_source_hash() - SHA-256 of a source that is not compressed
 * @message: why it cannot be read, to follow the file's name
 *
 * Return: 0; -KQ_ERR_SYSTEM; -KQ_ERR_TRUNCATED the file has become shorter.
 */
int kq_source_hash(const struct kq_source *source,
		   uint8_t digest[KQ_SHA256_SIZE], struct kq_message *message);

#endif
