// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "daemon/monitor.h"

#include <errno.h>
#include <stdlib.h>
#include <systemd/sd-device.h>

#include "lib/error.h"

/* A storm of virtual functions must fit in; the kernel takes what it may. */
#define RECEIVE_BUFFER (16u << 20)

struct kq_monitor {
	sd_device_monitor *monitor;
	kq_monitor_handler handler;
	void *userdata;
};

static int on_device(sd_device_monitor *source, sd_device *device,
		     void *userdata)
{
	struct kq_monitor *monitor = userdata;

	(void)source;
	(void)device;
	monitor->handler(monitor->userdata);
	return 0;
}

static int start(struct kq_monitor *monitor, sd_event *event)
{
	int r = sd_device_monitor_new(&monitor->monitor);

	if (r >= 0)
		r = sd_device_monitor_attach_event(monitor->monitor, event);
	if (r >= 0)
		r = sd_device_monitor_filter_add_match_subsystem_devtype(
			monitor->monitor, "pci", NULL);
	if (r >= 0) {
		/* Smaller is not wrong, only less sure. */
		(void)sd_device_monitor_set_receive_buffer_size(
			monitor->monitor, RECEIVE_BUFFER);
		r = sd_device_monitor_start(monitor->monitor, on_device,
					    monitor);
	}
	return r;
}

int kq_monitor_new(sd_event *event, kq_monitor_handler handler, void *userdata,
		   struct kq_monitor **ret, struct kq_message *message)
{
	struct kq_monitor *monitor = calloc(1, sizeof(*monitor));
	int r = -ENOMEM;

	if (monitor) {
		monitor->handler = handler;
		monitor->userdata = userdata;
		r = start(monitor, event);
	}
	if (r < 0) {
		kq_monitor_free(monitor);
		errno = -r;
		return kq_fail(message, KQ_ERR_SYSTEM,
			       "cannot watch for PCI devices: %m");
	}
	*ret = monitor;
	return 0;
}

void kq_monitor_free(struct kq_monitor *monitor)
{
	if (!monitor)
		return;
	sd_device_monitor_unref(monitor->monitor);
	free(monitor);
}
