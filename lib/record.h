/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The record of a load: how the kernel that is loaded was loaded, so that it
 * can be loaded again when the machine changes. The front end writes it after
 * a quiesced load, quiesced reads it. There is one for each kind of kexec, a
 * JSON file in KQ_RUN_DIR, which a reboot empties as it does the kernel.
 * Hosted code only.
 *
 * All take @root: "" or the directory of a captured or made-up machine.
 */
#ifndef KQ_RECORD_H
#define KQ_RECORD_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/message.h"
#include "lib/plan.h"
#include "lib/settings.h"

/* RuntimeDirectory= of quiesced.service is the same. */
#define KQ_RUN_DIR "/run/kexec-quiesce"

/* Any change of layout or meaning bumps the version. */
#define KQ_RECORD_VERSION 1

/* kq_record.gap_us: there was no kernel that the load could replace. */
#define KQ_RECORD_NO_GAP UINT64_MAX

/* A file as it was when it was read for the load. */
struct kq_record_file {
	const char *path; /* as given; relative to the record's cwd */
	uint64_t device;
	uint64_t inode;
	uint64_t size; /* bytes */
	uint64_t mtime_ns; /* since 1970-01-01 UTC */
	uint64_t ctime_ns;
};

/* A writer's strings are the writer's own, a reader's are the record's. */
struct kq_record {
	const char *cwd;
	const char *const *argv; /* the front end's, NULL-terminated */
	const char *const *stock_argv; /* the plain load, NULL-terminated */
	const char *config; /* $KEXEC_QUIESCE_CONF, or NULL */
	const struct kq_setting *settings; /* from the command line */
	size_t setting_count;
	struct kq_record_file kernel;
	struct kq_record_file initrd; /* path NULL: there is none */
	/*
	 * Upper bound of the time in which no kernel of this kind was loaded,
	 * microseconds; or KQ_RECORD_NO_GAP.
	 */
	uint64_t gap_us;
	bool fixed; /* the kernel is a signed image, the plan is the file's */
	const struct kq_plan_header *plan; /* with ids, time and kind */
	void *storage; /* a reader's */
};

/**
 * kq_record_make_directory() - have a KQ_RUN_DIR, if that is possible
 */
void kq_record_make_directory(const char *root);

/**
 * kq_record_path() - where the record of a kind is
 */
void kq_record_path(const char *root, enum kq_plan_kind kind,
		    char ret[PATH_MAX]);

/**
 * kq_record_stat() - what tells this version of a file from another one
 * @cwd:     directory that a relative path starts from; NULL: this process's
 * @path:    name of the file; NULL gives a result without a path
 * @ret:     result; its path is @path
 *
 * Return: 0; -KQ_ERR_NOTFOUND; -KQ_ERR_SYSTEM.
 */
int kq_record_stat(const char *cwd, const char *path,
		   struct kq_record_file *ret);

/**
 * kq_record_changed() - kernel or initrd changed since the load?
 *
 * Return: the path of the first one that is another file now or gone, as in
 * the record; NULL if both are the same.
 */
const char *kq_record_changed(const struct kq_record *record);

/**
 * kq_record_write() - write a record, in place of an earlier one and at once
 * @record:  what to write; its plan's kind says which file
 * @message: why it failed
 *
 * Return: 0; -KQ_ERR_VALUE a string is not UTF-8; -KQ_ERR_SYSTEM;
 * -KQ_ERR_NOMEM.
 */
int kq_record_write(const char *root, const struct kq_record *record,
		    struct kq_message *message);

/**
 * kq_record_read() - read the record of a kind
 * @ret:     result; release it with kq_record_fini()
 * @message: why it failed
 *
 * The plan of what is returned has passed kq_plan_check().
 *
 * Return: 0; -KQ_ERR_NOTFOUND no load was recorded; -KQ_ERR_VERSION;
 * -KQ_ERR_VALUE it is damaged; -KQ_ERR_SYSTEM; -KQ_ERR_NOMEM.
 */
int kq_record_read(const char *root, enum kq_plan_kind kind,
		   struct kq_record *ret, struct kq_message *message);

/**
 * kq_record_parse() - the same, of text in memory
 * @text: need not end with a NUL
 * @size: bytes
 */
int kq_record_parse(const char *text, size_t size, enum kq_plan_kind kind,
		    struct kq_record *ret, struct kq_message *message);

/**
 * kq_record_fini() - release what kq_record_read() made; all zero is fine
 */
void kq_record_fini(struct kq_record *record);

/**
 * kq_record_remove() - forget a load: it no longer is what is loaded
 */
void kq_record_remove(const char *root, enum kq_plan_kind kind);

/**
 * kq_record_lock() - have loads come one after the other
 * @timeout_ms: longest wait, milliseconds
 *
 * Two loads at once would disturb each other: the kernel refuses the second
 * with EBUSY, and a record could be the other load's. Closing the descriptor,
 * in this process and in those it was handed on to, ends it.
 *
 * Return: file descriptor; -KQ_ERR_TIMEOUT; -KQ_ERR_SYSTEM.
 */
int kq_record_lock(const char *root, unsigned int timeout_ms);

#endif
