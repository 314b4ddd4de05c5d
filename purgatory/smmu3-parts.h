/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the SMMUv3 step share among themselves. */
#ifndef KQ_SMMU3_PARTS_H
#define KQ_SMMU3_PARTS_H

#include "purgatory/smmu3-regs.h"
#include "purgatory/smmu3.h"

/* smmu3-queue.c: registers, handshakes, our own queues. */

uint32_t kq_smmu3_read(const struct kq_smmu *smmu, uint32_t reg);
uint64_t kq_smmu3_read64(const struct kq_smmu *smmu, uint32_t reg);
void kq_smmu3_write(const struct kq_smmu *smmu, uint32_t reg, uint32_t value);
void kq_smmu3_write64(const struct kq_smmu *smmu, uint32_t reg,
		      uint64_t value);

/* Offset of a register of page 1, on models without one of page 0. */
uint32_t kq_smmu3_page1(const struct kq_smmu *smmu, uint32_t reg);

/**
 * kq_smmu3_wait() - wait for a handshake, a second at most
 *
 * Return: 0; -KQ_ERR_TIMEOUT, noted in the report; -KQ_ERR_UNREACHABLE.
 */
int kq_smmu3_wait(const struct kq_smmu *smmu, uint32_t reg, uint32_t mask,
		  uint32_t value);

/* Write a register that shows in another one when it took effect. */
int kq_smmu3_write_and_wait(const struct kq_smmu *smmu, uint32_t reg,
			    uint32_t ack, uint32_t value);

/**
 * kq_smmu3_acknowledge() - acknowledge the global errors
 *
 * A stale CMDQ_ERR would halt the next kernel's command queue. Service
 * failure mode stays visible: an adopting kernel goes by it.
 */
void kq_smmu3_acknowledge(const struct kq_smmu *smmu);

/**
 * kq_smmu3_start_commands() - put our own command queue in place
 * @enables: what CR0 holds; CMDQEN, which is not among it, joins it
 *
 * Return: 0; -KQ_ERR_NOSPACE; as kq_smmu3_wait().
 */
int kq_smmu3_start_commands(const struct kq_smmu *smmu, uint32_t enables);

/* Issue one command; its effect is sure after kq_smmu3_sync(). */
int kq_smmu3_command(const struct kq_smmu *smmu, uint64_t word0,
		     uint64_t word1);
int kq_smmu3_sync(const struct kq_smmu *smmu);

/* Configuration and TLB caches empty, and known to be. */
int kq_smmu3_invalidate_all(const struct kq_smmu *smmu);

/* smmu3.c */

/**
 * kq_smmu3_disable() - SMMUEN falls, and GBPA decides what that means
 * @abort: terminate every transaction, or let them pass untranslated
 *
 * GBPA first, and SMMUEN only when GBPA took effect.
 *
 * Return: as kq_smmu3_wait().
 */
int kq_smmu3_disable(const struct kq_smmu *smmu, bool abort);

/* smmu3-table.c: our own stream table. */

/* What streams without an entry of their own get. */
enum kq_smmu3_default {
	KQ_SMMU3_RECORD, /* terminated, with an event */
	KQ_SMMU3_ABORT,	 /* terminated silently */
	KQ_SMMU3_SINK,	 /* translated to the sink page */
};

/**
 * kq_smmu3_run_on_own_table() - build a stream table and enable it
 * @others:  what every stream gets but the reserved ones, which bypass
 * @enables: CR0_EVTQEN or 0
 *
 * SMMUEN falls and rises: GBPA.ABORT must be set. Streams beyond the table
 * are terminated.
 *
 * Return: 0; -KQ_ERR_NOTSUP this SMMU cannot; -KQ_ERR_NOSPACE; as
 * kq_smmu3_wait().
 */
int kq_smmu3_run_on_own_table(const struct kq_smmu *smmu,
			      enum kq_smmu3_default others, uint32_t enables);

/* Has the plan streams of this SMMU that must keep working? */
bool kq_smmu3_has_reserved(const struct kq_smmu *smmu);

/* smmu3-adopt.c: the old kernel's stream table. */

/**
 * kq_smmu3_preserve() - keep the old stream table, abort who resisted
 *
 * Return: 0; -KQ_ERR_NOTSUP service failure mode, or a table that a kernel
 * would not adopt; as kq_smmu3_wait().
 */
int kq_smmu3_preserve(struct kq_smmu *smmu);

#endif
