/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMMUv1 and v2 registers, Arm IHI 0062 (revision in docs/specs.md). Global
 * register spaces 0 and 1 are the first two pages, context bank n is page
 * (number of pages + n); the page size stands in IDR1.
 */
#ifndef KQ_SMMU2_REGS_H
#define KQ_SMMU2_REGS_H

#include "lib/bits.h"

/* Global register space 0. */

#define SMMU2_SCR0 0x000u
#define   SMMU2_SCR0_CLIENTPD KQ_BIT32(0) /* 1: everything bypasses */
#define   SMMU2_SCR0_GFRE KQ_BIT32(1)
#define   SMMU2_SCR0_GFIE KQ_BIT32(2)
#define   SMMU2_SCR0_EXIDENABLE KQ_BIT32(3)
#define   SMMU2_SCR0_GCFGFRE KQ_BIT32(4)
#define   SMMU2_SCR0_GCFGFIE KQ_BIT32(5)
#define   SMMU2_SCR0_USFCFG KQ_BIT32(10) /* 1: unmatched streams fault */
#define SMMU2_SACR 0x010u
#define   SMMU2_SACR_MMU500_CACHE_LOCK KQ_BIT32(26)
#define SMMU2_IDR0 0x020u
#define   SMMU2_IDR0_S2TS KQ_BIT32(29)
#define   SMMU2_IDR0_S1TS KQ_BIT32(30)
#define   SMMU2_IDR0_SMS KQ_BIT32(27) /* stream matching, else indexing */
#define   SMMU2_IDR0_CTTW KQ_BIT32(14) /* coherent table walk */
#define   SMMU2_IDR0_NUMSIDB KQ_MASK32(12, 9)
#define   SMMU2_IDR0_NUMSMRG KQ_MASK32(7, 0)
#define SMMU2_IDR1 0x024u
#define   SMMU2_IDR1_PAGESIZE_64K KQ_BIT32(31)
#define   SMMU2_IDR1_NUMPAGENDXB KQ_MASK32(30, 28)
#define   SMMU2_IDR1_NUMS2CB KQ_MASK32(23, 16)
#define   SMMU2_IDR1_NUMCB KQ_MASK32(7, 0)
#define SMMU2_IDR2 0x028u
#define   SMMU2_IDR2_OAS KQ_MASK32(7, 4)
#define   SMMU2_IDR2_PTFS_4K KQ_BIT32(12) /* AArch64 formats */
#define   SMMU2_IDR2_PTFS_16K KQ_BIT32(13)
#define   SMMU2_IDR2_PTFS_64K KQ_BIT32(14)
#define SMMU2_IDR7 0x03cu
#define   SMMU2_IDR7_MAJOR KQ_MASK32(7, 4)
#define SMMU2_SGFAR 0x040u /* 64 bit */
#define SMMU2_SGFSR 0x048u /* write 1 to clear */
#define SMMU2_SGFSYNR0 0x050u
#define SMMU2_SGFSYNR1 0x054u
#define   SMMU2_SGFSYNR1_STREAMID KQ_MASK32(15, 0)
#define SMMU2_TLBIALLNSNH 0x068u
#define SMMU2_TLBIALLH 0x06cu
#define SMMU2_STLBGSYNC 0x070u
#define SMMU2_STLBGSTATUS 0x074u
#define   SMMU2_STLBGSTATUS_ACTIVE KQ_BIT32(0)
#define SMMU2_SMR(n) (0x800u + 4 * (n))
#define   SMMU2_SMR_VALID KQ_BIT32(31) /* without EXIDENABLE */
#define   SMMU2_SMR_MASK KQ_MASK32(30, 16)
#define   SMMU2_SMR_ID KQ_MASK32(14, 0)
#define   SMMU2_SMR_EXMASK KQ_MASK32(31, 16) /* with it */
#define   SMMU2_SMR_EXID KQ_MASK32(15, 0)
#define SMMU2_S2CR(n) (0xc00u + 4 * (n))
#define   SMMU2_S2CR_TYPE KQ_MASK32(17, 16)
#define     SMMU2_S2CR_TRANSLATE 0u
#define     SMMU2_S2CR_BYPASS 1u
#define     SMMU2_S2CR_FAULT 2u
#define   SMMU2_S2CR_EXIDVALID KQ_BIT32(10)
#define   SMMU2_S2CR_CBNDX KQ_MASK32(7, 0)

/* Some of the above have non-secure aliases; Calxeda's SMMU needs them. */
#define SMMU2_NONSECURE_ALIAS 0x400u

/* Global register space 1. */

#define SMMU2_CBAR(n) (0x000u + 4 * (n))
#define   SMMU2_CBAR_TYPE KQ_MASK32(17, 16)
#define     SMMU2_CBAR_STAGE2 0u
#define     SMMU2_CBAR_STAGE1 1u /* stage 2 bypassed */
#define   SMMU2_CBAR_BPSHCFG_NSH KQ_PUT(KQ_MASK32(9, 8), 3u)
#define   SMMU2_CBAR_MEMATTR_WB KQ_PUT(KQ_MASK32(15, 12), 15u)
#define   SMMU2_CBAR_VMID KQ_MASK32(7, 0)
#define SMMU2_CBFRSYNRA(n) (0x400u + 4 * (n))
#define SMMU2_CBA2R(n) (0x800u + 4 * (n))
#define   SMMU2_CBA2R_VA64 KQ_BIT32(0)

/* A context bank's page. */

#define SMMU2_CB_SCTLR 0x00u
#define   SMMU2_CB_SCTLR_M KQ_BIT32(0)
#define   SMMU2_CB_SCTLR_AFE KQ_BIT32(2) /* no access flag faults */
#define   SMMU2_CB_SCTLR_CFRE KQ_BIT32(5)
#define   SMMU2_CB_SCTLR_CFIE KQ_BIT32(6)
#define SMMU2_CB_ACTLR 0x04u
#define   SMMU2_CB_ACTLR_MMU500_CPRE KQ_BIT32(1) /* prefetch: errata */
#define SMMU2_CB_TCR2 0x10u
#define   SMMU2_CB_TCR2_PASIZE KQ_MASK32(2, 0)
#define   SMMU2_CB_TCR2_SEP_UPSTREAM KQ_PUT(KQ_MASK32(17, 15), 7u)
#define   SMMU2_CB_TCR2_AS KQ_BIT32(4)
#define SMMU2_CB_TTBR0 0x20u /* 64 bit */
#define   SMMU2_CB_TTBR0_ASID KQ_MASK64(63, 48)
#define SMMU2_CB_TCR 0x30u
#define   SMMU2_CB_TCR_T0SZ KQ_MASK32(5, 0)
#define   SMMU2_CB_TCR_SL0 KQ_MASK32(7, 6) /* stage 2 */
#define   SMMU2_CB_TCR_WALK_WB \
	(KQ_PUT(KQ_MASK32(9, 8), 1u) | KQ_PUT(KQ_MASK32(11, 10), 1u) | \
	 KQ_PUT(KQ_MASK32(13, 12), 3u))
#define   SMMU2_CB_TCR_TG0 KQ_MASK32(15, 14)
#define   SMMU2_CB_TCR_EPD1 KQ_BIT32(23)	   /* stage 1 */
#define   SMMU2_CB_TCR_EAE KQ_BIT32(31) /* AArch32: long descriptors */
#define SMMU2_CB_MAIR0 0x38u
#define   SMMU2_CB_MAIR0_NC 0x44u
#define SMMU2_CB_FSR 0x58u /* write 1 to clear */
#define   SMMU2_CB_FSR_FAULTS 0x800001feu
#define SMMU2_CB_FAR 0x60u /* 64 bit */
#define SMMU2_CB_FSYNR0 0x68u

#endif
