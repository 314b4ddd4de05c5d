// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "daemon/bus-reports.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/ctl-report-kept.h"
#include "daemon/ctl-report.h"
#include "daemon/store.h"
#include "lib/machine.h"

/* Nothing that names a report is longer. */
#define NAME_MAX_LENGTH 64u

static int reply_json(sd_bus_message *message, json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT);
	int r = -ENOMEM;

	if (text)
		r = sd_bus_reply_method_return(message, "s", text);
	free(text);
	json_decref(json);
	return r;
}

static int read_store(struct kq_store *ret, sd_bus_error *error)
{
	struct kq_message why;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s" KQ_STORE_DIR, kq_machine_root());
	if (kq_store_read(path, ret, NULL, &why) == 0)
		return 0;
	return sd_bus_error_setf(error, SD_BUS_ERROR_FAILED, "%s", why.text);
}

int kq_bus_on_list_reports(sd_bus_message *message, void *userdata,
			   sd_bus_error *error)
{
	struct kq_store store;
	int r = read_store(&store, error);

	(void)userdata;
	if (r < 0)
		return r;
	r = reply_json(message, kq_kept_json(&store));
	kq_store_fini(&store);
	return r;
}

static int reply_report(sd_bus_message *message, const struct kq_store *store,
			const char *name, sd_bus_error *error)
{
	const struct kq_stored_report *kept;
	struct kq_message why;

	if (kq_kept_find(store, name, &kept, &why) < 0)
		return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "%s",
					 why.text);
	if (!kept)
		return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
					 "no kept report is named so");
	return reply_json(message, kq_report_json(&kept->found, kept->path));
}

/* The report of this boot. */
static int reply_own(sd_bus_message *message, sd_bus_error *error)
{
	struct kq_found_report found;
	struct kq_message why;
	char path[PATH_MAX];
	int r;

	snprintf(path, sizeof(path), "%s" KQ_CTL_FDT, kq_machine_root());
	if (kq_found_report_read(path, &found, &why) < 0)
		return sd_bus_error_setf(error, SD_BUS_ERROR_FAILED, "%s",
					 why.text);
	r = reply_json(message, kq_report_json(&found, KQ_CTL_FDT));
	kq_found_report_fini(&found);
	return r;
}

int kq_bus_on_get_report(sd_bus_message *message, void *userdata,
			 sd_bus_error *error)
{
	struct kq_store store;
	const char *name;
	int r = sd_bus_message_read(message, "s", &name);

	(void)userdata;
	if (r < 0)
		return r;
	if (strnlen(name, NAME_MAX_LENGTH + 1) > NAME_MAX_LENGTH)
		return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
					 "a report's number or id is shorter");
	if (!*name)
		return reply_own(message, error);
	r = read_store(&store, error);
	if (r < 0)
		return r;
	r = reply_report(message, &store, name, error);
	kq_store_fini(&store);
	return r;
}
