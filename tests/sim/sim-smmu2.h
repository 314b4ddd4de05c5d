/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of the SMMUv1/v2 model: sim-smmu2.c, sim-smmu2-dma.c. */
#ifndef KQ_SIM_SMMU2_H
#define KQ_SIM_SMMU2_H

#include "tests/sim/sim.h"

#define SIM_SMMU2_MAPPINGS 256u
#define SIM_SMMU2_BANKS 128u

struct sim_smmu2_bank {
	uint32_t sctlr, actlr, tcr, tcr2, mair0, fsr, fsynr0;
	uint64_t ttbr0, far;
};

/* Everything software can write. */
struct sim_smmu2_state {
	uint32_t scr0, sacr, sgfsr, sgfsynr0, sgfsynr1;
	uint64_t sgfar;
	uint32_t smr[SIM_SMMU2_MAPPINGS], s2cr[SIM_SMMU2_MAPPINGS];
	uint32_t cbar[SIM_SMMU2_BANKS], cba2r[SIM_SMMU2_BANKS];
	uint32_t frsynra[SIM_SMMU2_BANKS];
	struct sim_smmu2_bank banks[SIM_SMMU2_BANKS];
};

struct sim_smmu2 {
	unsigned int version; /* 1 or 2 */
	uint32_t idr[8];
	bool calxeda;	/* aliases only */
	bool split64;	/* 64-bit accesses go wrong */
	bool mmu500;
	bool no_bypass_off; /* CLIENTPD is stuck at 1 */
	bool must_keep; /* policy preserve */
	uint64_t sync_us; /* SIM_NEVER: a TLB sync never ends */
	uint64_t sync_done_ns;
	bool sync_asked, sync_under_way;
	bool stale_tlb;
	struct sim_smmu2_state now, initial;
};

uint32_t sim_smmu2_mappings(const struct sim_smmu2 *v2);
uint32_t sim_smmu2_banks(const struct sim_smmu2 *v2);

#endif
