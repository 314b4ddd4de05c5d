// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "daemon/debounce.h"

#include <time.h>

#define ACCURACY_US 10000u

static int on_timer(sd_event_source *source, uint64_t now_us, void *userdata)
{
	struct kq_debounce *debounce = userdata;

	(void)source;
	(void)now_us;
	debounce->pending = false;
	debounce->handler(debounce->userdata);
	return 0;
}

int kq_debounce_init(struct kq_debounce *debounce, sd_event *event,
		     kq_debounce_handler handler, void *userdata)
{
	int r;

	*debounce = (struct kq_debounce){
		.event = event,
		.handler = handler,
		.userdata = userdata,
	};
	r = sd_event_add_time(event, &debounce->timer, CLOCK_MONOTONIC, 0,
			      ACCURACY_US, on_timer, debounce);
	if (r < 0)
		return r;
	return sd_event_source_set_enabled(debounce->timer, SD_EVENT_OFF);
}

void kq_debounce_event(struct kq_debounce *debounce)
{
	uint64_t now, due;

	if (sd_event_now(debounce->event, CLOCK_MONOTONIC, &now) < 0)
		return;
	if (!debounce->pending)
		debounce->first_us = now;
	debounce->pending = true;
	due = now + KQ_DEBOUNCE_QUIET_US;
	if (due > debounce->first_us + KQ_DEBOUNCE_LIMIT_US)
		due = debounce->first_us + KQ_DEBOUNCE_LIMIT_US;
	(void)sd_event_source_set_time(debounce->timer, due);
	(void)sd_event_source_set_enabled(debounce->timer, SD_EVENT_ONESHOT);
}

void kq_debounce_fini(struct kq_debounce *debounce)
{
	debounce->timer = sd_event_source_unref(debounce->timer);
}
