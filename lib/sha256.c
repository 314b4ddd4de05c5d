// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * FIPS 180-4, sections 4.1.2, 5.1.1 and 6.2.2.
 *
 * The stage runs this without caches at first, where every access to memory
 * takes as long as DRAM does and an unaligned one faults. So the 64 rounds are
 * written out: state and message schedule stay in registers, the constants
 * become part of the code, and a block costs the 16 loads of its words.
 */
#include "lib/sha256.h"

#include "lib/sha256-blocks.h"

const uint32_t kq_sha256_k[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline uint32_t rotate_right(uint32_t x, unsigned int n)
{
	return x >> n | x << (32 - n);
}

/* One round; its caller renames the variables instead of moving them. */
#define ROUND(a, b, c, d, e, f, g, h, t, w) \
	do { \
		h += (rotate_right(e, 6) ^ rotate_right(e, 11) ^ \
		      rotate_right(e, 25)) + \
		     ((e & f) ^ (~e & g)) + kq_sha256_k[t] + w; \
		d += h; \
		h += (rotate_right(a, 2) ^ rotate_right(a, 13) ^ \
		      rotate_right(a, 22)) + \
		     ((a & b) ^ (a & c) ^ (b & c)); \
	} while (0)

/* The word of 16 rounds later takes this one's place. */
#define SCHEDULE(w, w1, w9, w14) \
	(w += (rotate_right(w1, 7) ^ rotate_right(w1, 18) ^ w1 >> 3) + w9 + \
	      (rotate_right(w14, 17) ^ rotate_right(w14, 19) ^ w14 >> 10))

#define ROUNDS_16(t) \
	do { \
		ROUND(a, b, c, d, e, f, g, h, (t), w0); \
		ROUND(h, a, b, c, d, e, f, g, (t) + 1, w1); \
		ROUND(g, h, a, b, c, d, e, f, (t) + 2, w2); \
		ROUND(f, g, h, a, b, c, d, e, (t) + 3, w3); \
		ROUND(e, f, g, h, a, b, c, d, (t) + 4, w4); \
		ROUND(d, e, f, g, h, a, b, c, (t) + 5, w5); \
		ROUND(c, d, e, f, g, h, a, b, (t) + 6, w6); \
		ROUND(b, c, d, e, f, g, h, a, (t) + 7, w7); \
		ROUND(a, b, c, d, e, f, g, h, (t) + 8, w8); \
		ROUND(h, a, b, c, d, e, f, g, (t) + 9, w9); \
		ROUND(g, h, a, b, c, d, e, f, (t) + 10, w10); \
		ROUND(f, g, h, a, b, c, d, e, (t) + 11, w11); \
		ROUND(e, f, g, h, a, b, c, d, (t) + 12, w12); \
		ROUND(d, e, f, g, h, a, b, c, (t) + 13, w13); \
		ROUND(c, d, e, f, g, h, a, b, (t) + 14, w14); \
		ROUND(b, c, d, e, f, g, h, a, (t) + 15, w15); \
	} while (0)

#define SCHEDULE_16() \
	do { \
		SCHEDULE(w0, w1, w9, w14); \
		SCHEDULE(w1, w2, w10, w15); \
		SCHEDULE(w2, w3, w11, w0); \
		SCHEDULE(w3, w4, w12, w1); \
		SCHEDULE(w4, w5, w13, w2); \
		SCHEDULE(w5, w6, w14, w3); \
		SCHEDULE(w6, w7, w15, w4); \
		SCHEDULE(w7, w8, w0, w5); \
		SCHEDULE(w8, w9, w1, w6); \
		SCHEDULE(w9, w10, w2, w7); \
		SCHEDULE(w10, w11, w3, w8); \
		SCHEDULE(w11, w12, w4, w9); \
		SCHEDULE(w12, w13, w5, w10); \
		SCHEDULE(w13, w14, w6, w11); \
		SCHEDULE(w14, w15, w7, w12); \
		SCHEDULE(w15, w0, w8, w13); \
	} while (0)

typedef uint32_t __attribute__((may_alias)) word;

static uint32_t big_endian(word x)
{
	return x >> 24 | (x >> 8 & 0xff00) | (x << 8 & 0xff0000) | x << 24;
}

/* @block is aligned to words. */
static void compress(uint32_t state[8], const word block[16])
{
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
	uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
	uint32_t w0 = big_endian(block[0]), w1 = big_endian(block[1]);
	uint32_t w2 = big_endian(block[2]), w3 = big_endian(block[3]);
	uint32_t w4 = big_endian(block[4]), w5 = big_endian(block[5]);
	uint32_t w6 = big_endian(block[6]), w7 = big_endian(block[7]);
	uint32_t w8 = big_endian(block[8]), w9 = big_endian(block[9]);
	uint32_t w10 = big_endian(block[10]), w11 = big_endian(block[11]);
	uint32_t w12 = big_endian(block[12]), w13 = big_endian(block[13]);
	uint32_t w14 = big_endian(block[14]), w15 = big_endian(block[15]);

	ROUNDS_16(0);
	SCHEDULE_16();
	ROUNDS_16(16);
	SCHEDULE_16();
	ROUNDS_16(32);
	SCHEDULE_16();
	ROUNDS_16(48);
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
	state[5] += f;
	state[6] += g;
	state[7] += h;
}

void kq_sha256_blocks_c(uint32_t state[8], const uint8_t *data, size_t count)
{
	for (; count > 0; count--, data += 64) {
		word copy[16];
		uint8_t *bytes = (uint8_t *)copy;

		if ((uintptr_t)data % sizeof(word) == 0) {
			compress(state, (const void *)data);
			continue;
		}
		for (unsigned int i = 0; i < 64; i++)
			bytes[i] = data[i];
		compress(state, copy);
	}
}

static void blocks(uint32_t state[8], const uint8_t *data, size_t count)
{
#ifdef __aarch64__
	if (kq_sha256_has_instructions()) {
		kq_sha256_blocks_arm64(state, data, count);
		return;
	}
#endif
	kq_sha256_blocks_c(state, data, count);
}

void kq_sha256_init(struct kq_sha256 *ctx)
{
	static const uint32_t initial[8] = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
	};

	for (unsigned int i = 0; i < 8; i++)
		ctx->state[i] = initial[i];
	ctx->length = 0;
}

void kq_sha256_update(struct kq_sha256 *ctx, const void *data, size_t size)
{
	const uint8_t *bytes = data;

	while (size > 0) {
		size_t whole = size / 64;

		if (ctx->length % 64 == 0 && whole > 0) {
			/* Whole blocks need no copy. */
			blocks(ctx->state, bytes, whole);
			ctx->length += whole * 64;
			bytes += whole * 64;
			size -= whole * 64;
			continue;
		}
		ctx->block[ctx->length++ % 64] = *bytes++;
		size--;
		if (ctx->length % 64 == 0)
			blocks(ctx->state, ctx->block, 1);
	}
}

void kq_sha256_final(struct kq_sha256 *ctx, uint8_t digest[KQ_SHA256_SIZE])
{
	static const uint8_t one_bit = 0x80, zero = 0;
	uint64_t bits = ctx->length * 8;
	uint8_t length[8];

	for (unsigned int i = 0; i < 8; i++)
		length[i] = (uint8_t)(bits >> (56 - 8 * i));
	kq_sha256_update(ctx, &one_bit, 1);
	while (ctx->length % 64 != 56)
		kq_sha256_update(ctx, &zero, 1);
	kq_sha256_update(ctx, length, sizeof(length));
	for (unsigned int i = 0; i < 32; i++)
		digest[i] = (uint8_t)(ctx->state[i / 4] >> (24 - 8 * (i % 4)));
}
