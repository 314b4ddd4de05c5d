/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inner loop of SHA-256 in its two forms, for lib/sha256.c and tests. */
#ifndef KQ_SHA256_BLOCKS_H
#define KQ_SHA256_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The constants of FIPS 180-4, section 4.2.2. */
extern const uint32_t kq_sha256_k[64] __attribute__((visibility("hidden")));

/*
 * Hash @count blocks of 64 bytes at @data, of any alignment: plain C, and
 * the SHA-256 instructions of arm64 (FEAT_SHA256, Arm DDI 0487).
 */
void kq_sha256_blocks_c(uint32_t state[8], const uint8_t *data, size_t count);
void kq_sha256_blocks_arm64(uint32_t state[8], const uint8_t *data,
			    size_t count);

/**
 * kq_sha256_has_instructions() - may kq_sha256_blocks_arm64() be called?
 *
 * On arm64 only: hosted programs ask the kernel, the stage the CPU.
 */
bool kq_sha256_has_instructions(void);

#endif
