/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Made-up reports for the tests of what reads them. */
#ifndef KQ_REPORT_FIXTURE_H
#define KQ_REPORT_FIXTURE_H

#include <stddef.h>

#include "lib/report.h"

/**
 * kq_fixture_crash() - a crash with one of everything that can happen
 *
 * Return: a sealed report, to be freed with free().
 */
struct kq_report_header *kq_fixture_crash(void);

/* An orderly kexec: two drivers shut down, one did not. */
struct kq_report_header *kq_fixture_orderly(void);

/* The plan was refused: a header and nothing else. */
struct kq_report_header *kq_fixture_refused(void);

/* A crash after which everything is quiet. */
struct kq_report_header *kq_fixture_quiet(void);

/* The same with a probe window of 50 ms that saw nothing. */
struct kq_report_header *kq_fixture_verified(void);

/*
 * An orderly kexec whose probe window saw three streams: a function's, a
 * platform device's, and one that nobody knows, at an SMMUv2; one SMMU of
 * each outcome.
 */
struct kq_report_header *kq_fixture_strays(void);

/**
 * kq_fixture_fdt() - a device tree that carries a report
 * @report:   report; its chosen_sha256 is set and it is sealed again
 * @bootargs: property of /chosen, there after the digest was made
 * @size:     result: bytes
 *
 * Return: the tree, to be freed with free(). With the bootargs "console=x"
 * the report in it is fresh, with any others it is stale.
 */
void *kq_fixture_fdt(struct kq_report_header *report, const char *bootargs,
		     size_t *size);

#endif
