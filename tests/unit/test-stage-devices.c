// SPDX-License-Identifier: GPL-2.0-or-later
/* The stage on PCI functions: who is switched off, in which order. */
#include "tests/sim/expect.h"
#include "tests/sim/world.h"

static void all_quiet_then_reset(void)
{
	struct world w;

	world_init(&w);
	world_run(&w);
	EXPECT(world_clean(&w));
	EXPECT_EQ(world_result(&w, w.nic), KQ_FN_RESET);
	EXPECT_EQ(world_result(&w, w.nvme), KQ_FN_RESET);
	EXPECT_EQ(world_result(&w, w.old), KQ_FN_QUIET);
	EXPECT_EQ(world_result(&w, w.port1), KQ_FN_OBSERVED);
	EXPECT_EQ(w.nic->flr_count, 1);
	EXPECT_EQ(w.old->bme_clears, 1);
	EXPECT_EQ(w.port1->writes, 0);
	EXPECT(world_flags(&w, w.nic) & KQ_FN_RESTORED);
	EXPECT(world_flags(&w, w.nic) & KQ_FN_FLR_DONE);
	EXPECT_EQ(sim_record(&w.run, w.nic)->command_status & 0xffff,
		  w.nic->initial[1] & 0xffff);
	world_free(&w);
}

static const struct test_case cases[] = {
	CASE(all_quiet_then_reset),
};

TEST_MAIN(cases)
