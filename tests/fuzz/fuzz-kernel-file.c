// SPDX-License-Identifier: GPL-2.0-or-later
/* Input: a kernel file, as given to kexec on its command line. */
#include "config.h"

#undef NDEBUG
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/image/kernel-file.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/fake-image.h"

#define SIZE 8192u

static uint8_t sum; /* keeps the reads below from being optimised away */

static void read_image(struct kq_kernel_file *kernel)
{
	struct kq_message message;
	size_t room = kernel->info.image_size;
	uint8_t *image = mmap(NULL, room, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			      0);

	assert(image != MAP_FAILED);
	if (kq_kernel_file_read(kernel, image, &message) == 0) {
		assert(kernel->size <= room);
		for (size_t i = 0; i < kernel->size; i++)
			sum = (uint8_t)(sum + image[i]);
	}
	munmap(image, room);
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

/* As it is, then compressed, or mutations never get past gzip's checksum. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t gz_size;
	uint8_t *gz;

	parse(data, size);
	gz = fake_gzip(data, size, &gz_size);
	parse(gz, gz_size);
	free(gz);
	return 0;
}

size_t kq_fuzz_seed(unsigned int index, uint8_t *data)
{
	uint8_t *image = fake_image(SIZE, 0);
	uint8_t *part = NULL;
	size_t size = 0;

	if (index == 0) {
		size = SIZE;
		part = image;
		image = NULL;
	} else if (index == 1) {
		part = fake_wrap(image, SIZE, &size);
	} else if (index == 2) {
		part = fake_gzip(image, SIZE, &size);
	}
	if (part)
		memcpy(data, part, size);
	free(part);
	free(image);
	return size;
}
