/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The few arm64 instructions the stage needs; Arm DDI 0487. */
#ifndef KQ_ARM64_H
#define KQ_ARM64_H

#include <stdbool.h>
#include <stdint.h>

static inline uint64_t kq_arm64_timer_hz(void)
{
	uint64_t hz;

	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(hz));
	return hz & UINT32_MAX;
}

/* The ISB keeps the read from being done early. */
static inline uint64_t kq_arm64_timer_ticks(void)
{
	uint64_t ticks;

	__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks)::"memory");
	return ticks;
}

/* HCR_EL2.E2H; at EL2 only. */
static inline bool kq_arm64_has_vhe(void)
{
	uint64_t hcr;

	__asm__ volatile("mrs %0, hcr_el2" : "=r"(hcr));
	return hcr >> 34 & 1;
}

/* CTR_EL0.DminLine: log2 of the words in the smallest data cache line. */
static inline uint64_t kq_arm64_dcache_line(void)
{
	uint64_t ctr;

	__asm__ volatile("mrs %0, ctr_el0" : "=r"(ctr));
	return UINT64_C(4) << (ctr >> 16 & 0xf);
}

/* Drop what caches hold of our own memory: nothing in there is wanted. */
static inline void kq_arm64_dcache_invalidate(void *start, uint64_t size)
{
	uint64_t line = kq_arm64_dcache_line();
	uint64_t addr = (uint64_t)start & ~(line - 1);

	for (; addr < (uint64_t)start + size; addr += line)
		__asm__ volatile("dc ivac, %0" ::"r"(addr) : "memory");
	__asm__ volatile("dsb sy" ::: "memory");
}

#endif
