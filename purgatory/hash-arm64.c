// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hashing through MMU and caches, on for nothing else: all device work is
 * done without them. Only the image and the initrd are mapped.
 *
 * Caches and memory must agree at both ends. Before: what caches hold of the
 * stage's own data is older than what it wrote past them, and is dropped;
 * what they hold of the rest goes to memory. After: kq_mmu_off(). The tables
 * are walked without caches.
 */
#include "lib/error.h"
#include "lib/sha256-blocks.h"
#include "purgatory/arm64.h"
#include "purgatory/mmu-table.h"
#include "purgatory/verify.h"

extern const uint8_t image_start[] __asm__("_start")
	__attribute__((visibility("hidden")));
extern const struct kq_stage_params kq_stage_params
	__attribute__((visibility("hidden")));

/* TCR_EL1; the same with VHE in TCR_EL2, whose RES1 bits without it, 31 and
 * 23, are set as well: TG1 4 KiB, no walks from TTBR1. */
#define TCR_COMMON	 (UINT64_C(1) << 31 | UINT64_C(1) << 23)
#define TCR_T0SZ	 (64 - KQ_MMU_ADDRESS_BITS)
#define TCR_IPS_SHIFT	 32
#define TCR_EL2_PS_SHIFT 16 /* without VHE */
#define PA_RANGE_48	 5u

#define HAS_NO_GRANULE	 0xfu

/* ID_AA64MMFR0_EL1, ID_AA64MMFR3_EL1, ID_AA64ISAR0_EL1, ID_AA64PFR1_EL1 */
#define MMFR0_PARANGE 0u
#define MMFR0_TGRAN4  28u
#define MMFR3_TCRX    0u
#define ISAR0_SHA2    12u
#define PFR1_SME      24u

struct job {
	struct kq_io *io;
	struct kq_hash *hash;
	const uint64_t *top; /* NULL: without MMU */
	uint64_t tcr;
	bool has_tcr2;
	int result;
};

/*
 * With SME, a crash may leave the CPU in streaming mode, where Advanced SIMD
 * is illegal, and what ends that mode may be trapped: the plain loop will do.
 */
bool kq_sha256_has_instructions(void)
{
	uint64_t isar0, pfr1;

	__asm__("mrs %0, id_aa64isar0_el1" : "=r"(isar0));
	__asm__("mrs %0, id_aa64pfr1_el1" : "=r"(pfr1));
	return kq_arm64_id_field(isar0, ISAR0_SHA2) != 0 &&
	       kq_arm64_id_field(pfr1, PFR1_SME) == 0;
}

static uint64_t read_mmfr0(void)
{
	uint64_t mmfr0;

	__asm__("mrs %0, id_aa64mmfr0_el1" : "=r"(mmfr0));
	return mmfr0;
}

static uint64_t read_mmfr3(void)
{
	uint64_t mmfr3;

	__asm__("mrs %0, s3_0_c0_c7_3" : "=r"(mmfr3));
	return mmfr3;
}

/* Physical addresses this CPU has, as far as the tables reach. */
static uint32_t address_range(void)
{
	uint32_t range = kq_arm64_id_field(read_mmfr0(), MMFR0_PARANGE);

	return range < PA_RANGE_48 ? range : PA_RANGE_48;
}

static bool is_reachable(uint64_t start, uint64_t size)
{
	static const uint8_t bits[] = { 32, 36, 40, 42, 44, 48 };
	uint64_t limit = UINT64_C(1) << bits[address_range()];

	return start < limit && size <= limit - start;
}

static int map(struct kq_mmu_table *table, uint64_t start, uint64_t size)
{
	if (!is_reachable(start, size))
		return -KQ_ERR_BOUNDS;
	return kq_mmu_table_map(table, start, size);
}

/* The image as a whole, and the parts outside of it: the initrd. */
static int map_all(struct kq_mmu_table *table, const struct kq_hash *hash)
{
	uint64_t image = (uint64_t)image_start;
	uint64_t end = image + kq_stage_params.payload_offset +
		       kq_stage_params.payload_size;
	int r = map(table, image, end - image);

	for (uint32_t i = 0; i < hash->count && r == 0; i++) {
		const struct kq_hash_part *part = &hash->parts[i];

		if (part->start < image || part->start >= end)
			r = map(table, part->start, part->size);
	}
	return r;
}

static void prepare_mmu(struct job *job)
{
	bool el2_only = kq_arm64_current_el() == 2 && !kq_arm64_has_vhe();
	struct kq_mmu_table table;

	if (kq_arm64_id_field(read_mmfr0(), MMFR0_TGRAN4) == HAS_NO_GRANULE ||
	    kq_mmu_table_init(&table, job->hash->room, job->hash->room_size,
			      el2_only) < 0 ||
	    map_all(&table, job->hash) < 0)
		return;
	job->top = table.pages;
	job->tcr = TCR_COMMON | TCR_T0SZ |
		   (uint64_t)address_range()
			   << (el2_only ? TCR_EL2_PS_SHIFT : TCR_IPS_SHIFT);
	job->has_tcr2 = kq_arm64_id_field(read_mmfr3(), MMFR3_TCRX) != 0;
}

static void clean_caches(const struct kq_hash *hash)
{
	uint8_t *own = (uint8_t *)(&kq_stage_params + 1);
	const uint8_t *end = image_start + kq_stage_params.work_offset +
			     kq_stage_params.work_size;

	for (uint32_t i = 0; i < hash->count; i++)
		kq_arm64_dcache_clean(hash->parts[i].start,
				      hash->parts[i].size);
	kq_arm64_dcache_invalidate(own, (uint64_t)(end - own));
}

static void run(void *arg)
{
	struct job *job = arg;

	clean_caches(job->hash);
	if (job->top)
		kq_mmu_on(job->top, job->tcr, job->has_tcr2);
	job->result = kq_hash_parts(job->io, job->hash);
	kq_mmu_off();
}

int kq_io_hash(struct kq_io *io, struct kq_hash *hash)
{
	struct job job = { .io = io, .hash = hash };

	prepare_mmu(&job);
	hash->flags = (job.top ? KQ_VERIFY_CACHED : 0) |
		      (kq_sha256_has_instructions() ? KQ_VERIFY_SHA2 : 0);
	hash->fault_esr = (uint32_t)kq_guarded_call(run, &job);
	return hash->fault_esr ? -KQ_ERR_UNREACHABLE : job.result;
}
