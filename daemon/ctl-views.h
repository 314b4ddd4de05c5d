/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What quiescectl shows as JSON and quiesced answers on D-Bus. */
#ifndef KQ_CTL_VIEWS_H
#define KQ_CTL_VIEWS_H

#include <jansson.h>
#include <stdbool.h>

#include "lib/inventory/inventory.h"
#include "lib/plan.h"
#include "lib/settings.h"

/* The word for where SMMUs and StreamIDs were read from. */
const char *kq_word_firmware(enum kq_firmware firmware);

/**
 * kq_list_json() - an inventory as `quiescectl list --json` shows it
 *
 * Return: a new value; NULL if out of memory.
 */
json_t *kq_list_json(const struct kq_inventory *inventory);

/* A plan and what there is to say of it. */
struct kq_plan_view {
	const struct kq_plan_header *plan;
	const struct kq_settings *settings; /* it was made with them */
	bool loaded; /* it is the plan of what is loaded */
	uint64_t generation; /* of an update in the plan region; 0: none */
	const struct kq_warnings *warnings; /* of kq_plan_build() */
};

/**
 * kq_plan_json() - a plan as `quiescectl plan --json` shows it
 *
 * Return: a new value; NULL if out of memory.
 */
json_t *kq_plan_json(const struct kq_plan_view *view);

#endif
