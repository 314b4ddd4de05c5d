// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The head of a program in a kernel's place: an arm64 Image header (Linux,
 * Documentation/arch/arm64/booting.rst), then replay.c. Entered like a
 * kernel: MMU off, x0 the device tree. Stack and state stand behind the file.
 */
#define STATE		0x200000	/* the stack ends there */
#define IMAGE_SIZE	0x400000

	.section .head, "ax"
	.global	_start
_start:
	b	1f
	.word	0
	.quad	0		// text_offset
	.quad	IMAGE_SIZE
	.quad	0xa		// 4K pages, little-endian, anywhere
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.word	0
1:	adr	x2, _start
	add	x2, x2, #STATE
	sub	sp, x2, #16
	mov	x3, sp		// where to enter the stage again
	adr	x1, table
	bl	replay
	cbz	x0, 2f
	ldr	x4, [sp]
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	br	x4
2:	ldr	w0, =0x84000008	// PSCI SYSTEM_OFF
	hvc	#0
3:	wfe
	b	3b

	// What is to be replayed is appended to the file here
	.section .table, "aw"
	.balign	64
table:
