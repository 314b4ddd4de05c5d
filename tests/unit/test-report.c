// SPDX-License-Identifier: GPL-2.0-or-later
/* kq_report_check() takes good reports and refuses what is wrong. */
#include "lib/report.h"

#include <stdlib.h>

#include "lib/error.h"
#include "tests/sim/expect.h"
#include "tests/sim/world.h"

static struct kq_report_header *report;
static struct kq_report_function *functions;
static struct kq_report_smmu *smmus;
static struct kq_report_event *events;

/* What the stage itself writes, with two events in it. */
static void begin(void)
{
	struct world w;

	world_init(&w);
	sim_smmu_events(w.smmu, 0x80000000, 4, 0, 2, 1);
	world_run(&w);
	report = w.run.report;
	w.run.report = NULL;
	world_free(&w);
	functions = kq_report_functions(report);
	smmus = kq_report_smmus(report);
	events = kq_report_events(report);
}

static int check(size_t size)
{
	void *copy = malloc(size ? size : 1);
	int r;

	memcpy(copy, report, size);
	r = kq_report_check(copy, size);
	free(copy);
	return r;
}

static int sealed(void)
{
	int r;

	kq_report_seal(report);
	r = check(report->total_size);
	free(report);
	return r;
}

#define GIVES(error, code) \
	do { \
		begin(); \
		code; \
		EXPECT_EQ(sealed(), error); \
	} while (0)

static void good(void)
{
	GIVES(0, EXPECT_EQ(report->events.count, 2));
	GIVES(0, report->functions.count = 0);
	GIVES(0, functions[0].result = KQ_FN_RESULT_COUNT - 1);
	GIVES(0, functions[0].smmu = KQ_NONE);
}

static void frame(void)
{
	size_t size;

	begin();
	size = report->total_size;
	for (size_t cut = 0; cut < size; cut++)
		EXPECT_EQ(check(cut), -KQ_ERR_TRUNCATED);
	for (size_t i = 0; i < size; i++) {
		((uint8_t *)report)[i] ^= 1u << (i % 8);
		EXPECT(check(size) < 0);
		((uint8_t *)report)[i] ^= 1u << (i % 8);
	}
	EXPECT_EQ(check(size), 0);
	free(report);

	GIVES(-KQ_ERR_MAGIC, report->magic[0]++);
	GIVES(-KQ_ERR_VERSION, report->version = 0);
	GIVES(-KQ_ERR_BOUNDS, report->header_size += 8);
	begin();
	report->total_size = 0;
	EXPECT_EQ(check(sizeof(*report)), -KQ_ERR_BOUNDS);
	free(report);
}

static void sections(void)
{
	GIVES(-KQ_ERR_BOUNDS, report->functions.count++);
	GIVES(-KQ_ERR_BOUNDS, report->functions.offset -= 4);
	GIVES(-KQ_ERR_BOUNDS, report->functions.offset = 8);
	GIVES(-KQ_ERR_BOUNDS, report->functions.entry_size++);
	GIVES(-KQ_ERR_BOUNDS, report->smmus.count = KQ_PLAN_MAX_SMMUS + 1);
	GIVES(-KQ_ERR_BOUNDS, report->events.count = UINT32_MAX);
	GIVES(-KQ_ERR_BOUNDS, report->events.offset = UINT32_MAX - 7);
	GIVES(-KQ_ERR_BOUNDS, report->smmus.reserved = 1);
}

static void entries(void)
{
	GIVES(-KQ_ERR_VALUE, functions[1].result = KQ_FN_RESULT_COUNT);
	GIVES(-KQ_ERR_VALUE, functions[1].smmu = 1);
	GIVES(-KQ_ERR_VALUE,
	      functions[1].parent = (uint16_t)report->functions.count);
	GIVES(-KQ_ERR_VALUE,
	      memset(functions[1].driver, 'x', KQ_DRIVER_NAME_SIZE));
	GIVES(-KQ_ERR_VALUE, smmus[0].result = KQ_SMMU_RESULT_COUNT);
	GIVES(-KQ_ERR_VALUE, events[1].smmu = 1);
}

static void verify(void)
{
	GIVES(0, report->verify.parts = 7);
	GIVES(-KQ_ERR_VALUE, report->verify.result = KQ_VERIFY_RESULT_COUNT);
	GIVES(-KQ_ERR_VALUE, report->verify.parts = 8);
	GIVES(-KQ_ERR_VALUE, report->verify.result = KQ_VERIFY_BAD);
	GIVES(-KQ_ERR_VALUE, (report->verify.result = KQ_VERIFY_GOOD,
			      report->verify.parts = report->verify.bad = 2));
	GIVES(-KQ_ERR_VALUE, (report->verify.result = KQ_VERIFY_BAD,
			      report->verify.bad = 2));
	GIVES(0, (report->verify.result = KQ_VERIFY_BAD,
		  report->verify.parts = report->verify.bad = 2));
	GIVES(-KQ_ERR_VALUE, report->verify.on_bad_digest = KQ_ON_BAD_BOOT + 1);
}

/* What the stage may write fits into what is asked for. */
static void room(void)
{
	size_t least = sizeof(struct kq_report_header) +
		       64 * sizeof(struct kq_report_stray);

	EXPECT_EQ(kq_report_size(0, 0), least);
	EXPECT_EQ(kq_report_size(3, 2),
		  least + 3 * sizeof(struct kq_report_function) +
			  2 * (sizeof(struct kq_report_smmu) +
			       16 * sizeof(struct kq_report_event)));
	EXPECT_EQ(kq_report_size(5, 1) % 8, 0);
}

static const struct test_case cases[] = {
	CASE(good), CASE(frame), CASE(sections), CASE(entries), CASE(verify), CASE(room),
};

TEST_MAIN(cases)
