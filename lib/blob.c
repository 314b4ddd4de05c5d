// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/blob.h"

#include "lib/error.h"
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

/* Of the whole blob, its own digest field taken as zero. */
static void blob_digest(const struct kq_blob_frame *frame,
			uint8_t digest[KQ_SHA256_SIZE])
{
	struct kq_blob_frame zeroed = *frame;
	struct kq_sha256 ctx;

	for (size_t i = 0; i < sizeof(zeroed.sha256); i++)
		zeroed.sha256[i] = 0;
	kq_sha256_init(&ctx);
	kq_sha256_update(&ctx, &zeroed, sizeof(zeroed));
	kq_sha256_update(&ctx, frame + 1, frame->total_size - sizeof(*frame));
	kq_sha256_final(&ctx, digest);
}

int kq_blob_check(const void *blob, size_t size,
		  const struct kq_blob_kind *kind)
{
	const struct kq_blob_frame *frame = blob;
	uint8_t digest[KQ_SHA256_SIZE];

	if (size < kind->header_size)
		return -KQ_ERR_TRUNCATED;
	if (!kq_bytes_equal(frame->magic, kind->magic, sizeof(frame->magic)))
		return -KQ_ERR_MAGIC;
	if (frame->version != kind->version)
		return -KQ_ERR_VERSION;
	if (frame->header_size != kind->header_size ||
	    frame->total_size < kind->header_size)
		return -KQ_ERR_BOUNDS;
	if (frame->total_size > size)
		return -KQ_ERR_TRUNCATED;
	blob_digest(frame, digest);
	if (!kq_bytes_equal(digest, frame->sha256, sizeof(digest)))
		return -KQ_ERR_CHECKSUM;
	return 0;
}

void kq_blob_seal(void *blob)
{
	struct kq_blob_frame *frame = blob;
	uint8_t digest[KQ_SHA256_SIZE];

	blob_digest(frame, digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		frame->sha256[i] = digest[i];
}

bool kq_bytes_equal(const void *a, const void *b, size_t size)
{
	const uint8_t *x = a, *y = b;

	for (size_t i = 0; i < size; i++)
		if (x[i] != y[i])
			return false;
	return true;
}
