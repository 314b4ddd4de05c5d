// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "lib/image/image-header.h"

#include <endian.h>
#include <string.h>

#include "lib/bits.h"
#include "lib/error.h"
#include "lib/image/pe.h"
#include "lib/stage-image.h"

#define IMAGE_FLAG_PAGE_SIZE  KQ_MASK64(2, 1) /* 0: unspecified, 1..3 */
#define IMAGE_FLAG_ANY_MEMORY KQ_BIT64(3) /* need not be near RAM's base */
#define IMAGE_FLAGS_KNOWN \
	(KQ_IMAGE_FLAG_BIG_ENDIAN | IMAGE_FLAG_PAGE_SIZE | \
	 IMAGE_FLAG_ANY_MEMORY)

bool kq_image_is_arm64(const void *data, size_t size)
{
	struct kq_image_header header;

	if (size < sizeof(header))
		return false;
	memcpy(&header, data, sizeof(header));
	return le32toh(header.magic) == KQ_IMAGE_MAGIC;
}

static int check_info(const struct kq_image_info *info,
		      struct kq_message *message)
{
	if (info->flags & KQ_IMAGE_FLAG_BIG_ENDIAN)
		return kq_fail(message, KQ_ERR_NOTSUP,
			       "is a big-endian kernel, which is not "
			       "supported");
	if (info->flags & ~IMAGE_FLAGS_KNOWN)
		return kq_fail(message, KQ_ERR_NOTSUP,
			       "has header flags 0x%llx, which this version "
			       "does not know",
			       (unsigned long long)info->flags);
	if (info->image_size == 0)
		return kq_fail(message, KQ_ERR_NOTSUP,
			       "does not say how much memory it needs (Linux "
			       "before 3.17), which is not supported");
	if (info->image_size > KQ_KERNEL_MAX_SIZE)
		return kq_fail(message, KQ_ERR_BOUNDS,
			       "is damaged: it asks for %llu MiB of memory",
			       (unsigned long long)(info->image_size >> 20));
	if (info->text_offset >= KQ_IMAGE_ALIGN ||
	    info->text_offset % 4096 != 0)
		return kq_fail(message, KQ_ERR_VALUE,
			       "is damaged: its text offset is 0x%llx",
			       (unsigned long long)info->text_offset);
	return 0;
}

int kq_image_parse(const void *data, struct kq_image_info *ret,
		   struct kq_message *message)
{
	struct kq_image_header header;
	struct kq_image_info info;
	int r;

	memcpy(&header, data, sizeof(header));
	info.text_offset = le64toh(header.text_offset);
	info.image_size = le64toh(header.image_size);
	info.flags = le64toh(header.flags);
	r = check_info(&info, message);
	if (r == 0)
		*ret = info;
	return r;
}

static int check_sections(const uint8_t *head, size_t room, size_t size,
			  struct kq_message *message)
{
	struct kq_pe_table table;
	uint64_t end = 0;
	int r;

	r = kq_pe_parse(head, room, &table, message);
	if (r < 0)
		return r;
	for (unsigned int i = 0; i < table.count; i++) {
		struct kq_pe_section section = kq_pe_section(&table, i);
		uint64_t next = (uint64_t)section.raw_offset + section.raw_size;

		if (next > end)
			end = next;
	}
	if (end > size)
		return kq_fail(message, KQ_ERR_TRUNCATED,
			       "is truncated: its kernel ends at byte %zu of "
			       "%llu",
			       size, (unsigned long long)end);
	return 0;
}

int kq_image_check(const void *head, size_t room, size_t size,
		   const struct kq_image_info *info, struct kq_message *message)
{
	struct kq_image_header header;
	struct kq_image_info now;

	if (!kq_image_is_arm64(head, room) ||
	    kq_image_parse(head, &now, NULL) < 0 ||
	    now.text_offset != info->text_offset ||
	    now.image_size != info->image_size || now.flags != info->flags)
		return kq_fail(message, KQ_ERR_CHECKSUM,
			       "is being replaced: try again");
	if (size > info->image_size)
		return kq_fail(message, KQ_ERR_BOUNDS,
			       "is damaged: it is longer (%zu bytes) than the "
			       "memory it asks for (%llu)",
			       size, (unsigned long long)info->image_size);
	memcpy(&header, head, sizeof(header));
	if (memcmp(head, "MZ", 2) != 0 || header.pe_offset == 0)
		return 0;
	return check_sections(head, room, size, message);
}
