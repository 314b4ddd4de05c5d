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

static inline uint32_t kq_arm64_current_el(void)
{
	uint64_t el;

	__asm__ volatile("mrs %0, CurrentEL" : "=r"(el));
	return el >> 2 & 3;
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

/* Write back what caches hold of any memory, and drop it there. */
static inline void kq_arm64_dcache_clean(uint64_t start, uint64_t size)
{
	uint64_t line = kq_arm64_dcache_line();
	uint64_t addr = start & ~(line - 1);

	for (; addr < start + size; addr += line)
		__asm__ volatile("dc civac, %0" ::"r"(addr) : "memory");
	__asm__ volatile("dsb sy" ::: "memory");
}

/* ID registers, fields of 4 bits; unallocated ones read as 0. */
static inline uint32_t kq_arm64_id_field(uint64_t reg, uint32_t bit)
{
	return reg >> bit & 0xf;
}

/* arm64.S: */

/**
 * kq_guarded_call() - call a function that may abort
 * @fn:  function
 * @arg: its argument
 *
 * Return: 0, or the syndrome (ESR_ELx) of the exception that ended it. The
 * MMU is off then, whatever @fn did.
 */
uint64_t kq_guarded_call(void (*fn)(void *arg), void *arg);

/**
 * kq_mmu_on() - MMU and data cache on, until kq_mmu_off()
 * @top:      table of level 0
 * @tcr:      TCR_ELx
 * @has_tcr2: TCR2_ELx is there, and gets 0: the tables are of the plain format
 */
void kq_mmu_on(const uint64_t *top, uint64_t tcr, bool has_tcr2);

/**
 * kq_mmu_off() - the opposite; nothing if they are off
 *
 * What the stage wrote in between is in memory then, and no longer in caches.
 */
void kq_mmu_off(void);

/**
 * kq_arm64_psci() - call the firmware
 * @conduit:  enum kq_psci
 * @function: PSCI function identifier, without arguments
 */
void kq_arm64_psci(uint32_t conduit, uint32_t function);

/* Stop this CPU for ever. */
void kq_arm64_halt(void);

#endif
