// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ECAM windows: which function, if any, a config address reaches. Bus
 * numbers are live: what a bridge holds in its registers decides.
 * PCI Express Base Specification, "Configuration Space" and "ECAM".
 */
#include <linux/pci_regs.h>

#include "tests/sim/sim.h"

/* How long a function is left alone after its FLR. */
#define RESET_SETTLE_NS (100u * 1000 * 1000)
#define ABSENT_READ_NS	500u

struct sim_host *sim_host_at(struct sim *sim, uint64_t addr)
{
	for (size_t i = 0; i < sim->host_count; i++) {
		struct sim_host *host = &sim->hosts[i];
		uint64_t first = host->ecam + ((uint64_t)host->bus_first << 20);
		uint64_t end =
			host->ecam + (((uint64_t)host->bus_last + 1) << 20);

		if (addr >= first && addr < end)
			return host;
	}
	return NULL;
}

static bool is_root_bus(const struct sim_host *host, uint8_t bus)
{
	return host->root_buses[bus / 32] & KQ_BIT32(bus % 32);
}

static uint8_t secondary_bus(const struct sim_function *bridge)
{
	return (uint8_t)(bridge->config[PCI_PRIMARY_BUS / 4] >> 8);
}

static uint8_t subordinate_bus(const struct sim_function *bridge)
{
	return (uint8_t)(bridge->config[PCI_PRIMARY_BUS / 4] >> 16);
}

/* Do config requests for @bus come through @bridge, seen from the root? */
static bool forwards(const struct sim_function *bridge, uint8_t bus)
{
	const struct sim_function *up = bridge->parent;

	if (!bridge->present || bridge->faults.dead || bridge->faults.aborts ||
	    bus < secondary_bus(bridge) || bus > subordinate_bus(bridge) ||
	    secondary_bus(bridge) == 0)
		return false;
	return !up || forwards(up, bus);
}

/* A link has one device: a port without ARI forwarding ends at device 0. */
static bool link_lets_through(const struct sim_function *port, uint8_t devfn)
{
	unsigned int type;

	if (!port->pcie_cap || devfn < 8)
		return true;
	type = KQ_GET(PCI_EXP_FLAGS_TYPE,
		      port->config[port->pcie_cap / 4] >> 16);
	if (type != PCI_EXP_TYPE_ROOT_PORT && type != PCI_EXP_TYPE_DOWNSTREAM)
		return true;
	return port->config[(port->pcie_cap + PCI_EXP_DEVCTL2) / 4] &
	       PCI_EXP_DEVCTL2_ARI;
}

static bool reachable(const struct sim_function *fn, uint16_t rid)
{
	uint8_t bus = rid >> 8;

	if (!fn->parent)
		return true;
	if (!forwards(fn->parent, bus))
		return false;
	return bus != secondary_bus(fn->parent) ||
	       link_lets_through(fn->parent, rid & 0xff);
}

struct sim_function *sim_route(struct sim *sim, struct sim_host *host,
			       uint16_t rid)
{
	struct sim_function *alias = NULL;

	for (size_t i = 0; i < sim->function_count; i++) {
		struct sim_function *fn = sim->functions[i];
		uint16_t own;

		if (fn->host != host || !sim_present(fn))
			continue;
		own = sim_rid(fn);
		if (own == rid && reachable(fn, rid))
			return fn;
		if (fn->faults.alias && (own | 7) == (rid | 7) &&
		    reachable(fn, rid))
			alias = fn;
		/* Devices that ignore numbers, below a port that does, too. */
		if (fn->faults.alias_bus && own >> 8 == rid >> 8 &&
		    reachable(fn, own))
			alias = fn;
	}
	return alias;
}

/* The bridge whose secondary bus is @bus, for errors of absent functions. */
static struct sim_function *bridge_of(struct sim *sim, struct sim_host *host,
				      uint8_t bus)
{
	for (size_t i = 0; i < sim->function_count; i++) {
		struct sim_function *fn = sim->functions[i];

		if (fn->host == host && fn->bridge && fn->present &&
		    secondary_bus(fn) == bus)
			return fn;
	}
	return NULL;
}

static bool settling(const struct sim_function *fn)
{
	return fn->flr_ns != 0 && fn->sim->ns - fn->flr_ns < RESET_SETTLE_NS &&
	       !sim_immediate(fn);
}

/* An address of a function that was just reset, or of a VF of such a PF. */
static void check_settle_time(struct sim *sim, struct sim_host *host,
			      uint16_t rid)
{
	for (size_t i = 0; i < sim->function_count; i++) {
		struct sim_function *fn = sim->functions[i];

		if (fn->host == host && fn->last_rid == rid &&
		    (settling(fn) || (fn->pf && settling(fn->pf))))
			sim_violate(sim,
				    "%04x accessed within 100 ms of a reset",
				    rid);
	}
}

static void check_window(struct sim *sim, struct sim_host *host, uint16_t rid)
{
	uint8_t bus = rid >> 8;

	if (!is_root_bus(host, bus))
		return;
	if (host->flags & KQ_HOST_ROOT_BUS_HIDDEN)
		sim_violate(sim, "hidden root bus accessed at %04x", rid);
	if (host->flags & KQ_HOST_ROOT_DEV0_ONLY && (rid & 0xff) >= 8)
		sim_violate(sim, "alias of root device 0 at %04x", rid);
}

static bool absent(struct sim *sim, struct sim_host *host, uint16_t rid,
		   bool write, uint32_t *value)
{
	struct sim_function *bridge = bridge_of(sim, host, rid >> 8);

	sim->ns += ABSENT_READ_NS;
	if (!write)
		*value = UINT32_MAX;
	if (bridge && sim->flag_absent_reads) {
		const struct sim_errors ur = {
			.devsta = PCI_EXP_DEVSTA_URD | PCI_EXP_DEVSTA_CED,
			.secondary = PCI_STATUS_REC_MASTER_ABORT,
			.uncor = PCI_ERR_UNC_UNSUP,
			.cor = PCI_ERR_COR_ADV_NFAT,
			.root = PCI_ERR_ROOT_COR_RCV,
		};

		sim_raise(bridge, &ur);
	}
	return !host->absent_aborts;
}

/* What a function sees of the accesses, and what breaks it. */
static bool answers(struct sim *sim, struct sim_function *fn, bool write,
		    uint32_t *value, bool *ret_ok)
{
	fn->accesses++;
	if (fn->faults.dead_after && fn->accesses > fn->faults.dead_after)
		fn->faults.dead = true;
	if (fn->faults.abort_after && fn->accesses > fn->faults.abort_after)
		fn->faults.aborts = true;
	*ret_ok = !fn->faults.aborts;
	if (!fn->faults.aborts && !fn->faults.dead)
		return true;
	if (!write) {
		*value = UINT32_MAX;
		sim->ns += fn->faults.dead_read_us * 1000;
	}
	return false;
}

/*
 * A function that is still resetting answers Request Retry Status. The
 * root complex shows that as Vendor ID 0001h if RRS Software Visibility is
 * on; otherwise, and for every other register, it gives up after a while.
 */
static uint32_t read_in_reset(struct sim *sim, const struct sim_function *fn,
			      uint32_t reg)
{
	const struct sim_function *port = fn->parent;
	bool visible = sim->rrs_on_root_bus;

	while (port && port->parent)
		port = port->parent;
	if (port)
		visible = port->pcie_cap &&
			  port->config[(port->pcie_cap + PCI_EXP_RTCTL) / 4] &
				  PCI_EXP_RTCTL_CRSSVE;
	if (visible && reg == PCI_VENDOR_ID && !fn->faults.ones_in_reset)
		return 0xffff0001;
	sim->ns += 100 * 1000;
	return UINT32_MAX;
}

bool sim_config_access(struct sim *sim, struct sim_host *host, uint64_t addr,
		       bool write, uint32_t *value)
{
	uint16_t rid = (uint16_t)((addr - host->ecam) >> 12);
	struct sim_function *fn = sim_route(sim, host, rid);
	uint32_t reg = addr & 0xffc;
	bool ok;

	check_window(sim, host, rid);
	check_settle_time(sim, host, rid);
	if (!fn)
		return absent(sim, host, rid, write, value);
	if (!answers(sim, fn, write, value, &ok))
		return ok;
	if (!sim_ready(fn)) {
		if (write)
			sim_violate(sim, "%04x written while in reset", rid);
		else
			*value = read_in_reset(sim, fn, reg);
	} else if (write) {
		sim_function_write(fn, reg, *value);
	} else {
		*value = sim_function_read(fn, reg);
	}
	return true;
}
