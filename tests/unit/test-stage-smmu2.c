// SPDX-License-Identifier: GPL-2.0-or-later
/* SMMUv1 and v2 to their policy: MMU-400, 401, 500 and relatives. */
#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#include "tests/sim/expect.h"
#include "tests/sim/sim-smmu2.h"
#include "tests/sim/world.h"
#include "lib/work-area.h"

#define V2_BASE 0x2b400000u
#define TWIN_BASE 0x2c400000u
#define CLIENTPD 0x1u
#define STLBGSTATUS 0x74u
#define SMS KQ_BIT32(27)
#define S1TS KQ_BIT32(30)
#define S2TS KQ_BIT32(29)
#define EXIDENABLE 0x8u
#define VALID KQ_BIT32(31)
#define FAULT (2u << 16)

static uint64_t state = 88172645463325252;

static uint64_t chance(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* The world's SMMUv3 and one of these; no function is behind it. */
struct world2 {
	struct world w;
	struct sim_smmu *smmu;
	struct sim_smmu2 *v2;
};

static void begin(struct world2 *m, unsigned int version,
		  enum kq_policy policy)
{
	world_init(&m->w);
	m->smmu = sim_add_smmu2(m->w.sim, V2_BASE, version);
	m->smmu->policy = policy;
	m->v2 = m->smmu->v2;
}

static const struct kq_report_smmu *record_of(const struct world2 *m)
{
	return &kq_report_smmus(m->w.run.report)[m->smmu->plan_index];
}

static void run(struct world2 *m, enum kq_policy applied, uint32_t flags)
{
	world_run(&m->w);
	EXPECT(world_clean(&m->w));
	EXPECT_EQ(record_of(m)->result, KQ_SMMU_DONE);
	EXPECT_EQ(record_of(m)->policy, m->smmu->policy);
	EXPECT_EQ(record_of(m)->applied, applied);
	EXPECT_EQ(record_of(m)->flags, flags);
}

static enum sim_dma dma_of(struct world2 *m, uint32_t sid, uint64_t addr,
			   uint64_t *where)
{
	enum sim_dma dma = sim_smmu_dma(m->smmu, sid, addr, true, where);

	/* What this stirs up is not the stage's. */
	m->v2->now.sgfsr = 0;
	return dma;
}

/* Every stream that there can be, but those between @first and @last. */
static void check_all(struct world2 *m, enum sim_dma wanted, uint32_t first,
		      uint32_t last)
{
	uint64_t where;

	for (uint32_t sid = 0; sid < 0x8000; sid++) {
		bool passes = sid >= first && sid <= last;
		enum sim_dma dma = dma_of(m, sid, 0x1000, &where);

		if (dma == (passes ? SIM_DMA_RAW : wanted))
			continue;
		EXPECT_EQ(dma, passes ? SIM_DMA_RAW : wanted);
		fprintf(stderr, "... stream %#x\n", sid);
		return;
	}
	EXPECT(world_clean(&m->w));
}

static void indexing(struct world2 *m, uint32_t sid_bits)
{
	m->v2->idr[0] &= ~(SMS | 0x1e00u);
	m->v2->idr[0] |= sid_bits << 9;
}

static void exids(struct world2 *m)
{
	m->v2->now.scr0 |= EXIDENABLE;
	m->v2->idr[0] |= 1 << 8;
	m->v2->idr[0] &= ~0x1e00u;
	m->v2->idr[0] |= 15 << 9;
	for (uint32_t i = 0; i < 2; i++) {
		m->v2->now.smr[i] = i ? 0x200 : 0x8100;
		m->v2->now.s2cr[i] |= 1u << 10;
	}
}

static void policy_abort(void)
{
	for (uint32_t kind = 0; kind < 6; kind++) {
		struct world2 m;

		begin(&m, kind == 0 ? 1 : 2, KQ_POLICY_ABORT);
		if (kind == 2)
			m.v2->now.scr0 |= CLIENTPD; /* all were bypassing */
		if (kind == 3)
			indexing(&m, 6);
		if (kind == 4)
			exids(&m);
		if (kind == 5) {
			m.v2->now.s2cr[7] = 1u << 16;
			m.v2->now.scr0 &= ~0x400u; /* unmatched ones pass */
		}
		run(&m, KQ_POLICY_ABORT, 0);
		EXPECT_EQ(m.v2->now.scr0 & (CLIENTPD | 0x400), 0x400);
		check_all(&m, SIM_DMA_ABORTED, 1, 0);
		world_free(&m.w);
	}
}

static void policy_bypass(void)
{
	struct world2 m;

	begin(&m, 2, KQ_POLICY_BYPASS);
	run(&m, KQ_POLICY_BYPASS, 0);
	check_all(&m, SIM_DMA_RAW, 1, 0);
	world_free(&m.w);
}

static void policy_preserve(void)
{
	struct sim_smmu2_state now, initial;
	struct world2 m;

	begin(&m, 2, KQ_POLICY_PRESERVE);
	m.w.options.probe_ms = 20;
	run(&m, KQ_POLICY_PRESERVE, 0);
	now = m.v2->now;
	initial = m.v2->initial;
	/* All but the interrupts. */
	now.scr0 = initial.scr0 & ~0x24u;
	EXPECT_EQ(m.v2->now.scr0, now.scr0);
	EXPECT_EQ(now.banks[3].sctlr, initial.banks[3].sctlr & ~0x40u);
	now.scr0 = initial.scr0;
	now.banks[3].sctlr = initial.banks[3].sctlr;
	EXPECT_EQ(memcmp(&now, &initial, sizeof(now)), 0);
	world_free(&m.w);
}

static void check_sunk(struct world2 *m, unsigned int input_bits,
		       uint64_t granule, uint32_t sid_bits)
{
	unsigned int before = expect_failures;
	uint64_t page = 0, where;

	EXPECT_EQ(dma_of(m, 0x10, 0, &page), SIM_DMA_OURS);
	EXPECT_EQ(page % granule, 0);
	EXPECT(sim_memory_has(m->w.sim, page, granule));
	for (unsigned int i = 0; i < 2000; i++) {
		uint32_t sid = chance() & ((1u << sid_bits) - 1);
		uint64_t addr = chance() & ((UINT64_C(1) << input_bits) - 1);

		EXPECT_EQ(dma_of(m, sid, addr, &where), SIM_DMA_OURS);
		EXPECT_EQ(where, page + addr % granule);
		if (before != expect_failures)
			return;
	}
	EXPECT_EQ(dma_of(m, 0x10, UINT64_C(1) << input_bits, &where),
		  SIM_DMA_ABORTED);
	memset((void *)page, 0xee, granule);
	memset(m->w.sim->memory.seen + (page - m->w.sim->memory.base), 0xee,
	       granule);
	EXPECT_EQ(dma_of(m, 0x10, 0, &where), SIM_DMA_OURS);
	EXPECT(sim_memory_has(m->w.sim, where, granule));
	EXPECT(world_clean(&m->w));
}

static void sink_stage1(void)
{
	static const uint64_t granules[] = { 4096, 16384, 65536 };

	for (uint32_t gran = 0; gran < 3; gran++)
		for (uint32_t oas = 0; oas < 6; oas++) {
			struct world2 m;

			begin(&m, 2, KQ_POLICY_SINK);
			m.w.sim->memory.skew = (chance() & 0xff) * 4096;
			m.v2->idr[2] = 0x1000u << gran | oas << 4 | 5;
			run(&m, KQ_POLICY_SINK, KQ_SMMU_OWN_TABLE);
			check_sunk(&m, 48, granules[gran], 15);
			world_free(&m.w);
		}
}

static void sink_stage2(void)
{
	for (uint32_t kind = 0; kind < 4; kind++) {
		struct world2 m;

		begin(&m, kind == 0 ? 1 : 2, KQ_POLICY_SINK);
		m.w.sim->memory.skew = (chance() & 0xff) * 4096;
		if (kind == 1)
			m.v2->idr[2] = 0x22; /* no AArch64 formats */
		if (kind == 2)
			m.v2->idr[0] &= ~S1TS;
		if (kind == 3)
			m.v2->idr[1] = (m.v2->idr[1] & ~0xff0000u) | 8u << 16;
		run(&m, KQ_POLICY_SINK, KQ_SMMU_OWN_TABLE);
		check_sunk(&m, 40, 4096, 15);
		world_free(&m.w);
	}
}

static void sink_of_variants(void)
{
	for (uint32_t kind = 0; kind < 6; kind++) {
		struct world2 m;

		begin(&m, 2, KQ_POLICY_SINK);
		if (kind == 0)
			exids(&m);
		if (kind == 1)
			m.v2->idr[1] |= VALID; /* 64 KiB pages */
		if (kind == 2)
			indexing(&m, 8);
		if (kind == 3)
			indexing(&m, 5);
		if (kind == 4)
			m.v2->idr[0] = (m.v2->idr[0] & ~0xffu) | 1;
		if (kind == 5)
			m.v2->now.scr0 |= CLIENTPD;
		run(&m, KQ_POLICY_SINK, KQ_SMMU_OWN_TABLE);
		check_sunk(&m, 48, 4096, kind == 0 ? 16 :
				   kind == 2 ? 8 : kind == 3 ? 5 : 15);
		world_free(&m.w);
	}
}

static void sink_that_cannot_be_had(void)
{
	for (uint32_t kind = 0; kind < 4; kind++) {
		struct world2 m;

		begin(&m, kind == 3 ? 1 : 2, KQ_POLICY_SINK);
		if (kind == 0)
			m.v2->idr[0] &= ~(S1TS | S2TS);
		if (kind == 1) {
			m.v2->idr[1] &= ~0xff00ffu; /* no context banks */
			m.v2->now.s2cr[0] = m.v2->now.s2cr[1] = FAULT;
			m.v2->now.banks[3].sctlr = 0;
		}
		if (kind == 2) {
			world_plan(&m.w);
			m.w.sim->memory.lack =
				kq_stage_tables_size(m.w.plan) & ~4095u;
		}
		if (kind == 3)
			m.v2->idr[0] &= ~S2TS;
		run(&m, KQ_POLICY_ABORT, KQ_SMMU_FELL_BACK);
		check_all(&m, SIM_DMA_ABORTED, 1, 0);
		world_free(&m.w);
	}
}

/* Firmware's streams: one that had a mapping, or none of its own. */
static void reserved_streams(void)
{
	static const struct kq_plan_stream streams[] = {
		{ .stream_id = 0x100, .smmu = 1 },
		{ .stream_id = 0x101, .smmu = 1 },
		{ .stream_id = 0x102, .smmu = 1 },
	};

	for (uint32_t kind = 0; kind < 6; kind++) {
		bool sink = kind == 3;
		struct world2 m;

		begin(&m, 2, sink ? KQ_POLICY_SINK : KQ_POLICY_ABORT);
		m.w.options.streams = streams;
		m.w.options.stream_count = 3;
		if (kind == 4)
			exids(&m);
		if (kind == 5) /* nothing is mapped yet */
			m.v2->now.smr[0] = m.v2->now.smr[1] = 0;
		if (kind == 0 || kind == 2) { /* else: 0x100 at most */
			m.v2->now.smr[5] = VALID | 0x101;
			m.v2->now.smr[9] = VALID | 0x102;
		}
		if (kind == 2)
			m.v2->now.scr0 |= CLIENTPD;
		run(&m, KQ_POLICY_ABORT, sink ? KQ_SMMU_FELL_BACK : 0);
		check_all(&m, SIM_DMA_ABORTED, 0x100, 0x102);
		world_free(&m.w);
	}
}

/* All mappings are in use: it is said that the policy is not as asked. */
static void no_mapping_left(void)
{
	static const struct kq_plan_stream stream = { .stream_id = 0x777,
						      .smmu = 1 };
	struct world2 m;

	begin(&m, 2, KQ_POLICY_ABORT);
	for (uint32_t i = 0; i < 32; i++)
		m.v2->now.smr[i] = VALID | (0x100 + i);
	m.w.options.streams = &stream;
	m.w.options.stream_count = 1;
	run(&m, KQ_POLICY_ABORT, KQ_SMMU_FELL_BACK);
	check_all(&m, SIM_DMA_ABORTED, 1, 0);
	world_free(&m.w);
}

static void reserved_when_indexed(void)
{
	static const struct kq_plan_stream stream = { .stream_id = 0x13,
						      .smmu = 1 };
	struct world2 m;

	begin(&m, 1, KQ_POLICY_ABORT);
	indexing(&m, 6);
	m.w.options.streams = &stream;
	m.w.options.stream_count = 1;
	run(&m, KQ_POLICY_ABORT, 0);
	check_all(&m, SIM_DMA_ABORTED, 0x13, 0x13);
	world_free(&m.w);
}

static void old_faults(void)
{
	const struct kq_report_smmu2_state *before;
	struct world2 m;

	begin(&m, 2, KQ_POLICY_ABORT);
	m.v2->now.sgfsr = 0x80000002;
	m.v2->now.sgfsynr0 = 2;
	m.v2->now.sgfsynr1 = 0x123;
	m.v2->now.sgfar = 0x123456789a;
	m.v2->now.banks[3].fsr = 0x2;
	m.v2->now.banks[3].far = 0xffff12345678;
	m.v2->now.banks[3].fsynr0 = 0x13;
	m.v2->now.frsynra[3] = 0x100;
	m.v2->now.banks[6].fsr = 0x8;
	run(&m, KQ_POLICY_ABORT, 0);
	before = &record_of(&m)->before2;
	EXPECT_EQ(before->scr0, m.v2->initial.scr0);
	EXPECT_EQ(before->sgfsr, 0x80000002);
	EXPECT_EQ(before->sgfsynr0, 2);
	EXPECT_EQ(before->sgfsynr1, 0x123);
	EXPECT_EQ(before->sgfar, 0x123456789a);
	EXPECT_EQ(before->faulting_banks, 2);
	EXPECT_EQ(before->bank, 3);
	EXPECT_EQ(before->bank_fsr, 2);
	EXPECT_EQ(before->bank_fsynr0, 0x13);
	EXPECT_EQ(before->bank_far, 0xffff12345678);
	EXPECT_EQ(before->bank_frsynra, 0x100);
	EXPECT_EQ(m.v2->now.sgfsr | m.v2->now.banks[3].fsr |
			  m.v2->now.banks[6].fsr, 0);
	EXPECT_EQ(record_of(&m)->after2.sgfsr, 0);
	world_free(&m.w);
}

static void mmu500(void)
{
	for (uint32_t i = 0; i < 4; i++) {
		struct world2 m;

		begin(&m, 2, KQ_POLICY_SINK);
		m.v2->mmu500 = true;
		m.smmu->plan_flags = KQ_SMMU_MMU500;
		m.v2->idr[7] = i & 1 ? 0x20 : 0x10;
		m.v2->now.sacr = i & 2 ? 1u << 26 : 0;
		for (uint32_t k = 0; k < 8; k++)
			m.v2->now.banks[k].actlr = 3;
		run(&m, KQ_POLICY_SINK, KQ_SMMU_OWN_TABLE);
		check_sunk(&m, 48, 4096, 15);
		world_free(&m.w);
	}
}

static void calxeda(void)
{
	for (uint32_t policy = 1; policy <= 4; policy++) {
		struct world2 m;

		begin(&m, 1, policy);
		m.v2->calxeda = true;
		m.smmu->plan_flags = KQ_SMMU_CALXEDA;
		m.w.options.probe_ms = 3;
		world_run(&m.w);
		EXPECT(world_clean(&m.w));
		EXPECT_EQ(record_of(&m)->applied, policy);
		EXPECT_EQ(record_of(&m)->before2.scr0, m.v2->initial.scr0);
		world_free(&m.w);
	}
}

static void twins(void)
{
	for (uint32_t policy = 1; policy <= 4; policy++) {
		struct sim_smmu *twin;
		struct world2 m;
		uint64_t where;

		begin(&m, 2, policy);
		twin = sim_add_smmu2(m.w.sim, TWIN_BASE, 2);
		twin->is_twin = true;
		twin->policy = policy;
		m.smmu->twin = twin;
		twin->v2->sync_us = 300;
		world_run(&m.w);
		EXPECT(world_clean(&m.w));
		EXPECT_EQ(record_of(&m)->applied, policy);
		EXPECT_EQ(m.w.run.report->smmus.count, 2);
		if (policy == KQ_POLICY_SINK)
			EXPECT_EQ(sim_smmu_dma(twin, 0x77, 0, true, &where),
				  SIM_DMA_OURS);
		world_free(&m.w);
	}
}

static void tlb_sync(void)
{
	for (uint32_t policy = 1; policy <= 4; policy += 3)
		for (uint32_t never = 0; never < 2; never++) {
			struct world2 m;

			begin(&m, 2, policy);
			m.v2->sync_us = never ? SIM_NEVER : 20000;
			m.w.sim->limit_us = 2200000;
			world_run(&m.w);
			EXPECT(world_clean(&m.w));
			EXPECT_EQ(record_of(&m)->stuck_offset,
				  never ? STLBGSTATUS : 0);
			EXPECT_EQ(record_of(&m)->result,
				  never ? KQ_SMMU_STUCK : KQ_SMMU_DONE);
			EXPECT(record_of(&m)->duration_us >= 20000);
			if (never)
				check_all(&m, SIM_DMA_ABORTED, 1, 0);
			world_free(&m.w);
		}
}

static void clientpd_that_stays(void)
{
	struct world2 m;

	begin(&m, 2, KQ_POLICY_ABORT);
	m.v2->no_bypass_off = true;
	m.v2->now.scr0 |= CLIENTPD;
	world_run(&m.w);
	EXPECT(world_clean(&m.w));
	EXPECT_EQ(record_of(&m)->result, KQ_SMMU_STUCK);
	EXPECT_EQ(record_of(&m)->applied, 0);
	world_free(&m.w);
}

static void probe(void)
{
	const struct kq_report_stray *strays;
	struct world2 m;

	for (uint32_t kind = 0; kind < 2; kind++) {
		begin(&m, 2, KQ_POLICY_ABORT);
		if (kind)
			m.v2->now.scr0 |= CLIENTPD;
		m.w.options.probe_ms = 30;
		world_plan(&m.w);
		sim_add_traffic(m.w.sim, m.smmu, 0x555, 0xabcd000, 1000);
		sim_add_traffic(m.w.sim, m.smmu, 0x200, 0x1234000, 1700);
		world_run(&m.w);
		EXPECT(world_clean(&m.w));
		EXPECT_EQ(record_of(&m)->flags & ~KQ_SMMU_PROBE_OVERFLOW,
			  KQ_SMMU_PROBED);
		strays = kq_report_strays(m.w.run.report);
		EXPECT_EQ(m.w.run.report->strays.count, 2);
		for (uint32_t i = 0; i < 2; i++) {
			bool first = strays[i].stream_id == 0x555;

			EXPECT(first || strays[i].stream_id == 0x200);
			EXPECT_EQ(strays[i].smmu, 1);
			EXPECT_EQ(strays[i].event, 0);
			EXPECT_EQ(strays[i].address,
				  first ? 0xabcd000 : 0x1234000);
			EXPECT(strays[i].count >= (first ? 27 : 15));
			EXPECT(strays[i].count <= (first ? 31 : 19));
		}
		world_free(&m.w);
	}
}

/* More at a time than the one record there is. */
static void probe_merges(void)
{
	struct world2 m;

	begin(&m, 2, KQ_POLICY_ABORT);
	m.w.options.probe_ms = 10;
	world_plan(&m.w);
	for (uint32_t i = 0; i < 8; i++)
		sim_add_traffic(m.w.sim, m.smmu, 0x500 + i, 0, 100);
	world_run(&m.w);
	EXPECT(world_clean(&m.w));
	EXPECT(record_of(&m)->flags & KQ_SMMU_PROBE_OVERFLOW);
	EXPECT(record_of(&m)->probe_events > 10);
	world_free(&m.w);
}

static void probe_finds_quiet(void)
{
	struct world2 m;

	begin(&m, 2, KQ_POLICY_BYPASS);
	m.v2->now.sgfsr = 2; /* what was before the window is not its own */
	m.v2->now.sgfsynr1 = 0x99;
	m.w.options.probe_ms = 10;
	run(&m, KQ_POLICY_BYPASS, KQ_SMMU_PROBED);
	EXPECT_EQ(record_of(&m)->probe_events, 0);
	EXPECT_EQ(m.w.run.report->strays.count, 0);
	EXPECT(m.v2->now.scr0 & CLIENTPD);
	world_free(&m.w);
}

/* ID registers that claim more than there is room for. */
static void odd_identities(void)
{
	static const uint32_t idr1s[] = { 0x00000002, 0x00000003, 0x70000080,
					  0xf0000080, 0x00020000 };

	for (uint32_t i = 0; i < 5; i++)
		for (uint32_t mappings = 0; mappings <= 128; mappings += 64) {
			struct world2 m;

			begin(&m, 2, KQ_POLICY_SINK);
			m.v2->idr[1] = idr1s[i];
			m.v2->idr[0] = (m.v2->idr[0] & ~0xffu) | mappings;
			memset(m.v2->now.s2cr, 0, sizeof(m.v2->now.s2cr));
			world_run(&m.w);
			EXPECT(!sim_violated(m.w.sim, "where nothing is"));
			EXPECT(!sim_violated(m.w.sim, "write to"));
			EXPECT_EQ(record_of(&m)->result, KQ_SMMU_DONE);
			world_free(&m.w);
		}
}

static void aborts_from_any_access_on(void)
{
	for (uint32_t n = 1; n < 300; n += 1 + n / 20) {
		struct world2 m;

		begin(&m, 2, KQ_POLICY_SINK);
		m.smmu->abort_after = n;
		m.w.options.probe_ms = 1;
		world_run(&m.w);
		EXPECT(world_clean(&m.w));
		EXPECT(record_of(&m)->result == KQ_SMMU_UNREACHABLE ||
		       record_of(&m)->result == KQ_SMMU_DONE);
		/* The one beside it is none the worse for it. */
		EXPECT_EQ(kq_report_smmus(m.w.run.report)[0].result,
			  KQ_SMMU_DONE);
		world_free(&m.w);
	}
}

static void all_ones(void)
{
	struct world2 m;

	begin(&m, 2, KQ_POLICY_ABORT);
	m.smmu->ones = true;
	world_run(&m.w);
	EXPECT(world_clean(&m.w));
	EXPECT_EQ(record_of(&m)->result, KQ_SMMU_UNREACHABLE);
	EXPECT_EQ(m.smmu->writes, 0);
	world_free(&m.w);
}

static const struct test_case cases[] = {
	CASE(policy_abort),
	CASE(policy_bypass),
	CASE(policy_preserve),
	CASE(sink_stage1),
	CASE(sink_stage2),
	CASE(sink_of_variants),
	CASE(sink_that_cannot_be_had),
	CASE(reserved_streams),
	CASE(no_mapping_left),
	CASE(reserved_when_indexed),
	CASE(old_faults),
	CASE(mmu500),
	CASE(calxeda),
	CASE(twins),
	CASE(tlb_sync),
	CASE(clientpd_that_stays),
	CASE(probe),
	CASE(probe_merges),
	CASE(probe_finds_quiet),
	CASE(odd_identities),
	CASE(aborts_from_any_access_on),
	CASE(all_ones),
};

TEST_MAIN(cases)
