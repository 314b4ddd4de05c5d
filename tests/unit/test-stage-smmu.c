// SPDX-License-Identifier: GPL-2.0-or-later
/* SMMUs to their policy, their handshakes, errors and old events. */
#include <stdlib.h>

#include "tests/sim/expect.h"
#include "tests/sim/world.h"

#define CR0 0x20u
#define CR0ACK 0x24u
#define GBPA 0x44u
#define IRQ_CTRL 0x50u
#define IRQ_CTRLACK 0x54u
#define ABORT 0x00100000u
#define OVERFLOW 0x80000000u

static const struct kq_report_smmu *smmu_record(const struct world *w)
{
	return kq_report_smmus(w->run.report);
}

static void run_policy(struct world *w, enum kq_policy policy)
{
	w->options.policy = policy;
	world_run(w);
	EXPECT(world_clean(w));
	EXPECT_EQ(w->run.report->smmus.count, w->sim->smmu_count);
	EXPECT_EQ(smmu_record(w)->policy, policy);
}

static void policy_abort(void)
{
	struct world w;

	world_init(&w);
	w.options.quiesce = KQ_QUIESCE_BME;
	w.old->faults.bme_stuck = true;
	run_policy(&w, KQ_POLICY_ABORT);
	EXPECT_EQ(smmu_record(&w)->result, KQ_SMMU_DONE);
	EXPECT(w.smmu->aborted_when_it_fell);
	EXPECT_EQ(w.smmu->cr0 | w.smmu->cr0ack, 0);
	EXPECT(w.smmu->gbpa & ABORT);
	EXPECT_EQ(smmu_record(&w)->before.cr0, w.smmu->initial.cr0);
	EXPECT_EQ(smmu_record(&w)->before.gbpa, w.smmu->initial.gbpa);
	EXPECT_EQ(smmu_record(&w)->before.strtab_base,
		  w.smmu->initial.strtab_base);
	EXPECT_EQ(smmu_record(&w)->after.cr0, 0);
	EXPECT_EQ(smmu_record(&w)->after.gbpa, w.smmu->gbpa);
	EXPECT_EQ(smmu_record(&w)->after.irq_ctrl, 0);
	EXPECT_EQ(smmu_record(&w)->idr0, w.smmu->idr[0]);
	/* The one that would not stop hurts nobody from then on. */
	EXPECT_EQ(w.old->dma_state, SIM_DMA_ABORTED);
	EXPECT_EQ(w.old->dma_last_ns[SIM_DMA_RAW], 0);
	EXPECT(sim_dma_landed_ns(w.old) <= w.smmu->enable_fell_ns);
	world_free(&w);
}

static void policy_bypass(void)
{
	struct world w;

	world_init(&w);
	w.smmu->gbpa |= ABORT;
	w.smmu->gbpa_update.delay_us = 30;
	run_policy(&w, KQ_POLICY_BYPASS);
	EXPECT_EQ(smmu_record(&w)->result, KQ_SMMU_DONE);
	EXPECT_EQ(w.smmu->cr0, 0);
	EXPECT_EQ(w.smmu->gbpa, 0x1000);
	world_free(&w);
}

static void policy_preserve(void)
{
	struct world w;

	world_init(&w);
	w.smmu->gerror = 0x1;
	run_policy(&w, KQ_POLICY_PRESERVE);
	EXPECT_EQ(smmu_record(&w)->result, KQ_SMMU_DONE);
	EXPECT_EQ(w.smmu->enable_fell_ns, 0);
	/* The queues are off: the next kernel brings its own. */
	EXPECT_EQ(w.smmu->cr0, w.smmu->initial.cr0 & (1 | 1 << 4));
	EXPECT_EQ(w.smmu->irq_ctrl, 0);
	world_free(&w);
}

/* Off at entry, everything bypassing: abort still takes hold. */
static void abort_of_one_that_is_off(void)
{
	struct world w;

	world_init(&w);
	w.smmu->cr0 = w.smmu->cr0ack = 0;
	run_policy(&w, KQ_POLICY_ABORT);
	EXPECT_EQ(smmu_record(&w)->result, KQ_SMMU_DONE);
	EXPECT(w.smmu->gbpa & ABORT);
	world_free(&w);
}

static void slow_handshakes(void)
{
	struct world w;

	world_init(&w);
	w.smmu->cr0_update.delay_us = 20000;
	w.smmu->gbpa_update.delay_us = 30000;
	w.smmu->irq_update.delay_us = 10000;
	run_policy(&w, KQ_POLICY_ABORT);
	EXPECT_EQ(smmu_record(&w)->result, KQ_SMMU_DONE);
	EXPECT(smmu_record(&w)->duration_us >= 60000);
	EXPECT_EQ(w.run.report->flags, 0);
	world_free(&w);
}

/* The crash came between the old kernel's write and its completion. */
static void update_under_way_at_entry(void)
{
	struct world w;

	world_init(&w);
	w.smmu->gbpa_update.done_ns = 300 * 1000 * 1000;
	w.smmu->gbpa_update.target = 0x1000;
	run_policy(&w, KQ_POLICY_ABORT);
	EXPECT_EQ(smmu_record(&w)->result, KQ_SMMU_DONE);
	world_free(&w);
}

static void gbpa_never_completes(void)
{
	struct world w;

	world_init(&w);
	w.smmu->gbpa_update.delay_us = SIM_NEVER;
	w.sim->limit_us = 2100000;
	run_policy(&w, KQ_POLICY_ABORT);
	EXPECT_EQ(smmu_record(&w)->result, KQ_SMMU_STUCK);
	EXPECT_EQ(smmu_record(&w)->stuck_offset, GBPA);
	/* Translation stays on rather than everything going through. */
	EXPECT_EQ(w.smmu->enable_fell_ns, 0);
	world_free(&w);

	world_init(&w);
	w.smmu->gbpa_update.done_ns = SIM_NEVER - 1;
	run_policy(&w, KQ_POLICY_ABORT);
	EXPECT_EQ(smmu_record(&w)->result, KQ_SMMU_STUCK);
	EXPECT_EQ(w.smmu->enable_fell_ns, 0);
	world_free(&w);
}

static void cr0_never_completes(void)
{
	struct world w;

	world_init(&w);
	w.smmu->cr0_update.delay_us = SIM_NEVER;
	w.smmu->gerror = 0x4;
	w.sim->limit_us = 2100000;
	run_policy(&w, KQ_POLICY_ABORT);
	EXPECT_EQ(smmu_record(&w)->result, KQ_SMMU_STUCK);
	EXPECT_EQ(smmu_record(&w)->stuck_offset, CR0ACK);
	EXPECT(w.smmu->aborted_when_it_fell);
	EXPECT_EQ(w.smmu->gerror, w.smmu->gerrorn);
	world_free(&w);
}

static void irq_never_completes(void)
{
	struct world w;

	world_init(&w);
	w.smmu->irq_update.delay_us = SIM_NEVER;
	run_policy(&w, KQ_POLICY_ABORT);
	EXPECT_EQ(smmu_record(&w)->result, KQ_SMMU_STUCK);
	EXPECT_EQ(smmu_record(&w)->stuck_offset, IRQ_CTRLACK);
	/* The policy is in force all the same. */
	EXPECT(w.smmu->gbpa & ABORT);
	EXPECT_EQ(w.smmu->cr0, 0);
	world_free(&w);
}

static void aborting_smmu(void)
{
	struct sim_smmu *second;
	struct world w;

	world_init(&w);
	second = sim_add_smmu(w.sim, 0x0a050000);
	w.smmu = &w.sim->smmus[0];
	w.smmu->aborts = true;
	run_policy(&w, KQ_POLICY_ABORT);
	EXPECT_EQ(smmu_record(&w)->result, KQ_SMMU_UNREACHABLE);
	EXPECT_EQ(smmu_record(&w)[1].result, KQ_SMMU_DONE);
	EXPECT_EQ(second->cr0, 0);
	world_free(&w);
}

static void smmu_of_all_ones(void)
{
	struct world w;

	world_init(&w);
	w.smmu->ones = true;
	run_policy(&w, KQ_POLICY_ABORT);
	EXPECT_EQ(smmu_record(&w)->result, KQ_SMMU_UNREACHABLE);
	EXPECT_EQ(w.smmu->writes, 0);
	world_free(&w);
}

static void several_smmus(void)
{
	struct world w;
	struct sim_smmu *s;

	world_init(&w);
	sim_add_smmu(w.sim, 0x0a050000)->policy = KQ_POLICY_PRESERVE;
	sim_add_smmu(w.sim, 0x0b050000)->policy = KQ_POLICY_BYPASS;
	sim_add_smmu(w.sim, 0x0c050000)->v3 = false;
	s = w.sim->smmus;
	s[3].idr[0] = 0;
	run_policy(&w, KQ_POLICY_ABORT);
	EXPECT(s[0].gbpa & ABORT && s[0].cr0 == 0);
	EXPECT(s[1].cr0 & 1);
	EXPECT(s[2].cr0 == 0 && !(s[2].gbpa & ABORT));
	EXPECT_EQ(s[3].accesses, 0);
	EXPECT_EQ(smmu_record(&w)[3].result, KQ_SMMU_LEFT_ALONE);
	EXPECT_EQ(smmu_record(&w)[2].base, 0x0b050000);
	world_free(&w);
}

static void page_0_only(void)
{
	struct world w;

	world_init(&w);
	w.smmu->page0_only = true;
	sim_smmu_events(w.smmu, 0x80000000, 4, 0, 3, 1);
	run_policy(&w, KQ_POLICY_ABORT);
	EXPECT_EQ(smmu_record(&w)->result, KQ_SMMU_DONE);
	EXPECT_EQ(smmu_record(&w)->before.evtq_prod, 3);
	EXPECT_EQ(w.run.report->events.count, 3);
	world_free(&w);
}

static void errors_are_acknowledged(void)
{
	struct world w;

	world_init(&w);
	w.smmu->gerror = 0x5;
	w.smmu->gerrorn = 0x10;
	run_policy(&w, KQ_POLICY_ABORT);
	EXPECT_EQ(smmu_record(&w)->before.gerror, 0x5);
	EXPECT_EQ(smmu_record(&w)->before.gerrorn, 0x10);
	EXPECT_EQ(w.smmu->gerrorn, 0x5);
	world_free(&w);
}

/*
 * A queue of 2^@log2size records; @count were ever written from number
 * @first on, the last @unread of them not read by the old kernel.
 */
static void check_events(unsigned int log2size, uint32_t first, uint32_t count,
			 uint32_t unread)
{
	uint32_t entries = 1u << log2size, kept = count;
	struct world w;

	if (kept > KQ_REPORT_EVENTS_PER_SMMU)
		kept = KQ_REPORT_EVENTS_PER_SMMU;
	if (kept > entries)
		kept = entries;
	world_init(&w);
	sim_smmu_events(w.smmu, 0x80000000, log2size, first, count, unread);
	run_policy(&w, KQ_POLICY_ABORT);
	EXPECT_EQ(w.run.report->events.count, kept);
	for (uint32_t i = 0; i < w.run.report->events.count; i++) {
		const struct kq_report_event *event =
			&kq_report_events(w.run.report)[i];
		uint32_t age = kept - i; /* 1 is the newest */

		EXPECT_EQ(event->smmu, 0);
		EXPECT_EQ(event->record[1], count - age);
		EXPECT_EQ(event->record[0] >> 32, 0x100 + count - age);
		EXPECT_EQ(event->flags, age <= unread ? KQ_EVENT_PENDING : 0);
	}
	world_free(&w);
}

static void old_events(void)
{
	check_events(4, 0, 0, 0);
	check_events(4, 0, 1, 1);
	check_events(4, 0, 5, 2);
	check_events(4, 0, 16, 16);	/* full, wrap bits differ */
	check_events(4, 12, 8, 3);	/* around the end */
	check_events(4, 28, 8, 8);	/* and the wrap bit falls back */
	check_events(4, 9, 40, 16);	/* overwritten many times */
	check_events(2, 0, 4, 1);	/* smaller than what is kept */
	check_events(8, 250, 300, 100); /* larger */
	check_events(0, 3, 2, 1);
}

static void event_queue_overflow(void)
{
	struct world w;

	world_init(&w);
	sim_smmu_events(w.smmu, 0x80000000, 4, 3, 20, 16);
	w.smmu->evtq_prod |= OVERFLOW;
	run_policy(&w, KQ_POLICY_ABORT);
	EXPECT_EQ(w.run.report->events.count, 16);
	EXPECT_EQ(kq_report_events(w.run.report)[15].record[1], 19);
	EXPECT_EQ(kq_report_events(w.run.report)[15].flags, KQ_EVENT_PENDING);
	EXPECT_EQ(smmu_record(&w)->before.evtq_prod & OVERFLOW, OVERFLOW);
	world_free(&w);
}

static void event_queue_nowhere(void)
{
	struct sim_ram *ram;
	struct world w;

	/* At an address that answers with aborts. */
	world_init(&w);
	sim_smmu_events(w.smmu, 0x80000000, 4, 0, 9, 2);
	ram = &w.sim->rams[w.sim->ram_count - 1];
	free(ram->words);
	ram->words = NULL;
	run_policy(&w, KQ_POLICY_ABORT);
	EXPECT_EQ(w.run.report->events.count, 0);
	EXPECT(w.run.report->fault_count > 0);
	EXPECT_EQ(smmu_record(&w)->result, KQ_SMMU_DONE);
	world_free(&w);

	/* No queue at all, and sizes that cannot be. */
	world_init(&w);
	run_policy(&w, KQ_POLICY_ABORT);
	EXPECT_EQ(w.run.report->events.count, 0);
	world_free(&w);

	world_init(&w);
	w.smmu->evtq_base = 0x80000000 | 31;
	run_policy(&w, KQ_POLICY_ABORT);
	EXPECT_EQ(w.run.report->events.count, 0);
	EXPECT_EQ(smmu_record(&w)->result, KQ_SMMU_DONE);
	world_free(&w);
}

/* Events of two SMMUs keep apart. */
static void events_of_two(void)
{
	struct world w;

	world_init(&w);
	sim_add_smmu(w.sim, 0x0a050000);
	sim_smmu_events(&w.sim->smmus[0], 0x80000000, 4, 0, 20, 4);
	sim_smmu_events(&w.sim->smmus[1], 0x81000000, 4, 0, 2, 2);
	run_policy(&w, KQ_POLICY_PRESERVE);
	EXPECT_EQ(w.run.report->events.count, 18);
	EXPECT_EQ(kq_report_events(w.run.report)[15].smmu, 0);
	EXPECT_EQ(kq_report_events(w.run.report)[16].smmu, 1);
	EXPECT_EQ(kq_report_events(w.run.report)[17].record[1], 1);
	world_free(&w);
}

/* Every access of the stage fails in turn: it always comes to its end. */
static void aborts_from_any_access_on(void)
{
	unsigned int before = expect_failures;

	for (uint32_t n = 1; n < 60 && expect_failures == before; n++) {
		struct world w;

		world_init(&w);
		w.smmu->abort_after = n;
		sim_smmu_events(w.smmu, 0x80000000, 4, 0, 3, 1);
		world_run(&w);
		EXPECT(!sim_violated(w.sim, "SMMUEN fell"));
		/* What is lost after the policy is in force is no failure. */
		if (w.smmu->cr0 != 0 || !(w.smmu->gbpa & ABORT))
			EXPECT_EQ(smmu_record(&w)->result,
				  KQ_SMMU_UNREACHABLE);
		if (expect_failures != before)
			fprintf(stderr, "... from access %u on\n", n + 1);
		world_free(&w);
	}
}

static const struct test_case cases[] = {
	CASE(policy_abort),
	CASE(policy_bypass),
	CASE(policy_preserve),
	CASE(abort_of_one_that_is_off),
	CASE(slow_handshakes),
	CASE(update_under_way_at_entry),
	CASE(gbpa_never_completes),
	CASE(cr0_never_completes),
	CASE(irq_never_completes),
	CASE(aborting_smmu),
	CASE(smmu_of_all_ones),
	CASE(several_smmus),
	CASE(page_0_only),
	CASE(errors_are_acknowledged),
	CASE(old_events),
	CASE(event_queue_overflow),
	CASE(event_queue_nowhere),
	CASE(events_of_two),
	CASE(aborts_from_any_access_on),
};

TEST_MAIN(cases)
