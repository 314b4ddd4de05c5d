// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "daemon/bus.h"

#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "daemon/bus-reports.h"
#include "lib/machine.h"

#define DEFAULT_ADDRESS "unix:path=/run/dbus/system_bus_socket"

/* Between two tries to connect. */
#define FIRST_DELAY_US 500000u
#define LAST_DELAY_US  30000000u
#define ACCURACY_US    250000u

/* --- Properties --------------------------------------------------------- */

static int get_state(sd_bus *bus, const char *path, const char *interface,
		     const char *property, sd_bus_message *reply,
		     void *userdata, sd_bus_error *error)
{
	struct kq_bus *self = userdata;

	(void)bus, (void)path, (void)interface, (void)property, (void)error;
	return sd_bus_message_append(reply, "s",
				     kq_state_word(self->told.state));
}

static int get_kind(sd_bus *bus, const char *path, const char *interface,
		    const char *property, sd_bus_message *reply, void *userdata,
		    sd_bus_error *error)
{
	struct kq_bus *self = userdata;

	(void)bus, (void)path, (void)interface, (void)property, (void)error;
	return sd_bus_message_append(reply, "s", kq_kind_word(self->told.kind));
}

/* A string that is an array in the status. */
static int get_text(sd_bus *bus, const char *path, const char *interface,
		    const char *property, sd_bus_message *reply, void *userdata,
		    sd_bus_error *error)
{
	(void)bus, (void)path, (void)interface, (void)property, (void)error;
	return sd_bus_message_append(reply, "s", (const char *)userdata);
}

/* --- Methods ------------------------------------------------------------ */

static int reply_text(sd_bus_message *message, const char *text,
		      const char *what, sd_bus_error *error)
{
	if (!text)
		return sd_bus_error_setf(error, SD_BUS_ERROR_FAILED,
					 "%s cannot be told: see LastError",
					 what);
	return sd_bus_reply_method_return(message, "s", text);
}

static int on_list(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct kq_bus *self = userdata;

	return reply_text(message, self->refresh->list, "the machine", error);
}

static int on_plan(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct kq_bus *self = userdata;

	return reply_text(message, self->refresh->plan, "the plan", error);
}

static int start_refresh(struct kq_bus *self, sd_bus_message *message,
			 sd_bus_error *error)
{
	if (self->caller_count == KQ_BUS_CALLERS)
		return sd_bus_error_setf(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
					 "%u callers wait already",
					 KQ_BUS_CALLERS);
	self->callers[self->caller_count++] = sd_bus_message_ref(message);
	/* May answer before it returns. One that is under way will do. */
	if (self->caller_count == 1 || !kq_refresh_is_busy(self->refresh))
		kq_refresh_start(self->refresh, true);
	return 1;
}

static void on_authorized(sd_bus_message *message, bool allowed, void *userdata)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	struct kq_bus *self = userdata;
	int r;

	if (allowed)
		r = start_refresh(self, message, &error);
	else
		r = sd_bus_error_setf(&error, SD_BUS_ERROR_ACCESS_DENIED,
				      "this takes CAP_SYS_BOOT or polkit's "
				      "action " KQ_BUS_ACTION);
	if (r < 0)
		(void)sd_bus_reply_method_error(message, &error);
	sd_bus_error_free(&error);
}

static int on_refresh(sd_bus_message *message, void *userdata,
		      sd_bus_error *error)
{
	struct kq_bus *self = userdata;
	int r = sd_bus_query_sender_privilege(message, CAP_SYS_BOOT);

	if (r < 0)
		return r;
	if (r > 0)
		return start_refresh(self, message, error);
	r = kq_polkit_ask(&self->polkit, message, KQ_BUS_ACTION);
	if (r == -EBUSY)
		return sd_bus_error_setf(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
					 "%u callers are being checked already",
					 KQ_POLKIT_MAX);
	return r < 0 ? r : 1;
}

#define STATUS(field) offsetof(struct kq_bus, told.field)
#define EMITS	      SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define EVERYBODY     SD_BUS_VTABLE_UNPRIVILEGED

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("State", "s", get_state, 0, EMITS),
	SD_BUS_PROPERTY("LoadedKind", "s", get_kind, 0, EMITS),
	SD_BUS_PROPERTY("Policy", "s", get_text, STATUS(policy), EMITS),
	SD_BUS_PROPERTY("Generation", "t", NULL, STATUS(generation), EMITS),
	SD_BUS_PROPERTY("Functions", "u", NULL, STATUS(functions), EMITS),
	SD_BUS_PROPERTY("LastRefresh", "t", NULL, STATUS(refresh_us), EMITS),
	SD_BUS_PROPERTY("LastRefreshGapUsec", "t", NULL, STATUS(gap_us), EMITS),
	SD_BUS_PROPERTY("LastError", "s", get_text, STATUS(error), EMITS),
	SD_BUS_METHOD_WITH_NAMES("List", NULL, , "s", SD_BUS_PARAM(json),
				 on_list, EVERYBODY),
	SD_BUS_METHOD_WITH_NAMES("Plan", NULL, , "s", SD_BUS_PARAM(json),
				 on_plan, EVERYBODY),
	SD_BUS_METHOD_WITH_NAMES("ListReports", NULL, , "s", SD_BUS_PARAM(json),
				 kq_bus_on_list_reports, EVERYBODY),
	SD_BUS_METHOD_WITH_NAMES("GetReport", "s", SD_BUS_PARAM(report), "s",
				 SD_BUS_PARAM(json), kq_bus_on_get_report,
				 EVERYBODY),
	SD_BUS_METHOD_WITH_NAMES("Refresh", NULL, , "s", SD_BUS_PARAM(state),
				 on_refresh, EVERYBODY),
	SD_BUS_VTABLE_END
};

/* --- The connection ------------------------------------------------------- */

static void connect_bus(struct kq_bus *self);

static int on_retry(sd_event_source *source, uint64_t now_us, void *userdata)
{
	(void)source;
	(void)now_us;
	connect_bus(userdata);
	return 0;
}

/* Later, and each time later than the time before. */
static void connect_later(struct kq_bus *self)
{
	int r;

	self->retry = sd_event_source_unref(self->retry);
	r = sd_event_add_time_relative(self->event, &self->retry,
				       CLOCK_MONOTONIC, self->delay_us,
				       ACCURACY_US, on_retry, self);
	if (r < 0)
		fprintf(stderr, SD_ERR "no way back to the bus: %s\n",
			strerror(-r));
	self->delay_us *= 2;
	if (self->delay_us > LAST_DELAY_US)
		self->delay_us = LAST_DELAY_US;
}

static int on_disconnected(sd_bus_message *message, void *userdata,
			   sd_bus_error *error)
{
	(void)message;
	(void)error;
	fprintf(stderr, SD_NOTICE "the bus is gone\n");
	connect_later(userdata);
	return 0;
}

static int on_name(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct kq_bus *self = userdata;
	const sd_bus_error *why = sd_bus_message_get_error(message);

	(void)error;
	if (why)
		fprintf(stderr, SD_ERR "cannot be %s on the bus: %s\n",
			KQ_BUS_NAME, why->message ? why->message : why->name);
	else
		self->delay_us = FIRST_DELAY_US;
	return 0;
}

static int set_up(struct kq_bus *self)
{
	const char *address = secure_getenv("DBUS_SYSTEM_BUS_ADDRESS");
	int r = sd_bus_set_address(self->bus,
				   address ? address : DEFAULT_ADDRESS);

	if (r >= 0)
		r = sd_bus_set_bus_client(self->bus, true);
	if (r >= 0)
		r = sd_bus_set_watch_bind(self->bus, true);
	if (r >= 0)
		r = sd_bus_add_object_vtable(self->bus, NULL, KQ_BUS_PATH,
					     KQ_BUS_NAME, vtable, self);
	if (r >= 0)
		r = sd_bus_match_signal_async(
			self->bus, NULL, "org.freedesktop.DBus.Local", NULL,
			"org.freedesktop.DBus.Local", "Disconnected",
			on_disconnected, NULL, self);
	if (r >= 0)
		r = sd_bus_start(self->bus);
	if (r >= 0)
		r = sd_bus_request_name_async(self->bus, NULL, KQ_BUS_NAME, 0,
					      on_name, self);
	/* Nobody's calls come before our own work. */
	if (r >= 0)
		r = sd_bus_attach_event(self->bus, self->event,
					SD_EVENT_PRIORITY_IDLE);
	return r;
}

static void disconnect(struct kq_bus *self)
{
	for (size_t i = 0; i < self->caller_count; i++)
		sd_bus_message_unref(self->callers[i]);
	self->caller_count = 0;
	if (self->bus)
		sd_bus_detach_event(self->bus);
	self->bus = sd_bus_flush_close_unref(self->bus);
}

static void connect_bus(struct kq_bus *self)
{
	int r;

	disconnect(self);
	r = sd_bus_new(&self->bus);
	if (r >= 0)
		r = set_up(self);
	if (r < 0) {
		fprintf(stderr, SD_WARNING "cannot connect to the bus: %s\n",
			strerror(-r));
		connect_later(self);
	}
}

void kq_bus_init(struct kq_bus *self, sd_event *event,
		 struct kq_refresh *refresh)
{
	*self = (struct kq_bus){
		.event = event,
		.refresh = refresh,
		.delay_us = FIRST_DELAY_US,
		.polkit = { .handler = on_authorized, .userdata = self },
		.told = refresh->status,
	};
	connect_bus(self);
}

/* --- What the world is told ------------------------------------------------
 */

void kq_bus_changed(struct kq_bus *self)
{
	const struct kq_status *now = &self->refresh->status;
	struct kq_status *old = &self->told;
	const char *names[9];
	size_t count = 0;

	if (now->state != old->state)
		names[count++] = "State";
	if (now->kind != old->kind)
		names[count++] = "LoadedKind";
	if (strcmp(now->policy, old->policy))
		names[count++] = "Policy";
	if (now->generation != old->generation)
		names[count++] = "Generation";
	if (now->functions != old->functions)
		names[count++] = "Functions";
	if (now->refresh_us != old->refresh_us)
		names[count++] = "LastRefresh";
	if (now->gap_us != old->gap_us)
		names[count++] = "LastRefreshGapUsec";
	if (strcmp(now->error, old->error))
		names[count++] = "LastError";
	names[count] = NULL;
	*old = *now;
	if (self->bus && count && sd_bus_is_ready(self->bus) > 0)
		(void)sd_bus_emit_properties_changed_strv(
			self->bus, KQ_BUS_PATH, KQ_BUS_NAME, (char **)names);
}

void kq_bus_settled(struct kq_bus *self)
{
	const char *word = kq_state_word(self->refresh->status.state);

	for (size_t i = 0; i < self->caller_count; i++) {
		(void)sd_bus_reply_method_return(self->callers[i], "s", word);
		sd_bus_message_unref(self->callers[i]);
	}
	self->caller_count = 0;
}

void kq_bus_fini(struct kq_bus *self)
{
	disconnect(self);
	self->retry = sd_event_source_unref(self->retry);
}
