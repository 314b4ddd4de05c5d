// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The stage's own memory, as SMMUs see it. The stage's pointers are its
 * physical addresses. An SMMU sees a word only after cache maintenance, and
 * the stage what an SMMU wrote only after that, too.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <libfdt.h>

#include "tests/sim/sim.h"

#define LINE 64u
/* Below 4 GiB, for SMMUs of 32 bits; free in all sanitized programs. */
#define LOW_BASE UINT64_C(0x20000000)
#define GUARD 65536u

/* In front of it and behind it nothing is mapped. */
void sim_memory_init(struct sim *sim, size_t size)
{
	struct sim_memory *memory = &sim->memory;
	size_t mapped = kq_align_up(size, 65536);
	void *wanted = (void *)(LOW_BASE + GUARD + memory->skew);
	void *place = mmap(wanted, mapped, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
			   -1, 0);

	if (place == MAP_FAILED) {
		perror("simulator: no memory below 4 GiB");
		abort();
	}
	memory->mapped = mapped;
	memory->base = (uint64_t)place;
	memory->size = size;
	memory->seen = malloc(size);
	memory->lines = calloc(1, size / LINE);
	if (!memory->seen || !memory->lines)
		abort();
	memset(place, 0xa5, size);
	/* Until it is cleaned, an SMMU sees what was there before. */
	memset(memory->seen, 0x5a, size);
}

void sim_memory_free(struct sim *sim)
{
	struct sim_memory *memory = &sim->memory;

	if (memory->base)
		munmap((void *)memory->base, memory->mapped);
	free(memory->seen);
	free(memory->lines);
	memset(memory, 0, sizeof(*memory));
}

bool sim_memory_has(const struct sim *sim, uint64_t addr, uint64_t size)
{
	const struct sim_memory *memory = &sim->memory;

	return memory->base && addr >= memory->base && size <= memory->size &&
	       addr - memory->base <= memory->size - size;
}

void sim_memory_sync(struct sim *sim, uint64_t addr, uint64_t size)
{
	struct sim_memory *memory = &sim->memory;
	uint64_t first = addr & ~(uint64_t)(LINE - 1);

	for (uint64_t at = first; at < addr + size; at += LINE) {
		uint64_t offset = at - memory->base;

		if (!sim_memory_has(sim, at, LINE))
			continue;
		if (memory->lines[offset / LINE])
			memcpy((void *)at, memory->seen + offset, LINE);
		else
			memcpy(memory->seen + offset, (void *)at, LINE);
		memory->lines[offset / LINE] = 0;
	}
}

bool sim_memory_stage_read(struct sim *sim, uint64_t addr, unsigned int size,
			   uint64_t *value)
{
	struct sim_memory *memory = &sim->memory;

	if (!sim_memory_has(sim, addr, size))
		return false;
	if (memory->lines[(addr - memory->base) / LINE])
		sim_violate(sim, "memory %#llx read without cache maintenance",
			    (unsigned long long)addr);
	*value = 0;
	memcpy(value, (void *)addr, size);
	return true;
}

static void check_reserved(struct sim *sim, uint64_t addr)
{
	if (sim->memory.handed_over &&
	    (addr < sim->memory.reserved_start ||
	     addr - sim->memory.reserved_start >= sim->memory.reserved_size))
		sim_violate(sim, "SMMU reads %#llx, which is not reserved",
			    (unsigned long long)addr);
}

bool sim_memory_read(struct sim *sim, uint64_t addr, uint64_t *value)
{
	struct sim_memory *memory = &sim->memory;
	uint64_t offset = addr - memory->base;

	if (!sim_memory_has(sim, addr, 8))
		return sim_ram_read(sim, addr, value);
	check_reserved(sim, addr);
	memcpy(value, memory->seen + offset, 8);
	if (!memory->lines[offset / LINE] &&
	    memcmp(value, (void *)addr, 8) != 0)
		sim_violate(sim, "SMMU reads %#llx without cache maintenance",
			    (unsigned long long)addr);
	return true;
}

bool sim_memory_write(struct sim *sim, uint64_t addr, uint64_t value)
{
	struct sim_memory *memory = &sim->memory;
	uint64_t offset = addr - memory->base;

	if (!sim_memory_has(sim, addr, 8))
		return false;
	check_reserved(sim, addr);
	memcpy(memory->seen + offset, &value, 8);
	memory->lines[offset / LINE] = 1;
	return true;
}

/* The next kernel knows of our memory what the device tree says. */
void sim_memory_hand_over(struct sim *sim, const void *fdt)
{
	struct sim_memory *memory = &sim->memory;

	memory->handed_over = true;
	for (int i = 0; i < fdt_num_mem_rsv(fdt); i++) {
		uint64_t start, size;

		if (fdt_get_mem_rsv(fdt, i, &start, &size) < 0 ||
		    !sim_memory_has(sim, start, size))
			continue;
		memory->reserved_start = start;
		memory->reserved_size = size;
	}
}
