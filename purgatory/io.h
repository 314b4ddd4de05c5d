/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only way from the stage to hardware, time and foreign memory.
 *
 * Two implementations, chosen at build time: io-arm64.c + vectors.S (the
 * real one) and tests/sim (the simulator). Every device access is one naturally
 * aligned load or store, complete when the function returns (DSB): an
 * abort or SError it causes is charged to it.
 */
#ifndef KQ_IO_H
#define KQ_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bits.h"

/*
 * State of the access layer; one per stage run. vectors.S knows the offsets
 * of the first two fields. The simulator keeps its world elsewhere.
 */
struct kq_io {
	uint64_t faults; /* aborts and SErrors taken, ever */
	uint64_t fault_esr; /* syndrome of the last one */
	uint64_t faults_seen; /* value of @faults at the last kq_io_faulted() */
	uint64_t start_ticks;
	uint64_t ticks_per_ms;
};

/*
 * A load that aborts returns all ones; kq_io_faulted() then says true.
 * Bytes are for UARTs alone: config space is accessed in words (Ampere
 * Altra and HiSilicon answer nothing else).
 */
uint8_t kq_io_read8(struct kq_io *io, struct kq_paddr addr);
void kq_io_write8(struct kq_io *io, struct kq_paddr addr, uint8_t value);
uint32_t kq_io_read32(struct kq_io *io, struct kq_paddr addr);
uint64_t kq_io_read64(struct kq_io *io, struct kq_paddr addr);
void kq_io_write32(struct kq_io *io, struct kq_paddr addr, uint32_t value);
void kq_io_write64(struct kq_io *io, struct kq_paddr addr, uint64_t value);

/**
 * kq_io_faulted() - did an access since the last call of this abort?
 */
bool kq_io_faulted(struct kq_io *io);

/**
 * kq_io_now_us() - microseconds since the stage's first instruction
 */
uint64_t kq_io_now_us(struct kq_io *io);

/**
 * kq_io_sync_ram() - make memory another agent wrote readable to the stage
 * @addr: start of ordinary memory
 * @size: bytes
 *
 * Cleans and invalidates the range to the Point of Coherency: the stage
 * reads past the caches, the old kernel and a coherent SMMU wrote into them.
 * An address that leads nowhere counts as a fault.
 */
void kq_io_sync_ram(struct kq_io *io, struct kq_paddr addr, uint64_t size);

struct kq_hash;

/**
 * kq_io_hash() - SHA-256 of memory, as fast as this CPU can
 * @hash: what and for how long (purgatory/verify.h)
 *
 * Through MMU and caches where they can be had; what caches held of it
 * before goes to memory first, so that what is hashed is what a kernel that
 * starts without caches reads.
 *
 * Return: 0; -KQ_ERR_TIMEOUT; -KQ_ERR_UNREACHABLE a read aborted.
 */
int kq_io_hash(struct kq_io *io, struct kq_hash *hash);

/* wait.c, on top of the above: */

/**
 * kq_poll32() - wait until a register shows a value
 * @addr:       register, 4-byte aligned
 * @mask:       bits that count
 * @value:      what they must become
 * @timeout_us: longest wait, microseconds
 *
 * Return: 0; -KQ_ERR_TIMEOUT; -KQ_ERR_UNREACHABLE if a read aborted.
 */
int kq_poll32(struct kq_io *io, struct kq_paddr addr, uint32_t mask,
	      uint32_t value, uint64_t timeout_us);

/**
 * kq_delay_us() - wait by the timer
 */
void kq_delay_us(struct kq_io *io, uint64_t us);

#endif
