/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A report as journal entries, for those who look after many machines. The
 * fields are documented in quiescectl(8), "JOURNAL"; what is known by an id
 * here keeps it.
 */
#ifndef KQ_JOURNAL_H
#define KQ_JOURNAL_H

#include "daemon/ctl-report.h"

/* One for each report: its verdict. */
#define KQ_MESSAGE_REPORT "5ec3d2200f204b81992fb1bac2f755bd"
/* A device was at work when it should have been quiet. */
#define KQ_MESSAGE_OFFENDER "801ff20f6f514d97ad59c9a60ff812b0"
/* A function could not be quieted. */
#define KQ_MESSAGE_FUNCTION "18448c0547d14126be172da42cc1a8ac"
/* An SMMU is not in the state that was asked for. */
#define KQ_MESSAGE_SMMU "437aeaf8d91f47b9b5f540db24b14c75"

/**
 * kq_journal_report() - log a report: one entry for it, one warning for each
 *                       device or SMMU to worry about
 * @found:   the report
 * @message: why it failed
 *
 * Without a journal nothing happens, as with sd_journal_send().
 *
 * Return: 0; -KQ_ERR_SYSTEM or -KQ_ERR_NOMEM if entries are missing.
 */
int kq_journal_report(const struct kq_found_report *found,
		      struct kq_message *message);

#endif
