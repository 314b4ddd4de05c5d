// SPDX-License-Identifier: GPL-2.0-or-later
/* Policy preserve: the old table is judged, and edited as little as can be. */
#include <stdlib.h>

#include "tests/sim/expect.h"
#include "tests/sim/world.h"

#define L1 0x88000000u
#define L2_BUS0 0x88010000u
#define L2_BUS1 0x88014000u
#define L2_BUS2 0x88018000u
#define LINEAR 0x88100000u
#define CD 0x88200000u
#define SPAN 9u
#define ABORT 0x00100000u
#define STE_BYPASS 0x9u
#define STE_S1 (0xbu | CD)
#define STE_S2 0xdu

static const struct kq_report_smmu *record_of(const struct world *w)
{
	return kq_report_smmus(w->run.report);
}

static struct sim_ram *ram_of(struct world *w, uint64_t base)
{
	for (size_t i = 0; i < w->sim->ram_count; i++)
		if (w->sim->rams[i].base == base)
			return &w->sim->rams[i];
	abort();
}

static uint64_t *word(struct world *w, uint64_t base, uint32_t index)
{
	return &ram_of(w, base)->words[index];
}

static uint64_t *ste(struct world *w, uint64_t l2, uint32_t index)
{
	return word(w, l2, index * 8);
}

/* Streams 0x18, 0x100 and 0x200, each in a table of its bus. */
static void begin(struct world *w)
{
	static const uint32_t l2[] = { L2_BUS0, L2_BUS1, L2_BUS2 };

	world_init(w);
	w->options.policy = KQ_POLICY_PRESERVE;
	ram_of(w, L1)->table = true;
	for (uint32_t bus = 0; bus < 3; bus++) {
		sim_add_ram(w->sim, l2[bus], 16384)->table = true;
		*word(w, L1, bus) = l2[bus] | SPAN;
		for (uint32_t i = 0; i < 256; i++)
			*ste(w, l2[bus], i) = 1;
		*ste(w, l2[bus], 7) = STE_S1;
		*ste(w, l2[bus], 8) = STE_S2;
		ste(w, l2[bus], 8)[2] = 5; /* VMID */
	}
	*ste(w, L2_BUS0, 0x18) = STE_BYPASS;
	*ste(w, L2_BUS1, 0) = STE_BYPASS;
	ste(w, L2_BUS1, 0)[1] = UINT64_C(1) << 44;
	*ste(w, L2_BUS2, 0) = STE_BYPASS;
}

/* The old kernel's configuration of the three is cached. */
static void use_streams(struct world *w)
{
	uint64_t where;

	EXPECT_EQ(sim_smmu_dma(w->smmu, 0x18, 0, true, &where), SIM_DMA_RAW);
	EXPECT_EQ(sim_smmu_dma(w->smmu, 0x100, 0, true, &where), SIM_DMA_RAW);
	EXPECT_EQ(sim_smmu_dma(w->smmu, 0x200, 0, true, &where), SIM_DMA_RAW);
}

static unsigned int changed_words(const struct world *w)
{
	unsigned int changed = 0;

	for (size_t i = 0; i < w->sim->ram_count; i++) {
		const struct sim_ram *ram = &w->sim->rams[i];

		for (uint64_t k = 0; ram->old && k < ram->size / 8; k++)
			changed += ram->words[k] != ram->old[k];
	}
	return changed;
}

static void run_kept(struct world *w)
{
	world_run(w);
	EXPECT(world_clean(w));
	EXPECT_EQ(record_of(w)->result, KQ_SMMU_DONE);
	EXPECT_EQ(record_of(w)->applied, KQ_POLICY_PRESERVE);
	EXPECT_EQ(record_of(w)->flags, 0);
	EXPECT_EQ(w->smmu->enable_fell_ns, 0);
	EXPECT_EQ(w->smmu->strtab_base, w->smmu->initial.strtab_base);
}

static void nobody_resisted(void)
{
	struct world w;

	begin(&w);
	use_streams(&w);
	run_kept(&w);
	EXPECT_EQ(changed_words(&w), 0);
	EXPECT_EQ(w.smmu->commands, 0);
	EXPECT_EQ(record_of(&w)->aborted_streams, 0);
	use_streams(&w);
	world_free(&w);
}

static enum sim_dma dma_of(struct world *w, uint32_t sid)
{
	uint64_t where;
	enum sim_dma dma = sim_smmu_dma(w->smmu, sid, 0x1000, true, &where);

	EXPECT(world_clean(w));
	return dma;
}

static void one_resisted(void)
{
	struct world w;

	begin(&w);
	use_streams(&w);
	w.options.quiesce = KQ_QUIESCE_BME;
	w.nic->faults.bme_stuck = true;
	run_kept(&w);
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_STILL_MASTERING);
	EXPECT_EQ(changed_words(&w), 1);
	EXPECT_EQ(*ste(&w, L2_BUS1, 0), 1);
	EXPECT_EQ(record_of(&w)->aborted_streams, 1);
	EXPECT_EQ(dma_of(&w, 0x100), SIM_DMA_ABORTED);
	EXPECT_EQ(dma_of(&w, 0x18), SIM_DMA_RAW);
	EXPECT_EQ(dma_of(&w, 0x200), SIM_DMA_RAW);
	world_free(&w);
}

/* Nobody knows what those do that cannot be asked. */
static void kinds_of_resistance(void)
{
	for (uint32_t kind = 0; kind < 5; kind++) {
		bool aborted = kind < 2;
		struct world w;

		begin(&w);
		use_streams(&w);
		if (kind == 0)
			w.nic->faults.aborts = true;
		if (kind == 1)
			w.nic->faults.flr_kills = true;
		world_plan(&w);
		if (kind == 2)
			sim_plan_entry(w.plan, w.nic)->flags |= KQ_FN_SKIP;
		if (kind == 3)
			w.nic->present = false;
		if (kind == 4)
			sim_plan_entry(w.plan, w.nic)->smmu = KQ_NONE;
		run_kept(&w);
		EXPECT_EQ(record_of(&w)->aborted_streams, aborted);
		EXPECT_EQ(changed_words(&w), aborted);
		EXPECT_EQ(dma_of(&w, 0x100),
			  aborted ? SIM_DMA_ABORTED : SIM_DMA_RAW);
		world_free(&w);
	}
}

static void all_resisted(void)
{
	struct world w;

	begin(&w);
	use_streams(&w);
	w.options.quiesce = KQ_QUIESCE_BME;
	w.nic->faults.bme_stuck = w.nvme->faults.bme_stuck = true;
	w.old->faults.bme_stuck = true;
	w.smmu->command_us = 500;
	run_kept(&w);
	EXPECT_EQ(changed_words(&w), 3);
	EXPECT_EQ(record_of(&w)->aborted_streams, 3);
	EXPECT_EQ(dma_of(&w, 0x200), SIM_DMA_ABORTED);
	world_free(&w);
}

/* The table has no entry for it: there is nothing to be aborted. */
static void beyond_the_table(void)
{
	for (uint32_t i = 0; i < 2; i++) {
		struct world w;

		begin(&w);
		w.nic->stream_id = i ? 0x10000 : 0x4000;
		w.options.quiesce = KQ_QUIESCE_BME;
		w.nic->faults.bme_stuck = true;
		run_kept(&w);
		EXPECT_EQ(changed_words(&w), 0);
		world_free(&w);
	}
}

static void linear(struct world *w)
{
	begin(w);
	sim_add_ram(w->sim, LINEAR, 64 << 10)->table = true;
	w->smmu->strtab_base = LINEAR;
	w->smmu->strtab_base_cfg = 10;
	*ste(w, LINEAR, 0x18) = STE_BYPASS;
	*ste(w, LINEAR, 0x100) = STE_BYPASS;
	*ste(w, LINEAR, 0x200) = STE_BYPASS;
}

static void linear_table(void)
{
	struct world w;

	linear(&w);
	use_streams(&w);
	w.options.quiesce = KQ_QUIESCE_BME;
	w.nvme->faults.bme_stuck = true;
	run_kept(&w);
	EXPECT_EQ(changed_words(&w), 1);
	EXPECT_EQ(*ste(&w, LINEAR, 0x200), 1);
	world_free(&w);
}

static void expect_refused(struct world *w, const char *why)
{
	unsigned int before = expect_failures;

	w->options.quiesce = KQ_QUIESCE_BME;
	w->nic->faults.bme_stuck = true;
	w->smmu->unadoptable = true;
	world_run(w);
	EXPECT(world_clean(w));
	EXPECT_EQ(record_of(w)->result, KQ_SMMU_DONE);
	EXPECT_EQ(record_of(w)->applied, KQ_POLICY_ABORT);
	EXPECT_EQ(record_of(w)->flags, KQ_SMMU_FELL_BACK);
	EXPECT_EQ(w->smmu->cr0, 0);
	EXPECT(w->smmu->aborted_when_it_fell && w->smmu->gbpa & ABORT);
	EXPECT_EQ(changed_words(w), 0);
	if (before != expect_failures)
		fprintf(stderr, "... %s\n", why);
	world_free(w);
}

static void wrong_registers(void)
{
	struct world w;

	begin(&w);
	w.smmu->gerror = 0x100;
	expect_refused(&w, "service failure mode");
	begin(&w);
	w.smmu->strtab_base_cfg = 0x10190; /* split 6 */
	expect_refused(&w, "split");
	begin(&w);
	w.smmu->strtab_base_cfg = 0x20210;
	expect_refused(&w, "format");
	begin(&w);
	w.smmu->strtab_base_cfg = 0x10211;
	expect_refused(&w, "more than SIDSIZE");
	begin(&w);
	w.smmu->strtab_base_cfg = 0x10207;
	expect_refused(&w, "less than the split");
	begin(&w);
	w.smmu->strtab_base |= 0x400;
	expect_refused(&w, "misaligned");
	begin(&w);
	w.smmu->strtab_base = 0;
	expect_refused(&w, "no table");
	linear(&w);
	w.smmu->strtab_base_cfg = 17;
	expect_refused(&w, "linear, more than SIDSIZE");
	linear(&w);
	w.smmu->strtab_base |= 0x8000;
	expect_refused(&w, "linear, misaligned");
}

static void nowhere(struct world *w, uint64_t base)
{
	struct sim_ram *ram = ram_of(w, base);

	free(ram->words);
	ram->words = NULL;
	ram->table = false;
}

static void wrong_tables(void)
{
	struct world w;

	begin(&w);
	nowhere(&w, L1);
	expect_refused(&w, "first level nowhere");
	begin(&w);
	nowhere(&w, L2_BUS2);
	expect_refused(&w, "second level nowhere");
	begin(&w);
	*word(&w, L1, 1) = L2_BUS1 | 8;
	expect_refused(&w, "span 8");
	begin(&w);
	*word(&w, L1, 200) = SPAN;
	expect_refused(&w, "second level at 0");
	begin(&w);
	*word(&w, L1, 255) = (L2_BUS1 + 0x2000) | SPAN;
	expect_refused(&w, "second level misaligned");
}

static void wrong_entries(void)
{
	struct world w;

	for (uint32_t config = 1; config < 4; config++) {
		begin(&w);
		*ste(&w, L2_BUS2, 255) = 1 | config << 1 | CD;
		ste(&w, L2_BUS2, 255)[2] = 5;
		expect_refused(&w, "Config");
	}
	begin(&w);
	*ste(&w, L2_BUS0, 7) = 0xb;
	expect_refused(&w, "no context descriptor");
	begin(&w);
	*ste(&w, L2_BUS0, 7) |= UINT64_C(1) << 59;
	expect_refused(&w, "more substreams than SSIDSIZE");
	begin(&w);
	*ste(&w, L2_BUS0, 7) |= 1 << 4;
	expect_refused(&w, "format of the context table");
	begin(&w);
	ste(&w, L2_BUS0, 8)[2] = UINT64_C(1) << 51;
	expect_refused(&w, "VMID 0");
	linear(&w);
	*ste(&w, LINEAR, 1023) = 3;
	expect_refused(&w, "Config in a linear table");
}

/* Invalid entries claim nothing, whatever else they hold. */
static void invalid_entries_are_fine(void)
{
	struct world w;

	begin(&w);
	*ste(&w, L2_BUS0, 9) = 6;
	*ste(&w, L2_BUS0, 10) = 0xa;
	*word(&w, L1, 77) = 0xdead0000;
	run_kept(&w);
	world_free(&w);
}

static void stuck_command(void)
{
	struct world w;

	begin(&w);
	w.options.quiesce = KQ_QUIESCE_BME;
	w.nic->faults.bme_stuck = true;
	w.smmu->command_us = SIM_NEVER;
	w.smmu->unadoptable = true;
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(record_of(&w)->stuck_offset, 0x9c);
	EXPECT_EQ(record_of(&w)->applied, KQ_POLICY_ABORT);
	EXPECT(w.smmu->aborted_when_it_fell);
	EXPECT_EQ(dma_of(&w, 0x100), SIM_DMA_ABORTED);
	world_free(&w);
}

static const struct test_case cases[] = {
	CASE(nobody_resisted),
	CASE(one_resisted),
	CASE(kinds_of_resistance),
	CASE(all_resisted),
	CASE(beyond_the_table),
	CASE(linear_table),
	CASE(wrong_registers),
	CASE(wrong_tables),
	CASE(wrong_entries),
	CASE(invalid_entries_are_fine),
	CASE(stuck_command),
};

TEST_MAIN(cases)
