// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * GCC calls these for structure copies even in freestanding code. Byte by
 * byte: with the MMU off an unaligned word access faults.
 */
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int value, size_t size);

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	uint8_t *out = to;
	const uint8_t *in = from;

	for (size_t i = 0; i < size; i++)
		out[i] = in[i];
	return to;
}

void *memset(void *to, int value, size_t size)
{
	uint8_t *out = to;

	for (size_t i = 0; i < size; i++)
		out[i] = (uint8_t)value;
	return to;
}
