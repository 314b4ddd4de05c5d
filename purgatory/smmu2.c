// SPDX-License-Identifier: GPL-2.0-or-later
/* One SMMUv1 or v2 through the step. */
#include "purgatory/smmu2.h"

#include "lib/error.h"
#include "purgatory/smmu2-parts.h"
#include "purgatory/strays.h"

#define SYNC_US 1000000u
#define SYNC_LEAST_US 10000u

/* The registers that Calxeda's integration has only as their aliases. */
static bool has_alias(uint32_t reg)
{
	return reg == SMMU2_SCR0 || reg == SMMU2_SACR ||
	       (reg >= SMMU2_SGFAR && reg <= SMMU2_SGFSYNR1);
}

static uint32_t place(const struct kq_smmu *smmu, uint32_t reg)
{
	return smmu->plan->flags & KQ_SMMU_CALXEDA && has_alias(reg) ?
		       reg + SMMU2_NONSECURE_ALIAS :
		       reg;
}

uint32_t kq_smmu2_read(const struct kq_smmu *smmu, uint32_t reg)
{
	return kq_io_read32(&smmu->stage->io,
			    kq_paddr(smmu->plan->base + place(smmu, reg)));
}

static uint64_t read64(const struct kq_smmu *smmu, uint32_t reg)
{
	return kq_smmu2_read(smmu, reg) |
	       (uint64_t)kq_smmu2_read(smmu, reg + 4) << 32;
}

void kq_smmu2_write(const struct kq_smmu *smmu, uint32_t reg, uint32_t value)
{
	uint32_t at = place(smmu, reg);

	kq_io_write32(&smmu->stage->io, kq_paddr(smmu->plan->base + at), value);
	if (smmu->plan->twin)
		kq_io_write32(&smmu->stage->io,
			      kq_paddr(smmu->plan->twin + at), value);
}

void kq_smmu2_write64(const struct kq_smmu *smmu, uint32_t reg, uint64_t value)
{
	kq_smmu2_write(smmu, reg, (uint32_t)value);
	kq_smmu2_write(smmu, reg + 4, (uint32_t)(value >> 32));
}

static uint32_t page_size(const struct kq_smmu *smmu)
{
	return smmu->record->idr1 & SMMU2_IDR1_PAGESIZE_64K ? 65536 : 4096;
}

uint32_t kq_smmu2_space1(const struct kq_smmu *smmu)
{
	return page_size(smmu);
}

uint32_t kq_smmu2_bank(const struct kq_smmu *smmu, uint32_t bank)
{
	uint32_t pages =
		2u << KQ_GET(SMMU2_IDR1_NUMPAGENDXB, smmu->record->idr1);

	return (pages + bank) * page_size(smmu);
}

uint32_t kq_smmu2_mappings(const struct kq_smmu *smmu)
{
	uint32_t idr0 = smmu->record->idr0;

	if (idr0 & SMMU2_IDR0_SMS)
		return KQ_GET(SMMU2_IDR0_NUMSMRG, idr0);
	/* Stream indexing: one for each StreamID; S2CR has room for 256. */
	if (KQ_GET(SMMU2_IDR0_NUMSIDB, idr0) > 8)
		return 256;
	return 1u << KQ_GET(SMMU2_IDR0_NUMSIDB, idr0);
}

uint32_t kq_smmu2_banks(const struct kq_smmu *smmu)
{
	uint32_t banks = KQ_GET(SMMU2_IDR1_NUMCB, smmu->record->idr1);
	uint32_t pages =
		2u << KQ_GET(SMMU2_IDR1_NUMPAGENDXB, smmu->record->idr1);

	return banks < pages ? banks : pages;
}

static void read_state(const struct kq_smmu *smmu,
		       struct kq_report_smmu2_state *state)
{
	state->scr0 = kq_smmu2_read(smmu, SMMU2_SCR0);
	state->sacr = kq_smmu2_read(smmu, SMMU2_SACR);
	state->sgfsr = kq_smmu2_read(smmu, SMMU2_SGFSR);
	state->sgfsynr0 = kq_smmu2_read(smmu, SMMU2_SGFSYNR0);
	state->sgfsynr1 = kq_smmu2_read(smmu, SMMU2_SGFSYNR1);
	state->sgfar = read64(smmu, SMMU2_SGFAR);
}

static int identify(const struct kq_smmu *smmu)
{
	smmu->record->idr0 = kq_smmu2_read(smmu, SMMU2_IDR0);
	smmu->record->idr1 = kq_smmu2_read(smmu, SMMU2_IDR1);
	if (kq_io_faulted(&smmu->stage->io) ||
	    smmu->record->idr0 == UINT32_MAX)
		return -KQ_ERR_UNREACHABLE;
	read_state(smmu, &smmu->record->before2);
	return kq_io_faulted(&smmu->stage->io) ? -KQ_ERR_UNREACHABLE : 0;
}

/* Read a bank's faults into the report, clear them, interrupts off. */
static void quiet_bank(const struct kq_smmu *smmu, uint32_t bank)
{
	struct kq_report_smmu2_state *before = &smmu->record->before2;
	uint32_t page = kq_smmu2_bank(smmu, bank);
	uint32_t fsr = kq_smmu2_read(smmu, page + SMMU2_CB_FSR);
	uint32_t sctlr = kq_smmu2_read(smmu, page + SMMU2_CB_SCTLR);

	if (kq_io_faulted(&smmu->stage->io))
		return;
	if (sctlr & SMMU2_CB_SCTLR_CFIE)
		kq_smmu2_write(smmu, page + SMMU2_CB_SCTLR,
			       sctlr & ~SMMU2_CB_SCTLR_CFIE);
	if (!(fsr & SMMU2_CB_FSR_FAULTS))
		return;
	if (before->faulting_banks++ == 0) {
		before->bank = bank;
		before->bank_fsr = fsr;
		before->bank_fsynr0 =
			kq_smmu2_read(smmu, page + SMMU2_CB_FSYNR0);
		before->bank_far = read64(smmu, page + SMMU2_CB_FAR);
		before->bank_frsynra =
			kq_smmu2_read(smmu, kq_smmu2_space1(smmu) +
						    SMMU2_CBFRSYNRA(bank));
	}
	kq_smmu2_write(smmu, page + SMMU2_CB_FSR, fsr);
}

void kq_smmu2_inspect(struct kq_smmu *smmu)
{
	uint32_t sgfsr;

	if (identify(smmu) < 0) {
		smmu->record->result = KQ_SMMU_UNREACHABLE;
		return;
	}
	smmu->state->usable = true;
	kq_smmu2_write(smmu, SMMU2_SCR0,
		       smmu->record->before2.scr0 &
			       ~(SMMU2_SCR0_GFIE | SMMU2_SCR0_GCFGFIE));
	for (uint32_t i = 0; i < kq_smmu2_banks(smmu); i++)
		quiet_bank(smmu, i);
	sgfsr = smmu->record->before2.sgfsr;
	if (sgfsr)
		kq_smmu2_write(smmu, SMMU2_SGFSR, sgfsr);
	smmu->record->result = kq_io_faulted(&smmu->stage->io) ?
				       KQ_SMMU_UNREACHABLE :
				       KQ_SMMU_DONE;
}

int kq_smmu2_invalidate_tlbs(const struct kq_smmu *smmu)
{
	const uint64_t bases[] = { smmu->plan->base, smmu->plan->twin };

	/* One that never ended is not begun again. */
	if (smmu->record->stuck_offset == SMMU2_STLBGSTATUS)
		return -KQ_ERR_TIMEOUT;
	kq_smmu2_write(smmu, SMMU2_TLBIALLH, UINT32_MAX);
	kq_smmu2_write(smmu, SMMU2_TLBIALLNSNH, UINT32_MAX);
	kq_smmu2_write(smmu, SMMU2_STLBGSYNC, UINT32_MAX);
	for (uint32_t i = 0; i < 2 && bases[i]; i++) {
		int r = kq_poll32(&smmu->stage->io,
				  kq_paddr(bases[i] + SMMU2_STLBGSTATUS),
				  SMMU2_STLBGSTATUS_ACTIVE, 0,
				  kq_stage_timeout(smmu->stage, SYNC_US,
						   SYNC_LEAST_US));

		if (r == -KQ_ERR_TIMEOUT)
			smmu->record->stuck_offset = SMMU2_STLBGSTATUS;
		if (r < 0)
			return r;
	}
	return 0;
}

/* Does the stream mapping @n match this reserved stream? */
static bool matches(const struct kq_smmu *smmu, uint32_t n, uint32_t sid)
{
	uint32_t scr0 = smmu->record->before2.scr0;
	uint32_t smr, s2cr;

	if (!(smmu->record->idr0 & SMMU2_IDR0_SMS))
		return n == sid;
	smr = kq_smmu2_read(smmu, SMMU2_SMR(n));
	if (scr0 & SMMU2_SCR0_EXIDENABLE) {
		s2cr = kq_smmu2_read(smmu, SMMU2_S2CR(n));
		return s2cr & SMMU2_S2CR_EXIDVALID &&
		       ((sid ^ smr) & SMMU2_SMR_EXID &
			~KQ_GET(SMMU2_SMR_EXMASK, smr)) == 0;
	}
	return smr & SMMU2_SMR_VALID &&
	       ((sid ^ smr) & SMMU2_SMR_ID &
		~KQ_GET(SMMU2_SMR_MASK, smr)) == 0;
}

/* Is this mapping for reserved streams, which keep working? */
static bool is_reserved(const struct kq_smmu *smmu, uint32_t n)
{
	const struct kq_plan_header *plan = smmu->stage->plan;

	for (uint32_t i = 0; i < plan->streams.count; i++)
		if (kq_plan_streams(plan)[i].smmu == smmu->index &&
		    matches(smmu, n, kq_plan_streams(plan)[i].stream_id))
			return true;
	return false;
}

/*
 * What a mapping refers to stays as it is but for the type: an EXIDVALID
 * stands in the same register.
 */
static void fault_mapping(const struct kq_smmu *smmu, uint32_t n)
{
	uint32_t type = is_reserved(smmu, n) ? SMMU2_S2CR_BYPASS :
					       SMMU2_S2CR_FAULT;
	uint32_t s2cr = kq_smmu2_read(smmu, SMMU2_S2CR(n));

	kq_smmu2_write(smmu, SMMU2_S2CR(n),
		       (s2cr & ~SMMU2_S2CR_TYPE) |
			       KQ_PUT(SMMU2_S2CR_TYPE, type));
}

static bool is_free(const struct kq_smmu *smmu, uint32_t n)
{
	if (smmu->record->before2.scr0 & SMMU2_SCR0_EXIDENABLE)
		return !(kq_smmu2_read(smmu, SMMU2_S2CR(n)) &
			 SMMU2_S2CR_EXIDVALID);
	return !(kq_smmu2_read(smmu, SMMU2_SMR(n)) & SMMU2_SMR_VALID);
}

/* The register that makes the mapping valid comes last. */
static void map_bypass(const struct kq_smmu *smmu, uint32_t n, uint32_t sid)
{
	uint32_t s2cr = KQ_PUT(SMMU2_S2CR_TYPE, SMMU2_S2CR_BYPASS);

	if (smmu->record->before2.scr0 & SMMU2_SCR0_EXIDENABLE) {
		kq_smmu2_write(smmu, SMMU2_SMR(n), sid & SMMU2_SMR_EXID);
		kq_smmu2_write(smmu, SMMU2_S2CR(n),
			       s2cr | SMMU2_S2CR_EXIDVALID);
	} else {
		kq_smmu2_write(smmu, SMMU2_S2CR(n), s2cr);
		kq_smmu2_write(smmu, SMMU2_SMR(n),
			       SMMU2_SMR_VALID | (sid & SMMU2_SMR_ID));
	}
}

/*
 * A mapping for a stream that may have none yet. Where streams are indexed,
 * each has one, or does not exist.
 */
static void let_pass(const struct kq_smmu *smmu, uint32_t sid)
{
	uint32_t count = kq_smmu2_mappings(smmu), place = count;
	bool indexed = !(smmu->record->idr0 & SMMU2_IDR0_SMS);

	for (uint32_t n = 0; n < count; n++) {
		if (matches(smmu, n, sid))
			return;
		if (place == count && !indexed && is_free(smmu, n))
			place = n;
	}
	if (place < count)
		map_bypass(smmu, place, sid);
	else
		smmu->record->flags |= KQ_SMMU_FELL_BACK;
}

static void let_reserved_pass(const struct kq_smmu *smmu)
{
	const struct kq_plan_header *plan = smmu->stage->plan;

	for (uint32_t i = 0; i < plan->streams.count; i++)
		if (kq_plan_streams(plan)[i].smmu == smmu->index)
			let_pass(smmu, kq_plan_streams(plan)[i].stream_id);
}

/* sCR0 last: CLIENTPD may have let everything bypass until now. */
static int fault_all(const struct kq_smmu *smmu)
{
	uint32_t scr0 = kq_smmu2_read(smmu, SMMU2_SCR0);

	for (uint32_t i = 0; i < kq_smmu2_mappings(smmu); i++)
		fault_mapping(smmu, i);
	let_reserved_pass(smmu);
	scr0 &= ~(SMMU2_SCR0_CLIENTPD | SMMU2_SCR0_GFIE | SMMU2_SCR0_GCFGFIE);
	scr0 |= SMMU2_SCR0_USFCFG | SMMU2_SCR0_GFRE | SMMU2_SCR0_GCFGFRE;
	kq_smmu2_write(smmu, SMMU2_SCR0, scr0);
	if ((kq_smmu2_read(smmu, SMMU2_SCR0) &
	     (SMMU2_SCR0_CLIENTPD | SMMU2_SCR0_USFCFG)) != SMMU2_SCR0_USFCFG) {
		smmu->record->stuck_offset = SMMU2_SCR0;
		return -KQ_ERR_TIMEOUT;
	}
	if (kq_io_faulted(&smmu->stage->io))
		return -KQ_ERR_UNREACHABLE;
	return kq_smmu2_invalidate_tlbs(smmu);
}

static int sink_or_abort(const struct kq_smmu *smmu)
{
	int r = fault_all(smmu);

	if (r < 0)
		return r;
	r = kq_smmu2_sink(smmu);
	if (r == 0)
		smmu->record->flags |= KQ_SMMU_OWN_TABLE;
	if (r != -KQ_ERR_NOTSUP && r != -KQ_ERR_NOSPACE)
		return r;
	smmu->record->flags |= KQ_SMMU_FELL_BACK;
	smmu->record->applied = KQ_POLICY_ABORT;
	return 0;
}

static int apply_policy(const struct kq_smmu *smmu)
{
	uint32_t scr0;

	smmu->record->applied = smmu->plan->policy;
	if (smmu->plan->policy == KQ_POLICY_PRESERVE)
		return 0;
	if (smmu->plan->policy == KQ_POLICY_SINK)
		return sink_or_abort(smmu);
	if (smmu->plan->policy == KQ_POLICY_ABORT)
		return fault_all(smmu);
	scr0 = kq_smmu2_read(smmu, SMMU2_SCR0);
	kq_smmu2_write(smmu, SMMU2_SCR0, scr0 | SMMU2_SCR0_CLIENTPD);
	return 0;
}

void kq_smmu2_apply(struct kq_smmu *smmu)
{
	int r;

	if (!smmu->state->usable)
		return;
	r = apply_policy(smmu);
	read_state(smmu, &smmu->record->after2);
	if (kq_io_faulted(&smmu->stage->io))
		r = -KQ_ERR_UNREACHABLE;
	if (r == 0)
		return;
	smmu->record->applied = 0;
	smmu->record->result = r == -KQ_ERR_TIMEOUT ? KQ_SMMU_STUCK :
						      KQ_SMMU_UNREACHABLE;
}

void kq_smmu2_probe_open(struct kq_smmu *smmu)
{
	if (!smmu->state->usable || smmu->plan->policy == KQ_POLICY_PRESERVE)
		return;
	if (fault_all(smmu) < 0)
		return;
	smmu->record->flags |= KQ_SMMU_PROBED;
	/* What piled up before the window is not the window's. */
	kq_smmu2_write(smmu, SMMU2_SGFSR, kq_smmu2_read(smmu, SMMU2_SGFSR));
}

void kq_smmu2_probe_look(struct kq_smmu *smmu)
{
	uint32_t sgfsr, synr1;

	if (!(smmu->record->flags & KQ_SMMU_PROBED))
		return;
	sgfsr = kq_smmu2_read(smmu, SMMU2_SGFSR);
	if (kq_io_faulted(&smmu->stage->io) || sgfsr == 0)
		return;
	synr1 = kq_smmu2_read(smmu, SMMU2_SGFSYNR1);
	smmu->record->probe_events++;
	kq_stray_add(smmu->stage, smmu->index,
		     KQ_GET(SMMU2_SGFSYNR1_STREAMID, synr1), 0,
		     read64(smmu, SMMU2_SGFAR));
	if (sgfsr & KQ_BIT32(31)) /* MULTI: more came before this look */
		smmu->record->flags |= KQ_SMMU_PROBE_OVERFLOW;
	kq_smmu2_write(smmu, SMMU2_SGFSR, sgfsr);
}

void kq_smmu2_probe_close(struct kq_smmu *smmu)
{
	kq_smmu2_probe_look(smmu);
}
