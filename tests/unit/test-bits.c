// SPDX-License-Identifier: GPL-2.0-or-later
/* Masks, fields and addresses of lib/bits.h. */
#include "lib/bits.h"

#include "lib/error.h"
#include "tests/sim/expect.h"

static void masks(void)
{
	EXPECT_EQ(KQ_BIT32(31), 0x80000000);
	EXPECT_EQ(KQ_BIT64(63), UINT64_C(1) << 63);
	EXPECT_EQ(KQ_MASK32(31, 0), UINT32_MAX);
	EXPECT_EQ(KQ_MASK32(20, 16), 0x001f0000);
	EXPECT_EQ(KQ_MASK32(0, 0), 1);
	EXPECT_EQ(KQ_MASK64(63, 0), UINT64_MAX);
	EXPECT_EQ(KQ_MASK64(51, 5), UINT64_C(0x000fffffffffffe0));
}

static void fields(void)
{
	EXPECT_EQ(KQ_GET(KQ_MASK32(20, 16), 0xffb5ffffu), 0x15);
	EXPECT_EQ(KQ_PUT(KQ_MASK32(20, 16), 0x15u), 0x00150000);
	EXPECT_EQ(KQ_PUT(KQ_MASK32(20, 16), 0x35u), 0x00150000);
	EXPECT_EQ(KQ_GET(KQ_MASK32(31, 28), 0xf0000000u), 0xf);
	EXPECT_EQ(KQ_GET(KQ_MASK64(51, 48), UINT64_C(0xfff5ffffffffffff)), 5);
}

static void addresses(void)
{
	EXPECT_EQ(kq_paddr_add(kq_paddr(0x1000), 8).addr, 0x1008);
	EXPECT_EQ(kq_align_up(0, 8), 0);
	EXPECT_EQ(kq_align_up(1, 8), 8);
	EXPECT_EQ(kq_align_up(8, 8), 8);
	EXPECT_EQ(kq_align_up(KQ_BIT64(40) + 1, 4096), KQ_BIT64(40) + 4096);
}

/* Every code has words of its own. */
static void error_texts(void)
{
	for (int i = 0; i < KQ_ERR_COUNT; i++) {
		EXPECT(strcmp(kq_strerror(-i), "unknown error"));
		for (int k = 0; k < i; k++)
			EXPECT(strcmp(kq_strerror(-i), kq_strerror(-k)));
	}
	EXPECT(!strcmp(kq_strerror(-KQ_ERR_COUNT), "unknown error"));
	EXPECT(!strcmp(kq_strerror(1), "unknown error"));
}

static const struct test_case cases[] = {
	CASE(masks),
	CASE(fields),
	CASE(addresses),
	CASE(error_texts),
};

TEST_MAIN(cases)
