// SPDX-License-Identifier: GPL-2.0-or-later
/* Input: a kernel file, as given to kexec on its command line. */
#include "config.h"

#undef NDEBUG
#include <assert.h>
#include <endian.h>
#include <lz4.h>
#include <lz4frame.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "lib/image/kernel-file.h"
#include "lib/image/pe.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/fake-image.h"

#define SIZE	      8192u
#define ROOM	      (64u << 10) /* for what is made of it */
#define PE_START      512u /* what follows the headers of an EFI program */
#define UIMAGE_HEADER 64u

static uint8_t sum; /* keeps the reads below from being optimised away */

static void read_image(struct kq_kernel_file *kernel)
{
	struct kq_message message;
	uint8_t *image = NULL;

	if (fake_read(kernel, &image, &message) < 0)
		return;
	assert(kernel->size <= kernel->info.image_size);
	for (size_t i = 0; i < kernel->size; i++)
		sum = (uint8_t)(sum + image[i]);
	free(image);
}

static void parse(const uint8_t *data, size_t size)
{
	struct kq_kernel_file kernel;
	struct kq_message message;

	if (fake_open(data, size, &kernel, &message) < 0)
		return;
	assert(kernel.info.image_size <= KQ_KERNEL_MAX_SIZE);
	assert(kernel.info.text_offset < KQ_IMAGE_ALIGN);
	read_image(&kernel);
	kq_kernel_file_close(&kernel);
}

/* A seed that is not even read leads nowhere. */
static void parse_seed(const uint8_t *data, size_t size)
{
	struct kq_kernel_file kernel;
	struct kq_message message;

	assert(fake_open(data, size, &kernel, &message) == 0);
	read_image(&kernel);
	assert(kernel.size == SIZE);
	kq_kernel_file_close(&kernel);
}

static void put_crc(uint8_t *at, const uint8_t *data, size_t size)
{
	fake_put32(at, htobe32((uint32_t)crc32(0, data, (uInt)size)));
}

static void seal_uimage(uint8_t *data, size_t size)
{
	fake_put32(data + 12, htobe32((uint32_t)size - UIMAGE_HEADER));
	put_crc(data + 24, data + UIMAGE_HEADER, size - UIMAGE_HEADER);
	fake_put32(data + 4, 0);
	put_crc(data + 4, data, UIMAGE_HEADER);
}

/* A uImage's checksums stop every mutation, so a copy gets the right ones. */
static void parse_uimage(const uint8_t *data, size_t size)
{
	uint8_t *copy;

	if (size < UIMAGE_HEADER)
		return;
	copy = malloc(size);
	assert(copy);
	memcpy(copy, data, size);
	seal_uimage(copy, size);
	parse(copy, size);
	free(copy);
}

/*
 * As it is; then compressed, or mutations never get past gzip's checksum;
 * then with a uImage's checksums made right.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t gz_size;
	uint8_t *gz;

	parse(data, size);
	parse_uimage(data, size);
	gz = fake_gzip(data, size, &gz_size);
	parse(gz, gz_size);
	free(gz);
	return 0;
}

static size_t make_image(const uint8_t *image, uint8_t *out)
{
	memcpy(out, image, SIZE);
	return SIZE;
}

static size_t make_quiesce_image(const uint8_t *image, uint8_t *out)
{
	size_t size;
	uint8_t *data = fake_wrap(image, SIZE, &size);

	memcpy(out, data, size);
	free(data);
	return size;
}

static size_t make_gzip(const uint8_t *image, uint8_t *out)
{
	size_t size;
	uint8_t *data = fake_gzip(image, SIZE, &size);

	memcpy(out, data, size);
	free(data);
	return size;
}

static size_t make_zstd(const uint8_t *image, uint8_t *out)
{
	return ZSTD_compress(out, ROOM, image, SIZE, 1);
}

static size_t make_xz(const uint8_t *image, uint8_t *out)
{
	size_t size = 0;

	assert(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, image, SIZE,
				       out, &size, ROOM) == LZMA_OK);
	return size;
}

static size_t make_lzma(const uint8_t *image, uint8_t *out)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	lzma_options_lzma options;
	size_t size;

	assert(!lzma_lzma_preset(&options, 0));
	assert(lzma_alone_encoder(&stream, &options) == LZMA_OK);
	stream.next_in = image;
	stream.avail_in = SIZE;
	stream.next_out = out;
	stream.avail_out = ROOM;
	assert(lzma_code(&stream, LZMA_FINISH) == LZMA_STREAM_END);
	size = stream.total_out;
	lzma_end(&stream);
	return size;
}

static size_t make_lz4(const uint8_t *image, uint8_t *out)
{
	return LZ4F_compressFrame(out, ROOM, image, SIZE, NULL);
}

/* One block, and the size behind it as kernels have it. */
static size_t make_lz4_legacy(const uint8_t *image, uint8_t *out)
{
	int size = LZ4_compress_default((const char *)image, (char *)out + 8,
					SIZE, ROOM);

	fake_put32(out, 0x184c2102);
	fake_put32(out + 4, (uint32_t)size);
	fake_put32(out + 8 + size, SIZE);
	return 8 + (size_t)size + 4;
}

static size_t make_uimage(const uint8_t *image, uint8_t *out)
{
	size_t size = UIMAGE_HEADER + make_zstd(image, out + UIMAGE_HEADER);

	memset(out, 0, UIMAGE_HEADER);
	memcpy(out, "\x27\x05\x19\x56", 4);
	memcpy(out + 28, "\5\26\2\6", 4); /* Linux, arm64, kernel, zstd */
	seal_uimage(out, size);
	return size;
}

/* The headers of an EFI program with these sections. */
static void make_pe(uint8_t *out, const struct kq_pe_section *sections,
		    uint16_t count)
{
	const struct kq_pe_coff coff = {
		.signature = KQ_PE_SIGNATURE,
		.machine = KQ_PE_MACHINE_ARM64,
		.section_count = count,
	};

	memset(out, 0, PE_START);
	memcpy(out, "MZ", 2);
	fake_put32(out + KQ_PE_OFFSET_AT, 64);
	memcpy(out + 64, &coff, sizeof(coff));
	if (count > 0)
		memcpy(out + 64 + sizeof(coff), sections,
		       count * sizeof(*sections));
}

static size_t make_zboot(const uint8_t *image, uint8_t *out)
{
	size_t size = make_lz4_legacy(image, out + PE_START);

	make_pe(out, NULL, 0);
	memcpy(out + 4, "zimg", 4);
	fake_put32(out + 8, PE_START);
	fake_put32(out + 12, (uint32_t)size - 4);
	memcpy(out + 24, "lz4", 4);
	return PE_START + size;
}

static size_t make_uki(const uint8_t *image, uint8_t *out)
{
	uint8_t *linux_part = out + PE_START;
	uint32_t size = (uint32_t)make_zboot(image, linux_part);
	const struct kq_pe_section sections[] = {
		{ ".cmdline", 4, 0, 4, 0, 0, 0, 0, 0, 0 }, /* "MZ" */
		{ ".initrd", 9, 0, 512, PE_START, 0, 0, 0, 0, 0 },
		{ ".linux", size, 0, size, PE_START, 0, 0, 0, 0, 0 },
	};

	make_pe(out, sections, 3);
	return PE_START + size;
}

static size_t (*const makers[])(const uint8_t *image, uint8_t *out) = {
	make_image, make_quiesce_image, make_gzip, make_zstd,
	make_xz,    make_lzma,		make_lz4,  make_lz4_legacy,
	make_zboot, make_uimage,	make_uki,
};

size_t kq_fuzz_seed(unsigned int index, uint8_t *data)
{
	uint8_t *image;
	size_t size;

	if (index >= sizeof(makers) / sizeof(makers[0]))
		return 0;
	image = fake_image(SIZE, 0);
	size = makers[index](image, data);
	parse_seed(data, size);
	free(image);
	return size;
}
