// SPDX-License-Identifier: GPL-2.0-or-later
/* quiescectl doctor: the crash kernel that is loaded. */
#include "config.h"

#include <string.h>

#include "daemon/ctl-doctor.h"
#include "daemon/ctl-loaded.h"
#include "lib/inventory/inventory.h"

/* How a machine differs from a plan that was made for it. */
struct difference {
	size_t new_functions;
	size_t gone; /* or replaced by others */
	size_t smmus; /* that only one of them has */
};

static bool same_function(const struct kq_plan_function *fn,
			  const struct kq_inventory_function *other)
{
	return fn->vendor == other->vendor && fn->device == other->device;
}

static bool plan_has_smmu(const struct kq_plan_header *plan, uint64_t base)
{
	for (uint32_t i = 0; i < plan->smmus.count; i++)
		if (kq_plan_smmus(plan)[i].base == base)
			return true;
	return false;
}

static struct difference compare(const struct kq_plan_header *plan,
				 const struct kq_inventory *inventory)
{
	struct difference found = { .gone = 0 };
	size_t known = 0, shared = 0;

	for (uint32_t i = 0; i < plan->functions.count; i++) {
		const struct kq_plan_function *fn = &kq_plan_functions(plan)[i];
		int at = kq_inventory_find(inventory, fn->segment, fn->bdf);

		known += at >= 0 &&
			 same_function(fn, &inventory->functions[at]);
	}
	for (size_t i = 0; i < inventory->smmu_count; i++)
		shared += plan_has_smmu(plan, inventory->smmus[i].base);
	found.new_functions = inventory->function_count - known;
	found.gone = plan->functions.count - known;
	found.smmus =
		(inventory->smmu_count - shared) + (plan->smmus.count - shared);
	return found;
}

static void judge_plan(struct kq_doctor *doctor, const struct kq_loaded *loaded)
{
	const struct kq_plan_header *plan = kq_loaded_plan(loaded);
	struct difference found = { .gone = 0 };

	if (doctor->inventory)
		found = compare(plan, doctor->inventory);
	if (found.new_functions || found.gone || found.smmus)
		kq_doctor_say(
			doctor, KQ_HEALTH_WARN, "loaded",
			loaded->is_signed
				? "write it again with quiescectl wrap, sign it and load it: see docs/signing.md"
				: "load it again, as before",
			"the plan of the loaded quiesce image does not match this machine: functions: %zu new, %zu gone; SMMUs: %zu not the same",
			found.new_functions, found.gone, found.smmus);
	else
		kq_doctor_say(
			doctor, KQ_HEALTH_OK, "loaded", NULL,
			"a %squiesce image is loaded; its plan covers all %u functions",
			loaded->is_signed ? "signed " : "",
			plan->functions.count);
}

/* A crash kernel is loaded: is it ours? */
void kq_doctor_judge(struct kq_doctor *doctor, const struct kq_loaded *loaded)
{
	bool wanted = doctor->settings->enabled;

	if (loaded->kind == KQ_LOADED_UNKNOWN)
		kq_doctor_say(
			doctor, KQ_HEALTH_OK, "loaded", NULL,
			"a crash kernel is loaded; whether with the stage, this kernel does not show");
	else if (loaded->kind == KQ_LOADED_PLAIN)
		kq_doctor_say(
			doctor, wanted ? KQ_HEALTH_FAIL : KQ_HEALTH_WARN,
			"loaded", "load it again with our kexec",
			"a crash kernel is loaded, but without the stage");
	else if (!loaded->plan)
		kq_doctor_say(doctor, KQ_HEALTH_FAIL, "loaded",
			      "load it again with our kexec",
			      "the loaded quiesce image has no valid plan");
	else
		judge_plan(doctor, loaded);
}

void kq_doctor_loaded(struct kq_doctor *doctor)
{
	struct kq_loaded loaded = { .kind = KQ_LOADED_UNKNOWN };
	char line[16];

	if (!kq_doctor_line(doctor, "/sys/kernel/kexec_crash_loaded", line,
			    sizeof(line)) &&
	    !kq_doctor_line(doctor, "/sys/kernel/kexec/crash_loaded", line,
			    sizeof(line)))
		return;
	if (strcmp(line, "1") != 0) {
		kq_doctor_say(doctor, KQ_HEALTH_FAIL, "loaded",
			      "load one: kexec -p, or start the kdump service",
			      "no crash kernel is loaded");
		return;
	}
	if (kq_doctor_is_live(doctor)) {
		kq_loaded_find("/proc/iomem", "/proc/kcore", &loaded);
		/* Where it cannot be reached, check_region() said so. */
		kq_loaded_follow(&loaded, NULL);
	}
	kq_doctor_judge(doctor, &loaded);
	kq_loaded_fini(&loaded);
}
