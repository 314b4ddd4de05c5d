/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Made-up arm64 Images with an EFI stub's PE header, for tests. */
#ifndef KQ_TESTS_FAKE_IMAGE_H
#define KQ_TESTS_FAKE_IMAGE_H

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "lib/image/kernel-file.h"
#include "lib/stage-image.h"

#define FAKE_PE	      0x40u /* where its PE header stands */
#define FAKE_SECTIONS (FAKE_PE + 24 + 160)
#define FAKE_FLAGS    0xau

static inline void fake_put32(uint8_t *p, uint32_t value)
{
	memcpy(p, &value, sizeof(value));
}

/* Two sections that fill the file, as Linux has them. */
static inline void fake_pe(uint8_t *data, uint32_t size)
{
	uint32_t middle = size / 2;

	memcpy(data, "MZ", 2);
	memcpy(data + FAKE_PE, "PE\0", 4);
	data[FAKE_PE + 4] = 0x64;
	data[FAKE_PE + 5] = 0xaa;
	data[FAKE_PE + 6] = 2;
	data[FAKE_PE + 20] = 160;
	fake_put32(data + FAKE_SECTIONS + 16, middle - 0x400);
	fake_put32(data + FAKE_SECTIONS + 20, 0x400);
	fake_put32(data + FAKE_SECTIONS + 40 + 16, size - middle);
	fake_put32(data + FAKE_SECTIONS + 40 + 20, middle);
}

/* An Image of @size bytes, at least 4096, with some BSS behind it. */
static inline uint8_t *fake_image(uint32_t size, uint64_t text_offset)
{
	uint8_t *data = malloc(size);
	struct kq_image_header header = {
		.text_offset = text_offset,
		.image_size = size + 0x10000,
		.flags = FAKE_FLAGS,
		.magic = KQ_IMAGE_MAGIC,
		.pe_offset = FAKE_PE,
	};

	assert(data && size >= 4096);
	for (uint32_t i = 0; i < size; i++)
		data[i] = (uint8_t)(i * 2654435761u >> 24);
	memset(data, 0, 0x400);
	memcpy(data, &header, sizeof(header));
	fake_pe(data, size);
	return data;
}

/* A quiesce image by its header, parameters right behind it, then the payload.
 */
static inline uint8_t *fake_wrap(const uint8_t *payload, size_t size,
				 size_t *ret_size)
{
	struct kq_image_header header = {
		.image_size = 0x100000,
		.tag = KQ_IMAGE_TAG,
		.params_offset = sizeof(header),
		.magic = KQ_IMAGE_MAGIC,
	};
	struct kq_stage_params params = {
		.payload_offset = 256,
		.payload_size = size,
	};
	uint8_t *data = calloc(1, 256 + size);

	assert(data);
	memcpy(data, &header, sizeof(header));
	memcpy(data + sizeof(header), &params, sizeof(params));
	memcpy(data + 256, payload, size);
	*ret_size = 256 + size;
	return data;
}

/* Gzip @data; the result is malloc'ed. */
static inline uint8_t *fake_gzip(const void *data, size_t size,
				 size_t *ret_size)
{
	z_stream stream = { 0 };
	uint8_t *out;
	size_t bound;

	assert(deflateInit2(&stream, 6, Z_DEFLATED, 31, 8,
			    Z_DEFAULT_STRATEGY) == Z_OK);
	bound = deflateBound(&stream, size);
	out = malloc(bound);
	assert(out);
	stream.next_in = (Bytef *)data;
	stream.avail_in = (uInt)size;
	stream.next_out = out;
	stream.avail_out = (uInt)bound;
	assert(deflate(&stream, Z_FINISH) == Z_STREAM_END);
	*ret_size = stream.total_out;
	deflateEnd(&stream);
	return out;
}

/* Open @data as a kernel file. */
static inline int fake_open(const void *data, size_t size,
			    struct kq_kernel_file *ret,
			    struct kq_message *message)
{
	static char path[64];
	int fd = memfd_create("kernel", MFD_CLOEXEC);
	int r;

	assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = kq_kernel_file_open(path, ret, message);
	close(fd);
	return r;
}

/* Load and read the Image; *@ret_image is malloc'ed, as large as it is. */
static inline int fake_read(struct kq_kernel_file *kernel, uint8_t **ret_image,
			    struct kq_message *message)
{
	uint8_t *image;
	int r = kq_kernel_file_load(kernel, NULL, message);

	if (r < 0)
		return r;
	image = malloc(kernel->size);
	assert(image);
	r = kq_kernel_file_read(kernel, image, kernel->size, 0, message);
	if (r == 0)
		*ret_image = image;
	else
		free(image);
	return r;
}

#endif
