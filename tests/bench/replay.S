// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The head of a program in a kernel's place: an arm64 Image header (Linux,
 * Documentation/arch/arm64/booting.rst), then replay.c on a stack of its
 * own. Entered like a kernel: MMU off, x0 the device tree.
 */
	.section .head, "ax"
	.global	_start
_start:
	b	1f
	.word	0
	.quad	0		// text_offset
	.quad	0x200000	// image_size
	.quad	0xa		// 4K pages, little-endian, anywhere
	.quad	0, 0, 0
	.ascii	"ARM\x64"
	.word	0
1:	adr	x1, stack_end
	mov	sp, x1
	adr	x1, table
	bl	replay
	ldr	w0, =0x84000008	// PSCI SYSTEM_OFF
	hvc	#0
2:	wfe
	b	2b

	.data
	.balign	16
	.skip	4096
stack_end:
	// What is to be replayed is appended to the file here
	.section .table, "aw"
	.balign	64
table:
