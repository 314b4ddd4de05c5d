/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What plan and report have in common: sections and the digest. */
#ifndef KQ_BLOB_H
#define KQ_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kq_section;

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
 * kq_blob_digest() - SHA-256 of a blob with its own digest field as zero
 * @blob:          start
 * @size:          bytes
 * @digest_offset: where the 32-byte digest field stands in it
 * @digest:        result
 */
void kq_blob_digest(const void *blob, size_t size, size_t digest_offset,
		    uint8_t digest[32]);

/**
 * kq_bytes_equal() - compare byte by byte (the stage has no memcmp)
 */
bool kq_bytes_equal(const void *a, const void *b, size_t size);

#endif
