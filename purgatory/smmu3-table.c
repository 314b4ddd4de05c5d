// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Our own stream table: for streams that must keep working, for the sink
 * and for the probe window. Two levels, split 8, span 9, as an adopting
 * Linux wants it; linear on SMMUs that have no other.
 */
#include "lib/error.h"
#include "purgatory/sink.h"
#include "purgatory/smmu3-parts.h"

#define LOG2_LEAST 16u /* the StreamIDs of a PCIe segment */
#define LOG2_MOST 25u  /* 2^17 first-level entries, Linux's limit too */
#define OWN_ASID UINT64_C(1) /* not 0: an adopting kernel refuses that */
#define OWN_VMID UINT64_C(1)

struct table {
	const struct kq_smmu *smmu;
	uint64_t *entries; /* L1 descriptors or, linear, STEs */
	uint64_t *shared;  /* L2 of all blocks that nobody named, or NULL */
	uint32_t log2;	   /* StreamIDs it covers */
	bool two_level;
	uint64_t others[SMMU3_STE_WORDS]; /* the STE all others get */
};

static bool is_coherent(const struct kq_smmu *smmu)
{
	return smmu->record->idr0 & SMMU3_IDR0_COHACC;
}

static void publish(const struct kq_smmu *smmu, const void *start,
		    uint64_t size)
{
	kq_io_sync_ram(&smmu->stage->io, kq_paddr((uint64_t)start), size);
}

/* IDR5.OAS and S2PS/IPS share an encoding; above 48 bits we do not go. */
static uint32_t output_bits(uint32_t encoding)
{
	static const uint8_t bits[] = { 32, 36, 40, 42, 44, 48 };

	return encoding < sizeof(bits) ? bits[encoding] : 48;
}

/* log2 of the smallest granule it has, 0 if none. */
static uint32_t granule(uint32_t idr5)
{
	if (idr5 & SMMU3_IDR5_GRAN4K)
		return 12;
	if (idr5 & SMMU3_IDR5_GRAN16K)
		return 14;
	return idr5 & SMMU3_IDR5_GRAN64K ? 16 : 0;
}

static int sink_stage1(struct table *table, uint32_t idr5)
{
	const struct kq_smmu *smmu = table->smmu;
	uint32_t oas = KQ_GET(SMMU3_IDR5_OAS, idr5);
	bool coherent = is_coherent(smmu);
	bool forced = KQ_GET(SMMU3_IDR0_STALL_MODEL, smmu->record->idr0) ==
		      SMMU3_STALL_FORCED;
	struct kq_sink sink;
	uint64_t *cd;
	int r = kq_sink_stage1(smmu->stage, granule(idr5), &sink);

	if (r < 0)
		return r;
	cd = kq_stage_keep(smmu->stage, SMMU3_CD_SIZE, SMMU3_CD_SIZE);
	if (!cd)
		return -KQ_ERR_NOSPACE;
	cd[0] = KQ_PUT(SMMU3_CD_0_T0SZ, UINT64_C(64) - sink.input_bits) |
		KQ_PUT(SMMU3_CD_0_TG0, (uint64_t)kq_sink_tg0(&sink)) |
		(coherent ? SMMU3_CD_0_WALK_WB : 0) | SMMU3_CD_0_EPD1 |
		SMMU3_CD_0_V |
		KQ_PUT(SMMU3_CD_0_IPS, oas < 5 ? (uint64_t)oas : 5) |
		SMMU3_CD_0_AFFD | SMMU3_CD_0_AA64 |
		(forced ? SMMU3_CD_0_S : 0) | SMMU3_CD_0_R | SMMU3_CD_0_A |
		SMMU3_CD_0_ASET | KQ_PUT(SMMU3_CD_0_ASID, OWN_ASID);
	cd[1] = sink.table & SMMU3_CD_1_TTB0;
	cd[3] = SMMU3_CD_3_MAIR_NC;
	publish(smmu, cd, SMMU3_CD_SIZE);
	table->others[0] = SMMU3_STE_0_V |
			   KQ_PUT(SMMU3_STE_0_CONFIG, (uint64_t)SMMU3_STE_S1) |
			   ((uint64_t)cd & SMMU3_STE_0_S1CONTEXTPTR);
	table->others[1] = SMMU3_STE_1_SHCFG_INCOMING;
	if (coherent)
		table->others[1] |= SMMU3_STE_1_S1CIR_WB |
				    SMMU3_STE_1_S1COR_WB |
				    SMMU3_STE_1_S1CSH_ISH;
	return 0;
}

/* STE.S2SL0: the start level, counted differently for each granule. */
static uint64_t sl0_of(const struct kq_sink *sink)
{
	return sink->page_shift == 12 ? 2 - sink->start_level :
					3 - sink->start_level;
}

static int sink_stage2(struct table *table, uint32_t idr5)
{
	const struct kq_smmu *smmu = table->smmu;
	uint32_t oas = KQ_GET(SMMU3_IDR5_OAS, idr5);
	bool forced = KQ_GET(SMMU3_IDR0_STALL_MODEL, smmu->record->idr0) ==
		      SMMU3_STALL_FORCED;
	struct kq_sink sink;
	int r = kq_sink_stage2(smmu->stage, granule(idr5), output_bits(oas),
			       &sink);

	if (r < 0)
		return r;
	table->others[0] = SMMU3_STE_0_V |
			   KQ_PUT(SMMU3_STE_0_CONFIG, (uint64_t)SMMU3_STE_S2);
	table->others[1] = SMMU3_STE_1_SHCFG_INCOMING;
	table->others[2] =
		KQ_PUT(SMMU3_STE_2_S2VMID, OWN_VMID) |
		KQ_PUT(SMMU3_STE_2_S2T0SZ, UINT64_C(64) - sink.input_bits) |
		KQ_PUT(SMMU3_STE_2_S2SL0, sl0_of(&sink)) |
		(is_coherent(smmu) ? SMMU3_STE_2_S2WALK_WB : 0) |
		KQ_PUT(SMMU3_STE_2_S2TG, (uint64_t)kq_sink_tg0(&sink)) |
		KQ_PUT(SMMU3_STE_2_S2PS, oas < 5 ? (uint64_t)oas : 5) |
		SMMU3_STE_2_S2AA64 | SMMU3_STE_2_S2AFFD |
		(forced ? SMMU3_STE_2_S2S : 0) | SMMU3_STE_2_S2R;
	table->others[3] = sink.table & SMMU3_STE_3_S2TTB;
	return 0;
}

static int make_sink(struct table *table)
{
	uint32_t idr0 = table->smmu->record->idr0;
	uint32_t idr5 = kq_smmu3_read(table->smmu, SMMU3_IDR5);

	if (!(idr0 & SMMU3_IDR0_TTF_AARCH64) || !granule(idr5))
		return -KQ_ERR_NOTSUP;
	if (idr0 & SMMU3_IDR0_S1P)
		return sink_stage1(table, idr5);
	return idr0 & SMMU3_IDR0_S2P ? sink_stage2(table, idr5) :
				       -KQ_ERR_NOTSUP;
}

static int make_others(struct table *table, enum kq_smmu3_default others)
{
	for (uint32_t i = 0; i < SMMU3_STE_WORDS; i++)
		table->others[i] = 0; /* V=0: terminated, with an event */
	if (others == KQ_SMMU3_ABORT)
		table->others[0] = SMMU3_STE_0_V;
	return others == KQ_SMMU3_SINK ? make_sink(table) : 0;
}

static void put_ste(uint64_t *ste, const uint64_t words[SMMU3_STE_WORDS])
{
	for (uint32_t i = 0; i < SMMU3_STE_WORDS; i++)
		ste[i] = words[i];
}

/* A second-level table full of the others' STE; NULL if no room. */
static uint64_t *make_l2(struct table *table)
{
	uint64_t *l2 = kq_stage_keep(table->smmu->stage, SMMU3_L2_SIZE,
				     SMMU3_L2_SIZE);

	if (!l2)
		return NULL;
	for (uint32_t i = 0; i < 1u << SMMU3_SPLIT; i++)
		put_ste(&l2[i * SMMU3_STE_WORDS], table->others);
	publish(table->smmu, l2, SMMU3_L2_SIZE);
	return l2;
}

/*
 * The STE of a stream, in a table of its block's own; NULL if the table
 * does not reach that far or there is no room.
 */
static uint64_t *own_ste(struct table *table, uint32_t sid)
{
	uint64_t *desc, *l2;

	if (table->log2 < 32 && sid >> table->log2)
		return NULL;
	if (!table->two_level)
		return &table->entries[(uint64_t)sid * SMMU3_STE_WORDS];
	desc = &table->entries[sid >> SMMU3_SPLIT];
	l2 = (uint64_t *)(*desc & SMMU3_L1_DESC_L2PTR);
	if (*desc == 0 || l2 == table->shared) {
		l2 = make_l2(table);
		if (!l2)
			return NULL;
		*desc = (uint64_t)l2 | SMMU3_L1_SPAN;
		publish(table->smmu, desc, sizeof(*desc));
	}
	return &l2[(sid & ((1u << SMMU3_SPLIT) - 1)) * SMMU3_STE_WORDS];
}

/* The highest StreamID the plan names for this SMMU. */
static uint32_t highest_stream(const struct kq_smmu *smmu)
{
	const struct kq_plan_header *plan = smmu->stage->plan;
	uint32_t highest = 0;

	for (uint32_t i = 0; i < plan->functions.count; i++) {
		const struct kq_plan_function *fn = &kq_plan_functions(plan)[i];

		if (fn->smmu == smmu->index && fn->stream_id > highest)
			highest = fn->stream_id;
	}
	for (uint32_t i = 0; i < plan->streams.count; i++) {
		const struct kq_plan_stream *s = &kq_plan_streams(plan)[i];

		if (s->smmu == smmu->index && s->stream_id > highest)
			highest = s->stream_id;
	}
	for (uint32_t i = 0; i < plan->components.count; i++) {
		const struct kq_plan_component *c =
			&kq_plan_components(plan)[i];

		if (c->smmu == smmu->index && c->count &&
		    c->stream_id + (c->count - 1) > highest)
			highest = c->stream_id + (c->count - 1);
	}
	return highest;
}

/* How many StreamIDs the table shall cover, as log2. */
static uint32_t choose_log2(const struct table *table)
{
	const struct kq_smmu *smmu = table->smmu;
	uint32_t sidsize = KQ_GET(SMMU3_IDR1_SIDSIZE, smmu->record->idr1);
	uint32_t highest = highest_stream(smmu);
	uint32_t log2 = table->two_level ? LOG2_LEAST : 0;

	while (log2 < LOG2_MOST && highest >> log2)
		log2++;
	return log2 < sidsize ? log2 : sidsize;
}

static int allocate(struct table *table, enum kq_smmu3_default others)
{
	const struct kq_smmu *smmu = table->smmu;
	uint32_t sidsize = KQ_GET(SMMU3_IDR1_SIDSIZE, smmu->record->idr1);
	uint64_t count, size;

	table->two_level =
		KQ_GET(SMMU3_IDR0_ST_LEVEL, smmu->record->idr0) == 1 &&
		sidsize > SMMU3_SPLIT;
	table->log2 = choose_log2(table);
	count = UINT64_C(1) << table->log2;
	size = table->two_level ? (count >> SMMU3_SPLIT) * 8 :
				  count * SMMU3_STE_SIZE;
	/* The base is aligned to the size, to 64 bytes at least. */
	table->entries = kq_stage_keep(smmu->stage, size < 64 ? 64 : size,
				       size < 64 ? 64 : size);
	if (!table->entries)
		return -KQ_ERR_NOSPACE;
	if (!table->two_level) {
		for (uint64_t i = 0; i < count; i++)
			put_ste(&table->entries[i * SMMU3_STE_WORDS],
				table->others);
	} else if (others == KQ_SMMU3_SINK) {
		table->shared = make_l2(table);
		if (!table->shared)
			return -KQ_ERR_NOSPACE;
		for (uint64_t i = 0; i < count >> SMMU3_SPLIT; i++)
			table->entries[i] =
				(uint64_t)table->shared | SMMU3_L1_SPAN;
	}
	publish(smmu, table->entries, size);
	return 0;
}

/*
 * An adopting kernel edits the STEs of its devices: those must not share a
 * second-level table with streams of other buses.
 */
static int separate_planned(struct table *table)
{
	const struct kq_plan_header *plan = table->smmu->stage->plan;

	for (uint32_t i = 0; i < plan->functions.count; i++) {
		const struct kq_plan_function *fn = &kq_plan_functions(plan)[i];

		if (fn->smmu == table->smmu->index &&
		    !own_ste(table, fn->stream_id))
			return -KQ_ERR_NOSPACE;
	}
	return 0;
}

static int let_reserved_pass(struct table *table)
{
	const struct kq_smmu *smmu = table->smmu;
	const struct kq_plan_header *plan = smmu->stage->plan;
	uint64_t bypass[SMMU3_STE_WORDS] = {
		SMMU3_STE_0_V |
		KQ_PUT(SMMU3_STE_0_CONFIG, (uint64_t)SMMU3_STE_BYPASS),
	};

	if (smmu->record->idr1 & SMMU3_IDR1_ATTR_TYPES_OVR)
		bypass[1] = SMMU3_STE_1_SHCFG_INCOMING;
	for (uint32_t i = 0; i < plan->streams.count; i++) {
		const struct kq_plan_stream *s = &kq_plan_streams(plan)[i];
		uint64_t *ste;

		if (s->smmu != smmu->index)
			continue;
		ste = own_ste(table, s->stream_id);
		if (!ste)
			return -KQ_ERR_NOSPACE;
		put_ste(ste, bypass);
		publish(smmu, ste, SMMU3_STE_SIZE);
	}
	return 0;
}

static int build(struct table *table, enum kq_smmu3_default others)
{
	int r;

	if (table->smmu->record->idr1 & SMMU3_IDR1_PRESET)
		return -KQ_ERR_NOTSUP;
	r = make_others(table, others);
	if (r == 0)
		r = allocate(table, others);
	if (r == 0 && others == KQ_SMMU3_SINK)
		r = separate_planned(table);
	return r == 0 ? let_reserved_pass(table) : r;
}

/* Written while SMMUEN is 0 only: else CONSTRAINED UNPREDICTABLE. */
static void write_table_registers(const struct table *table)
{
	const struct kq_smmu *smmu = table->smmu;
	uint32_t cfg = KQ_PUT(SMMU3_STRTAB_CFG_LOG2SIZE, table->log2);

	if (table->two_level)
		cfg |= KQ_PUT(SMMU3_STRTAB_CFG_FMT, SMMU3_STRTAB_2LEVEL) |
		       KQ_PUT(SMMU3_STRTAB_CFG_SPLIT, SMMU3_SPLIT);
	kq_smmu3_write(smmu, SMMU3_CR1,
		       is_coherent(smmu) ? SMMU3_CR1_WRITE_BACK :
					   SMMU3_CR1_UNCACHED);
	kq_smmu3_write(smmu, SMMU3_CR2,
		       SMMU3_CR2_RECINVSID | SMMU3_CR2_PTM);
	kq_smmu3_write64(smmu, SMMU3_STRTAB_BASE,
			 SMMU3_STRTAB_BASE_RA | (uint64_t)table->entries);
	kq_smmu3_write(smmu, SMMU3_STRTAB_BASE_CFG, cfg);
}

int kq_smmu3_run_on_own_table(const struct kq_smmu *smmu,
			      enum kq_smmu3_default others, uint32_t enables)
{
	struct table table = { .smmu = smmu };
	int r = build(&table, others);

	if (r < 0)
		return r;
	r = kq_smmu3_write_and_wait(smmu, SMMU3_CR0, SMMU3_CR0ACK, 0);
	if (r < 0)
		return r;
	write_table_registers(&table);
	r = kq_smmu3_start_commands(smmu, 0);
	if (r == 0)
		r = kq_smmu3_invalidate_all(smmu);
	if (r < 0)
		return r;
	return kq_smmu3_write_and_wait(smmu, SMMU3_CR0, SMMU3_CR0ACK,
				       SMMU3_CR0_SMMUEN | SMMU3_CR0_CMDQEN |
					       enables);
}

bool kq_smmu3_has_reserved(const struct kq_smmu *smmu)
{
	const struct kq_plan_header *plan = smmu->stage->plan;

	for (uint32_t i = 0; i < plan->streams.count; i++)
		if (kq_plan_streams(plan)[i].smmu == smmu->index)
			return true;
	return false;
}
