// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * FIPS 180-4, sections 4.1.2, 5.1.1 and 6.2.2. Bytes are read one by one: the stage
 * runs with the MMU off, where an unaligned load faults.
 */
#include "lib/sha256.h"

static const uint32_t round_constants[64] = {
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

static uint32_t rotate_right(uint32_t x, unsigned int n)
{
	return x >> n | x << (32 - n);
}

static void schedule(uint32_t w[64], const uint8_t block[64])
{
	for (unsigned int t = 0; t < 16; t++)
		w[t] = (uint32_t)block[4 * t] << 24 |
		       (uint32_t)block[4 * t + 1] << 16 |
		       (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
	for (unsigned int t = 16; t < 64; t++) {
		uint32_t a = w[t - 15], b = w[t - 2];
		uint32_t s0 = rotate_right(a, 7) ^ rotate_right(a, 18) ^ a >> 3;
		uint32_t s1 =
			rotate_right(b, 17) ^ rotate_right(b, 19) ^ b >> 10;

		w[t] = s1 + w[t - 7] + s0 + w[t - 16];
	}
}

/*
 * The working variables are scalars, which stay in registers: the stage runs
 * without caches, where every access to the stack takes as long as DRAM does.
 */
static void compress(uint32_t state[8], const uint8_t block[64])
{
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
	uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
	uint32_t w[64];

	schedule(w, block);
	for (unsigned int t = 0; t < 64; t++) {
		uint32_t s1 = rotate_right(e, 6) ^ rotate_right(e, 11) ^
			      rotate_right(e, 25);
		uint32_t ch = (e & f) ^ (~e & g);
		uint32_t t1 = h + s1 + ch + round_constants[t] + w[t];
		uint32_t s0 = rotate_right(a, 2) ^ rotate_right(a, 13) ^
			      rotate_right(a, 22);
		uint32_t maj = (a & b) ^ (a & c) ^ (b & c);

		h = g;
		g = f;
		f = e;
		e = d + t1;
		d = c;
		c = b;
		b = a;
		a = t1 + s0 + maj;
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
	state[5] += f;
	state[6] += g;
	state[7] += h;
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
		if (ctx->length % 64 == 0 && size >= 64) {
			/* A whole block needs no copy. */
			compress(ctx->state, bytes);
			ctx->length += 64;
			bytes += 64;
			size -= 64;
			continue;
		}
		ctx->block[ctx->length++ % 64] = *bytes++;
		size--;
		if (ctx->length % 64 == 0)
			compress(ctx->state, ctx->block);
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
