// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * EFI zboot kernels: an EFI program that carries a compressed Image. Linux,
 * drivers/firmware/efi/libstub/zboot-header.S. All fields are little-endian.
 */
#include "config.h"

#include <endian.h>
#include <string.h>

#include "lib/error.h"
#include "lib/image/layers.h"
#include "lib/image/pe.h"

struct zboot_header {
	char mz[4]; /* "MZ\0\0" */
	char magic[4]; /* "zimg" */
	uint32_t payload_offset;
	uint32_t payload_size; /* without the uncompressed size behind it */
	uint32_t reserved[2];
	char compression[32];
};

_Static_assert(offsetof(struct zboot_header, compression) == 24, "zboot");

/* The kernel's build calls some compressions by the tool that it runs. */
static const struct {
	const char *zboot, *codec;
} compressions[] = {
	{ "gzip", "gzip" }, { "zstd22", "zstd" }, { "zstd", "zstd" },
	{ "xzkern", "xz" }, { "xz", "xz" },	  { "lzma", "lzma" },
	{ "lz4", "lz4" },
};

static bool is_zboot(const struct kq_head *head)
{
	struct zboot_header header;

	if (head->size < sizeof(header))
		return false;
	memcpy(&header, head->data, sizeof(header));
	return !memcmp(header.mz, "MZ", 2) && !memcmp(header.magic, "zimg", 4);
}

static int find_codec(const struct zboot_header *header, const char **ret_name,
		      struct kq_message *message)
{
	for (size_t i = 0; i < sizeof(compressions) / sizeof(compressions[0]);
	     i++) {
		if (strncmp(header->compression, compressions[i].zboot,
			    sizeof(header->compression)) != 0)
			continue;
		*ret_name = compressions[i].codec;
		return 0;
	}
	return kq_fail(
		message, KQ_ERR_NOTSUP,
		"is an EFI zboot kernel compressed with %.*s, which is "
		"not supported: use the Image",
		(int)strnlen(header->compression, sizeof(header->compression)),
		header->compression);
}

static int remove_zboot(struct kq_kernel_file *kernel,
			const struct kq_head *head, struct kq_message *message)
{
	struct zboot_header header;
	const char *codec = NULL;
	struct kq_pe_table pe;
	int r;

	r = kq_pe_parse(head->data, head->size, &pe, message);
	if (r < 0)
		return r;
	memcpy(&header, head->data, sizeof(header));
	r = find_codec(&header, &codec, message);
	if (r < 0)
		return r;
	r = kq_source_narrow(&kernel->image, le32toh(header.payload_offset),
			     le32toh(header.payload_size));
	if (r < 0)
		return kq_fail(message, KQ_ERR_TRUNCATED,
			       "is a truncated EFI zboot kernel");
	return kq_layer_decompress(kernel, codec, message);
}

const struct kq_layer kq_layer_zboot = {
	.name = "EFI zboot",
	.matches = is_zboot,
	.remove = remove_zboot,
};
