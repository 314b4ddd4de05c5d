// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "lib/image/kernel-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/image/layers.h"
#include "lib/stage-image.h"

/* All headers of an EFI program lie within this, and any other header. */
#define HEAD_SIZE (64u << 10)

/*
 * In the order in which they may lie around each other. What comes again, or
 * in another order, no build makes: a layer less is a way in less.
 */
static const struct kq_layer *const layers[] = {
	&kq_layer_uki,	      &kq_layer_uimage,	 &kq_layer_zboot,
	&kq_layer_compressed, &kq_layer_quiesce,
};

#define LAYER_COUNT (sizeof(layers) / sizeof(layers[0]))

/* What no layer is, but well known, told by its first bytes. */
struct stranger {
	const char *magic;
	size_t size;
	size_t offset;
	int err;
	const char *phrase;
};

#define UNSUPPORTED ", which is not supported: use the Image"

static const struct stranger strangers[] = {
	{ "\177ELF", 4, 0, KQ_ERR_NOTSUP, "is an ELF vmlinux" UNSUPPORTED },
	{ "\xd0\x0d\xfe\xed", 4, 0, KQ_ERR_NOTSUP,
	  "is a device tree or FIT image" UNSUPPORTED },
	{ "BZh", 3, 0, KQ_ERR_NOTSUP, "is compressed with bzip2" UNSUPPORTED },
	{ "\x89LZO", 4, 0, KQ_ERR_NOTSUP,
	  "is compressed with lzo" UNSUPPORTED },
	{ "HdrS", 4, 0x202, KQ_ERR_MAGIC,
	  "is an x86 kernel, not an arm64 one" },
	{ "RSC\x05", 4, 56, KQ_ERR_MAGIC,
	  "is a RISC-V kernel, not an arm64 one" },
	{ "\x18\x28\x6f\x01", 4, 0x24, KQ_ERR_MAGIC,
	  "is a 32-bit Arm kernel, not an arm64 one" },
};

#define STRANGER_COUNT (sizeof(strangers) / sizeof(strangers[0]))

static const struct stranger *find_stranger(const struct kq_head *head)
{
	for (size_t i = 0; i < STRANGER_COUNT; i++) {
		const struct stranger *one = &strangers[i];

		if (head->size >= one->offset + one->size &&
		    !memcmp(head->data + one->offset, one->magic, one->size))
			return one;
	}
	return NULL;
}

static int refuse(const struct kq_head *head, struct kq_message *message)
{
	const struct stranger *stranger = find_stranger(head);

	if (stranger)
		return kq_fail(message, stranger->err, "%s", stranger->phrase);
	if (head->size < sizeof(struct kq_image_header))
		return kq_fail(message, KQ_ERR_TRUNCATED,
			       "is too short to be a kernel (%zu bytes)",
			       head->size);
	return kq_fail(message, KQ_ERR_MAGIC,
		       "is not an arm64 kernel: it has no Image header");
}

static size_t find_layer(const struct kq_head *head)
{
	size_t i = 0;

	if (find_stranger(head))
		return LAYER_COUNT;
	while (i < LAYER_COUNT && !layers[i]->matches(head))
		i++;
	return i;
}

static int remove_layer(struct kq_kernel_file *kernel, size_t index,
			const struct kq_head *head, struct kq_message *message)
{
	if (layers[index]->name)
		kq_layer_note(kernel, layers[index]->name);
	return layers[index]->remove(kernel, head, message);
}

static int read_head(const struct kq_source *source, uint8_t *buffer,
		     struct kq_head *ret, struct kq_message *message)
{
	int r;

	ret->data = buffer;
	r = kq_source_read(source, buffer, HEAD_SIZE, &ret->size, message);
	return r == -KQ_ERR_NOSPACE ? 0 : r;
}

/* Take off one layer after the other until there is an Image. */
static int remove_layers(struct kq_kernel_file *kernel, uint8_t *buffer,
			 struct kq_message *message)
{
	struct kq_head head;
	size_t index, allowed = 0;
	int r;

	for (;;) {
		r = read_head(&kernel->image, buffer, &head, message);
		if (r < 0)
			return r;
		index = find_layer(&head);
		if (index == LAYER_COUNT)
			break;
		if (index < allowed)
			return kq_fail(message, KQ_ERR_NOTSUP,
				       "is wrapped more than once (%s): use "
				       "the Image",
				       kernel->kind);
		r = remove_layer(kernel, index, &head, message);
		if (r < 0)
			return r;
		allowed = index + 1;
	}
	if (!kq_image_is_arm64(head.data, head.size))
		return refuse(&head, message);
	return kq_image_parse(head.data, &kernel->info, message);
}

static int identify(struct kq_kernel_file *kernel, struct kq_message *message)
{
	uint8_t *buffer = malloc(HEAD_SIZE);
	int r;

	if (!buffer)
		return kq_fail(message, KQ_ERR_NOMEM,
			       "cannot be read: out of memory");
	r = remove_layers(kernel, buffer, message);
	free(buffer);
	return r;
}

static int check_file(const struct stat *st, struct kq_message *message)
{
	if (!S_ISREG(st->st_mode))
		return kq_fail(message, KQ_ERR_SYSTEM,
			       "cannot be read: it is not a regular file");
	if ((uint64_t)st->st_size > KQ_KERNEL_MAX_SIZE)
		return kq_fail(message, KQ_ERR_BOUNDS,
			       "is too big to be a kernel");
	return 0;
}

static int open_file(struct kq_kernel_file *kernel, struct kq_message *message)
{
	int r;

	kernel->fd = open(kernel->path,
			  O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (kernel->fd < 0 || fstat(kernel->fd, &kernel->stat) < 0)
		return kq_fail(message, KQ_ERR_SYSTEM, "cannot be opened: %m");
	r = check_file(&kernel->stat, message);
	if (r < 0)
		return r;
	kernel->image.fd = kernel->fd;
	kernel->image.size = (uint64_t)kernel->stat.st_size;
	return identify(kernel, message);
}

/* @reason is about the file; the whole sentence names it. */
static int fail(const struct kq_kernel_file *kernel, int err,
		const struct kq_message *reason, struct kq_message *message)
{
	return kq_fail(message, -err, "the kernel %s %s", kernel->path,
		       reason->text);
}

int kq_kernel_file_open(const char *path, struct kq_kernel_file *ret,
			struct kq_message *message)
{
	struct kq_kernel_file kernel = { .path = path };
	struct kq_message reason;
	int r;

	r = open_file(&kernel, &reason);
	if (r < 0) {
		r = fail(&kernel, r, &reason, message);
		kq_kernel_file_close(&kernel);
		return r;
	}
	*ret = kernel;
	return 0;
}

/* Somebody who writes into the file may leave a mix of two kernels. */
static int check_unchanged(const struct kq_kernel_file *kernel,
			   struct kq_message *message)
{
	if (!kq_source_changed(kernel->fd, &kernel->stat))
		return 0;
	return kq_fail(message, KQ_ERR_TRUNCATED,
		       "is being replaced: try again");
}

static int fail_too_long(const struct kq_kernel_file *kernel,
			 struct kq_message *message)
{
	return kq_fail(message, KQ_ERR_BOUNDS,
		       "is damaged: it is longer than the memory it asks for "
		       "(%llu bytes)",
		       (unsigned long long)kernel->info.image_size);
}

/* As much memory as the Image asks for; what it does not fill stays unused. */
static int decompress(struct kq_kernel_file *kernel, struct kq_message *message)
{
	const size_t room = kernel->info.image_size;
	void *data = mmap(NULL, room, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int r;

	if (data == MAP_FAILED)
		return kq_codec_no_memory(message);
	kernel->data = data;
	r = kq_source_read(&kernel->image, data, room, &kernel->size, message);
	if (r == -KQ_ERR_NOSPACE)
		return fail_too_long(kernel, message);
	if (r < 0)
		return r;
	return kq_image_check(data, kernel->size, kernel->size, &kernel->info,
			      message);
}

static int load_compressed(struct kq_kernel_file *kernel, uint8_t *digest,
			   struct kq_message *message)
{
	int r = decompress(kernel, message);

	if (r == 0 && digest)
		kq_sha256(kernel->data, kernel->size, digest);
	return r;
}

static int load_plain(struct kq_kernel_file *kernel, uint8_t *digest,
		      struct kq_message *message)
{
	const struct kq_source *image = &kernel->image;
	static uint8_t buffer[HEAD_SIZE];
	struct kq_head head;
	int r;

	if (image->size > kernel->info.image_size)
		return fail_too_long(kernel, message);
	kernel->size = image->size;
	r = read_head(image, buffer, &head, message);
	if (r == 0)
		r = kq_image_check(head.data, head.size, kernel->size,
				   &kernel->info, message);
	if (r == 0 && digest)
		r = kq_source_hash(image, digest, message);
	return r;
}

int kq_kernel_file_load(struct kq_kernel_file *kernel,
			uint8_t digest[KQ_SHA256_SIZE],
			struct kq_message *message)
{
	struct kq_message reason;
	int r = kernel->image.codec ? load_compressed(kernel, digest, &reason)
				    : load_plain(kernel, digest, &reason);

	if (r == 0)
		r = check_unchanged(kernel, &reason);
	return r < 0 ? fail(kernel, r, &reason, message) : 0;
}

int kq_kernel_file_read(const struct kq_kernel_file *kernel, void *data,
			size_t size, uint64_t offset,
			struct kq_message *message)
{
	struct kq_source part = kernel->image;
	struct kq_message reason;
	size_t got;
	int r;

	if (kernel->data) {
		memcpy(data, kernel->data + offset, size);
		return 0;
	}
	r = kq_source_narrow(&part, offset, size);
	if (r == 0)
		r = kq_source_read(&part, data, size, &got, &reason);
	else
		kq_fail(&reason, KQ_ERR_BOUNDS, "ends before");
	/* Only now is it sure that this is still what was hashed. */
	if (r == 0)
		r = check_unchanged(kernel, &reason);
	return r < 0 ? fail(kernel, r, &reason, message) : 0;
}

static int copy_initrd(struct kq_source initrd, int fd,
		       struct kq_message *message)
{
	char buffer[1u << 16];
	size_t size;
	int r;

	while (initrd.size > 0) {
		r = kq_source_read(&initrd, buffer, sizeof(buffer), &size,
				   message);
		if (r < 0 && r != -KQ_ERR_NOSPACE)
			return r;
		if (write(fd, buffer, size) != (ssize_t)size)
			return kq_fail(message, KQ_ERR_SYSTEM,
				       "has an initrd that cannot be "
				       "written: %m");
		(void)kq_source_narrow(&initrd, size, initrd.size - size);
	}
	return 0;
}

int kq_kernel_file_write_initrd(const struct kq_kernel_file *kernel, int fd,
				struct kq_message *message)
{
	struct kq_message reason;
	int r;

	r = copy_initrd(kernel->initrd, fd, &reason);
	if (r == 0)
		r = check_unchanged(kernel, &reason);
	return r < 0 ? fail(kernel, r, &reason, message) : 0;
}

void kq_kernel_file_forget(struct kq_kernel_file *kernel)
{
	if (kernel->data)
		munmap(kernel->data, kernel->info.image_size);
	kernel->data = NULL;
	kernel->size = 0;
}

void kq_kernel_file_close(struct kq_kernel_file *kernel)
{
	if (kernel->path && kernel->fd >= 0)
		close(kernel->fd);
	kq_kernel_file_forget(kernel);
	free(kernel->cmdline);
	*kernel = (struct kq_kernel_file){ 0 };
}
