/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program that the daemon runs, waits for without waiting, and bounds. */
#ifndef KQ_TASK_H
#define KQ_TASK_H

#include <systemd/sd-event.h>

#include "lib/message.h"

/* What kq_task_handler() gets if even SIGKILL did not end the program. */
#define KQ_TASK_STUCK -1

/*
 * @status: as of waitpid(), or KQ_TASK_STUCK
 * @last:   the last line that the program wrote, or what there is to say of
 *          its end
 */
typedef void (*kq_task_handler)(int status, const char *last, void *userdata);

struct kq_task_request {
	const char *const *argv; /* NULL-terminated; argv[0] is a path */
	const char *cwd; /* where to run it */
	const char *config; /* its $KEXEC_QUIESCE_CONF; NULL: none */
	uint32_t timeout_s; /* then it is asked to end, later made to */
};

struct kq_task {
	sd_event *event;
	sd_event_source *child;
	sd_event_source *timer;
	pid_t pid; /* of the program, and of its process group */
	int output; /* file in memory that it writes to */
	unsigned int expired; /* how often the timer has */
	kq_task_handler handler;
	void *userdata;
};

/**
 * kq_task_start() - run a program
 * @task:     all zero or ended
 * @event:    event loop; SIGCHLD is blocked
 * @request:  what to run; not needed any more when this returns
 * @handler:  called once, when the program has ended
 * @userdata: for @handler
 * @message:  why it failed
 *
 * The program gets a session of its own, so that its end is nobody else's.
 * What it writes goes to the daemon's standard error when it has ended.
 *
 * Return: 0; -KQ_ERR_SYSTEM.
 */
int kq_task_start(struct kq_task *task, sd_event *event,
		  const struct kq_task_request *request,
		  kq_task_handler handler, void *userdata,
		  struct kq_message *message);

/**
 * kq_task_fini() - look after it no more; it goes on. All zero is fine
 */
void kq_task_fini(struct kq_task *task);

#endif
