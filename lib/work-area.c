// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/work-area.h"

#include "lib/bits.h"
#include "lib/plan-slot.h"
#include "lib/report.h"

#define PAGE 4096u

/*
 * Upper bounds of what the stage's tables take, alignment included:
 * second-level stream tables; a sink, which is largest with 16 KiB pages
 * and 16 tables side by side; queues.
 */
#define STREAM_BLOCK 256u
#define STREAM_TABLE (STREAM_BLOCK * 64u)
#define SINK_TABLES (10u * 65536u)
/* The stage's tables end there, whatever StreamIDs a plan has. */
#define STREAMS_LOG2_MOST 25u
/* SMMUs without second levels: larger tables than this they do not get. */
#define LINEAR_TABLE (256u * 1024u)
#define QUEUES (2u * PAGE)

static uint32_t highest(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* The highest StreamID of an SMMU; *@ret_blocks: blocks of 256, at most. */
static uint32_t survey_streams(const struct kq_plan_header *plan,
			       uint32_t smmu, uint32_t *ret_blocks)
{
	uint32_t top = 0, blocks = 0, last = UINT32_MAX;

	for (uint32_t i = 0; i < plan->functions.count; i++) {
		const struct kq_plan_function *fn = &kq_plan_functions(plan)[i];

		if (fn->smmu != smmu)
			continue;
		top = highest(top, fn->stream_id);
		if (fn->stream_id / STREAM_BLOCK != last)
			blocks++;
		last = fn->stream_id / STREAM_BLOCK;
	}
	for (uint32_t i = 0; i < plan->streams.count; i++) {
		if (kq_plan_streams(plan)[i].smmu != smmu)
			continue;
		top = highest(top, kq_plan_streams(plan)[i].stream_id);
		blocks++;
	}
	for (uint32_t i = 0; i < plan->components.count; i++) {
		const struct kq_plan_component *c =
			&kq_plan_components(plan)[i];

		if (c->smmu == smmu && c->count)
			top = highest(top, c->stream_id + (c->count - 1));
	}
	*ret_blocks = blocks;
	return top >> STREAMS_LOG2_MOST ? KQ_MASK32(STREAMS_LOG2_MOST - 1, 0)
					: top;
}

static uint64_t linear_table_size(uint32_t top)
{
	uint64_t size = 64;

	while (size <= LINEAR_TABLE && size / 64 <= top)
		size *= 2;
	/* Once more for its alignment. */
	return size <= LINEAR_TABLE ? 2 * size : 0;
}

static uint64_t smmu_tables_size(const struct kq_plan_header *plan,
				 uint32_t index)
{
	const struct kq_plan_smmu *smmu = &kq_plan_smmus(plan)[index];
	uint32_t blocks, reserved = 0;
	uint32_t top = survey_streams(plan, index, &blocks);
	uint64_t first_level, table;

	if (smmu->type == KQ_SMMU_OTHER)
		return 0;
	for (uint32_t i = 0; i < plan->streams.count; i++)
		reserved += kq_plan_streams(plan)[i].smmu == index;
	if (smmu->policy != KQ_POLICY_SINK && reserved == 0 &&
	    plan->probe_ms == 0)
		return smmu->policy == KQ_POLICY_PRESERVE ? QUEUES : 0;
	first_level = highest(top, UINT16_MAX) / STREAM_BLOCK + 1;
	while (first_level & (first_level - 1))
		first_level += first_level & -first_level;
	table = 2 * 8 * first_level + (blocks + 2) * STREAM_TABLE;
	table += linear_table_size(top);
	return QUEUES + (plan->probe_ms ? 2 : 1) * table +
	       (smmu->policy == KQ_POLICY_SINK ? SINK_TABLES : 0);
}

uint64_t kq_stage_tables_size(const struct kq_plan_header *plan)
{
	uint64_t size = 0;

	for (uint32_t i = 0; i < plan->smmus.count; i++)
		size += smmu_tables_size(plan, i);
	return size;
}

/* Functions of the plan, or of the largest update its region has room for. */
static uint32_t most_functions(const struct kq_plan_header *plan)
{
	uint64_t most = kq_plan_region_slot_size(plan->region_size) /
			sizeof(struct kq_plan_function);

	if (most > KQ_PLAN_MAX_FUNCTIONS)
		most = KQ_PLAN_MAX_FUNCTIONS;
	return highest(plan->functions.count, (uint32_t)most);
}

uint64_t kq_stage_work_size(const struct kq_plan_header *plan,
			    uint64_t fdt_size)
{
	uint32_t functions = most_functions(plan);
	uint64_t report = kq_report_size(functions + KQ_REPORT_MAX_UNLISTED,
					 plan->smmus.count);
	uint64_t size = KQ_STAGE_CONTEXT_SIZE +
			(uint64_t)functions * KQ_STAGE_FUNCTION_SIZE +
			(uint64_t)plan->smmus.count * KQ_STAGE_SMMU_SIZE;
	uint64_t tree = report + fdt_size + PAGE;

	/* Translation tables are gone when the tree takes their place. */
	if (tree < KQ_STAGE_MMU_SIZE)
		tree = KQ_STAGE_MMU_SIZE;
	size += kq_stage_tables_size(plan);
	/* A copy of the region's slots. */
	size += KQ_PLAN_REGION_SLOTS *
		kq_plan_region_slot_size(plan->region_size);
	/* The report twice: where it grows, and inside the device tree. */
	return kq_align_up(size + report + tree, PAGE);
}

bool kq_stage_has_room(const struct kq_plan_header *loaded,
		       const struct kq_plan_header *update)
{
	return update->functions.count <= most_functions(loaded) &&
	       update->smmus.count <= loaded->smmus.count &&
	       kq_stage_tables_size(update) <= kq_stage_tables_size(loaded);
}
