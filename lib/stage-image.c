// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/stage-image.h"

#include "lib/bits.h"
#include "lib/report.h"

#define PAGE 4096u

uint64_t kq_stage_work_size(const struct kq_plan_header *plan,
			    uint64_t fdt_size)
{
	uint32_t functions = plan->functions.count;
	uint64_t report = kq_report_size(functions + KQ_REPORT_MAX_UNLISTED,
					 plan->smmus.count);
	uint64_t size = KQ_STAGE_CONTEXT_SIZE +
			(uint64_t)functions * KQ_STAGE_FUNCTION_SIZE;

	/* The report twice: where it grows, and inside the device tree. */
	return kq_align_up(size + 2 * report + fdt_size + PAGE, PAGE);
}
