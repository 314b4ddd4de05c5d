/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What C cannot say: calls that survive an abort, MMU and caches on and off,
 * firmware. Arm DDI 0487; Arm DEN 0022 (PSCI).
 */
#include "lib/stage-image.h"
#include "purgatory/boot.h"

#define SCTLR_M		(1 << 0)	/* MMU */
#define SCTLR_A		(1 << 1)	/* alignment faults in normal memory */
#define SCTLR_C		(1 << 2)	/* data cache */
#define SCTLR_WXN	(1 << 19)	/* what is writable is not executable */
#define MAIR_WRITE_BACK	0xff		/* attribute 0: what the tables use */
#define CURRENT_EL2	(2 << 2)
#define TCR2_EL1	S3_0_C2_C0_3
#define TCR2_EL2	S3_4_C2_C0_3
#define PSCI_CONDUIT_HVC 2		/* KQ_PSCI_HVC */
#define PSCI_CONDUIT_SMC 1		/* KQ_PSCI_SMC */
#define DAIF_A		4

	.text
/* kq_guarded_call(fn, arg): x0, x1 */
	.global	kq_guarded_call
	.hidden	kq_guarded_call
	.type	kq_guarded_call, %function
kq_guarded_call:
	stp	x29, x30, [sp, #-96]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	adr	x2, kq_boot
	mov	x3, sp
	str	x3, [x2, #KQ_BOOT_GUARD]
	mov	x2, x0
	mov	x0, x1
	blr	x2
	mov	x0, xzr
guard_end:
	adr	x2, kq_boot
	str	xzr, [x2, #KQ_BOOT_GUARD]
	ldp	x27, x28, [sp, #80]
	ldp	x25, x26, [sp, #64]
	ldp	x23, x24, [sp, #48]
	ldp	x21, x22, [sp, #32]
	ldp	x19, x20, [sp, #16]
	ldp	x29, x30, [sp], #96
	ret

/*
 * From vectors.S, instead of the next phase: x1 is the syndrome. The MMU comes
 * first, before anything is read: with it, not even the stack may be within
 * reach. The exception masked SErrors; they are wanted again.
 */
	.global	kq_guard_abort
	.hidden	kq_guard_abort
kq_guard_abort:
	mov	x19, x1
	bl	kq_mmu_off
	adr	x2, kq_boot
	ldr	x3, [x2, #KQ_BOOT_GUARD]
	str	xzr, [x2, #KQ_BOOT_GUARD]
	mov	sp, x3
	msr	daifclr, #DAIF_A
	mov	x0, x19
	b	guard_end

/* kq_mmu_on(top, tcr, has_tcr2): x0, x1, w2 */
	.global	kq_mmu_on
	.hidden	kq_mmu_on
	.type	kq_mmu_on, %function
kq_mmu_on:
	mov	x3, #MAIR_WRITE_BACK
	mrs	x4, CurrentEL
	cmp	x4, #CURRENT_EL2
	b.eq	2f

	msr	mair_el1, x3
	msr	tcr_el1, x1
	msr	ttbr0_el1, x0
	cbz	w2, 1f
	msr	TCR2_EL1, xzr
1:	isb
	tlbi	vmalle1
	dsb	nsh
	isb
	mrs	x4, sctlr_el1
	bic	x4, x4, #SCTLR_A
	bic	x4, x4, #SCTLR_WXN
	orr	x4, x4, #SCTLR_M
	orr	x4, x4, #SCTLR_C
	msr	sctlr_el1, x4
	isb
	ret

2:	msr	mair_el2, x3
	msr	tcr_el2, x1
	msr	ttbr0_el2, x0
	cbz	w2, 3f
	msr	TCR2_EL2, xzr
3:	isb
	tlbi	alle2
	dsb	nsh
	isb
	mrs	x4, sctlr_el2
	bic	x4, x4, #SCTLR_A
	bic	x4, x4, #SCTLR_WXN
	orr	x4, x4, #SCTLR_M
	orr	x4, x4, #SCTLR_C
	msr	sctlr_el2, x4
	isb
	ret

/*
 * kq_mmu_off(): from the parameters' end to the end of the work area lies all
 * that the stage writes. Until the caches are clean of it nothing of it may be
 * read or written, the stack included.
 */
	.global	kq_mmu_off
	.hidden	kq_mmu_off
	.type	kq_mmu_off, %function
kq_mmu_off:
	mrs	x4, CurrentEL
	cmp	x4, #CURRENT_EL2
	b.eq	1f
	mrs	x5, sctlr_el1
	tbz	x5, #0, 5f
	bic	x5, x5, #SCTLR_M
	bic	x5, x5, #SCTLR_C
	dsb	sy
	isb				/* Falkor erratum E1041 */
	msr	sctlr_el1, x5
	b	2f
1:	mrs	x5, sctlr_el2
	tbz	x5, #0, 5f
	bic	x5, x5, #SCTLR_M
	bic	x5, x5, #SCTLR_C
	dsb	sy
	isb
	msr	sctlr_el2, x5
2:	isb
	adr	x2, kq_stage_params
	ldp	x0, x1, [x2, #KQ_PARAMS_WORK_OFFSET]
	add	x1, x1, x0
	adr	x0, _start
	add	x1, x1, x0		/* end */
	add	x2, x2, #KQ_PARAMS_SIZE	/* start */
	mrs	x3, ctr_el0
	ubfx	x3, x3, #16, #4		/* DminLine: log2 of words */
	mov	x5, #4
	lsl	x3, x5, x3
	sub	x5, x3, #1
	bic	x2, x2, x5
3:	dc	civac, x2
	add	x2, x2, x3
	cmp	x2, x1
	b.lo	3b
	dsb	sy
	cmp	x4, #CURRENT_EL2
	b.eq	4f
	tlbi	vmalle1
	dsb	nsh
	isb
5:	ret
4:	tlbi	alle2
	dsb	nsh
	isb
	ret

/* kq_arm64_psci(conduit, function): w0, w1 */
	.global	kq_arm64_psci
	.hidden	kq_arm64_psci
	.type	kq_arm64_psci, %function
kq_arm64_psci:
	mov	w4, w0
	mov	w0, w1
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	cmp	w4, #PSCI_CONDUIT_HVC
	b.eq	1f
	cmp	w4, #PSCI_CONDUIT_SMC
	b.ne	2f
	smc	#0
	ret
1:	hvc	#0
2:	ret

	.global	kq_arm64_halt
	.hidden	kq_arm64_halt
	.type	kq_arm64_halt, %function
kq_arm64_halt:
	msr	daifset, #0xf
1:	wfi
	b	1b

	.section .note.GNU-stack, "", %progbits
