// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Policy preserve: the old kernel's stream table stays in use. It is checked
 * the way a Linux that adopts it would, because a table that the next kernel
 * refuses is better aborted now; and it stays adoptable when single streams
 * are aborted in it, for such an STE claims nothing.
 */
#include "lib/error.h"
#include "purgatory/smmu3-parts.h"

#define L1_ENTRIES_LOG2_MOST 17u /* Linux's limit */
#define STE_ABORT_WORD SMMU3_STE_0_V
#define MEMORY_LINE 64u

/* The old table, as its registers describe it. */
struct old_table {
	const struct kq_smmu *smmu;
	uint64_t base;
	uint32_t log2;
	bool two_level;
};

/* A word of the crashed kernel's memory. */
static int read_word(const struct old_table *table, uint64_t addr,
		     uint64_t *ret)
{
	struct kq_io *io = &table->smmu->stage->io;

	kq_io_sync_ram(io, kq_paddr(addr & ~(uint64_t)(MEMORY_LINE - 1)),
		       MEMORY_LINE);
	*ret = kq_io_read64(io, kq_paddr(addr));
	return kq_io_faulted(io) ? -KQ_ERR_UNREACHABLE : 0;
}

static int look_at_registers(struct old_table *table)
{
	const struct kq_report_smmu_state *before =
		&table->smmu->record->before;
	uint32_t cfg = before->strtab_base_cfg;
	uint32_t sidsize = KQ_GET(SMMU3_IDR1_SIDSIZE,
				  table->smmu->record->idr1);
	uint32_t fmt = KQ_GET(SMMU3_STRTAB_CFG_FMT, cfg);
	uint64_t size;

	table->log2 = KQ_GET(SMMU3_STRTAB_CFG_LOG2SIZE, cfg);
	table->base = before->strtab_base & SMMU3_STRTAB_BASE_ADDR;
	table->two_level = fmt == SMMU3_STRTAB_2LEVEL;
	if (fmt > SMMU3_STRTAB_2LEVEL || table->log2 > sidsize ||
	    table->base == 0)
		return -KQ_ERR_NOTSUP;
	if (table->two_level) {
		if (KQ_GET(SMMU3_STRTAB_CFG_SPLIT, cfg) != SMMU3_SPLIT ||
		    table->log2 < SMMU3_SPLIT ||
		    table->log2 - SMMU3_SPLIT > L1_ENTRIES_LOG2_MOST)
			return -KQ_ERR_NOTSUP;
		size = UINT64_C(8) << (table->log2 - SMMU3_SPLIT);
	} else {
		if (table->log2 > 25)
			return -KQ_ERR_NOTSUP;
		size = (uint64_t)SMMU3_STE_SIZE << table->log2;
	}
	return table->base & (size - 1) ? -KQ_ERR_NOTSUP : 0;
}

static bool stage1_ok(const struct old_table *table, uint64_t word0)
{
	uint32_t ssidsize = KQ_GET(SMMU3_IDR1_SSIDSIZE,
				   table->smmu->record->idr1);

	return (word0 & SMMU3_STE_0_S1CONTEXTPTR) != 0 &&
	       KQ_GET(SMMU3_STE_0_S1CDMAX, word0) <= ssidsize &&
	       KQ_GET(SMMU3_STE_0_S1FMT, word0) != SMMU3_S1FMT_4K_L2;
}

static int check_ste(const struct old_table *table, uint64_t ste)
{
	uint64_t word0, word2;
	uint32_t config;
	int r = read_word(table, ste, &word0);

	if (r < 0 || !(word0 & SMMU3_STE_0_V))
		return r;
	config = KQ_GET(SMMU3_STE_0_CONFIG, word0);
	if (config == SMMU3_STE_ABORT || config == SMMU3_STE_BYPASS)
		return 0;
	if (config < SMMU3_STE_BYPASS)
		return -KQ_ERR_NOTSUP;
	if (config != SMMU3_STE_S2 && !stage1_ok(table, word0))
		return -KQ_ERR_NOTSUP;
	if (config == SMMU3_STE_S1)
		return 0;
	r = read_word(table, ste + 16, &word2);
	if (r == 0 && (word2 & SMMU3_STE_2_S2VMID) == 0)
		r = -KQ_ERR_NOTSUP;
	return r;
}

static int check_stes(const struct old_table *table, uint64_t first,
		      uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		int r = check_ste(table, first + (uint64_t)i * SMMU3_STE_SIZE);

		if (r == 0 && kq_stage_is_late(table->smmu->stage))
			r = -KQ_ERR_NOTSUP;
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_two_levels(const struct old_table *table)
{
	for (uint32_t i = 0; i < 1u << (table->log2 - SMMU3_SPLIT); i++) {
		uint64_t desc, l2;
		int r = read_word(table, table->base + 8 * (uint64_t)i, &desc);

		if (r < 0)
			return r;
		if ((desc & SMMU3_L1_DESC_SPAN) == 0)
			continue;
		l2 = desc & SMMU3_L1_DESC_L2PTR;
		if ((desc & SMMU3_L1_DESC_SPAN) != SMMU3_L1_SPAN || l2 == 0 ||
		    l2 & (SMMU3_L2_SIZE - 1))
			return -KQ_ERR_NOTSUP;
		r = check_stes(table, l2, 1u << SMMU3_SPLIT);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check(const struct old_table *table)
{
	const struct kq_report_smmu_state *before =
		&table->smmu->record->before;

	if (!(before->cr0 & SMMU3_CR0_SMMUEN) ||
	    (before->gerror ^ before->gerrorn) & SMMU3_GERROR_SFM)
		return -KQ_ERR_NOTSUP;
	return table->two_level ?
		       check_two_levels(table) :
		       check_stes(table, table->base, 1u << table->log2);
}

/* Address of a stream's STE, 0 if the table has none for it. */
static int find_ste(const struct old_table *table, uint32_t sid, uint64_t *ret)
{
	uint64_t desc;
	int r;

	*ret = 0;
	if (sid >> table->log2)
		return 0;
	if (!table->two_level) {
		*ret = table->base + (uint64_t)sid * SMMU3_STE_SIZE;
		return 0;
	}
	r = read_word(table, table->base + 8 * (uint64_t)(sid >> SMMU3_SPLIT),
		      &desc);
	if (r == 0 && desc & SMMU3_L1_DESC_SPAN)
		*ret = (desc & SMMU3_L1_DESC_L2PTR) +
		       (uint64_t)(sid & ((1u << SMMU3_SPLIT) - 1)) *
			       SMMU3_STE_SIZE;
	return r;
}

/* One 64-bit store makes an STE abort, whatever it was. */
static int abort_stream(const struct old_table *table, uint32_t sid)
{
	const struct kq_smmu *smmu = table->smmu;
	uint64_t ste;
	int r = find_ste(table, sid, &ste);

	if (r < 0 || ste == 0)
		return r;
	kq_io_sync_ram(&smmu->stage->io, kq_paddr(ste), MEMORY_LINE);
	kq_io_write64(&smmu->stage->io, kq_paddr(ste), STE_ABORT_WORD);
	kq_io_sync_ram(&smmu->stage->io, kq_paddr(ste), MEMORY_LINE);
	r = kq_smmu3_command(smmu,
			     SMMU3_CMD_CFGI_STE |
				     KQ_PUT(SMMU3_CMD_0_SID, (uint64_t)sid),
			     SMMU3_CMD_1_LEAF);
	if (r == 0)
		r = kq_smmu3_sync(smmu);
	if (r == 0)
		smmu->record->aborted_streams++;
	return r;
}

static bool resisted(uint32_t result)
{
	return result == KQ_FN_STILL_MASTERING || result == KQ_FN_UNREACHABLE ||
	       result == KQ_FN_RESET_TIMEOUT ||
	       result == KQ_FN_NO_CONFIG_ACCESS;
}

static int abort_resisting(const struct old_table *table, uint32_t enables)
{
	const struct kq_smmu *smmu = table->smmu;
	const struct kq_plan_header *plan = smmu->stage->plan;
	bool started = false;

	for (uint32_t i = 0; i < plan->functions.count; i++) {
		const struct kq_plan_function *fn = &kq_plan_functions(plan)[i];
		int r = 0;

		if (fn->smmu != smmu->index || fn->flags & KQ_FN_BRIDGE ||
		    !resisted(smmu->stage->records[i].result))
			continue;
		if (!started)
			r = kq_smmu3_start_commands(smmu, enables);
		started = true;
		if (r == 0)
			r = abort_stream(table, fn->stream_id);
		if (r < 0)
			return r;
	}
	return 0;
}

int kq_smmu3_preserve(struct kq_smmu *smmu)
{
	struct old_table table = { .smmu = smmu };
	uint32_t enables = smmu->record->before.cr0 &
			   (SMMU3_CR0_SMMUEN | SMMU3_CR0_ATSCHK);
	int r = look_at_registers(&table);

	if (r == 0)
		r = check(&table);
	/* A table that points nowhere is as bad as one of the wrong shape. */
	if (r == -KQ_ERR_UNREACHABLE)
		r = -KQ_ERR_NOTSUP;
	if (r < 0)
		return r;
	/*
	 * The queues off, as an adopting kernel does it: a command that was
	 * in error would be fetched again once the error is acknowledged.
	 */
	r = kq_smmu3_write_and_wait(smmu, SMMU3_CR0, SMMU3_CR0ACK, enables);
	return r == 0 ? abort_resisting(&table, enables) : r;
}
