/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of a report for people; kq_report_print() puts them together. */
#ifndef KQ_CTL_REPORT_TEXT_H
#define KQ_CTL_REPORT_TEXT_H

#include "daemon/ctl-report.h"
#include "daemon/ctl-words.h"

#define KQ_NAME_TEXT (KQ_DRIVER_NAME_SIZE + 1)

/* Room for every bit of one register by name. */
#define KQ_BITS_TEXT 512

/* The driver's name, safe to print; "-" if there is none. */
const char *kq_text_driver(char text[KQ_NAME_TEXT],
			   const struct kq_report_function *fn);

/* Whatever is worth more than a table's cell. */
void kq_report_print_notes(const struct kq_report_header *report, FILE *out);

/* A line if the report is stale. */
void kq_report_print_freshness(enum kq_freshness freshness, FILE *out);

/* "50 ms": the length of a probe window. */
const char *kq_text_window(char text[KQ_DURATION_TEXT], uint32_t us);

/* Who was still writing. Return: 0 or -KQ_ERR_NOMEM. */
/* What was verified: one line, or nothing (ctl-report-verify.c). */
void kq_report_print_verify(const struct kq_report_header *report, FILE *out);
int kq_report_print_probe(const struct kq_report_header *report, FILE *out);

/* A paragraph for each SMMU. Return: 0 or -KQ_ERR_NOMEM. */
int kq_report_print_smmus(const struct kq_report_header *report, bool verbose,
			  FILE *out);

#endif
