// SPDX-License-Identifier: GPL-2.0-or-later
/* Kernel files: what is read, what is refused and with which words. */
#include "config.h"

#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/image/kernel-file.h"
#include "lib/error.h"
#include "tests/unit/fake-image.h"

#define SIZE	      0x9000u
#define TEXT_OFFSET   0x80000u
#define HEADER(field) offsetof(struct kq_image_header, field)

static struct kq_message message;

static int parse(const void *data, size_t size)
{
	struct kq_kernel_file kernel;
	uint8_t *image;
	int r;

	r = fake_open(data, size, &kernel, &message);
	if (r < 0)
		return r;
	r = fake_read(&kernel, &image, &message);
	if (r == 0)
		free(image);
	kq_kernel_file_close(&kernel);
	return r;
}

/* @file is read, and is the Image @data of SIZE bytes wrapped in @kind. */
static void is_read(const void *file, size_t size, const uint8_t *data,
		    const char *kind)
{
	struct kq_kernel_file kernel;
	uint8_t *image;

	assert(fake_open(file, size, &kernel, &message) == 0);
	assert(!strcmp(kernel.kind, kind));
	assert(kernel.size == 0 && kernel.initrd.size == 0 && !kernel.cmdline);
	assert(fake_read(&kernel, &image, &message) == 0);
	assert(kernel.size == SIZE && !memcmp(image, data, SIZE));
	free(image);
	kq_kernel_file_close(&kernel);
}

static void image_is_read(void)
{
	uint8_t *data = fake_image(SIZE, TEXT_OFFSET);
	struct kq_kernel_file kernel;

	assert(fake_open(data, SIZE, &kernel, &message) == 0);
	assert(kernel.info.text_offset == TEXT_OFFSET);
	assert(kernel.info.image_size == SIZE + 0x10000);
	assert(kernel.info.flags == FAKE_FLAGS);
	kq_kernel_file_close(&kernel);
	is_read(data, SIZE, data, "");
	free(data);
}

static void image_without_efi_is_read(void)
{
	uint8_t *data = fake_image(SIZE, 0);

	memset(data, 0x11, 8);
	memset(data + HEADER(pe_offset), 0, 4);
	assert(parse(data, SIZE) == 0);
	free(data);
}

/* Its first instruction is whatever it is: here a branch to 0x174. */
static void image_like_lzma_is_read(void)
{
	uint8_t *data = fake_image(SIZE, 0);

	memcpy(data, "\x5d\0\0\x14", 4);
	is_read(data, SIZE, data, "");
	free(data);
}

static void gzip_is_read(void)
{
	uint8_t *data = fake_image(SIZE, 0);
	size_t gz_size;
	uint8_t *gz = fake_gzip(data, SIZE, &gz_size);

	is_read(gz, gz_size, data, "gzip");
	free(gz);
	free(data);
}

/* As `cat a.gz b.gz` makes it, with padding behind. */
static void gzip_members_are_joined(void)
{
	uint8_t *data = fake_image(SIZE, 0);
	uint8_t joined[2 * SIZE] = { 0 };
	size_t size[2];
	uint8_t *part;

	part = fake_gzip(data, 100, &size[0]);
	memcpy(joined, part, size[0]);
	free(part);
	part = fake_gzip(data + 100, SIZE - 100, &size[1]);
	memcpy(joined + size[0], part, size[1]);
	free(part);
	is_read(joined, size[0] + size[1] + 512, data, "gzip");
	free(data);
}

static void truncation_is_refused(void)
{
	uint8_t *data = fake_image(SIZE, 0);
	size_t gz_size;
	uint8_t *gz = fake_gzip(data, SIZE, &gz_size);

	for (size_t i = 0; i < 20; i++) {
		assert(parse(data, SIZE * i / 20) == -KQ_ERR_TRUNCATED);
		assert(strstr(message.text, "truncated") ||
		       strstr(message.text, "too short"));
		assert(parse(gz, gz_size * i / 20) == -KQ_ERR_TRUNCATED);
	}
	for (size_t size = 0; size < 0x400; size++)
		assert(parse(data, size) == -KQ_ERR_TRUNCATED);
	assert(parse(data, SIZE - 1) == -KQ_ERR_TRUNCATED);
	assert(parse(gz, gz_size - 1) == -KQ_ERR_TRUNCATED);
	free(gz);
	free(data);
}

static void damaged_gzip_is_refused(void)
{
	uint8_t *data = fake_image(SIZE, 0);
	size_t gz_size;
	uint8_t *gz = fake_gzip(data, SIZE, &gz_size);

	gz[gz_size - 8] ^= 1; /* its CRC */
	assert(parse(gz, gz_size) == -KQ_ERR_CHECKSUM);
	free(gz);
	free(data);
}

/* A small file that inflates to far more than its header admits. */
static void gzip_bomb_is_refused(void)
{
	uint8_t *data = calloc(1, 64u << 20);
	uint8_t *image = fake_image(SIZE, 0);
	size_t gz_size;
	uint8_t *gz;

	assert(data);
	memcpy(data, image, SIZE);
	gz = fake_gzip(data, 64u << 20, &gz_size);
	assert(parse(gz, gz_size) == -KQ_ERR_BOUNDS);
	assert(strstr(message.text, "is longer than the memory"));
	free(gz);
	free(image);
	free(data);
}

struct damage {
	size_t offset;
	uint8_t bytes[8];
	size_t count;
	int err;
	const char *words;
};

static const struct damage damages[] = {
	{ HEADER(magic), { 0 }, 4, KQ_ERR_MAGIC, "EFI program without" },
	{ HEADER(flags), { 0xb }, 1, KQ_ERR_NOTSUP, "big-endian" },
	{ HEADER(flags), { 0x1a }, 1, KQ_ERR_NOTSUP, "flags 0x1a" },
	{ HEADER(image_size), { 0 }, 8, KQ_ERR_NOTSUP, "how much memory" },
	{ HEADER(image_size), { 0, 0, 0, 0, 1 }, 8, KQ_ERR_BOUNDS, "MiB" },
	{ HEADER(image_size), { 0xff, 0x8f, 0 }, 8, KQ_ERR_BOUNDS, "longer" },
	{ HEADER(text_offset), { 0, 0, 0x20 }, 8, KQ_ERR_VALUE, "offset" },
	{ HEADER(text_offset), { 8 }, 8, KQ_ERR_VALUE, "offset" },
	{ HEADER(pe_offset),
	  { 0xff, 0xff, 0xff, 0xff },
	  4,
	  KQ_ERR_TRUNCATED,
	  "truncated" },
	{ HEADER(pe_offset), { 0x80 }, 4, KQ_ERR_VALUE, "PE header" },
	{ FAKE_PE + 4, { 0x64, 0x86 }, 2, KQ_ERR_MAGIC, "another machine" },
	{ FAKE_PE + 6, { 0xff, 0xff }, 2, KQ_ERR_TRUNCATED, "truncated" },
	{ FAKE_PE + 20, { 0xff, 0xff }, 2, KQ_ERR_TRUNCATED, "truncated" },
	{ FAKE_SECTIONS + 16,
	  { 0xff, 0xff, 0xff, 0xff },
	  4,
	  KQ_ERR_TRUNCATED,
	  "truncated" },
};

static void damage_is_refused(void)
{
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		const struct damage *d = &damages[i];
		uint8_t *data = fake_image(SIZE, 0);

		memcpy(data + d->offset, d->bytes, d->count);
		assert(parse(data, SIZE) == -d->err);
		assert(strstr(message.text, d->words));
		free(data);
	}
}

struct stranger {
	size_t offset;
	const char *magic;
	const char *words;
};

static const struct stranger strangers[] = {
	{ 0, "\177ELF", "vmlinux" },
	{ 0, "\xd0\x0d\xfe\xed", "FIT image" },
	{ 0, "BZh9", "bzip2" },
	{ 0, "\x89LZO", "lzo" },
	{ 0, "MZ", "no PE header" },
	{ 0x202, "HdrS", "x86" },
	{ 56, "RSC\x05", "RISC-V" },
	{ 0x24, "\x18\x28\x6f\x01", "32-bit Arm" },
	{ 0, "#!/bin/sh", "not an arm64 kernel" },
};

static void strangers_are_named(void)
{
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
		const struct stranger *s = &strangers[i];
		uint8_t data[4096] = { 0 };

		memcpy(data + s->offset, s->magic, strlen(s->magic));
		assert(parse(data, sizeof(data)) < 0);
		assert(strstr(message.text, s->words));
	}
}

static void quiesce_image_is_unwrapped(void)
{
	uint8_t *image = fake_image(SIZE, 0);
	uint8_t *once, *twice, *gz;
	size_t once_size, twice_size, gz_size;

	once = fake_wrap(image, SIZE, &once_size);
	is_read(once, once_size, image, "quiesce image");
	gz = fake_gzip(once, once_size, &gz_size);
	is_read(gz, gz_size, image, "gzip, quiesce image");
	for (size_t size = 64; size < once_size; size += 61)
		assert(parse(once, size) == -KQ_ERR_TRUNCATED);
	for (size_t size = 64; size < gz_size; size += 61)
		assert(parse(gz, size) == -KQ_ERR_TRUNCATED);
	twice = fake_wrap(once, once_size, &twice_size);
	assert(parse(twice, twice_size) == -KQ_ERR_NOTSUP);
	assert(strstr(message.text, "more than once"));
	free(twice);
	free(gz);
	free(once);
	free(image);
}

static void bad_parameters_are_refused(void)
{
	uint8_t *image = fake_image(SIZE, 0);
	size_t size;
	uint8_t *data = fake_wrap(image, SIZE, &size);
	const uint64_t bad = UINT64_MAX - 4;

	memcpy(data + HEADER(params_offset), &bad, sizeof(bad));
	assert(parse(data, size) == -KQ_ERR_TRUNCATED);
	free(data);
	data = fake_wrap(image, SIZE, &size);
	memcpy(data + 64 + offsetof(struct kq_stage_params, payload_offset),
	       &bad, sizeof(bad));
	assert(parse(data, size) == -KQ_ERR_TRUNCATED);
	free(data);
	free(image);
}

static int parse_gzip(const uint8_t *data, size_t size)
{
	size_t gz_size;
	uint8_t *gz = fake_gzip(data, size, &gz_size);
	int r = parse(gz, gz_size);

	free(gz);
	return r;
}

/* Its kernel has no EFI stub, so no other size to be found out by. */
static void short_quiesce_image_is_refused(void)
{
	uint8_t *image = fake_image(SIZE, 0);
	uint8_t *data;
	size_t size;

	memset(image + HEADER(pe_offset), 0, 4);
	data = fake_wrap(image, SIZE, &size);
	assert(parse_gzip(data, size) == 0);
	assert(parse_gzip(data, size - 1) == -KQ_ERR_TRUNCATED);
	free(data);
	free(image);
}

/* How much is decompressed is bounded by the image's own header. */
static void quiesce_image_bomb_is_refused(void)
{
	const uint64_t far = 0x300000; /* its image_size: 0x100000 */
	uint8_t *image = fake_image(SIZE, 0);
	size_t size;
	uint8_t *head = fake_wrap(image, SIZE, &size);
	uint8_t *data = calloc(1, far + SIZE);

	assert(data);
	memcpy(data, head, size);
	memcpy(data + 64 + offsetof(struct kq_stage_params, payload_offset),
	       &far, sizeof(far));
	memcpy(data + far, image, SIZE);
	assert(parse_gzip(data, far + SIZE) == -KQ_ERR_TRUNCATED);
	assert(strstr(message.text, "truncated quiesce image"));
	free(data);
	free(head);
	free(image);
}

static void other_files_are_refused(void)
{
	char path[] = "/tmp/test-kernel-file.XXXXXX";
	struct kq_kernel_file kernel;
	int fd = mkstemp(path);

	assert(fd >= 0);
	assert(kq_kernel_file_open(path, &kernel, &message) ==
	       -KQ_ERR_TRUNCATED);
	assert(strstr(message.text, path));
	close(fd);
	unlink(path);
	assert(kq_kernel_file_open(path, &kernel, &message) == -KQ_ERR_SYSTEM);
	assert(strstr(message.text, "No such file"));
	assert(kq_kernel_file_open("/dev", &kernel, &message) ==
	       -KQ_ERR_SYSTEM);
	assert(kq_kernel_file_open("/dev/zero", &kernel, &message) ==
	       -KQ_ERR_SYSTEM);
}

enum change {
	SHRINK,
	OTHER_HEADER,
	OTHER_TEXT,
	CHANGES
};

/* Somebody installs a kernel by writing into the file that is open. */
static void replaced_file_is_noticed(enum change change)
{
	char path[] = "/tmp/test-kernel-file.XXXXXX";
	uint8_t *data = fake_image(SIZE, 0);
	struct kq_kernel_file kernel;
	uint8_t *image;
	int fd = mkstemp(path);

	assert(fd >= 0 && write(fd, data, SIZE) == (ssize_t)SIZE);
	assert(kq_kernel_file_open(path, &kernel, &message) == 0);
	usleep(20000); /* the clock of file systems is coarse */
	if (change == SHRINK)
		assert(ftruncate(fd, SIZE / 2) == 0);
	else
		assert(pwrite(fd, "\2\2", 2,
			      change == OTHER_TEXT ? SIZE - 2
						   : HEADER(image_size)) == 2);
	assert(fake_read(&kernel, &image, &message) < 0);
	assert(strstr(message.text, "is being replaced: try again"));
	assert(strstr(message.text, path));
	kq_kernel_file_close(&kernel);
	close(fd);
	unlink(path);
	free(data);
}

int main(void)
{
	image_is_read();
	image_without_efi_is_read();
	image_like_lzma_is_read();
	gzip_is_read();
	gzip_members_are_joined();
	truncation_is_refused();
	damaged_gzip_is_refused();
	gzip_bomb_is_refused();
	damage_is_refused();
	strangers_are_named();
	quiesce_image_is_unwrapped();
	bad_parameters_are_refused();
	short_quiesce_image_is_refused();
	quiesce_image_bomb_is_refused();
	other_files_are_refused();
	for (enum change change = 0; change < CHANGES; change++)
		replaced_file_is_noticed(change);
	return 0;
}
