// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The input is a report, as a device tree of unknown origin may carry one.
 * What the checker accepts can be read to its last byte.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/report.h"
#include "tests/fuzz/fuzz.h"
#include "tests/sim/world.h"

static void read_all(const struct kq_report_header *report)
{
	static volatile uint32_t result;
	uint32_t sum = 0;

	for (uint32_t i = 0; i < report->functions.count; i++) {
		const struct kq_report_function *fn =
			&kq_report_functions(report)[i];

		sum += fn->result + (uint32_t)strlen(fn->driver);
		if (fn->parent != KQ_NONE)
			sum += kq_report_functions(report)[fn->parent].bdf;
		if (fn->smmu != KQ_NONE)
			sum += kq_report_smmus(report)[fn->smmu].result;
	}
	for (uint32_t i = 0; i < report->smmus.count; i++)
		sum += kq_report_smmus(report)[i].after.cmdq_cons;
	for (uint32_t i = 0; i < report->events.count; i++)
		sum += (uint32_t)kq_report_events(report)[i].record[3];
	result = sum;
	(void)result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kq_report_header *report = malloc(size ? size : 1);

	if (!report)
		abort();
	memcpy(report, data, size);
	if (kq_report_check(report, size) == 0)
		read_all(report);
	if (size >= sizeof(*report) && report->total_size >= sizeof(*report) &&
	    report->total_size <= size) {
		kq_report_seal(report);
		if (kq_report_check(report, size) == 0)
			read_all(report);
	}
	free(report);
	return 0;
}

size_t kq_fuzz_seed(unsigned int index, uint8_t *data)
{
	struct world w;
	size_t size;

	if (index > 1)
		return 0;
	world_init(&w);
	if (index == 1)
		sim_smmu_events(w.smmu, 0x80000000, 4, 0, 20, 3);
	world_run(&w);
	size = w.run.report->total_size;
	memcpy(data, w.run.report, size);
	world_free(&w);
	return size;
}
