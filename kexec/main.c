// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kexec, the front end: takes every option of the stock kexec and ours. With
 * one of ours a load becomes the load of a quiesce image; everything else is
 * the stock kexec's, which this process becomes, or runs and ends as.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kexec/describe.h"
#include "kexec/load.h"
#include "kexec/options.h"
#include "kexec/passed.h"
#include "kexec/remember.h"
#include "kexec/run.h"
#include "lib/error.h"
#include "lib/machine.h"
#include "lib/message.h"
#include "lib/plan-region-write.h"
#include "lib/settings.h"

/* Stock prints errors as "kexec: ..."; this tells whose error it is. */
#define PROGRAM		"kexec-quiesce"

#define LOCK_TIMEOUT_MS 60000u

/*
 * A broken config file stops a load that might be meant to be quiesced, but
 * not `kexec -e` or `kexec -u`, which need no more of it than the line that
 * says where the stock kexec is.
 */
static int read_settings(const struct kq_options *options,
			 struct kq_settings *settings,
			 struct kq_message *message)
{
	int r;

	kq_settings_init(settings);
	r = kq_settings_load(settings, message);
	if (r < 0 && kq_options_loads(options))
		return r;
	if (r < 0)
		fprintf(stderr, PROGRAM ": %s, ignoring\n", message->text);
	return kq_settings_apply(settings, options->settings,
				 options->settings_count, message);
}

static bool wants_quiescing(const struct kq_options *options,
			    const struct kq_settings *settings)
{
	bool asked = options->settings_count || options->dry_run ||
		     options->output || options->plan;

	if (!kq_options_loads(options))
		return false;
	/* What the config file merely suggests gives way to such a load. */
	return asked || (settings->enabled && !options->conflict);
}

static int check_use(const struct kq_options *options,
		     struct kq_message *message)
{
	const char *name = options->dry_run  ? "--quiesce-dry-run"
			   : options->output ? "--quiesce-output"
			   : options->plan   ? "--quiesce-plan"
					     : NULL;

	if (name && !kq_options_loads(options))
		return kq_fail(message, KQ_ERR_VALUE,
			       "%s goes with loading a kernel only: -l or -p",
			       name);
	if (name && !options->kernel)
		return kq_fail(message, KQ_ERR_VALUE, "%s needs a kernel file",
			       name);
	return 0;
}

static void print_warnings(const struct kq_warnings *warnings)
{
	for (size_t i = 0; i < warnings->count; i++)
		fprintf(stderr, PROGRAM ": warning: %s\n", warnings->text[i]);
}

/* Loads wait for each other; one that takes that long is stuck. */
static int lock_loads(void)
{
	int fd = kq_record_lock(kq_machine_root(), LOCK_TIMEOUT_MS);

	if (fd == -KQ_ERR_TIMEOUT)
		fprintf(stderr, PROGRAM ": warning: another load has been at "
					"work for a minute, not waiting\n");
	return fd;
}

/* The ids of a signed image are the same at every boot: what an earlier boot
 * left in the plan region would look like an update of it. */
static void forget_updates(const struct kq_load *load)
{
	const struct kq_plan_header *plan = load->signed_image.plan;
	struct kq_message message;

	if (plan && plan->region_size &&
	    kq_plan_region_clear_at(plan->region_base, plan->region_size,
				    &message) < 0)
		fprintf(stderr,
			PROGRAM ": warning: an update of this image's plan "
				"by an earlier boot would still count: %s\n",
			message.text);
}

/* One quiesced load. */
struct job {
	const struct kq_options *options;
	const struct kq_settings *settings;
	struct kq_load load;
	struct kq_record record;
	struct kq_outcome *outcome; /* of the stock kexec */
};

/* @fuse: where the image is read from, or NULL: it is a file of its own. */
static int load_stock(struct job *job, int image_fd, struct kq_fuse *fuse,
		      struct kq_message *message)
{
	const struct kq_options *options = job->options;
	struct kq_stock_load stock =
		kq_load_stock(&job->load, options, image_fd);
	int lock = lock_loads();
	int r;

	stock.fuse = fuse;
	forget_updates(&job->load);
	r = kq_run_child(job->settings->kexec_path, options, &stock,
			 job->outcome, message);
	/* A plan of another version is nothing to compare a machine with. */
	if (r == 0 && !kq_load_plan(&job->load))
		kq_remember_other(options, job->outcome);
	else if (r == 0)
		kq_remember_load(&job->record, options, job->settings,
				 &job->load, job->outcome);
	if (lock >= 0)
		close(lock);
	return r;
}

static bool succeeded(const struct job *job)
{
	return job->outcome->status == 0;
}

static int hand_over(struct job *job, int image_fd, struct kq_fuse *fuse,
		     struct kq_message *message)
{
	int r = load_stock(job, image_fd, fuse, message);

	if (r == 0 && succeeded(job) && kq_initrd_changed(&job->load.initrd))
		return kq_fail(
			message, KQ_ERR_SYSTEM,
			"the initrd was written to while it was loaded, "
			"so it is not what will be verified: load again");
	return r;
}

/* A file in memory that nobody can change, nor keep from being read. */
static int run_from_memfd(struct job *job, struct kq_message *message)
{
	struct kq_image *image = &job->load.image;
	int fd, r;

	fd = kq_passed_memfd(message);
	if (fd < 0)
		return fd;
	r = kq_image_write(image, fd, message);
	kq_kernel_file_forget(&image->kernel);
	if (r == 0)
		r = kq_passed_seal(fd, message);
	if (r == 0)
		r = hand_over(job, fd, NULL, message);
	close(fd);
	return r;
}

/* The stock kexec can only say that it cannot read the file. */
static int run_served(struct job *job, struct kq_fuse *fuse,
		      struct kq_message *message)
{
	int r = hand_over(job, fuse->file_fd, fuse, message);

	if (r == 0 && !succeeded(job) && fuse->error.text[0])
		return kq_fail(message, KQ_ERR_SYSTEM, "%s", fuse->error.text);
	return r;
}

static int run_load(struct job *job, struct kq_message *message)
{
	const struct kq_options *options = job->options;
	struct kq_fuse fuse;
	int r;

	r = kq_load_open_initrd(options, &job->load, message);
	if (r == 0)
		r = kq_image_compose(&job->load.image, message);
	if (r < 0)
		return r;
	if (options->dry_run) {
		kq_describe_load(stdout, options, job->settings, &job->load);
		return 0;
	}
	/* kexec_file_load(2) drops the loaded kernel, then reads the file. */
	if (job->load.syscall != KQ_SYSCALL_LOAD)
		return run_from_memfd(job, message);
	if (kq_fuse_open(&job->load.image, &fuse, message) < 0) {
		if (options->debug)
			fprintf(stderr, PROGRAM ": %s: copying the image\n",
				message->text);
		return run_from_memfd(job, message);
	}
	r = run_served(job, &fuse, message);
	kq_fuse_close(&fuse);
	return r;
}

/* As the file it is: IMA finds its signature there, and nowhere else. */
static int run_signed(struct job *job, struct kq_message *message)
{
	int fd, r;

	if (job->options->dry_run) {
		kq_describe_load(stdout, job->options, job->settings,
				 &job->load);
		return 0;
	}
	fd = kq_passed_copy(job->load.signed_image.fd, message);
	if (fd < 0)
		return fd;
	r = hand_over(job, fd, NULL, message);
	close(fd);
	return r;
}

static int write_output(struct job *job, struct kq_message *message)
{
	int r = kq_load_open_initrd(job->options, &job->load, message);

	if (r < 0)
		return r;
	return kq_image_write_file(&job->load.image, job->options->output,
				   message);
}

static void tell_about(const struct job *job)
{
	const struct kq_image *image = &job->load.image;

	if (image->inventory)
		print_warnings(&image->inventory->warnings);
	print_warnings(&image->warnings);
	if (!job->options->debug)
		return;
	fputs(PROGRAM ": ", stderr);
	kq_describe_summary(stderr, &job->load);
	fputc('\n', stderr);
}

static int quiesced_load(const struct kq_options *options,
			 const struct kq_settings *settings,
			 struct kq_outcome *outcome, struct kq_message *message)
{
	struct job job = { .options = options,
			   .settings = settings,
			   .outcome = outcome };
	int r;

	kq_remember_files(options, &job.record);
	r = kq_load_prepare(options, settings, &job.load, message);
	if (r < 0)
		return r;
	tell_about(&job);
	if (kq_load_is_signed(&job.load))
		r = run_signed(&job, message);
	else if (options->output && !options->dry_run)
		r = write_output(&job, message);
	else
		r = run_load(&job, message);
	kq_load_fini(&job.load);
	return r;
}

/* --help and --version: ours, then the stock kexec's if it is there. */
static int tell(const struct kq_options *options,
		const struct kq_settings *settings)
{
	struct kq_message message;

	if (options->action == KQ_ACTION_HELP)
		kq_describe_help(stdout);
	else
		puts(PACKAGE_STRING);
	fflush(stdout);
	kq_run_become(settings->kexec_path, options, &message);
	fprintf(stderr, PROGRAM ": %s\n", message.text);
	return 0;
}

/* What is no quiesced load; one that replaces such a load is noted. */
static int plain_run(const struct kq_options *options,
		     const struct kq_settings *settings,
		     struct kq_outcome *outcome, struct kq_message *message)
{
	int lock, r;

	if (!kq_options_loads(options) && options->action != KQ_ACTION_UNLOAD)
		return kq_run_become(settings->kexec_path, options, message);
	lock = lock_loads();
	r = kq_run_child(settings->kexec_path, options, NULL, outcome, message);
	if (r == 0)
		kq_remember_other(options, outcome);
	if (lock >= 0)
		close(lock);
	return r;
}

static int run(const struct kq_options *options, struct kq_outcome *outcome,
	       struct kq_message *message)
{
	struct kq_settings settings;
	int r;

	r = check_use(options, message);
	if (r < 0)
		return r;
	r = read_settings(options, &settings, message);
	if (r < 0)
		return r;
	if (options->action == KQ_ACTION_HELP ||
	    options->action == KQ_ACTION_VERSION)
		return tell(options, &settings);
	/* Without a kernel there is only stock's usage message to be had. */
	if (options->kernel && wants_quiescing(options, &settings))
		return quiesced_load(options, &settings, outcome, message);
	return plain_run(options, &settings, outcome, message);
}

int main(int argc, char **argv)
{
	struct kq_outcome outcome = { .status = 0 };
	struct kq_options options;
	struct kq_message message;
	int r;

	r = kq_options_parse(argc, argv, &options, &message);
	if (r == 0) {
		r = run(&options, &outcome, &message);
		kq_options_fini(&options);
	}
	if (r == 0)
		return kq_child_end(outcome.status);
	fprintf(stderr, PROGRAM ": %s\n", message.text);
	return EXIT_FAILURE;
}
