// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * read-kernel FILE... - one line for each kernel file: "ok KIND: SIZE SHA256"
 * of its Image, or "refused: " and why. Lines "initrd SIZE SHA256" and
 * "cmdline TEXT" follow what a unified kernel image brings along.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/image/kernel-file.h"
#include "lib/sha256.h"

static void print_digest(const void *data, size_t size)
{
	uint8_t digest[KQ_SHA256_SIZE];
	struct kq_sha256 sha256;

	kq_sha256_init(&sha256);
	kq_sha256_update(&sha256, data, size);
	kq_sha256_final(&sha256, digest);
	printf("%zu ", size);
	for (size_t i = 0; i < sizeof(digest); i++)
		printf("%02x", digest[i]);
	putchar('\n');
}

static int print_initrd(const struct kq_kernel_file *kernel,
			struct kq_message *message)
{
	size_t size = kernel->initrd.size;
	int fd = memfd_create("initrd", 0);
	void *data;
	int r;

	r = kq_kernel_file_write_initrd(kernel, fd, message);
	if (r < 0)
		return r;
	data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	printf("initrd ");
	print_digest(data, size);
	munmap(data, size);
	close(fd);
	return 0;
}

static int read_kernel(const char *path, struct kq_message *message)
{
	struct kq_kernel_file kernel;
	uint8_t *image;
	int r;

	r = kq_kernel_file_open(path, &kernel, message);
	if (r < 0)
		return r;
	image = malloc(kernel.info.image_size);
	if (!image)
		abort();
	r = kq_kernel_file_read(&kernel, image, message);
	if (r == 0) {
		printf("ok %s: ", kernel.kind);
		print_digest(image, kernel.size);
	}
	if (r == 0 && kernel.initrd.size > 0)
		r = print_initrd(&kernel, message);
	if (r == 0 && kernel.cmdline)
		printf("cmdline %s\n", kernel.cmdline);
	free(image);
	kq_kernel_file_close(&kernel);
	return r;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct kq_message message;

		if (read_kernel(argv[i], &message) < 0)
			printf("refused: %s\n", message.text);
	}
	return 0;
}
