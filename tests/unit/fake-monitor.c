// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * daemon/monitor.c for tests: each byte that arrives in the FIFO
 * $KQ_TEST_EVENTS is an event of a device.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "daemon/monitor.h"
#include "lib/error.h"

struct kq_monitor {
	sd_event_source *source;
	kq_monitor_handler handler;
	void *userdata;
};

static int on_byte(sd_event_source *source, int fd, uint32_t events,
		   void *userdata)
{
	struct kq_monitor *monitor = userdata;
	char byte;

	(void)source;
	(void)events;
	if (read(fd, &byte, 1) == 1)
		monitor->handler(monitor->userdata);
	return 0;
}

int kq_monitor_new(sd_event *event, kq_monitor_handler handler, void *userdata,
		   struct kq_monitor **ret, struct kq_message *message)
{
	struct kq_monitor *monitor = calloc(1, sizeof(*monitor));
	/* Open for writing as well: it never ends. */
	int fd =
		open(getenv("KQ_TEST_EVENTS"), O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (!monitor || fd < 0 ||
	    sd_event_add_io(event, &monitor->source, fd, EPOLLIN, on_byte,
			    monitor) < 0)
		return kq_fail(message, KQ_ERR_SYSTEM, "no $KQ_TEST_EVENTS");
	sd_event_source_set_io_fd_own(monitor->source, 1);
	monitor->handler = handler;
	monitor->userdata = userdata;
	*ret = monitor;
	return 0;
}

void kq_monitor_free(struct kq_monitor *monitor)
{
	if (!monitor)
		return;
	sd_event_source_unref(monitor->source);
	free(monitor);
}
