/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line: stock kexec's options, and ours among them.
 *
 * Stock kexec parses with getopt_long(), so this does what getopt_long()
 * does with the union of both option lists: permutation, bundled short
 * options, attached and detached values, unambiguous abbreviations, "--"
 * and POSIXLY_CORRECT.
 */
#ifndef KQ_KEXEC_OPTIONS_H
#define KQ_KEXEC_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/message.h"
#include "lib/settings.h"

/* What the stock kexec will do with these arguments. */
enum kq_action {
	KQ_ACTION_LOAD, /* -l, -f, or a kernel alone */
	KQ_ACTION_LOAD_CRASH, /* -p */
	KQ_ACTION_UNLOAD, /* -u; of which kind, @crash says */
	KQ_ACTION_OTHER, /* -e, -S, ... */
	KQ_ACTION_HELP,
	KQ_ACTION_VERSION,
};

/* Which syscall the arguments ask for; the last of -s, -c and -a wins. */
enum kq_syscall_choice {
	KQ_SYSCALL_ANY, /* none of them: the stock kexec's default */
	KQ_SYSCALL_FILE, /* -s */
	KQ_SYSCALL_LOAD, /* -c */
	KQ_SYSCALL_AUTO, /* -a */
};

/* All strings point into the argv that was parsed. */
struct kq_options {
	enum kq_action action;
	enum kq_syscall_choice syscall;
	bool crash; /* -p was given */
	bool debug;
	bool dry_run;
	const char *output; /* --quiesce-output */
	const char *plan; /* --quiesce-plan */
	const char *kernel; /* the first operand, NULL if there is none */
	const char *initrd;
	bool reuse_initrd;
	bool cmdline; /* any option that gives the next kernel one */
	const char *dtb;
	const char *type;
	const char *conflict; /* stock option no quiesced load can have */
	struct kq_setting *settings; /* keys as in the config file */
	size_t settings_count;
	char **argv; /* all but --quiesce-plan, NULL-terminated */
	int argc;
	char **stock_argv; /* without ours, NULL-terminated */
	int stock_argc;
	int kernel_index; /* of @kernel in @stock_argv, or -1 */
	int last_index; /* where one more option would be the last one */
};

/**
 * kq_options_parse() - sort our options out of a kexec command line
 * @argc:    as main() got it
 * @argv:    as main() got it; must outlive @ret
 * @ret:     result; release it with kq_options_fini()
 * @message: what is wrong with our options
 *
 * Mistakes in the stock kexec's options are left for it to report.
 *
 * Return: 0; -KQ_ERR_VALUE one of ours is ambiguous, lacks its value or has
 * one it does not take; -KQ_ERR_NOMEM.
 */
int kq_options_parse(int argc, char **argv, struct kq_options *ret,
		     struct kq_message *message);

/**
 * kq_options_fini() - release what kq_options_parse() allocated
 * @options: options, or all zero
 */
void kq_options_fini(struct kq_options *options);

/**
 * kq_options_loads() - do these options load a kernel?
 */
static inline bool kq_options_loads(const struct kq_options *options)
{
	return options->action == KQ_ACTION_LOAD ||
	       options->action == KQ_ACTION_LOAD_CRASH;
}

#endif
