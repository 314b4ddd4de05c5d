// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A rude caller of quiesced: bus-client COUNT METHOD [SIZE] calls METHOD that
 * often without waiting in between, with a string of SIZE bytes if that is
 * given, and prints how many calls were answered, refused and lost.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "daemon/bus.h"

#define TIMEOUT_US (120u * UINT64_C(1000000))

struct counts {
	unsigned long answered;
	unsigned long refused;
	unsigned long lost;
};

static int on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct counts *counts = userdata;

	(void)error;
	if (sd_bus_message_is_method_error(reply, SD_BUS_ERROR_NO_REPLY))
		counts->lost++;
	else if (sd_bus_message_is_method_error(reply, NULL))
		counts->refused++;
	else
		counts->answered++;
	return 0;
}

static int call(sd_bus *bus, const char *method, const char *text,
		struct counts *counts)
{
	return sd_bus_call_method_async(bus, NULL, KQ_BUS_NAME, KQ_BUS_PATH,
					KQ_BUS_NAME, method, on_reply, counts,
					text ? "s" : NULL, text);
}

int main(int argc, char *argv[])
{
	unsigned long count = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
	size_t size = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
	char *text = size ? malloc(size + 1) : NULL;
	struct counts counts = { 0 };
	sd_bus *bus;
	int r;

	if (!count || sd_bus_open_system(&bus) < 0)
		return EXIT_FAILURE;
	if (text) {
		memset(text, 'x', size);
		text[size] = '\0';
	}
	sd_bus_set_method_call_timeout(bus, TIMEOUT_US);
	for (unsigned long i = 0; i < count; i++)
		if (call(bus, argv[2], text, &counts) < 0)
			counts.lost++;
	while (counts.answered + counts.refused + counts.lost < count) {
		r = sd_bus_process(bus, NULL);
		if (r == 0)
			r = sd_bus_wait(bus, TIMEOUT_US);
		if (r < 0)
			break;
	}
	printf("%lu answered, %lu refused, %lu lost\n", counts.answered,
	       counts.refused, counts.lost);
	sd_bus_flush_close_unref(bus);
	free(text);
	return EXIT_SUCCESS;
}
