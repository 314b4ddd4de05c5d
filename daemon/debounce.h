/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many events in a row become one call. */
#ifndef KQ_DEBOUNCE_H
#define KQ_DEBOUNCE_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

/* The call comes when it has been quiet for that long... */
#define KQ_DEBOUNCE_QUIET_US 500000u
/* ...or this long after the first event, whichever is sooner. */
#define KQ_DEBOUNCE_LIMIT_US 5000000u

typedef void (*kq_debounce_handler)(void *userdata);

struct kq_debounce {
	sd_event *event;
	sd_event_source *timer;
	bool pending;
	uint64_t first_us; /* CLOCK_MONOTONIC */
	kq_debounce_handler handler;
	void *userdata;
};

/**
 * kq_debounce_init() - prepare; no timer runs while nothing happens
 *
 * Return: 0 or a negative errno value.
 */
int kq_debounce_init(struct kq_debounce *debounce, sd_event *event,
		     kq_debounce_handler handler, void *userdata);

/**
 * kq_debounce_event() - something happened
 */
void kq_debounce_event(struct kq_debounce *debounce);

/**
 * kq_debounce_fini() - forget what is pending; all zero is fine
 */
void kq_debounce_fini(struct kq_debounce *debounce);

#endif
