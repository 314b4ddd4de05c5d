/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * quiesced on the system bus: org.kexecquiesce1. The bus may come late, go
 * away and come back; the daemon does its work without it.
 * units/org.kexecquiesce1.xml describes the interface.
 */
#ifndef KQ_BUS_H
#define KQ_BUS_H

#include <systemd/sd-bus.h>

#include "daemon/polkit.h"
#include "daemon/refresh.h"

#define KQ_BUS_NAME   "org.kexecquiesce1"
#define KQ_BUS_PATH   "/org/kexecquiesce1"
#define KQ_BUS_ACTION "org.kexecquiesce1.refresh"

/* Callers of Refresh that may wait at a time; more are refused. */
#define KQ_BUS_CALLERS 32u

struct kq_bus {
	sd_event *event;
	sd_bus *bus;
	sd_event_source *retry; /* timer: connect again */
	uint64_t delay_us; /* before the next try */
	struct kq_refresh *refresh;
	struct kq_status told; /* as the world knows it */
	struct kq_polkit polkit;
	sd_bus_message *callers[KQ_BUS_CALLERS]; /* of Refresh */
	size_t caller_count;
};

/**
 * kq_bus_init() - connect to the system bus as soon as there is one
 * @refresh: what it is all about
 */
void kq_bus_init(struct kq_bus *bus, sd_event *event,
		 struct kq_refresh *refresh);

/**
 * kq_bus_changed() - the status may have changed: tell the world
 */
void kq_bus_changed(struct kq_bus *bus);

/**
 * kq_bus_settled() - a refresh is over: answer those who wait for it
 */
void kq_bus_settled(struct kq_bus *bus);

/**
 * kq_bus_fini() - leave the bus
 */
void kq_bus_fini(struct kq_bus *bus);

#endif
