/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What quiescectl's verbs share: the options as given. */
#ifndef KQ_CTL_H
#define KQ_CTL_H

#include <stdbool.h>
#include <stdio.h>

#include "lib/message.h"
#include "lib/settings.h"

/* Exit statuses, as docs/quiescectl.8 promises them. */
#define KQ_EXIT_OK	  0
#define KQ_EXIT_FAILURE	  1 /* an error, or doctor found work to do */
#define KQ_EXIT_NO_REPORT 2 /* no report, or none of this boot */

/* Most operands that a verb takes. */
#define KQ_CTL_OPERANDS 2

struct kq_ctl {
	bool json;
	bool verbose;
	bool offenders; /* report: only who was still at work */
	bool loaded; /* plan: of the crash kernel that is loaded */
	bool orderly; /* plan: kexec -l instead of a crash */
	const char *root; /* "" or a captured machine's tree */
	bool pe; /* wrap: with PE headers, for a signature */
	bool sign; /* wrap: by the command of the config file */
	const char *installed; /* wrap: release of a kernel, for hooks */
	bool remove; /* wrap: the image of that kernel */
	const char *initrd; /* wrap: to verify with the kernel; NULL: none */
	const char *dtb; /* wrap: the next kernel's device tree; NULL: ours */
	const char *operands[KQ_CTL_OPERANDS]; /* behind the verb, or NULL */
	bool list; /* report: those that were kept */
	bool collect; /* report: keep and log it */
	const char *format; /* report: NULL or a word */
	const char *output; /* report: the file to write, or NULL */
	const char *store; /* report: where reports are kept */
	struct kq_setting *settings; /* in the order they were given */
	size_t setting_count;
	FILE *out;
};

/* Each prints to @ctl->out, complains to stderr, returns an exit status. */
int kq_ctl_list(const struct kq_ctl *ctl);
int kq_ctl_plan(const struct kq_ctl *ctl);
int kq_ctl_report(const struct kq_ctl *ctl);
int kq_ctl_doctor(const struct kq_ctl *ctl);
int kq_ctl_wrap(const struct kq_ctl *ctl);
int kq_ctl_status(const struct kq_ctl *ctl);
int kq_ctl_refresh(const struct kq_ctl *ctl);
int kq_ctl_monitor(const struct kq_ctl *ctl); /* ends by a signal */

/**
 * kq_ctl_main() - the whole program
 * @argc: as of main()
 * @argv: as of main()
 * @out:  where results go
 *
 * Return: the exit status.
 */
int kq_ctl_main(int argc, char *argv[], FILE *out);

/**
 * kq_ctl_settings() - config file, then the command line on top of it
 * @ctl:      the options
 * @settings: result
 * @message:  why it failed
 *
 * Return: 0 or as kq_settings_set() and kq_settings_load().
 */
int kq_ctl_settings(const struct kq_ctl *ctl, struct kq_settings *settings,
		    struct kq_message *message);

/* One line on stderr with the program's name in front. */
void kq_ctl_complain(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* The warnings, one line each, on stderr. */
void kq_ctl_warn(const struct kq_warnings *warnings);

#endif
