// SPDX-License-Identifier: GPL-2.0-or-later
/* quiescectl report */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/ctl-json.h"
#include "daemon/ctl-report-kept.h"
#include "daemon/ctl-report.h"
#include "daemon/ctl.h"
#include "daemon/store.h"
#include "lib/error.h"
#include "lib/new-file.h"

/* The report to show, and where it is from. */
struct chosen {
	struct kq_store store;
	struct kq_found_report read; /* from a file */
	const struct kq_found_report *found; /* it, or one of the store's */
	const char *path;
};

static bool is_format(const struct kq_ctl *ctl, const char *name)
{
	return ctl->format && strcmp(ctl->format, name) == 0;
}

static int show_offenders(const struct kq_ctl *ctl, const struct chosen *chosen)
{
	if (ctl->json)
		return kq_json_print(
			kq_offenders_json(chosen->found, chosen->path),
			ctl->out);
	kq_offenders_print(chosen->found, ctl->out);
	return 0;
}

static int show(const struct kq_ctl *ctl, const struct chosen *chosen)
{
	int r;

	if (is_format(ctl, "prometheus"))
		r = kq_report_metrics(chosen->found, &chosen->store, ctl->out);
	else if (ctl->offenders)
		r = show_offenders(ctl, chosen);
	else if (ctl->json)
		r = kq_json_print(kq_report_json(chosen->found, chosen->path),
				  ctl->out);
	else
		r = kq_report_print(chosen->found, ctl->verbose, ctl->out);
	if (r < 0) {
		kq_ctl_complain("cannot show the report: %s", kq_strerror(r));
		return KQ_EXIT_FAILURE;
	}
	/* A value, not a failure, to those who read metrics. */
	if (is_format(ctl, "prometheus"))
		return KQ_EXIT_OK;
	return chosen->found->freshness == KQ_STALE ? KQ_EXIT_NO_REPORT
						    : KQ_EXIT_OK;
}

static int read_file(struct chosen *chosen, const char *path,
		     struct kq_message *message)
{
	struct kq_message why;
	int r = kq_found_report_read(path, &chosen->read, &why);

	if (r < 0)
		return kq_fail(message, -r, "%s: %s", path, why.text);
	chosen->found = &chosen->read;
	chosen->path = path;
	return 0;
}

static void take_kept(struct chosen *chosen,
		      const struct kq_stored_report *kept)
{
	chosen->found = &kept->found;
	chosen->path = kept->path;
}

/* A kept report's number or id; else it is a file. */
static int choose_named(const struct kq_ctl *ctl, struct chosen *chosen,
			struct kq_message *message)
{
	const struct kq_stored_report *kept;
	int r = kq_kept_find(&chosen->store, ctl->operands[0], &kept, message);

	if (r < 0)
		return r;
	if (kept) {
		take_kept(chosen, kept);
		return 0;
	}
	if (access(ctl->operands[0], F_OK) < 0)
		return kq_fail(
			message, KQ_ERR_SYSTEM,
			"%s: neither a file nor a kept report; see 'quiescectl report --list'",
			ctl->operands[0]);
	return read_file(chosen, ctl->operands[0], message);
}

/* This boot's; metrics are of the newest there is, if this boot has none. */
static int choose_own(const struct kq_ctl *ctl, struct chosen *chosen,
		      struct kq_message *message)
{
	const struct kq_store *store = &chosen->store;
	int r = read_file(chosen, KQ_CTL_FDT, message);

	if (r != -KQ_ERR_NOTFOUND)
		return r;
	if (is_format(ctl, "prometheus")) {
		if (store->count)
			take_kept(chosen, &store->reports[0]);
		return 0;
	}
	if (store->count) {
		size_t used = strlen(message->text);

		snprintf(message->text + used, sizeof(message->text) - used,
			 "; of earlier ones see 'quiescectl report --list'");
	}
	return r;
}

static int choose(const struct kq_ctl *ctl, struct chosen *chosen,
		  struct kq_message *message)
{
	struct kq_warnings warnings = { 0 };
	int r = kq_store_read(ctl->store, &chosen->store, &warnings, message);

	if (r == -KQ_ERR_SYSTEM && !is_format(ctl, "prometheus"))
		r = 0;
	if (r == 0)
		r = ctl->operands[0] ? choose_named(ctl, chosen, message)
				     : choose_own(ctl, chosen, message);
	/* Files that are no reports matter to those who miss one. */
	if (r < 0 && ctl->operands[0])
		kq_ctl_warn(&warnings);
	kq_warnings_fini(&warnings);
	return r;
}

static int show_chosen(const struct kq_ctl *ctl)
{
	struct chosen chosen = { .store = { .fd = -1 } };
	struct kq_message message;
	int r = choose(ctl, &chosen, &message), status;

	if (r < 0) {
		kq_ctl_complain("%s", message.text);
		status = r == -KQ_ERR_NOTFOUND ? KQ_EXIT_NO_REPORT
					       : KQ_EXIT_FAILURE;
	} else {
		status = show(ctl, &chosen);
	}
	kq_found_report_fini(&chosen.read);
	kq_store_fini(&chosen.store);
	return status;
}

/* As any new file: the collector is not root. */
static int write_output(const char *path, const char *text, size_t size,
			struct kq_message *message)
{
	mode_t mask = umask(0);

	umask(mask);
	return kq_new_file_write(path, 0666 & ~mask, text, size, message);
}

static int run(const struct kq_ctl *ctl)
{
	if (ctl->collect)
		return kq_ctl_report_collect(ctl);
	if (ctl->list)
		return kq_ctl_report_list(ctl);
	return show_chosen(ctl);
}

/* The whole output or none: what failed leaves the file as it was. */
static int run_to_file(struct kq_ctl *ctl)
{
	struct kq_message message;
	char *text = NULL;
	size_t size = 0;
	int status;

	ctl->out = open_memstream(&text, &size);
	if (!ctl->out) {
		kq_ctl_complain("out of memory");
		return KQ_EXIT_FAILURE;
	}
	status = run(ctl);
	if (fclose(ctl->out) != 0) {
		kq_ctl_complain("out of memory");
		status = KQ_EXIT_FAILURE;
	} else if (status != KQ_EXIT_FAILURE && size > 0 &&
		   write_output(ctl->output, text, size, &message) < 0) {
		kq_ctl_complain("%s", message.text);
		status = KQ_EXIT_FAILURE;
	}
	free(text);
	return status;
}

/* Return: NULL or what is wrong with the options. */
static const char *usage_error(const struct kq_ctl *ctl)
{
	bool metrics = is_format(ctl, "prometheus");
	bool detail = ctl->offenders || ctl->verbose;

	if (ctl->format && !metrics && !is_format(ctl, "json") &&
	    !is_format(ctl, "text"))
		return "--format takes text, json or prometheus";
	if (ctl->json && ctl->format && !is_format(ctl, "json"))
		return "--json and another --format contradict each other";
	if (ctl->list &&
	    (ctl->operands[0] || detail || metrics || ctl->collect))
		return "--list shows all reports, as text or JSON";
	if (ctl->collect && (detail || ctl->json || ctl->format || ctl->output))
		return "--collect keeps the report and does not show it";
	if (metrics && detail)
		return "--format=prometheus is always the same";
	return NULL;
}

int kq_ctl_report(const struct kq_ctl *options)
{
	struct kq_ctl ctl = *options;
	const char *error = usage_error(options);

	if (error) {
		kq_ctl_complain("%s; see 'quiescectl report --help'", error);
		return KQ_EXIT_FAILURE;
	}
	ctl.json |= is_format(&ctl, "json");
	return ctl.output ? run_to_file(&ctl) : run(&ctl);
}
