/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bit masks and field access, and the type of a physical address. */
#ifndef KQ_BITS_H
#define KQ_BITS_H

#include <stdint.h>

#define KQ_BIT32(n) (UINT32_C(1) << (n))
#define KQ_BIT64(n) (UINT64_C(1) << (n))

/* Mask with bits @hi down to @lo set, both inclusive. */
#define KQ_MASK32(hi, lo) \
	((UINT32_MAX >> (31 - (hi))) & ~(KQ_BIT32(lo) - 1))
#define KQ_MASK64(hi, lo) \
	((UINT64_MAX >> (63 - (hi))) & ~(KQ_BIT64(lo) - 1))

/* Read a field out of a register value; put a value into a field. */
#define KQ_GET(mask, value) (((value) & (mask)) / ((mask) & -(mask)))
#define KQ_PUT(mask, value) (((value) * ((mask) & -(mask))) & (mask))

/* A physical address: a struct, so that hosted code cannot dereference it. */
struct kq_paddr {
	uint64_t addr;
};

static inline struct kq_paddr kq_paddr(uint64_t addr)
{
	return (struct kq_paddr){ addr };
}

static inline struct kq_paddr kq_paddr_add(struct kq_paddr base,
					   uint64_t offset)
{
	return (struct kq_paddr){ base.addr + offset };
}

static inline uint64_t kq_align_up(uint64_t value, uint64_t alignment)
{
	return (value + alignment - 1) / alignment * alignment;
}

#endif
