/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stage's report: finding it, judging it, showing it. */
#ifndef KQ_CTL_REPORT_H
#define KQ_CTL_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/message.h"
#include "lib/report.h"

/* Where the kernel shows the device tree it was given. */
#define KQ_CTL_FDT "/sys/firmware/fdt"

/* Was the report written on the way into the boot whose /chosen holds it? */
enum kq_freshness {
	KQ_UNJUDGED, /* a bare report, or one without a digest of /chosen */
	KQ_FRESH,
	KQ_STALE, /* carried along from an earlier boot */
};

struct kq_found_report {
	struct kq_report_header *report; /* kq_report_check() accepted it */
	enum kq_freshness freshness;
};

/**
 * kq_found_report_read() - get the report out of a file
 * @path:    a flattened device tree or a bare report
 * @ret:     result; give it to kq_found_report_fini()
 * @message: why it failed, one sentence; may be NULL
 *
 * Return: 0; -KQ_ERR_NOTFOUND no report in this device tree;
 * -KQ_ERR_SYSTEM cannot be read; else the file or its report is damaged.
 */
int kq_found_report_read(const char *path, struct kq_found_report *ret,
			 struct kq_message *message);
void kq_found_report_fini(struct kq_found_report *found);

/**
 * kq_found_report_parse() - the same with the file's content in memory
 * @data: content, of any alignment
 * @size: bytes
 */
int kq_found_report_parse(const void *data, size_t size,
			  struct kq_found_report *ret,
			  struct kq_message *message);

/**
 * kq_chosen_digest() - SHA-256 over /chosen as docs/report-format.md says
 * @fdt:    a device tree that kq_dt_check() accepted
 * @digest: result
 *
 * Return: 0; -KQ_ERR_NOTFOUND if there is no /chosen.
 */
int kq_chosen_digest(const void *fdt, uint8_t digest[32]);

struct kq_store;

/**
 * kq_report_metrics() - a report as metrics of Prometheus' text format
 * @found: the report; NULL if there is none
 * @store: the reports that were kept
 * @out:   where to
 *
 * Return: 0 or -KQ_ERR_NOMEM.
 */
int kq_report_metrics(const struct kq_found_report *found,
		      const struct kq_store *store, FILE *out);

/* What it all comes to. */
struct kq_verdict {
	bool quiet; /* everything that could write was silenced */
	bool verified; /* and a probe window at every SMMU saw nothing */
	unsigned int counts[KQ_FN_RESULT_COUNT]; /* without idle bridges */
	unsigned int offenders; /* active though their drivers shut down */
	unsigned int offenders_mastering; /* those with bus master on */
	char text[512];
};

/**
 * kq_verdict() - sum a report up
 * @report: a report that kq_report_check() accepted
 * @ret:    result
 */
void kq_verdict(const struct kq_report_header *report, struct kq_verdict *ret);

/* Was bus master on when the stage came to the function? */
bool kq_report_was_mastering(const struct kq_report_function *fn);

/* Is this a result that leaves something to worry about? */
bool kq_report_result_bad(uint32_t result);

/* Bits of Device Status that tell of errors; the others are states. */
#define KQ_CTL_DEVSTA_ERRORS 0x000fu

/* An SMMUv3 event record taken apart. */
struct kq_smmu_event {
	uint32_t type;
	uint32_t stream_id;
	bool has_address; /* the three below are valid */
	bool read;
	bool stage2;
	uint64_t address; /* as the device sent it */
};

/**
 * kq_smmu_event() - take an event record apart
 * @event: record as the SMMU wrote it (IHI 0070, event records)
 */
struct kq_smmu_event kq_smmu_event(const struct kq_report_event *event);

/**
 * kq_report_stream_function() - who uses this StreamID?
 * @report:    a checked report
 * @smmu:      index of the SMMU
 * @stream_id: StreamID
 *
 * Return: the first function of that stream or NULL.
 */
const struct kq_report_function *
kq_report_stream_function(const struct kq_report_header *report, uint32_t smmu,
			  uint32_t stream_id);

/* What the probe windows of all SMMUs come to. */
struct kq_probe {
	bool asked;
	bool seen; /* something was still at work */
	bool verified; /* all SMMUs were watched, and nothing came */
	bool at_least; /* there were more transactions than were counted */
	unsigned int probed; /* SMMUs that were watched */
	unsigned int streams; /* that were seen */
	uint64_t transactions;
	uint32_t us; /* the shortest window */
};

/**
 * kq_probe() - sum the probe windows up
 * @report: a checked report
 * @ret:    result
 */
void kq_probe(const struct kq_report_header *report, struct kq_probe *ret);

/* A stream that was still at work, with what is known of it. */
struct kq_stray {
	const struct kq_report_stray *record;
	const struct kq_report_smmu *smmu;
	const struct kq_report_function *function; /* or NULL */
	bool at_least; /* its count is a lower bound */
	bool has_address; /* record->address is valid */
	char name[KQ_COMPONENT_NAME_SIZE + 1]; /* safe to print; may be "" */
};

struct kq_stray kq_stray(const struct kq_report_header *report,
			 const struct kq_report_stray *record);

/* Room for a function's address, a driver, or a platform device's name. */
#define KQ_STRAY_TEXT 64

_Static_assert(KQ_STRAY_TEXT > KQ_COMPONENT_NAME_SIZE, "room for its name");
_Static_assert(KQ_STRAY_TEXT > KQ_DRIVER_NAME_SIZE, "room for a driver");

/* The function's address, else the device's name, else "?". */
const char *kq_stray_who(const struct kq_stray *stray,
			 char text[KQ_STRAY_TEXT]);

/**
 * kq_report_print() - the report for people
 * @found:   the report
 * @verbose: everything, not only what is notable
 * @out:     where to
 *
 * Return: 0 or -KQ_ERR_NOMEM.
 */
int kq_report_print(const struct kq_found_report *found, bool verbose,
		    FILE *out);

/**
 * kq_report_json() - the report for programs, docs/report-format.md
 * @found:  the report
 * @source: the file it came from
 *
 * Return: the object, or NULL when there is no memory.
 */
json_t *kq_report_json(const struct kq_found_report *found, const char *source);

/* The parts of it about the verdict, SMMUs and strays. */
json_t *kq_report_json_verdict(const struct kq_report_header *report);
json_t *kq_report_json_smmus(const struct kq_report_header *report);
json_t *kq_report_json_strays(const struct kq_report_header *report);

/* What was verified, for programs (ctl-report-verify.c). */
json_t *kq_report_json_verify(const struct kq_report_header *report);

/* true, false, or null if it cannot be told. */
json_t *kq_report_json_stale(const struct kq_found_report *found);

/* A function's address; null for KQ_NONE. */
json_t *kq_report_json_address(const struct kq_report_header *report,
			       uint16_t index);

/* A device that was still at work: a function, or a stream of none. */
struct kq_offender {
	const struct kq_report_function *function; /* or NULL */
	const struct kq_report_stray *stray; /* the first one, or NULL */
	uint64_t transactions;
	bool at_least; /* that number is a lower bound */
};

typedef void kq_take_offender(const struct kq_report_header *report,
			      const struct kq_offender *offender,
			      void *context);

/**
 * kq_report_each_offender() - call a function for each of them
 * @report:  a checked report
 * @take:    what to call
 * @context: passed on
 */
void kq_report_each_offender(const struct kq_report_header *report,
			     kq_take_offender *take, void *context);

/* How many are there? */
unsigned int kq_report_count_offenders(const struct kq_report_header *report);

/* Is this function one of them? */
bool kq_report_is_offender(const struct kq_report_header *report,
			   const struct kq_report_function *fn);

/* One line about it. */
void kq_offender_print(const struct kq_report_header *report,
		       const struct kq_offender *offender, FILE *out);

/**
 * kq_offenders_print() - one line for each device that was still at work
 * @found: the report
 * @out:   where to; gets a sentence if there are none
 */
void kq_offenders_print(const struct kq_found_report *found, FILE *out);

/**
 * kq_offenders_json() - the same for programs
 * @found:  the report
 * @source: the file it came from
 *
 * Return: the object, or NULL when there is no memory.
 */
json_t *kq_offenders_json(const struct kq_found_report *found,
			  const char *source);

#endif
