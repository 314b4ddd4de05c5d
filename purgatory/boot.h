/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What entry.S and vectors.S share with C: the one record that must be
 * found without any register, also from inside an exception.
 */
#ifndef KQ_BOOT_H
#define KQ_BOOT_H

/* Offsets in struct kq_boot for assembler; asserted below. */
#define KQ_BOOT_FDT 0
#define KQ_BOOT_START_TICKS 8
#define KQ_BOOT_IO 16
#define KQ_BOOT_PHASE 24
#define KQ_BOOT_EL 28
#define KQ_BOOT_STAGE_FAULTS 32
#define KQ_BOOT_FAULT_ESR 40
#define KQ_BOOT_FAULT_ELR 48
#define KQ_BOOT_SCTLR 56
#define KQ_BOOT_VBAR 64
#define KQ_BOOT_HCR 72
#define KQ_BOOT_CPTR 80
#define KQ_BOOT_GUARD 88
#define KQ_BOOT_SIZE 96

/* Offsets in struct kq_io. */
#define KQ_IO_FAULTS 0
#define KQ_IO_FAULT_ESR 8

/* After this many SErrors they are masked: one that never ends must not
 * keep the stage from its work. */
#define KQ_BOOT_MAX_FAULTS 4096

/* The phases of stage.h, the hand-over, and two that may end here. */
#define KQ_BOOT_PHASES 7

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

#include "purgatory/io.h"

struct kq_boot {
	const void *fdt; /* x0 at entry, then what the payload gets */
	uint64_t start_ticks; /* CNTVCT_EL0 at the first instruction */
	struct kq_io *io; /* NULL until phase 0 made it */
	uint32_t phase;	  /* next phase to run */
	uint32_t el;
	uint64_t stage_faults; /* exceptions that were not an access's */
	uint64_t fault_esr;
	uint64_t fault_elr;
	uint64_t sctlr; /* as found, put back before the payload */
	uint64_t vbar;
	uint64_t hcr; /* EL2 only */
	uint64_t cptr; /* CPTR_EL2 or CPACR_EL1 */
	uint64_t guard; /* stack pointer of kq_guarded_call(), or 0 */
};

_Static_assert(offsetof(struct kq_boot, fdt) == KQ_BOOT_FDT, "boot.h");
_Static_assert(offsetof(struct kq_boot, start_ticks) == KQ_BOOT_START_TICKS,
	       "boot.h");
_Static_assert(offsetof(struct kq_boot, io) == KQ_BOOT_IO, "boot.h");
_Static_assert(offsetof(struct kq_boot, phase) == KQ_BOOT_PHASE, "boot.h");
_Static_assert(offsetof(struct kq_boot, el) == KQ_BOOT_EL, "boot.h");
_Static_assert(offsetof(struct kq_boot, stage_faults) == KQ_BOOT_STAGE_FAULTS,
	       "boot.h");
_Static_assert(offsetof(struct kq_boot, fault_esr) == KQ_BOOT_FAULT_ESR,
	       "boot.h");
_Static_assert(offsetof(struct kq_boot, fault_elr) == KQ_BOOT_FAULT_ELR,
	       "boot.h");
_Static_assert(offsetof(struct kq_boot, sctlr) == KQ_BOOT_SCTLR, "boot.h");
_Static_assert(offsetof(struct kq_boot, vbar) == KQ_BOOT_VBAR, "boot.h");
_Static_assert(offsetof(struct kq_boot, hcr) == KQ_BOOT_HCR, "boot.h");
_Static_assert(offsetof(struct kq_boot, cptr) == KQ_BOOT_CPTR, "boot.h");
_Static_assert(offsetof(struct kq_boot, guard) == KQ_BOOT_GUARD, "boot.h");
_Static_assert(sizeof(struct kq_boot) == KQ_BOOT_SIZE, "boot.h");
_Static_assert(offsetof(struct kq_io, faults) == KQ_IO_FAULTS, "boot.h");
_Static_assert(offsetof(struct kq_io, fault_esr) == KQ_IO_FAULT_ESR, "boot.h");

/**
 * kq_boot_phase() - run one phase of the stage; called by entry.S
 * @phase: 0 to KQ_BOOT_PHASES - 1
 * @image: base of the quiesce image
 * @boot:  the boot record
 */
void kq_boot_phase(uint32_t phase, uint8_t *image, struct kq_boot *boot);

#endif
#endif
