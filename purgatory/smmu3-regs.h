/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMMUv3 registers and in-memory formats, Arm IHI 0070 (revision in
 * docs/specs.md). Register offsets count from the SMMU's base; those of the
 * event queue's indices from page 1 (base + 64 KiB), which models with one
 * page only mirror into page 0. Words of in-memory structures are numbered
 * as 64-bit words; bits not named are written as zero.
 */
#ifndef KQ_SMMU3_REGS_H
#define KQ_SMMU3_REGS_H

#include "lib/bits.h"

/* Chapter "Memory map and registers". */

#define SMMU3_PAGE1 0x10000u

#define SMMU3_IDR0 0x0000u
#define   SMMU3_IDR0_S2P KQ_BIT32(0)
#define   SMMU3_IDR0_S1P KQ_BIT32(1)
#define   SMMU3_IDR0_TTF_AARCH64 KQ_BIT32(3) /* of TTF[3:2] */
#define   SMMU3_IDR0_COHACC KQ_BIT32(4)
#define   SMMU3_IDR0_HYP KQ_BIT32(9)
#define   SMMU3_IDR0_STALL_MODEL KQ_MASK32(25, 24)
#define     SMMU3_STALL_FORCED 2u
#define   SMMU3_IDR0_ST_LEVEL KQ_MASK32(28, 27) /* 1: two levels possible */
#define SMMU3_IDR1 0x0004u
#define   SMMU3_IDR1_SIDSIZE KQ_MASK32(5, 0)
#define   SMMU3_IDR1_SSIDSIZE KQ_MASK32(10, 6)
#define   SMMU3_IDR1_EVTQS KQ_MASK32(20, 16) /* log2 of the largest queue */
#define   SMMU3_IDR1_CMDQS KQ_MASK32(25, 21)
#define   SMMU3_IDR1_ATTR_TYPES_OVR KQ_BIT32(27)
#define   SMMU3_IDR1_PRESET KQ_MASK32(30, 28) /* TABLES_, QUEUES_, REL */
#define SMMU3_IDR5 0x0014u
#define   SMMU3_IDR5_OAS KQ_MASK32(2, 0)
#define   SMMU3_IDR5_GRAN4K KQ_BIT32(4)
#define   SMMU3_IDR5_GRAN16K KQ_BIT32(5)
#define   SMMU3_IDR5_GRAN64K KQ_BIT32(6)

#define SMMU3_CR0 0x0020u
#define   SMMU3_CR0_SMMUEN KQ_BIT32(0)
#define   SMMU3_CR0_EVTQEN KQ_BIT32(2)
#define   SMMU3_CR0_CMDQEN KQ_BIT32(3)
#define   SMMU3_CR0_ATSCHK KQ_BIT32(4)
#define SMMU3_CR0ACK 0x0024u /* shows CR0 once it took effect */
#define SMMU3_CR1 0x0028u
#define   SMMU3_CR1_WRITE_BACK 0x0d75u /* tables, queues: inner shareable */
#define   SMMU3_CR1_UNCACHED 0x0000u
#define SMMU3_CR2 0x002cu
#define   SMMU3_CR2_RECINVSID KQ_BIT32(1) /* record C_BAD_STREAMID */
#define   SMMU3_CR2_PTM KQ_BIT32(2)	  /* no broadcast TLB maintenance */

/* Attributes of traffic while SMMUEN is 0. */
#define SMMU3_GBPA 0x0044u
#define   SMMU3_GBPA_UPDATE KQ_BIT32(31) /* write 1 with a value; 0: applied */
#define   SMMU3_GBPA_ABORT KQ_BIT32(20)	 /* 1: terminate every transaction */

#define SMMU3_IRQ_CTRL 0x0050u
#define SMMU3_IRQ_CTRLACK 0x0054u

/* An error is active while its bits differ in the two. */
#define SMMU3_GERROR 0x0060u
#define   SMMU3_GERROR_EVENTQ_ABORT KQ_BIT32(2) /* an event was lost */
#define   SMMU3_GERROR_SFM KQ_BIT32(8) /* service failure mode */
#define SMMU3_GERRORN 0x0064u

#define SMMU3_STRTAB_BASE 0x0080u /* 64 bit */
#define   SMMU3_STRTAB_BASE_RA KQ_BIT64(62)
#define   SMMU3_STRTAB_BASE_ADDR KQ_MASK64(51, 6)
#define SMMU3_STRTAB_BASE_CFG 0x0088u
#define   SMMU3_STRTAB_CFG_LOG2SIZE KQ_MASK32(5, 0)
#define   SMMU3_STRTAB_CFG_SPLIT KQ_MASK32(10, 6)
#define   SMMU3_STRTAB_CFG_FMT KQ_MASK32(17, 16)
#define     SMMU3_STRTAB_LINEAR 0u
#define     SMMU3_STRTAB_2LEVEL 1u

#define SMMU3_CMDQ_BASE 0x0090u /* 64 bit */
#define SMMU3_CMDQ_PROD 0x0098u
#define SMMU3_CMDQ_CONS 0x009cu
#define SMMU3_EVTQ_BASE 0x00a0u /* 64 bit */
#define   SMMU3_Q_BASE_ALLOCATE KQ_BIT64(62)
#define   SMMU3_Q_BASE_ADDR KQ_MASK64(51, 5)
#define   SMMU3_Q_BASE_LOG2SIZE KQ_MASK64(4, 0)
#define SMMU3_EVTQ_PROD 0x00a8u /* page 1 */
#define SMMU3_EVTQ_CONS 0x00acu /* page 1 */
#define   SMMU3_EVTQ_OVERFLOW KQ_BIT32(31)

/* Chapter "Event queue": four words a record. */
#define SMMU3_EVENT_SIZE 32u
#define   SMMU3_EVENT_0_TYPE KQ_MASK64(7, 0)
#define   SMMU3_EVENT_0_SID KQ_MASK64(63, 32)

/* Chapter "Commands": two words each. */
#define SMMU3_COMMAND_SIZE 16u
#define   SMMU3_CMD_CFGI_STE 0x03u
#define     SMMU3_CMD_0_SID KQ_MASK64(63, 32)
#define     SMMU3_CMD_1_LEAF KQ_BIT64(0)
#define   SMMU3_CMD_CFGI_ALL 0x04u
#define     SMMU3_CMD_1_ALL_STREAMS 31u
#define   SMMU3_CMD_TLBI_EL2_ALL 0x20u
#define   SMMU3_CMD_TLBI_NSNH_ALL 0x30u
#define   SMMU3_CMD_SYNC 0x46u

/* Chapter "Data structure formats", "Stream table". */
#define SMMU3_SPLIT 8u /* StreamIDs of a second-level table: 2^8 */
#define SMMU3_L1_SPAN 9u /* in the descriptor: 2^(9-1) entries */
#define SMMU3_L1_DESC_SPAN KQ_MASK64(4, 0)
#define SMMU3_L1_DESC_L2PTR KQ_MASK64(51, 6)
#define SMMU3_STE_WORDS 8u
#define SMMU3_STE_SIZE 64u
#define SMMU3_L2_SIZE (SMMU3_STE_SIZE << SMMU3_SPLIT)
#define   SMMU3_STE_0_V KQ_BIT64(0)
#define   SMMU3_STE_0_CONFIG KQ_MASK64(3, 1)
#define     SMMU3_STE_ABORT 0u
#define     SMMU3_STE_BYPASS 4u
#define     SMMU3_STE_S1 5u
#define     SMMU3_STE_S2 6u
#define     SMMU3_STE_NESTED 7u
#define   SMMU3_STE_0_S1FMT KQ_MASK64(5, 4)
#define     SMMU3_S1FMT_4K_L2 1u /* 2 levels, 4 KiB; Linux refuses it */
#define   SMMU3_STE_0_S1CDMAX KQ_MASK64(63, 59)
#define   SMMU3_STE_0_S1CONTEXTPTR KQ_MASK64(51, 6)
#define   SMMU3_STE_1_S1CIR_WB KQ_PUT(KQ_MASK64(3, 2), UINT64_C(1))
#define   SMMU3_STE_1_S1COR_WB KQ_PUT(KQ_MASK64(5, 4), UINT64_C(1))
#define   SMMU3_STE_1_S1CSH_ISH KQ_PUT(KQ_MASK64(7, 6), UINT64_C(3))
#define   SMMU3_STE_1_SHCFG_INCOMING KQ_PUT(KQ_MASK64(45, 44), UINT64_C(1))
#define   SMMU3_STE_2_S2VMID KQ_MASK64(15, 0)
#define   SMMU3_STE_2_S2T0SZ KQ_MASK64(37, 32)
#define   SMMU3_STE_2_S2SL0 KQ_MASK64(39, 38)
#define   SMMU3_STE_2_S2WALK_WB \
	(KQ_PUT(KQ_MASK64(41, 40), UINT64_C(1)) | \
	 KQ_PUT(KQ_MASK64(43, 42), UINT64_C(1)) | \
	 KQ_PUT(KQ_MASK64(45, 44), UINT64_C(3)))
#define   SMMU3_STE_2_S2TG KQ_MASK64(47, 46)
#define   SMMU3_STE_2_S2PS KQ_MASK64(50, 48)
#define   SMMU3_STE_2_S2AA64 KQ_BIT64(51)
#define   SMMU3_STE_2_S2AFFD KQ_BIT64(53)
#define   SMMU3_STE_2_S2S KQ_BIT64(57) /* stall */
#define   SMMU3_STE_2_S2R KQ_BIT64(58) /* record */
#define   SMMU3_STE_3_S2TTB KQ_MASK64(51, 4)

/* The same chapter, "Context Descriptor". */
#define SMMU3_CD_SIZE 64u
#define   SMMU3_CD_0_T0SZ KQ_MASK64(5, 0)
#define   SMMU3_CD_0_TG0 KQ_MASK64(7, 6)
#define   SMMU3_CD_0_WALK_WB \
	(KQ_PUT(KQ_MASK64(9, 8), UINT64_C(1)) | \
	 KQ_PUT(KQ_MASK64(11, 10), UINT64_C(1)) | \
	 KQ_PUT(KQ_MASK64(13, 12), UINT64_C(3)))
#define   SMMU3_CD_0_EPD1 KQ_BIT64(30)
#define   SMMU3_CD_0_V KQ_BIT64(31)
#define   SMMU3_CD_0_IPS KQ_MASK64(34, 32)
#define   SMMU3_CD_0_AFFD KQ_BIT64(35)
#define   SMMU3_CD_0_AA64 KQ_BIT64(41)
#define   SMMU3_CD_0_S KQ_BIT64(44) /* stall */
#define   SMMU3_CD_0_R KQ_BIT64(45) /* record */
#define   SMMU3_CD_0_A KQ_BIT64(46) /* abort, not RAZ/WI */
#define   SMMU3_CD_0_ASET KQ_BIT64(47)
#define   SMMU3_CD_0_ASID KQ_MASK64(63, 48)
#define   SMMU3_CD_1_TTB0 KQ_MASK64(51, 4)
#define   SMMU3_CD_3_MAIR_NC 0x44u /* attribute 0: Normal, non-cacheable */

#endif
