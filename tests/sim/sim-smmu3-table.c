// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From StreamID to address: stream table, context descriptors, translation
 * (Arm IHI 0070, chapters "Data structures and translation procedure" and
 * "Data structure formats"). One stage at a time; nested is not modelled.
 */
#include <string.h>

#include "tests/sim/sim-walk.h"
#include "tests/sim/sim.h"

#define IDR0_S2P KQ_BIT32(0)
#define IDR0_S1P KQ_BIT32(1)
#define IDR0_TERM_MODEL KQ_BIT32(26)
#define CR0_SMMUEN 0x1u
#define CR2_RECINVSID 0x2u
#define STE_ADDR KQ_MASK64(51, 6)
#define FMT_2LEVEL 1u

#define C_BAD_STREAMID 0x02u
#define F_STE_FETCH 0x03u
#define C_BAD_STE 0x04u
#define F_CD_FETCH 0x09u
#define C_BAD_CD 0x0au
#define F_WALK_EABT 0x0bu
#define F_TRANSLATION 0x10u
#define F_ADDR_SIZE 0x11u
#define F_ACCESS 0x12u
#define F_PERMISSION 0x13u

#define VIOLATE(smmu, ...) sim_violate((smmu)->sim, "SMMU: " __VA_ARGS__)

struct stream_table {
	uint64_t base;
	uint32_t log2, split;
	bool two_level;
};

static struct stream_table table_of(const struct sim_smmu *smmu)
{
	uint32_t cfg = smmu->strtab_base_cfg;

	return (struct stream_table){
		.base = smmu->strtab_base & STE_ADDR,
		.log2 = KQ_GET(KQ_MASK32(5, 0), cfg),
		.split = KQ_GET(KQ_MASK32(10, 6), cfg),
		.two_level = KQ_GET(KQ_MASK32(17, 16), cfg) == FMT_2LEVEL,
	};
}

bool sim_smmu3_own_table(const struct sim_smmu *smmu)
{
	return smmu->strtab_base != smmu->initial.strtab_base ||
	       smmu->strtab_base_cfg != smmu->initial.strtab_base_cfg;
}

static uint32_t sidsize(const struct sim_smmu *smmu)
{
	return KQ_GET(KQ_MASK32(5, 0), smmu->idr[1]);
}

/* As the SMMU is switched on with it. */
void sim_smmu3_check_table(struct sim_smmu *smmu)
{
	struct stream_table t = table_of(smmu);
	uint64_t size = UINT64_C(64) << t.log2;

	if (KQ_GET(KQ_MASK32(17, 16), smmu->strtab_base_cfg) > FMT_2LEVEL ||
	    smmu->strtab_base_cfg & ~(KQ_MASK32(17, 16) | KQ_MASK32(10, 0)))
		VIOLATE(smmu, "STRTAB_BASE_CFG %#x", smmu->strtab_base_cfg);
	if (smmu->strtab_base & ~(STE_ADDR | KQ_BIT64(62)))
		VIOLATE(smmu, "reserved bits in STRTAB_BASE");
	if (t.log2 > sidsize(smmu))
		VIOLATE(smmu, "stream table of 2^%u for SIDSIZE %u", t.log2,
			sidsize(smmu));
	if (t.two_level) {
		if (KQ_GET(KQ_MASK32(28, 27), smmu->idr[0]) != 1)
			VIOLATE(smmu, "two levels, but it has one");
		if (t.split != 6 && t.split != 8 && t.split != 10)
			VIOLATE(smmu, "split %u", t.split);
		size = t.log2 > t.split ? UINT64_C(8) << (t.log2 - t.split) :
					  8;
	}
	if (t.base & ((size < 64 ? 64 : size) - 1))
		VIOLATE(smmu, "stream table is misaligned");
	if (smmu->stale_config)
		VIOLATE(smmu, "enabled without CFGI_ALL and SYNC");
	if (smmu->stale_tlb)
		VIOLATE(smmu, "enabled without TLBI_NSNH_ALL and SYNC");
	if (smmu->stale_el2 && smmu->idr[0] & KQ_BIT32(9))
		VIOLATE(smmu, "enabled without TLBI_EL2_ALL and SYNC");
}

/* Where the entry is; 0 with the event that comes instead. */
static uint64_t locate(struct sim_smmu *smmu, uint32_t sid,
		       unsigned int *event)
{
	struct stream_table t = table_of(smmu);
	uint64_t desc, l2;
	uint32_t span, index;

	*event = C_BAD_STREAMID;
	if ((sidsize(smmu) < 32 && sid >> sidsize(smmu)) ||
	    (t.log2 < 32 && sid >> t.log2))
		return 0;
	if (!t.two_level)
		return t.base + 64 * (uint64_t)sid;
	if (!sim_memory_read(smmu->sim,
			     t.base + 8 * (uint64_t)(sid >> t.split), &desc)) {
		*event = F_STE_FETCH;
		return 0;
	}
	span = desc & 31;
	index = sid & ((1u << t.split) - 1);
	if (span == 0 || index >> (span - 1))
		return 0;
	if (span > t.split + 1)
		VIOLATE(smmu, "L1 span %u with split %u", span, t.split);
	if (desc & ~(STE_ADDR | 31))
		VIOLATE(smmu, "reserved bits in an L1 descriptor");
	l2 = desc & STE_ADDR;
	if (l2 & ((UINT64_C(64) << (span - 1)) - 1))
		VIOLATE(smmu, "second-level stream table is misaligned");
	return l2 + 64 * (uint64_t)index;
}

static bool fetch(struct sim_smmu *smmu, uint64_t at, uint64_t words[8])
{
	for (unsigned int i = 0; i < 8; i++)
		if (!sim_memory_read(smmu->sim, at + 8 * i, &words[i]))
			return false;
	return true;
}

uint64_t sim_smmu3_find_ste(struct sim_smmu *smmu, uint32_t sid,
			    uint64_t words[8])
{
	unsigned int event;
	uint64_t at = locate(smmu, sid, &event);

	return at && fetch(smmu, at, words) ? at : 0;
}

/* What is cached holds until it is invalidated; a change meanwhile is lost. */
static void check_cached(struct sim_smmu *smmu, uint32_t sid, uint64_t at,
			 const uint64_t words[8])
{
	struct sim_cached_ste *free_slot = NULL;

	for (unsigned int i = 0; i < SIM_MAX_CACHED; i++) {
		struct sim_cached_ste *c = &smmu->cached[i];

		if (c->addr == 0) {
			free_slot = c;
		} else if (c->sid == sid) {
			if (c->addr != at || memcmp(c->words, words, 64) != 0)
				VIOLATE(smmu, "STE of %#x changed, used "
					"without invalidation", sid);
			return;
		}
	}
	if (!free_slot)
		free_slot = &smmu->cached[sid % SIM_MAX_CACHED];
	free_slot->addr = at;
	free_slot->sid = sid;
	memcpy(free_slot->words, words, 64);
}

static unsigned int granule_of(const struct sim_smmu *smmu, uint32_t tg)
{
	static const struct {
		unsigned int shift;
		uint32_t idr5;
	} tgs[] = { { 12, KQ_BIT32(4) }, { 16, KQ_BIT32(6) },
		    { 14, KQ_BIT32(5) }, { 0, 0 } };

	return smmu->idr[5] & tgs[tg].idr5 ? tgs[tg].shift : 0;
}

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

static unsigned int oas(const struct sim_smmu *smmu)
{
	return sim_walk_output_bits(smmu->idr[5] & 7);
}

static bool stall_ok(const struct sim_smmu *smmu, bool stall)
{
	uint32_t model = KQ_GET(KQ_MASK32(25, 24), smmu->idr[0]);

	return model == 2 ? stall : model == 1 ? !stall : true;
}

/* The fields of a CD that matter; 0 or the event. */
static unsigned int decode_cd(const struct sim_smmu *smmu,
			      const uint64_t cd[8], struct sim_walk *walk)
{
	uint32_t t0sz = KQ_GET(KQ_MASK64(5, 0), cd[0]);
	bool el1_off = cd[0] & KQ_BIT64(14); /* EPD0 */

	*walk = (struct sim_walk){
		.table = cd[1] & KQ_MASK64(51, 4),
		.page_shift = granule_of(smmu, (uint32_t)KQ_GET(
						       KQ_MASK64(7, 6), cd[0])),
		.input_bits = 64 - t0sz,
		.output_bits = least(oas(smmu),
				     sim_walk_output_bits((uint32_t)KQ_GET(
					     KQ_MASK64(34, 32), cd[0]))),
		.no_access_flag = cd[0] & KQ_BIT64(35),
	};
	if (!(cd[0] & KQ_BIT64(31)) || !(cd[0] & KQ_BIT64(41)) || el1_off)
		return C_BAD_CD;
	if (t0sz < 16 || t0sz > 39 || !walk->page_shift)
		return C_BAD_CD;
	/* The other half must be off, or well configured too. */
	if (!(cd[0] & KQ_BIT64(30)))
		return C_BAD_CD;
	if (walk->table >> walk->output_bits)
		return C_BAD_CD;
	if (!stall_ok(smmu, cd[0] & KQ_BIT64(44)))
		return C_BAD_CD;
	if (smmu->idr[0] & IDR0_TERM_MODEL && !(cd[0] & KQ_BIT64(46)))
		return C_BAD_CD;
	return cd[2] | cd[4] | cd[5] | cd[6] | cd[7] ? C_BAD_CD : 0;
}

/* STE.S2SL0 of granules; level 3 exists with large ones only. */
static int start_level(unsigned int page_shift, uint32_t sl0)
{
	if (page_shift == 12)
		return sl0 < 3 ? 2 - (int)sl0 : -1;
	return sl0 < 3 ? 3 - (int)sl0 : -1;
}

static unsigned int decode_s2(const struct sim_smmu *smmu,
			      const uint64_t ste[8], struct sim_walk *walk)
{
	unsigned int shift = granule_of(
		smmu, (uint32_t)KQ_GET(KQ_MASK64(47, 46), ste[2]));
	uint32_t ps = (uint32_t)KQ_GET(KQ_MASK64(50, 48), ste[2]);

	*walk = (struct sim_walk){
		.table = ste[3] & KQ_MASK64(51, 4),
		.page_shift = shift,
		.input_bits = 64 - (uint32_t)KQ_GET(KQ_MASK64(37, 32), ste[2]),
		.output_bits = least(oas(smmu), sim_walk_output_bits(ps)),
		.start_level = start_level(shift, (uint32_t)KQ_GET(
						  KQ_MASK64(39, 38), ste[2])),
		.stage2 = true,
		.no_access_flag = ste[2] & KQ_BIT64(53),
	};
	/* The first levels exist where that many address bits do. */
	if ((shift == 12 && walk->start_level == 0 && oas(smmu) <= 42) ||
	    (shift == 14 && walk->start_level <= 1 && oas(smmu) <= 40) ||
	    (shift == 16 && walk->start_level <= 1 && oas(smmu) <= 42))
		return C_BAD_STE;
	if (!shift || !(ste[2] & KQ_BIT64(51)) ||
	    walk->input_bits > oas(smmu) || !sim_walk_valid(walk) ||
	    walk->table >> walk->output_bits ||
	    !stall_ok(smmu, ste[2] & KQ_BIT64(57)))
		return C_BAD_STE;
	return 0;
}

/* Stage 1: S1CDMAX 0 means one CD at S1ContextPtr. */
static unsigned int configure_s1(struct sim_smmu *smmu, const uint64_t ste[8],
				 struct sim_walk *walk)
{
	uint64_t ptr = ste[0] & STE_ADDR, cd[8];
	unsigned int event;

	if (!(smmu->idr[0] & IDR0_S1P) || KQ_GET(KQ_MASK64(63, 59), ste[0]) ||
	    ptr >> oas(smmu))
		return C_BAD_STE;
	if (KQ_GET(KQ_MASK64(25, 24), smmu->idr[0]) && ste[1] & KQ_BIT64(27))
		return C_BAD_STE; /* S1STALLD */
	if (!fetch(smmu, ptr, cd))
		return F_CD_FETCH;
	event = decode_cd(smmu, cd, walk);
	if (event == 0 && !sim_walk_valid(walk))
		event = C_BAD_CD;
	return event;
}

static unsigned int configure(struct sim_smmu *smmu, const uint64_t ste[8],
			      struct sim_walk *walk)
{
	uint32_t config = KQ_GET(KQ_MASK64(3, 1), ste[0]);

	if (ste[4] | ste[5] | ste[6] | ste[7])
		VIOLATE(smmu, "reserved words of an STE");
	if (config == 5)
		return configure_s1(smmu, ste, walk);
	if (config == 6)
		return smmu->idr[0] & IDR0_S2P ? decode_s2(smmu, ste, walk) :
						 C_BAD_STE;
	VIOLATE(smmu, "STE with Config %u", config);
	return C_BAD_STE;
}

static unsigned int event_of(enum sim_walk_result result)
{
	switch (result) {
	case SIM_WALK_TRANSLATION:
		return F_TRANSLATION;
	case SIM_WALK_ADDRESS_SIZE:
		return F_ADDR_SIZE;
	case SIM_WALK_ACCESS:
		return F_ACCESS;
	case SIM_WALK_PERMISSION:
		return F_PERMISSION;
	case SIM_WALK_ABORT:
		return F_WALK_EABT;
	case SIM_WALK_OK:
		break;
	}
	return 0;
}

static enum sim_dma fault(struct sim_smmu *smmu, unsigned int event,
			  uint32_t sid, uint64_t addr)
{
	if (event != C_BAD_STREAMID || smmu->cr2 & CR2_RECINVSID)
		sim_smmu3_event(smmu, event, sid, addr);
	return SIM_DMA_ABORTED;
}

enum sim_dma sim_smmu3_translate(struct sim_smmu *smmu, uint32_t sid,
				 uint64_t addr, bool write, uint64_t *ret)
{
	unsigned int event;
	uint64_t ste[8], at = locate(smmu, sid, &event);
	struct sim_walk walk;

	if (!at)
		return fault(smmu, event, sid, addr);
	if (!fetch(smmu, at, ste))
		return fault(smmu, F_STE_FETCH, sid, addr);
	check_cached(smmu, sid, at, ste);
	if (!(ste[0] & 1))
		return fault(smmu, C_BAD_STE, sid, addr);
	if (KQ_GET(KQ_MASK64(3, 1), ste[0]) < 4)
		return SIM_DMA_ABORTED; /* and nobody is told */
	*ret = addr;
	if (KQ_GET(KQ_MASK64(3, 1), ste[0]) == 4)
		return SIM_DMA_RAW;
	event = configure(smmu, ste, &walk);
	if (event == 0)
		event = event_of(sim_walk(smmu->sim, &walk, addr, write, ret));
	return event ? fault(smmu, event, sid, addr) : SIM_DMA_OURS;
}
