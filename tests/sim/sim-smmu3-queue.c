// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The command and event queues of an SMMUv3 (Arm IHI 0070, chapters
 * "Command queue and Event queue", "Commands" and "Event queue").
 */
#include "tests/sim/sim.h"

#define CR0_EVTQEN 0x4u
#define CR0_CMDQEN 0x8u
#define GERROR_CMDQ 0x1u
#define CERROR_ILL 1u
#define CERROR_ABT 2u
#define IDR0_HYP KQ_BIT32(9)
#define OVERFLOW 0x80000000u
#define BASE_ADDR KQ_MASK64(51, 5)
#define BASE_ALLOCATE KQ_BIT64(62)

#define VIOLATE(smmu, ...) sim_violate((smmu)->sim, "SMMU: " __VA_ARGS__)

void sim_smmu3_check_queue(struct sim_smmu *smmu, const char *name,
			   uint64_t base, uint32_t limit_log2)
{
	uint32_t log2 = base & 31;
	uint32_t entry = name[0] == 'C' ? 16 : 32;
	uint64_t size = (uint64_t)entry << log2;

	if (log2 > limit_log2)
		VIOLATE(smmu, "%s queue is larger than IDR1 allows", name);
	else if (base & BASE_ADDR & ((size < 32 ? 32 : size) - 1))
		VIOLATE(smmu, "%s queue is misaligned", name);
	else if (!sim_memory_has(smmu->sim, base & BASE_ADDR, size))
		VIOLATE(smmu, "%s queue is not in our memory", name);
	if (base & ~(BASE_ADDR | BASE_ALLOCATE | 31))
		VIOLATE(smmu, "%s queue: reserved bits in its base", name);
}

/* The wrap bit stands above the index. */
static uint32_t queue_mask(uint64_t base)
{
	return (2u << (base & 31)) - 1;
}

static bool has_commands(const struct sim_smmu *smmu)
{
	uint32_t mask = queue_mask(smmu->cmdq_base);

	return smmu->cr0 & smmu->cr0ack & CR0_CMDQEN &&
	       !((smmu->gerror ^ smmu->gerrorn) & GERROR_CMDQ) &&
	       (smmu->cmdq_prod & mask) != (smmu->cmdq_cons & mask);
}

/* PROD moved, or the queue was switched on, or an error acknowledged. */
void sim_smmu3_commands_start(struct sim_smmu *smmu)
{
	uint32_t mask = queue_mask(smmu->cmdq_base);
	uint32_t used = (smmu->cmdq_prod - smmu->cmdq_cons) & mask;

	if (smmu->cr0 & CR0_CMDQEN && used > (mask + 1) / 2)
		VIOLATE(smmu, "more commands than the queue holds");
	if (!has_commands(smmu) || smmu->next_command_ns != SIM_NEVER)
		return;
	smmu->next_command_ns = smmu->command_us == SIM_NEVER ?
					SIM_NEVER - 1 :
					smmu->sim->ns + smmu->command_us * 1000;
	sim_event_at(smmu->sim, smmu->next_command_ns);
	sim_smmu3_commands_settle(smmu);
}

static void command_error(struct sim_smmu *smmu, uint32_t error)
{
	smmu->cmdq_cons = (smmu->cmdq_cons & 0x00ffffff) | error << 24;
	smmu->gerror ^= GERROR_CMDQ;
}

struct command {
	uint8_t code;
	uint8_t inval; /* what is invalidated, at the latest by a SYNC */
	uint64_t word0, word1; /* fields beside the opcode */
};

/* SSec of CFGI_* is RES0 for the Non-secure queue. */
static const struct command known[] = {
	{ 0x01, 0, ~UINT64_C(0), 0x1f },			   /* PREFETCH */
	{ 0x03, 0, KQ_MASK64(63, 32), 1 },			   /* CFGI_STE */
	{ 0x04, SIM_INVAL_CONFIG, KQ_MASK64(63, 32), 0x1f },	   /* _RANGE */
	{ 0x05, 0, KQ_MASK64(63, 32) | KQ_MASK64(31, 12), 1 },	   /* CFGI_CD */
	{ 0x10, 0, KQ_MASK64(47, 32), 0 },			   /* NH_ALL */
	{ 0x20, SIM_INVAL_EL2, 0, 0 },				   /* EL2_ALL */
	{ 0x28, 0, KQ_MASK64(47, 32), 0 },			   /* S12 */
	{ 0x30, SIM_INVAL_TLB, 0, 0 },				   /* NSNH_ALL */
	{ 0x46, 0, KQ_MASK64(63, 32) | KQ_MASK64(27, 22) | KQ_MASK64(13, 12),
	  KQ_MASK64(51, 2) },					   /* SYNC */
};

static void forget_ste(struct sim_smmu *smmu, uint32_t sid)
{
	for (unsigned int i = 0; i < SIM_MAX_CACHED; i++)
		if (smmu->cached[i].addr && smmu->cached[i].sid == sid)
			smmu->cached[i].addr = 0;
}

static void forget_all(struct sim_smmu *smmu)
{
	for (unsigned int i = 0; i < SIM_MAX_CACHED; i++)
		smmu->cached[i].addr = 0;
}

/* It is complete when a SYNC behind it is: before, caches may hold on. */
static void complete_sync(struct sim_smmu *smmu)
{
	if (smmu->pending_inval & SIM_INVAL_CONFIG)
		smmu->stale_config = false;
	if (smmu->pending_inval & SIM_INVAL_TLB)
		smmu->stale_tlb = false;
	if (smmu->pending_inval & SIM_INVAL_EL2)
		smmu->stale_el2 = false;
	smmu->pending_inval = 0;
	sim_dma_settle(smmu->sim);
}

static bool execute(struct sim_smmu *smmu, uint64_t word0, uint64_t word1)
{
	uint8_t code = word0 & 0xff;
	const struct command *c = NULL;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].code == code)
			c = &known[i];
	if (!c || (code == 0x20 && !(smmu->idr[0] & IDR0_HYP))) {
		VIOLATE(smmu, "illegal command %#x", code);
		return false;
	}
	if (word0 & ~(c->word0 | 0xff) || word1 & ~c->word1)
		VIOLATE(smmu, "command %#x: reserved bits", code);
	smmu->pending_inval |= c->inval;
	if (code == 0x03)
		forget_ste(smmu, (uint32_t)(word0 >> 32));
	if (code == 0x04 && (word1 & 0x1f) != 31)
		smmu->pending_inval &= ~SIM_INVAL_CONFIG;
	else if (code == 0x04)
		forget_all(smmu);
	if (code == 0x46)
		complete_sync(smmu);
	return true;
}

static void consume(struct sim_smmu *smmu)
{
	uint32_t mask = queue_mask(smmu->cmdq_base);
	uint64_t at = (smmu->cmdq_base & BASE_ADDR) +
		      16 * (uint64_t)(smmu->cmdq_cons & mask >> 1);
	uint64_t word0, word1;

	smmu->commands++;
	if (!sim_memory_read(smmu->sim, at, &word0) ||
	    !sim_memory_read(smmu->sim, at + 8, &word1)) {
		VIOLATE(smmu, "commands fetched from nowhere");
		command_error(smmu, CERROR_ABT);
	} else if (smmu->commands_fail || !execute(smmu, word0, word1)) {
		command_error(smmu, CERROR_ILL);
	} else {
		smmu->cmdq_cons = (smmu->cmdq_cons & ~mask) |
				  ((smmu->cmdq_cons + 1) & mask);
	}
	if (smmu->commands_left && --smmu->commands_left == 0)
		smmu->command_us = SIM_NEVER;
}

void sim_smmu3_commands_settle(struct sim_smmu *smmu)
{
	while (smmu->next_command_ns != SIM_NEVER) {
		if (smmu->sim->ns < smmu->next_command_ns) {
			sim_event_at(smmu->sim, smmu->next_command_ns);
			return;
		}
		smmu->next_command_ns = SIM_NEVER;
		if (has_commands(smmu))
			consume(smmu);
		if (!has_commands(smmu))
			return;
		smmu->next_command_ns =
			smmu->command_us == SIM_NEVER ?
				SIM_NEVER - 1 :
				smmu->sim->ns + smmu->command_us * 1000;
	}
}

/* Written if there is room; else the overflow flag is made to differ. */
void sim_smmu3_event(struct sim_smmu *smmu, unsigned int type, uint32_t sid,
		     uint64_t addr)
{
	uint32_t mask = queue_mask(smmu->evtq_base);
	uint32_t used = (smmu->evtq_prod - smmu->evtq_cons) & mask;
	uint64_t at = (smmu->evtq_base & BASE_ADDR) +
		      32 * (uint64_t)(smmu->evtq_prod & mask >> 1);

	/* What the old kernel would have got is of no interest here. */
	if (!(smmu->cr0 & smmu->cr0ack & CR0_EVTQEN) ||
	    smmu->evtq_base == smmu->initial.evtq_base)
		return;
	smmu->events++;
	if (used >= (mask + 1) / 2) {
		if (!((smmu->evtq_prod ^ smmu->evtq_cons) & OVERFLOW))
			smmu->evtq_prod ^= OVERFLOW;
		return;
	}
	if (!sim_memory_write(smmu->sim, at,
			      type | (uint64_t)sid << 32) ||
	    !sim_memory_write(smmu->sim, at + 8, 0) ||
	    !sim_memory_write(smmu->sim, at + 16, addr) ||
	    !sim_memory_write(smmu->sim, at + 24, 0))
		VIOLATE(smmu, "an event is written to nowhere");
	smmu->evtq_prod = (smmu->evtq_prod & ~mask) |
			  ((smmu->evtq_prod + 1) & mask);
}
