// SPDX-License-Identifier: GPL-2.0-or-later
#include "purgatory/strays.h"

/* Platform devices are named here; PCI functions by the report's table. */
static void name_stray(const struct kq_stage *stage,
		       struct kq_report_stray *stray)
{
	const struct kq_plan_header *plan = stage->plan;

	for (uint32_t i = 0; i < plan->components.count; i++) {
		const struct kq_plan_component *c =
			&kq_plan_components(plan)[i];

		if (c->smmu != stray->smmu ||
		    stray->stream_id - c->stream_id >= c->count)
			continue;
		for (uint32_t k = 0; k < KQ_COMPONENT_NAME_SIZE; k++)
			stray->name[k] = c->name[k];
		return;
	}
}

void kq_stray_add(struct kq_stage *stage, uint32_t smmu, uint32_t stream_id,
		  uint32_t event, uint64_t address)
{
	struct kq_section *section = &stage->report->strays;
	struct kq_report_stray *stray;

	for (uint32_t i = 0; i < section->count; i++) {
		stray = &stage->strays[i];
		if (stray->smmu == smmu && stray->stream_id == stream_id) {
			stray->count++;
			return;
		}
	}
	if (section->count == KQ_REPORT_MAX_STRAYS)
		return;
	stray = &stage->strays[section->count++];
	stray->smmu = smmu;
	stray->stream_id = stream_id;
	stray->count = 1;
	stray->event = event;
	stray->address = address;
	name_stray(stage, stray);
}
