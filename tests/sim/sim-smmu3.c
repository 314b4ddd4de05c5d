// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An SMMUv3 as software sees it: registers, handshakes, and the rules of
 * Arm IHI 0070 ("Register formats" and "Reset, enable and initialization")
 * on what may be written when. Queues and tables: sim-smmu3-queue.c,
 * sim-smmu3-table.c.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

#define PAGE_SIZE 0x10000u
#define PAGE_LIMIT 0xe00u /* above: implementation defined */

#define R_IDR0 0x00u
#define R_IDR5 0x14u
#define R_IIDR 0x18u
#define R_AIDR 0x1cu
#define R_CR0 0x20u
#define R_CR0ACK 0x24u
#define R_CR1 0x28u
#define R_CR2 0x2cu
#define R_STATUSR 0x40u
#define R_GBPA 0x44u
#define R_IRQ_CTRL 0x50u
#define R_IRQ_CTRLACK 0x54u
#define R_GERROR 0x60u
#define R_GERRORN 0x64u
#define R_STRTAB_BASE 0x80u
#define R_STRTAB_BASE_CFG 0x88u
#define R_CMDQ_BASE 0x90u
#define R_CMDQ_PROD 0x98u
#define R_CMDQ_CONS 0x9cu
#define R_EVTQ_BASE 0xa0u
#define R_EVTQ_PROD 0xa8u
#define R_EVTQ_CONS 0xacu
#define R_PRIQ_BASE 0xc0u
#define R_PRIQ_PROD 0xc8u
#define R_PRIQ_CONS 0xccu

/* Service failure mode is no queue's error: it stays for all to see. */
#define GERROR_SFM 0x100u
#define CR0_SMMUEN 0x1u
#define CR0_PRIQEN 0x2u
#define CR0_EVTQEN 0x4u
#define CR0_CMDQEN 0x8u
#define CR0_DEFINED 0x5dfu
#define CR1_QUEUE_FIELDS 0x3fu
#define GBPA_UPDATE 0x80000000u
#define GBPA_ABORT 0x00100000u
#define GBPA_DEFINED 0x801f3f1fu
#define IRQ_CTRL_DEFINED 0x7u
#define GERROR_DEFINED 0x1fdu

struct sim_smmu *sim_add_smmu(struct sim *sim, uint64_t base)
{
	struct sim_smmu *smmu;

	if (sim->smmu_count == SIM_MAX_SMMUS)
		abort();
	smmu = &sim->smmus[sim->smmu_count++];
	*smmu = (struct sim_smmu){
		.sim = sim,
		.base = base,
		.v3 = true,
		.plan_index = -1,
		.idr = { 0x0d44101b, 0x02730010, 0, 0x1414, 0, 0x74 },
		/* As Linux runs it. */
		.cr0 = CR0_SMMUEN | CR0_CMDQEN | CR0_EVTQEN,
		.cr0ack = CR0_SMMUEN | CR0_CMDQEN | CR0_EVTQEN,
		.cr1 = 0xd75,
		.cr2 = 0x6,
		.gbpa = 0x1000,
		.irq_ctrl = 0x5,
		.irq_ctrlack = 0x5,
		.strtab_base = 0x4000000088000000,
		.strtab_base_cfg = 0x00010210,
		.cmdq_base = 0x4000000088100008,
		.cr0_update.done_ns = SIM_NEVER,
		.gbpa_update.done_ns = SIM_NEVER,
		.irq_update.done_ns = SIM_NEVER,
		.next_command_ns = SIM_NEVER,
	};
	return smmu;
}

static uint64_t span_of(const struct sim_smmu *smmu)
{
	return smmu->v2 ? sim_smmu2_span(smmu) : 2 * PAGE_SIZE;
}

struct sim_smmu *sim_smmu_at(struct sim *sim, uint64_t addr)
{
	for (size_t i = 0; i < sim->smmu_count; i++)
		if (addr >= sim->smmus[i].base &&
		    addr - sim->smmus[i].base < span_of(&sim->smmus[i]))
			return &sim->smmus[i];
	return NULL;
}

/* A write that clears SMMUEN counts at once, one that sets it at its ack. */
static bool enabled(const struct sim_smmu *smmu)
{
	return smmu->cr0 & smmu->cr0ack & CR0_SMMUEN;
}

/* Of a stream that the old tables translate. */
enum sim_dma sim_smmu_decides(const struct sim_smmu *smmu)
{
	if (smmu->v2)
		return SIM_DMA_TRANSLATED;
	if (enabled(smmu))
		return sim_smmu3_own_table(smmu) ? SIM_DMA_ABORTED :
						   SIM_DMA_TRANSLATED;
	return smmu->gbpa & GBPA_ABORT ? SIM_DMA_ABORTED : SIM_DMA_RAW;
}

enum sim_dma sim_smmu_dma(struct sim_smmu *smmu, uint32_t sid, uint64_t addr,
			  bool write, uint64_t *ret)
{
	*ret = addr;
	if (smmu->v2)
		return sim_smmu2_dma(smmu, sid, addr, write, ret);
	if (enabled(smmu))
		return sim_smmu3_translate(smmu, sid, addr, write, ret);
	return smmu->gbpa & GBPA_ABORT ? SIM_DMA_ABORTED : SIM_DMA_RAW;
}

/* @done_ns: SIM_NEVER while idle, SIM_NEVER - 1 if it never completes. */
static bool under_way(const struct sim_handshake *h)
{
	return h->done_ns != SIM_NEVER;
}

static void begin(struct sim_smmu *smmu, struct sim_handshake *h,
		  uint32_t target)
{
	if (h->left && --h->left == 0)
		h->delay_us = SIM_NEVER;
	h->target = target;
	h->done_ns = h->delay_us == SIM_NEVER ?
			     SIM_NEVER - 1 :
			     smmu->sim->ns + h->delay_us * 1000;
	sim_event_at(smmu->sim, h->done_ns);
}

static bool completes(struct sim_smmu *smmu, struct sim_handshake *h)
{
	if (h->done_ns == SIM_NEVER)
		return false;
	if (smmu->sim->ns < h->done_ns) {
		sim_event_at(smmu->sim, h->done_ns);
		return false;
	}
	h->done_ns = SIM_NEVER;
	return true;
}

void sim_smmu_settle(struct sim_smmu *smmu)
{
	if (completes(smmu, &smmu->cr0_update)) {
		sim_dma_settle(smmu->sim);
		smmu->cr0ack = smmu->cr0_update.target;
		sim_dma_settle(smmu->sim);
		sim_smmu3_commands_start(smmu);
	}
	if (completes(smmu, &smmu->gbpa_update)) {
		sim_dma_settle(smmu->sim);
		smmu->gbpa = smmu->gbpa_update.target;
		sim_dma_settle(smmu->sim);
	}
	if (completes(smmu, &smmu->irq_update))
		smmu->irq_ctrlack = smmu->irq_update.target;
	sim_smmu3_commands_settle(smmu);
}

#define VIOLATE(smmu, ...) sim_violate((smmu)->sim, "SMMU: " __VA_ARGS__)

static void check_reserved(struct sim_smmu *smmu, const char *name,
			   uint32_t value, uint32_t defined)
{
	if (value & ~defined)
		VIOLATE(smmu, "reserved bits written to %s: %#x", name, value);
}

/* Off, or in service failure mode, nobody would adopt its table. */
static bool must_preserve(const struct sim_smmu *smmu)
{
	return smmu->policy == KQ_POLICY_PRESERVE &&
	       smmu->initial.cr0 & CR0_SMMUEN && !smmu->unadoptable &&
	       !((smmu->initial.gerror ^ smmu->initial.gerrorn) & GERROR_SFM);
}

/* What must be in place before something is switched on. */
static void check_enables(struct sim_smmu *smmu, uint32_t rising)
{
	uint32_t idr1 = smmu->idr[1];

	if (rising & CR0_CMDQEN) {
		sim_smmu3_check_queue(smmu, "Command", smmu->cmdq_base,
				      KQ_GET(KQ_MASK32(25, 21), idr1));
		if ((smmu->gerror ^ smmu->gerrorn) & 1)
			VIOLATE(smmu, "CMDQEN while a command error is active");
	}
	if (rising & CR0_EVTQEN)
		sim_smmu3_check_queue(smmu, "Event", smmu->evtq_base,
				      KQ_GET(KQ_MASK32(20, 16), idr1));
	if (rising & CR0_PRIQEN)
		VIOLATE(smmu, "PRI queue switched on");
	if (!(rising & CR0_SMMUEN))
		return;
	if (!smmu->own_allowed)
		VIOLATE(smmu, "SMMUEN switched on");
	if (!(smmu->gbpa & GBPA_ABORT) || under_way(&smmu->gbpa_update))
		VIOLATE(smmu, "SMMUEN switched on while GBPA lets pass");
	sim_smmu3_check_table(smmu);
}

static void write_cr0(struct sim_smmu *smmu, uint32_t value)
{
	bool falls = smmu->cr0 & CR0_SMMUEN && !(value & CR0_SMMUEN);

	check_reserved(smmu, "CR0", value, CR0_DEFINED);
	sim_check_devices_first(smmu->sim);
	if (under_way(&smmu->cr0_update))
		VIOLATE(smmu, "CR0 written before CR0ACK");
	if (value & ~smmu->cr0)
		check_enables(smmu, value & ~smmu->cr0);
	if (must_preserve(smmu) &&
	    (value ^ smmu->cr0) & CR0_SMMUEN)
		VIOLATE(smmu, "SMMUEN changed though preserved");
	if (falls && smmu->policy != KQ_POLICY_BYPASS &&
	    !(smmu->gbpa & GBPA_ABORT))
		VIOLATE(smmu, "SMMUEN fell before ABORT was in force");
	if (falls) {
		smmu->enable_fell_ns = smmu->sim->ns;
		smmu->aborted_when_it_fell = smmu->gbpa & GBPA_ABORT;
	}
	sim_dma_settle(smmu->sim);
	smmu->cr0 = value;
	/* What is no change is acknowledged already. */
	if (value != smmu->cr0ack || under_way(&smmu->cr0_update))
		begin(smmu, &smmu->cr0_update, value);
	sim_dma_settle(smmu->sim);
}

static void write_gbpa(struct sim_smmu *smmu, uint32_t value)
{
	uint32_t kept = GBPA_DEFINED & ~(GBPA_UPDATE | GBPA_ABORT);

	check_reserved(smmu, "GBPA", value, GBPA_DEFINED);
	if (under_way(&smmu->gbpa_update)) {
		VIOLATE(smmu, "GBPA written while UPDATE is set");
		return;
	}
	if (!(value & GBPA_UPDATE)) {
		VIOLATE(smmu, "GBPA written without UPDATE");
		return;
	}
	if (must_preserve(smmu))
		VIOLATE(smmu, "GBPA written though preserved");
	if ((value ^ smmu->initial.gbpa) & kept)
		VIOLATE(smmu, "GBPA attributes changed: %#x", value);
	if (smmu->policy == KQ_POLICY_ABORT && !(value & GBPA_ABORT))
		VIOLATE(smmu, "GBPA.ABORT cleared though policy is abort");
	begin(smmu, &smmu->gbpa_update, value & ~GBPA_UPDATE);
}

static void write_irq_ctrl(struct sim_smmu *smmu, uint32_t value)
{
	check_reserved(smmu, "IRQ_CTRL", value, IRQ_CTRL_DEFINED);
	if (value & ~smmu->irq_ctrl)
		VIOLATE(smmu, "interrupts switched on");
	if (under_way(&smmu->irq_update))
		VIOLATE(smmu, "IRQ_CTRL written before IRQ_CTRLACK");
	smmu->irq_ctrl = value;
	begin(smmu, &smmu->irq_update, value);
}

static void write_gerrorn(struct sim_smmu *smmu, uint32_t value)
{
	uint32_t active = smmu->gerror ^ smmu->gerrorn;

	check_reserved(smmu, "GERRORN", value, GERROR_DEFINED);
	if ((value ^ smmu->gerrorn) & ~active)
		VIOLATE(smmu, "GERRORN raises an error: %#x", value);
	smmu->gerrorn = value;
	sim_smmu3_commands_start(smmu);
}

/* Registers that may change only while something is switched off. */
static void check_guard(struct sim_smmu *smmu, const char *name,
			uint32_t enables)
{
	if ((smmu->cr0 | smmu->cr0ack) & enables)
		VIOLATE(smmu, "%s written while enabled", name);
	if (must_preserve(smmu) &&
	    enables & CR0_SMMUEN)
		VIOLATE(smmu, "%s written though preserved", name);
}

static void put(uint64_t *reg, uint32_t shift, unsigned int size,
		uint64_t value)
{
	uint64_t mask = size == 8 ? UINT64_MAX : UINT64_C(0xffffffff) << shift;

	*reg = (*reg & ~mask) | (value << shift & mask);
}

static void put32(uint32_t *reg, uint64_t value)
{
	*reg = (uint32_t)value;
}

static void write_queue(struct sim_smmu *smmu, uint32_t reg,
			unsigned int size, uint64_t value)
{
	switch (reg) {
	case R_STRTAB_BASE:
	case R_STRTAB_BASE + 4:
		check_guard(smmu, "STRTAB_BASE", CR0_SMMUEN);
		put(&smmu->strtab_base, reg % 8 * 8, size, value);
		smmu->stale_config = smmu->stale_tlb = smmu->stale_el2 = true;
		return;
	case R_STRTAB_BASE_CFG:
		check_guard(smmu, "STRTAB_BASE_CFG", CR0_SMMUEN);
		put32(&smmu->strtab_base_cfg, value);
		return;
	case R_CMDQ_BASE:
	case R_CMDQ_BASE + 4:
		check_guard(smmu, "CMDQ_BASE", CR0_CMDQEN);
		put(&smmu->cmdq_base, reg % 8 * 8, size, value);
		return;
	case R_CMDQ_PROD:
		put32(&smmu->cmdq_prod, value);
		if (value & ~0xfffffull)
			VIOLATE(smmu, "reserved bits in CMDQ_PROD");
		sim_smmu3_commands_start(smmu);
		return;
	case R_CMDQ_CONS:
		check_guard(smmu, "CMDQ_CONS", CR0_CMDQEN);
		put32(&smmu->cmdq_cons, value);
		return;
	case R_EVTQ_BASE:
	case R_EVTQ_BASE + 4:
		check_guard(smmu, "EVENTQ_BASE", CR0_EVTQEN);
		put(&smmu->evtq_base, reg % 8 * 8, size, value);
		return;
	case R_PRIQ_BASE:
	case R_PRIQ_BASE + 4:
		check_guard(smmu, "PRIQ_BASE", CR0_PRIQEN);
		put(&smmu->priq_base, reg % 8 * 8, size, value);
		return;
	default:
		VIOLATE(smmu, "write to %#x", reg);
	}
}

static void write_register(struct sim_smmu *smmu, uint32_t reg,
			   unsigned int size, uint64_t value)
{
	uint32_t value32 = (uint32_t)value;

	switch (reg) {
	case R_CR0:
		write_cr0(smmu, value32);
		return;
	case R_CR1:
		check_guard(smmu, "CR1", CR0_SMMUEN | CR0_EVTQEN | CR0_CMDQEN);
		smmu->cr1 = value32;
		return;
	case R_CR2:
		check_guard(smmu, "CR2", CR0_SMMUEN);
		smmu->cr2 = value32;
		return;
	case R_GBPA:
		write_gbpa(smmu, value32);
		return;
	case R_IRQ_CTRL:
		write_irq_ctrl(smmu, value32);
		return;
	case R_GERRORN:
		write_gerrorn(smmu, value32);
		return;
	default:
		write_queue(smmu, reg, size, value);
	}
}

static uint32_t read_gbpa(const struct sim_smmu *smmu)
{
	if (under_way(&smmu->gbpa_update))
		return smmu->gbpa_update.target | GBPA_UPDATE;
	return smmu->gbpa;
}

static bool read_base(const struct sim_smmu *smmu, uint32_t reg,
		      uint64_t *value)
{
	uint64_t base;

	switch (reg & ~4u) {
	case R_STRTAB_BASE:
		base = smmu->strtab_base;
		break;
	case R_CMDQ_BASE:
		base = smmu->cmdq_base;
		break;
	case R_EVTQ_BASE:
		base = smmu->evtq_base;
		break;
	case R_PRIQ_BASE:
		base = smmu->priq_base;
		break;
	default:
		return false;
	}
	*value = base >> reg % 8 * 8;
	return true;
}

static bool read_register(const struct sim_smmu *smmu, uint32_t reg,
			  uint64_t *value)
{
	if (reg <= R_IDR5) {
		*value = smmu->idr[reg / 4];
		return true;
	}
	switch (reg) {
	case R_IIDR:
	case R_AIDR:
	case R_STATUSR:
		*value = 0;
		return true;
	case R_CR0:
		*value = smmu->cr0;
		return true;
	case R_CR0ACK:
		*value = smmu->cr0ack;
		return true;
	case R_CR1:
		*value = smmu->cr1;
		return true;
	case R_CR2:
		*value = smmu->cr2;
		return true;
	case R_GBPA:
		*value = read_gbpa(smmu);
		return true;
	case R_IRQ_CTRL:
		*value = smmu->irq_ctrl;
		return true;
	case R_IRQ_CTRLACK:
		*value = smmu->irq_ctrlack;
		return true;
	case R_GERROR:
		*value = smmu->gerror;
		return true;
	case R_GERRORN:
		*value = smmu->gerrorn;
		return true;
	case R_STRTAB_BASE_CFG:
		*value = smmu->strtab_base_cfg;
		return true;
	case R_CMDQ_PROD:
		*value = smmu->cmdq_prod;
		return true;
	case R_CMDQ_CONS:
		*value = smmu->cmdq_cons;
		return true;
	default:
		return read_base(smmu, reg, value);
	}
}

/* The queue registers of page 1; in page 0 on models that lack page 1. */
static uint32_t *page1_register(struct sim_smmu *smmu, uint32_t reg)
{
	switch (reg) {
	case R_EVTQ_PROD:
		return &smmu->evtq_prod;
	case R_EVTQ_CONS:
		return &smmu->evtq_cons;
	case R_PRIQ_PROD:
		return &smmu->priq_prod;
	case R_PRIQ_CONS:
		return &smmu->priq_cons;
	default:
		return NULL;
	}
}

static void access_page1(struct sim_smmu *smmu, uint32_t reg, bool write,
			 uint64_t *value)
{
	uint32_t *word = page1_register(smmu, reg);

	if (!write) {
		*value = *word;
		return;
	}
	if (reg == R_EVTQ_PROD)
		check_guard(smmu, "EVENTQ_PROD", CR0_EVTQEN);
	if (reg == R_PRIQ_PROD)
		check_guard(smmu, "PRIQ_PROD", CR0_PRIQEN);
	*word = (uint32_t)*value;
}

static bool is_64bit(uint32_t reg)
{
	return reg == R_STRTAB_BASE || reg == R_CMDQ_BASE ||
	       reg == R_EVTQ_BASE || reg == R_PRIQ_BASE;
}

static bool access_register(struct sim_smmu *smmu, uint32_t offset,
			    unsigned int size, bool write, uint64_t *value)
{
	uint32_t page = offset / PAGE_SIZE, reg = offset % PAGE_SIZE;
	bool in_page1 = page1_register(smmu, reg);

	if (reg >= PAGE_LIMIT || (page == 1 && smmu->page0_only)) {
		VIOLATE(smmu, "access at %#x", offset);
		return false;
	}
	if (size == 8 && !is_64bit(reg))
		VIOLATE(smmu, "64-bit access to %#x", offset);
	if (in_page1 && page == (smmu->page0_only ? 0u : 1u)) {
		access_page1(smmu, reg, write, value);
		return true;
	}
	if (page == 1) {
		VIOLATE(smmu, "access at %#x", offset);
		return false;
	}
	if (write)
		write_register(smmu, reg, size, *value);
	else if (!read_register(smmu, reg, value))
		VIOLATE(smmu, "read of %#x", reg);
	return true;
}

bool sim_smmu_access(struct sim_smmu *smmu, uint64_t addr, unsigned int size,
		     bool write, uint64_t *value)
{
	smmu->accesses++;
	smmu->writes += write;
	if (smmu->abort_after && smmu->accesses > smmu->abort_after)
		smmu->aborts = true;
	if (!smmu->v3 && !smmu->v2)
		VIOLATE(smmu, "one that must be left alone was touched");
	if (smmu->aborts)
		return false;
	if (smmu->ones) {
		if (!write)
			*value = UINT64_MAX;
		else
			VIOLATE(smmu, "written though it reads as all ones");
		return true;
	}
	if (smmu->v2)
		return sim_smmu2_access(smmu, (uint32_t)(addr - smmu->base),
					size, write, value);
	sim_smmu_settle(smmu);
	return access_register(smmu, (uint32_t)(addr - smmu->base), size,
			       write, value);
}

static void check_preserved(const struct sim_smmu *smmu)
{
	if (smmu->own_allowed)
		return;
	if (smmu->cr1 != smmu->initial.cr1 || smmu->cr2 != smmu->initial.cr2 ||
	    smmu->strtab_base != smmu->initial.strtab_base ||
	    smmu->strtab_base_cfg != smmu->initial.strtab_base_cfg)
		VIOLATE(smmu, "table registers changed");
	if (must_preserve(smmu) &&
	    (smmu->gbpa != smmu->initial.gbpa ||
	     (smmu->cr0 ^ smmu->initial.cr0) & CR0_SMMUEN))
		VIOLATE(smmu, "not preserved");
}

/* Every stream beside the reserved ones meets the same end. */
static void check_own_table(struct sim_smmu *smmu)
{
	uint64_t where;

	if (smmu->policy == KQ_POLICY_BYPASS) {
		VIOLATE(smmu, "not bypassing at the end");
		return;
	}
	if (!smmu->own_allowed || !sim_smmu3_own_table(smmu)) {
		VIOLATE(smmu, "not aborting at the end");
		return;
	}
	if (smmu->policy == KQ_POLICY_SINK)
		return; /* whoever runs the stage looks at its streams */
	for (uint32_t i = 0; i < 4; i++)
		if (sim_smmu_dma(smmu, 0xe0f0 + i, 0x1000, true, &where) !=
		    SIM_DMA_ABORTED)
			VIOLATE(smmu, "a stream passes at the end");
}

static void check_policy(struct sim_smmu *smmu)
{
	bool on = smmu->cr0 & CR0_SMMUEN;

	if (on && smmu->policy != KQ_POLICY_PRESERVE)
		check_own_table(smmu);
	else if (smmu->policy == KQ_POLICY_BYPASS && smmu->gbpa & GBPA_ABORT)
		VIOLATE(smmu, "not bypassing at the end");
	else if (!on && smmu->policy != KQ_POLICY_BYPASS &&
		 !(smmu->gbpa & GBPA_ABORT))
		VIOLATE(smmu, "not aborting at the end");
}

void sim_smmu_finish(struct sim_smmu *smmu)
{
	bool responsive = !smmu->aborts && !smmu->ones;

	if (smmu->v2 && responsive)
		sim_smmu2_finish(smmu);
	if (!smmu->v3 || smmu->plan_index < 0 || !responsive)
		return;
	check_preserved(smmu);
	if ((smmu->gerror ^ smmu->gerrorn) & ~GERROR_SFM)
		VIOLATE(smmu, "an error is left unacknowledged");
	if (smmu->irq_ctrl != 0)
		VIOLATE(smmu, "interrupts are left on");
	if (smmu->cr0_update.delay_us == SIM_NEVER ||
	    smmu->gbpa_update.delay_us == SIM_NEVER ||
	    under_way(&smmu->gbpa_update))
		return;
	check_policy(smmu);
}

void sim_smmu_events(struct sim_smmu *smmu, uint64_t base,
		     unsigned int log2size, uint32_t first, uint32_t count,
		     uint32_t unread)
{
	uint32_t entries = 1u << log2size, mask = 2 * entries - 1;
	struct sim_ram *ram = sim_add_ram(smmu->sim, base,
					  (uint64_t)entries * 32);

	/* @first counts records ever written, so it carries the wrap bit. */
	for (uint32_t i = 0; i < count; i++) {
		uint64_t *record = &ram->words[(first + i) % entries * 4];

		record[0] = 0x10 | (uint64_t)(0x100 + i) << 32;
		record[1] = i;
		record[2] = 0xdead0000 + (uint64_t)(first + i) * 0x1000;
		record[3] = 0;
	}
	smmu->evtq_base = base | KQ_BIT64(62) | log2size;
	smmu->evtq_prod = (first + count) & mask;
	smmu->evtq_cons = (first + count - unread) & mask;
}
