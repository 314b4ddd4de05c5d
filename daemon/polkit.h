/* SPDX-License-Identifier: GPL-2.0-or-later */
/* May the sender of a message do this? Asks polkit, without waiting. */
#ifndef KQ_POLKIT_H
#define KQ_POLKIT_H

#include <stdbool.h>
#include <systemd/sd-bus.h>

/* Questions that may be open at a time; more are refused. */
#define KQ_POLKIT_MAX 32u

/*
 * @message: the call that the question was about
 */
typedef void (*kq_polkit_handler)(sd_bus_message *message, bool allowed,
				  void *userdata);

struct kq_polkit {
	unsigned int open;
	kq_polkit_handler handler;
	void *userdata;
};

/**
 * kq_polkit_ask() - ask whether a sender may take an action
 * @polkit:  who asks; outlives the bus connection
 * @message: the sender's call
 * @action:  id of the action
 *
 * The handler is called later, once. Without polkit the answer is no.
 *
 * Return: 0; -EBUSY too many questions are open; another negative errno.
 */
int kq_polkit_ask(struct kq_polkit *polkit, sd_bus_message *message,
		  const char *action);

#endif
