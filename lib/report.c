// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/report.h"

#include <stdbool.h>

#include "lib/blob.h"
#include "lib/error.h"

#define MAX_FUNCTIONS (KQ_PLAN_MAX_FUNCTIONS + KQ_REPORT_MAX_UNLISTED)
#define MAX_EVENTS (KQ_PLAN_MAX_SMMUS * KQ_REPORT_EVENTS_PER_SMMU)

static const struct kq_blob_kind kind = {
	.magic = KQ_REPORT_MAGIC,
	.version = KQ_REPORT_VERSION,
	.header_size = sizeof(struct kq_report_header),
};

static bool sections_ok(const struct kq_report_header *report)
{
	uint32_t header = sizeof(*report), total = report->total_size;

	return kq_section_ok(&report->functions, header, total,
			     sizeof(struct kq_report_function),
			     MAX_FUNCTIONS) &&
	       kq_section_ok(&report->smmus, header, total,
			     sizeof(struct kq_report_smmu),
			     KQ_PLAN_MAX_SMMUS) &&
	       kq_section_ok(&report->events, header, total,
			     sizeof(struct kq_report_event), MAX_EVENTS) &&
	       kq_section_ok(&report->strays, header, total,
			     sizeof(struct kq_report_stray),
			     KQ_REPORT_MAX_STRAYS);
}

static bool function_ok(const struct kq_report_header *report,
			const struct kq_report_function *fn)
{
	return fn->result < KQ_FN_RESULT_COUNT &&
	       (fn->smmu == KQ_NONE || fn->smmu < report->smmus.count) &&
	       (fn->parent == KQ_NONE ||
		fn->parent < report->functions.count) &&
	       fn->driver[KQ_DRIVER_NAME_SIZE - 1] == '\0';
}

static bool verify_ok(const struct kq_report_verify *verify)
{
	return verify->result < KQ_VERIFY_RESULT_COUNT &&
	       (verify->parts & ~KQ_MASK32(KQ_VERIFY_PARTS - 1, 0)) == 0 &&
	       (verify->bad & ~verify->parts) == 0 &&
	       (verify->result == KQ_VERIFY_BAD) == (verify->bad != 0) &&
	       verify->on_bad_digest <= KQ_ON_BAD_LAST;
}

static bool stray_ok(const struct kq_report_header *report,
		     const struct kq_report_stray *stray)
{
	return stray->smmu < report->smmus.count &&
	       stray->name[KQ_COMPONENT_NAME_SIZE - 1] == '\0';
}

static bool entries_ok(const struct kq_report_header *report)
{
	for (uint32_t i = 0; i < report->functions.count; i++)
		if (!function_ok(report, &kq_report_functions(report)[i]))
			return false;
	for (uint32_t i = 0; i < report->smmus.count; i++)
		if (kq_report_smmus(report)[i].result >= KQ_SMMU_RESULT_COUNT)
			return false;
	for (uint32_t i = 0; i < report->events.count; i++)
		if (kq_report_events(report)[i].smmu >= report->smmus.count)
			return false;
	for (uint32_t i = 0; i < report->strays.count; i++)
		if (!stray_ok(report, &kq_report_strays(report)[i]))
			return false;
	return true;
}

int kq_report_check(const void *report, size_t size)
{
	const struct kq_report_header *header = report;
	int r = kq_blob_check(header, size, &kind);

	if (r < 0)
		return r;
	if (!sections_ok(header))
		return -KQ_ERR_BOUNDS;
	return verify_ok(&header->verify) && entries_ok(header) ?
		       0 : -KQ_ERR_VALUE;
}

void kq_report_seal(struct kq_report_header *report)
{
	kq_blob_seal(report);
}

size_t kq_report_size(uint32_t functions, uint32_t smmus)
{
	return sizeof(struct kq_report_header) +
	       KQ_REPORT_MAX_STRAYS * sizeof(struct kq_report_stray) +
	       (size_t)functions * sizeof(struct kq_report_function) +
	       (size_t)smmus * (sizeof(struct kq_report_smmu) +
				KQ_REPORT_EVENTS_PER_SMMU *
					sizeof(struct kq_report_event));
}
