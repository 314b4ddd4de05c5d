// SPDX-License-Identifier: GPL-2.0-or-later
/* What is verified and when, and what a wrong digest leads to. */
#include "purgatory/verify.h"

#include <stdlib.h>

#include "lib/error.h"
#include "tests/sim/expect.h"
#include "tests/sim/world.h"

#define ALL_PARTS (KQ_VERIFY_STAGE | KQ_VERIFY_PAYLOAD | KQ_VERIFY_INITRD)

static struct world w;
static struct sim_image *image;

static void begin(void)
{
	world_init(&w);
	image = sim_image_new();
	w.sim->image = image;
}

static void end(void)
{
	world_free(&w);
	free(image);
}

static const struct kq_report_verify *run(void)
{
	world_run(&w);
	EXPECT(world_clean(&w));
	return &w.run.report->verify;
}

static const struct kq_report_step *step(enum kq_step which)
{
	return &w.run.report->steps[which];
}

static void all_right(void)
{
	const struct kq_report_verify *verify;

	begin();
	verify = run();
	EXPECT_EQ(verify->result, KQ_VERIFY_GOOD);
	EXPECT_EQ(verify->parts, ALL_PARTS);
	EXPECT_EQ(verify->bad, 0);
	EXPECT_EQ(verify->flags, KQ_VERIFY_CACHED);
	EXPECT_EQ(verify->bytes,
		  sizeof(image->payload) + sizeof(image->initrd) +
			  (size_t)(image->params.stage_sha256 - image->code));
	EXPECT_EQ(image->hash_count, 1);
	EXPECT(!kq_verify_forbids(&w.run.stage));
	end();
}

static void damage(uint8_t *byte, uint32_t part)
{
	const struct kq_report_verify *verify;

	*byte ^= 0x10;
	verify = run();
	EXPECT_EQ(verify->result, KQ_VERIFY_BAD);
	EXPECT_EQ(verify->parts, ALL_PARTS);
	EXPECT_EQ(verify->bad, part);
	EXPECT(kq_verify_forbids(&w.run.stage));
	end();
}

static void damaged_stage(void)
{
	begin();
	damage(&image->code[0], KQ_VERIFY_STAGE);
	begin();
	damage(&image->code[sizeof(image->code) - 1], KQ_VERIFY_STAGE);
}

/* The parameters are covered by the stage's digest, but for that itself. */
static void damaged_parameters(void)
{
	begin();
	damage((uint8_t *)&image->params.work_size, KQ_VERIFY_STAGE);
	begin();
	damage(&image->params.stage_sha256[31], KQ_VERIFY_STAGE);
	begin();
	damage(&image->params.payload_sha256[0],
	       KQ_VERIFY_STAGE | KQ_VERIFY_PAYLOAD);
}

/* Larger than any kernel: it would be hashed for hours. */
static void endless_payload(uint64_t size)
{
	const struct kq_report_verify *verify;

	begin();
	image->params.payload_size = size;
	verify = run();
	EXPECT_EQ(verify->result, KQ_VERIFY_BAD);
	EXPECT_EQ(verify->parts, KQ_VERIFY_STAGE);
	EXPECT_EQ(verify->bad, KQ_VERIFY_STAGE);
	EXPECT(verify->bytes < sizeof(image->code) + KQ_PARAMS_SIZE);
	EXPECT(kq_verify_forbids(&w.run.stage));
	end();
}

static void damaged_payload_size(void)
{
	endless_payload(KQ_KERNEL_MAX_SIZE + 1);
	endless_payload(UINT64_C(1) << 60);
	endless_payload(UINT64_MAX);
}

static void damaged_payload(void)
{
	begin();
	damage(&image->payload[0], KQ_VERIFY_PAYLOAD);
	begin();
	damage(&image->payload[sizeof(image->payload) - 1], KQ_VERIFY_PAYLOAD);
}

static void damaged_initrd(void)
{
	begin();
	damage(&image->initrd[sizeof(image->initrd) - 1], KQ_VERIFY_INITRD);
}

/* A device tree that names another initrd, or none. */
static void other_initrd(uint64_t start, uint64_t size)
{
	const struct kq_report_verify *verify;

	begin();
	image->fdt_start = start ? start : (uint64_t)image->initrd;
	image->fdt_end = size ? image->fdt_start + size : 0;
	verify = run();
	EXPECT_EQ(verify->result, KQ_VERIFY_BAD);
	EXPECT_EQ(verify->parts, ALL_PARTS);
	EXPECT_EQ(verify->bad, KQ_VERIFY_INITRD);
	end();
}

static void initrd_is_not_there(void)
{
	other_initrd(0, 0);
	other_initrd(0, sizeof(image->initrd) - 1);
	other_initrd(UINT64_C(1) << 60, 5);
}

static void initrd_without_digest(void)
{
	const struct kq_report_verify *verify;

	begin();
	image->params.flags = KQ_PARAMS_VERIFY;
	image->params.stage_sha256[0] ^= 1; /* it covers the flags */
	verify = run();
	EXPECT_EQ(verify->parts, KQ_VERIFY_STAGE | KQ_VERIFY_PAYLOAD);
	EXPECT_EQ(verify->bad, KQ_VERIFY_STAGE);
	end();
}

static void not_asked(void)
{
	begin();
	image->params.flags = 0;
	EXPECT_EQ(run()->result, KQ_VERIFY_NOT_ASKED);
	EXPECT_EQ(image->hash_count, 0);
	end();
}

/* What it takes is not waited for once more. */
static void within_the_wait_for_resets(void)
{
	begin();
	image->takes_us = 90000;
	EXPECT_EQ(run()->result, KQ_VERIFY_GOOD);
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_RESET);
	EXPECT(step(KQ_STEP_VERIFY)->start_us > step(KQ_STEP_RESET)->start_us);
	EXPECT(step(KQ_STEP_VERIFY)->duration_us >= 90000);
	EXPECT(step(KQ_STEP_RESET)->duration_us < 110000);
	end();
}

/* The budget is for waits: what the hashing takes costs no reset. */
static void longer_than_the_budget(void)
{
	begin();
	w.options.budget_ms = 300;
	image->takes_us = 800000;
	EXPECT_EQ(run()->result, KQ_VERIFY_GOOD);
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_RESET);
	EXPECT_EQ(w.run.report->flags & KQ_REPORT_OVER_BUDGET, 0);
	end();
}

static void given_up(void)
{
	const struct kq_report_verify *verify;

	begin();
	image->takes_us = 1200000;
	verify = run();
	EXPECT_EQ(verify->result, KQ_VERIFY_TOO_SLOW);
	EXPECT_EQ(verify->parts, 0);
	EXPECT(!kq_verify_forbids(&w.run.stage));
	end();
}

static void aborted(void)
{
	const struct kq_report_verify *verify;

	begin();
	image->aborts = true;
	verify = run();
	EXPECT_EQ(verify->result, KQ_VERIFY_FAULT);
	EXPECT_EQ(verify->fault_esr, 0x96000010);
	EXPECT_EQ(verify->parts, 0);
	EXPECT_EQ(image->hash_count, 1);
	EXPECT(!kq_verify_forbids(&w.run.stage));
	end();
}

/* What is known to be wrong stays wrong. */
static void aborted_without_initrd(void)
{
	const struct kq_report_verify *verify;

	begin();
	image->aborts = true;
	image->fdt_end = 0;
	verify = run();
	EXPECT_EQ(verify->result, KQ_VERIFY_BAD);
	EXPECT_EQ(verify->parts, KQ_VERIFY_INITRD);
	EXPECT_EQ(verify->bad, KQ_VERIFY_INITRD);
	end();
}

/* A function that goes on writing is stopped by its SMMU only. */
static void after_the_smmus(void)
{
	const struct kq_report_verify *verify;

	begin();
	w.old->dma = true;
	w.old->faults.bme_stuck = true;
	verify = run();
	EXPECT_EQ(verify->result, KQ_VERIFY_GOOD);
	EXPECT_EQ(verify->flags, KQ_VERIFY_CACHED | KQ_VERIFY_LATE);
	EXPECT(step(KQ_STEP_VERIFY)->start_us >=
	       step(KQ_STEP_SMMU)->start_us + step(KQ_STEP_SMMU)->duration_us);
	end();
}

static void also_without_reset(void)
{
	begin();
	w.options.quiesce = KQ_QUIESCE_BME;
	EXPECT_EQ(run()->flags, KQ_VERIFY_CACHED);
	end();
}

static void quiesce_none_is_not_quiet(void)
{
	begin();
	w.options.quiesce = KQ_QUIESCE_NONE;
	EXPECT_EQ(run()->flags, KQ_VERIFY_CACHED | KQ_VERIFY_LATE);
	end();
}

static void plan_says_boot(void)
{
	begin();
	world_plan(&w);
	w.plan->on_bad_digest = KQ_ON_BAD_BOOT;
	image->payload[5] ^= 1;
	EXPECT_EQ(run()->result, KQ_VERIFY_BAD);
	EXPECT_EQ(w.run.report->verify.on_bad_digest, KQ_ON_BAD_BOOT);
	EXPECT(!kq_verify_forbids(&w.run.stage));
	end();
}

static const struct test_case cases[] = {
	CASE(all_right),
	CASE(damaged_stage),
	CASE(damaged_parameters),
	CASE(damaged_payload_size),
	CASE(damaged_payload),
	CASE(damaged_initrd),
	CASE(initrd_is_not_there),
	CASE(initrd_without_digest),
	CASE(not_asked),
	CASE(within_the_wait_for_resets),
	CASE(longer_than_the_budget),
	CASE(given_up),
	CASE(aborted),
	CASE(aborted_without_initrd),
	CASE(after_the_smmus),
	CASE(also_without_reset),
	CASE(quiesce_none_is_not_quiet),
	CASE(plan_says_boot),
};

TEST_MAIN(cases)
