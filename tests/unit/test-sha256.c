// SPDX-License-Identifier: GPL-2.0-or-later
/* SHA-256 against the examples of FIPS 180-4 and the sha256sum program. */
#include "lib/sha256.h"
#include "lib/sha256-blocks.h"

#include <stdint.h>
#include <stdlib.h>

#include "tests/sim/expect.h"

static void hex(const uint8_t digest[32], char text[65])
{
	for (unsigned int i = 0; i < 32; i++)
		sprintf(text + 2 * i, "%02x", digest[i]);
}

static void expect_digest(const void *data, size_t size, const char *expected)
{
	struct kq_sha256 ctx;
	uint8_t digest[32];
	char text[65];

	kq_sha256_init(&ctx);
	kq_sha256_update(&ctx, data, size);
	kq_sha256_final(&ctx, digest);
	hex(digest, text);
	if (strcmp(text, expected) != 0) {
		expect_failures++;
		fprintf(stderr, "%zu bytes: %s, not %s\n", size, text,
			expected);
	}
}

static void published_examples(void)
{
	expect_digest("", 0,
		      "e3b0c44298fc1c149afbf4c8996fb924"
		      "27ae41e4649b934ca495991b7852b855");
	expect_digest("abc", 3,
		      "ba7816bf8f01cfea414140de5dae2223"
		      "b00361a396177a9cb410ff61f20015ad");
	expect_digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmno"
		      "mnopnopq",
		      56,
		      "248d6a61d20638b8e5c026930c3e6039"
		      "a33ce45964ff2167f6ecedd419db06c1");
}

static void a_million_times_a(void)
{
	char *data = malloc(1000000);

	memset(data, 'a', 1000000);
	expect_digest(data, 1000000,
		      "cdc76e5c9914fb9281a1c7e284d73e67"
		      "f1809a48a497200e046d39ccc7112cd0");
	free(data);
}

/* Around the places where padding takes another block. */
static void padding(void)
{
	static const struct {
		size_t size;
		const char *digest;
	} cases[] = {
		{ 55, "9f4390f8d30c2dd92ec9f095b65e2b9a"
		      "e9b0a925a5258e241c9f1e910f734318" },
		{ 56, "b35439a4ac6f0948b6d6f9e3c6af0f5f"
		      "590ce20f1bde7090ef7970686ec6738a" },
		{ 63, "7d3e74a05d7db15bce4ad9ec0658ea98"
		      "e3f06eeecf16b4c6fff2da457ddc2f34" },
		{ 64, "ffe054fe7ae0cb6dc65c3af9b61d5209"
		      "f439851db43d0ba5997337df154668eb" },
		{ 65, "635361c48bb9eab14198e76ea8ab7f1a"
		      "41685d6ad62aa9146d301d4f17eb0ae0" },
	};
	char data[65];

	memset(data, 'a', sizeof(data));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		expect_digest(data, cases[i].size, cases[i].digest);
}

/* In whatever pieces it comes, the digest is the same. */
static void pieces(void)
{
	uint8_t data[300], whole[32], pieced[32];
	struct kq_sha256 ctx;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	kq_sha256_init(&ctx);
	kq_sha256_update(&ctx, data, sizeof(data));
	kq_sha256_final(&ctx, whole);
	for (size_t cut = 0; cut <= sizeof(data); cut++) {
		kq_sha256_init(&ctx);
		kq_sha256_update(&ctx, data, cut);
		kq_sha256_update(&ctx, data + cut, sizeof(data) - cut);
		kq_sha256_final(&ctx, pieced);
		EXPECT(!memcmp(whole, pieced, sizeof(whole)));
	}
}

/*
 * The plain loop at every alignment, whatever the CPU is given to do
 * elsewhere. The padding is done here.
 */
static void plain_loop(void)
{
	uint8_t room[64 * 5 + 8], expected[32], got[32];

	for (size_t shift = 0; shift < 8; shift++) {
		uint8_t *data = room + shift;
		struct kq_sha256 ctx;

		for (size_t i = 0; i < 256; i++)
			data[i] = (uint8_t)(i * 11 + shift);
		memset(data + 256, 0, 64);
		data[256] = 0x80;
		data[256 + 62] = 2048 >> 8;
		kq_sha256_init(&ctx);
		kq_sha256_blocks_c(ctx.state, data, 5);
		for (unsigned int i = 0; i < 32; i++)
			got[i] = (uint8_t)(ctx.state[i / 4] >>
					   (24 - 8 * (i % 4)));
		kq_sha256_init(&ctx);
		kq_sha256_update(&ctx, data, 256);
		kq_sha256_final(&ctx, expected);
		EXPECT(!memcmp(expected, got, sizeof(got)));
	}
}

static const struct test_case cases[] = {
	CASE(published_examples),
	CASE(a_million_times_a),
	CASE(padding),
	CASE(pieces),
	CASE(plain_loop),
};

TEST_MAIN(cases)
