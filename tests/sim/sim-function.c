// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One PCI function: its config space, what writes do to it, and function
 * level reset. PCI Express Base Specification, chapters "Function Level
 * Reset (FLR)" and "Software Initialization and Configuration"; Advanced
 * Features: PCI ECN of 2006.
 */
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

#define COMMAND_WRITABLE \
	(PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | \
	 PCI_COMMAND_PARITY | PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE)
#define STATUS_RW1C	0xf9000000u
#define STATUS_CAP_LIST ((uint32_t)PCI_STATUS_CAP_LIST << 16)
#define DEVCTL_DEFAULT	0x2810u /* relaxed ordering, no snoop, MRRS 512 */
#define DEVSTA_RW1C	0x000f0000u
#define DEFAULT_FLR_US	20000u

struct sim_host *sim_add_host(struct sim *sim, uint64_t ecam, uint16_t segment,
			      uint8_t first, uint8_t last)
{
	struct sim_host *host;

	if (sim->host_count == SIM_MAX_HOSTS)
		abort();
	host = &sim->hosts[sim->host_count++];
	host->ecam = ecam;
	host->segment = segment;
	host->bus_first = first;
	host->bus_last = last;
	sim_add_root_bus(host, first);
	return host;
}

void sim_add_root_bus(struct sim_host *host, uint8_t bus)
{
	host->root_buses[bus / 32] |= KQ_BIT32(bus % 32);
}

/* Give a register its value, and say which bits software can change. */
static void define(struct sim_function *fn, uint32_t reg, uint32_t value,
		   uint32_t writable)
{
	fn->config[reg / 4] = value;
	fn->writable[reg / 4] = writable;
}

static struct sim_function *new_function(struct sim *sim)
{
	struct sim_function *fn = calloc(1, sizeof(*fn));
	size_t size = (sim->function_count + 1) * sizeof(fn);

	sim->functions = realloc(sim->functions, size);
	if (!fn || !sim->functions)
		abort();
	sim->functions[sim->function_count++] = fn;
	fn->sim = sim;
	fn->present = true;
	fn->plan_index = -1;
	fn->smmu = -1;
	fn->next_cap = 0x40;
	fn->next_ext_cap = PCI_CFG_SPACE_SIZE;
	return fn;
}

struct sim_function *sim_add_function(struct sim *sim, struct sim_host *host,
				      struct sim_function *parent,
				      uint8_t devfn, uint32_t id,
				      uint32_t class_revision)
{
	struct sim_function *fn = new_function(sim);

	fn->host = host;
	fn->parent = parent;
	fn->root_bus = host->bus_first;
	fn->devfn = devfn;
	fn->dma = true;
	define(fn, PCI_VENDOR_ID, id, 0);
	define(fn, PCI_COMMAND,
	       PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY |
		       PCI_COMMAND_INTX_DISABLE,
	       COMMAND_WRITABLE);
	fn->rw1c[PCI_COMMAND / 4] = STATUS_RW1C;
	define(fn, PCI_CLASS_REVISION, class_revision, 0);
	define(fn, PCI_CACHE_LINE_SIZE, 0x10, 0xff);
	define(fn, PCI_BASE_ADDRESS_0, 0xc0000004u | (uint32_t)devfn << 16,
	       0xffff0000);
	define(fn, PCI_BASE_ADDRESS_1, 0x00000080, 0xffffffff);
	define(fn, PCI_BASE_ADDRESS_2, 0xd0000000, 0xfff00000);
	define(fn, PCI_ROM_ADDRESS, 0, 0xfff00001);
	define(fn, PCI_INTERRUPT_LINE, 0x0123, 0xff);
	return fn;
}

struct sim_function *sim_add_bridge(struct sim *sim, struct sim_host *host,
				    struct sim_function *parent, uint8_t devfn,
				    unsigned int port_type, uint8_t secondary,
				    uint8_t subordinate)
{
	struct sim_function *fn = sim_add_function(sim, host, parent, devfn,
						   0x000c1b36, 0x06040000);
	uint8_t bus;

	fn->bridge = true;
	fn->dma = false;
	bus = sim_rid(fn) >> 8;
	define(fn, PCI_COMMAND,
	       PCI_COMMAND_MASTER | PCI_COMMAND_MEMORY | PCI_COMMAND_IO,
	       COMMAND_WRITABLE);
	define(fn, PCI_CACHE_LINE_SIZE, PCI_HEADER_TYPE_BRIDGE << 16 | 0x10,
	       0xff);
	define(fn, PCI_PRIMARY_BUS,
	       bus | (uint32_t)secondary << 8 | (uint32_t)subordinate << 16,
	       0x00ffffff);
	define(fn, PCI_IO_BASE, 0x1010, 0xf0f0);
	fn->rw1c[PCI_IO_BASE / 4] = STATUS_RW1C;
	define(fn, PCI_MEMORY_BASE, 0xc1f0c000, 0xfff0fff0);
	sim_add_pcie(fn, port_type, false);
	/* RRS Software Visibility, as Linux leaves it. */
	if (port_type == PCI_EXP_TYPE_ROOT_PORT)
		fn->config[(fn->pcie_cap + PCI_EXP_RTCTL) / 4] |=
			PCI_EXP_RTCTL_CRSSVE;
	return fn;
}

/* Append a capability of @size bytes to the list; returns its offset. */
static uint16_t add_cap(struct sim_function *fn, uint8_t id, uint16_t size,
			uint16_t header)
{
	uint16_t offset = fn->next_cap;
	uint32_t *first = &fn->config[PCI_CAPABILITY_LIST / 4];

	define(fn, offset, id | *first << 8 | (uint32_t)header << 16, 0);
	*first = offset;
	fn->config[PCI_COMMAND / 4] |= STATUS_CAP_LIST;
	fn->next_cap = (uint16_t)(offset + (size + 3) / 4 * 4);
	return offset;
}

static uint16_t add_ext_cap(struct sim_function *fn, uint16_t id, uint16_t size)
{
	uint16_t offset = fn->next_ext_cap;

	define(fn, offset, id | 1u << 16, 0);
	if (fn->last_ext_cap)
		fn->config[fn->last_ext_cap / 4] |= (uint32_t)offset << 20;
	fn->last_ext_cap = offset;
	fn->next_ext_cap = (uint16_t)(offset + (size + 3) / 4 * 4);
	return offset;
}

/*
 * What software can change in a PCIe capability. FLR leaves payload size and
 * all link control alone, by specification.
 */
static void set_pcie_masks(struct sim_function *fn)
{
	uint32_t cap = fn->pcie_cap;
	uint32_t devctl = (cap + PCI_EXP_DEVCTL) / 4;
	uint32_t lnkctl = (cap + PCI_EXP_LNKCTL) / 4;

	fn->writable[devctl] = 0x7fff;
	fn->rw1c[devctl] = DEVSTA_RW1C;
	fn->sticky[devctl] = PCI_EXP_DEVCTL_PAYLOAD;
	fn->after_flr[devctl] = DEVCTL_DEFAULT;
	fn->writable[lnkctl] = 0x0fdb;
	fn->rw1c[lnkctl] = 0xc0000000;
	fn->sticky[lnkctl] = UINT32_MAX;
	fn->writable[(cap + PCI_EXP_SLTCTL) / 4] = 0x1fff;
	fn->writable[(cap + PCI_EXP_RTCTL) / 4] = 0x1f;
	fn->writable[(cap + PCI_EXP_DEVCTL2) / 4] = 0xffff;
	fn->writable[(cap + PCI_EXP_LNKCTL2) / 4] = 0xffff;
	fn->sticky[(cap + PCI_EXP_LNKCTL2) / 4] = UINT32_MAX;
}

void sim_add_pcie(struct sim_function *fn, unsigned int port_type, bool flr)
{
	uint16_t cap = add_cap(fn, PCI_CAP_ID_EXP, 0x3c,
			       (uint16_t)(2 | port_type << 4));

	fn->pcie_cap = cap;
	define(fn, cap + PCI_EXP_DEVCAP,
	       0x8001 | (flr ? PCI_EXP_DEVCAP_FLR : 0), 0);
	define(fn, cap + PCI_EXP_DEVCTL, 0x293f, 0);
	define(fn, cap + PCI_EXP_LNKCTL, 0x10430040, 0);
	define(fn, cap + PCI_EXP_RTCTL, 0x00010000, 0);
	define(fn, cap + PCI_EXP_DEVCTL2, 0x0419, 0);
	define(fn, cap + PCI_EXP_LNKCTL2, 0x0003, 0);
	set_pcie_masks(fn);
}

/* Counted: a dump may be of a device whose list is a circle. */
static void find_capabilities(struct sim_function *fn)
{
	uint32_t at = fn->config[PCI_CAPABILITY_LIST / 4] & 0xfc;

	for (unsigned int i = 0; i < 48 && at >= 0x40; i++) {
		uint32_t word = fn->config[at / 4];

		if ((word & 0xff) == PCI_CAP_ID_EXP)
			fn->pcie_cap = (uint16_t)at;
		if ((word & 0xff) == PCI_CAP_ID_AF)
			fn->af_cap = (uint16_t)at;
		at = word >> 8 & 0xfc;
	}
	if (fn->pcie_cap)
		set_pcie_masks(fn);
}

void sim_load_config(struct sim_function *fn, const uint32_t *words,
		     size_t count)
{
	uint32_t type = words[PCI_CACHE_LINE_SIZE / 4] >> 16 & 0x7f;

	memcpy(fn->config, words, count * 4);
	for (uint32_t reg = PCI_BASE_ADDRESS_0; reg < 0x40; reg += 4)
		fn->writable[reg / 4] = 0;
	fn->bridge = type == PCI_HEADER_TYPE_BRIDGE;
	if (fn->bridge) {
		fn->dma = false;
		fn->writable[PCI_PRIMARY_BUS / 4] = 0x00ffffff;
		fn->writable[PCI_IO_BASE / 4] = 0xf0f0;
		fn->rw1c[PCI_IO_BASE / 4] = STATUS_RW1C;
	} else {
		for (uint32_t reg = PCI_BASE_ADDRESS_0;
		     reg <= PCI_BASE_ADDRESS_5; reg += 4)
			fn->writable[reg / 4] = 0xfffffff0;
		fn->writable[PCI_INTERRUPT_LINE / 4] = 0xff;
	}
	find_capabilities(fn);
}

void sim_add_af(struct sim_function *fn, bool flr)
{
	fn->af_cap = add_cap(fn, PCI_CAP_ID_AF, 8,
			     (uint16_t)(6 | (flr ? 3 << 8 : 1 << 8)));
}

void sim_add_pm(struct sim_function *fn)
{
	uint16_t cap = add_cap(fn, PCI_CAP_ID_PM, 8, 3);

	define(fn, cap + PCI_PM_CTRL, 0x0008, 0x0103);
}

void sim_add_msix(struct sim_function *fn)
{
	/* Message Control is the upper half of the first word. */
	uint16_t cap = add_cap(fn, PCI_CAP_ID_MSIX, 12, 0x8007);

	fn->writable[cap / 4] = 0xc0000000;
	define(fn, cap + PCI_MSIX_TABLE, 0, 0);
}

void sim_add_aer(struct sim_function *fn)
{
	uint16_t cap = add_ext_cap(fn, PCI_EXT_CAP_ID_ERR, 0x48);

	fn->aer_cap = cap;
	fn->rw1c[(cap + PCI_ERR_UNCOR_STATUS) / 4] = 0x07fff010;
	fn->rw1c[(cap + PCI_ERR_COR_STATUS) / 4] = 0xf1c1;
	fn->rw1c[(cap + PCI_ERR_ROOT_STATUS) / 4] = 0x7f;
	/* All of AER is sticky. */
	for (uint32_t i = cap / 4u; i < cap / 4u + 0x48 / 4; i++)
		fn->sticky[i] = UINT32_MAX;
}

void sim_add_ari(struct sim_function *fn, uint8_t next)
{
	uint16_t cap = add_ext_cap(fn, PCI_EXT_CAP_ID_ARI, 8);

	define(fn, cap + PCI_ARI_CAP, (uint32_t)next << 8, 0);
}

void sim_add_dpc(struct sim_function *fn)
{
	uint16_t cap = add_ext_cap(fn, PCI_EXT_CAP_ID_DPC, 0x30);

	fn->dpc_cap = cap;
	fn->rw1c[(cap + PCI_EXP_DPC_STATUS) / 4] = 0x9;
	fn->sticky[(cap + PCI_EXP_DPC_STATUS) / 4] = UINT32_MAX;
}

static void add_vf(struct sim_function *pf, unsigned int index)
{
	struct sim_function *vf =
		sim_add_function(pf->sim, pf->host, pf->parent, 0, UINT32_MAX,
				 pf->config[PCI_CLASS_REVISION / 4]);

	vf->pf = pf;
	vf->vf_index = index;
	vf->root_bus = pf->root_bus;
	/* Of a VF's header only bus master and the class are its own. */
	define(vf, PCI_COMMAND, PCI_COMMAND_MASTER, PCI_COMMAND_MASTER);
	for (uint32_t reg = PCI_CACHE_LINE_SIZE; reg < 0x40; reg += 4)
		define(vf, reg, 0, 0);
	sim_add_pcie(vf, PCI_EXP_TYPE_ENDPOINT, true);
}

void sim_add_sriov(struct sim_function *fn, unsigned int vf_count,
		   uint16_t offset, uint16_t stride)
{
	uint16_t cap = add_ext_cap(fn, PCI_EXT_CAP_ID_SRIOV, 0x40);

	fn->sriov_cap = cap;
	define(fn, cap + PCI_SRIOV_CTRL,
	       PCI_SRIOV_CTRL_VFE | PCI_SRIOV_CTRL_MSE, 0x1f);
	define(fn, cap + PCI_SRIOV_INITIAL_VF, 64 | 64 << 16, 0);
	define(fn, cap + PCI_SRIOV_NUM_VF, vf_count, 0xffff);
	define(fn, cap + PCI_SRIOV_VF_OFFSET, offset | (uint32_t)stride << 16,
	       0);
	define(fn, cap + 0x18, 0x10ca0000, 0);
	for (unsigned int i = 0; i < vf_count; i++)
		add_vf(fn, i);
}

unsigned int sim_port_type(const struct sim_function *fn)
{
	return KQ_GET(PCI_EXP_FLAGS_TYPE, fn->config[fn->pcie_cap / 4] >> 16);
}

static bool is_root_port(const struct sim_function *fn)
{
	return fn->pcie_cap && sim_port_type(fn) == PCI_EXP_TYPE_ROOT_PORT;
}

struct sim_errors sim_errors_now(const struct sim_function *fn)
{
	struct sim_errors errors = { 0 };
	const uint32_t *aer = &fn->config[fn->aer_cap / 4];

	errors.status = fn->config[PCI_COMMAND / 4] >> 16 & 0xf900;
	if (fn->bridge)
		errors.secondary = fn->config[PCI_IO_BASE / 4] >> 16 & 0xf900;
	if (fn->pcie_cap)
		errors.devsta =
			fn->config[(fn->pcie_cap + PCI_EXP_DEVCTL) / 4] >> 16 &
			0xf;
	if (fn->aer_cap) {
		errors.uncor = aer[PCI_ERR_UNCOR_STATUS / 4];
		errors.cor = aer[PCI_ERR_COR_STATUS / 4];
	}
	if (fn->aer_cap && is_root_port(fn))
		errors.root = aer[PCI_ERR_ROOT_STATUS / 4];
	return errors;
}

void sim_set_errors(struct sim_function *fn, const struct sim_errors *errors)
{
	uint32_t *aer = &fn->config[fn->aer_cap / 4];

	fn->config[PCI_COMMAND / 4] |= errors->status << 16;
	if (fn->bridge)
		fn->config[PCI_IO_BASE / 4] |= errors->secondary << 16;
	if (fn->pcie_cap)
		fn->config[(fn->pcie_cap + PCI_EXP_DEVCTL) / 4] |=
			errors->devsta << 16;
	if (fn->aer_cap) {
		aer[PCI_ERR_UNCOR_STATUS / 4] |= errors->uncor;
		aer[PCI_ERR_COR_STATUS / 4] |= errors->cor;
	}
	if (fn->aer_cap && is_root_port(fn))
		aer[PCI_ERR_ROOT_STATUS / 4] |= errors->root;
}

void sim_raise(struct sim_function *fn, const struct sim_errors *errors)
{
	struct sim_errors before = sim_errors_now(fn), after;

	sim_set_errors(fn, errors);
	after = sim_errors_now(fn);
	/*
	 * What FLR had wiped and is raised anew is no news to the next
	 * kernel: the bit was set when the old one died.
	 */
	fn->own.status |= after.status & ~before.status &
			  ~(fn->initial[PCI_COMMAND / 4] >> 16);
	fn->own.secondary |= after.secondary & ~before.secondary;
	if (fn->pcie_cap)
		fn->own.devsta |=
			after.devsta & ~before.devsta &
			~(fn->initial[(fn->pcie_cap + PCI_EXP_DEVCTL) / 4] >>
			  16);
	fn->own.uncor |= after.uncor & ~before.uncor;
	fn->own.cor |= after.cor & ~before.cor;
	fn->own.root |= after.root & ~before.root;
}

uint16_t sim_rid(const struct sim_function *fn)
{
	if (fn->pf) {
		uint32_t word = fn->pf->config[(fn->pf->sriov_cap +
						PCI_SRIOV_VF_OFFSET) /
					       4];

		return (uint16_t)(sim_rid(fn->pf) + (word & 0xffff) +
				  fn->vf_index * (word >> 16));
	}
	if (fn->parent)
		return (uint16_t)((fn->parent->config[PCI_PRIMARY_BUS / 4] &
				   0xff00) |
				  fn->devfn);
	return (uint16_t)(fn->root_bus << 8 | fn->devfn);
}

bool sim_present(const struct sim_function *fn)
{
	const uint32_t *sriov;

	if (!fn->pf)
		return fn->present;
	sriov = &fn->pf->config[fn->pf->sriov_cap / 4];
	return fn->present && fn->pf->present &&
	       sriov[PCI_SRIOV_CTRL / 4] & PCI_SRIOV_CTRL_VFE &&
	       fn->vf_index < (sriov[PCI_SRIOV_NUM_VF / 4] & 0xffff);
}

bool sim_bme(const struct sim_function *fn)
{
	return fn->config[PCI_COMMAND / 4] & PCI_COMMAND_MASTER;
}

bool sim_immediate(const struct sim_function *fn)
{
	return fn->config[PCI_COMMAND / 4] >> 16 & PCI_STATUS_IMM_READY;
}

bool sim_trpnd(const struct sim_function *fn)
{
	uint64_t for_us = fn->faults.pending_us;

	if (fn->faults.pending_at_rest || fn->in_reset)
		return fn->faults.pending_at_rest;
	if (for_us == 0 || fn->flr_ns != 0)
		return false;
	return sim_bme(fn) || for_us == SIM_NEVER ||
	       fn->sim->ns < fn->bme_off_ns + for_us * 1000;
}

static void end_reset(struct sim_function *fn)
{
	fn->in_reset = false;
	sim_raise(fn, &fn->faults.raised);
}

bool sim_ready(struct sim_function *fn)
{
	if (fn->in_reset && fn->sim->ns >= fn->ready_ns)
		end_reset(fn);
	return !fn->in_reset;
}

static void reset_config(struct sim_function *fn)
{
	for (uint32_t i = 0; i < SIM_CONFIG_DWORDS; i++) {
		uint32_t kept = fn->sticky[i] |
				~(fn->writable[i] | fn->rw1c[i]);

		fn->config[i] = (fn->config[i] & kept) |
				(fn->after_flr[i] & ~kept);
	}
	fn->own.devsta = 0;
	fn->own.status = 0;
}

static void start_flr(struct sim_function *fn)
{
	uint64_t us = fn->faults.flr_us;

	sim_dma_settle(fn->sim);
	if (us == 0)
		us = sim_immediate(fn) ? 0 : DEFAULT_FLR_US;
	fn->flr_count++;
	fn->flr_ns = fn->sim->ns;
	fn->in_reset = true;
	fn->ready_ns = fn->faults.flr_kills ? SIM_NEVER
					    : fn->sim->ns + us * 1000;
	reset_config(fn);
	sim_dma_settle(fn->sim);
}

/* Is @reg the register at @offset of a capability the function has? */
static bool is_reg(uint32_t reg, uint32_t cap, uint32_t offset)
{
	return cap && reg == cap + offset;
}

uint32_t sim_function_read(struct sim_function *fn, uint32_t reg)
{
	uint32_t value = fn->config[reg / 4];

	sim_check_config_read(fn, reg);
	if (is_reg(reg, fn->pcie_cap, PCI_EXP_DEVCTL) && sim_trpnd(fn))
		value |= (uint32_t)PCI_EXP_DEVSTA_TRPND << 16;
	if (is_reg(reg, fn->af_cap, PCI_AF_CTRL) && sim_trpnd(fn))
		value |= (uint32_t)PCI_AF_STATUS_TP << 8;
	return value;
}

/* Takes the bits that were cleared out of the set of our own errors. */
static void forget_own_errors(struct sim_function *fn)
{
	struct sim_errors now = sim_errors_now(fn);

	fn->own.status &= now.status;
	fn->own.secondary &= now.secondary;
	fn->own.devsta &= now.devsta;
	fn->own.root &= now.root;
	fn->own.uncor &= now.uncor;
	fn->own.cor &= now.cor;
}

static void write_command(struct sim_function *fn, uint32_t *value)
{
	if (fn->faults.bme_stuck)
		*value |= fn->config[PCI_COMMAND / 4] & PCI_COMMAND_MASTER;
	if (sim_bme(fn) && !(*value & PCI_COMMAND_MASTER)) {
		fn->bme_off_ns = fn->sim->ns;
		fn->bme_clears++;
	}
}

void sim_function_write(struct sim_function *fn, uint32_t reg, uint32_t value)
{
	uint32_t i = reg / 4;

	sim_check_config_write(fn, reg, value);
	fn->writes++;
	sim_dma_settle(fn->sim);
	if (reg == PCI_COMMAND)
		write_command(fn, &value);
	fn->config[i] =
		(fn->config[i] & ~fn->writable[i] & ~(fn->rw1c[i] & value)) |
		(value & fn->writable[i]);
	forget_own_errors(fn);
	sim_dma_settle(fn->sim);
	if (is_reg(reg, fn->pcie_cap, PCI_EXP_DEVCTL) &&
	    value & PCI_EXP_DEVCTL_BCR_FLR) {
		sim_check_flr(fn, false);
		if (fn->config[i - 1] & PCI_EXP_DEVCAP_FLR)
			start_flr(fn);
	}
	if (is_reg(reg, fn->af_cap, PCI_AF_CTRL) && value & PCI_AF_CTRL_FLR) {
		sim_check_flr(fn, true);
		if (fn->config[i - 1] & (uint32_t)PCI_AF_CAP_FLR << 24)
			start_flr(fn);
	}
}
