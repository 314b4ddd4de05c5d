// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The input is the config space of three functions that are not in the
 * plan, 4 KiB each, at device 0 function 0 and 1 behind a port and on the
 * root bus: the walk reads whatever a device holds there. It comes to its
 * end, writes nothing but COMMAND without bus master, and leaves a report
 * that passes its check.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/sim/world.h"

#define CONFIG_SIZE (SIM_CONFIG_DWORDS * 4u)

static void load(struct sim_function *fn, const uint8_t *data, size_t size)
{
	if (size > CONFIG_SIZE)
		size = CONFIG_SIZE;
	memcpy(fn->config, data, size);
	fn->writable[PCI_COMMAND / 4] = 0xffff;
	fn->pcie_cap = fn->af_cap = fn->aer_cap = 0;
}

static void check_writes(const struct world *w, const struct sim_function *fn)
{
	for (size_t i = 0; i < w->sim->log_count; i++) {
		const struct sim_access *a = &w->sim->log[i];

		if (a->owner == fn && a->write &&
		    (a->reg != PCI_COMMAND || a->value & PCI_COMMAND_MASTER ||
		     a->value >> 16))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sim_function *fns[3];
	struct world w;

	world_init(&w);
	w.options.quiesce = KQ_QUIESCE_BME;
	w.sim->limit_us = 4000000;
	world_plan(&w);
	w.nvme->present = false;
	fns[0] = sim_add_function(w.sim, w.host, w.port2, 0, 0, 0);
	fns[1] = sim_add_function(w.sim, w.host, w.port2, 1, 0, 0);
	fns[2] = sim_add_function(w.sim, w.host, NULL, 0x28, 0, 0);
	for (size_t i = 0; i < 3 && i * CONFIG_SIZE < size; i++)
		load(fns[i], data + i * CONFIG_SIZE, size - i * CONFIG_SIZE);
	/* A plan entry for the address of the first: not its device. */
	fns[0]->plan_index = -1;
	world_run(&w);
	if (!w.run.report || sim_violated(w.sim, "took ") ||
	    sim_violated(w.sim, "misaligned") ||
	    sim_violated(w.sim, "where nothing is") ||
	    sim_violated(w.sim, "not aborting at the end")) {
		world_clean(&w);
		abort();
	}
	for (size_t i = 0; i < 3; i++)
		check_writes(&w, fns[i]);
	world_free(&w);
	return 0;
}

static void put(const struct sim_function *fn, uint8_t *data, unsigned int at)
{
	memcpy(data + at * CONFIG_SIZE, fn->config, CONFIG_SIZE);
}

size_t kq_fuzz_seed(unsigned int index, uint8_t *data)
{
	struct sim_function *fn;
	struct world w;

	if (index > 1)
		return 0;
	world_init(&w);
	w.nic->config[PCI_CACHE_LINE_SIZE / 4] |= 0x00800000;
	if (index == 1) {
		sim_add_sriov(w.nic, 2, 1, 1);
		sim_add_ari(w.nic, 1);
	}
	put(w.nic, data, 0);
	put(w.nvme, data, 1);
	fn = sim_add_bridge(w.sim, w.host, NULL, 0x28, PCI_EXP_TYPE_ROOT_PORT,
			    5, 7);
	put(index == 1 ? fn : w.old, data, 2);
	sim_free(w.sim);
	return 3 * CONFIG_SIZE;
}
