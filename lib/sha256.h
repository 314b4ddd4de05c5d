/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SHA-256 (FIPS 180-4), for hosted programs and the freestanding stage. */
#ifndef KQ_SHA256_H
#define KQ_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define KQ_SHA256_SIZE 32

struct kq_sha256 {
	uint32_t state[8];
	uint64_t length; /* bytes hashed so far */
	uint8_t block[64];
};

void kq_sha256_init(struct kq_sha256 *ctx);
void kq_sha256_update(struct kq_sha256 *ctx, const void *data, size_t size);
void kq_sha256_final(struct kq_sha256 *ctx, uint8_t digest[KQ_SHA256_SIZE]);

/* The same of data that is all there. */
static inline void kq_sha256(const void *data, size_t size,
			     uint8_t digest[KQ_SHA256_SIZE])
{
	struct kq_sha256 ctx;

	kq_sha256_init(&ctx);
	kq_sha256_update(&ctx, data, size);
	kq_sha256_final(&ctx, digest);
}

#endif
