/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reports that were kept: one file each in one directory, the report as
 * it was found and nothing else, named NUMBER-KEY.report. Numbers count up
 * and are never used again, so that they tell the order whatever the clock
 * of a capture kernel said; a file's modification time is when it was kept.
 */
#ifndef KQ_STORE_H
#define KQ_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/ctl-report.h"
#include "lib/message.h"

/* Below systemd's StateDirectory=, which no configure option moves. */
#define KQ_STORE_DIR "/var/lib/kexec-quiesce/reports"

/* The newest are kept. */
#define KQ_STORE_KEEP 20

/* Room for a key: 32 hexadecimal digits. */
#define KQ_STORE_KEY 33

struct kq_stored_report {
	uint32_t number;
	char key[KQ_STORE_KEY];
	uint64_t time_s; /* when it was kept, seconds since 1970 */
	char *path;
	struct kq_found_report found; /* KQ_UNJUDGED */
};

struct kq_store {
	struct kq_stored_report *reports; /* newest first */
	size_t count;
	char *dir;
	int fd; /* of the directory, locked; -1 if opened for reading */
	uint32_t last_number; /* of any file, damaged ones included */
};

/**
 * kq_store_key() - what a report is known by
 * @report: a checked report
 * @key:    result: the load id; of a report without one, whose plan was
 *          refused, the first half of its SHA-256
 */
void kq_store_key(const struct kq_report_header *report,
		  char key[KQ_STORE_KEY]);

/**
 * kq_store_read() - all reports of a directory
 * @dir:      the directory; a missing one is an empty one
 * @ret:      result; give it to kq_store_fini()
 * @warnings: a line for each file that is skipped: damaged or foreign
 * @message:  why it failed
 *
 * Return: 0; -KQ_ERR_SYSTEM; -KQ_ERR_NOMEM.
 */
int kq_store_read(const char *dir, struct kq_store *ret,
		  struct kq_warnings *warnings, struct kq_message *message);

/**
 * kq_store_open() - the same, to add to it
 *
 * Makes the directory and the one above if they are missing. Until
 * kq_store_fini() nobody else can have the store open; a second process
 * waits for two seconds at most.
 *
 * Return: as above; -KQ_ERR_TIMEOUT if another process has it open.
 */
int kq_store_open(const char *dir, struct kq_store *ret,
		  struct kq_warnings *warnings, struct kq_message *message);

/**
 * kq_store_put() - keep a report; the oldest beyond KQ_STORE_KEEP go
 * @store:   opened with kq_store_open(); its list stays as it was read
 * @report:  a checked report
 * @message: why it failed
 *
 * The file is on disk when this returns.
 *
 * Return: 0; -KQ_ERR_SYSTEM; -KQ_ERR_NOMEM; -KQ_ERR_NOSPACE if the numbers
 * have run out.
 */
int kq_store_put(struct kq_store *store, const struct kq_report_header *report,
		 struct kq_message *message);

/**
 * kq_store_has() - is this very report among those that were kept?
 *
 * The key does not tell: an image that was written to a file is loaded at
 * every boot, always with the same load id.
 */
bool kq_store_has(const struct kq_store *store,
		  const struct kq_report_header *report);

/* Takes a zero-initialised one too. */
void kq_store_fini(struct kq_store *store);

#endif
