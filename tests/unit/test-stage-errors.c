// SPDX-License-Identifier: GPL-2.0-or-later
/* Evidence: taken before it is lost, kept, and our own errors cleared. */
#include "tests/sim/expect.h"
#include "tests/sim/world.h"

static const struct sim_errors crash = {
	.devsta = PCI_EXP_DEVSTA_FED,
	.status = PCI_STATUS_SIG_SYSTEM_ERROR,
	.uncor = PCI_ERR_UNC_COMP_TIME,
	.cor = PCI_ERR_COR_REP_ROLL,
	.root = PCI_ERR_ROOT_UNCOR_RCV,
};

static void evidence_is_what_was_there(void)
{
	const struct kq_report_function *record;
	struct world w;

	world_init(&w);
	sim_add_dpc(w.port1);
	sim_set_errors(w.nic, &crash);
	sim_set_errors(w.port1, &crash);
	for (uint32_t i = 0; i < 4; i++)
		w.nic->config[(w.nic->aer_cap + PCI_ERR_HEADER_LOG) / 4 + i] =
			0x11111111 * (i + 1);
	w.port1->config[(w.port1->dpc_cap + PCI_EXP_DPC_STATUS) / 4] =
		0x01000007;
	world_run(&w);
	EXPECT(world_clean(&w));
	record = sim_record(&w.run, w.nic);
	EXPECT(record->flags & KQ_FN_EVIDENCE);
	EXPECT_EQ(record->command_status, w.nic->initial[1]);
	EXPECT_EQ(record->devctl_devsta >> 16 & 0xf, crash.devsta);
	EXPECT_EQ(record->devctl_devsta & 0xffff,
		  w.nic->initial[(w.nic->pcie_cap + 8) / 4] & 0xffff);
	EXPECT_EQ(record->lnkctl_lnksta,
		  w.nic->initial[(w.nic->pcie_cap + 0x10) / 4]);
	EXPECT_EQ(record->aer_uncor_status, crash.uncor);
	EXPECT_EQ(record->aer_cor_status, crash.cor);
	EXPECT_EQ(record->aer_header_log[3], 0x44444444);
	EXPECT_EQ(record->aer_root_status, 0);
	record = sim_record(&w.run, w.port1);
	EXPECT_EQ(record->aer_root_status, crash.root);
	EXPECT_EQ(record->dpc_status_source, 0x01000007);
	world_free(&w);
}

/* What the crash left in sticky registers is there for the next kernel. */
static void old_errors_stay(void)
{
	struct sim_errors left;
	struct world w;

	world_init(&w);
	w.sim->flag_absent_reads = true;
	sim_set_errors(w.nic, &crash);
	sim_set_errors(w.port1, &crash);
	sim_set_errors(w.old, &crash);
	world_run(&w);
	EXPECT(world_clean(&w));
	left = sim_errors_now(w.nic);
	EXPECT_EQ(left.uncor, crash.uncor);
	EXPECT_EQ(left.cor, crash.cor);
	left = sim_errors_now(w.port1);
	EXPECT_EQ(left.uncor, crash.uncor);
	EXPECT_EQ(left.root, crash.root);
	EXPECT_EQ(left.status, crash.status);
	EXPECT_EQ(left.devsta, crash.devsta);
	left = sim_errors_now(w.old);
	EXPECT_EQ(left.status, crash.status);
	world_free(&w);
}

/* The walk makes ports log errors: nobody shall find them. */
static void own_errors_are_cleared(void)
{
	struct sim_errors left;
	struct world w;

	world_init(&w);
	w.sim->flag_absent_reads = true;
	sim_add_root_bus(w.host, 0x80);
	w.port1->config[PCI_PRIMARY_BUS / 4] = 0x00010100;
	w.nic->faults.raised = (struct sim_errors){
		.devsta = PCI_EXP_DEVSTA_URD,
		.status = PCI_STATUS_REC_MASTER_ABORT,
		.uncor = PCI_ERR_UNC_UNX_COMP,
		.cor = PCI_ERR_COR_ADV_NFAT,
	};
	/* Multi-function: the walk asks for functions that are not there. */
	w.nic->config[PCI_CACHE_LINE_SIZE / 4] |= 0x00800000;
	world_run(&w);
	EXPECT(world_clean(&w));
	left = sim_errors_now(w.nic);
	EXPECT_EQ(left.uncor | left.cor | left.devsta | left.status, 0);
	left = sim_errors_now(w.port1);
	EXPECT_EQ(left.secondary | left.uncor | left.cor | left.devsta |
			  left.root,
		  0);
	EXPECT(world_flags(&w, w.nic) & KQ_FN_ERRORS_CLEARED);
	EXPECT(world_flags(&w, w.port1) & KQ_FN_ERRORS_CLEARED);
	EXPECT(!(world_flags(&w, w.port2) & KQ_FN_ERRORS_CLEARED));
	world_free(&w);
}

static void own_and_old_errors_in_one_register(void)
{
	struct sim_errors left;
	struct world w;

	world_init(&w);
	w.nic->faults.raised = (struct sim_errors){
		.uncor = PCI_ERR_UNC_UNSUP | PCI_ERR_UNC_COMP_TIME,
	};
	sim_set_errors(w.nic, &crash);
	world_run(&w);
	EXPECT(world_clean(&w));
	left = sim_errors_now(w.nic);
	EXPECT_EQ(left.uncor, PCI_ERR_UNC_COMP_TIME);
	EXPECT_EQ(left.cor, crash.cor);
	world_free(&w);
}

/* Left alone means that, even when an error shows up in it meanwhile. */
static void errors_of_a_skipped_function(void)
{
	struct sim_function *fn;
	struct world w;

	world_init(&w);
	w.sim->flag_absent_reads = true;
	/* A switch port somebody wants left alone, below it empty slots. */
	fn = sim_add_bridge(w.sim, w.host, NULL, 0x28, PCI_EXP_TYPE_PCI_BRIDGE,
			    9, 9);
	world_plan(&w);
	sim_plan_entry(w.plan, fn)->flags |= KQ_FN_SKIP;
	world_run(&w);
	EXPECT(!sim_violated(w.sim, "is to be skipped"));
	EXPECT_EQ(fn->writes, 0);
	world_free(&w);
}

static const struct test_case cases[] = {
	CASE(evidence_is_what_was_there),
	CASE(old_errors_stay),
	CASE(own_errors_are_cleared),
	CASE(own_and_old_errors_in_one_register),
	CASE(errors_of_a_skipped_function),
};

TEST_MAIN(cases)
