// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/blob.h"

#include "lib/plan.h"
#include "lib/sha256.h"

bool kq_section_ok(const struct kq_section *section, uint32_t header_size,
		   uint32_t total_size, uint32_t entry_size,
		   uint32_t max_count)
{
	uint64_t end = section->offset +
		       (uint64_t)section->count * section->entry_size;

	return section->entry_size == entry_size &&
	       section->count <= max_count && section->reserved == 0 &&
	       section->offset % 8 == 0 && section->offset >= header_size &&
	       end <= total_size;
}

void kq_blob_digest(const void *blob, size_t size, size_t digest_offset,
		    uint8_t digest[KQ_SHA256_SIZE])
{
	static const uint8_t zeros[KQ_SHA256_SIZE];
	const uint8_t *bytes = blob;
	size_t behind = digest_offset + sizeof(zeros);
	struct kq_sha256 ctx;

	kq_sha256_init(&ctx);
	kq_sha256_update(&ctx, bytes, digest_offset);
	kq_sha256_update(&ctx, zeros, sizeof(zeros));
	kq_sha256_update(&ctx, bytes + behind, size - behind);
	kq_sha256_final(&ctx, digest);
}

bool kq_bytes_equal(const void *a, const void *b, size_t size)
{
	const uint8_t *x = a, *y = b;

	for (size_t i = 0; i < size; i++)
		if (x[i] != y[i])
			return false;
	return true;
}
