// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "lib/image/kernel-file.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/image/inflate.h"
#include "lib/bits.h"
#include "lib/error.h"
#include "lib/stage-image.h"

/* Image header flags. Linux, Documentation/arch/arm64/booting.rst. */
#define IMAGE_FLAG_PAGE_SIZE  KQ_MASK64(2, 1) /* 0: unspecified, 1..3 */
#define IMAGE_FLAG_ANY_MEMORY KQ_BIT64(3) /* need not be near RAM's base */
#define IMAGE_FLAGS_KNOWN \
	(KQ_IMAGE_FLAG_BIG_ENDIAN | IMAGE_FLAG_PAGE_SIZE | \
	 IMAGE_FLAG_ANY_MEMORY)

/* PE/COFF, with which the EFI stub marks an Image. Microsoft's PE format. */
#define PE_HEADER_SIZE	     24u /* signature and COFF header */
#define PE_MACHINE	     4u
#define PE_MACHINE_ARM64     0xaa64u
#define PE_SECTION_COUNT     6u
#define PE_OPTIONAL_SIZE     20u
#define PE_SECTION_SIZE	     40u
#define PE_SECTION_RAW_SIZE  16u
#define PE_SECTION_RAW_START 20u

/* What a file that is no Image may be, told by its first bytes. */
struct kind {
	const char *magic;
	size_t size;
	size_t offset;
	int err;
	const char *phrase;
};

#define UNSUPPORTED ", which is not supported by this version: use the Image"

static const struct kind kinds[] = {
	{ "zimg", 4, 4, KQ_ERR_NOTSUP, "is an EFI zboot kernel" UNSUPPORTED },
	{ "\177ELF", 4, 0, KQ_ERR_NOTSUP, "is an ELF vmlinux" UNSUPPORTED },
	{ "\x27\x05\x19\x56", 4, 0, KQ_ERR_NOTSUP,
	  "is a U-Boot uImage" UNSUPPORTED },
	{ "\xd0\x0d\xfe\xed", 4, 0, KQ_ERR_NOTSUP,
	  "is a device tree or FIT image" UNSUPPORTED },
	{ "\3757zXZ", 5, 0, KQ_ERR_NOTSUP,
	  "is compressed with xz" UNSUPPORTED },
	{ "\x28\xb5\x2f\xfd", 4, 0, KQ_ERR_NOTSUP,
	  "is compressed with zstd" UNSUPPORTED },
	{ "\x04\x22\x4d\x18", 4, 0, KQ_ERR_NOTSUP,
	  "is compressed with lz4" UNSUPPORTED },
	{ "\x02\x21\x4c\x18", 4, 0, KQ_ERR_NOTSUP,
	  "is compressed with lz4" UNSUPPORTED },
	{ "BZh", 3, 0, KQ_ERR_NOTSUP, "is compressed with bzip2" UNSUPPORTED },
	{ "\x89LZO", 4, 0, KQ_ERR_NOTSUP,
	  "is compressed with lzo" UNSUPPORTED },
	{ "HdrS", 4, 0x202, KQ_ERR_MAGIC,
	  "is an x86 kernel, not an arm64 one" },
	{ "MZ", 2, 0, KQ_ERR_NOTSUP,
	  "is an EFI program (a unified kernel image?)" UNSUPPORTED },
};

static int not_an_image(const uint8_t *data, size_t size,
			struct kq_message *message)
{
	if (size < sizeof(struct kq_image_header))
		return kq_fail(message, KQ_ERR_TRUNCATED,
			       "is too short to be a kernel (%zu bytes)", size);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct kind *kind = &kinds[i];

		if (size >= kind->offset + kind->size &&
		    !memcmp(data + kind->offset, kind->magic, kind->size))
			return kq_fail(message, kind->err, "%s", kind->phrase);
	}
	return kq_fail(message, KQ_ERR_MAGIC,
		       "is not an arm64 kernel: it has no Image header");
}

static uint32_t get16(const uint8_t *p)
{
	uint16_t value;

	memcpy(&value, p, sizeof(value));
	return le16toh(value);
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return le32toh(value);
}

static int truncated(uint64_t needed, size_t size, struct kq_message *message)
{
	return kq_fail(message, KQ_ERR_TRUNCATED,
		       "is truncated: it ends at byte %zu of %llu", size,
		       (unsigned long long)needed);
}

/*
 * The Image header does not say how long the file is (image_size counts the
 * BSS too), but with an EFI stub the PE section table does.
 */
static int check_sections(const uint8_t *data, size_t size, uint64_t pe,
			  struct kq_message *message)
{
	uint64_t table, count;

	if (pe + PE_HEADER_SIZE > size)
		return truncated(pe + PE_HEADER_SIZE, size, message);
	if (memcmp(data + pe, "PE\0", 4) != 0)
		return kq_fail(message, KQ_ERR_VALUE,
			       "is damaged: it has no PE header where its "
			       "Image header says");
	if (get16(data + pe + PE_MACHINE) != PE_MACHINE_ARM64)
		return kq_fail(message, KQ_ERR_MAGIC,
			       "is an EFI program for another machine than "
			       "arm64");
	count = get16(data + pe + PE_SECTION_COUNT);
	table = pe + PE_HEADER_SIZE + get16(data + pe + PE_OPTIONAL_SIZE);
	if (table + count * PE_SECTION_SIZE > size)
		return truncated(table + count * PE_SECTION_SIZE, size,
				 message);
	for (uint64_t i = 0; i < count; i++) {
		const uint8_t *section = data + table + i * PE_SECTION_SIZE;
		uint64_t end = (uint64_t)get32(section + PE_SECTION_RAW_START) +
			       get32(section + PE_SECTION_RAW_SIZE);

		if (end > size)
			return truncated(end, size, message);
	}
	return 0;
}

/* The header alone: enough to know how much to inflate. */
static int parse_header(const uint8_t *data, size_t size,
			struct kq_kernel_file *kernel,
			struct kq_message *message)
{
	struct kq_image_header header;

	if (size < sizeof(header))
		return not_an_image(data, size, message);
	memcpy(&header, data, sizeof(header));
	if (le32toh(header.magic) != KQ_IMAGE_MAGIC)
		return not_an_image(data, size, message);
	kernel->text_offset = le64toh(header.text_offset);
	kernel->image_size = le64toh(header.image_size);
	kernel->flags = le64toh(header.flags);
	if (kernel->flags & KQ_IMAGE_FLAG_BIG_ENDIAN)
		return kq_fail(message, KQ_ERR_NOTSUP,
			       "is a big-endian kernel, which is not "
			       "supported");
	if (kernel->flags & ~IMAGE_FLAGS_KNOWN)
		return kq_fail(message, KQ_ERR_NOTSUP,
			       "has header flags 0x%llx, which this version "
			       "does not know",
			       (unsigned long long)kernel->flags);
	if (kernel->image_size == 0)
		return kq_fail(message, KQ_ERR_NOTSUP,
			       "does not say how much memory it needs (Linux "
			       "before 3.17), which is not supported");
	if (kernel->image_size > KQ_KERNEL_MAX_SIZE)
		return kq_fail(message, KQ_ERR_BOUNDS,
			       "is damaged: it asks for %llu MiB of memory",
			       (unsigned long long)(kernel->image_size >> 20));
	if (kernel->text_offset >= KQ_IMAGE_ALIGN ||
	    kernel->text_offset % 4096 != 0)
		return kq_fail(message, KQ_ERR_VALUE,
			       "is damaged: its text offset is 0x%llx",
			       (unsigned long long)kernel->text_offset);
	return 0;
}

static int parse_image(const uint8_t *data, size_t size,
		       struct kq_kernel_file *kernel,
		       struct kq_message *message)
{
	struct kq_image_header header;
	int r;

	r = parse_header(data, size, kernel, message);
	if (r < 0)
		return r;
	memcpy(&header, data, sizeof(header));
	if (!memcmp(data, "MZ", 2) && header.pe_offset) {
		r = check_sections(data, size, le32toh(header.pe_offset),
				   message);
		if (r < 0)
			return r;
	}
	if (size > kernel->image_size)
		return kq_fail(message, KQ_ERR_BOUNDS,
			       "is damaged: it is longer (%zu bytes) than the "
			       "memory it asks for (%llu)",
			       size, (unsigned long long)kernel->image_size);
	kernel->data = data;
	kernel->size = size;
	return 0;
}

static bool is_quiesce_image(const uint8_t *data, size_t size)
{
	struct kq_image_header header;

	if (size < sizeof(header))
		return false;
	memcpy(&header, data, sizeof(header));
	return le32toh(header.magic) == KQ_IMAGE_MAGIC &&
	       le64toh(header.tag) == KQ_IMAGE_TAG;
}

/* Find the payload of a quiesce image. */
static int unwrap(const uint8_t **data, size_t *size,
		  struct kq_message *message)
{
	struct kq_image_header header;
	struct kq_stage_params params;
	uint64_t at, start, length;

	memcpy(&header, *data, sizeof(header));
	at = le64toh(header.params_offset);
	if (*size < sizeof(params) || at > *size - sizeof(params))
		return kq_fail(message, KQ_ERR_TRUNCATED,
			       "is a truncated quiesce image");
	memcpy(&params, *data + at, sizeof(params));
	start = le64toh(params.payload_offset);
	length = le64toh(params.payload_size);
	if (start > *size || length > *size - start)
		return kq_fail(message, KQ_ERR_TRUNCATED,
			       "is a truncated quiesce image");
	if (is_quiesce_image(*data + start, length))
		return kq_fail(message, KQ_ERR_NOTSUP,
			       "is a quiesce image inside a quiesce image: "
			       "use the kernel itself");
	*data += start;
	*size = length;
	return 0;
}

/*
 * The header comes first: it bounds how much the rest may inflate to, so
 * that a small file cannot take all memory.
 */
static int inflate_kernel(const uint8_t *data, size_t size,
			  struct kq_kernel_file *kernel,
			  struct kq_message *message)
{
	uint8_t head[sizeof(struct kq_image_header)];
	struct kq_kernel_file header;
	size_t head_size, inflated_size;
	uint64_t limit;
	int r;

	r = kq_inflate(data, size, head, sizeof(head), &head_size, message);
	if (r < 0 && r != -KQ_ERR_NOSPACE)
		return r;
	r = parse_header(head, head_size, &header, message);
	if (r < 0)
		return r;
	limit = kernel->inflated.size = header.image_size;
	kernel->inflated.start =
		mmap(NULL, limit, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (kernel->inflated.start == MAP_FAILED) {
		kernel->inflated = (struct kq_mapping){ 0 };
		return kq_fail(message, KQ_ERR_NOMEM,
			       "needs %llu MiB of memory to decompress: %m",
			       (unsigned long long)(limit >> 20));
	}
	r = kq_inflate(data, size, kernel->inflated.start, limit,
		       &inflated_size, message);
	if (r == -KQ_ERR_NOSPACE)
		return kq_fail(message, KQ_ERR_BOUNDS,
			       "is damaged: it inflates to more than the "
			       "%llu MiB it asks for",
			       (unsigned long long)(limit >> 20));
	if (r < 0)
		return r;
	kernel->compressed = true;
	kernel->data = kernel->inflated.start;
	kernel->size = inflated_size;
	return 0;
}

int kq_kernel_file_parse(const void *data, size_t size,
			 struct kq_kernel_file *ret, struct kq_message *message)
{
	struct kq_kernel_file kernel = { .data = data, .size = size };
	int r;

	if (kq_is_gzip(data, size)) {
		r = inflate_kernel(data, size, &kernel, message);
		if (r < 0)
			goto fail;
	}
	if (is_quiesce_image(kernel.data, kernel.size)) {
		r = unwrap(&kernel.data, &kernel.size, message);
		if (r < 0)
			goto fail;
		kernel.unwrapped = true;
	}
	r = parse_image(kernel.data, kernel.size, &kernel, message);
	if (r < 0)
		goto fail;
	*ret = kernel;
	return 0;
fail:
	kq_kernel_file_close(&kernel);
	return r;
}

static void unmap(struct kq_mapping *mapping)
{
	if (mapping->start)
		munmap(mapping->start, mapping->size);
	*mapping = (struct kq_mapping){ 0 };
}

/* Bytes read, fewer than @size only at the end of the file; -1. */
static ssize_t read_all(int fd, char *data, size_t size)
{
	size_t done = 0;
	ssize_t n;

	do {
		n = pread(fd, data + done, size - done, (off_t)done);
		if (n > 0)
			done += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? n : (ssize_t)done;
}

/*
 * A copy and no mapping of the file: what was checked must be what is loaded,
 * and a file that shrinks must not kill us, whoever installs a kernel in the
 * meantime.
 */
static int copy_file(int fd, size_t size, const char *path,
		     struct kq_mapping *ret, struct kq_message *message)
{
	struct kq_mapping file = { .size = size };
	ssize_t n;
	int r = 0;

	file.start = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (file.start == MAP_FAILED)
		return kq_fail(message, KQ_ERR_NOMEM,
			       "cannot read the kernel %s: %m", path);
	n = read_all(fd, file.start, size);
	if (n < 0)
		r = kq_fail(message, KQ_ERR_SYSTEM,
			    "cannot read the kernel %s: %m", path);
	else if ((size_t)n < size)
		r = kq_fail(message, KQ_ERR_TRUNCATED,
			    "the kernel %s is being replaced: try again", path);
	if (r < 0)
		unmap(&file);
	else
		*ret = file;
	return r;
}

/* Read a whole file; an empty one gives nothing. */
static int read_file(const char *path, struct kq_mapping *ret,
		     struct kq_message *message)
{
	struct stat st;
	int fd, r = 0;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return kq_fail(message, KQ_ERR_SYSTEM,
			       "cannot open the kernel %s: %m", path);
	if (fstat(fd, &st) < 0)
		r = kq_fail(message, KQ_ERR_SYSTEM,
			    "cannot read the kernel %s: %m", path);
	else if (!S_ISREG(st.st_mode))
		r = kq_fail(message, KQ_ERR_SYSTEM,
			    "cannot read the kernel %s: not a regular file",
			    path);
	else if ((uint64_t)st.st_size > KQ_KERNEL_MAX_SIZE)
		r = kq_fail(message, KQ_ERR_BOUNDS,
			    "%s is too big to be a kernel", path);
	else if (st.st_size > 0)
		r = copy_file(fd, (size_t)st.st_size, path, ret, message);
	close(fd);
	return r;
}

int kq_kernel_file_open(const char *path, struct kq_kernel_file *ret,
			struct kq_message *message)
{
	struct kq_mapping file = { 0 };
	struct kq_message reason;
	int r;

	r = read_file(path, &file, message);
	if (r < 0)
		return r;
	r = kq_kernel_file_parse(file.start, file.size, ret, &reason);
	if (r < 0) {
		unmap(&file);
		return kq_fail(message, -r, "the kernel %s %s", path,
			       reason.text);
	}
	ret->file = file;
	return 0;
}

void kq_kernel_file_close(struct kq_kernel_file *kernel)
{
	unmap(&kernel->file);
	unmap(&kernel->inflated);
	kernel->data = NULL;
	kernel->size = 0;
}
