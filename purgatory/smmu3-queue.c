// SPDX-License-Identifier: GPL-2.0-or-later
/* Registers, handshakes and our own command queue. */
#include "lib/error.h"
#include "purgatory/smmu3-parts.h"

/* Linux grants each handshake a second; so do we, budget permitting. */
#define HANDSHAKE_US 1000000u
#define HANDSHAKE_LEAST_US 10000u

#define COMMANDS_LOG2 3u /* we never have more than three in flight */

uint32_t kq_smmu3_read(const struct kq_smmu *smmu, uint32_t reg)
{
	return kq_io_read32(&smmu->stage->io,
			    kq_paddr(smmu->plan->base + reg));
}

uint64_t kq_smmu3_read64(const struct kq_smmu *smmu, uint32_t reg)
{
	return kq_io_read64(&smmu->stage->io,
			    kq_paddr(smmu->plan->base + reg));
}

void kq_smmu3_write(const struct kq_smmu *smmu, uint32_t reg, uint32_t value)
{
	kq_io_write32(&smmu->stage->io, kq_paddr(smmu->plan->base + reg),
		      value);
}

void kq_smmu3_write64(const struct kq_smmu *smmu, uint32_t reg, uint64_t value)
{
	kq_io_write64(&smmu->stage->io, kq_paddr(smmu->plan->base + reg),
		      value);
}

uint32_t kq_smmu3_page1(const struct kq_smmu *smmu, uint32_t reg)
{
	return smmu->plan->flags & KQ_SMMU_PAGE0_ONLY ? reg :
							SMMU3_PAGE1 + reg;
}

int kq_smmu3_wait(const struct kq_smmu *smmu, uint32_t reg, uint32_t mask,
		  uint32_t value)
{
	uint64_t timeout = kq_stage_timeout(smmu->stage, HANDSHAKE_US,
					    HANDSHAKE_LEAST_US);
	int r = kq_poll32(&smmu->stage->io, kq_paddr(smmu->plan->base + reg),
			  mask, value, timeout);

	if (r == -KQ_ERR_TIMEOUT) {
		smmu->record->stuck_offset = reg;
		if (timeout < HANDSHAKE_US)
			smmu->stage->report->flags |= KQ_REPORT_OVER_BUDGET;
	}
	return r;
}

int kq_smmu3_write_and_wait(const struct kq_smmu *smmu, uint32_t reg,
			    uint32_t ack, uint32_t value)
{
	kq_smmu3_write(smmu, reg, value);
	return kq_smmu3_wait(smmu, ack, UINT32_MAX, value);
}

void kq_smmu3_acknowledge(const struct kq_smmu *smmu)
{
	uint32_t gerror = kq_smmu3_read(smmu, SMMU3_GERROR);
	uint32_t gerrorn = kq_smmu3_read(smmu, SMMU3_GERRORN);

	kq_smmu3_write(smmu, SMMU3_GERRORN,
		       (gerror & ~SMMU3_GERROR_SFM) |
			       (gerrorn & SMMU3_GERROR_SFM));
}

int kq_smmu3_start_commands(const struct kq_smmu *smmu, uint32_t enables)
{
	struct kq_smmu_state *state = smmu->state;
	uint64_t size = SMMU3_COMMAND_SIZE << COMMANDS_LOG2;

	if (KQ_GET(SMMU3_IDR1_CMDQS, smmu->record->idr1) < COMMANDS_LOG2)
		return -KQ_ERR_NOTSUP;
	if (!state->commands)
		state->commands = kq_stage_keep(smmu->stage, size, size);
	if (!state->commands)
		return -KQ_ERR_NOSPACE;
	state->command_prod = 0;
	kq_smmu3_write64(smmu, SMMU3_CMDQ_BASE,
			 SMMU3_Q_BASE_ALLOCATE | (uint64_t)state->commands |
				 COMMANDS_LOG2);
	kq_smmu3_write(smmu, SMMU3_CMDQ_PROD, 0);
	kq_smmu3_write(smmu, SMMU3_CMDQ_CONS, 0);
	/* An old command error would keep the new queue from running. */
	kq_smmu3_acknowledge(smmu);
	return kq_smmu3_write_and_wait(smmu, SMMU3_CR0, SMMU3_CR0ACK,
				       enables | SMMU3_CR0_CMDQEN);
}

int kq_smmu3_command(const struct kq_smmu *smmu, uint64_t word0,
		     uint64_t word1)
{
	struct kq_smmu_state *state = smmu->state;
	uint32_t slot = state->command_prod & ((1u << COMMANDS_LOG2) - 1);
	uint64_t *command = &state->commands[2 * slot];

	command[0] = word0;
	command[1] = word1;
	kq_io_sync_ram(&smmu->stage->io, kq_paddr((uint64_t)command),
		       SMMU3_COMMAND_SIZE);
	/* Index and wrap bit. */
	state->command_prod =
		(state->command_prod + 1) & ((2u << COMMANDS_LOG2) - 1);
	kq_smmu3_write(smmu, SMMU3_CMDQ_PROD, state->command_prod);
	/* Waiting for each keeps the queue from ever being full. */
	return kq_smmu3_wait(smmu, SMMU3_CMDQ_CONS,
			     (2u << COMMANDS_LOG2) - 1, state->command_prod);
}

/* A SYNC that was consumed is complete: CS is "none", and nothing follows. */
int kq_smmu3_sync(const struct kq_smmu *smmu)
{
	return kq_smmu3_command(smmu, SMMU3_CMD_SYNC, 0);
}

int kq_smmu3_invalidate_all(const struct kq_smmu *smmu)
{
	int r = kq_smmu3_command(smmu, SMMU3_CMD_CFGI_ALL,
				 SMMU3_CMD_1_ALL_STREAMS);

	if (r == 0)
		r = kq_smmu3_sync(smmu);
	if (r == 0 && smmu->record->idr0 & SMMU3_IDR0_HYP)
		r = kq_smmu3_command(smmu, SMMU3_CMD_TLBI_EL2_ALL, 0);
	if (r == 0)
		r = kq_smmu3_command(smmu, SMMU3_CMD_TLBI_NSNH_ALL, 0);
	return r == 0 ? kq_smmu3_sync(smmu) : r;
}
