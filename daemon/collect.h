/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps the report that this boot brought and tells the journal of it. */
#ifndef KQ_COLLECT_H
#define KQ_COLLECT_H

#include "daemon/store.h"
#include "lib/message.h"

enum kq_collected {
	KQ_COLLECT_NONE, /* this boot brought no report */
	KQ_COLLECT_SEEN, /* it was kept before */
	KQ_COLLECT_NEW, /* it was logged and, unless there is an error, kept */
};

/**
 * kq_collect_at_start() - keep and log the report of this boot, once
 * @file:      KQ_CTL_FDT, or another device tree or bare report
 * @dir:       KQ_STORE_DIR, or another directory
 * @ret:       result; valid after a failure too
 * @warnings:  a line for each file of the store that was skipped
 * @message:   why it failed
 *
 * What was kept before is neither kept nor logged again, whether it is from
 * this boot or an earlier one. If it cannot be kept, the journal has it
 * still, at each call. A crash of this program between the two has it logged
 * twice, never not at all.
 *
 * Waits two seconds at most for another process that is doing the same.
 *
 * Return: 0; -KQ_ERR_SYSTEM or -KQ_ERR_NOMEM; as kq_found_report_read() but
 * for a missing report; as kq_store_put().
 */
int kq_collect_at_start(const char *file, const char *dir,
			enum kq_collected *ret, struct kq_warnings *warnings,
			struct kq_message *message);

#endif
