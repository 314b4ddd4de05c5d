// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * polkit for tests: fake-polkit yes|no answers every question about our
 * action so, and says no to anything else.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "daemon/bus.h"

#define NAME "org.freedesktop.PolicyKit1"

static bool answer;

static int on_check(sd_bus_message *message, void *userdata,
		    sd_bus_error *error)
{
	const char *kind, *key, *sender, *action;
	int r;

	(void)userdata;
	(void)error;
	r = sd_bus_message_read(message, "(sa{sv})s", &kind, 1, &key, "s",
				&sender, &action);
	if (r < 0)
		return r;
	return sd_bus_reply_method_return(
		message, "(bba{ss})",
		answer && !strcmp(kind, "system-bus-name") &&
			!strcmp(key, "name") && *sender == ':' &&
			!strcmp(action, KQ_BUS_ACTION),
		0, 0);
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("CheckAuthorization", "(sa{sv})sa{ss}us", "(bba{ss})",
		      on_check, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END
};

int main(int argc, char *argv[])
{
	sd_bus *bus;

	answer = argc > 1 && strcmp(argv[1], "yes") == 0;
	if (sd_bus_open_system(&bus) < 0 ||
	    sd_bus_add_object_vtable(bus, NULL,
				     "/org/freedesktop/PolicyKit1/Authority",
				     NAME ".Authority", vtable, NULL) < 0 ||
	    sd_bus_request_name(bus, NAME, 0) < 0)
		return EXIT_FAILURE;
	while (sd_bus_process(bus, NULL) >= 0 &&
	       sd_bus_wait(bus, UINT64_MAX) >= 0)
		;
	return EXIT_SUCCESS;
}
