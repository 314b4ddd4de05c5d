/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stage as built: a linked arm64 ELF file, laid out as it runs. */
#ifndef KQ_IMAGE_STAGE_FILE_H
#define KQ_IMAGE_STAGE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/message.h"

/* Much more than any stage needs; a file above it is not our stage. */
#define KQ_STAGE_MAX_SIZE (1u << 20)

struct kq_stage_file {
	uint8_t *data; /* laid out from address 0, zeroed where the ELF is */
	size_t size;
	size_t params_offset; /* of struct kq_stage_params in @data */
};

/**
 * kq_stage_file_open() - read the stage
 * @path:    its ELF file
 * @ret:     result; release it with kq_stage_file_close()
 * @message: why it was refused, one sentence with @path in it
 *
 * Return: 0; -KQ_ERR_SYSTEM cannot be read; -KQ_ERR_MAGIC not a stage built
 * for this program; -KQ_ERR_BOUNDS a segment or symbol lies outside;
 * -KQ_ERR_NOSPACE stage too large; -KQ_ERR_NOMEM.
 */
int kq_stage_file_open(const char *path, struct kq_stage_file *ret,
		       struct kq_message *message);

/**
 * kq_stage_file_close() - release a stage; all zero is fine
 */
void kq_stage_file_close(struct kq_stage_file *stage);

#endif
