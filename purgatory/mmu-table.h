/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translation tables that map a little memory to itself, cacheable: Arm DDI
 * 0487, VMSAv8-64, 4 KiB granule, 48-bit addresses, levels 0 to 3.
 */
#ifndef KQ_MMU_TABLE_H
#define KQ_MMU_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KQ_MMU_PAGE 4096u
/* The top, and for each of two ranges both ends on each of three levels. */
#define KQ_MMU_PAGES	    13u
#define KQ_MMU_ADDRESS_BITS 48u

struct kq_mmu_table {
	uint64_t *pages; /* the first of them is the top */
	uint32_t count;
	uint32_t used;
	uint64_t attributes; /* of every leaf */
};

/**
 * kq_mmu_table_init() - begin with nothing mapped
 * @table:    result
 * @room:     memory for the tables
 * @size:     bytes there
 * @el2_only: for EL2 without VHE, whose one privilege level has other
 *            permission bits
 *
 * Return: 0; -KQ_ERR_NOSPACE no room for KQ_MMU_PAGES aligned pages.
 */
int kq_mmu_table_init(struct kq_mmu_table *table, void *room, size_t size,
		      bool el2_only);

/**
 * kq_mmu_table_map() - map memory to itself
 * @start: first byte; the page it is in is mapped
 * @size:  bytes
 *
 * Normal memory, write-back, inner shareable, readable, writable and
 * executable, in blocks as large as fit. Nothing around it is mapped: a CPU
 * may read ahead where it can, and firmware's own memory may be next to ours.
 *
 * Return: 0; -KQ_ERR_BOUNDS beyond 48 bits; -KQ_ERR_NOSPACE, also where it
 * would divide a block of a range before.
 */
int kq_mmu_table_map(struct kq_mmu_table *table, uint64_t start, uint64_t size);

#endif
