// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The stage's translation tables, walked here as the architecture says: what
 * was asked for is mapped to itself, in whole pages, and nothing else.
 */
#include "purgatory/mmu-table.h"

#include <stdlib.h>

#include "lib/bits.h"
#include "lib/error.h"
#include "tests/sim/expect.h"

#define PAGE UINT64_C(4096)
#define MIB  (UINT64_C(1) << 20)
#define GIB  (UINT64_C(1) << 30)
#define ROOM ((KQ_MMU_PAGES + 1) * PAGE)
/* Access flag, inner shareable, attribute 0; EL0 may do nothing */
#define LEAF_ATTRIBUTES UINT64_C(0x700)
#define LEAF_NOT_EL0	KQ_BIT64(54)

static void *room;
static struct kq_mmu_table table;

static void begin(bool el2_only)
{
	room = malloc(ROOM);
	memset(room, 0xff, ROOM);
	EXPECT_EQ(kq_mmu_table_init(&table, room, ROOM, el2_only), 0);
}

static void end(void)
{
	free(room);
}

/* The leaf for an address, 0: none. Arm DDI 0487, "Translation table walks" */
static uint64_t walk(uint64_t address)
{
	const uint64_t *page = table.pages;

	for (unsigned int level = 0; level <= 3; level++) {
		unsigned int shift = 39 - 9 * level;
		uint64_t entry = page[address >> shift & 511];
		uint64_t output = entry & KQ_MASK64(47, 12);

		if (!(entry & 1))
			return 0;
		if (level == 3 || !(entry & 2)) {
			/* A page says 3, a block 1; none on level 0. */
			EXPECT_EQ(entry & 2, level == 3 ? 2 : 0);
			EXPECT(level > 0);
			EXPECT_EQ(output % (UINT64_C(1) << shift), 0);
			EXPECT_EQ(output | (address &
					    ((UINT64_C(1) << shift) - 1)),
				  address);
			return entry;
		}
		page = (const uint64_t *)output;
	}
	return 0;
}

/* Mapped from its first to its last page, and not a page more. */
static void expect_mapped(uint64_t start, uint64_t size)
{
	uint64_t first = start / PAGE * PAGE;
	uint64_t behind = kq_align_up(start + size, PAGE);

	EXPECT(walk(first) != 0);
	EXPECT(walk(start + size / 2) != 0);
	EXPECT(walk(behind - 1) != 0);
	EXPECT_EQ(walk(first - 1), 0);
	EXPECT_EQ(walk(behind), 0);
}

static void maps_what_was_asked_for(void)
{
	static const struct {
		uint64_t start, size;
	} cases[] = {
		{ 0x40200000, 37 * MIB + 12345 },
		{ 0x40201000, PAGE },
		{ 0x40200fff, 2 },
		{ 0x7fe00000, 4 * MIB },
		{ 512 * GIB - 3 * PAGE, 6 * PAGE },
		{ 3 * GIB - PAGE, 2 * GIB + 2 * PAGE },
		{ 0x8000000000 + 5 * PAGE, 1 },
		{ (UINT64_C(1) << 47) + 2 * MIB, 70 * MIB },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		begin(false);
		EXPECT_EQ(
			kq_mmu_table_map(&table, cases[i].start, cases[i].size),
			0);
		expect_mapped(cases[i].start, cases[i].size);
		end();
	}
}

static void blocks_are_as_large_as_fit(void)
{
	begin(false);
	EXPECT_EQ(kq_mmu_table_map(&table, GIB, 3 * GIB), 0);
	EXPECT_EQ(table.used, 2);
	EXPECT_EQ(kq_mmu_table_map(&table, 6 * GIB, 4 * MIB), 0);
	EXPECT_EQ(table.used, 3);
	end();
}

/* Both ends of two ranges apart from each other, on every level. */
static void worst_case_fits(void)
{
	uint64_t first = 512 * GIB - GIB - 2 * MIB - PAGE;
	uint64_t second = 1536 * GIB - GIB - 2 * MIB - PAGE;
	uint64_t size = 2 * (GIB + 2 * MIB + PAGE);

	begin(false);
	EXPECT_EQ(kq_mmu_table_map(&table, first, size), 0);
	EXPECT_EQ(kq_mmu_table_map(&table, second, size), 0);
	EXPECT_EQ(table.used, KQ_MMU_PAGES);
	expect_mapped(first, size);
	expect_mapped(second, size);
	EXPECT_EQ(kq_mmu_table_map(&table, 4096 * GIB, PAGE), -KQ_ERR_NOSPACE);
	end();
}

/* Neighbours in one page of a table. */
static void second_range_beside_first(void)
{
	begin(false);
	EXPECT_EQ(kq_mmu_table_map(&table, 0x40200000, 5 * PAGE), 0);
	EXPECT_EQ(kq_mmu_table_map(&table, 0x40206000, PAGE), 0);
	EXPECT_EQ(table.used, 4);
	expect_mapped(0x40200000, 5 * PAGE);
	expect_mapped(0x40206000, PAGE);
	end();
}

/* A block is no table: what it leads to is memory of somebody's. */
static void second_range_into_first(void)
{
	uint64_t *memory = aligned_alloc(2 * MIB, 2 * MIB);
	uint64_t start = (uint64_t)memory;

	memset(memory, 0, 2 * MIB);
	begin(false);
	EXPECT_EQ(kq_mmu_table_map(&table, start, 2 * MIB), 0);
	EXPECT_EQ(kq_mmu_table_map(&table, start - PAGE, 3 * PAGE),
		  -KQ_ERR_NOSPACE);
	for (size_t i = 0; i < 2 * MIB / sizeof(*memory); i++)
		EXPECT_EQ(memory[i], 0);
	end();
	free(memory);
}

static void attributes(void)
{
	begin(false);
	kq_mmu_table_map(&table, 0x40200000, 2 * MIB + PAGE);
	EXPECT_EQ(walk(0x40200000) & ~KQ_MASK64(47, 12),
		  LEAF_ATTRIBUTES | LEAF_NOT_EL0 | 1);
	EXPECT_EQ(walk(0x40400000) & ~KQ_MASK64(47, 12),
		  LEAF_ATTRIBUTES | LEAF_NOT_EL0 | 3);
	end();
	begin(true); /* AP[1] is RES1 */
	kq_mmu_table_map(&table, 0x40200000, PAGE);
	EXPECT_EQ(walk(0x40200000) & ~KQ_MASK64(47, 12),
		  LEAF_ATTRIBUTES | KQ_BIT64(6) | 3);
	end();
}

static void refuses_what_does_not_fit(void)
{
	begin(false);
	EXPECT_EQ(kq_mmu_table_map(&table, UINT64_C(1) << 48, PAGE),
		  -KQ_ERR_BOUNDS);
	EXPECT_EQ(
		kq_mmu_table_map(&table, (UINT64_C(1) << 48) - PAGE, PAGE + 1),
		-KQ_ERR_BOUNDS);
	EXPECT_EQ(kq_mmu_table_map(&table, PAGE, UINT64_MAX), -KQ_ERR_BOUNDS);
	EXPECT_EQ(
		kq_mmu_table_init(&table, room, KQ_MMU_PAGES * PAGE - 1, false),
		-KQ_ERR_NOSPACE);
	end();
}

static const struct test_case cases[] = {
	CASE(maps_what_was_asked_for),
	CASE(blocks_are_as_large_as_fit),
	CASE(worst_case_fits),
	CASE(second_range_beside_first),
	CASE(second_range_into_first),
	CASE(attributes),
	CASE(refuses_what_does_not_fit),
};

TEST_MAIN(cases)
