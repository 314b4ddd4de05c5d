// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * U-Boot's legacy image: a header with two CRC32s, then the data. U-Boot,
 * include/image.h, struct legacy_img_hdr. All fields are big-endian.
 */
#include "config.h"

#include <endian.h>
#include <string.h>
#include <zlib.h>

#include "lib/error.h"
#include "lib/image/layers.h"

#define UIMAGE_MAGIC	  0x27051956u
#define UIMAGE_OS_LINUX	  5u
#define UIMAGE_ARCH_ARM64 22u
#define UIMAGE_KERNEL	  2u
#define UIMAGE_KERNEL_ANY 14u /* may be loaded anywhere */

struct uimage_header {
	uint32_t magic;
	uint32_t header_crc; /* with this field 0 */
	uint32_t time;
	uint32_t size; /* of the data */
	uint32_t load;
	uint32_t entry;
	uint32_t data_crc;
	uint8_t os;
	uint8_t arch;
	uint8_t type;
	uint8_t compression;
	char name[32];
};

_Static_assert(sizeof(struct uimage_header) == 64, "uImage");

/* By the header's number for them; "" is none, what is missing refused. */
static const char *const compressions[] = {
	[0] = "", [1] = "gzip", [3] = "lzma", [5] = "lz4", [6] = "zstd",
};

static bool is_uimage(const struct kq_head *head)
{
	uint32_t magic;

	if (head->size < sizeof(magic))
		return false;
	memcpy(&magic, head->data, sizeof(magic));
	return be32toh(magic) == UIMAGE_MAGIC;
}

static int check_header(struct uimage_header header, struct kq_message *message)
{
	uint32_t crc = be32toh(header.header_crc);
	size_t known = sizeof(compressions) / sizeof(compressions[0]);

	header.header_crc = 0;
	if (crc32(0, (const Bytef *)&header, sizeof(header)) != crc)
		return kq_fail(message, KQ_ERR_CHECKSUM,
			       "is damaged: the checksum of its uImage header "
			       "is wrong");
	if (header.arch != UIMAGE_ARCH_ARM64)
		return kq_fail(message, KQ_ERR_MAGIC,
			       "is a uImage for another machine than arm64");
	if (header.os != UIMAGE_OS_LINUX ||
	    (header.type != UIMAGE_KERNEL && header.type != UIMAGE_KERNEL_ANY))
		return kq_fail(message, KQ_ERR_MAGIC,
			       "is a uImage of something else than a Linux "
			       "kernel");
	if (header.compression >= known || !compressions[header.compression])
		return kq_fail(message, KQ_ERR_NOTSUP,
			       "is a uImage whose compression is not "
			       "supported: use the Image");
	return 0;
}

static int check_data(struct kq_source data, uint32_t expected,
		      struct kq_message *message)
{
	uint8_t buffer[1u << 16];
	uLong crc = crc32(0, NULL, 0);
	size_t n;
	int r;

	while (data.size > 0) {
		r = kq_source_read(&data, buffer, sizeof(buffer), &n, message);
		if (r < 0 && r != -KQ_ERR_NOSPACE)
			return r;
		crc = crc32(crc, buffer, (uInt)n);
		(void)kq_source_narrow(&data, n, data.size - n);
	}
	if (crc != expected)
		return kq_fail(message, KQ_ERR_CHECKSUM,
			       "is damaged: the checksum of its uImage data "
			       "is wrong");
	return 0;
}

static int remove_uimage(struct kq_kernel_file *kernel,
			 const struct kq_head *head, struct kq_message *message)
{
	struct uimage_header header;
	int r;

	if (head->size < sizeof(header))
		return kq_fail(message, KQ_ERR_TRUNCATED,
			       "is a truncated uImage");
	memcpy(&header, head->data, sizeof(header));
	r = check_header(header, message);
	if (r < 0)
		return r;
	r = kq_source_narrow(&kernel->image, sizeof(header),
			     be32toh(header.size));
	if (r < 0)
		return kq_fail(message, KQ_ERR_TRUNCATED,
			       "is a truncated uImage");
	r = check_data(kernel->image, be32toh(header.data_crc), message);
	if (r < 0 || header.compression == 0)
		return r;
	return kq_layer_decompress(kernel, compressions[header.compression],
				   message);
}

const struct kq_layer kq_layer_uimage = {
	.name = "uImage",
	.matches = is_uimage,
	.remove = remove_uimage,
};
