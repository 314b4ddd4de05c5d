/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exception vectors, and the loads and stores they forgive.
 *
 * A load, store or cache operation below that aborts is skipped and counted; a load then
 * returns all ones. An SError is counted and charged to the access it
 * interrupts: each ends with a barrier. Any other exception is a fault of
 * the stage itself: it goes on with its next phase.
 */
#include "purgatory/boot.h"

#define SPSR_A		(1 << 8)	/* SError masked */
#define ESR_EC_SHIFT	26
#define ESR_EC_SERROR	0x2f
#define CURRENT_EL2	(2 << 2)

	.macro	access name, insn:vararg
	.global	\name
	.hidden	\name
	.type	\name, %function
\name:
	\insn
	dsb	sy
	isb
	ret
	.endm

	.text
/*
 * (struct kq_io *, struct kq_paddr addr, value): x0, x1, x2. One insn each.
 * Cache maintenance too may abort, by an address that leads nowhere.
 */
accesses:
	access	kq_io_read8, ldrb w0, [x1]
	access	kq_io_read32, ldr w0, [x1]
	access	kq_io_read64, ldr x0, [x1]
	access	kq_io_write8, strb w2, [x1]
	access	kq_io_write32, str w2, [x1]
	access	kq_io_write64, str x2, [x1]
	access	kq_io_clean_line, dc civac, x1
accesses_end:

	.macro	vector target
	.balign	0x80
	b	\target
	.endm

	.balign	0x800
	.global	kq_vectors
	.hidden	kq_vectors
kq_vectors:
	.rept	4			/* from this EL with SP_EL0: never */
	vector	stage_fault
	.endr
	vector	synchronous		/* from this EL with its own SP */
	vector	stage_fault
	vector	stage_fault
	vector	serror
	.rept	8			/* from lower ELs: never */
	vector	stage_fault
	.endr

/* ESR, ELR and SPSR of this EL into x1, x2, x3; x0 is used up. */
	.macro	read_syndrome
	mrs	x0, CurrentEL
	cmp	x0, #CURRENT_EL2
	b.eq	1f
	mrs	x1, esr_el1
	mrs	x2, elr_el1
	mrs	x3, spsr_el1
	b	2f
1:	mrs	x1, esr_el2
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
2:
	.endm

/* Back to x2 with SPSR x3; x0 is used up. */
	.macro	write_return
	mrs	x0, CurrentEL
	cmp	x0, #CURRENT_EL2
	b.eq	1f
	msr	elr_el1, x2
	msr	spsr_el1, x3
	b	2f
1:	msr	elr_el2, x2
	msr	spsr_el2, x3
2:
	.endm

/* Count a fault with syndrome x1 in struct kq_io; its count so far in x1. */
	.macro	count_fault
	adr	x0, kq_boot
	ldr	x0, [x0, #KQ_BOOT_IO]
	cbz	x0, stage_fault		/* nobody asked for an access yet */
	str	x1, [x0, #KQ_IO_FAULT_ESR]
	ldr	x1, [x0, #KQ_IO_FAULTS]
	add	x1, x1, #1
	str	x1, [x0, #KQ_IO_FAULTS]
	.endm

/*
 * The MMU is on for hashing alone: without a look at memory, which it may be
 * that cannot be reached, back to where that began. TPIDR_EL1 holds x0.
 */
synchronous:
	msr	tpidr_el1, x0
	mrs	x0, CurrentEL
	cmp	x0, #CURRENT_EL2
	b.eq	1f
	mrs	x0, sctlr_el1
	b	2f
1:	mrs	x0, sctlr_el2
2:	tbnz	x0, #0, mmu_fault
	mrs	x0, tpidr_el1
	stp	x0, x1, [sp, #-32]!
	stp	x2, x3, [sp, #16]
	read_syndrome
synchronous_known:
	adr	x0, accesses
	cmp	x2, x0
	b.lo	stage_fault
	adr	x0, accesses_end
	cmp	x2, x0
	b.hs	stage_fault
	count_fault
	add	x2, x2, #4		/* skip the load or store */
	write_return
	ldp	x2, x3, [sp, #16]
	ldp	x0, x1, [sp], #32
	mov	x0, #-1			/* what it would have loaded */
	eret

mmu_fault:
	read_syndrome
	b	kq_guard_abort

serror:
	stp	x0, x1, [sp, #-32]!
	stp	x2, x3, [sp, #16]
	read_syndrome
	lsr	x0, x1, #ESR_EC_SHIFT	/* SCTLR2_ELx.EASE sends aborts here */
	cmp	x0, #ESR_EC_SERROR
	b.ne	synchronous_known
	count_fault
	cmp	x1, #KQ_BOOT_MAX_FAULTS
	b.lo	1f
	orr	x3, x3, #SPSR_A
1:	write_return
	ldp	x2, x3, [sp, #16]
	ldp	x0, x1, [sp], #32
	eret

stage_fault:
	read_syndrome
	adr	x0, kq_boot
	ldr	x4, [x0, #KQ_BOOT_GUARD]
	cbnz	x4, kq_guard_abort
	stp	x1, x2, [x0, #KQ_BOOT_FAULT_ESR]
	ldr	x1, [x0, #KQ_BOOT_STAGE_FAULTS]
	add	x1, x1, #1
	str	x1, [x0, #KQ_BOOT_STAGE_FAULTS]
	b	kq_next_phase

	.section .note.GNU-stack, "", %progbits
