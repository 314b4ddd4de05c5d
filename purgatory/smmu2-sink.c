// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Policy sink on SMMUv2: one stream mapping that matches everything, one
 * context bank, the sink's tables. AArch64 formats where IDR2 has them;
 * SMMUv1, and v2 without them, by stage 2 with 40-bit long descriptors,
 * which are the same in memory.
 */
#include "lib/error.h"
#include "purgatory/sink.h"
#include "purgatory/smmu2-parts.h"

#define OWN_ASID UINT64_C(1)
#define OWN_VMID 1u
#define LPAE_IPA_BITS 40u

static bool has_reserved(const struct kq_smmu *smmu)
{
	const struct kq_plan_header *plan = smmu->stage->plan;

	for (uint32_t i = 0; i < plan->streams.count; i++)
		if (kq_plan_streams(plan)[i].smmu == smmu->index)
			return true;
	return false;
}

/* log2 of the granule of AArch64 formats, 0 if it has none of them. */
static uint32_t granule(uint32_t idr2)
{
	if (idr2 & SMMU2_IDR2_PTFS_4K)
		return 12;
	if (idr2 & SMMU2_IDR2_PTFS_16K)
		return 14;
	return idr2 & SMMU2_IDR2_PTFS_64K ? 16 : 0;
}

static uint32_t walk_attributes(const struct kq_smmu *smmu)
{
	return smmu->record->idr0 & SMMU2_IDR0_CTTW ? SMMU2_CB_TCR_WALK_WB : 0;
}

/* IDR2.OAS and TCR2.PASize share an encoding; 5 is 48 bits. */
static uint32_t output_size(uint32_t idr2)
{
	uint32_t oas = KQ_GET(SMMU2_IDR2_OAS, idr2);

	return oas < 5 ? oas : 5;
}

static int stage1_bank(const struct kq_smmu *smmu, uint32_t bank,
		       uint32_t idr2)
{
	uint32_t page = kq_smmu2_bank(smmu, bank);
	uint32_t space1 = kq_smmu2_space1(smmu);
	struct kq_sink sink;
	int r = kq_sink_stage1(smmu->stage, granule(idr2), &sink);

	if (r < 0)
		return r;
	kq_smmu2_write(smmu, space1 + SMMU2_CBA2R(bank), SMMU2_CBA2R_VA64);
	kq_smmu2_write(smmu, space1 + SMMU2_CBAR(bank),
		       KQ_PUT(SMMU2_CBAR_TYPE, SMMU2_CBAR_STAGE1) |
			       SMMU2_CBAR_BPSHCFG_NSH | SMMU2_CBAR_MEMATTR_WB);
	kq_smmu2_write(smmu, page + SMMU2_CB_TCR2,
		       KQ_PUT(SMMU2_CB_TCR2_PASIZE, output_size(idr2)) |
			       SMMU2_CB_TCR2_SEP_UPSTREAM | SMMU2_CB_TCR2_AS);
	kq_smmu2_write(smmu, page + SMMU2_CB_TCR,
		       KQ_PUT(SMMU2_CB_TCR_T0SZ, 64 - sink.input_bits) |
			       KQ_PUT(SMMU2_CB_TCR_TG0,
				      kq_sink_tg0(&sink)) |
			       walk_attributes(smmu) | SMMU2_CB_TCR_EPD1);
	kq_smmu2_write64(smmu, page + SMMU2_CB_TTBR0,
			 sink.table | KQ_PUT(SMMU2_CB_TTBR0_ASID, OWN_ASID));
	kq_smmu2_write(smmu, page + SMMU2_CB_MAIR0, SMMU2_CB_MAIR0_NC);
	return 0;
}

/*
 * Stage 2 by AArch32 long descriptors, 40 bits, 4 KiB pages: every SMMU
 * with stage 2 has that. T0SZ is a signed 4-bit field there: 32 - 40 = -8,
 * the sign once more in bit 4. SL0 = 1 starts at level 1.
 */
static int stage2_bank(const struct kq_smmu *smmu, uint32_t bank)
{
	uint32_t page = kq_smmu2_bank(smmu, bank);
	uint32_t space1 = kq_smmu2_space1(smmu);
	struct kq_sink sink;
	int r = kq_sink_stage2(smmu->stage, 12, LPAE_IPA_BITS, &sink);

	if (r < 0)
		return r;
	if (smmu->plan->type != KQ_SMMU_V1)
		kq_smmu2_write(smmu, space1 + SMMU2_CBA2R(bank), 0);
	kq_smmu2_write(smmu, space1 + SMMU2_CBAR(bank),
		       KQ_PUT(SMMU2_CBAR_TYPE, SMMU2_CBAR_STAGE2) |
			       KQ_PUT(SMMU2_CBAR_VMID, OWN_VMID));
	kq_smmu2_write(smmu, page + SMMU2_CB_TCR,
		       SMMU2_CB_TCR_EAE | KQ_PUT(SMMU2_CB_TCR_SL0, 1u) |
			       KQ_PUT(SMMU2_CB_TCR_T0SZ, 0x18u) |
			       walk_attributes(smmu));
	kq_smmu2_write64(smmu, page + SMMU2_CB_TTBR0, sink.table);
	return 0;
}

/* A prefetch erratum of MMU-500, behind a lock of its newer revisions. */
static void unlock_mmu500(const struct kq_smmu *smmu, uint32_t bank)
{
	uint32_t actlr = kq_smmu2_bank(smmu, bank) + SMMU2_CB_ACTLR;
	uint32_t idr7 = kq_smmu2_read(smmu, SMMU2_IDR7);

	if (KQ_GET(SMMU2_IDR7_MAJOR, idr7) >= 2)
		kq_smmu2_write(smmu, SMMU2_SACR,
			       kq_smmu2_read(smmu, SMMU2_SACR) &
				       ~SMMU2_SACR_MMU500_CACHE_LOCK);
	kq_smmu2_write(smmu, actlr,
		       kq_smmu2_read(smmu, actlr) &
			       ~SMMU2_CB_ACTLR_MMU500_CPRE);
}

static int make_bank(const struct kq_smmu *smmu, uint32_t *ret_bank)
{
	uint32_t idr0 = smmu->record->idr0;
	uint32_t idr2 = kq_smmu2_read(smmu, SMMU2_IDR2);
	uint32_t banks = kq_smmu2_banks(smmu), bank;
	int r;

	/* The first banks may be for stage 2 only; the last is for both. */
	if (banks == 0)
		return -KQ_ERR_NOTSUP;
	if (smmu->plan->type != KQ_SMMU_V1 && idr0 & SMMU2_IDR0_S1TS &&
	    granule(idr2) &&
	    KQ_GET(SMMU2_IDR1_NUMS2CB, smmu->record->idr1) < banks) {
		bank = banks - 1;
		r = stage1_bank(smmu, bank, idr2);
	} else if (idr0 & SMMU2_IDR0_S2TS) {
		bank = 0;
		r = stage2_bank(smmu, bank);
	} else {
		return -KQ_ERR_NOTSUP;
	}
	if (r < 0)
		return r;
	if (smmu->plan->flags & KQ_SMMU_MMU500)
		unlock_mmu500(smmu, bank);
	kq_smmu2_write(smmu, kq_smmu2_bank(smmu, bank) + SMMU2_CB_SCTLR,
		       SMMU2_CB_SCTLR_M | SMMU2_CB_SCTLR_AFE |
			       SMMU2_CB_SCTLR_CFRE);
	*ret_bank = bank;
	return 0;
}

/* Two mappings that match the same stream are a fault: one only is valid. */
static int match_everything(const struct kq_smmu *smmu, uint32_t bank)
{
	bool exids = smmu->record->before2.scr0 & SMMU2_SCR0_EXIDENABLE;
	uint32_t all = exids ? SMMU2_SMR_EXMASK :
			       SMMU2_SMR_VALID | SMMU2_SMR_MASK;
	uint32_t s2cr = KQ_PUT(SMMU2_S2CR_TYPE, SMMU2_S2CR_TRANSLATE) |
			KQ_PUT(SMMU2_S2CR_CBNDX, bank) |
			(exids ? SMMU2_S2CR_EXIDVALID : 0);
	uint32_t fault = KQ_PUT(SMMU2_S2CR_TYPE, SMMU2_S2CR_FAULT);

	for (uint32_t i = 1; i < kq_smmu2_mappings(smmu); i++) {
		kq_smmu2_write(smmu, SMMU2_S2CR(i), fault);
		kq_smmu2_write(smmu, SMMU2_SMR(i), 0);
	}
	/* Mask bits it does not implement are StreamID bits it does not have. */
	kq_smmu2_write(smmu, SMMU2_SMR(0), all);
	kq_smmu2_write(smmu, SMMU2_S2CR(0), s2cr);
	return kq_io_faulted(&smmu->stage->io) ? -KQ_ERR_UNREACHABLE : 0;
}

static int index_everything(const struct kq_smmu *smmu, uint32_t bank)
{
	for (uint32_t i = 0; i < kq_smmu2_mappings(smmu); i++)
		kq_smmu2_write(smmu, SMMU2_S2CR(i),
			       KQ_PUT(SMMU2_S2CR_TYPE, SMMU2_S2CR_TRANSLATE) |
				       KQ_PUT(SMMU2_S2CR_CBNDX, bank));
	return kq_io_faulted(&smmu->stage->io) ? -KQ_ERR_UNREACHABLE : 0;
}

int kq_smmu2_sink(const struct kq_smmu *smmu)
{
	uint32_t bank;
	int r;

	/* A mapping of everything would match the reserved streams as well. */
	if (has_reserved(smmu) || kq_smmu2_mappings(smmu) == 0)
		return -KQ_ERR_NOTSUP;
	r = make_bank(smmu, &bank);
	if (r == 0)
		r = kq_smmu2_invalidate_tlbs(smmu);
	if (r < 0)
		return r;
	if (smmu->record->idr0 & SMMU2_IDR0_SMS)
		return match_everything(smmu, bank);
	return index_everything(smmu, bank);
}
