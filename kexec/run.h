/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stock kexec, with its arguments changed as a quiesced load needs it. */
#ifndef KQ_KEXEC_RUN_H
#define KQ_KEXEC_RUN_H

#include <stdbool.h>

#include "kexec/child.h"
#include "kexec/options.h"
#include "lib/message.h"

/* What a quiesced load changes in the stock kexec's arguments. */
struct kq_stock_load {
	int image_fd; /* quiesce image that takes the kernel's place */
	struct kq_fuse *fuse; /* who reads it reads from that, or NULL */
	int initrd_fd; /* initrd in place of the one that is named, or -1 */
	bool add_initrd; /* none is named: add it */
	bool no_checks; /* the stage verifies, purgatory need not */
	const char *cmdline; /* command line to add, or NULL */
	const char *syscall_option; /* "-s" or "-c", to add last, or NULL */
};

/**
 * kq_run_become() - become the stock kexec; returns only if that fails
 * @path:    the stock kexec
 * @options: their stock_argv is what it gets
 * @message: why it failed
 *
 * Return: -KQ_ERR_SYSTEM; -KQ_ERR_NOMEM; -KQ_ERR_VALUE @path is this program.
 */
int kq_run_become(const char *path, const struct kq_options *options,
		  struct kq_message *message);

/**
 * kq_run_child() - run the stock kexec and wait for it
 * @path:    the stock kexec
 * @options: their stock_argv is what it gets
 * @load:    what to change in it; NULL: nothing
 * @ret:     what became of it
 * @message: why it could not even be tried
 *
 * Return: 0 or as kq_run_become().
 */
int kq_run_child(const char *path, const struct kq_options *options,
		 const struct kq_stock_load *load, struct kq_outcome *ret,
		 struct kq_message *message);

/**
 * kq_run_command() - what kq_run_child() would run, as one line of words
 * @load: its files get names for people
 *
 * Return: the line, to be freed with free(); NULL if out of memory.
 */
char *kq_run_command(const char *path, const struct kq_options *options,
		     const struct kq_stock_load *load);

#endif
