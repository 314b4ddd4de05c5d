// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * read-kernel FILE... - one line for each kernel file: "ok KIND: SIZE SHA256"
 * of its Image, or "refused: " and why. Lines "initrd SIZE SHA256" and
 * "cmdline TEXT" follow what a unified kernel image brings along.
 */
#include "config.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/image/kernel-file.h"
#include "lib/sha256.h"

static void print_digest(size_t size, const uint8_t digest[KQ_SHA256_SIZE])
{
	printf("%zu ", size);
	for (size_t i = 0; i < KQ_SHA256_SIZE; i++)
		printf("%02x", digest[i]);
	putchar('\n');
}

static int print_initrd(const struct kq_kernel_file *kernel,
			struct kq_message *message)
{
	struct kq_source initrd = { .size = kernel->initrd.size };
	uint8_t digest[KQ_SHA256_SIZE];
	int fd = memfd_create("initrd", 0);
	int r;

	r = kq_kernel_file_write_initrd(kernel, fd, message);
	if (r < 0)
		return r;
	initrd.fd = fd;
	r = kq_source_hash(&initrd, digest, message);
	printf("initrd ");
	print_digest(initrd.size, digest);
	close(fd);
	return r;
}

static int read_kernel(const char *path, struct kq_message *message)
{
	struct kq_kernel_file kernel;
	uint8_t digest[KQ_SHA256_SIZE];
	int r;

	r = kq_kernel_file_open(path, &kernel, message);
	if (r < 0)
		return r;
	r = kq_kernel_file_load(&kernel, digest, message);
	if (r == 0) {
		printf("ok %s: ", kernel.kind);
		print_digest(kernel.size, digest);
	}
	if (r == 0 && kernel.initrd.size > 0)
		r = print_initrd(&kernel, message);
	if (r == 0 && kernel.cmdline)
		printf("cmdline %s\n", kernel.cmdline);
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
