// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/sim/sim-walk.h"

#define DESC_VALID UINT64_C(1)
#define DESC_TABLE UINT64_C(2)
#define DESC_AP_EL0 KQ_BIT64(6)
#define DESC_AP_READ_ONLY KQ_BIT64(7)
#define DESC_S2AP_READ KQ_BIT64(6)
#define DESC_S2AP_WRITE KQ_BIT64(7)
#define DESC_AF KQ_BIT64(10)

unsigned int sim_walk_output_bits(uint32_t encoding)
{
	static const unsigned int bits[] = { 32, 36, 40, 42, 44, 48, 52, 52 };

	return bits[encoding & 7];
}

/* The lowest address bit that a table of this level resolves. */
static unsigned int shift_of(const struct sim_walk *walk, int level)
{
	return walk->page_shift +
	       (unsigned int)(3 - level) * (walk->page_shift - 3);
}

static int natural_start(const struct sim_walk *walk)
{
	int level = 3;

	while (shift_of(walk, level) + walk->page_shift - 3 <
	       walk->input_bits)
		level--;
	return level;
}

static int start_of(const struct sim_walk *walk)
{
	return walk->stage2 ? walk->start_level : natural_start(walk);
}

/* Address bits that the first lookup resolves. */
static unsigned int first_bits(const struct sim_walk *walk)
{
	return walk->input_bits - shift_of(walk, start_of(walk));
}

bool sim_walk_valid(const struct sim_walk *walk)
{
	unsigned int one_table = walk->page_shift - 3;
	int start = start_of(walk);

	if (start < 0 || start > 3 || walk->input_bits > 48 ||
	    walk->input_bits <= shift_of(walk, start))
		return false;
	/* Level 0 is for 4 KiB alone in stage 2, and for 16 KiB in stage 1. */
	if (start == 0 && walk->page_shift != 12 &&
	    (walk->stage2 || walk->page_shift != 14))
		return false;
	/* At most 16 tables side by side, in stage 2 only. */
	return first_bits(walk) <= one_table + (walk->stage2 ? 4 : 0);
}

static bool beyond(uint64_t addr, unsigned int bits)
{
	return bits < 64 && addr >> bits;
}

static enum sim_walk_result leaf(const struct sim_walk *walk, uint64_t desc,
				 unsigned int shift, uint64_t addr, bool write,
				 uint64_t *ret)
{
	uint64_t mask = (UINT64_C(1) << shift) - 1;
	uint64_t base = desc & KQ_MASK64(47, 12) & ~mask;
	bool readable, writable;

	/* Bits between granule and block are RES0. */
	if (desc & KQ_MASK64(47, 16) & mask)
		return SIM_WALK_TRANSLATION;
	if (beyond(base, walk->output_bits))
		return SIM_WALK_ADDRESS_SIZE;
	if (!(desc & DESC_AF) && !walk->no_access_flag)
		return SIM_WALK_ACCESS;
	if (walk->stage2) {
		readable = desc & DESC_S2AP_READ;
		writable = desc & DESC_S2AP_WRITE;
	} else {
		/* Devices come privileged and not. */
		readable = desc & DESC_AP_EL0;
		writable = readable && !(desc & DESC_AP_READ_ONLY);
	}
	if (write ? !writable : !readable)
		return SIM_WALK_PERMISSION;
	*ret = base | (addr & mask);
	return SIM_WALK_OK;
}

/* Blocks: 1 GiB and 2 MiB of 4 KiB granules, level 2 of the others. */
static bool block_allowed(const struct sim_walk *walk, int level)
{
	return level == 2 || (level == 1 && walk->page_shift == 12);
}

enum sim_walk_result sim_walk(struct sim *sim, const struct sim_walk *walk,
			      uint64_t addr, bool write, uint64_t *ret)
{
	uint64_t table = walk->table, granule = UINT64_C(1) << walk->page_shift;
	unsigned int bits = first_bits(walk);
	uint64_t first_size = UINT64_C(8) << bits;

	if (beyond(addr, walk->input_bits))
		return SIM_WALK_TRANSLATION;
	if (table & ((first_size < 64 ? 64 : first_size) - 1))
		sim_violate(sim, "first table %#llx is misaligned",
			    (unsigned long long)table);
	for (int level = start_of(walk); level <= 3; level++) {
		unsigned int shift = shift_of(walk, level);
		uint64_t index = addr >> shift & ((UINT64_C(1) << bits) - 1);
		uint64_t desc;

		if (beyond(table, walk->output_bits))
			return SIM_WALK_ADDRESS_SIZE;
		if (!sim_memory_read(sim, table + 8 * index, &desc))
			return SIM_WALK_ABORT;
		if (!(desc & DESC_VALID))
			return SIM_WALK_TRANSLATION;
		if (level == 3 || !(desc & DESC_TABLE)) {
			if (level == 3 ? !(desc & DESC_TABLE) :
					 !block_allowed(walk, level))
				return SIM_WALK_TRANSLATION;
			return leaf(walk, desc, shift, addr, write, ret);
		}
		table = desc & KQ_MASK64(47, 12);
		if (table & (granule - 1))
			sim_violate(sim, "table %#llx is misaligned",
				    (unsigned long long)table);
		bits = walk->page_shift - 3;
	}
	return SIM_WALK_TRANSLATION;
}
