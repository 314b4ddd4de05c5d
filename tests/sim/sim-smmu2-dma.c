// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From StreamID to address in an SMMUv1 or v2: stream mapping, context
 * bank, translation, and where faults are recorded.
 */
#include "tests/sim/sim-smmu2.h"
#include "tests/sim/sim-walk.h"

#define SCR0_CLIENTPD 0x1u
#define SCR0_EXIDENABLE 0x8u
#define SCR0_USFCFG 0x400u
#define SGFSR_ICF 0x1u
#define SGFSR_USF 0x2u
#define SGFSR_SMCF 0x4u
#define MULTI KQ_BIT32(31)
#define FSR_TF 0x2u
#define FSR_AFF 0x4u
#define FSR_PF 0x8u
#define FSR_EF 0x10u

#define VIOLATE(smmu, ...) sim_violate((smmu)->sim, "SMMUv2: " __VA_ARGS__)

/* The first is kept; that there were more is said. */
static enum sim_dma global_fault(struct sim_smmu *smmu, uint32_t bit,
				 uint32_t sid, uint64_t addr, bool write)
{
	struct sim_smmu2_state *now = &smmu->v2->now;

	smmu->events++;
	if (now->sgfsr) {
		now->sgfsr |= MULTI;
		return SIM_DMA_ABORTED;
	}
	now->sgfsr = bit;
	now->sgfsynr0 = write ? 2 : 0;
	now->sgfsynr1 = sid;
	now->sgfar = addr;
	return SIM_DMA_ABORTED;
}

static enum sim_dma bank_fault(struct sim_smmu *smmu, uint32_t n,
			       uint32_t bit, uint32_t sid, uint64_t addr)
{
	struct sim_smmu2_bank *bank = &smmu->v2->now.banks[n];

	if (bank->fsr) {
		bank->fsr |= MULTI;
		return SIM_DMA_ABORTED;
	}
	bank->fsr = bit;
	bank->far = addr;
	smmu->v2->now.frsynra[n] = sid;
	return SIM_DMA_ABORTED;
}

static bool matches(const struct sim_smmu2 *v2, uint32_t n, uint32_t sid)
{
	uint32_t smr = v2->now.smr[n];

	if (v2->now.scr0 & SCR0_EXIDENABLE)
		return v2->now.s2cr[n] & KQ_BIT32(10) &&
		       ((sid ^ smr) & ~(smr >> 16) & 0xffff) == 0;
	return smr & KQ_BIT32(31) &&
	       ((sid ^ smr) & ~(smr >> 16) & 0x7fff) == 0;
}

/* The mapping's number; -1: none, -2: more than one. */
static int find_mapping(const struct sim_smmu2 *v2, uint32_t sid)
{
	int found = -1;

	if (!(v2->idr[0] & KQ_BIT32(27)))
		return sid < sim_smmu2_mappings(v2) ? (int)sid : -1;
	for (uint32_t i = 0; i < sim_smmu2_mappings(v2); i++) {
		if (!matches(v2, i, sid))
			continue;
		if (found >= 0)
			return -2;
		found = (int)i;
	}
	return found;
}

static unsigned int granule(const struct sim_smmu2 *v2, uint32_t tg)
{
	static const struct {
		unsigned int shift;
		uint32_t idr2;
	} tgs[] = { { 12, KQ_BIT32(12) }, { 16, KQ_BIT32(14) },
		    { 14, KQ_BIT32(13) }, { 0, 0 } };

	return v2->idr[2] & tgs[tg].idr2 ? tgs[tg].shift : 0;
}

static unsigned int oas(const struct sim_smmu2 *v2)
{
	return sim_walk_output_bits(KQ_GET(KQ_MASK32(7, 4), v2->idr[2]));
}

static bool decode_stage1(struct sim_smmu *smmu, uint32_t n,
			  struct sim_walk *walk)
{
	const struct sim_smmu2 *v2 = smmu->v2;
	const struct sim_smmu2_bank *bank = &v2->now.banks[n];
	uint32_t t0sz = bank->tcr & 0x3f;
	unsigned int pa = sim_walk_output_bits(bank->tcr2 & 7);

	*walk = (struct sim_walk){
		.table = bank->ttbr0 & KQ_MASK64(47, 0),
		.page_shift = granule(v2, bank->tcr >> 14 & 3),
		.input_bits = 64 - t0sz,
		.output_bits = pa < oas(v2) ? pa : oas(v2),
		.no_access_flag = bank->sctlr & KQ_BIT32(2),
	};
	if (!(v2->idr[0] & KQ_BIT32(30)) || !(v2->now.cba2r[n] & 1) ||
	    v2->version == 1) {
		VIOLATE(smmu, "bank %u: stage 1 of a kind not known here", n);
		return false;
	}
	if (bank->tcr & KQ_BIT32(7) || !(bank->tcr & KQ_BIT32(23)))
		VIOLATE(smmu, "bank %u: TCR %#x", n, bank->tcr);
	if (t0sz < 16 || t0sz > 39 || !walk->page_shift ||
	    !sim_walk_valid(walk)) {
		VIOLATE(smmu, "bank %u is on with garbage", n);
		return false;
	}
	return true;
}

/* AArch32 long descriptors: 4 KiB pages, T0SZ of 4 bits and a sign. */
static bool decode_stage2(struct sim_smmu *smmu, uint32_t n,
			  struct sim_walk *walk)
{
	const struct sim_smmu2 *v2 = smmu->v2;
	const struct sim_smmu2_bank *bank = &v2->now.banks[n];
	uint32_t low = bank->tcr & 0xf, sl0 = bank->tcr >> 6 & 3;
	bool sign = bank->tcr & KQ_BIT32(4);

	*walk = (struct sim_walk){
		.table = bank->ttbr0 & KQ_MASK64(39, 0),
		.page_shift = 12,
		.input_bits = low & 8 ? 32 + (16 - low) : 32 - low,
		.output_bits = oas(v2) < 40 ? oas(v2) : 40,
		.start_level = 2 - (int)sl0,
		.stage2 = true,
		.no_access_flag = bank->sctlr & KQ_BIT32(2),
	};
	if (v2->now.cba2r[n] & 1) {
		VIOLATE(smmu, "bank %u: stage 2 of a kind not known here", n);
		return false;
	}
	if (!(v2->idr[0] & KQ_BIT32(29)) || sign != !!(low & 8) || sl0 > 1 ||
	    !(bank->tcr & KQ_BIT32(31)) || !sim_walk_valid(walk) ||
	    bank->ttbr0 >> 40) {
		VIOLATE(smmu, "bank %u is on with garbage", n);
		return false;
	}
	return true;
}

static enum sim_dma translate(struct sim_smmu *smmu, uint32_t n, uint32_t sid,
			      uint64_t addr, bool write, uint64_t *ret)
{
	struct sim_smmu2 *v2 = smmu->v2;
	uint32_t type = v2->now.cbar[n] >> 16 & 3;
	struct sim_walk walk;
	bool good;

	if (n >= sim_smmu2_banks(v2))
		return SIM_DMA_ABORTED;
	if (!(v2->now.banks[n].sctlr & 1))
		return SIM_DMA_RAW;
	if (v2->stale_tlb)
		VIOLATE(smmu, "bank %u used without TLB maintenance", n);
	good = type == 0 ? decode_stage2(smmu, n, &walk) :
	       type == 1 ? decode_stage1(smmu, n, &walk) :
			   false;
	if (!good)
		return SIM_DMA_ABORTED;
	switch (sim_walk(smmu->sim, &walk, addr, write, ret)) {
	case SIM_WALK_OK:
		return SIM_DMA_OURS;
	case SIM_WALK_ACCESS:
		return bank_fault(smmu, n, FSR_AFF, sid, addr);
	case SIM_WALK_PERMISSION:
		return bank_fault(smmu, n, FSR_PF, sid, addr);
	case SIM_WALK_ABORT:
		return bank_fault(smmu, n, FSR_EF, sid, addr);
	default:
		return bank_fault(smmu, n, FSR_TF, sid, addr);
	}
}

enum sim_dma sim_smmu2_dma(struct sim_smmu *smmu, uint32_t sid, uint64_t addr,
			   bool write, uint64_t *ret)
{
	struct sim_smmu2 *v2 = smmu->v2;
	uint32_t s2cr;
	int n;

	*ret = addr;
	if (v2->now.scr0 & SCR0_CLIENTPD)
		return SIM_DMA_RAW;
	n = find_mapping(v2, sid);
	if (n == -2) {
		VIOLATE(smmu, "two mappings match %#x", sid);
		return global_fault(smmu, SGFSR_SMCF, sid, addr, write);
	}
	if (n < 0)
		return v2->now.scr0 & SCR0_USFCFG ?
			       global_fault(smmu, SGFSR_USF, sid, addr,
					    write) :
			       SIM_DMA_RAW;
	s2cr = v2->now.s2cr[n];
	if ((s2cr >> 16 & 3) == 1)
		return SIM_DMA_RAW;
	if ((s2cr >> 16 & 3) != 0)
		return global_fault(smmu, SGFSR_ICF, sid, addr, write);
	return translate(smmu, s2cr & 0xff, sid, addr, write, ret);
}
