/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a fuzz target provides. A target is one fuzz-<input>.c, linked with
 * fuzz-main.c (plain `make check`) or with libFuzzer (-fsanitize=fuzzer).
 *
 * In tests/local.mk:
 *	check_PROGRAMS += tests/fuzz/fuzz-<input>
 *	tests_fuzz_fuzz_<input>_SOURCES = tests/fuzz/fuzz-<input>.c \
 *		$(FUZZ_MAIN)
 *	tests_fuzz_fuzz_<input>_LDADD = $(KQ_LIBS)
 */
#ifndef KQ_FUZZ_H
#define KQ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* No target needs more; the driver cuts inputs to it. */
#define KQ_FUZZ_MAX_SIZE (256u << 10)

/**
 * LLVMFuzzerTestOneInput() - the target: must survive any input
 * @data: exactly @size bytes; one byte behind is out of bounds. Aligned for
 *        any type
 *
 * A format with a checksum: run the input as it is, then a copy with the
 * checksum made right, or mutations never get past it.
 *
 * Return: 0.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/**
 * kq_fuzz_seed() - valid inputs that mutations start from
 * @index: 0, 1, 2 ...
 * @data:  room for KQ_FUZZ_MAX_SIZE bytes
 *
 * Return: bytes written, 0 if there is no seed of this index.
 */
size_t kq_fuzz_seed(unsigned int index, uint8_t *data);

#endif
