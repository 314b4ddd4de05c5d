/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kq_sha256_blocks_arm64(state, data, count): x0, x1, x2. Arm DDI 0487,
 * SHA256H, SHA256H2, SHA256SU0, SHA256SU1. Nothing but the message is read
 * from memory in the loop, byte-wise, so that no alignment faults where the
 * stage runs with the MMU off.
 */
#ifdef __aarch64__
	.arch	armv8-a+crypto

	abcd	.req	v0
	efgh	.req	v1
	abcd0	.req	v2		/* as the block found them */
	efgh0	.req	v3
					/* v4 to v7: message schedule */
	tmp	.req	v8
	old	.req	v9
					/* v16 to v31: constants */

/* Four rounds with the words of schedule, the next of \w, and constants \k */
	.macro	rounds_4 k, w
	add	tmp.4s, \w\().4s, \k\().4s
	mov	old.16b, abcd.16b
	sha256h	q0, q1, tmp.4s
	sha256h2 q1, q9, tmp.4s
	.endm

/* The same, and \w becomes the words of 16 rounds later */
	.macro	rounds_4_schedule k, w, w1, w2, w3
	add	tmp.4s, \w\().4s, \k\().4s
	sha256su0 \w\().4s, \w1\().4s
	mov	old.16b, abcd.16b
	sha256h	q0, q1, tmp.4s
	sha256h2 q1, q9, tmp.4s
	sha256su1 \w\().4s, \w2\().4s, \w3\().4s
	.endm

	.macro	rounds_16_schedule k0, k1, k2, k3
	rounds_4_schedule \k0, v4, v5, v6, v7
	rounds_4_schedule \k1, v5, v6, v7, v4
	rounds_4_schedule \k2, v6, v7, v4, v5
	rounds_4_schedule \k3, v7, v4, v5, v6
	.endm

	.text
	.balign	16
	.global	kq_sha256_blocks_arm64
	.hidden	kq_sha256_blocks_arm64
	.type	kq_sha256_blocks_arm64, %function
kq_sha256_blocks_arm64:
	cbz	x2, 2f
	stp	d8, d9, [sp, #-16]!
	adrp	x3, kq_sha256_k
	add	x3, x3, :lo12:kq_sha256_k
	ld1	{v16.4s-v19.4s}, [x3], #64
	ld1	{v20.4s-v23.4s}, [x3], #64
	ld1	{v24.4s-v27.4s}, [x3], #64
	ld1	{v28.4s-v31.4s}, [x3]
	ld1	{abcd.4s, efgh.4s}, [x0]
1:	ld1	{v4.16b-v7.16b}, [x1], #64
	mov	abcd0.16b, abcd.16b
	mov	efgh0.16b, efgh.16b
	rev32	v4.16b, v4.16b
	rev32	v5.16b, v5.16b
	rev32	v6.16b, v6.16b
	rev32	v7.16b, v7.16b
	rounds_16_schedule v16, v17, v18, v19
	rounds_16_schedule v20, v21, v22, v23
	rounds_16_schedule v24, v25, v26, v27
	rounds_4 v28, v4
	rounds_4 v29, v5
	rounds_4 v30, v6
	rounds_4 v31, v7
	add	abcd.4s, abcd.4s, abcd0.4s
	add	efgh.4s, efgh.4s, efgh0.4s
	subs	x2, x2, #1
	b.ne	1b
	st1	{abcd.4s, efgh.4s}, [x0]
	ldp	d8, d9, [sp], #16
2:	ret
	.size	kq_sha256_blocks_arm64, . - kq_sha256_blocks_arm64
#endif

#ifdef __linux__
	.section .note.GNU-stack, "", %progbits
#endif
