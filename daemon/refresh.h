/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeps the loaded plan true. A refresh looks at the machine and, if the
 * plan is not that of the machine any more, updates it in place or has the
 * front end load the crash kernel anew. Whatever fails, there is a crash
 * kernel afterwards if there is any way to have one.
 */
#ifndef KQ_REFRESH_H
#define KQ_REFRESH_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "daemon/look.h"
#include "daemon/status.h"
#include "daemon/task.h"

/* What a refresh is doing. */
enum kq_refresh_step {
	KQ_STEP_IDLE = 0,
	KQ_STEP_ANEW, /* the recorded load once more, with a new plan */
	KQ_STEP_LAST_GOOD, /* the same with the plan that was loaded before */
	KQ_STEP_PLAIN, /* the stock kexec alone */
	KQ_STEP_DISTRIBUTION, /* a command outside: the distribution loads its
			       * crash kernel, or an image is wrapped */
};

struct kq_refresh_handlers {
	void (*changed)(void *userdata); /* the status has */
	void (*settled)(void *userdata); /* nothing is under way any more */
	void *userdata;
};

struct kq_refresh {
	sd_event *event;
	struct kq_refresh_handlers handlers;
	struct kq_status status;
	enum kq_refresh_step step;
	struct kq_task task;
	struct kq_look look; /* valid while a step is under way */
	uint64_t begun_us; /* the first step was, CLOCK_MONOTONIC */
	bool again; /* something happened meanwhile */
	char *list; /* the machine and its plan as last seen, JSON */
	char *plan;
	uint8_t load_id[16]; /* on record when it was last looked at, or 0 */
	uint8_t tried[16]; /* load that the distribution was asked to renew */
	bool cleared; /* the plan region, of what is not of this boot */
	bool adopted; /* the distribution was asked to load ours */
	bool rewrapped; /* a signed image was written anew for this change */
};

/**
 * kq_refresh_init() - take up the work where an earlier daemon left it
 */
void kq_refresh_init(struct kq_refresh *refresh, sd_event *event,
		     const struct kq_refresh_handlers *handlers);

/**
 * kq_refresh_start() - compare, and load if it has to be
 * @refresh: may be at work: then it begins anew when it is done
 * @asked:   a person wants it: what was given up is tried once more
 *
 * Unless something is loaded it is done when this returns.
 */
void kq_refresh_start(struct kq_refresh *refresh, bool asked);

/**
 * kq_refresh_knows_record() - is the recorded load the one last looked at?
 *
 * Of a fixed plan that cannot be told: no.
 */
bool kq_refresh_knows_record(const struct kq_refresh *refresh);

/**
 * kq_refresh_is_busy() - is a load under way?
 */
static inline bool kq_refresh_is_busy(const struct kq_refresh *refresh)
{
	return refresh->step != KQ_STEP_IDLE;
}

/**
 * kq_refresh_fini() - release; a load that is under way goes on
 */
void kq_refresh_fini(struct kq_refresh *refresh);

#endif
