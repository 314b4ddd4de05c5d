/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translation table walks, VMSAv8-64 and the long descriptors of AArch32
 * (Arm DDI 0487, "The AArch64 Virtual Memory System Architecture").
 */
#ifndef KQ_SIM_WALK_H
#define KQ_SIM_WALK_H

#include "tests/sim/sim.h"

enum sim_walk_result {
	SIM_WALK_OK,
	SIM_WALK_TRANSLATION, /* no valid entry, or beyond the input size */
	SIM_WALK_ADDRESS_SIZE,
	SIM_WALK_ACCESS, /* access flag */
	SIM_WALK_PERMISSION,
	SIM_WALK_ABORT, /* a table that leads nowhere */
};

struct sim_walk {
	uint64_t table;
	unsigned int page_shift; /* 12, 14 or 16 */
	unsigned int input_bits;
	unsigned int output_bits;
	int start_level; /* stage 2; stage 1 derives it */
	bool stage2;
	bool no_access_flag; /* AFFD, or AFE the other way round */
};

/* Is @start_level allowed for that size (stage 2)? */
bool sim_walk_valid(const struct sim_walk *walk);
enum sim_walk_result sim_walk(struct sim *sim, const struct sim_walk *walk,
			      uint64_t addr, bool write, uint64_t *ret);
/* Output sizes as ID registers, PS and IPS fields encode them. */
unsigned int sim_walk_output_bits(uint32_t encoding);

#endif
