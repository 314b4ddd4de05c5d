// SPDX-License-Identifier: GPL-2.0-or-later
/* The world: virtual time, the log of accesses, memory, purgatory/io.h. */
#include "tests/sim/sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What an access costs, nanoseconds; orders of magnitude of real machines. */
#define COST_CONFIG 500u
#define COST_SMMU 120u
#define COST_RAM 100u
#define COST_CLOCK 50u
#define COST_CLOCK_MAX 20000u /* idle waiting goes by in larger steps */

/* A stage that makes more accesses than this hangs. */
#define MAX_ACCESSES (8u << 20)

struct sim *sim_current;

struct sim *sim_new(void)
{
	struct sim *sim = calloc(1, sizeof(*sim));

	if (!sim)
		abort();
	sim->ns = 1000;
	sim->next_event_ns = SIM_NEVER;
	sim->limit_us = 60 * 1000 * 1000;
	sim_current = sim;
	return sim;
}

void sim_free(struct sim *sim)
{
	for (size_t i = 0; i < sim->function_count; i++)
		free(sim->functions[i]);
	for (size_t i = 0; i < sim->ram_count; i++)
		free(sim->rams[i].words);
	for (size_t i = 0; i < sim->ram_count; i++)
		free(sim->rams[i].synced);
	for (size_t i = 0; i < sim->ram_count; i++)
		free(sim->rams[i].old);
	for (size_t i = 0; i < sim->smmu_count; i++)
		sim_smmu2_free(&sim->smmus[i]);
	sim_memory_free(sim);
	free(sim->functions);
	free(sim->log);
	free(sim);
	sim_current = NULL;
}

uint64_t sim_now_us(const struct sim *sim)
{
	return sim->ns / 1000;
}

void sim_violate(struct sim *sim, const char *format, ...)
{
	size_t n = sim->violation_count++;
	va_list args;

	if (n >= SIM_MAX_VIOLATIONS)
		return;
	va_start(args, format);
	vsnprintf(sim->violations[n], sizeof(sim->violations[n]), format, args);
	va_end(args);
}

bool sim_violated(const struct sim *sim, const char *part)
{
	for (size_t i = 0; i < sim->violation_count; i++)
		if (i < SIM_MAX_VIOLATIONS &&
		    strstr(sim->violations[i], part))
			return true;
	return false;
}

struct sim_ram *sim_add_ram(struct sim *sim, uint64_t base, uint64_t size)
{
	struct sim_ram *ram;

	if (sim->ram_count == SIM_MAX_RAMS)
		abort();
	ram = &sim->rams[sim->ram_count++];
	ram->base = base;
	ram->size = size;
	ram->words = calloc(1, size);
	ram->synced = calloc(1, size / 8);
	if (!ram->words || !ram->synced)
		abort();
	return ram;
}

struct sim_ram *sim_add_uncached(struct sim *sim, uint64_t base, uint64_t size)
{
	struct sim_ram *ram = sim_add_ram(sim, base, size);

	memset(ram->synced, 1, size / 8);
	return ram;
}

static void run_events(struct sim *sim);

/* Where do the writes of @fn go at this moment? */
static enum sim_dma dma_state(const struct sim_function *fn)
{
	const struct sim_function *p;

	if (!fn->dma || !sim_present(fn) || fn->in_reset || !sim_bme(fn))
		return SIM_DMA_OFF;
	for (p = fn->parent; p; p = p->parent)
		if (!sim_bme(p))
			return SIM_DMA_ABORTED;
	if (fn->smmu < 0)
		return SIM_DMA_RAW;
	return sim_smmu_decides(&fn->sim->smmus[fn->smmu]);
}

struct sim_traffic *sim_add_traffic(struct sim *sim, struct sim_smmu *smmu,
				    uint32_t sid, uint64_t addr,
				    uint64_t period_us)
{
	struct sim_traffic *t;

	if (sim->traffic_count == SIM_MAX_TRAFFIC)
		abort();
	t = &sim->traffic[sim->traffic_count++];
	*t = (struct sim_traffic){
		.smmu = smmu,
		.sid = sid,
		.addr = addr,
		.period_us = period_us,
		.next_ns = sim->ns + period_us * 1000,
		.until_us = SIM_NEVER / 1000,
	};
	return t;
}

static void send_traffic(struct sim *sim, struct sim_traffic *t)
{
	uint64_t where;

	if (sim->ns >= t->until_us * 1000)
		return;
	if (sim->ns >= t->next_ns) {
		t->sent++;
		t->landed[sim_smmu_dma(t->smmu, t->sid, t->addr, true,
				       &where)]++;
		t->next_ns = sim->ns + t->period_us * 1000;
	}
	sim_event_at(sim, t->next_ns);
}

void sim_dma_settle(struct sim *sim)
{
	for (size_t i = 0; i < sim->function_count; i++) {
		struct sim_function *fn = sim->functions[i];

		fn->dma_last_ns[fn->dma_state] = sim->ns;
		fn->dma_state = dma_state(fn);
	}
}

uint64_t sim_dma_landed_ns(const struct sim_function *fn)
{
	uint64_t raw = fn->dma_last_ns[SIM_DMA_RAW];
	uint64_t translated = fn->dma_last_ns[SIM_DMA_TRANSLATED];

	return raw > translated ? raw : translated;
}

static void start_function(struct sim_function *fn)
{
	memcpy(fn->initial, fn->config, sizeof(fn->initial));
	fn->last_rid = sim_rid(fn);
	fn->dma_state = dma_state(fn);
}

static void start_smmu(struct sim_smmu *smmu)
{
	smmu->initial = (struct sim_smmu_initial){
		.cr0 = smmu->cr0,
		.cr1 = smmu->cr1,
		.cr2 = smmu->cr2,
		.gbpa = smmu->gbpa,
		.irq_ctrl = smmu->irq_ctrl,
		.gerror = smmu->gerror,
		.gerrorn = smmu->gerrorn,
		.strtab_base = smmu->strtab_base,
		.strtab_base_cfg = smmu->strtab_base_cfg,
		.evtq_base = smmu->evtq_base,
		.evtq_prod = smmu->evtq_prod,
		.evtq_cons = smmu->evtq_cons,
	};
	if (smmu->v2)
		sim_smmu2_start(smmu);
}

static void start_ram(struct sim_ram *ram)
{
	if (!ram->table)
		return;
	ram->old = malloc(ram->size);
	if (!ram->old)
		abort();
	memcpy(ram->old, ram->words, ram->size);
}

void sim_start(struct sim *sim)
{
	for (size_t i = 0; i < sim->smmu_count; i++)
		start_smmu(&sim->smmus[i]);
	for (size_t i = 0; i < sim->ram_count; i++)
		start_ram(&sim->rams[i]);
	for (size_t i = 0; i < sim->function_count; i++)
		start_function(sim->functions[i]);
	run_events(sim);
	sim->started = true;
}

void sim_finish(struct sim *sim)
{
	sim_dma_settle(sim);
	for (size_t i = 0; i < sim->smmu_count; i++)
		sim_smmu_finish(&sim->smmus[i]);
	sim_check_functions(sim);
	if (sim_now_us(sim) > sim->limit_us)
		sim_violate(sim, "took %llu us, limit %llu us",
			    (unsigned long long)sim_now_us(sim),
			    (unsigned long long)sim->limit_us);
}

void sim_event_at(struct sim *sim, uint64_t ns)
{
	if (ns < sim->next_event_ns)
		sim->next_event_ns = ns;
}

static void pull_out(struct sim_function *fn)
{
	uint64_t at_ns = fn->faults.gone_at_us * 1000;

	if (at_ns == 0 || !fn->present)
		return;
	if (fn->sim->ns < at_ns) {
		sim_event_at(fn->sim, at_ns);
		return;
	}
	sim_dma_settle(fn->sim);
	fn->present = false;
	sim_dma_settle(fn->sim);
}

static void run_events(struct sim *sim)
{
	sim->next_event_ns = SIM_NEVER;
	for (size_t i = 0; i < sim->smmu_count; i++)
		sim_smmu_settle(&sim->smmus[i]);
	for (size_t i = 0; i < sim->function_count; i++)
		pull_out(sim->functions[i]);
	for (size_t i = 0; i < sim->traffic_count; i++)
		send_traffic(sim, &sim->traffic[i]);
}

static void spend(struct sim *sim, uint64_t ns)
{
	sim->ns += ns;
	if (sim->ns >= sim->next_event_ns)
		run_events(sim);
}

/* The caller fills in what the decoding found out. */
static struct sim_access *log_access(struct sim *sim, uint64_t addr,
				     unsigned int size, bool write,
				     uint64_t value)
{
	struct sim_access *access;

	if (sim->log_count == MAX_ACCESSES) {
		fprintf(stderr, "simulator: the stage does not end\n");
		abort();
	}
	if (sim->log_count == sim->log_room) {
		sim->log_room = sim->log_room ? 2 * sim->log_room : 4096;
		sim->log = realloc(sim->log,
				   sim->log_room * sizeof(*sim->log));
		if (!sim->log)
			abort();
	}
	access = &sim->log[sim->log_count++];
	*access = (struct sim_access){
		.ns = sim->ns,
		.addr = addr,
		.size = (uint8_t)size,
		.write = write,
		.value = value,
		.kind = SIM_NOTHING,
	};
	return access;
}

static struct sim_ram *ram_at(struct sim *sim, uint64_t addr)
{
	for (size_t i = 0; i < sim->ram_count; i++)
		if (addr >= sim->rams[i].base &&
		    addr - sim->rams[i].base < sim->rams[i].size)
			return &sim->rams[i];
	return NULL;
}

bool sim_ram_read(struct sim *sim, uint64_t addr, uint64_t *value)
{
	struct sim_ram *ram = ram_at(sim, addr);

	if (!ram || !ram->words)
		return false;
	*value = ram->words[(addr - ram->base) / 8];
	if (ram->synced[(addr - ram->base) / 8] == 2)
		sim_violate(sim, "SMMU reads %#llx without cache maintenance",
			    (unsigned long long)addr);
	return true;
}

/* The one thing that may be done to it: a valid STE becomes abort. */
static void edit_table(struct sim *sim, struct sim_ram *ram, uint64_t addr,
		       unsigned int size, uint64_t value)
{
	size_t word = (addr - ram->base) / 8;

	if (size != 8 || addr % 64 != 0 || value != 1)
		sim_violate(sim, "old table written at %#llx: %#llx",
			    (unsigned long long)addr,
			    (unsigned long long)value);
	if (!ram->synced[word])
		sim_violate(sim, "old table written without cleaning %#llx",
			    (unsigned long long)addr);
	ram->words[word] = value;
	ram->synced[word] = 2; /* to be cleaned */
}

static bool ram_access(struct sim *sim, struct sim_ram *ram, uint64_t addr,
		       unsigned int size, bool write, uint64_t *value)
{
	uint64_t offset = addr - ram->base;

	if (write && !ram->table)
		sim_violate(sim, "write into the old kernel's memory %#llx",
			    (unsigned long long)addr);
	if (!ram->words)
		return false;
	if (write) {
		if (ram->table)
			edit_table(sim, ram, addr, size, *value);
		return true;
	}
	if (!ram->synced[offset / 8])
		sim_violate(sim, "memory %#llx read without cache maintenance",
			    (unsigned long long)addr);
	*value = ram->words[offset / 8];
	if (size == 4)
		*value = (uint32_t)(*value >> 8 * (offset % 8));
	return true;
}

/*
 * PL011: data at 0, flags at 0x18 (TXFF is bit 5, BUSY bit 3), words.
 * 8250: data at 0, Line Status at 5 << shift (THRE is bit 5, TEMT bit 6);
 * bytes if its registers stand close together, else words.
 */
static bool uart_access(struct sim *sim, uint64_t addr, unsigned int size,
			bool write, uint64_t *value)
{
	size_t room = sizeof(sim->uart_text) - 1;
	uint64_t reg = addr - sim->uart;
	uint64_t status = sim->uart_8250 ? 5u << sim->uart_shift : 0x18;
	uint64_t busy = sim->uart_8250 ? 0 : 0x28;
	uint64_t idle = sim->uart_8250 ? 0x60 : 0;

	if (sim->uart_forbidden)
		sim_violate(sim, "console touched though it is off");
	if (size != (sim->uart_8250 && sim->uart_shift == 0 ? 1 : 4))
		sim_violate(sim, "console access of %u bytes", size);
	if (reg != (write ? 0 : status))
		sim_violate(sim, "console register %#x",
			    (unsigned int)reg);
	if (!write) {
		*value = sim->uart_full ? busy : idle;
		return true;
	}
	if (sim->uart_writes < room)
		sim->uart_text[sim->uart_writes] = (char)*value;
	sim->uart_writes++;
	return true;
}

/* Returns false if the access aborts. */
static bool dispatch(struct sim *sim, uint64_t addr, unsigned int size,
		     bool write, uint64_t *value)
{
	struct sim_access *access = log_access(sim, addr, size, write, *value);
	struct sim_host *host = sim_host_at(sim, addr);
	struct sim_smmu *smmu = sim_smmu_at(sim, addr);
	struct sim_ram *ram = ram_at(sim, addr);
	uint32_t value32 = (uint32_t)*value;
	bool ok;

	/* Looking at one register again and again is waiting, too. */
	if (addr != sim->last_addr)
		sim->idle_looks = 0;
	sim->last_addr = addr;
	if (addr % size != 0)
		sim_violate(sim, "misaligned access at %#llx",
			    (unsigned long long)addr);
	if (host) {
		spend(sim, COST_CONFIG);
		access->kind = SIM_CONFIG;
		access->reg = addr & 0xfff;
		access->rid = (uint16_t)((addr - host->ecam) >> 12);
		access->owner = sim_route(sim, host, access->rid);
		if (size != 4)
			sim_violate(sim, "config access of %u bytes", size);
		ok = sim_config_access(sim, host, addr, write, &value32);
		*value = value32;
	} else if (smmu) {
		spend(sim, COST_SMMU);
		access->kind = SIM_SMMU;
		access->reg = (uint32_t)(addr - smmu->base);
		access->owner = smmu;
		ok = sim_smmu_access(smmu, addr, size, write, value);
	} else if (ram) {
		spend(sim, COST_RAM);
		access->kind = SIM_RAM;
		ok = ram_access(sim, ram, addr, size, write, value);
	} else if (sim_memory_has(sim, addr, size)) {
		spend(sim, COST_RAM);
		access->kind = SIM_RAM;
		if (write)
			sim_violate(sim, "own memory written as a device");
		ok = sim_memory_stage_read(sim, addr, size, value);
	} else if (sim->uart && addr - sim->uart < 0x1000) {
		spend(sim, COST_SMMU);
		access->kind = SIM_UART;
		ok = uart_access(sim, addr, size, write, value);
	} else {
		sim_violate(sim, "access to %#llx, where nothing is",
			    (unsigned long long)addr);
		ok = false;
	}
	access->faulted = !ok;
	if (!write)
		access->value = *value;
	return ok;
}

static uint64_t io_read(struct kq_io *io, struct kq_paddr addr,
			unsigned int size)
{
	uint64_t value = 0;

	if (dispatch(sim_current, addr.addr, size, false, &value))
		return value;
	io->faults++;
	return UINT64_MAX;
}

static void io_write(struct kq_io *io, struct kq_paddr addr,
		     unsigned int size, uint64_t value)
{
	if (!dispatch(sim_current, addr.addr, size, true, &value))
		io->faults++;
}

uint8_t kq_io_read8(struct kq_io *io, struct kq_paddr addr)
{
	return (uint8_t)io_read(io, addr, 1);
}

void kq_io_write8(struct kq_io *io, struct kq_paddr addr, uint8_t value)
{
	io_write(io, addr, 1, value);
}

uint32_t kq_io_read32(struct kq_io *io, struct kq_paddr addr)
{
	return (uint32_t)io_read(io, addr, 4);
}

uint64_t kq_io_read64(struct kq_io *io, struct kq_paddr addr)
{
	return io_read(io, addr, 8);
}

void kq_io_write32(struct kq_io *io, struct kq_paddr addr, uint32_t value)
{
	io_write(io, addr, 4, value);
}

void kq_io_write64(struct kq_io *io, struct kq_paddr addr, uint64_t value)
{
	io_write(io, addr, 8, value);
}

bool kq_io_faulted(struct kq_io *io)
{
	bool faulted = io->faults != io->faults_seen;

	io->faults_seen = io->faults;
	return faulted;
}

void sim_pass_us(struct sim *sim, uint64_t us)
{
	spend(sim, us * 1000);
}

uint64_t kq_io_now_us(struct kq_io *io)
{
	uint64_t cost = COST_CLOCK;

	(void)io;
	if (sim_current->idle_looks < 16)
		sim_current->idle_looks++;
	cost <<= sim_current->idle_looks;
	spend(sim_current, cost < COST_CLOCK_MAX ? cost : COST_CLOCK_MAX);
	return sim_now_us(sim_current);
}

/* Maintenance works on lines of 64 bytes at least. */
void kq_io_sync_ram(struct kq_io *io, struct kq_paddr addr, uint64_t size)
{
	uint64_t first = addr.addr / 64 * 64;
	uint64_t end = kq_align_up(addr.addr + size, 64);

	(void)io;
	if (sim_memory_has(sim_current, addr.addr, size)) {
		sim_memory_sync(sim_current, addr.addr, size);
		return;
	}
	for (uint64_t at = first; at < end; at += 8) {
		struct sim_ram *ram = ram_at(sim_current, at);

		if (ram && ram->synced)
			ram->synced[(at - ram->base) / 8] = 1;
	}
}
