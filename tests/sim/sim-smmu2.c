// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SMMUv1 and v2 as software sees them: global register spaces, context
 * banks, TLB maintenance (Arm IHI 0062, chapters "Global register space 0",
 * "1", "Stage 1 and 2 translation context banks"), and the quirks of
 * MMU-500, Calxeda, Marvell AP806. Where accesses land: sim-smmu2-dma.c.
 */
#include "tests/sim/sim-smmu2.h"

#include <stdlib.h>
#include <string.h>

#define R_SCR0 0x000u
#define R_SACR 0x010u
#define R_IDR0 0x020u
#define R_IDR7 0x03cu
#define R_SGFAR 0x040u
#define R_SGFSR 0x048u
#define R_SGFSYNR0 0x050u
#define R_SGFSYNR1 0x054u
#define R_TLBIALLNSNH 0x068u
#define R_TLBIALLH 0x06cu
#define R_STLBGSYNC 0x070u
#define R_STLBGSTATUS 0x074u
#define R_SMR 0x800u
#define R_S2CR 0xc00u

#define SCR0_CLIENTPD 0x1u
#define SCR0_INTERRUPTS 0x24u
#define SCR0_EXIDENABLE 0x8u
#define SACR_CACHE_LOCK KQ_BIT32(26)
#define ACTLR_CPRE 0x2u
#define SCTLR_M 0x1u
#define SCTLR_CFIE 0x40u
#define S2CR_TYPE(s2cr) ((s2cr) >> 16 & 3)

#define VIOLATE(smmu, ...) sim_violate((smmu)->sim, "SMMUv2: " __VA_ARGS__)

struct sim_smmu *sim_add_smmu2(struct sim *sim, uint64_t base,
			       unsigned int version)
{
	struct sim_smmu *smmu = sim_add_smmu(sim, base);
	struct sim_smmu2 *v2 = calloc(1, sizeof(*v2));

	if (!v2)
		abort();
	smmu->v3 = false;
	smmu->v2 = v2;
	v2->version = version;
	/* 32 mappings, 8 banks of which 2 are for stage 2, 4 KiB pages. */
	v2->idr[0] = version == 1 ? 0x28005e20 : 0x78005e20;
	v2->idr[1] = 0x30020008;
	v2->idr[2] = version == 1 ? 0x00000022 : 0x00007055;
	v2->idr[7] = 0x20;
	/* As Linux runs it: two streams translated by bank 3. */
	v2->now.scr0 = 0x00200c36;
	for (uint32_t i = 0; i < SIM_SMMU2_MAPPINGS; i++)
		v2->now.s2cr[i] = 2u << 16;
	v2->now.smr[0] = KQ_BIT32(31) | 0x100;
	v2->now.smr[1] = KQ_BIT32(31) | 0x200;
	v2->now.s2cr[0] = v2->now.s2cr[1] = 3;
	v2->now.cbar[3] = version == 1 ? 0 : 1u << 16;
	v2->now.cba2r[3] = version == 1 ? 0 : 1;
	v2->now.banks[3].tcr = version == 1 ? 0x80000058 : 0x00800010;
	v2->now.banks[3].ttbr0 = 0x90000000;
	v2->now.banks[3].sctlr = 0x65;
	return smmu;
}

void sim_smmu2_free(struct sim_smmu *smmu)
{
	free(smmu->v2);
	smmu->v2 = NULL;
}

unsigned int sim_smmu2_version(const struct sim_smmu *smmu)
{
	return smmu->v2->version;
}

static uint32_t page_size(const struct sim_smmu2 *v2)
{
	return v2->idr[1] & KQ_BIT32(31) ? 65536 : 4096;
}

static uint32_t pages(const struct sim_smmu2 *v2)
{
	return 2u << KQ_GET(KQ_MASK32(30, 28), v2->idr[1]);
}

uint64_t sim_smmu2_span(const struct sim_smmu *smmu)
{
	return 2 * (uint64_t)pages(smmu->v2) * page_size(smmu->v2);
}

uint32_t sim_smmu2_banks(const struct sim_smmu2 *v2)
{
	return KQ_GET(KQ_MASK32(7, 0), v2->idr[1]);
}

uint32_t sim_smmu2_mappings(const struct sim_smmu2 *v2)
{
	if (v2->idr[0] & KQ_BIT32(27))
		return KQ_GET(KQ_MASK32(7, 0), v2->idr[0]);
	return 1u << KQ_GET(KQ_MASK32(12, 9), v2->idr[0]);
}

void sim_smmu2_start(struct sim_smmu *smmu)
{
	struct sim_smmu2 *v2 = smmu->v2;

	v2->must_keep = smmu->policy == KQ_POLICY_PRESERVE;
	v2->initial = v2->now;
}

static void check_kept(struct sim_smmu *smmu, uint32_t reg)
{
	if (smmu->v2->must_keep)
		VIOLATE(smmu, "write to %#x though preserved", reg);
}

static void write_scr0(struct sim_smmu *smmu, uint32_t value)
{
	struct sim_smmu2 *v2 = smmu->v2;
	uint32_t changed = value ^ v2->now.scr0;

	sim_check_devices_first(smmu->sim);
	if (changed & value & SCR0_INTERRUPTS)
		VIOLATE(smmu, "fault interrupts switched on");
	if (changed & value & SCR0_CLIENTPD &&
	    smmu->policy != KQ_POLICY_BYPASS)
		VIOLATE(smmu, "CLIENTPD lets everything pass");
	if (changed & SCR0_EXIDENABLE)
		VIOLATE(smmu, "EXIDENABLE changed");
	if (changed & ~SCR0_INTERRUPTS)
		check_kept(smmu, R_SCR0);
	v2->now.scr0 = value;
	if (v2->no_bypass_off)
		v2->now.scr0 |= SCR0_CLIENTPD;
}

/* What is clear on a bit that is not implemented cannot be set. */
static uint32_t smr_bits(const struct sim_smmu2 *v2)
{
	uint32_t ids = (1u << KQ_GET(KQ_MASK32(12, 9), v2->idr[0])) - 1;

	if (v2->now.scr0 & SCR0_EXIDENABLE)
		return 0xffffffff;
	ids &= 0x7fff;
	return KQ_BIT32(31) | ids << 16 | ids;
}

static void sync_tlb(struct sim_smmu *smmu)
{
	struct sim_smmu2 *v2 = smmu->v2;

	if (v2->sync_under_way)
		VIOLATE(smmu, "second TLB sync before the first ended");
	v2->sync_under_way = true;
	v2->sync_done_ns = v2->sync_us == SIM_NEVER ?
				   SIM_NEVER :
				   smmu->sim->ns + v2->sync_us * 1000;
}

static void settle(struct sim_smmu *smmu)
{
	struct sim_smmu2 *v2 = smmu->v2;

	if (!v2->sync_under_way || smmu->sim->ns < v2->sync_done_ns)
		return;
	v2->sync_under_way = false;
	if (v2->sync_asked)
		v2->stale_tlb = false;
	v2->sync_asked = false;
}

static void write_mapping(struct sim_smmu *smmu, uint32_t reg, uint32_t value)
{
	struct sim_smmu2 *v2 = smmu->v2;
	bool is_smr = reg < R_S2CR;
	uint32_t n = (reg - (is_smr ? R_SMR : R_S2CR)) / 4;

	check_kept(smmu, reg);
	if (n >= sim_smmu2_mappings(v2) ||
	    (is_smr && !(v2->idr[0] & KQ_BIT32(27)))) {
		VIOLATE(smmu, "write to mapping register %#x", reg);
		return;
	}
	if (is_smr)
		v2->now.smr[n] = value & smr_bits(v2);
	else
		v2->now.s2cr[n] = value;
	if (!is_smr && S2CR_TYPE(value) == 3)
		VIOLATE(smmu, "S2CR %#x: reserved type", value);
	if (!is_smr && S2CR_TYPE(value) == 0 &&
	    (value & 0xff) >= sim_smmu2_banks(v2))
		VIOLATE(smmu, "S2CR %#x: no such bank", value);
}

static void write_space0(struct sim_smmu *smmu, uint32_t reg, uint32_t value)
{
	struct sim_smmu2 *v2 = smmu->v2;

	if (reg == R_SCR0) {
		write_scr0(smmu, value);
	} else if (reg == R_SACR) {
		check_kept(smmu, reg);
		v2->now.sacr = value;
	} else if (reg == R_SGFSR) {
		v2->now.sgfsr &= ~value;
	} else if (reg == R_TLBIALLH || reg == R_TLBIALLNSNH) {
		v2->sync_asked |= reg == R_TLBIALLNSNH;
	} else if (reg == R_STLBGSYNC) {
		sync_tlb(smmu);
	} else if (reg >= R_SMR && reg < 0x1000) {
		write_mapping(smmu, reg, value);
	} else {
		VIOLATE(smmu, "write to %#x", reg);
	}
}

static bool read_space0(struct sim_smmu *smmu, uint32_t reg, uint32_t *value)
{
	const struct sim_smmu2_state *now = &smmu->v2->now;

	*value = 0;
	if (reg >= R_IDR0 && reg <= R_IDR7)
		*value = smmu->v2->idr[(reg - R_IDR0) / 4];
	else if (reg == R_SCR0)
		*value = now->scr0;
	else if (reg == R_SACR)
		*value = now->sacr;
	else if (reg == R_SGFAR)
		*value = (uint32_t)now->sgfar;
	else if (reg == R_SGFAR + 4)
		*value = (uint32_t)(now->sgfar >> 32);
	else if (reg == R_SGFSR)
		*value = now->sgfsr;
	else if (reg == R_SGFSYNR0)
		*value = now->sgfsynr0;
	else if (reg == R_SGFSYNR1)
		*value = now->sgfsynr1;
	else if (reg == R_STLBGSTATUS)
		*value = smmu->v2->sync_under_way;
	else if (reg >= R_SMR && reg < R_SMR + 4 * sim_smmu2_mappings(smmu->v2))
		*value = now->smr[(reg - R_SMR) / 4];
	else if (reg >= R_S2CR &&
		 reg < R_S2CR + 4 * sim_smmu2_mappings(smmu->v2))
		*value = now->s2cr[(reg - R_S2CR) / 4];
	else
		return false;
	return true;
}

/* CBAR, CBFRSYNRA, CBA2R. */
static void access_space1(struct sim_smmu *smmu, uint32_t reg, bool write,
			  uint32_t *value)
{
	struct sim_smmu2 *v2 = smmu->v2;
	uint32_t n = reg % 0x400 / 4;
	uint32_t *word = reg < 0x400 ? &v2->now.cbar[n % SIM_SMMU2_BANKS] :
			 reg < 0x800 ? &v2->now.frsynra[n % SIM_SMMU2_BANKS] :
				       &v2->now.cba2r[n % SIM_SMMU2_BANKS];

	if (reg >= 0xc00 || n >= sim_smmu2_banks(v2) ||
	    (reg >= 0x800 && v2->version == 1)) {
		VIOLATE(smmu, "access to space 1 at %#x", reg);
		return;
	}
	if (!write) {
		*value = *word;
		return;
	}
	check_kept(smmu, reg);
	if (v2->now.banks[n].sctlr & SCTLR_M && reg >= 0x800)
		VIOLATE(smmu, "CBA2R of a bank that is on");
	if (reg < 0x400 && *value >> 16 & 3 &&
	    n < KQ_GET(KQ_MASK32(23, 16), v2->idr[1]))
		VIOLATE(smmu, "bank %u is for stage 2 only", n);
	*word = *value;
	v2->stale_tlb = true;
}

static void write_sctlr(struct sim_smmu *smmu, struct sim_smmu2_bank *bank,
			uint32_t value)
{
	if (value & ~bank->sctlr & SCTLR_CFIE)
		VIOLATE(smmu, "bank interrupts switched on");
	if ((value ^ bank->sctlr) & ~SCTLR_CFIE)
		check_kept(smmu, 0);
	if (value & ~bank->sctlr & SCTLR_M && smmu->v2->mmu500 &&
	    bank->actlr & ACTLR_CPRE)
		VIOLATE(smmu, "MMU-500: bank on with CPRE");
	if ((value ^ bank->sctlr) & SCTLR_M)
		smmu->v2->stale_tlb = true;
	bank->sctlr = value;
}

static void half(uint64_t *reg, uint32_t at, uint32_t value)
{
	uint32_t shift = at % 8 * 8;

	*reg = (*reg & ~(UINT64_C(0xffffffff) << shift)) |
	       (uint64_t)value << shift;
}

static void write_bank(struct sim_smmu *smmu, struct sim_smmu2_bank *bank,
		       uint32_t reg, uint32_t value)
{
	struct sim_smmu2 *v2 = smmu->v2;
	bool locked = v2->mmu500 && v2->now.sacr & SACR_CACHE_LOCK &&
		      KQ_GET(KQ_MASK32(7, 4), v2->idr[7]) >= 2;

	if (reg != 0x00 && reg != 0x58)
		check_kept(smmu, reg);
	if (bank->sctlr & SCTLR_M && (reg == 0x30 || reg == 0x10))
		v2->stale_tlb = true;
	switch (reg) {
	case 0x00:
		write_sctlr(smmu, bank, value);
		return;
	case 0x04:
		if (!locked)
			bank->actlr = value;
		return;
	case 0x10:
		bank->tcr2 = value;
		return;
	case 0x20:
	case 0x24:
		half(&bank->ttbr0, reg, value);
		v2->stale_tlb = true;
		return;
	case 0x30:
		bank->tcr = value;
		return;
	case 0x38:
		bank->mair0 = value;
		return;
	case 0x58:
		bank->fsr &= ~value;
		return;
	default:
		VIOLATE(smmu, "write to %#x of a bank", reg);
	}
}

static void read_bank(struct sim_smmu *smmu,
		      const struct sim_smmu2_bank *bank, uint32_t reg,
		      uint32_t *value)
{
	switch (reg) {
	case 0x00:
		*value = bank->sctlr;
		return;
	case 0x04:
		*value = bank->actlr;
		return;
	case 0x58:
		*value = bank->fsr;
		return;
	case 0x60:
		*value = (uint32_t)bank->far;
		return;
	case 0x64:
		*value = (uint32_t)(bank->far >> 32);
		return;
	case 0x68:
		*value = bank->fsynr0;
		return;
	default:
		*value = 0;
		VIOLATE(smmu, "read of %#x of a bank", reg);
	}
}

/* Calxeda: these exist at +0x400 only, and others not there. */
static bool unalias(struct sim_smmu *smmu, uint32_t *reg)
{
	uint32_t at = *reg % 0x400;
	bool aliased = *reg < 0x800 &&
		       (at == R_SCR0 || at == R_SACR ||
			(at >= R_SGFAR && at <= R_SGFSYNR1));

	if (*reg >= 0x400 && *reg < 0x800) {
		if (!smmu->v2->calxeda || !aliased)
			return false;
		*reg = at;
		return true;
	}
	return !(smmu->v2->calxeda && aliased);
}

static void access_space0(struct sim_smmu *smmu, uint32_t reg, bool write,
			  uint32_t *value)
{
	if (!unalias(smmu, &reg))
		VIOLATE(smmu, "access to %#x, alias or not", reg);
	else if (write)
		write_space0(smmu, reg, *value);
	else if (!read_space0(smmu, reg, value))
		VIOLATE(smmu, "read of %#x", reg);
}

bool sim_smmu2_access(struct sim_smmu *smmu, uint32_t offset,
		      unsigned int size, bool write, uint64_t *value)
{
	struct sim_smmu2 *v2 = smmu->v2;
	uint32_t page = offset / page_size(v2), reg = offset % page_size(v2);
	uint32_t value32 = (uint32_t)*value;
	struct sim_smmu2_bank *bank;

	settle(smmu);
	if (size == 8)
		VIOLATE(smmu, "64-bit access to %#x", offset);
	if (page == 0 || page == 1) {
		if (reg >= 0x1000)
			VIOLATE(smmu, "access to %#x", offset);
		else if (page == 0)
			access_space0(smmu, reg, write, &value32);
		else
			access_space1(smmu, reg, write, &value32);
	} else if (page < pages(v2) ||
		   page - pages(v2) >= sim_smmu2_banks(v2)) {
		VIOLATE(smmu, "access to %#x, no bank", offset);
	} else {
		bank = &v2->now.banks[page - pages(v2)];
		if (write)
			write_bank(smmu, bank, reg, value32);
		else
			read_bank(smmu, bank, reg, &value32);
	}
	*value = value32;
	return true;
}

static void check_twin(struct sim_smmu *smmu)
{
	struct sim_smmu2_state a = smmu->v2->now, b;

	if (!smmu->twin)
		return;
	b = smmu->twin->v2->now;
	/* What faults each saw is its own. */
	a.sgfsr = b.sgfsr = 0;
	a.sgfsynr0 = a.sgfsynr1 = b.sgfsynr0 = b.sgfsynr1 = 0;
	a.sgfar = b.sgfar = 0;
	if (memcmp(&a, &b, sizeof(a)) != 0)
		VIOLATE(smmu, "its twin holds something else");
}

void sim_smmu2_finish(struct sim_smmu *smmu)
{
	const struct sim_smmu2_state *now = &smmu->v2->now;

	check_twin(smmu);
	if (smmu->is_twin || smmu->plan_index < 0)
		return;
	if (now->scr0 & SCR0_INTERRUPTS)
		VIOLATE(smmu, "fault interrupts are left on");
	for (uint32_t i = 0; i < sim_smmu2_banks(smmu->v2); i++)
		if (now->banks[i].sctlr & SCTLR_CFIE)
			VIOLATE(smmu, "interrupts of bank %u are left on", i);
	if (smmu->policy == KQ_POLICY_BYPASS && !(now->scr0 & SCR0_CLIENTPD))
		VIOLATE(smmu, "not bypassing at the end");
	if ((smmu->policy == KQ_POLICY_ABORT ||
	     smmu->policy == KQ_POLICY_SINK) &&
	    now->scr0 & SCR0_CLIENTPD && !smmu->v2->no_bypass_off)
		VIOLATE(smmu, "bypassing at the end");
}
