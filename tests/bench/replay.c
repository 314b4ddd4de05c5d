// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The bare loop that the stage is measured against: the same config space
 * accesses and FLR writes in the same order, and nothing else. It runs as
 * the stage's payload, so both are timed by the same counter in the same
 * run of the same machine. Then it prints both times and the device tree,
 * which has the stage's report, and enters the stage again, which ends here
 * again: both are measured several times, by turns.
 */
#include <stddef.h>
#include <stdint.h>

#include "lib/stage-image.h"

#define UART   0x09000000ul
/* Where a trace of accesses sees that a round is over; value as the bench
 * expects it. */
#define MARK_AT 0x401000003cul
#define MARK	0xa2u
/* To time, and to find out what there is to replay: twice, to be sure. */
#define ROUNDS	      12
#define ROUNDS_TRACED 2
#define FDT_MAX	  (1u << 20)
#define SETTLE_MS 20u

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

/*
 * Behind the file, in memory that is zero when the kernel loads it: the stage
 * verifies the file each time.
 */
struct state {
	uint64_t round;
	uint64_t entered; /* ticks, when the stage was entered last; 0: never */
	uint8_t fdt[FDT_MAX];
};

const uint8_t *replay(const uint8_t *fdt, const struct table *table,
		      struct state *state, uint8_t **ret_image);

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

static uint32_t fdt_size(const uint8_t *fdt)
{
	return (uint32_t)fdt[4] << 24 | (uint32_t)fdt[5] << 16 |
	       (uint32_t)fdt[6] << 8 | fdt[7];
}

static void dump(const uint8_t *fdt)
{
	for (uint32_t i = 0; i < fdt_size(fdt); i++) {
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

static void put_time(const char *name, uint64_t taken)
{
	put_text(name);
	put_hex(taken, 16);
	put(' ');
	put_hex(ticks_per_second(), 16);
	put_text("\r\n");
}

/*
 * QEMU frees later what these accesses left behind, and each access waits
 * for that: half a millisecond of the next ones otherwise.
 */
static void prepare(const struct table *table)
{
	uint64_t start;

	run(table->accesses, table->prepare);
	start = ticks();
	while (ticks() - start < ticks_per_second() / 1000 * SETTLE_MS)
		;
}

static uint64_t time_accesses(const struct table *table)
{
	uint64_t start;

	prepare(table);
	start = ticks();
	run(table->accesses + table->prepare, table->count);
	return ticks() - start;
}

/* The image that this is the payload of starts at a multiple of 2 MiB. */
static uint8_t *find_image(const void *inside)
{
	uint64_t at = (uint64_t)inside & ~(KQ_IMAGE_ALIGN - UINT64_C(1));
	const struct kq_image_header *header = (const void *)at;

	while (header->magic != KQ_IMAGE_MAGIC || header->tag != KQ_IMAGE_TAG) {
		at -= KQ_IMAGE_ALIGN;
		header = (const void *)at;
	}
	return (uint8_t *)at;
}

/* What changes while the stage runs stands behind its parameters, zero when
 * it is loaded. */
static void make_as_loaded(uint8_t *image)
{
	const struct kq_image_header *header = (const void *)image;
	const struct kq_stage_params *params =
		(const void *)(image + header->params_offset);

	for (uint8_t *p = (uint8_t *)(params + 1);
	     p < image + params->plan_offset; p++)
		*(volatile uint8_t *)p = 0;
}

/* Return: the device tree for another run of the stage at *@ret_image; NULL:
 * that was the last. */
const uint8_t *replay(const uint8_t *fdt, const struct table *table,
		      struct state *state, uint8_t **ret_image)
{
	const struct access mark = { MARK_AT | 1, MARK, 0 };
	uint64_t stage = state->entered ? ticks() - state->entered : 0;
	uint64_t loop = time_accesses(table);

	if (table->count == 0)
		run(&mark, 1);
	put_text("round\r\n");
	dump(fdt);
	put_time("stage ", stage);
	put_time("replay ", loop);
	if (++state->round == (table->count ? ROUNDS : ROUNDS_TRACED)) {
		put_text("replay end\r\n");
		return NULL;
	}
	prepare(table);
	/* It lies where the stage will work. */
	for (uint32_t i = 0; i < fdt_size(fdt) && i < FDT_MAX; i++)
		*(volatile uint8_t *)&state->fdt[i] = fdt[i];
	*ret_image = find_image(table);
	make_as_loaded(*ret_image);
	state->entered = ticks();
	return state->fdt;
}
