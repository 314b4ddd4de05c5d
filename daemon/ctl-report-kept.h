/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kept reports on quiescectl's command line. */
#ifndef KQ_CTL_REPORT_KEPT_H
#define KQ_CTL_REPORT_KEPT_H

#include <jansson.h>

#include "daemon/ctl.h"
#include "daemon/store.h"

/* quiescectl report --list */
int kq_ctl_report_list(const struct kq_ctl *ctl);

/* quiescectl report --collect */
int kq_ctl_report_collect(const struct kq_ctl *ctl);

/**
 * kq_kept_find() - the kept report that a word means
 * @store:   the reports
 * @word:    a number, or the start of a load id, four digits at least
 * @ret:     result; NULL if there is none: perhaps it is a file's name
 * @message: why it failed
 *
 * Return: 0; -KQ_ERR_VALUE if several ids start so.
 */
int kq_kept_find(const struct kq_store *store, const char *word,
		 const struct kq_stored_report **ret,
		 struct kq_message *message);

/**
 * kq_kept_json() - the kept reports as `quiescectl report --list --json`
 *
 * Return: a new value; NULL if out of memory.
 */
json_t *kq_kept_json(const struct kq_store *store);

#endif
