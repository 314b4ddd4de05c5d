/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sink: translation tables in which every address leads to one page.
 * A device that could not be quieted then neither gets an abort, which real
 * servers answer with fatal errors, nor hits anybody's memory.
 *
 * VMSAv8-64 long descriptors (Arm DDI 0487, chapter "The AArch64 Virtual
 * Memory System Architecture"). As every entry of a level is the same, one
 * table a level is enough.
 */
#ifndef KQ_SINK_H
#define KQ_SINK_H

#include "purgatory/stage.h"

/* What a translation regime needs to know to use a sink. */
struct kq_sink {
	uint64_t table;	     /* physical address of the first level */
	uint64_t page;	     /* the sink page itself */
	uint32_t page_shift; /* 12, 14 or 16 */
	uint32_t input_bits; /* addresses below 2^input_bits are taken */
	uint32_t start_level;
	bool stage2;
};

/* TG0 in TCR, CD and STE: log2 of the granule, encoded. */
static inline uint32_t kq_sink_tg0(const struct kq_sink *sink)
{
	if (sink->page_shift == 12)
		return 0;
	return sink->page_shift == 14 ? 2 : 1;
}

/**
 * kq_sink_stage1() - a stage 1 sink for all 48-bit addresses
 * @page_shift: log2 of the granule: 12, 14 or 16
 * @ret:        result
 *
 * Return: 0; -KQ_ERR_NOSPACE the area for tables is used up.
 */
int kq_sink_stage1(struct kq_stage *stage, uint32_t page_shift,
		   struct kq_sink *ret);

/**
 * kq_sink_stage2() - a stage 2 sink
 * @page_shift: log2 of the granule
 * @input_bits: size of the intermediate physical address space, up to 48
 * @ret:        result; start_level follows the rules for concatenated tables
 *
 * Return: as above.
 */
int kq_sink_stage2(struct kq_stage *stage, uint32_t page_shift,
		   uint32_t input_bits, struct kq_sink *ret);

#endif
