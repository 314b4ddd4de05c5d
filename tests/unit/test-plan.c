// SPDX-License-Identifier: GPL-2.0-or-later
/* kq_plan_check() takes good plans and refuses each thing that is wrong. */
#include "lib/plan.h"

#include <stdlib.h>

#include "lib/error.h"
#include "tests/sim/expect.h"
#include "tests/sim/world.h"

static struct kq_plan_header *plan;
static struct kq_plan_function *functions;
static struct kq_plan_host *hosts;
static struct kq_plan_smmu *smmus;
static struct kq_plan_stream *streams;

/* The plan of a small machine with a VF, and a stream that must work. */
static struct kq_plan_header *sample_plan(void)
{
	struct kq_plan_header *built, *sample;
	struct world w;
	size_t size;

	world_init(&w);
	sim_add_sriov(w.nic, 1, 1, 1);
	sim_add_dpc(w.port1);
	sim_add_af(w.old, true);
	world_plan(&w);
	built = w.plan;
	size = built->total_size;
	sample = calloc(1, size + 8);
	memcpy(sample, built, size);
	sample->streams.offset = (uint32_t)size;
	sample->streams.count = 1;
	sample->total_size = (uint32_t)size + 8;
	free(built);
	sim_free(w.sim);
	return sample;
}

static void begin(void)
{
	plan = sample_plan();
	functions = (void *)kq_plan_functions(plan);
	hosts = (void *)kq_plan_hosts(plan);
	smmus = (void *)kq_plan_smmus(plan);
	streams = (void *)kq_plan_streams(plan);
}

/* Checked in a block of exactly @size bytes. */
static int check(size_t size)
{
	void *copy = malloc(size ? size : 1);
	int r;

	memcpy(copy, plan, size);
	r = kq_plan_check(copy, size);
	free(copy);
	return r;
}

static int sealed(void)
{
	int r;

	kq_plan_seal(plan);
	r = check(plan->total_size);
	free(plan);
	return r;
}

/* One change, made with @code, gives one error. */
#define GIVES(error, code) \
	do { \
		begin(); \
		code; \
		EXPECT_EQ(sealed(), error); \
	} while (0)
#define BOUNDS(code) GIVES(-KQ_ERR_BOUNDS, code)
#define VALUE(code)  GIVES(-KQ_ERR_VALUE, code)
#define GOOD(code)   GIVES(0, code)

static void set_region(uint64_t base, uint64_t size)
{
	plan->region_base = base;
	plan->region_size = size;
}

static void good(void)
{
	GOOD(;);
	GOOD(plan->functions.count = 0);
	GOOD(plan->quiesce = KQ_QUIESCE_NONE);
	GOOD(plan->kind = KQ_PLAN_ORDERLY);
	GOOD(plan->budget_ms = KQ_PLAN_MAX_BUDGET_MS);
	GOOD(plan->flags = KQ_PLAN_BRIDGES);
	GOOD(functions[3].host = KQ_NONE);
	GOOD(functions[3].smmu = KQ_NONE);
	GOOD(smmus[0].type = KQ_SMMU_OTHER);
	GOOD(set_region(0x48000000, 0x2000));
	GOOD(set_region(1, 0));
	GOOD(hosts[0].ecam = UINT64_MAX - KQ_BIT64(28) - 0xfff);
}

static void frame(void)
{
	begin();
	kq_plan_seal(plan);
	for (size_t size = 0; size < plan->total_size; size++)
		EXPECT_EQ(check(size), -KQ_ERR_TRUNCATED);
	free(plan);

	GIVES(-KQ_ERR_MAGIC, plan->magic[7]++);
	GIVES(-KQ_ERR_VERSION, plan->version++);
	BOUNDS(plan->header_size += 8);
	begin();
	plan->total_size = sizeof(*plan) - 8;
	EXPECT_EQ(check(sizeof(*plan)), -KQ_ERR_BOUNDS);
	free(plan);
}

/* Every single bit counts. */
static void checksum(void)
{
	size_t size;

	begin();
	kq_plan_seal(plan);
	size = plan->total_size;
	for (size_t i = 0; i < size; i++) {
		((uint8_t *)plan)[i] ^= 1u << (i % 8);
		EXPECT(check(size) < 0);
		((uint8_t *)plan)[i] ^= 1u << (i % 8);
	}
	EXPECT_EQ(check(size), 0);
	free(plan);
}

static void sections(void)
{
	BOUNDS(plan->functions.offset = 0);
	BOUNDS(plan->functions.offset = 188);
	BOUNDS(plan->functions.offset += 4);
	BOUNDS(plan->functions.entry_size--);
	BOUNDS(plan->functions.entry_size = 0);
	BOUNDS(plan->functions.count = KQ_PLAN_MAX_FUNCTIONS + 1);
	BOUNDS(plan->functions.count = UINT32_MAX);
	BOUNDS(plan->functions.reserved = 1);
	BOUNDS(plan->hosts.offset = UINT32_MAX - 7);
	BOUNDS(plan->hosts.count = KQ_PLAN_MAX_HOSTS + 1);
	BOUNDS(plan->smmus.offset = plan->total_size);
	BOUNDS(plan->smmus.count = 1000);
	BOUNDS(plan->streams.count = 2);
	BOUNDS(plan->streams.entry_size = 16);
}

static void settings(void)
{
	VALUE(plan->kind = 0);
	VALUE(plan->kind = KQ_PLAN_ORDERLY + 1);
	VALUE(plan->quiesce = KQ_QUIESCE_FLR + 1);
	VALUE(plan->budget_ms = KQ_PLAN_MAX_BUDGET_MS + 1);
	VALUE(set_region(0, 0x2000));
	VALUE(set_region(0x48000800, 0x2000));
	VALUE(set_region(0x48000000, 0x1000));
	VALUE(set_region(0x48000000, 0x2800));
	VALUE(set_region(UINT64_MAX - 0x1fff, 0x4000));
	VALUE(plan->console = KQ_CONSOLE_UART8250 + 1);
	VALUE(plan->console_addr = 2);
	VALUE(plan->on_bad_digest = KQ_ON_BAD_BOOT + 1);
	VALUE(plan->psci = KQ_PSCI_HVC + 1);
	VALUE(plan->console_shift = 4);
	VALUE(plan->flags = 2);
}

static void indices(void)
{
	VALUE(functions[0].host = 1);
	VALUE(functions[0].smmu = 1);
	VALUE(functions[0].parent = (uint16_t)plan->functions.count);
	VALUE(functions[0].pf = 1);
	VALUE(functions[0].segment = 1);
	VALUE(hosts[0].bus_last = 0);
	VALUE(hosts[0].bus_first = 1);
	VALUE(functions[4].flags &= ~KQ_FN_VF);
	/* The stage counts on its own flags, in the same word, being clear. */
	VALUE(functions[3].flags |= KQ_BIT32(7));
	VALUE(functions[3].flags |= KQ_BIT32(23));
	VALUE(streams[0].smmu = 1);
	/* A PF is no VF. */
	VALUE(functions[4].pf = 4);
	/* By address: the stage searches it that way. */
	VALUE(functions[2].bdf = functions[3].bdf);
	VALUE(functions[2].bdf = 0xffff);
}

static void capabilities(void)
{
	VALUE(functions[3].pcie_cap = 0x3c);
	VALUE(functions[3].pcie_cap = 0x100);
	VALUE(functions[3].pcie_cap += 2);
	VALUE(functions[3].aer_cap = 0xfc);
	VALUE(functions[3].aer_cap = 0xfc4);
	VALUE(functions[3].sriov_cap = 0x80);
	VALUE(functions[0].dpc_cap = 0x101);
	VALUE(functions[2].af_cap = 0x104);
	VALUE(functions[2].af_cap = 0);
	VALUE(functions[3].pcie_cap = 0);
	VALUE(functions[3].reset_delay_ms = KQ_PLAN_MAX_RESET_DELAY_MS + 1);
	VALUE(functions[3].driver[KQ_DRIVER_NAME_SIZE - 1] = 'x');
	VALUE(memset(functions[3].driver, 'x', KQ_DRIVER_NAME_SIZE));
}

static void hosts_and_smmus(void)
{
	VALUE(hosts[0].ecam += 0x800);
	VALUE(hosts[0].ecam = UINT64_MAX - 0xfff);
	VALUE(smmus[0].base += 4);
	VALUE(smmus[0].base = UINT64_MAX - 0xfff);
	VALUE(smmus[0].type = 0);
	VALUE(smmus[0].type = 4);
	VALUE(smmus[0].policy = 0);
	VALUE(smmus[0].policy = KQ_POLICY_LAST + 1);
	VALUE(smmus[0].twin = 4);
}

static const struct test_case cases[] = {
	CASE(good),	    CASE(frame),	   CASE(checksum),
	CASE(sections),	    CASE(settings),	   CASE(indices),
	CASE(capabilities), CASE(hosts_and_smmus),
};

TEST_MAIN(cases)
