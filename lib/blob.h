/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What plan and report have in common: frame, sections and the digest. */
#ifndef KQ_BLOB_H
#define KQ_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kq_section;

/* How the header of every blob starts. */
struct kq_blob_frame {
	uint8_t magic[8];
	uint32_t version;
	uint32_t header_size;
	uint32_t total_size;
	uint32_t flags;
	uint8_t sha256[32]; /* of the whole blob with this field zero */
};

_Static_assert(sizeof(struct kq_blob_frame) == 56, "plan and report format");

/* What the frame of one kind of blob must say. */
struct kq_blob_kind {
	uint8_t magic[8];
	uint32_t version;
	uint32_t header_size;
};

/**
 * kq_blob_check() - is this a whole, undamaged blob of a kind?
 * @blob: start, 8-byte aligned
 * @size: bytes there
 * @kind: which kind
 *
 * Sections and entries are the caller's to check.
 *
 * Return: 0; -KQ_ERR_TRUNCATED; -KQ_ERR_MAGIC; -KQ_ERR_VERSION;
 * -KQ_ERR_BOUNDS the header has another size; -KQ_ERR_CHECKSUM.
 */
int kq_blob_check(const void *blob, size_t size,
		  const struct kq_blob_kind *kind);

/**
 * kq_blob_seal() - set the digest of a finished blob
 */
void kq_blob_seal(void *blob);

/**
 * kq_section_ok() - is a section inside its blob and of the right shape?
 * @section:     section to check
 * @header_size: no section may start below this offset
 * @total_size:  size of the blob
 * @entry_size:  bytes each entry must have
 * @max_count:   most entries allowed
 */
bool kq_section_ok(const struct kq_section *section, uint32_t header_size,
		   uint32_t total_size, uint32_t entry_size,
		   uint32_t max_count);

/**
 * kq_bytes_equal() - compare byte by byte (the stage has no memcmp)
 */
bool kq_bytes_equal(const void *a, const void *b, size_t size);

#endif
