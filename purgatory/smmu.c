// SPDX-License-Identifier: GPL-2.0-or-later
#include "purgatory/smmu.h"

#include "purgatory/smmu2.h"
#include "purgatory/smmu3.h"

static struct kq_smmu get(struct kq_stage *stage, uint32_t index)
{
	return (struct kq_smmu){
		.stage = stage,
		.plan = &kq_plan_smmus(stage->plan)[index],
		.record = &stage->smmus[index],
		.state = &stage->smmu_states[index],
		.index = index,
	};
}

enum action { INSPECT, PROBE_OPEN, PROBE_LOOK, PROBE_CLOSE, APPLY };

static void act_smmu3(struct kq_smmu smmu, enum action action)
{
	if (action == INSPECT)
		kq_smmu3_inspect(&smmu);
	else if (action == PROBE_OPEN)
		kq_smmu3_probe_open(&smmu);
	else if (action == PROBE_LOOK)
		kq_smmu3_probe_look(&smmu);
	else if (action == PROBE_CLOSE)
		kq_smmu3_probe_close(&smmu);
	else
		kq_smmu3_apply(&smmu);
}

static void act_smmu2(struct kq_smmu smmu, enum action action)
{
	if (action == INSPECT)
		kq_smmu2_inspect(&smmu);
	else if (action == PROBE_OPEN)
		kq_smmu2_probe_open(&smmu);
	else if (action == PROBE_LOOK)
		kq_smmu2_probe_look(&smmu);
	else if (action == PROBE_CLOSE)
		kq_smmu2_probe_close(&smmu);
	else
		kq_smmu2_apply(&smmu);
}

static void act_on_all(struct kq_stage *stage, enum action action)
{
	for (uint32_t i = 0; i < stage->plan->smmus.count; i++) {
		uint64_t start = kq_io_now_us(&stage->io);
		uint32_t type = kq_plan_smmus(stage->plan)[i].type;

		/* A fault that nobody asked about is not the next one's. */
		(void)kq_io_faulted(&stage->io);
		if (type == KQ_SMMU_V3)
			act_smmu3(get(stage, i), action);
		else if (type != KQ_SMMU_OTHER)
			act_smmu2(get(stage, i), action);
		else
			stage->smmus[i].result = KQ_SMMU_LEFT_ALONE;
		stage->smmus[i].duration_us +=
			(uint32_t)(kq_io_now_us(&stage->io) - start);
	}
}

void kq_smmu_inspect_all(struct kq_stage *stage)
{
	act_on_all(stage, INSPECT);
}

void kq_smmu_probe_all(struct kq_stage *stage)
{
	uint64_t wanted = stage->plan->probe_ms * UINT64_C(1000);
	uint64_t start, end;

	if (wanted == 0)
		return;
	act_on_all(stage, PROBE_OPEN);
	start = kq_io_now_us(&stage->io);
	end = start + kq_stage_timeout(stage, wanted, 0);
	while (kq_io_now_us(&stage->io) < end)
		act_on_all(stage, PROBE_LOOK);
	act_on_all(stage, PROBE_CLOSE);
	for (uint32_t i = 0; i < stage->plan->smmus.count; i++)
		if (stage->smmus[i].flags & KQ_SMMU_PROBED)
			stage->smmus[i].probe_us =
				(uint32_t)(kq_io_now_us(&stage->io) - start);
}

void kq_smmu_apply_all(struct kq_stage *stage)
{
	act_on_all(stage, APPLY);
}
