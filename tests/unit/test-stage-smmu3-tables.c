// SPDX-License-Identifier: GPL-2.0-or-later
/* The stage's own stream tables in SMMUv3s: sink, reserved streams. */
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#include "tests/sim/expect.h"
#include "tests/sim/world.h"

#define S2P 0x1u
#define S1P 0x2u
#define COHACC 0x10u
#define ST_LEVEL_2 (1u << 27)
#define ABORT 0x00100000u
#define CR0ACK 0x24u
#define GBPA 0x44u
#define CMDQ_CONS 0x9cu
#define RESERVED_SID 0x345u

static const unsigned int oas_bits[] = { 32, 36, 40, 42, 44, 48, 48 };

static uint64_t state = 88172645463325252;

static uint64_t chance(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static const struct kq_report_smmu *record_of(const struct world *w)
{
	return kq_report_smmus(w->run.report);
}

/* An SMMU with these properties; the rest as world_init() has it. */
static void build(struct world *w, uint32_t stages, uint32_t grans,
		  uint32_t oas, uint32_t sidsize, uint32_t idr0)
{
	world_init(w);
	w->smmu->idr[0] = (w->smmu->idr[0] & ~(S1P | S2P | COHACC |
					       3u << 27)) |
			  stages | idr0;
	w->smmu->idr[1] = (w->smmu->idr[1] & ~0x3fu) | sidsize;
	w->smmu->idr[5] = grans << 4 | oas;
	w->options.policy = KQ_POLICY_SINK;
}

/* The sink page, from what an access of @sid hits. */
static uint64_t page_of(struct world *w, uint32_t sid, uint64_t granule)
{
	uint64_t where = 0;

	EXPECT_EQ(sim_smmu_dma(w->smmu, sid, 0, true, &where), SIM_DMA_OURS);
	EXPECT_EQ(where % granule, 0);
	EXPECT(sim_memory_has(w->sim, where, granule));
	return where;
}

static uint64_t granule_of(uint32_t grans)
{
	return grans & 1 ? 4096 : grans & 2 ? 16384 : 65536;
}

struct sunk {
	uint64_t page, granule, input;
	uint32_t covered; /* log2 */
};

static void check_one(struct world *w, const struct sunk *s, uint32_t sid,
		      uint64_t addr, bool write)
{
	bool inside = s->covered >= 32 || sid >> s->covered == 0;
	uint64_t where = 0;
	enum sim_dma dma = sim_smmu_dma(w->smmu, sid, addr, write, &where);

	if (!inside || addr >> s->input) {
		EXPECT_EQ(dma, SIM_DMA_ABORTED);
	} else {
		EXPECT_EQ(dma, SIM_DMA_OURS);
		EXPECT_EQ(where, s->page + addr % s->granule);
	}
}

static void check_sunk(struct world *w, const struct sunk *s,
		       unsigned int count)
{
	static const uint32_t sids[] = { 0, 0x18, 0xff, 0x100, 0x200, 0x2ff,
					 0x3ff, 0xffff, 0x10000, UINT32_MAX };
	unsigned int before = expect_failures;

	for (size_t i = 0; i < sizeof(sids) / sizeof(sids[0]); i++) {
		check_one(w, s, sids[i], 0, true);
		check_one(w, s, sids[i], (UINT64_C(1) << s->input) - 1, true);
		check_one(w, s, sids[i], UINT64_C(1) << s->input, true);
		check_one(w, s, sids[i], UINT64_MAX, false);
	}
	for (unsigned int i = 0; i < count; i++) {
		uint32_t sid = (uint32_t)(chance() >> 32);
		uint64_t addr = chance() & ((UINT64_C(1) << s->input) - 1);

		if (chance() & 0x700)
			sid &= 0xffff;
		check_one(w, s, sid, addr, chance() & 0x100);
		if (expect_failures != before)
			return;
	}
}

/* The page is nobody else's: whatever lands in it changes nothing. */
static void fill_page(struct world *w, const struct sunk *s)
{
	uint64_t offset = s->page - w->sim->memory.base;

	if (!sim_memory_has(w->sim, s->page, s->granule))
		return;
	memset((void *)s->page, 0xee, s->granule);
	memset(w->sim->memory.seen + offset, 0xee, s->granule);
}

static void check_world(struct world *w, uint32_t stages, uint32_t grans,
			uint32_t oas, unsigned int count)
{
	struct sunk s = {
		.granule = granule_of(grans),
		.input = stages & S1P ? 48 : oas_bits[oas],
		.covered = w->smmu->strtab_base_cfg & 0x3f,
	};
	size_t size = fdt_totalsize(w->run.fdt_out);
	void *copy;

	EXPECT_EQ(record_of(w)->result, KQ_SMMU_DONE);
	EXPECT_EQ(record_of(w)->applied, KQ_POLICY_SINK);
	EXPECT_EQ(record_of(w)->flags, KQ_SMMU_OWN_TABLE);
	EXPECT_EQ(w->smmu->cr0 & 1, 1);
	if (record_of(w)->applied != KQ_POLICY_SINK)
		return;
	EXPECT(s.covered > 9);
	s.page = page_of(w, 0x100, s.granule);
	check_sunk(w, &s, count);
	copy = malloc(size);
	memcpy(copy, w->run.fdt_out, size);
	fill_page(w, &s);
	EXPECT_EQ(memcmp(copy, w->run.fdt_out, size), 0);
	free(copy);
	check_sunk(w, &s, 32);
}

static void run_config(uint32_t stages, uint32_t grans, uint32_t oas,
		       uint32_t sidsize, uint32_t idr0, unsigned int count)
{
	unsigned int before = expect_failures;
	struct world w;

	build(&w, stages, grans, oas, sidsize, idr0);
	w.sim->memory.skew = (chance() & 0xff) * 4096;
	world_run(&w);
	check_world(&w, stages, grans, oas, count);
	EXPECT(world_clean(&w));
	if (expect_failures != before)
		fprintf(stderr, "... stages %u, granules %u, OAS %u, SIDSIZE "
			"%u, IDR0 %#x, skew %#llx\n", stages, grans, oas,
			sidsize, idr0,
			(unsigned long long)w.sim->memory.skew);
	world_free(&w);
}

static void sink_in_every_kind(void)
{
	static const uint32_t sidsizes[] = { 10, 16, 24, 32 };
	static const uint32_t grans[] = { 1, 2, 4, 7, 6 };
	static const uint32_t idr0s[] = { 0, COHACC, ST_LEVEL_2,
					  ST_LEVEL_2 | COHACC };

	for (uint32_t stages = 1; stages <= 3; stages++)
		for (uint32_t g = 0; g < 5; g++)
			for (uint32_t oas = 0; oas <= 6; oas++)
				for (uint32_t i = 0; i < 4; i++)
					run_config(stages, grans[g], oas,
						   sidsizes[(i + oas) % 4],
						   idr0s[i], 100);
}

static void thousands_of_streams(void)
{
	for (uint32_t stages = 1; stages <= 3; stages++)
		for (uint32_t gran = 1; gran <= 4; gran *= 2)
			run_config(stages, gran, 5, 32, ST_LEVEL_2 | COHACC,
				   5000);
}

/* Models that stall on faults whatever software says; that terminate. */
static void stall_models(void)
{
	for (uint32_t stages = 1; stages <= 2; stages++)
		for (uint32_t model = 0; model <= 2; model++)
			for (uint32_t term = 0; term <= 1; term++) {
				struct world w;

				build(&w, stages, 1, 5, 16, ST_LEVEL_2);
				w.smmu->idr[0] &= ~(7u << 24);
				w.smmu->idr[0] |= model << 24 | term << 26;
				world_run(&w);
				check_world(&w, stages, 1, 5, 100);
				EXPECT(world_clean(&w));
				world_free(&w);
			}
}

static const struct test_case cases[] = {
	CASE(sink_in_every_kind),
	CASE(thousands_of_streams),
	CASE(stall_models),
};

TEST_MAIN(cases)
