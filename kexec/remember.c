// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "kexec/remember.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/kernel.h"
#include "lib/machine.h"

static enum kq_plan_kind kind_of(const struct kq_options *options)
{
	return options->crash ? KQ_PLAN_CRASH : KQ_PLAN_ORDERLY;
}

static bool succeeded(const struct kq_outcome *outcome)
{
	return outcome->status == 0;
}

void kq_remember_files(const struct kq_options *options,
		       struct kq_record *record)
{
	*record = (struct kq_record){ 0 };
	/* One that is not there is refused by whoever reads it. */
	(void)kq_record_stat(NULL, options->kernel, &record->kernel);
	(void)kq_record_stat(NULL, options->initrd, &record->initrd);
}

/* What loads the kernel without the stage: the stock kexec's command line. */
static const char **plain_load(const struct kq_options *options,
			       const struct kq_settings *settings,
			       const struct kq_load *load)
{
	const char *syscall_option = kq_load_syscall_option(load, options);
	const size_t count = (size_t)options->stock_argc + 2;
	const char **argv = calloc(count, sizeof(*argv));
	const char **next = argv;

	if (!argv)
		return NULL;
	*next++ = settings->kexec_path;
	for (int i = 1; i <= options->stock_argc; i++) {
		if (i == options->last_index && syscall_option)
			*next++ = syscall_option;
		*next++ = options->stock_argv[i];
	}
	return argv;
}

static int write_record(struct kq_record *record,
			const struct kq_options *options,
			const struct kq_settings *settings,
			const struct kq_load *load, struct kq_message *message)
{
	const char **stock_argv = plain_load(options, settings, load);
	char cwd[PATH_MAX];
	int r;

	if (!stock_argv)
		return kq_fail(message, KQ_ERR_NOMEM, "out of memory");
	record->cwd = getcwd(cwd, sizeof(cwd)) ? cwd : "/";
	record->argv = (const char *const *)options->argv;
	record->stock_argv = stock_argv;
	record->config = secure_getenv("KEXEC_QUIESCE_CONF");
	record->settings = options->settings;
	record->setting_count = options->settings_count;
	record->fixed = kq_load_is_signed(load);
	record->plan = kq_load_plan(load);
	r = kq_record_write(kq_machine_root(), record, message);
	free(stock_argv);
	return r;
}

void kq_remember_load(struct kq_record *record,
		      const struct kq_options *options,
		      const struct kq_settings *settings,
		      const struct kq_load *load,
		      const struct kq_outcome *outcome)
{
	struct kq_message message;
	bool loaded = false;

	if (!succeeded(outcome))
		return;
	record->gap_us = outcome->gap_us;
	if (kq_kernel_loaded(kq_machine_root(), options->crash, &loaded) == 0 &&
	    !loaded)
		kq_fail(&message, KQ_ERR_SYSTEM,
			"the kernel says that nothing is loaded");
	else if (write_record(record, options, settings, load, &message) == 0)
		return;
	/* Better none than that of an earlier load. */
	kq_record_remove(kq_machine_root(), kind_of(options));
	fprintf(stderr,
		"kexec-quiesce: warning: the load was not recorded, so "
		"quiesced cannot keep it up to date: %s\n",
		message.text);
}

void kq_remember_other(const struct kq_options *options,
		       const struct kq_outcome *outcome)
{
	if (succeeded(outcome))
		kq_record_remove(kq_machine_root(), kind_of(options));
}
