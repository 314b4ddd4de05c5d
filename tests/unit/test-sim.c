// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The simulator's rules can fail: each is broken here on purpose, by
 * accesses a stage must never make. And what is allowed stays silent.
 */
#include "lib/error.h"
#include "tests/sim/expect.h"
#include "tests/sim/world.h"

#define SMMU_CR0	 0x20u
#define SMMU_CR1	 0x28u
#define SMMU_GBPA	 0x44u
#define SMMU_IRQ_CTRL	 0x50u
#define SMMU_GERRORN	 0x64u
#define SMMU_STRTAB_BASE 0x80u
#define SMMU_EVTQ_PROD	 0xa8u
#define UPDATE		 0x80000000u
#define ABORT		 0x00100000u

static struct kq_io io;

static struct kq_paddr config(const struct sim_function *fn, uint32_t reg)
{
	return kq_paddr(fn->host->ecam + ((uint64_t)sim_rid(fn) << 12) + reg);
}

static uint32_t get(const struct sim_function *fn, uint32_t reg)
{
	return kq_io_read32(&io, config(fn, reg));
}

static void set(const struct sim_function *fn, uint32_t reg, uint32_t value)
{
	kq_io_write32(&io, config(fn, reg), value);
}

static void master_off(const struct sim_function *fn)
{
	set(fn, PCI_COMMAND,
	    get(fn, PCI_COMMAND) & 0xffff & ~(uint32_t)PCI_COMMAND_MASTER);
}

static void flr(const struct sim_function *fn)
{
	uint32_t reg = fn->pcie_cap + PCI_EXP_DEVCTL;

	set(fn, reg, (get(fn, reg) & 0xffff) | PCI_EXP_DEVCTL_BCR_FLR);
}

static void set_smmu(const struct world *w, uint32_t reg, uint32_t value)
{
	kq_io_write32(&io, kq_paddr(w->smmu->base + reg), value);
}

/* A world with its plan, started, and nobody at work in it yet. */
static void begin(struct world *w)
{
	io = (struct kq_io){ 0 };
	world_init(w);
	world_plan(w);
	sim_plan_seal(w->sim, w->plan);
	sim_start(w->sim);
}

static void begin_quiet(struct world *w)
{
	begin(w);
	master_off(w->nic);
	master_off(w->nvme);
	master_off(w->old);
}

static void end(struct world *w, const char *expected)
{
	if (expected && !sim_violated(w->sim, expected)) {
		expect_failures++;
		fprintf(stderr, "not found by the rules: %s\n", expected);
	}
	if (!expected)
		EXPECT(world_clean(w));
	world_free(w);
}

static void order_of_config_writes(void)
{
	struct world w;

	begin_quiet(&w);
	flr(w.nic);
	kq_delay_us(&io, 100001);
	EXPECT_EQ(get(w.nic, PCI_VENDOR_ID), NIC_ID);
	end(&w, NULL);

	begin(&w);
	flr(w.nic);
	end(&w, "FLR with bus master on");

	begin(&w);
	master_off(w.nic);
	flr(w.nic);
	end(&w, "but 0200 is mastering");

	begin_quiet(&w);
	flr(w.nic);
	kq_delay_us(&io, 99000);
	get(w.nic, PCI_VENDOR_ID);
	end(&w, "accessed within 100 ms");

	begin_quiet(&w);
	flr(w.nic);
	kq_delay_us(&io, 110000);
	flr(w.nic);
	end(&w, "second FLR");

	begin_quiet(&w);
	w.nic->faults.flr_us = 200000;
	flr(w.nic);
	kq_delay_us(&io, 150000);
	set(w.nic, PCI_COMMAND, PCI_COMMAND_MEMORY);
	end(&w, "written while in reset");

	begin_quiet(&w);
	flr(w.nic);
	kq_delay_us(&io, 150000);
	set(w.nic, PCI_COMMAND, PCI_COMMAND_MEMORY);
	end(&w, "decodes before its BARs");

	begin_quiet(&w);
	w.nic->faults.pending_us = SIM_NEVER;
	flr(w.nic);
	end(&w, "FLR while transactions are pending");

	begin_quiet(&w);
	set(w.nic, PCI_COMMAND, PCI_COMMAND_MASTER);
	end(&w, "bus master switched on");
}

static void config_writes_that_are_never_right(void)
{
	const struct sim_errors old = { .uncor = 0x4000, .status = 0x2000 };
	struct world w;

	begin(&w);
	master_off(w.port1);
	end(&w, "bridge 0008 switched off before 0100");

	begin_quiet(&w);
	master_off(w.port1);
	end(&w, "bridge 0008 switched off, plan forbids it");

	begin(&w);
	set(w.nic, PCI_COMMAND, 0);
	end(&w, "COMMAND bits changed");

	begin(&w);
	set(w.nic, PCI_BASE_ADDRESS_0, 0);
	end(&w, "write to 0x10");

	begin(&w);
	set(w.nic, w.nic->pcie_cap + PCI_EXP_LNKCTL, PCI_EXP_LNKCTL_RL);
	end(&w, "link disturbed");

	begin(&w);
	set(w.nic, w.nic->pcie_cap + PCI_EXP_DEVCTL2, 0);
	end(&w, "write to PCIe register");

	begin(&w);
	set(w.port1, w.port1->pcie_cap + PCI_EXP_DEVCTL, 0xa93f);
	end(&w, "FLR of a bridge");

	begin(&w);
	sim_set_errors(w.nic, &old);
	set(w.nic, w.nic->aer_cap + PCI_ERR_UNCOR_STATUS, 0x4000);
	end(&w, "evidence cleared");

	begin(&w);
	sim_set_errors(w.nic, &old);
	set(w.nic, PCI_COMMAND, get(w.nic, PCI_COMMAND));
	end(&w, "evidence cleared");

	begin(&w);
	w.nic->replaced = true;
	get(w.nic, PCI_BASE_ADDRESS_0);
	end(&w, "is another device");

	begin(&w);
	w.nic->plan_flags |= KQ_FN_SKIP;
	master_off(w.nic);
	end(&w, "is to be skipped");

	begin(&w);
	w.nic->no_config = true;
	get(w.nic, PCI_VENDOR_ID);
	end(&w, "no config window");
}

static void flr_that_is_not_allowed(void)
{
	struct world w;

	begin_quiet(&w);
	w.nic->plan_flags |= KQ_FN_FLR_BROKEN;
	flr(w.nic);
	end(&w, "the plan does not allow it");

	begin_quiet(&w);
	w.nic->plan_index = -1;
	flr(w.nic);
	end(&w, "FLR of an unlisted");

	begin_quiet(&w);
	w.sim->plan_quiesce = KQ_QUIESCE_BME;
	flr(w.nic);
	end(&w, "quiesce is not flr");

	begin(&w);
	w.sim->plan_quiesce = KQ_QUIESCE_NONE;
	master_off(w.nic);
	end(&w, "quiesce is none");

	begin(&w);
	w.sim->plan_kind = KQ_PLAN_ORDERLY;
	w.nic->initial[PCI_COMMAND / 4] &= ~(uint32_t)PCI_COMMAND_MASTER;
	master_off(w.nic);
	end(&w, "was shut down");
}

static void state_at_the_end(void)
{
	const struct sim_errors ur = { .uncor = PCI_ERR_UNC_UNSUP };
	struct world w;

	begin(&w);
	master_off(w.nic);
	sim_finish(w.sim);
	EXPECT(sim_violated(w.sim, "0200 is still mastering at the end"));
	EXPECT(!sim_violated(w.sim, "0100 is still"));
	end(&w, "interrupts are left on");

	begin_quiet(&w);
	sim_raise(w.nic, &ur);
	sim_finish(w.sim);
	end(&w, "errors of our own are left");

	begin(&w);
	w.nic->replaced = true;
	sim_finish(w.sim);
	end(&w, "0100, another device, is still mastering");

	begin(&w);
	w.sim->limit_us = 1000;
	kq_delay_us(&io, 1100);
	sim_finish(w.sim);
	end(&w, "limit 1000 us");
}

static void addresses(void)
{
	struct world w;

	begin(&w);
	kq_io_read32(&io, kq_paddr(w.host->ecam + 0x108002));
	end(&w, "misaligned");

	begin(&w);
	kq_io_read64(&io, kq_paddr(w.host->ecam));
	end(&w, "config access of 8 bytes");

	begin(&w);
	EXPECT_EQ(kq_io_read32(&io, kq_paddr(0x1000)), UINT32_MAX);
	EXPECT(kq_io_faulted(&io));
	EXPECT(!kq_io_faulted(&io));
	end(&w, "where nothing is");

	begin(&w);
	w.host->flags |= KQ_HOST_ROOT_DEV0_ONLY;
	get(w.port1, PCI_VENDOR_ID);
	end(&w, "alias of root device 0");

	begin(&w);
	w.host->flags |= KQ_HOST_ROOT_BUS_HIDDEN;
	get(w.port1, PCI_VENDOR_ID);
	end(&w, "hidden root bus");

	begin(&w);
	sim_smmu_events(w.smmu, 0x80000000, 4, 0, 4, 4);
	kq_io_read64(&io, kq_paddr(0x80000000));
	end(&w, "without cache maintenance");

	begin(&w);
	w.sim->uart = 0x09000000;
	kq_io_write32(&io, kq_paddr(w.sim->uart), 'x');
	end(&w, "console touched");
}

static void smmu_order(void)
{
	struct world w;

	begin_quiet(&w);
	set_smmu(&w, SMMU_GBPA, 0x1000 | ABORT | UPDATE);
	kq_delay_us(&io, 1);
	set_smmu(&w, SMMU_CR0, 0);
	end(&w, NULL);

	begin_quiet(&w);
	set_smmu(&w, SMMU_CR0, 0);
	end(&w, "SMMUEN fell before ABORT");

	/* Written, but the update is still under way. */
	begin_quiet(&w);
	w.smmu->gbpa_update.delay_us = 50;
	set_smmu(&w, SMMU_GBPA, 0x1000 | ABORT | UPDATE);
	set_smmu(&w, SMMU_CR0, 0);
	end(&w, "SMMUEN fell before ABORT");

	begin(&w);
	set_smmu(&w, SMMU_GBPA, 0x1000 | ABORT | UPDATE);
	set_smmu(&w, SMMU_CR0, 0);
	end(&w, "SMMU switched while 0018 is mastering");

	begin_quiet(&w);
	set_smmu(&w, SMMU_GBPA, 0x1000 | ABORT);
	end(&w, "GBPA written without UPDATE");

	begin_quiet(&w);
	w.smmu->gbpa_update.delay_us = 50;
	set_smmu(&w, SMMU_GBPA, 0x1000 | ABORT | UPDATE);
	set_smmu(&w, SMMU_GBPA, 0x1000 | ABORT | UPDATE);
	end(&w, "GBPA written while UPDATE is set");

	begin_quiet(&w);
	set_smmu(&w, SMMU_GBPA, ABORT | UPDATE);
	end(&w, "GBPA attributes changed");

	begin_quiet(&w);
	w.smmu->cr0_update.delay_us = 50;
	set_smmu(&w, SMMU_CR0, 9);
	set_smmu(&w, SMMU_CR0, 1);
	end(&w, "CR0 written before CR0ACK");
}

static void smmu_registers(void)
{
	struct world w;

	begin(&w);
	set_smmu(&w, SMMU_CR0, 0x20d);
	end(&w, "reserved bits written to CR0");

	begin(&w);
	set_smmu(&w, SMMU_CR1, 0);
	end(&w, "CR1 written while enabled");

	begin(&w);
	kq_io_write64(&io, kq_paddr(w.smmu->base + SMMU_STRTAB_BASE), 0);
	end(&w, "STRTAB_BASE written while enabled");

	begin(&w);
	set_smmu(&w, 0x10000 + SMMU_EVTQ_PROD, 0);
	end(&w, "EVENTQ_PROD written while enabled");

	begin(&w);
	set_smmu(&w, SMMU_GERRORN, 1);
	end(&w, "GERRORN raises an error");

	begin(&w);
	w.smmu->irq_update.delay_us = 50;
	set_smmu(&w, SMMU_IRQ_CTRL, 0);
	set_smmu(&w, SMMU_IRQ_CTRL, 0);
	end(&w, "before IRQ_CTRLACK");

	begin(&w);
	kq_io_read32(&io, kq_paddr(w.smmu->base + 0xe00));
	end(&w, "access at 0xe00");

	begin(&w);
	kq_io_read32(&io, kq_paddr(w.smmu->base + 0x10020));
	end(&w, "access at 0x10020");

	begin(&w);
	kq_io_read64(&io, kq_paddr(w.smmu->base + SMMU_CR0));
	end(&w, "64-bit access");

	begin(&w);
	w.smmu->page0_only = true;
	kq_io_read32(&io, kq_paddr(w.smmu->base + 0x100a8));
	end(&w, "access at 0x100a8");

	begin(&w);
	w.smmu->v3 = false;
	kq_io_read32(&io, kq_paddr(w.smmu->base));
	end(&w, "must be left alone");
}

static void smmu_policies(void)
{
	struct world w;

	begin_quiet(&w);
	set_smmu(&w, SMMU_GBPA, 0x1000 | UPDATE);
	end(&w, "ABORT cleared though policy is abort");

	begin_quiet(&w);
	w.smmu->policy = KQ_POLICY_PRESERVE;
	set_smmu(&w, SMMU_CR0, 0xc);
	end(&w, "SMMUEN changed though preserved");

	begin_quiet(&w);
	w.smmu->policy = KQ_POLICY_PRESERVE;
	set_smmu(&w, SMMU_GBPA, 0x1000 | UPDATE);
	end(&w, "GBPA written though preserved");

	begin_quiet(&w);
	sim_finish(w.sim);
	end(&w, "not aborting at the end");

	begin_quiet(&w);
	w.smmu->policy = KQ_POLICY_BYPASS;
	sim_finish(w.sim);
	end(&w, "not bypassing at the end");

	begin_quiet(&w);
	w.smmu->gerror = 4;
	sim_finish(w.sim);
	end(&w, "error is left unacknowledged");
}

/* Who decides where a write lands, and until when it did. */
static void dma_is_followed(void)
{
	struct world w;
	uint64_t off;

	begin(&w);
	kq_delay_us(&io, 1000);
	master_off(w.nic);
	off = w.sim->ns;
	kq_delay_us(&io, 1000);
	sim_finish(w.sim);
	EXPECT(sim_dma_landed_ns(w.nic) > 1000000);
	EXPECT(sim_dma_landed_ns(w.nic) <= off);
	EXPECT(sim_dma_landed_ns(w.nvme) > off);
	EXPECT_EQ(w.nvme->dma_last_ns[SIM_DMA_RAW], 0);
	world_free(&w);

	begin(&w);
	w.smmu->policy = KQ_POLICY_BYPASS;
	set_smmu(&w, SMMU_CR0, 0);
	kq_delay_us(&io, 1000);
	sim_finish(w.sim);
	EXPECT(w.nvme->dma_last_ns[SIM_DMA_RAW] > 1000000);
	world_free(&w);
}

static void routing_follows_bridges(void)
{
	struct world w;

	begin(&w);
	EXPECT_EQ(get(w.nic, PCI_VENDOR_ID), NIC_ID);
	w.port1->config[PCI_PRIMARY_BUS / 4] = 0x00050500;
	EXPECT_EQ(kq_io_read32(&io, kq_paddr(w.host->ecam + 0x100000)),
		  UINT32_MAX);
	EXPECT_EQ(kq_io_read32(&io, kq_paddr(w.host->ecam + 0x500000)), NIC_ID);
	/* Device 1 below a port without ARI forwarding: nobody. */
	EXPECT_EQ(kq_io_read32(&io, kq_paddr(w.host->ecam + 0x508000)),
		  UINT32_MAX);
	EXPECT(!kq_io_faulted(&io));
	w.host->absent_aborts = true;
	kq_io_read32(&io, kq_paddr(w.host->ecam + 0x508000));
	EXPECT(kq_io_faulted(&io));
	end(&w, NULL);
}

static const struct test_case cases[] = {
	CASE(order_of_config_writes),
	CASE(config_writes_that_are_never_right),
	CASE(flr_that_is_not_allowed),
	CASE(state_at_the_end),
	CASE(addresses),
	CASE(smmu_order),
	CASE(smmu_registers),
	CASE(smmu_policies),
	CASE(dma_is_followed),
	CASE(routing_follows_bridges),
};

TEST_MAIN(cases)
