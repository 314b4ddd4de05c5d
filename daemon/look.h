/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is loaded, what the record says of it, and what the machine is now. */
#ifndef KQ_LOOK_H
#define KQ_LOOK_H

#include <stdbool.h>

#include "daemon/status.h"
#include "lib/plan.h"
#include "lib/record.h"
#include "lib/settings.h"

struct kq_look {
	struct kq_settings settings; /* as the recorded load would have now */
	bool loaded; /* some crash kernel is */
	enum kq_kind kind;
	bool ours; /* it is that of the record */
	bool has_record;
	struct kq_record record;
	/* What the stage would take now, of the image or an update of it. */
	const struct kq_plan_header *effective; /* NULL: not known */
	uint64_t update; /* its generation in the plan region; 0: the image's */
	struct kq_plan_header *wanted; /* for the machine as it is now */
	char *list; /* the machine, as `quiescectl list --json` */
	char *plan; /* @wanted, as `quiescectl plan --json` */
	void *storage;
};

/**
 * kq_look_begin() - find out what is loaded and how it was loaded
 * @ret:     result, valid after a failure too; kq_look_fini() it
 * @message: why it failed: the config file or the record is not to be used
 *
 * Return: 0 or -enum kq_err.
 */
int kq_look_begin(struct kq_look *ret, struct kq_message *message);

/**
 * kq_look_around() - look at the machine and plan for it
 * @look:    from kq_look_begin(); gets wanted, list and plan
 * @message: why it failed
 *
 * With a recorded load @look->wanted has its ids and time, so that it is the
 * same as the effective plan, byte for byte, if nothing has changed.
 *
 * Return: 0 or -enum kq_err.
 */
int kq_look_around(struct kq_look *look, struct kq_message *message);

/**
 * kq_look_is_current() - is the effective plan the one that is wanted?
 */
bool kq_look_is_current(const struct kq_look *look);

/**
 * kq_look_policy() - what the plan does with the SMMUs, in the words of
 *                    smmu-policy
 * @plan: plan; without an SMMU the policy is "none"
 * @text: result
 * @size: its size; a longer one is cut
 */
void kq_look_policy(const struct kq_plan_header *plan, char *text, size_t size);

/**
 * kq_look_fini() - release it; all zero is fine
 */
void kq_look_fini(struct kq_look *look);

#endif
