/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells when PCI devices come, go or change. Tests link another
 * implementation, as with lib/machine.h.
 */
#ifndef KQ_MONITOR_H
#define KQ_MONITOR_H

#include <systemd/sd-event.h>

#include "lib/message.h"

struct kq_monitor;

/* Something has changed. Which device it was does not matter. */
typedef void (*kq_monitor_handler)(void *userdata);

/**
 * kq_monitor_new() - watch the PCI devices of this machine
 * @event:    event loop
 * @handler:  called for each event of a device
 * @userdata: for @handler
 * @ret:      result; release it with kq_monitor_free()
 * @message:  why it failed
 *
 * All events count: add, remove, bind and unbind of a driver, and change,
 * which a physical function sends when its virtual functions come or go.
 *
 * Return: 0; -KQ_ERR_SYSTEM.
 */
int kq_monitor_new(sd_event *event, kq_monitor_handler handler, void *userdata,
		   struct kq_monitor **ret, struct kq_message *message);

/**
 * kq_monitor_free() - watch no more; NULL is fine
 */
void kq_monitor_free(struct kq_monitor *monitor);

#endif
