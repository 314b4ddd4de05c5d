/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The quiesce image: an arm64 Image that carries stage, plan and payload.
 *
 *	0		the stage, linked at 0, starting with its head: the
 *			Image header and room for PE headers (lib/image/pe.h)
 *	plan_offset	the plan; 64-byte aligned
 *	work_offset	the stage's work area, zero in the file; 4 KiB aligned
 *	payload_offset	the next kernel's Image, at 2 MiB * n + its text_offset
 *
 * Header fields: Documentation/arch/arm64/booting.rst of Linux.
 */
#ifndef KQ_STAGE_IMAGE_H
#define KQ_STAGE_IMAGE_H

#define KQ_IMAGE_MAGIC 0x644d5241 /* "ARM\x64", arm64 Image header */
#define KQ_IMAGE_FLAG_BIG_ENDIAN 0x1
#define KQ_IMAGE_ALIGN 0x200000 /* payload and image base: 2 MiB */

/* The stage's code follows its head. */
#define KQ_IMAGE_HEAD_SIZE 4096

/* In the header's reserved fields: says that this is a quiesce image. */
#define KQ_IMAGE_TAG 0x3130657365697571 /* "quiese01" */

/* Offsets that entry.S uses; asserted below. */
#define KQ_PARAMS_WORK_OFFSET 16
#define KQ_PARAMS_WORK_SIZE 24
#define KQ_PARAMS_PAYLOAD_OFFSET 32
#define KQ_PARAMS_SIZE 160

/* kq_stage_params.flags */
#define KQ_PARAMS_VERIFY 0x1 /* digests of stage and payload are there */
#define KQ_PARAMS_INITRD 0x2 /* and the initrd's */

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

/* Most memory a kernel may ask for; real ones are below a tenth of it. */
#define KQ_KERNEL_MAX_SIZE (UINT64_C(1) << 30)

struct kq_image_header {
	uint32_t code[2]; /* "MZ", for the PE format; a branch into the stage */
	uint64_t text_offset;
	uint64_t image_size; /* memory it needs, from text_offset on */
	uint64_t flags;
	uint64_t tag;		/* res2 for Linux: KQ_IMAGE_TAG or 0 */
	uint64_t params_offset; /* res3 for Linux: of struct kq_stage_params */
	uint64_t reserved;
	uint32_t magic;
	uint32_t pe_offset;
};

/* Filled in by the front end; the symbol kq_stage_params of the stage. */
struct kq_stage_params {
	uint64_t plan_offset; /* all offsets count from the image's start */
	uint64_t plan_size;
	uint64_t work_offset;
	uint64_t work_size;
	uint64_t payload_offset;
	uint64_t payload_size; /* bytes of the payload's file */
	uint64_t initrd_size;  /* if KQ_PARAMS_INITRD */
	uint32_t flags;
	uint32_t reserved;
	uint8_t payload_sha256[32];
	uint8_t initrd_sha256[32];
	/* From KQ_IMAGE_HEAD_SIZE to here; loaders and signers fill the head. */
	uint8_t stage_sha256[32];
};

_Static_assert(sizeof(struct kq_image_header) == 64, "arm64 Image header");
_Static_assert(offsetof(struct kq_image_header, magic) == 56,
	       "arm64 Image header");
_Static_assert(sizeof(struct kq_stage_params) == KQ_PARAMS_SIZE,
	       "stage interface");
_Static_assert(offsetof(struct kq_stage_params, work_offset) ==
		       KQ_PARAMS_WORK_OFFSET,
	       "arm64.S uses it");
_Static_assert(offsetof(struct kq_stage_params, work_size) ==
		       KQ_PARAMS_WORK_SIZE,
	       "arm64.S uses it");
_Static_assert(offsetof(struct kq_stage_params, payload_offset) ==
		       KQ_PARAMS_PAYLOAD_OFFSET,
	       "entry.S uses it");

#endif /* __ASSEMBLER__ */
#endif
