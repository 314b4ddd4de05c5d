// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The stage's order of work. Devices first, SMMU last: a device that is
 * quiet does not care what the SMMU does, and an SMMU that aborts a device
 * still at work raises fatal errors on real servers.
 */
#include "lib/blob.h"
#include "lib/error.h"
#include "lib/work-area.h"
#include "purgatory/console.h"
#include "purgatory/fdt.h"
#include "purgatory/pci.h"
#include "purgatory/region.h"
#include "purgatory/smmu.h"
#include "purgatory/stage.h"
#include "purgatory/verify.h"

_Static_assert(sizeof(struct kq_stage) <= KQ_STAGE_CONTEXT_SIZE,
	       "kq_stage_work_size() counts on it");
_Static_assert(sizeof(struct kq_function) <= KQ_STAGE_FUNCTION_SIZE,
	       "kq_stage_work_size() counts on it");
_Static_assert(sizeof(struct kq_smmu_state) <= KQ_STAGE_SMMU_SIZE,
	       "kq_stage_work_size() counts on it");

static void copy(void *to, const void *from, size_t size)
{
	uint8_t *out = to;
	const uint8_t *in = from;

	for (size_t i = 0; i < size; i++)
		out[i] = in[i];
}

/* Whole and aligned words: with caches off each access takes its time. */
static void copy_words(void *to, const void *from, size_t size)
{
	typedef uint64_t __attribute__((may_alias)) word;
	const word *in = from;
	word *out = to;

	for (size_t i = 0; i < size / sizeof(word); i++)
		out[i] = in[i];
}

/* An empty report that is valid as soon as it is sealed. */
static void init_report(struct kq_stage *stage, void *place)
{
	struct kq_report_header *report = place;

	kq_stage_clear(report, sizeof(*report));
	copy(report->magic, KQ_REPORT_MAGIC, sizeof(report->magic));
	report->version = KQ_REPORT_VERSION;
	report->header_size = sizeof(*report);
	report->total_size = sizeof(*report);
	report->functions.offset = sizeof(*report);
	report->functions.entry_size = sizeof(struct kq_report_function);
	report->smmus.offset = sizeof(*report);
	report->smmus.entry_size = sizeof(struct kq_report_smmu);
	report->events.offset = sizeof(*report);
	report->events.entry_size = sizeof(struct kq_report_event);
	report->strays.offset = sizeof(*report);
	report->strays.entry_size = sizeof(struct kq_report_stray);
	report->timer_hz = (uint32_t)(stage->io.ticks_per_ms * 1000);
	stage->report = report;
}

static void copy_identity(struct kq_report_header *report,
			  const struct kq_plan_header *plan)
{
	copy_words(report->load_id, plan->load_id, sizeof(report->load_id));
	copy_words(report->boot_id, plan->boot_id, sizeof(report->boot_id));
	report->load_time_s = plan->load_time_s;
	report->kind = plan->kind;
	report->quiesce = plan->quiesce;
	report->budget_ms = plan->budget_ms;
	report->probe_ms = plan->probe_ms;
	report->verify.on_bad_digest = plan->on_bad_digest;
}

static void init_record(struct kq_report_function *record,
			const struct kq_plan_function *fn)
{
	record->segment = fn->segment;
	record->bdf = fn->bdf;
	record->vendor = fn->vendor;
	record->device = fn->device;
	record->class_revision = fn->class_revision;
	record->flags = fn->flags;
	record->smmu = fn->smmu;
	record->parent = fn->parent;
	record->stream_id = fn->stream_id;
	copy_words(record->driver, fn->driver, sizeof(record->driver));
}

/*
 * The functions stand last: their table grows with the unlisted ones.
 */
static void place_tables(struct kq_stage *stage,
			 const struct kq_plan_header *plan)
{
	struct kq_report_header *report = stage->report;
	uint32_t offset = sizeof(*report);

	report->smmus.offset = offset;
	report->smmus.count = plan->smmus.count;
	offset += plan->smmus.count * sizeof(struct kq_report_smmu);
	report->events.offset = offset;
	offset += plan->smmus.count * KQ_REPORT_EVENTS_PER_SMMU *
		  sizeof(struct kq_report_event);
	report->strays.offset = offset;
	offset += KQ_REPORT_MAX_STRAYS * sizeof(struct kq_report_stray);
	report->functions.offset = offset;
	report->functions.count = plan->functions.count;
	stage->smmus = kq_report_smmus(report);
	stage->events = kq_report_events(report);
	stage->strays = kq_report_strays(report);
	stage->records = kq_report_functions(report);
	for (uint32_t i = 0; i < plan->functions.count; i++)
		init_record(&stage->records[i], &kq_plan_functions(plan)[i]);
	for (uint32_t i = 0; i < plan->smmus.count; i++) {
		stage->smmus[i].base = kq_plan_smmus(plan)[i].base;
		stage->smmus[i].type = kq_plan_smmus(plan)[i].type;
		stage->smmus[i].policy = kq_plan_smmus(plan)[i].policy;
	}
}

/* Cut the work area into states, report and the rest. */
static int place_work(struct kq_stage *stage, const struct kq_plan_header *plan,
		      uint8_t *work, size_t work_size)
{
	size_t functions = kq_align_up(
		plan->functions.count * sizeof(struct kq_function), 8);
	size_t smmus = plan->smmus.count * sizeof(struct kq_smmu_state);
	size_t states = functions + smmus;
	uint64_t tables = kq_stage_tables_size(plan);
	size_t report = kq_report_size(plan->functions.count +
					       KQ_REPORT_MAX_UNLISTED,
				       plan->smmus.count);

	if (states + report > work_size)
		return -KQ_ERR_NOSPACE;
	kq_stage_clear(work, states + report);
	stage->functions = (void *)work;
	stage->smmu_states = (void *)(work + functions);
	init_report(stage, work + states);
	place_tables(stage, plan);
	stage->spare = work + states + report;
	stage->kept = work + work_size;
	stage->kept_end = stage->kept;
	stage->kept_floor = stage->kept; /* too small: no tables at all */
	if (tables < (uint64_t)(stage->kept - stage->spare))
		stage->kept_floor = stage->kept - tables;
	return 0;
}

/* No plan to trust: an empty report that says why. */
static void refuse_plan(struct kq_stage *stage, int error, uint8_t *work,
			size_t work_size)
{
	if (work_size < sizeof(struct kq_report_header))
		return;
	init_report(stage, work);
	stage->report->flags |= KQ_REPORT_PLAN_INVALID;
	stage->report->plan_error = (uint32_t)-error;
	/* Nobody says what else to do. */
	stage->report->verify.on_bad_digest = KQ_ON_BAD_BOOT;
	stage->spare = work + sizeof(struct kq_report_header);
	stage->kept = work + work_size;
	stage->kept_end = stage->kept;
	stage->kept_floor = stage->kept;
}

/*
 * The plan to work by: the image's, or its newest update in the region, of
 * which the front of the work area then holds a copy.
 */
static int choose_plan(struct kq_stage *stage,
		       const struct kq_plan_header *loaded, uint8_t *work,
		       size_t work_size)
{
	struct kq_plan_choice update;
	size_t copies = kq_region_read(stage, loaded, work, work_size, &update);
	int r = -KQ_ERR_NOTFOUND;

	if (update.plan)
		r = place_work(stage, update.plan, work + copies,
			       work_size - copies);
	stage->plan = r == 0 ? update.plan : loaded;
	if (r < 0)
		r = place_work(stage, loaded, work, work_size);
	if (r < 0)
		return r;
	if (stage->plan == update.plan)
		stage->report->plan_generation = update.generation;
	else if (update.plan)
		update.error = KQ_ERR_NOSPACE;
	stage->report->region_error = update.error;
	return 0;
}

void kq_stage_prepare(struct kq_stage *stage, const void *plan,
		      size_t plan_size, void *work, size_t work_size)
{
	int r = kq_plan_check(plan, plan_size);

	if (r == 0)
		r = choose_plan(stage, plan, work, work_size);
	if (r < 0) {
		stage->plan = NULL;
		refuse_plan(stage, r, work, work_size);
		return;
	}
	copy_identity(stage->report, stage->plan);
	stage->deadline_us = stage->plan->budget_ms * UINT64_C(1000);
	kq_step_end(stage, KQ_STEP_PLAN);
}

void kq_stage_devices(struct kq_stage *stage)
{
	if (!stage->plan)
		return;
	kq_step_begin(stage, KQ_STEP_MASTERS);
	kq_pci_masters_off(stage);
	kq_step_end(stage, KQ_STEP_MASTERS);
	kq_step_begin(stage, KQ_STEP_EVIDENCE);
	kq_pci_take_evidence(stage);
	kq_step_end(stage, KQ_STEP_EVIDENCE);
	kq_step_begin(stage, KQ_STEP_PENDING);
	kq_pci_wait_pending(stage);
	kq_step_end(stage, KQ_STEP_PENDING);
	kq_step_begin(stage, KQ_STEP_WALK);
	kq_pci_walk(stage);
	kq_step_end(stage, KQ_STEP_WALK);
	kq_step_begin(stage, KQ_STEP_RESET);
	kq_pci_reset_begin(stage);
	kq_verify_in_wait(stage);
	kq_pci_reset_end(stage);
	kq_step_end(stage, KQ_STEP_RESET);
	kq_step_begin(stage, KQ_STEP_RESTORE);
	kq_pci_restore(stage);
	kq_step_end(stage, KQ_STEP_RESTORE);
	kq_step_begin(stage, KQ_STEP_BRIDGES);
	kq_pci_bridges_off(stage);
	kq_step_end(stage, KQ_STEP_BRIDGES);
}

void kq_stage_smmus(struct kq_stage *stage)
{
	if (!stage->plan)
		return;
	kq_step_begin(stage, KQ_STEP_PROBE);
	kq_smmu_inspect_all(stage);
	kq_smmu_probe_all(stage);
	kq_step_end(stage, KQ_STEP_PROBE);
	kq_step_begin(stage, KQ_STEP_SMMU);
	kq_smmu_apply_all(stage);
	kq_step_end(stage, KQ_STEP_SMMU);
}

void kq_stage_finish(struct kq_stage *stage)
{
	kq_verify_rest(stage);
	if (!stage->plan)
		return;
	kq_step_begin(stage, KQ_STEP_ERRORS);
	if (stage->plan->quiesce != KQ_QUIESCE_NONE)
		kq_pci_clear_own_errors(stage);
	kq_step_end(stage, KQ_STEP_ERRORS);
	kq_console_summary(stage);
}

void kq_stage_quiesce(struct kq_stage *stage, const void *plan,
		      size_t plan_size, void *work, size_t work_size)
{
	kq_stage_prepare(stage, plan, plan_size, work, work_size);
	kq_stage_devices(stage);
	kq_stage_smmus(stage);
	kq_stage_finish(stage);
}

/* Does an SMMU go on reading what kq_stage_keep() gave it? */
static bool has_kept(const struct kq_stage *stage)
{
	for (uint32_t i = 0; i < stage->report->smmus.count; i++)
		if (stage->smmus[i].flags & KQ_SMMU_OWN_TABLE)
			return true;
	return false;
}

static void seal(struct kq_stage *stage)
{
	struct kq_report_header *report = stage->report;

	report->total_size =
		report->functions.offset +
		report->functions.count * sizeof(struct kq_report_function);
	report->fault_count = (uint32_t)stage->io.faults;
	report->total_us = (uint32_t)kq_io_now_us(&stage->io);
	kq_report_seal(report);
}

const void *kq_stage_hand_over(struct kq_stage *stage, const void *fdt,
			       size_t fdt_size)
{
	struct kq_report_header *report = stage->report;
	struct kq_fdt_addition addition = {
		.name = KQ_REPORT_PROPERTY,
		.value = report,
	};

	if (!report || !fdt)
		return fdt;
	if (kq_fdt_chosen_digest(fdt, fdt_size, KQ_REPORT_PROPERTY,
				 report->chosen_sha256) < 0)
		return fdt;
	seal(stage);
	addition.size = report->total_size;
	if (has_kept(stage)) {
		addition.reserve_start = (uint64_t)stage->kept & ~UINT64_C(4095);
		addition.reserve_size = (uint64_t)stage->kept_end -
					addition.reserve_start;
	}
	if (kq_fdt_copy_with(fdt, fdt_size, stage->spare,
			     (size_t)(stage->kept - stage->spare),
			     &addition) < 0)
		return fdt;
	return stage->spare;
}
