// SPDX-License-Identifier: GPL-2.0-or-later
/* The stage on PCI functions: who is switched off, who is left alone. */
#include "tests/sim/expect.h"
#include "tests/sim/world.h"

static void crash_to_reset(void)
{
	struct world w;
	uint64_t off;

	world_init(&w);
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_RESET);
	EXPECT_EQ(world_result(&w, w.nvme), KQ_FN_RESET);
	EXPECT_EQ(world_result(&w, w.old), KQ_FN_QUIET);
	EXPECT_EQ(world_result(&w, w.port1), KQ_FN_OBSERVED);
	EXPECT_EQ(w.nic->flr_count, 1);
	EXPECT_EQ(w.old->bme_clears, 1);
	EXPECT_EQ(w.port1->writes, 0);
	EXPECT(world_flags(&w, w.nic) & KQ_FN_RESTORED);
	EXPECT(world_flags(&w, w.nic) & KQ_FN_FLR_DONE);
	EXPECT_EQ(sim_record(&w.run, w.nic)->command_status & 0xffff,
		  w.nic->initial[1] & 0xffff);
	/* Nothing lands once the last bus master is off. */
	off = w.nvme->bme_off_ns;
	EXPECT(off > w.nic->bme_off_ns && off > w.old->bme_off_ns);
	for (size_t i = 0; i < w.sim->function_count; i++)
		EXPECT(sim_dma_landed_ns(w.sim->functions[i]) <= off);
	EXPECT(off < 200 * 1000);
	world_free(&w);
}

static void identity_of_the_report(void)
{
	const struct kq_report_header *report;
	struct world w;

	world_init(&w);
	world_run(&w);
	report = w.run.report;
	EXPECT_EQ(report->functions.count, 5);
	EXPECT_EQ(report->load_id[2], 3);
	EXPECT_EQ(report->boot_id[0], 5);
	EXPECT_EQ(report->load_time_s, 1700000000);
	EXPECT_EQ(report->kind, KQ_PLAN_CRASH);
	EXPECT_EQ(report->quiesce, KQ_QUIESCE_FLR);
	EXPECT_EQ(report->budget_ms, 2000);
	EXPECT_EQ(report->flags, 0);
	EXPECT_EQ(report->fault_count, 0);
	EXPECT(report->total_us > 100000);
	EXPECT(report->steps[KQ_STEP_RESET].duration_us >= 100000);
	EXPECT_EQ(sim_record(&w.run, w.nic)->parent,
		  (uint32_t)w.port1->plan_index);
	EXPECT_EQ(sim_record(&w.run, w.nic)->stream_id, w.nic->stream_id);
	EXPECT(!strcmp(sim_record(&w.run, w.nic)->driver, "simulated"));
	world_free(&w);
}

static void quiesce_bme_only(void)
{
	struct world w;

	world_init(&w);
	w.options.quiesce = KQ_QUIESCE_BME;
	w.sim->limit_us = 20000;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_QUIET);
	EXPECT_EQ(w.nic->flr_count, 0);
	EXPECT(world_flags(&w, w.nic) & KQ_FN_BME_CLEARED);
	world_free(&w);
}

static void quiesce_none(void)
{
	const struct sim_errors old = { .uncor = 0x00004000 };
	struct world w;

	world_init(&w);
	w.options.quiesce = KQ_QUIESCE_NONE;
	w.sim->flag_absent_reads = true;
	sim_set_errors(w.nic, &old);
	world_run(&w);
	EXPECT(world_clean(&w));
	for (size_t i = 0; i < w.sim->function_count; i++)
		EXPECT_EQ(w.sim->functions[i]->writes, 0);
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_OBSERVED);
	EXPECT_EQ(sim_record(&w.run, w.nic)->aer_uncor_status, 0x4000);
	EXPECT(w.smmu->enable_fell_ns > 0);
	world_free(&w);
}

static void already_off(void)
{
	struct world w;

	world_init(&w);
	w.old->config[PCI_COMMAND / 4] &= ~(uint32_t)PCI_COMMAND_MASTER;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(world_result(&w, w.old), KQ_FN_QUIET);
	EXPECT(!(world_flags(&w, w.old) & KQ_FN_BME_CLEARED));
	EXPECT_EQ(w.old->writes, 0);
	world_free(&w);
}

static void gone(void)
{
	struct world w;

	world_init(&w);
	world_plan(&w);
	w.nic->present = false;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_GONE);
	EXPECT_EQ(world_result(&w, w.nvme), KQ_FN_RESET);
	world_free(&w);

	/* Some machines answer an empty slot with an abort. */
	world_init(&w);
	world_plan(&w);
	w.nic->present = false;
	w.host->absent_aborts = true;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_UNREACHABLE);
	EXPECT_EQ(world_result(&w, w.nvme), KQ_FN_RESET);
	EXPECT(w.run.report->fault_count > 0);
	world_free(&w);
}

/* Another device in the slot: never reset, but not left mastering either. */
static void replaced(void)
{
	struct world w;

	world_init(&w);
	world_plan(&w);
	w.nic->config[0] = 0x12341af4;
	w.nic->replaced = true;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_REPLACED);
	EXPECT_EQ(w.nic->flr_count, 0);
	EXPECT_EQ(w.nic->bme_clears, 1);
	EXPECT_EQ(world_result(&w, w.nvme), KQ_FN_RESET);
	world_free(&w);
}

static void skipped(void)
{
	struct world w;

	world_init(&w);
	world_plan(&w);
	sim_plan_entry(w.plan, w.nic)->flags |= KQ_FN_SKIP;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_SKIPPED);
	EXPECT_EQ(w.nic->writes, 0);
	EXPECT(world_flags(&w, w.nic) & KQ_FN_EVIDENCE);
	EXPECT_EQ(world_result(&w, w.nvme), KQ_FN_RESET);
	world_free(&w);
}

static void no_config_access(void)
{
	struct world w;

	world_init(&w);
	world_plan(&w);
	sim_plan_entry(w.plan, w.old)->host = KQ_NONE;
	w.host->flags |= KQ_HOST_ROOT_BUS_HIDDEN;
	((struct kq_plan_host *)kq_plan_hosts(w.plan))->flags =
		KQ_HOST_ROOT_BUS_HIDDEN;
	sim_plan_entry(w.plan, w.port1)->host = KQ_NONE;
	sim_plan_entry(w.plan, w.port2)->host = KQ_NONE;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(world_result(&w, w.old), KQ_FN_NO_CONFIG_ACCESS);
	EXPECT_EQ(world_result(&w, w.port1), KQ_FN_NO_CONFIG_ACCESS);
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_RESET);
	world_free(&w);
}

static void aborting_function(void)
{
	struct world w;

	world_init(&w);
	w.nic->faults.aborts = true;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_UNREACHABLE);
	EXPECT(!(world_flags(&w, w.nic) & KQ_FN_EVIDENCE));
	EXPECT_EQ(world_result(&w, w.nvme), KQ_FN_RESET);
	EXPECT_EQ(world_result(&w, w.old), KQ_FN_QUIET);
	EXPECT_EQ(w.run.report->smmus.count, 1);
	EXPECT_EQ(kq_report_smmus(w.run.report)->result, KQ_SMMU_DONE);
	world_free(&w);
}

/*
 * A function that breaks at any one of its accesses is named, and costs
 * its neighbours nothing: neither their reset nor the SMMU's policy.
 */
static void breaks_at_any_access(bool abort, uint64_t dead_read_us)
{
	unsigned int before = expect_failures, timeouts = 0;

	for (uint32_t n = 1; n < 120 && expect_failures == before; n++) {
		struct world w;
		uint32_t result;

		world_init(&w);
		w.nic->faults.dead_read_us = dead_read_us;
		if (abort)
			w.nic->faults.abort_after = n;
		else
			w.nic->faults.dead_after = n;
		world_run(&w);
		EXPECT(world_clean(&w));
		result = world_result(&w, w.nic);
		if (w.nic->faults.aborts || w.nic->faults.dead)
			EXPECT(result == KQ_FN_UNREACHABLE ||
			       result == KQ_FN_GONE || result == KQ_FN_RESET ||
			       result == KQ_FN_RESET_TIMEOUT);
		/* The budget is spent on what is being reset alone. */
		timeouts += result == KQ_FN_RESET_TIMEOUT && !w.nic->flr_count;
		EXPECT(result == KQ_FN_RESET_TIMEOUT ||
		       sim_now_us(w.sim) < 400000);
		EXPECT_EQ(world_result(&w, w.nvme), KQ_FN_RESET);
		EXPECT_EQ(world_result(&w, w.old), KQ_FN_QUIET);
		EXPECT_EQ(kq_report_smmus(w.run.report)->result, KQ_SMMU_DONE);
		if (expect_failures != before)
			fprintf(stderr,
				"... when it broke after %u accesses "
				"(%s), result %u\n",
				n, abort ? "abort" : "all ones", result);
		world_free(&w);
	}
	/* Between the last look and the reset itself nobody can tell. */
	EXPECT(timeouts <= 1);
}

static void aborts_at_any_access(void)
{
	breaks_at_any_access(true, 0);
}

static void dies_at_any_access(void)
{
	breaks_at_any_access(false, 0);
}

/* 27 slots whose device hangs, each read of which takes 50 ms. */
static void slots_that_hang(void)
{
	struct world w;

	world_init(&w);
	w.options.budget_ms = 1000;
	world_plan(&w);
	for (uint8_t i = 4; i < 31; i++) {
		struct sim_function *port =
			sim_add_bridge(w.sim, w.host, NULL, (uint8_t)(i << 3),
				       PCI_EXP_TYPE_ROOT_PORT, i, i);
		struct sim_function *fn = world_endpoint(&w, port, 0, NIC_ID);

		fn->faults.dead = true;
		fn->faults.dead_read_us = 50000;
	}
	w.sim->limit_us = 800000;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT(w.run.report->flags & KQ_REPORT_OVER_BUDGET);
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_RESET);
	EXPECT_EQ(kq_report_smmus(w.run.report)->result, KQ_SMMU_DONE);
	world_free(&w);
}

/* All functions of a card hang: those behind it do not wait for it. */
static void card_that_hangs(void)
{
	struct world w;

	world_init(&w);
	w.nic->faults.dead = true;
	w.nic->faults.dead_read_us = 50000;
	for (uint8_t fn = 1; fn < 8; fn++) {
		struct sim_function *more =
			world_endpoint(&w, w.port1, fn, NIC_ID);

		more->faults = w.nic->faults;
	}
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(world_result(&w, w.nvme), KQ_FN_RESET);
	EXPECT(w.nvme->bme_off_ns < 60000000);
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_GONE);
	world_free(&w);
}

/* Each read of a device that hangs costs up to 50 ms: not many are made. */
static void hanging_function(void)
{
	unsigned int most = 0;

	for (uint32_t n = 1; n < 40; n++) {
		struct world w;
		unsigned int reads;

		world_init(&w);
		w.nic->faults.dead_read_us = 50000;
		w.nic->faults.dead_after = n;
		world_run(&w);
		EXPECT(world_clean(&w));
		EXPECT_EQ(world_result(&w, w.nvme), KQ_FN_RESET);
		EXPECT(w.nvme->bme_off_ns < 500 * 1000 * 1000);
		reads = w.nic->accesses - n;
		if (world_result(&w, w.nic) != KQ_FN_RESET_TIMEOUT &&
		    w.nic->faults.dead && reads > most)
			most = reads;
		world_free(&w);
	}
	EXPECT(most > 0 && most < 26);
}

static void still_mastering(void)
{
	struct world w;

	world_init(&w);
	w.old->faults.bme_stuck = true;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(world_result(&w, w.old), KQ_FN_STILL_MASTERING);
	EXPECT_EQ(sim_record(&w.run, w.old)->command_after & PCI_COMMAND_MASTER,
		  PCI_COMMAND_MASTER);
	EXPECT(!(world_flags(&w, w.old) & KQ_FN_BME_CLEARED));
	world_free(&w);
}

static void orderly_left_alone(void)
{
	struct world w;

	world_init(&w);
	w.options.kind = KQ_PLAN_ORDERLY;
	w.nic->config[PCI_COMMAND / 4] &= ~(uint32_t)PCI_COMMAND_MASTER;
	w.old->config[PCI_COMMAND / 4] &= ~(uint32_t)PCI_COMMAND_MASTER;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_LEFT_ALONE);
	EXPECT_EQ(w.nic->writes, 0);
	EXPECT(!(world_flags(&w, w.nic) & KQ_FN_OFFENDER));
	EXPECT_EQ(world_result(&w, w.nvme), KQ_FN_RESET);
	EXPECT(world_flags(&w, w.nvme) & KQ_FN_OFFENDER);
	EXPECT_EQ(world_result(&w, w.old), KQ_FN_LEFT_ALONE);
	world_free(&w);
}

static void orderly_pending_offender(void)
{
	struct world w;

	world_init(&w);
	w.options.kind = KQ_PLAN_ORDERLY;
	w.nic->config[PCI_COMMAND / 4] &= ~(uint32_t)PCI_COMMAND_MASTER;
	w.nic->faults.pending_us = SIM_NEVER;
	w.nvme->config[PCI_COMMAND / 4] &= ~(uint32_t)PCI_COMMAND_MASTER;
	w.nvme->faults.pending_us = 3000;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT(world_flags(&w, w.nic) & KQ_FN_OFFENDER);
	EXPECT(world_flags(&w, w.nic) & KQ_FN_STUCK_PENDING);
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_RESET);
	/* Its requests were on their way home: nobody's fault. */
	EXPECT_EQ(world_result(&w, w.nvme), KQ_FN_LEFT_ALONE);
	EXPECT_EQ(w.nvme->writes, 0);
	world_free(&w);
}

/* A function below port 1 that cannot be quieted by any means. */
static void add_resister(struct world *w)
{
	struct sim_function *fn = sim_add_function(w->sim, w->host, w->port1, 1,
						   0x00011234, 0x0c033000);

	fn->smmu = 0;
	fn->faults.bme_stuck = true;
	w->nic->config[PCI_CACHE_LINE_SIZE / 4] |= 0x00800000;
	w->old->present = false;
	w->old = fn;
}

static void bridge_last_resort(void)
{
	struct world w;

	world_init(&w);
	w.options.flags = KQ_PLAN_BRIDGES;
	add_resister(&w);
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(world_result(&w, w.old), KQ_FN_STILL_MASTERING);
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_RESET);
	EXPECT_EQ(w.port1->bme_clears, 1);
	EXPECT_EQ(w.port2->bme_clears, 0);
	EXPECT(world_flags(&w, w.port1) & KQ_FN_BME_CLEARED);
	world_free(&w);

	world_init(&w);
	add_resister(&w);
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(w.port1->bme_clears, 0);
	world_free(&w);
}

/* A bridge takes all below it along: not one the user wants left alone. */
static void bridge_above_a_skipped_one(void)
{
	struct world w;

	for (int bridge = 0; bridge < 2; bridge++) {
		world_init(&w);
		w.options.flags = KQ_PLAN_BRIDGES;
		add_resister(&w);
		world_plan(&w);
		sim_plan_entry(w.plan, bridge ? w.port1 : w.nic)->flags |=
			KQ_FN_SKIP;
		world_run(&w);
		EXPECT(world_clean(&w));
		EXPECT_EQ(world_result(&w, w.old), KQ_FN_STILL_MASTERING);
		EXPECT_EQ(w.port1->writes, 0);
		world_free(&w);
	}
}

static void bridge_with_quiesce_none(void)
{
	struct world w;

	world_init(&w);
	w.options.flags = KQ_PLAN_BRIDGES;
	w.options.quiesce = KQ_QUIESCE_NONE;
	w.nic->faults.aborts = true;
	world_run(&w);
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_UNREACHABLE);
	EXPECT_EQ(w.port1->writes, 0);
	world_free(&w);
}

/* The bridge itself answers nothing any more: no junk is written to it. */
static void bridge_dies_at_any_access(bool abort)
{
	unsigned int before = expect_failures;
	struct world w;

	for (uint32_t n = 1; n < 60 && expect_failures == before; n++) {
		world_init(&w);
		w.options.flags = KQ_PLAN_BRIDGES;
		add_resister(&w);
		if (abort)
			w.port1->faults.abort_after = n;
		else
			w.port1->faults.dead_after = n;
		world_run(&w);
		EXPECT(world_clean(&w));
		EXPECT_EQ(world_result(&w, w.nvme), KQ_FN_RESET);
		EXPECT_EQ(kq_report_smmus(w.run.report)->result, KQ_SMMU_DONE);
		for (size_t i = 0; i < w.sim->log_count; i++) {
			const struct sim_access *a = &w.sim->log[i];

			EXPECT(!a->write || a->owner != w.port1 ||
			       a->reg != PCI_COMMAND ||
			       (a->value & 0xffff) < 0x800);
		}
		world_free(&w);
	}
}

static void bridge_that_died(void)
{
	bridge_dies_at_any_access(true);
	bridge_dies_at_any_access(false);
}

/* FLR is the remedy for one that keeps its bus master on. */
static void still_mastering_to_reset(void)
{
	struct world w;

	world_init(&w);
	w.nic->faults.bme_stuck = true;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_RESET);
	EXPECT(!sim_bme(w.nic));
	world_free(&w);
}

static void plan_that_is_refused(void)
{
	struct world w;

	world_init(&w);
	world_plan(&w);
	sim_plan_seal(w.sim, w.plan);
	w.plan->budget_ms++;
	sim_run(w.sim, w.plan, &w.run);
	EXPECT_EQ(w.sim->log_count, 0);
	EXPECT(w.run.report);
	EXPECT_EQ(w.run.report->flags, KQ_REPORT_PLAN_INVALID);
	EXPECT(w.run.report->plan_error != 0);
	EXPECT_EQ(w.run.report->functions.count, 0);
	world_free(&w);
}

static void console_pl011(void)
{
	struct world w;

	world_init(&w);
	w.sim->uart = 0x09000000;
	w.options.console = KQ_CONSOLE_PL011;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT(strstr(w.sim->uart_text, "5 functions, 2 reset, 0 not quiet"));
	EXPECT(strstr(w.sim->uart_text, "SMMU 0x9050000 abort\r\n"));
	world_free(&w);

	/* A UART nobody reads from does not hold up the boot. */
	world_init(&w);
	w.sim->uart = 0x09000000;
	w.sim->uart_full = true;
	w.sim->limit_us = 300000;
	w.options.console = KQ_CONSOLE_PL011;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(w.sim->uart_writes, 0);
	world_free(&w);
}

/* Registers a byte or a word apart. */
static void console_uart8250(void)
{
	for (uint32_t shift = 0; shift <= 2; shift += 2) {
		struct world w;

		world_init(&w);
		w.sim->uart = 0x09000000;
		w.sim->uart_8250 = true;
		w.sim->uart_shift = shift;
		w.options.console = KQ_CONSOLE_UART8250;
		world_run(&w);
		EXPECT(world_clean(&w));
		EXPECT(strstr(w.sim->uart_text, "SMMU 0x9050000 abort\r\n"));
		world_free(&w);
	}
}

static const struct test_case cases[] = {
	CASE(crash_to_reset),
	CASE(identity_of_the_report),
	CASE(quiesce_bme_only),
	CASE(quiesce_none),
	CASE(already_off),
	CASE(gone),
	CASE(replaced),
	CASE(skipped),
	CASE(no_config_access),
	CASE(aborting_function),
	CASE(aborts_at_any_access),
	CASE(dies_at_any_access),
	CASE(hanging_function),
	CASE(slots_that_hang),
	CASE(card_that_hangs),
	CASE(still_mastering),
	CASE(still_mastering_to_reset),
	CASE(orderly_left_alone),
	CASE(orderly_pending_offender),
	CASE(bridge_last_resort),
	CASE(bridge_above_a_skipped_one),
	CASE(bridge_with_quiesce_none),
	CASE(bridge_that_died),
	CASE(plan_that_is_refused),
	CASE(console_pl011),
	CASE(console_uart8250),
};

TEST_MAIN(cases)
