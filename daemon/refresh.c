// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "daemon/refresh.h"

#include <glob.h>
#include <inttypes.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "daemon/rewrap.h"
#include "lib/error.h"
#include "lib/kernel.h"
#include "lib/machine.h"
#include "lib/new-file.h"
#include "lib/plan-region-write.h"

#define LAST_GOOD_FILE KQ_RUN_DIR "/last-good"

#define ARGUMENTS_MAX  1024u

static void begin(struct kq_refresh *refresh);
static void on_task(int status, const char *last, void *userdata);

static uint64_t now_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

static bool is_loaded(void)
{
	bool loaded = false;

	(void)kq_kernel_loaded(kq_machine_root(), true, &loaded);
	return loaded;
}

/* --- Status ------------------------------------------------------------- */

static void save(struct kq_refresh *refresh)
{
	struct kq_message message;

	if (kq_status_save(kq_machine_root(), &refresh->status, &message) < 0)
		fprintf(stderr, SD_WARNING "%s, ignoring\n", message.text);
}

static void set_state(struct kq_refresh *refresh, enum kq_state state)
{
	refresh->status.state = state;
	save(refresh);
	refresh->handlers.changed(refresh->handlers.userdata);
}

static void set_error(struct kq_refresh *refresh, const char *error)
{
	if (error != refresh->status.error)
		snprintf(refresh->status.error, sizeof(refresh->status.error),
			 "%s", error);
}

static void tell(const struct kq_status *status, enum kq_state before)
{
	bool bad = kq_state_is_bad(status->state);
	/* That nothing is loaded is news only if something was. */
	bool known = status->state == before &&
		     (!*status->error || status->state == KQ_STATE_UNLOADED);

	if (known)
		return;
	fprintf(stderr, "%s%s%s%s\n", bad ? SD_ERR : SD_INFO,
		kq_state_text(status->state), *status->error ? ": " : "",
		status->error);
}

/* What is loaded, after anything that may have changed it. */
static void describe(struct kq_refresh *refresh, const struct kq_look *look)
{
	struct kq_status *status = &refresh->status;
	const struct kq_plan_header *plan = look->effective ? look->effective
							    : look->wanted;

	status->kind = look->kind;
	status->functions = plan ? plan->functions.count : 0;
	status->policy[0] = '\0';
	if (plan)
		kq_look_policy(plan, status->policy, sizeof(status->policy));
}

static void keep_views(struct kq_refresh *refresh, struct kq_look *look)
{
	if (!look->list || !look->plan)
		return;
	free(refresh->list);
	free(refresh->plan);
	refresh->list = look->list;
	refresh->plan = look->plan;
	look->list = look->plan = NULL;
}

static void note_load(struct kq_refresh *refresh, const struct kq_look *look)
{
	memset(refresh->load_id, 0, sizeof(refresh->load_id));
	if (look->has_record)
		memcpy(refresh->load_id, look->record.plan->load_id,
		       sizeof(refresh->load_id));
}

/* The end of a refresh. */
static void settle(struct kq_refresh *refresh, enum kq_state state,
		   const char *error)
{
	enum kq_state before = refresh->status.state;

	set_error(refresh, error);
	describe(refresh, &refresh->look);
	if (state == KQ_STATE_PLAIN)
		refresh->status.kind = KQ_KIND_PLAIN;
	if (state == KQ_STATE_LOST)
		refresh->status.kind = KQ_KIND_NONE;
	note_load(refresh, &refresh->look);
	refresh->step = KQ_STEP_IDLE;
	kq_look_fini(&refresh->look);
	/* Nearly all memory was the inventory's: give it back. */
	malloc_trim(0);
	refresh->status.state = state;
	tell(&refresh->status, before);
	set_state(refresh, state);
	if (refresh->again)
		begin(refresh);
	else
		refresh->handlers.settled(refresh->handlers.userdata);
}

/* --- Loading ------------------------------------------------------------ */

/* The recorded command line, with @option in front unless it is NULL. */
static const char **front_end_arguments(const struct kq_record *record,
					const char *option,
					const char *argv[ARGUMENTS_MAX])
{
	size_t count = 0;

	argv[count++] = kq_machine_front_end();
	if (option)
		argv[count++] = option;
	for (const char *const *arg = record->argv + 1;
	     *arg && count < ARGUMENTS_MAX - 1; arg++)
		argv[count++] = *arg;
	argv[count] = NULL;
	return argv;
}

static void run(struct kq_refresh *refresh, enum kq_refresh_step step,
		const char *const *argv, enum kq_state state)
{
	const struct kq_record *record = &refresh->look.record;
	const struct kq_task_request request = {
		.argv = argv,
		.cwd = record->cwd ? record->cwd : "/",
		.config = refresh->look.has_record
				  ? record->config
				  : secure_getenv("KEXEC_QUIESCE_CONF"),
		.timeout_s = refresh->look.settings.refresh_timeout_s,
	};
	struct kq_message message;

	if (step == KQ_STEP_ANEW || step == KQ_STEP_DISTRIBUTION)
		refresh->begun_us = now_us(CLOCK_MONOTONIC);
	refresh->step = step;
	/* A daemon that is killed now finds out by this what was going on. */
	set_state(refresh, state);
	if (kq_task_start(&refresh->task, refresh->event, &request, on_task,
			  refresh, &message) < 0)
		on_task(KQ_TASK_STUCK, message.text, refresh);
}

static void load_anew(struct kq_refresh *refresh)
{
	const char *argv[ARGUMENTS_MAX];

	run(refresh, KQ_STEP_ANEW,
	    front_end_arguments(&refresh->look.record, NULL, argv),
	    KQ_STATE_REFRESHING);
}

static void load_plain(struct kq_refresh *refresh)
{
	fprintf(stderr, SD_ERR "loading the plain kernel, without quiescing\n");
	run(refresh, KQ_STEP_PLAIN, refresh->look.record.stock_argv,
	    KQ_STATE_PLAIN);
}

static void load_last_good(struct kq_refresh *refresh)
{
	const struct kq_plan_header *plan = refresh->look.effective;
	char path[PATH_MAX], option[PATH_MAX + 20];
	const char *argv[ARGUMENTS_MAX];
	struct kq_message message;

	fprintf(stderr, SD_ERR "the crash kernel is gone: loading it with the "
			       "last good plan\n");
	if (refresh->look.record.fixed) { /* it brings that along */
		run(refresh, KQ_STEP_LAST_GOOD,
		    front_end_arguments(&refresh->look.record, NULL, argv),
		    KQ_STATE_REFRESHING);
		return;
	}
	snprintf(path, sizeof(path), "%s" LAST_GOOD_FILE, kq_machine_root());
	if (kq_new_file_write(path, 0600, plan, plan->total_size, &message) <
	    0) {
		fprintf(stderr, SD_ERR "%s\n", message.text);
		load_plain(refresh);
		return;
	}
	snprintf(option, sizeof(option), "--quiesce-plan=%s", path);
	run(refresh, KQ_STEP_LAST_GOOD,
	    front_end_arguments(&refresh->look.record, option, argv),
	    KQ_STATE_REFRESHING);
}

/* --- The distribution's own way ------------------------------------------ */

static const char *reload_command(const struct kq_settings *settings)
{
	static const struct {
		const char *program;
		const char *command;
	} known[] = {
		{ "/usr/bin/kdumpctl", "kdumpctl reload" },
		{ "/usr/sbin/kdump-config", "kdump-config reload" },
		{ "/usr/lib/kdump/load.sh", "/usr/lib/kdump/load.sh --update" },
	};
	char path[PATH_MAX];

	if (*settings->reload_command)
		return settings->reload_command;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", kq_machine_root(),
			 known[i].program);
		if (access(path, X_OK) == 0)
			return known[i].command;
	}
	return NULL;
}

/* By systemd, if that is there: our service may not do what it does. */
static void run_outside(struct kq_refresh *refresh, const char *command)
{
	const char *const argv[] = { "/usr/bin/systemd-run",
				     "--wait",
				     "--quiet",
				     "--collect",
				     "--pipe",
				     "/bin/sh",
				     "-c",
				     command,
				     NULL };
	char path[PATH_MAX];
	bool has_systemd;

	snprintf(path, sizeof(path), "%s/run/systemd/system",
		 kq_machine_root());
	has_systemd = access(path, F_OK) == 0;
	fprintf(stderr, SD_NOTICE "running '%s'\n", command);
	run(refresh, KQ_STEP_DISTRIBUTION, has_systemd ? argv : argv + 5,
	    KQ_STATE_REFRESHING);
}

static void load_changed(struct kq_refresh *refresh, const char *path)
{
	const struct kq_look *look = &refresh->look;
	const char *command = reload_command(&look->settings);
	const uint8_t *id = look->record.plan->load_id;
	struct kq_message message;

	if (command && memcmp(refresh->tried, id, sizeof(refresh->tried))) {
		memcpy(refresh->tried, id, sizeof(refresh->tried));
		fprintf(stderr, SD_NOTICE "%s changed since the load\n", path);
		run_outside(refresh, command);
		return;
	}
	if (command)
		kq_fail(&message, KQ_ERR_VALUE,
			"%s changed since the load, and '%s' did not load it "
			"through kexec-quiesce",
			path, command);
	else
		kq_fail(&message, KQ_ERR_VALUE,
			"%s changed since the load: load the crash kernel "
			"anew, or name a reload-command in the config file",
			path);
	settle(refresh, KQ_STATE_STALE, message.text);
}

/* --- Deciding ----------------------------------------------------------- */

static void count(struct kq_refresh *refresh, uint64_t gap_us)
{
	refresh->status.generation++;
	refresh->status.refresh_us = now_us(CLOCK_REALTIME);
	refresh->status.gap_us = gap_us;
}

/* Return: whether the plan could be changed without loading anything. */
static bool update_in_place(struct kq_refresh *refresh)
{
	struct kq_look *look = &refresh->look;
	struct kq_message message;
	uint64_t generation;
	int r;

	if (look->record.plan->region_size == 0)
		return false;
	r = kq_plan_region_update(look->record.plan, look->wanted, &generation,
				  &message);
	if (r < 0) {
		fprintf(stderr, SD_NOTICE "no update in place: %s\n",
			message.text);
		return false;
	}
	look->effective = look->wanted;
	count(refresh, 0);
	return true;
}

/*
 * A plan that is signed with its image: loading it again changes nothing. If
 * we know how to write and sign that file, it is then another one, which the
 * distribution's command loads. Once for each change of the machine: a new
 * file that does not fit either will not get better.
 */
static void settle_fixed(struct kq_refresh *refresh)
{
	const struct kq_look *look = &refresh->look;
	char command[KQ_REWRAP_COMMAND];

	if (kq_look_is_current(look) || update_in_place(refresh)) {
		settle(refresh, KQ_STATE_CURRENT, "");
	} else if (!refresh->rewrapped &&
		   kq_rewrap_command(&look->settings, look->record.kernel.path,
				     command)) {
		refresh->rewrapped = true;
		run_outside(refresh, command);
	} else {
		settle(refresh, KQ_STATE_STALE,
		       "the loaded image is signed and holds a fixed plan: run "
		       "'quiescectl wrap' and sign it again");
	}
}

static void adopt(struct kq_refresh *refresh)
{
	const char *command = reload_command(&refresh->look.settings);

	if (refresh->look.has_record) {
		fprintf(stderr, SD_NOTICE "taking over the crash kernel that "
					  "other tools have loaded\n");
		load_anew(refresh);
	} else if (command && !refresh->adopted) {
		refresh->adopted = true;
		run_outside(refresh, command);
	} else {
		settle(refresh, KQ_STATE_FOREIGN,
		       "cannot adopt it: no load by kexec-quiesce's kexec is "
		       "on record");
	}
}

/* Did a load of ours that should be there fail, or was it cut short? */
static bool is_broken(const struct kq_refresh *refresh)
{
	enum kq_state state = refresh->status.state;

	if (!refresh->look.has_record)
		return false;
	if (state == KQ_STATE_PLAIN)
		return true;
	return !refresh->look.loaded &&
	       (state == KQ_STATE_LOST || state == KQ_STATE_REFRESHING);
}

/* What is to be done about a machine that was looked at. */
static void decide(struct kq_refresh *refresh)
{
	struct kq_look *look = &refresh->look;
	const char *changed =
		look->has_record ? kq_record_changed(&look->record) : NULL;

	if (!changed)
		memset(refresh->tried, 0, sizeof(refresh->tried));
	if (is_broken(refresh))
		load_anew(refresh);
	else if (!look->loaded)
		settle(refresh, KQ_STATE_UNLOADED, "");
	else if (!look->ours && !look->settings.adopt)
		settle(refresh, KQ_STATE_FOREIGN, "");
	else if (changed)
		load_changed(refresh, changed);
	else if (!look->ours)
		adopt(refresh);
	else if (look->record.fixed)
		settle_fixed(refresh);
	else if (kq_look_is_current(look) || update_in_place(refresh))
		settle(refresh, KQ_STATE_CURRENT, "");
	else
		load_anew(refresh);
}

/*
 * A reboot empties the directory of records, but maybe not the memory: before
 * the first load on record nothing in the plan region is of this boot. An
 * image that other tools have loaded from a file would take it for an update.
 */
static void clear_region(struct kq_refresh *refresh)
{
	const struct kq_look *look = &refresh->look;
	struct kq_message message;

	if (refresh->cleared || !look->wanted)
		return;
	refresh->cleared = true;
	if (!look->has_record && look->wanted->region_size &&
	    kq_plan_region_clear_at(look->wanted->region_base,
				    look->wanted->region_size, &message) < 0)
		fprintf(stderr,
			SD_WARNING "what an earlier boot left in the plan "
				   "region stays there: %s\n",
			message.text);
}

static void begin(struct kq_refresh *refresh)
{
	struct kq_message message;
	int r;

	refresh->again = false;
	kq_look_fini(&refresh->look);
	r = kq_look_begin(&refresh->look, &message);
	if (r == 0)
		r = kq_look_around(&refresh->look, &message);
	keep_views(refresh, &refresh->look);
	clear_region(refresh);
	if (r == 0)
		decide(refresh);
	else if (is_broken(refresh) && !refresh->look.loaded)
		load_last_good(refresh);
	else
		settle(refresh,
		       refresh->look.loaded ? KQ_STATE_STALE
					    : KQ_STATE_UNLOADED,
		       message.text);
}

/* --- What became of it ---------------------------------------------------- */

/* If there was nothing to replace, an earlier step has cost the kernel. */
static uint64_t gap_of(const struct kq_refresh *refresh,
		       const struct kq_record *record)
{
	if (record->gap_us != KQ_RECORD_NO_GAP)
		return record->gap_us;
	return now_us(CLOCK_MONOTONIC) - refresh->begun_us;
}

/* Read the record of what was loaded just now; it says more than we know. */
static void loaded(struct kq_refresh *refresh, enum kq_state state,
		   const char *error)
{
	struct kq_look after;
	struct kq_message message;

	if (kq_look_begin(&after, &message) < 0)
		fprintf(stderr, SD_WARNING "%s\n", message.text);
	if (after.ours) {
		count(refresh, gap_of(refresh, &after.record));
		fprintf(stderr,
			SD_INFO "loaded anew: %" PRIu32 " functions, without a "
				"crash kernel for %" PRIu64 " us at most\n",
			after.effective->functions.count,
			refresh->status.gap_us);
	} else {
		state = KQ_STATE_FOREIGN;
	}
	kq_look_fini(&refresh->look);
	refresh->look = after;
	if (after.record.fixed && state == KQ_STATE_CURRENT)
		begin(refresh); /* is it? */
	else
		settle(refresh, state, error);
}

static void failed(struct kq_refresh *refresh, const char *error)
{
	enum kq_refresh_step step = refresh->step;

	fprintf(stderr, SD_ERR "loading the crash kernel failed: %s\n", error);
	if (step == KQ_STEP_ANEW || step == KQ_STEP_DISTRIBUTION)
		set_error(refresh, error);
	if (is_loaded())
		settle(refresh,
		       step == KQ_STEP_PLAIN ? KQ_STATE_PLAIN : KQ_STATE_STALE,
		       refresh->status.error);
	else if (step == KQ_STEP_PLAIN || !refresh->look.has_record)
		settle(refresh, KQ_STATE_LOST, refresh->status.error);
	else if (step == KQ_STEP_LAST_GOOD)
		load_plain(refresh);
	else
		load_last_good(refresh);
}

static void on_task(int status, const char *last, void *userdata)
{
	struct kq_refresh *refresh = userdata;
	enum kq_refresh_step step = refresh->step;

	if (status != 0 || !is_loaded())
		failed(refresh, status ? last : "nothing is loaded after it");
	else if (step == KQ_STEP_PLAIN)
		settle(refresh, KQ_STATE_PLAIN, refresh->status.error);
	else if (step == KQ_STEP_DISTRIBUTION)
		begin(refresh);
	else if (step == KQ_STEP_LAST_GOOD)
		loaded(refresh, KQ_STATE_LAST_GOOD, refresh->status.error);
	else
		loaded(refresh, KQ_STATE_CURRENT, "");
}

/* What daemons that were killed did not finish writing. */
static void remove_leftovers(void)
{
	static const char *const patterns[] = { KQ_RUN_DIR "/state.??????",
						LAST_GOOD_FILE ".??????" };
	char pattern[PATH_MAX];
	glob_t found;

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		snprintf(pattern, sizeof(pattern), "%s%s", kq_machine_root(),
			 patterns[i]);
		if (glob(pattern, GLOB_NOSORT, NULL, &found) != 0)
			continue;
		for (size_t n = 0; n < found.gl_pathc; n++)
			(void)unlink(found.gl_pathv[n]);
		globfree(&found);
	}
}

void kq_refresh_init(struct kq_refresh *refresh, sd_event *event,
		     const struct kq_refresh_handlers *handlers)
{
	*refresh = (struct kq_refresh){
		.event = event,
		.handlers = *handlers,
	};
	remove_leftovers();
	kq_status_load(kq_machine_root(), &refresh->status);
}

void kq_refresh_start(struct kq_refresh *refresh, bool asked)
{
	if (asked) {
		memset(refresh->tried, 0, sizeof(refresh->tried));
		refresh->adopted = false;
	}
	refresh->rewrapped = false;
	if (kq_refresh_is_busy(refresh))
		refresh->again = true;
	else
		begin(refresh);
}

bool kq_refresh_knows_record(const struct kq_refresh *refresh)
{
	uint8_t id[sizeof(refresh->load_id)] = { 0 };
	struct kq_record record;
	bool fixed = false;

	if (kq_record_read(kq_machine_root(), KQ_PLAN_CRASH, &record, NULL) ==
	    0) {
		memcpy(id, record.plan->load_id, sizeof(id));
		fixed = record.fixed;
		kq_record_fini(&record);
	}
	/* Every load of such an image has the same id, and takes its plan back
	 * to that of the file. */
	return !fixed && memcmp(id, refresh->load_id, sizeof(id)) == 0;
}

void kq_refresh_fini(struct kq_refresh *refresh)
{
	kq_task_fini(&refresh->task);
	kq_look_fini(&refresh->look);
	free(refresh->list);
	free(refresh->plan);
}
