// SPDX-License-Identifier: GPL-2.0-or-later
/* Functions that are not in the plan: found, switched off, never reset. */
#include "tests/sim/expect.h"
#include "tests/sim/world.h"

#define MULTI_FUNCTION 0x00800000u

static void expect_caught(const struct world *w, const struct sim_function *fn)
{
	const struct kq_report_function *record = sim_record(&w->run, fn);

	EXPECT_EQ(fn->bme_clears, 1);
	EXPECT_EQ(fn->flr_count, 0);
	EXPECT(record);
	if (!record)
		return;
	EXPECT_EQ(record->result, KQ_FN_QUIET);
	EXPECT(record->flags & KQ_FN_UNLISTED);
	EXPECT(record->flags & KQ_FN_BME_CLEARED);
	EXPECT_EQ(record->class_revision, fn->config[2]);
	EXPECT_EQ(record->smmu, KQ_NONE);
}

static void hot_plugged_endpoint(void)
{
	struct sim_function *port, *fn;
	struct world w;

	world_init(&w);
	port = sim_add_bridge(w.sim, w.host, NULL, 0x20, PCI_EXP_TYPE_ROOT_PORT,
			      5, 6);
	world_plan(&w);
	fn = world_endpoint(&w, port, 0, 0x00201af4);
	world_run(&w);
	EXPECT(world_clean(&w));
	expect_caught(&w, fn);
	EXPECT_EQ(sim_record(&w.run, fn)->vendor, 0x1af4);
	EXPECT_EQ(sim_record(&w.run, fn)->device, 0x0020);
	world_free(&w);
}

/* The bridges themselves were plugged in, too. */
static void hot_plugged_switch(void)
{
	struct sim_function *port, *up, *down, *fn;
	struct world w;

	world_init(&w);
	port = sim_add_bridge(w.sim, w.host, NULL, 0x20, PCI_EXP_TYPE_ROOT_PORT,
			      5, 0x10);
	world_plan(&w);
	up = sim_add_bridge(w.sim, w.host, port, 0, PCI_EXP_TYPE_UPSTREAM, 6,
			    0x10);
	down = sim_add_bridge(w.sim, w.host, up, 0x18, PCI_EXP_TYPE_DOWNSTREAM,
			      9, 9);
	fn = world_endpoint(&w, down, 0, 0x00201af4);
	world_run(&w);
	EXPECT(world_clean(&w));
	expect_caught(&w, fn);
	EXPECT_EQ(up->writes + down->writes, 0);
	world_free(&w);
}

/* The ports cannot be read; the buses below them are known all the same. */
static void below_a_hidden_root_bus(void)
{
	struct sim_function *fn;
	struct world w;

	world_init(&w);
	w.host->flags |= KQ_HOST_ROOT_BUS_HIDDEN;
	world_plan(&w);
	sim_plan_entry(w.plan, w.old)->host = KQ_NONE;
	sim_plan_entry(w.plan, w.port1)->host = KQ_NONE;
	sim_plan_entry(w.plan, w.port2)->host = KQ_NONE;
	fn = world_endpoint(&w, w.port1, 1, 0x00201af4);
	w.nic->config[PCI_CACHE_LINE_SIZE / 4] |= MULTI_FUNCTION;
	world_run(&w);
	EXPECT(world_clean(&w));
	expect_caught(&w, fn);
	world_free(&w);
}

static void unlisted_functions_of_a_device(void)
{
	struct sim_function *fn1, *fn7;
	struct world w;

	world_init(&w);
	world_plan(&w);
	w.nic->config[PCI_CACHE_LINE_SIZE / 4] |= MULTI_FUNCTION;
	fn1 = world_endpoint(&w, w.port1, 1, 0x10c98086);
	fn7 = world_endpoint(&w, w.port1, 7, 0x10c98086);
	world_run(&w);
	EXPECT(world_clean(&w));
	expect_caught(&w, fn1);
	expect_caught(&w, fn7);
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_RESET);
	world_free(&w);
}

/* Function 0 alone, seen at all eight numbers: it is not eight devices. */
static void aliases_are_no_functions(void)
{
	struct world w;

	world_init(&w);
	w.old->faults.alias = true;
	w.nic->faults.alias = true;
	w.nvme->faults.alias_bus = true;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(w.run.report->functions.count, 5);
	world_free(&w);
}

static void conventional_bus(void)
{
	struct sim_function *bridge, *fn;
	struct world w;

	world_init(&w);
	bridge = sim_add_bridge(w.sim, w.host, NULL, 0x20,
				PCI_EXP_TYPE_PCI_BRIDGE, 7, 7);
	world_plan(&w);
	fn = sim_add_function(w.sim, w.host, bridge, 31 << 3, 0x12341234,
			      0x0c031000);
	world_run(&w);
	EXPECT(world_clean(&w));
	expect_caught(&w, fn);
	world_free(&w);
}

static void on_every_root_bus(void)
{
	struct sim_function *fn;
	struct world w;

	world_init(&w);
	sim_add_root_bus(w.host, 0x40);
	world_plan(&w);
	fn = world_endpoint(&w, NULL, 0xf8, 0x00201af4);
	fn->root_bus = 0x40;
	world_run(&w);
	EXPECT(world_clean(&w));
	expect_caught(&w, fn);
	world_free(&w);
}

static void root_device_0_only(void)
{
	struct world w;
	struct sim_function *fn;

	world_init(&w);
	/* A port at device 0; the other devices of its bus are its echo. */
	w.port2->devfn = 0;
	w.port1->present = w.nic->present = w.old->present = false;
	w.host->flags = KQ_HOST_ROOT_DEV0_ONLY;
	world_plan(&w);
	w.nvme->config[PCI_CACHE_LINE_SIZE / 4] |= MULTI_FUNCTION;
	fn = world_endpoint(&w, w.port2, 2, 0x00201af4);
	world_run(&w);
	EXPECT(world_clean(&w));
	expect_caught(&w, fn);
	world_free(&w);
}

static void two_hosts(void)
{
	struct sim_host *second;
	struct sim_function *port, *fn;
	struct world w;

	world_init(&w);
	second = sim_add_host(w.sim, 0x5000000000, 3, 0x20, 0x2f);
	port = sim_add_bridge(w.sim, second, NULL, 0x08, PCI_EXP_TYPE_ROOT_PORT,
			      0x21, 0x2f);
	world_plan(&w);
	fn = sim_add_function(w.sim, second, port, 0, 0x00201af4, 0x02000000);
	sim_add_pcie(fn, PCI_EXP_TYPE_ENDPOINT, true);
	world_run(&w);
	EXPECT(world_clean(&w));
	expect_caught(&w, fn);
	EXPECT_EQ(sim_record(&w.run, fn)->segment, 3);
	world_free(&w);
}

/* Bus numbers beyond the window: not ours to touch. */
static void bridge_beyond_its_window(void)
{
	struct sim_host *second;
	struct world w;

	world_init(&w);
	second = sim_add_host(w.sim, 0x5000000000, 3, 0x20, 0x23);
	sim_add_bridge(w.sim, second, NULL, 0x08, PCI_EXP_TYPE_ROOT_PORT, 0x24,
		       0x24);
	sim_add_bridge(w.sim, second, NULL, 0x10, PCI_EXP_TYPE_ROOT_PORT, 0x03,
		       0x24);
	sim_add_bridge(w.sim, second, NULL, 0x18, PCI_EXP_TYPE_ROOT_PORT, 0, 0);
	world_run(&w);
	EXPECT(world_clean(&w));
	world_free(&w);
}

static void ari_device(void)
{
	struct sim_function *fns[3];
	struct world w;

	world_init(&w);
	w.port1->config[(w.port1->pcie_cap + PCI_EXP_DEVCTL2) / 4] |=
		PCI_EXP_DEVCTL2_ARI;
	world_plan(&w);
	fns[0] = world_endpoint(&w, w.port1, 9, 0x00201af4);
	fns[1] = world_endpoint(&w, w.port1, 0x40, 0x00201af4);
	fns[2] = world_endpoint(&w, w.port1, 0xff, 0x00201af4);
	sim_add_ari(w.nic, 9);
	sim_add_ari(fns[0], 0x40);
	sim_add_ari(fns[1], 0xff);
	sim_add_ari(fns[2], 0);
	world_run(&w);
	EXPECT(world_clean(&w));
	for (size_t i = 0; i < 3; i++)
		expect_caught(&w, fns[i]);
	world_free(&w);
}

/* The port still forwards ARI, the device behind it was swapped for one
 * that does not know it: its functions count as they always did. */
static void no_ari_below_an_ari_port(void)
{
	struct sim_function *fn;
	struct world w;

	world_init(&w);
	w.port1->config[(w.port1->pcie_cap + PCI_EXP_DEVCTL2) / 4] |=
		PCI_EXP_DEVCTL2_ARI;
	world_plan(&w);
	w.nic->config[PCI_CACHE_LINE_SIZE / 4] |= MULTI_FUNCTION;
	fn = world_endpoint(&w, w.port1, 3, 0x00201af4);
	world_run(&w);
	EXPECT(world_clean(&w));
	expect_caught(&w, fn);
	world_free(&w);
}

static void circular_ari_list(void)
{
	struct sim_function *fn;
	struct world w;

	world_init(&w);
	w.port1->config[(w.port1->pcie_cap + PCI_EXP_DEVCTL2) / 4] |=
		PCI_EXP_DEVCTL2_ARI;
	fn = world_endpoint(&w, w.port1, 2, 0x00201af4);
	sim_add_ari(w.nic, 2);
	sim_add_ari(fn, 2);
	w.sim->limit_us = 200000;
	world_run(&w);
	EXPECT(world_clean(&w));
	world_free(&w);
}

static void unlisted_vfs_of_a_planned_pf(void)
{
	struct sim_function *vf0, *vf1;
	struct world w;

	world_init(&w);
	/* No FLR: the VFs would go away with it. */
	w.options.quiesce = KQ_QUIESCE_BME;
	w.port1->config[PCI_PRIMARY_BUS / 4] = 0x00090100;
	w.port2->config[PCI_PRIMARY_BUS / 4] = 0x000a0a00;
	sim_add_sriov(w.nic, 2, 0x100, 2);
	vf0 = w.sim->functions[w.sim->function_count - 2];
	vf1 = w.sim->functions[w.sim->function_count - 1];
	vf0->present = vf1->present = false;
	world_plan(&w);
	vf0->present = vf1->present = true;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(sim_rid(vf1), 0x0202);
	expect_caught(&w, vf0);
	expect_caught(&w, vf1);
	EXPECT(world_flags(&w, vf0) & KQ_FN_VF);
	EXPECT_EQ(sim_record(&w.run, vf0)->device, 0x10ca);
	EXPECT_EQ(sim_record(&w.run, vf0)->vendor, 0x8086);
	world_free(&w);
}

static void unlisted_vfs_of_an_unlisted_pf(void)
{
	struct sim_function *pf, *vf;
	struct world w;

	world_init(&w);
	world_plan(&w);
	pf = world_endpoint(&w, NULL, 0x28, 0x00201af4);
	sim_add_sriov(pf, 1, 8, 1);
	vf = w.sim->functions[w.sim->function_count - 1];
	world_run(&w);
	EXPECT(world_clean(&w));
	expect_caught(&w, pf);
	expect_caught(&w, vf);
	world_free(&w);
}

/* What breaks while it is looked at costs neither neighbours nor SMMU. */
static void breaks_at_any_access(bool abort)
{
	unsigned int before = expect_failures;

	for (uint32_t n = 1; n < 60 && expect_failures == before; n++) {
		struct sim_function *fn, *next;
		struct world w;

		world_init(&w);
		w.options.quiesce = KQ_QUIESCE_BME;
		world_plan(&w);
		fn = world_endpoint(&w, NULL, 0x28, 0x00201af4);
		next = world_endpoint(&w, NULL, 0x30, 0x00201af4);
		if (abort)
			fn->faults.abort_after = n;
		else
			fn->faults.dead_after = n;
		w.sim->limit_us = 50000;
		world_run(&w);
		EXPECT(world_clean(&w));
		expect_caught(&w, next);
		EXPECT_EQ(kq_report_smmus(w.run.report)->result, KQ_SMMU_DONE);
		world_free(&w);

		/* As the last one to be looked at. */
		world_init(&w);
		w.options.quiesce = KQ_QUIESCE_BME;
		world_plan(&w);
		fn = world_endpoint(&w, w.port2, 1, 0x00201af4);
		w.nvme->config[PCI_CACHE_LINE_SIZE / 4] |= MULTI_FUNCTION;
		fn->faults.abort_after = n;
		world_run(&w);
		EXPECT(world_clean(&w));
		EXPECT_EQ(kq_report_smmus(w.run.report)->result, KQ_SMMU_DONE);
		world_free(&w);
	}
}

static void aborts_at_any_access(void)
{
	breaks_at_any_access(true);
}

static void dies_at_any_access(void)
{
	breaks_at_any_access(false);
}

/* Capability lists that run in circles or out of bounds. */
static void circular_capabilities(void)
{
	struct sim_function *fn;
	struct world w;

	world_init(&w);
	world_plan(&w);
	fn = world_endpoint(&w, NULL, 0x28, 0x00201af4);
	fn->config[fn->aer_cap / 4] = 0x0001 | 1 << 16 |
				      (uint32_t)fn->aer_cap << 20;
	w.port1->config[w.port1->pcie_cap / 4] =
		(w.port1->config[w.port1->pcie_cap / 4] & 0xffff0000u) | 0x05 |
		(uint32_t)w.port1->pcie_cap << 8;
	w.sim->limit_us = 300000;
	world_run(&w);
	EXPECT(world_clean(&w));
	expect_caught(&w, fn);
	world_free(&w);
}

static void more_than_the_report_holds(void)
{
	struct world w;
	struct sim_function *port = NULL;
	unsigned int caught = 0;

	world_init(&w);
	world_plan(&w);
	for (unsigned int i = 0; i < KQ_REPORT_MAX_UNLISTED + 8; i++) {
		if (i % 8 == 0)
			port = sim_add_bridge(
				w.sim, w.host, NULL, (uint8_t)(0x20 + i),
				PCI_EXP_TYPE_ROOT_PORT, (uint8_t)(3 + i / 8),
				(uint8_t)(3 + i / 8));
		world_endpoint(&w, port, (uint8_t)(i % 8), NIC_ID)
			->config[PCI_CACHE_LINE_SIZE / 4] |= MULTI_FUNCTION;
	}
	world_run(&w);
	EXPECT(world_clean(&w));
	for (size_t i = 0; i < w.sim->function_count; i++)
		caught += w.sim->functions[i]->plan_index < 0 &&
			  !w.sim->functions[i]->bridge &&
			  !sim_bme(w.sim->functions[i]);
	EXPECT_EQ(caught, KQ_REPORT_MAX_UNLISTED + 8);
	EXPECT(w.run.report->flags & KQ_REPORT_UNLISTED_FULL);
	EXPECT_EQ(w.run.report->functions.count, 5 + KQ_REPORT_MAX_UNLISTED);
	world_free(&w);
}

static void orderly_unlisted(void)
{
	struct sim_function *quiet, *loud;
	struct world w;

	world_init(&w);
	w.options.kind = KQ_PLAN_ORDERLY;
	world_plan(&w);
	quiet = world_endpoint(&w, NULL, 0x28, 0x00201af4);
	quiet->config[PCI_COMMAND / 4] &= ~(uint32_t)PCI_COMMAND_MASTER;
	loud = world_endpoint(&w, NULL, 0x30, 0x00201af4);
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(quiet->writes, 0);
	EXPECT(!sim_record(&w.run, quiet));
	expect_caught(&w, loud);
	EXPECT(world_flags(&w, loud) & KQ_FN_OFFENDER);
	world_free(&w);
}

static const struct test_case cases[] = {
	CASE(hot_plugged_endpoint),
	CASE(hot_plugged_switch),
	CASE(below_a_hidden_root_bus),
	CASE(unlisted_functions_of_a_device),
	CASE(aliases_are_no_functions),
	CASE(conventional_bus),
	CASE(on_every_root_bus),
	CASE(root_device_0_only),
	CASE(two_hosts),
	CASE(bridge_beyond_its_window),
	CASE(ari_device),
	CASE(no_ari_below_an_ari_port),
	CASE(circular_ari_list),
	CASE(unlisted_vfs_of_a_planned_pf),
	CASE(unlisted_vfs_of_an_unlisted_pf),
	CASE(aborts_at_any_access),
	CASE(dies_at_any_access),
	CASE(circular_capabilities),
	CASE(more_than_the_report_holds),
	CASE(orderly_unlisted),
};

TEST_MAIN(cases)
