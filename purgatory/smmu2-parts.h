/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the SMMUv1/v2 step share among themselves. */
#ifndef KQ_SMMU2_PARTS_H
#define KQ_SMMU2_PARTS_H

#include "purgatory/smmu2-regs.h"
#include "purgatory/smmu2.h"

/* smmu2.c */

/*
 * Global space 0 and 1 and context banks. Writes go to both instances of
 * twins, reads to the first. 64-bit registers are accessed by halves:
 * Marvell's AP806 allows nothing else, and all others allow it.
 */
uint32_t kq_smmu2_read(const struct kq_smmu *smmu, uint32_t reg);
void kq_smmu2_write(const struct kq_smmu *smmu, uint32_t reg, uint32_t value);
void kq_smmu2_write64(const struct kq_smmu *smmu, uint32_t reg,
		      uint64_t value);

/* Offset of global space 1 and of a context bank's page. */
uint32_t kq_smmu2_space1(const struct kq_smmu *smmu);
uint32_t kq_smmu2_bank(const struct kq_smmu *smmu, uint32_t bank);

/* How many stream mappings and context banks it has. */
uint32_t kq_smmu2_mappings(const struct kq_smmu *smmu);
uint32_t kq_smmu2_banks(const struct kq_smmu *smmu);

/**
 * kq_smmu2_invalidate_tlbs() - nothing cached of translations, on both twins
 *
 * Return: 0; -KQ_ERR_TIMEOUT, noted in the report; -KQ_ERR_UNREACHABLE.
 */
int kq_smmu2_invalidate_tlbs(const struct kq_smmu *smmu);

/* smmu2-sink.c */

/**
 * kq_smmu2_sink() - map every stream to the sink
 *
 * Client traffic must be faulting. The mappings are in place on success.
 *
 * Return: 0; -KQ_ERR_NOTSUP it cannot, or reserved streams stand against
 * it; -KQ_ERR_NOSPACE; as kq_smmu2_invalidate_tlbs().
 */
int kq_smmu2_sink(const struct kq_smmu *smmu);

#endif
