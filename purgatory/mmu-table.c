// SPDX-License-Identifier: GPL-2.0-or-later
#include "purgatory/mmu-table.h"

#include "lib/bits.h"
#include "lib/error.h"

#define ENTRIES	   512u
#define LAST_LEVEL 3u

/* Arm DDI 0487, "VMSAv8-64 Translation table format descriptors" */
#define DESC_VALID KQ_BIT64(0)
#define DESC_TABLE KQ_BIT64(1) /* on the last level: a page */
#define DESC_AP1   KQ_BIT64(6) /* EL2 alone: RES1; else: EL0 may access */
/*
 * EL0 may not execute; reserved at EL2 alone, where bit 54 stands for EL2. With
 * SCTLR_ELx.EPAN and PSTATE.PAN, which an old kernel may have left on, EL1 may
 * not read what EL0 may execute.
 */
#define DESC_UXN      KQ_BIT64(54)
#define DESC_SH_INNER (UINT64_C(3) << 8)
#define DESC_AF	      KQ_BIT64(10)
#define DESC_ADDRESS  KQ_MASK64(47, 12)

static uint64_t *new_page(struct kq_mmu_table *table)
{
	uint64_t *page = table->pages + table->used * ENTRIES;

	if (table->used == table->count)
		return NULL;
	table->used++;
	for (uint32_t i = 0; i < ENTRIES; i++)
		page[i] = 0;
	return page;
}

int kq_mmu_table_init(struct kq_mmu_table *table, void *room, size_t size,
		      bool el2_only)
{
	uint64_t start = kq_align_up((uint64_t)room, KQ_MMU_PAGE);
	uint64_t end = (uint64_t)room + size;

	if (start > end || (end - start) / KQ_MMU_PAGE < KQ_MMU_PAGES)
		return -KQ_ERR_NOSPACE;
	*table = (struct kq_mmu_table){
		.pages = (uint64_t *)start,
		.count = KQ_MMU_PAGES,
		.attributes = DESC_VALID | DESC_AF | DESC_SH_INNER |
			      (el2_only ? DESC_AP1 : DESC_UXN),
	};
	new_page(table);
	return 0;
}

/*
 * The table below an entry; a new one if there is none yet. NULL: no page is
 * left, or it is a block: a damaged device tree has an initrd that begins
 * before the image and runs into it.
 */
static uint64_t *next_level(struct kq_mmu_table *table, uint64_t *entry)
{
	uint64_t *page;

	if ((*entry & DESC_VALID) && !(*entry & DESC_TABLE))
		return NULL;
	if (*entry & DESC_VALID)
		return (uint64_t *)(*entry & DESC_ADDRESS);
	page = new_page(table);
	if (page)
		*entry = (uint64_t)page | DESC_TABLE | DESC_VALID;
	return page;
}

/*
 * Map [at, end), in whole pages, which lies in what one table of this level
 * covers.
 */
static int map(struct kq_mmu_table *table, uint64_t *page, uint32_t level,
	       uint64_t at, uint64_t end)
{
	uint32_t shift = 12 + 9 * (LAST_LEVEL - level);
	uint64_t span = KQ_BIT64(shift), next;
	uint64_t leaf = table->attributes |
			(level == LAST_LEVEL ? DESC_TABLE : 0);

	for (; at < end; at = next) {
		uint64_t *entry = &page[at >> shift & (ENTRIES - 1)];
		uint64_t *below;
		int r;

		next = (at & ~(span - 1)) + span;
		if (next > end)
			next = end;
		if (level > 0 && next - at == span) {
			*entry = at | leaf;
			continue;
		}
		below = next_level(table, entry);
		if (!below)
			return -KQ_ERR_NOSPACE;
		r = map(table, below, level + 1, at, next);
		if (r < 0)
			return r;
	}
	return 0;
}

int kq_mmu_table_map(struct kq_mmu_table *table, uint64_t start, uint64_t size)
{
	uint64_t limit = KQ_BIT64(KQ_MMU_ADDRESS_BITS);

	if (start >= limit || size > limit - start)
		return -KQ_ERR_BOUNDS;
	return map(table, table->pages, 0, start / KQ_MMU_PAGE * KQ_MMU_PAGE,
		   kq_align_up(start + size, KQ_MMU_PAGE));
}
