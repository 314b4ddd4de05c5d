/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gzip data (RFC 1952) into a buffer of a known size. */
#ifndef KQ_IMAGE_INFLATE_H
#define KQ_IMAGE_INFLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/message.h"

/**
 * kq_is_gzip() - does this data start like a gzip file?
 */
bool kq_is_gzip(const void *data, size_t size);

/**
 * kq_inflate() - decompress gzip data, several members one after the other
 * @data:     compressed data
 * @size:     bytes at @data
 * @out:      where the result goes
 * @out_size: room at @out
 * @ret_size: bytes written to @out, also when the room was too small
 * @message:  what is wrong with the data, to follow the file's name
 *
 * Bytes behind the last member that do not start like another one are
 * ignored, as gzip does.
 *
 * Return: 0; -KQ_ERR_NOSPACE there is more than @out_size (@message unset);
 * -KQ_ERR_TRUNCATED; -KQ_ERR_CHECKSUM damaged; -KQ_ERR_NOMEM.
 */
int kq_inflate(const void *data, size_t size, void *out, size_t out_size,
	       size_t *ret_size, struct kq_message *message);

#endif
