/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Image header, entry and exit of the stage.
 *
 * Entered as a kernel is (Linux booting.rst): x0 = device tree or 0, MMU and
 * data cache off, interrupts masked, at EL2 or EL1, from purgatory or
 * straight from the crashed kernel. Left in the same way, to the payload.
 *
 * Registers while it runs:
 *	x19	boot record
 *	x20	phase
 *	x21	base of the image
 */
#include "lib/stage-image.h"
#include "purgatory/boot.h"

#define SCTLR_I		(1 << 12)	/* instruction cache on */
#define HCR_AMO		(1 << 5)	/* SErrors come to EL2 */
#define HCR_E2H_BIT	34		/* VHE */
#define CPTR_FPEN	(3 << 20)	/* CPACR_EL1, CPTR_EL2 with VHE: SIMD */
#define CPTR_TFP	(1 << 10)	/* CPTR_EL2 without: no SIMD */
#define DAIF_A		4		/* daifset/daifclr: SError mask */

#define EFI_UNSUPPORTED	3		/* with bit 63 set: UEFI, "Status Codes" */

	.section .head, "ax"
	.global	_start
_start:
	ccmp	x18, #0, #0xd, pl	/* its bytes are "MZ"; changes flags only */
	b	entry
	.quad	0			/* text_offset */
	.quad	0			/* image_size, by the front end */
	.quad	0			/* flags, by the front end */
	.quad	KQ_IMAGE_TAG
	.quad	kq_stage_params_offset
	.quad	0
	.word	KQ_IMAGE_MAGIC
	.word	0			/* pe_offset, if there are PE headers */

	/* Room for the PE headers, then what a firmware would start. */
	.org	KQ_IMAGE_HEAD_SIZE
efi_entry:
	mov	x0, #EFI_UNSUPPORTED
	orr	x0, x0, #(1 << 63)
	ret

	.text
entry:
	mrs	x2, cntvct_el0
	msr	daifset, #0xf
	msr	spsel, #1
	adr	x19, kq_boot
	adr	x21, _start
	str	x0, [x19, #KQ_BOOT_FDT]
	str	x2, [x19, #KQ_BOOT_START_TICKS]
	ic	iallu			/* the loader wrote this as data */
	dsb	nsh
	isb
	adr	x1, kq_vectors
	mrs	x0, CurrentEL
	lsr	x0, x0, #2
	str	w0, [x19, #KQ_BOOT_EL]
	cmp	x0, #2
	b.ne	1f

	mrs	x2, sctlr_el2
	mrs	x3, vbar_el2
	mrs	x4, hcr_el2
	stp	x2, x3, [x19, #KQ_BOOT_SCTLR]
	str	x4, [x19, #KQ_BOOT_HCR]
	msr	vbar_el2, x1
	orr	x2, x2, #SCTLR_I
	msr	sctlr_el2, x2
	orr	x4, x4, #HCR_AMO
	msr	hcr_el2, x4
	mrs	x2, cptr_el2
	str	x2, [x19, #KQ_BOOT_CPTR]
	orr	x3, x2, #CPTR_FPEN
	bic	x2, x2, #CPTR_TFP
	tst	x4, #(1 << HCR_E2H_BIT)
	csel	x2, x3, x2, ne
	msr	cptr_el2, x2
	b	2f

1:	mrs	x2, sctlr_el1
	mrs	x3, vbar_el1
	stp	x2, x3, [x19, #KQ_BOOT_SCTLR]
	msr	vbar_el1, x1
	orr	x2, x2, #SCTLR_I
	msr	sctlr_el1, x2
	mrs	x2, cpacr_el1
	str	x2, [x19, #KQ_BOOT_CPTR]
	orr	x2, x2, #CPTR_FPEN
	msr	cpacr_el1, x2
2:	isb

/*
 * Also where an exception that is no access's fault leads: on with the next
 * phase, on a fresh stack.
 */
	.global	kq_next_phase
kq_next_phase:
	adr	x19, kq_boot
	adr	x21, _start
	adr	x0, kq_stack_top
	mov	sp, x0
	/*
	 * An SError is charged to its access: not before there is a place to
	 * count it, or one that never ends would lead here for ever.
	 */
	ldr	x0, [x19, #KQ_BOOT_IO]
	cbz	x0, 1f
	msr	daifclr, #DAIF_A
1:	ldr	w20, [x19, #KQ_BOOT_PHASE]
	cmp	w20, #KQ_BOOT_PHASES
	b.hs	leave
	add	w1, w20, #1
	str	w1, [x19, #KQ_BOOT_PHASE]
	mov	w0, w20
	mov	x1, x21
	mov	x2, x19
	bl	kq_boot_phase
	b	kq_next_phase

leave:
	dsb	sy
	isb
	msr	daifset, #0xf
	ldp	x2, x3, [x19, #KQ_BOOT_SCTLR]
	ldr	x5, [x19, #KQ_BOOT_CPTR]
	ldr	w0, [x19, #KQ_BOOT_EL]
	cmp	w0, #2
	b.ne	1f
	ldr	x4, [x19, #KQ_BOOT_HCR]
	msr	cptr_el2, x5
	msr	hcr_el2, x4
	msr	vbar_el2, x3
	msr	sctlr_el2, x2
	b	2f
1:	msr	cpacr_el1, x5
	msr	vbar_el1, x3
	msr	sctlr_el1, x2
2:	isb
	ldr	x0, [x19, #KQ_BOOT_FDT]
	adr	x4, kq_stage_params
	ldr	x4, [x4, #KQ_PARAMS_PAYLOAD_OFFSET]
	add	x4, x4, x21
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	br	x4

	.section .params, "aw"
	.balign	16
	.global	kq_stage_params
	.hidden	kq_stage_params
kq_stage_params:
	.zero	KQ_PARAMS_SIZE
	.size	kq_stage_params, KQ_PARAMS_SIZE
	.type	kq_stage_params, %object

	.data
	.balign	16
	.global	kq_boot
	.hidden	kq_boot
kq_boot:
	.zero	KQ_BOOT_SIZE

	.section .note.GNU-stack, "", %progbits
