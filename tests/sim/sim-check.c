// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the stage may do to PCI functions: rules that hold at every write,
 * and rules for the end. They come from the PCIe specification, from the
 * plan, and from the project's promises (docs/architecture.md).
 */
#include <linux/pci_regs.h>

#include "tests/sim/sim.h"

#define HEADER_SIZE 0x40u

bool sim_healthy(const struct sim_function *fn)
{
	const struct sim_function_faults *f = &fn->faults;

	/* Who finds an unlisted VF but through its PF? */
	if (fn->pf && fn->plan_index < 0 && !sim_healthy(fn->pf))
		return false;
	return sim_present(fn) && !fn->replaced && !fn->no_config &&
	       !(fn->plan_flags & KQ_FN_SKIP) && !f->aborts && !f->dead &&
	       !f->bme_stuck && !f->dead_after && !f->abort_after &&
	       !f->gone_at_us;
}

/* Would the config space answer, all bridges above it included? */
static bool in_reach(const struct sim_function *fn)
{
	return sim_route(fn->sim, fn->host, sim_rid(fn)) == fn;
}

void sim_check_config_read(struct sim_function *fn, uint32_t reg)
{
	if (!fn->sim->started)
		return;
	if (fn->no_config)
		sim_violate(fn->sim, "%04x has no config window in the plan",
			    fn->last_rid);
	/* Its identity, and where the next function of an ARI device is. */
	if (fn->replaced && reg > PCI_CACHE_LINE_SIZE &&
	    reg < PCI_CFG_SPACE_SIZE)
		sim_violate(fn->sim, "%04x is another device, but %#x was read",
			    fn->last_rid, reg);
}

static bool below(const struct sim_function *fn,
		  const struct sim_function *bridge)
{
	const struct sim_function *p = fn->parent;

	while (p && p != bridge)
		p = p->parent;
	return p;
}

/* As far as the stage can know, it may still be at work. */
static bool may_be_at_work(const struct sim_function *fn)
{
	const struct sim_function_faults *f = &fn->faults;

	return !sim_present(fn) || sim_bme(fn) || fn->in_reset || f->dead ||
	       f->aborts;
}

/* Only above functions that resisted, and only if the plan allows it. */
static void check_bridge_off(const struct sim_function *bridge)
{
	struct sim *sim = bridge->sim;
	bool needed = false;

	for (size_t i = 0; i < sim->function_count; i++) {
		const struct sim_function *fn = sim->functions[i];

		if (fn->bridge || !below(fn, bridge))
			continue;
		needed |= may_be_at_work(fn);
		if (sim_healthy(fn) && sim_bme(fn) && fn->plan_index >= 0 &&
		    !fn->in_reset)
			sim_violate(sim, "bridge %04x switched off before %04x",
				    bridge->last_rid, fn->last_rid);
	}
	if (!(sim->plan_flags & KQ_PLAN_BRIDGES))
		sim_violate(sim, "bridge %04x switched off, plan forbids it",
			    bridge->last_rid);
	else if (!needed)
		sim_violate(sim, "bridge %04x switched off without need",
			    bridge->last_rid);
}

/* Old error bits are evidence; only what we raised may be cleared. */
static void check_evidence(const struct sim_function *fn, uint32_t reg,
			   uint32_t cleared, uint32_t own)
{
	if (cleared & fn->config[reg / 4] & fn->rw1c[reg / 4] & ~own)
		sim_violate(fn->sim, "%04x: evidence cleared at %#x",
			    fn->last_rid, reg);
}

static void check_bars_first(const struct sim_function *fn, uint32_t value)
{
	unsigned int first = PCI_BASE_ADDRESS_0 / 4;

	if (!(value & (PCI_COMMAND_MEMORY | PCI_COMMAND_IO)))
		return;
	for (unsigned int i = first; i < first + 6; i++)
		if (fn->config[i] != fn->initial[i])
			sim_violate(fn->sim, "%04x decodes before its BARs",
				    fn->last_rid);
}

static void check_command(struct sim_function *fn, uint32_t value)
{
	uint32_t changed = (value ^ fn->config[PCI_COMMAND / 4]) & 0xffff;
	struct sim *sim = fn->sim;

	check_evidence(fn, PCI_COMMAND, value & 0xffff0000,
		       fn->own.status << 16);
	if (changed & value & PCI_COMMAND_MASTER)
		sim_violate(sim, "%04x: bus master switched on", fn->last_rid);
	if (fn->bridge && changed & ~value & PCI_COMMAND_MASTER)
		check_bridge_off(fn);
	if (fn->flr_count)
		check_bars_first(fn, value);
	else if (changed & ~(uint32_t)PCI_COMMAND_MASTER)
		sim_violate(sim, "%04x: COMMAND bits changed: %#x",
			    fn->last_rid, changed);
}

static void check_pcie(struct sim_function *fn, uint32_t reg, uint32_t value)
{
	uint32_t field = reg - fn->pcie_cap;
	uint32_t changed = (value ^ fn->config[reg / 4]) & 0x7fff;
	bool restoring = fn->flr_count > 0;

	switch (field) {
	case PCI_EXP_DEVCTL:
		check_evidence(fn, reg, value, fn->own.devsta << 16);
		if (changed && !restoring)
			sim_violate(fn->sim, "%04x: DEVCTL changed: %#x",
				    fn->last_rid, changed);
		if (fn->bridge && value & PCI_EXP_DEVCTL_BCR_FLR)
			sim_violate(fn->sim, "%04x: FLR of a bridge",
				    fn->last_rid);
		return;
	case PCI_EXP_LNKCTL:
		if (value & (PCI_EXP_LNKCTL_LD | PCI_EXP_LNKCTL_RL))
			sim_violate(fn->sim, "%04x: link disturbed: %#x",
				    fn->last_rid, value);
		/* fall through */
	case PCI_EXP_DEVCTL2:
	case PCI_EXP_LNKCTL2:
		if (restoring)
			return;
		/* fall through */
	default:
		sim_violate(fn->sim, "%04x: write to PCIe register %#x",
			    fn->last_rid, field);
	}
}

static bool pcie_register(const struct sim_function *fn, uint32_t reg)
{
	return fn->pcie_cap && reg >= fn->pcie_cap &&
	       reg < fn->pcie_cap + 0x3cu;
}

static void check_register(struct sim_function *fn, uint32_t reg,
			   uint32_t value)
{
	uint32_t aer = fn->aer_cap;

	if (reg == PCI_COMMAND)
		check_command(fn, value);
	else if (reg == PCI_IO_BASE && fn->bridge &&
		 !((value ^ fn->config[reg / 4]) & 0xffff))
		check_evidence(fn, reg, value & 0xffff0000,
			       fn->own.secondary << 16);
	else if (aer && reg == aer + PCI_ERR_ROOT_STATUS)
		check_evidence(fn, reg, value, fn->own.root);
	else if (reg < HEADER_SIZE && fn->flr_count && !fn->bridge)
		return;
	else if (pcie_register(fn, reg))
		check_pcie(fn, reg, value);
	else if (fn->af_cap && reg == fn->af_cap + 4u)
		return;
	else if (aer && reg == aer + PCI_ERR_UNCOR_STATUS)
		check_evidence(fn, reg, value, fn->own.uncor);
	else if (aer && reg == aer + PCI_ERR_COR_STATUS)
		check_evidence(fn, reg, value, fn->own.cor);
	else
		sim_violate(fn->sim, "%04x: write to %#x", fn->last_rid, reg);
}

/* Whose driver shut it down: orderly kexec, not mastering, nothing pending. */
static bool orderly_quiet(const struct sim_function *fn)
{
	return fn->sim->plan_kind == KQ_PLAN_ORDERLY && !fn->bridge &&
	       !(fn->initial[PCI_COMMAND / 4] & PCI_COMMAND_MASTER) &&
	       !fn->faults.pending_us && !fn->faults.pending_at_rest;
}

void sim_check_config_write(struct sim_function *fn, uint32_t reg,
			    uint32_t value)
{
	struct sim *sim = fn->sim;

	if (!sim->started)
		return;
	if (fn->no_config || (fn->replaced && reg != PCI_COMMAND))
		sim_violate(sim, "%04x is not ours, but was written",
			    fn->last_rid);
	if (fn->plan_flags & KQ_FN_SKIP)
		sim_violate(sim, "%04x is to be skipped, but was written",
			    fn->last_rid);
	if (sim->plan_quiesce == KQ_QUIESCE_NONE && reg == PCI_COMMAND)
		sim_violate(sim, "%04x written though quiesce is none",
			    fn->last_rid);
	if (orderly_quiet(fn))
		sim_violate(sim, "%04x was shut down, but was written",
			    fn->last_rid);
	check_register(fn, reg, value);
}

static void check_flr_allowed(const struct sim_function *fn, bool af)
{
	uint32_t needed = af ? KQ_FN_AF_FLR : KQ_FN_FLR;
	struct sim *sim = fn->sim;

	if (fn->bridge ||
	    (fn->pcie_cap && sim_port_type(fn) >= 4 && sim_port_type(fn) <= 8))
		sim_violate(sim, "%04x: FLR of a bridge", fn->last_rid);
	if (fn->plan_index < 0 || fn->replaced)
		sim_violate(sim, "%04x: FLR of an unlisted function",
			    fn->last_rid);
	else if (fn->plan_flags & (KQ_FN_FLR_BROKEN | KQ_FN_DEV_RESET) ||
		 !(fn->plan_flags & needed))
		sim_violate(sim, "%04x: FLR, the plan does not allow it",
			    fn->last_rid);
	if (sim->plan_quiesce != KQ_QUIESCE_FLR)
		sim_violate(sim, "%04x: FLR though quiesce is not flr",
			    fn->last_rid);
}

void sim_check_flr(struct sim_function *fn, bool af)
{
	struct sim *sim = fn->sim;

	if (!sim->started)
		return;
	check_flr_allowed(fn, af);
	/* FLR is the remedy where bus master cannot be switched off. */
	if (sim_bme(fn) && !fn->faults.bme_stuck)
		sim_violate(sim, "%04x: FLR with bus master on", fn->last_rid);
	if (fn->flr_count)
		sim_violate(sim, "%04x: second FLR", fn->last_rid);
	if (sim_trpnd(fn) &&
	    sim->ns < fn->bme_off_ns + sim->pending_wait_us * 1000)
		sim_violate(sim, "%04x: FLR while transactions are pending",
			    fn->last_rid);
	for (size_t i = 0; i < sim->function_count; i++) {
		const struct sim_function *other = sim->functions[i];

		if (other->plan_index >= 0 && !other->bridge &&
		    sim_healthy(other) && sim_bme(other) && in_reach(other))
			sim_violate(sim, "FLR of %04x, but %04x is mastering",
				    fn->last_rid, other->last_rid);
	}
}

void sim_check_devices_first(struct sim *sim)
{
	if (sim->plan_quiesce == KQ_QUIESCE_NONE)
		return;
	for (size_t i = 0; i < sim->function_count; i++) {
		const struct sim_function *fn = sim->functions[i];

		if (fn->plan_index >= 0 && !fn->bridge && sim_healthy(fn) &&
		    sim_bme(fn) && in_reach(fn))
			sim_violate(sim,
				    "SMMU switched while %04x is mastering",
				    fn->last_rid);
	}
}

/* Function 0, of which there is one only below a port. */
static bool starts_device(const struct sim_function *fn)
{
	const struct sim_function *up = fn->parent;

	return fn->devfn == 0 ||
	       (fn->devfn % 8 == 0 &&
		(!up || sim_port_type(up) == PCI_EXP_TYPE_PCI_BRIDGE));
}

static void check_end(struct sim_function *fn)
{
	struct sim *sim = fn->sim;

	if (fn->replaced && sim_present(fn) && sim_bme(fn) && !sim->hurried &&
	    sim->plan_quiesce != KQ_QUIESCE_NONE && in_reach(fn) &&
	    !(fn->plan_flags & KQ_FN_SKIP) && !fn->faults.aborts &&
	    !fn->faults.dead && !fn->faults.bme_stuck &&
	    /* Without function 0 there is no device to be found. */
	    starts_device(fn))
		sim_violate(sim, "%04x, another device, is still mastering",
			    fn->last_rid);
	if (!sim_healthy(fn) || fn->in_reset || !in_reach(fn))
		return;
	if (!fn->bridge && sim_bme(fn) &&
	    sim->plan_quiesce != KQ_QUIESCE_NONE &&
	    !(sim->hurried && fn->plan_index < 0))
		sim_violate(sim, "%04x is still mastering at the end",
			    fn->last_rid);
	if (fn->plan_index >= 0 && !sim->hurried &&
	    sim->plan_quiesce != KQ_QUIESCE_NONE &&
	    (fn->own.status | fn->own.secondary | fn->own.devsta |
	     fn->own.uncor | fn->own.cor | fn->own.root))
		sim_violate(sim,
			    "%04x: errors of our own are left: Status %#x, "
			    "secondary %#x, device %#x, AER %#x %#x, root %#x",
			    fn->last_rid, fn->own.status, fn->own.secondary,
			    fn->own.devsta, fn->own.uncor, fn->own.cor,
			    fn->own.root);
}

void sim_check_functions(struct sim *sim)
{
	for (size_t i = 0; i < sim->function_count; i++)
		check_end(sim->functions[i]);
}

const struct sim_access *sim_find_write(const struct sim *sim,
					const void *owner, uint32_t reg,
					uint32_t mask, uint32_t value)
{
	for (size_t i = 0; i < sim->log_count; i++) {
		const struct sim_access *a = &sim->log[i];

		if (a->write && a->owner == owner && a->reg == reg &&
		    (a->value & mask) == value)
			return a;
	}
	return NULL;
}

unsigned int sim_count(const struct sim *sim, const void *owner, bool write)
{
	unsigned int n = 0;

	for (size_t i = 0; i < sim->log_count; i++)
		n += sim->log[i].owner == owner && sim->log[i].write == write;
	return n;
}
