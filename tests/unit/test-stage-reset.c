// SPDX-License-Identifier: GPL-2.0-or-later
/* Transactions Pending, function level reset, readiness, restoring. */
#include "tests/sim/expect.h"
#include "tests/sim/world.h"

static const struct kq_report_step *step(const struct world *w,
					 enum kq_step which)
{
	return &w->run.report->steps[which];
}

/* One shared wait, however many functions are reset. */
static void shared_wait(unsigned int count)
{
	struct world w;
	struct sim_function *port;

	world_init(&w);
	for (unsigned int i = 0; i < count; i++) {
		port = sim_add_bridge(
			w.sim, w.host, NULL, (uint8_t)(0x20 + i / 8 * 8),
			PCI_EXP_TYPE_ROOT_PORT, (uint8_t)(3 + i / 8),
			(uint8_t)(3 + i / 8));
		w.old = world_endpoint(&w, port, (uint8_t)(i % 8), NIC_ID);
		w.old->config[PCI_CACHE_LINE_SIZE / 4] |= 0x00800000;
		while (++i % 8 != 0 && i < count)
			world_endpoint(&w, port, (uint8_t)(i % 8), NIC_ID);
		i--;
	}
	world_run(&w);
	EXPECT(world_clean(&w));
	for (size_t i = 0; i < w.sim->function_count; i++)
		if (w.sim->functions[i]->pcie_cap &&
		    !w.sim->functions[i]->bridge)
			EXPECT_EQ(world_result(&w, w.sim->functions[i]),
				  KQ_FN_RESET);
	EXPECT(step(&w, KQ_STEP_RESET)->duration_us >= 100000);
	/* The writes themselves take some 10 us for each function. */
	EXPECT(step(&w, KQ_STEP_RESET)->duration_us < 110000 + 60 * count);
	world_free(&w);
}

static void one_wait_for_1(void)
{
	shared_wait(1);
}

static void one_wait_for_32(void)
{
	shared_wait(32);
}

static void one_wait_for_200(void)
{
	shared_wait(200);
}

/* A root port with eight functions behind it. */
static void add_full_port(struct world *w, struct sim_host *host, uint8_t nr)
{
	struct sim_function *port, *fn;

	port = sim_add_bridge(w->sim, host, NULL, (uint8_t)((nr + 4) << 3),
			      PCI_EXP_TYPE_ROOT_PORT, (uint8_t)(nr + 3),
			      (uint8_t)(nr + 3));
	for (uint8_t i = 0; i < 8; i++) {
		fn = sim_add_function(w->sim, host, port, i, NIC_ID, NIC_CLASS);
		fn->config[PCI_CACHE_LINE_SIZE / 4] |= 0x00800000;
		fn->smmu = 0;
		sim_add_pcie(fn, PCI_EXP_TYPE_ENDPOINT, true);
		sim_add_aer(fn);
	}
}

/* A large server, on several segments: still one wait. */
static void hundreds_of_functions(void)
{
	unsigned int resets = 0;
	struct sim_host *host;
	struct world w;

	world_init(&w);
	for (uint16_t segment = 1; segment <= 3; segment++) {
		host = sim_add_host(w.sim, 0x5000000000 + segment * 0x10000000,
				    segment, 0, 255);
		for (uint8_t i = 0; i < 28; i++)
			add_full_port(&w, host, i);
	}
	world_run(&w);
	EXPECT(world_clean(&w));
	for (size_t i = 0; i < w.sim->function_count; i++)
		resets += world_result(&w, w.sim->functions[i]) == KQ_FN_RESET;
	EXPECT_EQ(resets, 3 * 28 * 8 + 2);
	EXPECT(w.run.report->flags == 0);
	/* The last of them was not switched off much later than the first. */
	EXPECT(step(&w, KQ_STEP_MASTERS)->duration_us < 20000);
	EXPECT(step(&w, KQ_STEP_RESET)->duration_us < 110000 + 60 * resets);
	world_free(&w);
}

static void immediate_readiness(void)
{
	struct world w;

	world_init(&w);
	w.nic->config[PCI_COMMAND / 4] |= (uint32_t)PCI_STATUS_IMM_READY << 16;
	w.nvme->config[PCI_COMMAND / 4] |= (uint32_t)PCI_STATUS_IMM_READY << 16;
	w.sim->limit_us = 20000;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_RESET);
	EXPECT(step(&w, KQ_STEP_RESET)->duration_us < 5000);
	EXPECT(sim_record(&w.run, w.nic)->reset_us < 5000);
	world_free(&w);
}

/* Slower than 100 ms, and saying so in each of the ways there are. */
static void slow_reset(bool rrs, bool ones)
{
	struct world w;
	uint32_t took;

	world_init(&w);
	w.nic->faults.flr_us = 350000;
	w.nic->faults.ones_in_reset = ones;
	if (!rrs)
		w.port1->config[(w.port1->pcie_cap + PCI_EXP_RTCTL) / 4] &=
			~(uint32_t)PCI_EXP_RTCTL_CRSSVE;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_RESET);
	took = sim_record(&w.run, w.nic)->reset_us;
	EXPECT(took >= 350000 && took < 450000);
	EXPECT(sim_record(&w.run, w.nvme)->reset_us < 150000);
	world_free(&w);
}

static void slow_reset_with_rrs(void)
{
	slow_reset(true, false);
}

static void slow_reset_without_rrs(void)
{
	slow_reset(false, false);
}

static void slow_reset_all_ones(void)
{
	slow_reset(true, true);
}

/* One that never comes back stops neither the others nor the SMMU. */
static void reset_timeout(void)
{
	struct world w;

	world_init(&w);
	w.nic->faults.flr_kills = true;
	w.sim->limit_us = 2100000;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_RESET_TIMEOUT);
	EXPECT(!(world_flags(&w, w.nic) & KQ_FN_RESTORED));
	EXPECT_EQ(world_result(&w, w.nvme), KQ_FN_RESET);
	EXPECT(world_flags(&w, w.nvme) & KQ_FN_RESTORED);
	EXPECT(w.run.report->flags & KQ_REPORT_OVER_BUDGET);
	EXPECT_EQ(kq_report_smmus(w.run.report)->result, KQ_SMMU_DONE);
	world_free(&w);
}

static void extra_delay_of_the_plan(void)
{
	struct world w;

	world_init(&w);
	world_plan(&w);
	sim_plan_entry(w.plan, w.nic)->reset_delay_ms = 250;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_RESET);
	EXPECT(sim_record(&w.run, w.nic)->reset_us >= 350000);
	for (size_t i = 0; i < w.sim->log_count; i++) {
		const struct sim_access *a = &w.sim->log[i];

		EXPECT(a->owner != w.nic || a->ns <= w.nic->flr_ns ||
		       a->ns >= w.nic->flr_ns + 350000000);
	}
	world_free(&w);
}

static void advanced_features(void)
{
	struct world w;

	world_init(&w);
	sim_add_af(w.old, true);
	w.old->faults.pending_us = 2000;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(world_result(&w, w.old), KQ_FN_RESET);
	EXPECT(world_flags(&w, w.old) & KQ_FN_AF_FLR_DONE);
	EXPECT(!(world_flags(&w, w.old) & KQ_FN_FLR_DONE));
	EXPECT_EQ(w.old->flr_count, 1);
	EXPECT(sim_record(&w.run, w.old)->pending_us >= 1900);
	world_free(&w);
}

static void broken_reset_is_not_used(void)
{
	struct world w;

	world_init(&w);
	world_plan(&w);
	sim_plan_entry(w.plan, w.nic)->flags |= KQ_FN_FLR_BROKEN;
	sim_plan_entry(w.plan, w.nvme)->flags |= KQ_FN_DEV_RESET;
	w.sim->limit_us = 20000;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_QUIET);
	EXPECT_EQ(world_result(&w, w.nvme), KQ_FN_QUIET);
	EXPECT_EQ(w.nic->flr_count + w.nvme->flr_count, 0);
	world_free(&w);
}

/* Real switch ports advertise FLR; it would take their bus numbers. */
static void switch_port_that_advertises_flr(void)
{
	struct world w;
	struct sim_function *up, *down, *leaf;

	world_init(&w);
	w.port2->config[PCI_PRIMARY_BUS / 4] = 0x00040200;
	w.nvme->present = false;
	up = sim_add_bridge(w.sim, w.host, w.port2, 0, PCI_EXP_TYPE_UPSTREAM, 3,
			    4);
	down = sim_add_bridge(w.sim, w.host, up, 0, PCI_EXP_TYPE_DOWNSTREAM, 4,
			      4);
	leaf = world_endpoint(&w, down, 0, NVME_ID);
	up->config[(up->pcie_cap + PCI_EXP_DEVCAP) / 4] |= PCI_EXP_DEVCAP_FLR;
	down->config[(down->pcie_cap + PCI_EXP_DEVCAP) / 4] |=
		PCI_EXP_DEVCAP_FLR;
	world_plan(&w);
	/* Not told apart by the bridge flag either, as of another planner. */
	sim_plan_entry(w.plan, up)->flags |= KQ_FN_FLR;
	sim_plan_entry(w.plan, down)->flags |= KQ_FN_FLR;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(up->flr_count + down->flr_count, 0);
	EXPECT_EQ(world_result(&w, leaf), KQ_FN_RESET);
	EXPECT_EQ(world_result(&w, up), KQ_FN_OBSERVED);
	world_free(&w);
}

static void pending_is_waited_for(void)
{
	struct world w;

	world_init(&w);
	w.nic->faults.pending_us = 30000;
	w.nvme->faults.pending_us = 5000;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_RESET);
	EXPECT(!(world_flags(&w, w.nic) & KQ_FN_STUCK_PENDING));
	/* Both at the same time, not one after the other. */
	EXPECT(step(&w, KQ_STEP_PENDING)->duration_us >= 29000);
	EXPECT(step(&w, KQ_STEP_PENDING)->duration_us < 45000);
	EXPECT(sim_record(&w.run, w.nvme)->pending_us <
	       sim_record(&w.run, w.nic)->pending_us);
	EXPECT(w.nic->flr_ns > w.nic->bme_off_ns + 30000000);
	world_free(&w);
}

static void pending_for_ever(void)
{
	struct world w;

	world_init(&w);
	w.nic->faults.pending_us = SIM_NEVER;
	w.sim->limit_us = 1000000;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT(world_flags(&w, w.nic) & KQ_FN_STUCK_PENDING);
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_RESET);
	EXPECT_EQ(world_result(&w, w.nvme), KQ_FN_RESET);
	EXPECT(!(world_flags(&w, w.nvme) & KQ_FN_STUCK_PENDING));
	world_free(&w);
}

/* The bit is set at rest on real machines: it must not cost the others. */
static void pending_for_ever_small_budget(void)
{
	struct world w;

	world_init(&w);
	w.options.budget_ms = 500;
	w.nic->faults.pending_at_rest = true;
	w.sim->limit_us = 510000;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(world_result(&w, w.nvme), KQ_FN_RESET);
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_RESET);
	world_free(&w);
}

/* PFs take their VFs with them; VFs of a PF that stays have their own. */
static void pf_resets_its_vfs(void)
{
	struct world w;
	struct sim_function *vf0, *vf1;

	world_init(&w);
	w.nic->config[PCI_CACHE_LINE_SIZE / 4] |= 0x00800000;
	sim_add_sriov(w.nic, 2, 2, 1);
	vf0 = w.sim->functions[w.sim->function_count - 2];
	vf1 = w.sim->functions[w.sim->function_count - 1];
	vf0->smmu = vf1->smmu = 0;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_RESET);
	EXPECT_EQ(world_result(&w, vf0), KQ_FN_RESET_WITH_PF);
	EXPECT_EQ(world_result(&w, vf1), KQ_FN_RESET_WITH_PF);
	EXPECT_EQ(vf0->flr_count, 0);
	EXPECT_EQ(vf1->bme_clears, 1);
	EXPECT(!sim_present(vf0));
	world_free(&w);
}

/*
 * An integrated endpoint has no link: what stands in the place of its link
 * registers is another capability's business.
 */
static void integrated_endpoint_has_no_link(void)
{
	struct world w;
	struct sim_function *fn;

	world_init(&w);
	fn = sim_add_function(w.sim, w.host, NULL, 0x20, 0xa2381234u,
			      NIC_CLASS);
	fn->smmu = 0;
	sim_add_pcie(fn, PCI_EXP_TYPE_RC_END, true);
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(world_result(&w, fn), KQ_FN_RESET);
	EXPECT(!sim_find_write(w.sim, fn, fn->pcie_cap + PCI_EXP_LNKCTL, 0, 0));
	EXPECT(!sim_find_write(w.sim, fn, fn->pcie_cap + PCI_EXP_LNKCTL2, 0,
			       0));
	EXPECT(sim_find_write(w.sim, w.nic, w.nic->pcie_cap + PCI_EXP_LNKCTL, 0,
			      0));
	world_free(&w);
}

/* The PF is quiet without a reset, which would take the skipped VF away. */
static void skipped_vf_keeps_its_pf(void)
{
	struct world w;
	struct sim_function *vf0, *vf1;

	world_init(&w);
	w.nic->config[PCI_CACHE_LINE_SIZE / 4] |= 0x00800000;
	sim_add_sriov(w.nic, 2, 2, 1);
	vf0 = w.sim->functions[w.sim->function_count - 2];
	vf1 = w.sim->functions[w.sim->function_count - 1];
	vf0->smmu = vf1->smmu = 0;
	world_plan(&w);
	sim_plan_entry(w.plan, vf0)->flags |= KQ_FN_SKIP;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_QUIET);
	EXPECT_EQ(w.nic->flr_count, 0);
	EXPECT_EQ(w.nic->bme_clears, 1);
	EXPECT_EQ(world_result(&w, vf0), KQ_FN_SKIPPED);
	EXPECT(sim_present(vf0) && sim_bme(vf0));
	EXPECT_EQ(world_result(&w, vf1), KQ_FN_RESET);
	world_free(&w);
}

static void vfs_of_a_pf_without_reset(void)
{
	struct world w;
	struct sim_function *vf;

	world_init(&w);
	w.nic->config[PCI_CACHE_LINE_SIZE / 4] |= 0x00800000;
	sim_add_sriov(w.nic, 1, 3, 1);
	vf = w.sim->functions[w.sim->function_count - 1];
	vf->smmu = 0;
	world_plan(&w);
	sim_plan_entry(w.plan, w.nic)->flags |= KQ_FN_FLR_BROKEN;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_QUIET);
	EXPECT_EQ(world_result(&w, vf), KQ_FN_RESET);
	EXPECT_EQ(vf->flr_count, 1);
	EXPECT(sim_present(vf));
	world_free(&w);
}

static void orderly_vf(void)
{
	struct world w;
	struct sim_function *vf;

	world_init(&w);
	w.options.kind = KQ_PLAN_ORDERLY;
	w.options.quiesce = KQ_QUIESCE_BME;
	w.nic->config[PCI_CACHE_LINE_SIZE / 4] |= 0x00800000;
	sim_add_sriov(w.nic, 1, 3, 1);
	vf = w.sim->functions[w.sim->function_count - 1];
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(world_result(&w, vf), KQ_FN_QUIET);
	EXPECT(world_flags(&w, vf) & KQ_FN_OFFENDER);
	world_free(&w);
}

/* VF Enable was cleared since the plan was made: nothing is there. */
static void vfs_that_went_away(void)
{
	struct world w;
	struct sim_function *vf;

	world_init(&w);
	w.nic->config[PCI_CACHE_LINE_SIZE / 4] |= 0x00800000;
	sim_add_sriov(w.nic, 1, 3, 1);
	vf = w.sim->functions[w.sim->function_count - 1];
	world_plan(&w);
	w.nic->config[(w.nic->sriov_cap + PCI_SRIOV_CTRL) / 4] = 0;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(world_result(&w, vf), KQ_FN_GONE);
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_RESET);
	world_free(&w);
}

static void pulled_out_in_mid_reset(void)
{
	struct world w;

	world_init(&w);
	w.nic->faults.gone_at_us = 50000;
	w.sim->limit_us = 2100000;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_RESET_TIMEOUT);
	EXPECT_EQ(world_result(&w, w.nvme), KQ_FN_RESET);
	world_free(&w);
}

/* However small the budget, the stage ends and the SMMU is programmed. */
static void small_budgets(void)
{
	static const uint32_t budgets[] = { 0,	 1,   5,   50,	99,
					    100, 101, 120, 210, 300 };

	for (size_t i = 0; i < sizeof(budgets) / sizeof(*budgets); i++) {
		struct world w;

		world_init(&w);
		w.options.budget_ms = budgets[i];
		w.sim->limit_us = budgets[i] * 1000 + 20000;
		w.nic->faults.pending_us = SIM_NEVER;
		w.nvme->faults.flr_us = 150000;
		world_run(&w);
		EXPECT(world_clean(&w));
		EXPECT(w.nic->bme_clears == 1 && w.old->bme_clears == 1);
		EXPECT_EQ(kq_report_smmus(w.run.report)->result, KQ_SMMU_DONE);
		if (budgets[i] < 100)
			EXPECT_EQ(w.nvme->flr_count, 0);
		world_free(&w);
	}
}

/* The mark is for waits that were cut, not for a small budget as such. */
static void over_budget_mark(void)
{
	struct world w;

	world_init(&w);
	w.options.budget_ms = 400;
	w.nic->faults.pending_us = 3000;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(w.run.report->flags, 0);
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_RESET);
	world_free(&w);

	world_init(&w);
	w.options.budget_ms = 90;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(w.run.report->flags, KQ_REPORT_OVER_BUDGET);
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_QUIET);
	world_free(&w);

	world_init(&w);
	w.options.budget_ms = 90;
	w.options.quiesce = KQ_QUIESCE_BME;
	w.nic->faults.pending_us = SIM_NEVER;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(w.run.report->flags, KQ_REPORT_OVER_BUDGET);
	world_free(&w);
}

static const struct test_case cases[] = {
	CASE(one_wait_for_1),
	CASE(one_wait_for_32),
	CASE(one_wait_for_200),
	CASE(hundreds_of_functions),
	CASE(immediate_readiness),
	CASE(slow_reset_with_rrs),
	CASE(slow_reset_without_rrs),
	CASE(slow_reset_all_ones),
	CASE(reset_timeout),
	CASE(extra_delay_of_the_plan),
	CASE(advanced_features),
	CASE(broken_reset_is_not_used),
	CASE(switch_port_that_advertises_flr),
	CASE(pending_is_waited_for),
	CASE(pending_for_ever),
	CASE(pending_for_ever_small_budget),
	CASE(pf_resets_its_vfs),
	CASE(integrated_endpoint_has_no_link),
	CASE(skipped_vf_keeps_its_pf),
	CASE(vfs_of_a_pf_without_reset),
	CASE(orderly_vf),
	CASE(vfs_that_went_away),
	CASE(pulled_out_in_mid_reset),
	CASE(small_budgets),
	CASE(over_budget_mark),
};

TEST_MAIN(cases)
