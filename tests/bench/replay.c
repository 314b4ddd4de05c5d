// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The bare loop that the stage is measured against: the same config space
 * accesses and FLR writes in the same order, and nothing else. It runs as
 * the stage's payload, so both are timed by the same counter in the same
 * run of the same machine. First it hands over the device tree, which has
 * the stage's report.
 */
#include <stdint.h>

#define UART   0x09000000ul
#define ROUNDS 5

/* bit 0 of the address: a write. */
struct access {
	uint64_t address;
	uint32_t value;
	uint32_t reserved;
};

/* What bench appends: @prepare untimed accesses, then @count timed ones. */
struct table {
	uint32_t prepare;
	uint32_t count;
	uint32_t reserved[2];
	struct access accesses[];
};

void replay(const uint8_t *fdt, const struct table *table);

static uint64_t ticks(void)
{
	uint64_t value;

	__asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(value)::"memory");
	return value;
}

static uint64_t ticks_per_second(void)
{
	uint64_t value;

	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(value));
	return value;
}

static void put(char c)
{
	__asm__ volatile("str %w0, [%1]" ::"r"((uint32_t)c), "r"(UART)
			 : "memory");
}

static void put_text(const char *text)
{
	while (*text)
		put(*text++);
}

static void put_hex(uint64_t value, int digits)
{
	while (digits-- > 0)
		put("0123456789abcdef"[value >> (4 * digits) & 15]);
}

static void dump(const uint8_t *fdt)
{
	uint32_t size = (uint32_t)fdt[4] << 24 | (uint32_t)fdt[5] << 16 |
			(uint32_t)fdt[6] << 8 | fdt[7];

	for (uint32_t i = 0; i < size; i++) {
		if (i % 32 == 0)
			put_text("\r\nfdt ");
		put_hex(fdt[i], 2);
	}
	put_text("\r\n");
}

/* As purgatory/io.h does it: one instruction, and a barrier. */
static void run(const struct access *access, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint64_t at = access[i].address & ~1ul;
		uint32_t value = access[i].value;

		if (access[i].address & 1)
			__asm__ volatile("str %w0, [%1]; dsb sy" ::"r"(value),
					 "r"(at)
					 : "memory");
		else
			__asm__ volatile("ldr %w0, [%1]; dsb sy"
					 : "=r"(value)
					 : "r"(at)
					 : "memory");
	}
}

void replay(const uint8_t *fdt, const struct table *table)
{
	dump(fdt);
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t start;

		run(table->accesses, table->prepare);
		start = ticks();
		run(table->accesses + table->prepare, table->count);
		put_text("replay ");
		put_hex(ticks() - start, 16);
		put(' ');
		put_hex(ticks_per_second(), 16);
		put_text("\r\n");
	}
	put_text("replay end\r\n");
}
