/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SMMUv3 registers, Arm IHI 0070 (revision in docs/specs.md), chapter
 * "Memory map and registers". Offsets count from the SMMU's base; those of
 * the event queue's indices from page 1 (base + 64 KiB), which models with
 * one page only mirror into page 0.
 */
#ifndef KQ_SMMU3_REGS_H
#define KQ_SMMU3_REGS_H

#include "lib/bits.h"

#define SMMU3_PAGE1 0x10000u

#define SMMU3_IDR0 0x0000u
#define SMMU3_IDR1 0x0004u
#define   SMMU3_IDR1_EVTQS KQ_MASK32(20, 16) /* log2 of the largest queue */

#define SMMU3_CR0 0x0020u
#define   SMMU3_CR0_SMMUEN KQ_BIT32(0)
#define SMMU3_CR0ACK 0x0024u /* shows CR0 once it took effect */
#define SMMU3_CR1 0x0028u
#define SMMU3_CR2 0x002cu

/* Attributes of traffic while SMMUEN is 0. */
#define SMMU3_GBPA 0x0044u
#define   SMMU3_GBPA_UPDATE KQ_BIT32(31) /* write 1 with a value; 0: applied */
#define   SMMU3_GBPA_ABORT KQ_BIT32(20)	 /* 1: terminate every transaction */

#define SMMU3_IRQ_CTRL 0x0050u
#define SMMU3_IRQ_CTRLACK 0x0054u

/* An error is active while its bits differ in the two. */
#define SMMU3_GERROR 0x0060u
#define SMMU3_GERRORN 0x0064u

#define SMMU3_STRTAB_BASE 0x0080u /* 64 bit */
#define SMMU3_STRTAB_BASE_CFG 0x0088u
#define SMMU3_CMDQ_PROD 0x0098u
#define SMMU3_CMDQ_CONS 0x009cu

#define SMMU3_EVTQ_BASE 0x00a0u /* 64 bit */
#define   SMMU3_Q_BASE_ADDR KQ_MASK64(51, 5)
#define   SMMU3_Q_BASE_LOG2SIZE KQ_MASK64(4, 0)
#define SMMU3_EVTQ_PROD 0x00a8u /* page 1 */
#define SMMU3_EVTQ_CONS 0x00acu /* page 1 */
#define   SMMU3_EVTQ_OVERFLOW KQ_BIT32(31)

/* One event record, four little-endian 64-bit words. */
#define SMMU3_EVENT_SIZE 32u

#endif
