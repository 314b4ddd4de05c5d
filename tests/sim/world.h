/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small machine most stage tests start from, and a run of the stage. */
#ifndef KQ_WORLD_H
#define KQ_WORLD_H

#include <linux/pci_regs.h>

#include "tests/sim/sim.h"

#define NIC_ID	   0x10c98086u
#define NIC_CLASS  0x02000001u
#define NVME_ID	   0xa808144du
#define NVME_CLASS 0x01080202u

/*
 *	00:01.0 root port -> 01:00.0 NIC, FLR, AER
 *	00:02.0 root port -> 02:00.0 NVMe, FLR, AER
 *	00:03.0 conventional device without any reset
 */
struct world {
	struct sim *sim;
	struct sim_host *host;
	struct sim_smmu *smmu;
	struct sim_function *port1;
	struct sim_function *port2;
	struct sim_function *nic;
	struct sim_function *nvme;
	struct sim_function *old;
	struct sim_plan options;
	struct kq_plan_header *plan;
	struct sim_run run;
};

void world_init(struct world *w);
/* An endpoint with FLR and AER behind SMMU 0. */
struct sim_function *world_endpoint(struct world *w,
				    struct sim_function *parent, uint8_t devfn,
				    uint32_t id);
/* Build the plan; to be called once the world is as it was at load time. */
void world_plan(struct world *w);
/* Seal the plan and run the stage; builds the plan if that was not done. */
void world_run(struct world *w);
void world_free(struct world *w);
/* No rule of the simulator was broken: prints those that were. */
bool world_clean(const struct world *w);
uint32_t world_result(const struct world *w, const struct sim_function *fn);
uint32_t world_flags(const struct world *w, const struct sim_function *fn);

#endif
