// SPDX-License-Identifier: GPL-2.0-or-later
/* The probe window: who still writes is named, once, with a count. */
#include <stdlib.h>

#include <libfdt.h>

#include "tests/sim/expect.h"
#include "tests/sim/world.h"

#define C_BAD_STREAMID 2u
#define C_BAD_STE 4u
#define ABORT 0x00100000u

static const struct kq_report_smmu *record_of(const struct world *w)
{
	return kq_report_smmus(w->run.report);
}

static const struct kq_report_stray *strays_of(const struct world *w)
{
	return kq_report_strays(w->run.report);
}

static const struct kq_report_stray *find_stray(const struct world *w,
						uint32_t sid)
{
	const struct kq_report_stray *found = NULL;

	for (uint32_t i = 0; i < w->run.report->strays.count; i++)
		if (strays_of(w)[i].stream_id == sid) {
			EXPECT(!found);
			found = &strays_of(w)[i];
		}
	return found;
}

static uint64_t sum_of_counts(const struct world *w)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < w->run.report->strays.count; i++)
		sum += strays_of(w)[i].count;
	return sum;
}

static void begin(struct world *w, uint32_t probe_ms)
{
	world_init(w);
	w->options.probe_ms = probe_ms;
}

/* The world's rules hold, and the policy is in force in the end. */
static void run(struct world *w)
{
	world_run(w);
	EXPECT(world_clean(w));
	EXPECT_EQ(record_of(w)->result, KQ_SMMU_DONE);
	EXPECT_EQ(record_of(w)->applied, record_of(w)->policy);
	EXPECT_EQ(w->run.report->probe_ms, w->options.probe_ms);
}

static void verified_quiet(void)
{
	struct world w;

	begin(&w, 50);
	run(&w);
	EXPECT_EQ(record_of(&w)->flags, KQ_SMMU_PROBED);
	EXPECT_EQ(record_of(&w)->probe_events, 0);
	EXPECT_EQ(w.run.report->strays.count, 0);
	EXPECT(record_of(&w)->probe_us >= 50000);
	EXPECT(record_of(&w)->probe_us < 51000);
	EXPECT(w.run.report->steps[KQ_STEP_PROBE].duration_us >= 50000);
	EXPECT(w.smmu->gbpa & ABORT && w.smmu->cr0 == 0);
	EXPECT_EQ(fdt_num_mem_rsv(w.run.fdt_out), 0);
	world_free(&w);
}

static void no_window(void)
{
	struct world w;

	begin(&w, 0);
	sim_add_traffic(w.sim, w.smmu, 0x1000, 0, 100);
	run(&w);
	EXPECT_EQ(record_of(&w)->flags, 0);
	EXPECT_EQ(record_of(&w)->probe_us, 0);
	EXPECT_EQ(w.run.report->strays.count, 0);
	world_free(&w);
}

static void count_strays(uint32_t idr0, uint32_t sidsize, uint32_t limit,
			 bool page0_only)
{
	struct world w;

	begin(&w, 20);
	w.smmu->idr[0] = (w.smmu->idr[0] & ~(3u << 27)) | idr0;
	w.smmu->idr[1] = (w.smmu->idr[1] & ~(0x3fu | 31u << 16)) | sidsize |
			 limit << 16;
	w.smmu->page0_only = page0_only;
	for (uint32_t i = 0; i < 5; i++)
		sim_add_traffic(w.sim, w.smmu, 0x2f0 + 0x33 * i,
				0x123456000 + i, 300 + 77 * i);
	run(&w);
	EXPECT_EQ(record_of(&w)->flags, KQ_SMMU_PROBED);
	EXPECT_EQ(w.run.report->strays.count, 5);
	EXPECT(w.smmu->events > 100);
	EXPECT_EQ(record_of(&w)->probe_events, w.smmu->events);
	EXPECT_EQ(sum_of_counts(&w), w.smmu->events);
	for (uint32_t i = 0; i < 5; i++) {
		const struct kq_report_stray *s = find_stray(&w,
							     0x2f0 + 0x33 * i);

		EXPECT(s);
		if (!s)
			continue;
		EXPECT_EQ(s->address, 0x123456000 + i);
		EXPECT_EQ(s->smmu, 0);
		EXPECT_EQ(s->name[0], 0);
		EXPECT(s->event == C_BAD_STREAMID || s->event == C_BAD_STE);
		EXPECT(s->count >= 20000 / (300 + 77 * i) - 2);
		EXPECT(s->count <= 20000 / (300 + 77 * i) + 2);
	}
	world_free(&w);
}

static void strays_are_counted(void)
{
	count_strays(1u << 27, 16, 19, false);
	count_strays(1u << 27, 32, 19, false);
	count_strays(0, 16, 19, false);
	count_strays(0, 10, 19, false);
	count_strays(1u << 27, 16, 3, false);
	count_strays(1u << 27, 16, 19, true);
}

static void one_entry_queue(void)
{
	struct world w;

	begin(&w, 20);
	w.smmu->idr[1] &= ~(31u << 16);
	sim_add_traffic(w.sim, w.smmu, 0x1000, 0, 1000);
	run(&w);
	EXPECT(find_stray(&w, 0x1000) && find_stray(&w, 0x1000)->count >= 18);
	world_free(&w);
}

static void more_than_are_kept(void)
{
	struct world w;

	begin(&w, 20);
	for (uint32_t i = 0; i < 100; i++)
		sim_add_traffic(w.sim, w.smmu, 0x1000 + i, 0, 2000);
	run(&w);
	EXPECT_EQ(w.run.report->strays.count, KQ_REPORT_MAX_STRAYS);
	EXPECT_EQ(record_of(&w)->probe_events, w.smmu->events);
	/* The total tells that there were more. */
	EXPECT(sum_of_counts(&w) < record_of(&w)->probe_events);
	EXPECT(find_stray(&w, 0x1000) && !find_stray(&w, 0x1063));
	world_free(&w);
}

static void queue_overflows(void)
{
	struct world w;

	begin(&w, 3);
	w.smmu->idr[1] = (w.smmu->idr[1] & ~(31u << 16)) | 2u << 16;
	for (uint32_t i = 0; i < 40; i++)
		sim_add_traffic(w.sim, w.smmu, 0x1000 + i, 0, 100);
	run(&w);
	EXPECT_EQ(record_of(&w)->flags,
		  KQ_SMMU_PROBED | KQ_SMMU_PROBE_OVERFLOW);
	EXPECT(record_of(&w)->probe_events < w.smmu->events);
	EXPECT(record_of(&w)->probe_events > 4);
	EXPECT(w.run.report->strays.count > 0);
	world_free(&w);
}

static void components_are_named(void)
{
	static const struct kq_plan_component components[] = {
		{ .stream_id = 0x1000, .count = 2, .name = "\\_SB_.DMA0" },
		{ .stream_id = 0x1008, .count = 1, .name = "/soc/dma@9000" },
		{ .stream_id = 0x100a, .count = 0, .name = "none" },
	};
	struct world w;

	begin(&w, 10);
	w.options.components = components;
	w.options.component_count = 3;
	for (uint32_t i = 0; i < 16; i++)
		sim_add_traffic(w.sim, w.smmu, 0xffc + i, 0, 1000);
	run(&w);
	EXPECT_EQ(w.run.report->strays.count, 16);
	for (uint32_t sid = 0xffc; sid < 0x100c; sid++) {
		const struct kq_report_stray *s = find_stray(&w, sid);
		const char *name = sid == 0x1000 || sid == 0x1001 ?
					   "\\_SB_.DMA0" :
				   sid == 0x1008 ? "/soc/dma@9000" :
						   "";

		EXPECT(s && strcmp(s->name, name) == 0);
	}
	world_free(&w);
}

/* Its table is not to be touched. */
static void not_for_preserve(void)
{
	struct world w;

	begin(&w, 50);
	w.options.policy = KQ_POLICY_PRESERVE;
	run(&w);
	EXPECT_EQ(record_of(&w)->flags, 0);
	EXPECT_EQ(record_of(&w)->probe_us, 0);
	EXPECT_EQ(w.smmu->enable_fell_ns, 0);
	EXPECT(!sim_smmu3_own_table(w.smmu));
	world_free(&w);
}

static void then_the_policy(void)
{
	static const enum kq_policy policies[] = {
		KQ_POLICY_ABORT, KQ_POLICY_BYPASS, KQ_POLICY_SINK,
	};
	static const enum sim_dma wanted[] = {
		SIM_DMA_ABORTED, SIM_DMA_RAW, SIM_DMA_OURS,
	};

	for (uint32_t i = 0; i < 3; i++) {
		uint64_t where;
		struct world w;

		begin(&w, 10);
		w.options.policy = policies[i];
		sim_add_traffic(w.sim, w.smmu, 0x1000, 0, 1000);
		run(&w);
		EXPECT(record_of(&w)->flags & KQ_SMMU_PROBED);
		EXPECT(find_stray(&w, 0x1000));
		EXPECT_EQ(sim_smmu_dma(w.smmu, 0x1000, 0, true, &where),
			  wanted[i]);
		world_free(&w);
	}
}

static void budget_bounds_it(void)
{
	struct world w;

	begin(&w, 10000);
	w.options.budget_ms = 400;
	w.sim->limit_us = 450000;
	run(&w);
	EXPECT(record_of(&w)->flags & KQ_SMMU_PROBED);
	EXPECT(record_of(&w)->probe_us < 400000);
	EXPECT(record_of(&w)->probe_us > 100000);
	world_free(&w);
}

/* Firmware's streams are no strays and go on working. */
static void reserved_streams_pass(void)
{
	static const struct kq_plan_stream streams[] = {
		{ .stream_id = 0x345 },
	};
	struct sim_traffic *t;
	struct world w;

	begin(&w, 20);
	w.options.streams = streams;
	w.options.stream_count = 1;
	world_plan(&w);
	t = sim_add_traffic(w.sim, w.smmu, 0x345, 0x80001000, 500);
	sim_add_traffic(w.sim, w.smmu, 0x346, 0x80001000, 500);
	w.smmu->strtab_base_cfg = 0x10208;
	run(&w);
	EXPECT(!find_stray(&w, 0x345) && find_stray(&w, 0x346));
	EXPECT(t->landed[SIM_DMA_RAW] >= 38);
	world_free(&w);
}

/* One window for all of them. */
static void several_smmus(void)
{
	struct world w;

	begin(&w, 30);
	sim_add_smmu(w.sim, 0x0a050000);
	sim_add_smmu(w.sim, 0x0b050000)->policy = KQ_POLICY_PRESERVE;
	w.smmu = w.sim->smmus;
	sim_add_traffic(w.sim, &w.sim->smmus[0], 0x1000, 0, 1000);
	sim_add_traffic(w.sim, &w.sim->smmus[1], 0x1000, 0, 2000);
	run(&w);
	EXPECT_EQ(w.run.report->strays.count, 2);
	EXPECT_EQ(strays_of(&w)[0].stream_id, strays_of(&w)[1].stream_id);
	EXPECT(strays_of(&w)[0].smmu != strays_of(&w)[1].smmu);
	for (uint32_t i = 0; i < 2; i++) {
		EXPECT(record_of(&w)[i].probe_us < 32000);
		EXPECT_EQ(record_of(&w)[i].probe_events,
			  w.sim->smmus[i].events);
	}
	EXPECT_EQ(record_of(&w)[2].flags, 0);
	world_free(&w);
}

static const struct test_case cases[] = {
	CASE(verified_quiet),
	CASE(no_window),
	CASE(strays_are_counted),
	CASE(one_entry_queue),
	CASE(more_than_are_kept),
	CASE(queue_overflows),
	CASE(components_are_named),
	CASE(not_for_preserve),
	CASE(then_the_policy),
	CASE(budget_bounds_it),
	CASE(reserved_streams_pass),
	CASE(several_smmus),
};

TEST_MAIN(cases)
