// SPDX-License-Identifier: GPL-2.0-or-later
/* quiescectl status, refresh and monitor: what quiesced says on D-Bus. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>

#include "daemon/bus.h"
#include "daemon/ctl-json.h"
#include "daemon/ctl.h"
#include "daemon/status.h"

/* Three loads and what each may take at most. */
#define REFRESH_TIMEOUT_US (4 * UINT64_C(3600) * 1000000)

#define PROPERTIES	   "org.freedesktop.DBus.Properties"

/* A property and its name in JSON. */
static const struct {
	const char *property;
	const char *name;
} names[] = {
	{ "State", "state" },
	{ "LoadedKind", "loaded_kind" },
	{ "Policy", "policy" },
	{ "Generation", "generation" },
	{ "Functions", "functions" },
	{ "LastRefresh", "last_refresh_us" },
	{ "LastRefreshGapUsec", "last_refresh_gap_us" },
	{ "LastError", "last_error" },
};

static const char *json_name(const char *property)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].property, property) == 0)
			return names[i].name;
	return NULL;
}

static int complain(const char *what, const sd_bus_error *error, int r)
{
	bool absent =
		sd_bus_error_has_names(error, SD_BUS_ERROR_SERVICE_UNKNOWN,
				       SD_BUS_ERROR_NAME_HAS_NO_OWNER,
				       "org.freedesktop.systemd1.NoSuchUnit");

	if (absent)
		kq_ctl_complain("quiesced is not running: systemctl enable "
				"--now quiesced");
	else
		kq_ctl_complain("%s: %s", what,
				sd_bus_error_is_set(error) ? error->message
							   : strerror(-r));
	return r;
}

static sd_bus *connect_bus(void)
{
	sd_bus *bus;
	int r = sd_bus_open_system(&bus);

	if (r >= 0)
		return bus;
	complain("cannot connect to the system bus", NULL, r);
	return NULL;
}

/* The value of a variant; those of other types are left out. */
static int read_variant(sd_bus_message *message, json_t **ret)
{
	const char *type, *text;
	uint64_t large;
	uint32_t small;
	int r = sd_bus_message_peek_type(message, NULL, &type);

	*ret = NULL;
	if (r < 0)
		return r;
	if (strcmp(type, "s") == 0) {
		r = sd_bus_message_read(message, "v", "s", &text);
		*ret = r < 0 ? NULL : json_string(text);
	} else if (strcmp(type, "t") == 0) {
		r = sd_bus_message_read(message, "v", "t", &large);
		*ret = r < 0 ? NULL : json_integer((json_int_t)large);
	} else if (strcmp(type, "u") == 0) {
		r = sd_bus_message_read(message, "v", "u", &small);
		*ret = r < 0 ? NULL : json_integer(small);
	} else {
		r = sd_bus_message_skip(message, "v");
	}
	return r;
}

/* a{sv} as an object with our names. */
static int read_properties(sd_bus_message *message, json_t **ret)
{
	json_t *object = json_object(), *value;
	const char *property;
	int r = sd_bus_message_enter_container(message, 'a', "{sv}");

	while (r >= 0 &&
	       (r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
		r = sd_bus_message_read(message, "s", &property);
		if (r >= 0)
			r = read_variant(message, &value);
		if (r >= 0 && value && json_name(property))
			kq_json_set(object, json_name(property), value);
		else if (r >= 0)
			json_decref(value);
		if (r >= 0)
			r = sd_bus_message_exit_container(message);
	}
	*ret = object;
	return r;
}

/* Return: the properties; NULL after a complaint. */
static json_t *get_status(sd_bus *bus)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	json_t *object = NULL;
	int r = sd_bus_call_method(bus, KQ_BUS_NAME, KQ_BUS_PATH, PROPERTIES,
				   "GetAll", &error, &reply, "s", KQ_BUS_NAME);

	if (r >= 0)
		r = read_properties(reply, &object);
	if (r < 0) {
		complain("cannot ask quiesced", &error, r);
		json_decref(object);
		object = NULL;
	}
	sd_bus_message_unref(reply);
	sd_bus_error_free(&error);
	return object;
}

static const char *text_of(json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

static uint64_t number_of(json_t *object, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(object, name));
}

/* A word that is newer than this program is nothing to rely on. */
static int exit_status(const char *word)
{
	enum kq_state state = kq_state_find(word);

	return state < KQ_STATE_COUNT && !kq_state_is_bad(state)
		       ? KQ_EXIT_OK
		       : KQ_EXIT_FAILURE;
}

static void print_state(const char *word, FILE *out)
{
	enum kq_state state = kq_state_find(word);

	fprintf(out, "State:      %s%s%s\n", word,
		state < KQ_STATE_COUNT ? ": " : "",
		state < KQ_STATE_COUNT ? kq_state_text(state) : "");
}

static void print_refreshes(json_t *object, FILE *out)
{
	time_t when = (time_t)(number_of(object, "last_refresh_us") / 1000000);
	char text[40];
	struct tm tm;

	fprintf(out, "Refreshes:  %" PRIu64 " since boot",
		number_of(object, "generation"));
	if (when && gmtime_r(&when, &tm) &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm))
		fprintf(out,
			", the last at %s UTC without a crash kernel for "
			"%" PRIu64 " us at most",
			text, number_of(object, "last_refresh_gap_us"));
	fputc('\n', out);
}

static void print_status(json_t *object, FILE *out)
{
	print_state(text_of(object, "state"), out);
	fprintf(out, "Loaded:     %s\n", text_of(object, "loaded_kind"));
	fprintf(out, "Policy:     %s\n", text_of(object, "policy"));
	fprintf(out, "Functions:  %" PRIu64 "\n",
		number_of(object, "functions"));
	print_refreshes(object, out);
	if (*text_of(object, "last_error"))
		fprintf(out, "Error:      %s\n", text_of(object, "last_error"));
}

int kq_ctl_status(const struct kq_ctl *ctl)
{
	sd_bus *bus = connect_bus();
	json_t *object = bus ? get_status(bus) : NULL;
	int status = KQ_EXIT_FAILURE;

	if (object) {
		status = exit_status(text_of(object, "state"));
		if (ctl->json)
			kq_json_print(json_incref(object), ctl->out);
		else
			print_status(object, ctl->out);
	}
	json_decref(object);
	sd_bus_flush_close_unref(bus);
	return status;
}

static int call_refresh(sd_bus *bus, sd_bus_message **ret, sd_bus_error *error)
{
	sd_bus_message *call;
	int r = sd_bus_message_new_method_call(
		bus, &call, KQ_BUS_NAME, KQ_BUS_PATH, KQ_BUS_NAME, "Refresh");

	if (r < 0)
		return r;
	(void)sd_bus_message_set_allow_interactive_authorization(call, 1);
	r = sd_bus_call(bus, call, REFRESH_TIMEOUT_US, error, ret);
	sd_bus_message_unref(call);
	return r;
}

static int refresh(sd_bus *bus, const struct kq_ctl *ctl)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	const char *word = NULL;
	int r = call_refresh(bus, &reply, &error), status = KQ_EXIT_FAILURE;

	if (r >= 0)
		r = sd_bus_message_read(reply, "s", &word);
	if (r < 0) {
		complain("cannot refresh", &error, r);
	} else {
		status = exit_status(word);
		if (ctl->json)
			kq_json_print(json_pack("{s:s}", "state", word),
				      ctl->out);
		else
			print_state(word, ctl->out);
	}
	sd_bus_message_unref(reply);
	sd_bus_error_free(&error);
	return status;
}

int kq_ctl_refresh(const struct kq_ctl *ctl)
{
	sd_bus *bus = connect_bus();
	int status = bus ? refresh(bus, ctl) : KQ_EXIT_FAILURE;

	sd_bus_flush_close_unref(bus);
	return status;
}

static void print_values(json_t *object, FILE *out)
{
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value) if (json_is_string(value))
		fprintf(out, " %s='%s'", name, json_string_value(value));
	else fprintf(out, " %s=%" JSON_INTEGER_FORMAT, name,
		     json_integer_value(value));
}

/* One line for each change; takes @object. */
static void print_change(json_t *object, const struct kq_ctl *ctl)
{
	time_t now = time(NULL);
	char text[40] = "?";
	struct tm tm;

	if (gmtime_r(&now, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (ctl->json) {
		kq_json_set(object, "time", json_string(text));
		json_dumpf(object, ctl->out, JSON_COMPACT);
	} else {
		fputs(text, ctl->out);
		print_values(object, ctl->out);
	}
	fputc('\n', ctl->out);
	fflush(ctl->out);
	json_decref(object);
}

static int on_change(sd_bus_message *message, void *userdata,
		     sd_bus_error *error)
{
	json_t *object = NULL;

	(void)error;
	if (sd_bus_message_skip(message, "s") >= 0 &&
	    read_properties(message, &object) >= 0 && json_object_size(object))
		print_change(object, userdata);
	else
		json_decref(object);
	return 0;
}

static int watch(sd_bus *bus)
{
	int r;

	do {
		r = sd_bus_process(bus, NULL);
		if (r == 0)
			r = sd_bus_wait(bus, UINT64_MAX);
	} while (r >= 0 || r == -EINTR);
	return r;
}

int kq_ctl_monitor(const struct kq_ctl *ctl)
{
	sd_bus *bus = connect_bus();
	json_t *object = NULL;
	int r;

	if (!bus)
		return KQ_EXIT_FAILURE;
	r = sd_bus_match_signal(bus, NULL, KQ_BUS_NAME, KQ_BUS_PATH, PROPERTIES,
				"PropertiesChanged", on_change, (void *)ctl);
	if (r < 0)
		complain("cannot listen to quiesced", NULL, r);
	else
		object = get_status(bus);
	if (object) {
		print_change(object, ctl);
		complain("the bus is gone", NULL, watch(bus));
	}
	sd_bus_flush_close_unref(bus);
	return KQ_EXIT_FAILURE;
}
