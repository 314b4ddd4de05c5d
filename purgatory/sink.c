// SPDX-License-Identifier: GPL-2.0-or-later
#include "purgatory/sink.h"

#include "lib/error.h"

#define STAGE1_BITS 48u
/* Stage 2 may start one level later, with up to 2^4 tables side by side. */
#define CONCATENATED_BITS 4u

#define DESC_TABLE UINT64_C(3)
#define DESC_PAGE UINT64_C(3)
#define   DESC_SH_INNER KQ_PUT(KQ_MASK64(9, 8), UINT64_C(3))
#define   DESC_AF KQ_BIT64(10)
#define   DESC_S1_ATTR0 0u
#define   DESC_S1_AP_RW_ALL KQ_PUT(KQ_MASK64(7, 6), UINT64_C(1))
#define   DESC_S2_ATTR_NC KQ_PUT(KQ_MASK64(5, 2), UINT64_C(5))
#define   DESC_S2_AP_RW KQ_PUT(KQ_MASK64(7, 6), UINT64_C(3))

/* Address bits one level resolves. */
static uint32_t level_bits(const struct kq_sink *sink)
{
	return sink->page_shift - 3;
}

static void fill(uint64_t *entries, uint64_t size, uint64_t entry)
{
	for (uint64_t i = 0; i < size / 8; i++)
		entries[i] = entry;
}

/* A table of @size bytes, every entry @entry; its address, 0 if no room. */
static uint64_t make_table(struct kq_stage *stage, uint64_t size,
			   uint64_t entry)
{
	uint64_t *table = kq_stage_keep(stage, size, size);

	if (!table)
		return 0;
	fill(table, size, entry);
	kq_io_sync_ram(&stage->io, kq_paddr((uint64_t)table), size);
	return (uint64_t)table;
}

static uint64_t page_entry(const struct kq_sink *sink)
{
	uint64_t common = sink->page | DESC_PAGE | DESC_AF | DESC_SH_INNER;

	if (sink->stage2)
		return common | DESC_S2_ATTR_NC | DESC_S2_AP_RW;
	return common | DESC_S1_ATTR0 | DESC_S1_AP_RW_ALL;
}

/*
 * From the sink page up: level 3 points at it, each level above at the one
 * below. The first level may be several tables side by side.
 */
static int build(struct kq_stage *stage, struct kq_sink *sink,
		 uint64_t first_level_tables)
{
	uint64_t size = UINT64_C(1) << sink->page_shift;
	uint64_t entry;

	sink->page = make_table(stage, size, 0);
	if (!sink->page)
		return -KQ_ERR_NOSPACE;
	entry = page_entry(sink);
	for (uint32_t level = 3; level > sink->start_level; level--) {
		uint64_t table = make_table(stage, size, entry);

		if (!table)
			return -KQ_ERR_NOSPACE;
		entry = table | DESC_TABLE;
	}
	sink->table = make_table(stage, size * first_level_tables, entry);
	return sink->table ? 0 : -KQ_ERR_NOSPACE;
}

/* Level at which a walk of @bits starts when tables stand alone. */
static uint32_t natural_start(const struct kq_sink *sink, uint32_t bits)
{
	uint32_t level = 3;
	uint32_t covered = sink->page_shift + level_bits(sink);

	while (covered < bits && level > 0) {
		covered += level_bits(sink);
		level--;
	}
	return level;
}

int kq_sink_stage1(struct kq_stage *stage, uint32_t page_shift,
		   struct kq_sink *ret)
{
	struct kq_sink sink = {
		.page_shift = page_shift,
		.input_bits = STAGE1_BITS,
	};
	int r;

	sink.start_level = natural_start(&sink, sink.input_bits);
	r = build(stage, &sink, 1);
	if (r == 0)
		*ret = sink;
	return r;
}

/*
 * DDI 0487, "Concatenated translation tables": where the first level would
 * resolve four bits or less, the walk may start a level later; and has to
 * where that level would be 0 or 1 for sizes that do not allow it. With
 * 64 KiB pages none of those exist, and tables side by side are large.
 */
int kq_sink_stage2(struct kq_stage *stage, uint32_t page_shift,
		   uint32_t input_bits, struct kq_sink *ret)
{
	struct kq_sink sink = {
		.page_shift = page_shift,
		.input_bits = input_bits,
		.stage2 = true,
	};
	uint32_t below, top;
	uint64_t tables = 1;
	int r;

	sink.start_level = natural_start(&sink, input_bits);
	below = page_shift + level_bits(&sink) * (3 - sink.start_level);
	top = input_bits - below;
	if (top <= CONCATENATED_BITS && sink.start_level < 3 &&
	    page_shift < 16) {
		sink.start_level++;
		tables = UINT64_C(1) << top;
	}
	r = build(stage, &sink, tables);
	if (r == 0)
		*ret = sink;
	return r;
}
