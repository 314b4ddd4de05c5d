// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/sim/world.h"

#include <stdio.h>
#include <stdlib.h>

struct sim_function *world_endpoint(struct world *w,
				    struct sim_function *parent, uint8_t devfn,
				    uint32_t id)
{
	struct sim_function *fn = sim_add_function(w->sim, w->host, parent,
						   devfn, id, NIC_CLASS);

	sim_add_pm(fn);
	sim_add_msix(fn);
	sim_add_pcie(fn, PCI_EXP_TYPE_ENDPOINT, true);
	sim_add_aer(fn);
	fn->smmu = 0;
	fn->stream_id = sim_rid(fn);
	return fn;
}

void world_init(struct world *w)
{
	*w = (struct world){ .options = SIM_PLAN_DEFAULT };
	w->sim = sim_new();
	w->host = sim_add_host(w->sim, 0x4010000000, 0, 0, 255);
	w->smmu = sim_add_smmu(w->sim, 0x09050000);
	/* Its old first-level stream table: no stream had been attached. */
	sim_add_ram(w->sim, 0x88000000, 2048);
	w->port1 = sim_add_bridge(w->sim, w->host, NULL, 0x08,
				  PCI_EXP_TYPE_ROOT_PORT, 1, 1);
	w->port2 = sim_add_bridge(w->sim, w->host, NULL, 0x10,
				  PCI_EXP_TYPE_ROOT_PORT, 2, 2);
	sim_add_aer(w->port1);
	sim_add_aer(w->port2);
	w->nic = world_endpoint(w, w->port1, 0, NIC_ID);
	w->nvme = world_endpoint(w, w->port2, 0, NVME_ID);
	w->old = sim_add_function(w->sim, w->host, NULL, 0x18, 0x11e81234,
				  0x00ff0010);
	w->old->smmu = 0;
	w->old->stream_id = sim_rid(w->old);
}

void world_plan(struct world *w)
{
	w->plan = sim_plan_build(w->sim, &w->options);
}

void world_run(struct world *w)
{
	if (!w->plan)
		world_plan(w);
	sim_plan_seal(w->sim, w->plan);
	sim_run(w->sim, w->plan, &w->run);
}

void world_free(struct world *w)
{
	sim_run_free(&w->run);
	free(w->plan);
	sim_free(w->sim);
}

bool world_clean(const struct world *w)
{
	const struct sim *sim = w->sim;

	for (size_t i = 0; i < sim->violation_count; i++)
		if (i < SIM_MAX_VIOLATIONS)
			fprintf(stderr, "rule broken: %s\n",
				sim->violations[i]);
	return sim->violation_count == 0;
}

uint32_t world_result(const struct world *w, const struct sim_function *fn)
{
	const struct kq_report_function *record = sim_record(&w->run, fn);

	return record ? record->result : UINT32_MAX;
}

uint32_t world_flags(const struct world *w, const struct sim_function *fn)
{
	const struct kq_report_function *record = sim_record(&w->run, fn);

	return record ? record->flags : 0;
}
