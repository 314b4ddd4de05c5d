// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * quiescectl wrap: a quiesce image as a file, for scripts that want the path
 * of a kernel and for those who sign what they load.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/ctl.h"
#include "lib/error.h"
#include "lib/image/image.h"
#include "lib/image/initrd-digest.h"
#include "lib/image/signed.h"
#include "lib/machine.h"
#include "lib/new-file.h"

/* What is read and what is written, once it is known. */
struct job {
	const struct kq_ctl *ctl;
	struct kq_settings settings;
	char kernel[PATH_MAX];
	char out[PATH_MAX];
	bool sign;
};

/* A directory of our own beside the file to write, where it gets signed. */
struct workshop {
	char directory[PATH_MAX];
	char plain[PATH_MAX + 8];
	char finished[PATH_MAX + 8];
};

static int open_workshop(const char *out, struct workshop *ret,
			 struct kq_message *message)
{
	struct workshop shop;

	if (snprintf(shop.directory, sizeof(shop.directory), "%s.XXXXXX",
		     out) >= (int)sizeof(shop.directory))
		errno = ENAMETOOLONG;
	else if (mkdtemp(shop.directory)) {
		snprintf(shop.plain, sizeof(shop.plain), "%s/plain",
			 shop.directory);
		snprintf(shop.finished, sizeof(shop.finished), "%s/signed",
			 shop.directory);
		*ret = shop;
		return 0;
	}
	return kq_fail(message, KQ_ERR_SYSTEM, "cannot write %s: %m", out);
}

static void close_workshop(const struct workshop *shop)
{
	unlink(shop->plain);
	unlink(shop->finished);
	rmdir(shop->directory);
}

/*
 * An interrupt at the terminal ends the command, which may be asking for a
 * passphrase. This process clears up first. As system(3).
 */
static void ignore_interrupts(struct sigaction old[2])
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	sigaction(SIGINT, &ignore, &old[0]);
	sigaction(SIGQUIT, &ignore, &old[1]);
}

static void restore_interrupts(const struct sigaction old[2])
{
	sigaction(SIGINT, &old[0], NULL);
	sigaction(SIGQUIT, &old[1], NULL);
}

/* What it prints belongs to the complaints: hooks want no other output. */
static int run_sign_command(const char *command, const struct workshop *shop,
			    struct kq_message *message)
{
	struct sigaction old[2];
	int status = -1;
	pid_t child;

	ignore_interrupts(old);
	child = fork();
	if (child == 0) {
		restore_interrupts(old);
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execl("/bin/sh", "sh", "-c", command, "wrap-sign-command",
		      shop->plain, shop->finished, (char *)NULL);
		_exit(127);
	}
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	restore_interrupts(old);
	if (child < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return kq_fail(message, KQ_ERR_SYSTEM,
			       "wrap-sign-command failed: %s", command);
	return 0;
}

/* Better here than when it is to be loaded. */
static int check_signed(const struct workshop *shop, struct kq_message *message)
{
	struct kq_signed_image image;
	int r;

	r = kq_signed_image_open(shop->finished, &image, message);
	if (r == -KQ_ERR_NOTFOUND)
		return kq_fail(message, KQ_ERR_NOTFOUND,
			       "wrap-sign-command left no signed image: it "
			       "shall sign the file \"$1\" and write \"$2\"");
	if (r == 0)
		kq_signed_image_close(&image);
	return r;
}

static int write_signed(const struct job *job, struct kq_image *image,
			struct kq_message *message)
{
	struct workshop shop;
	int r;

	if (!job->settings.wrap_sign_command[0])
		return kq_fail(message, KQ_ERR_VALUE,
			       "--sign needs a line `wrap-sign-command = ...` "
			       "in the config file: see docs/signing.md");
	r = open_workshop(job->out, &shop, message);
	if (r < 0)
		return r;
	r = kq_image_write_file(image, shop.plain, message);
	if (r == 0)
		r = run_sign_command(job->settings.wrap_sign_command, &shop,
				     message);
	if (r == 0)
		r = check_signed(&shop, message);
	if (r == 0)
		r = kq_new_file_replace(shop.finished, job->out, message);
	close_workshop(&shop);
	return r;
}

/* The image then knows its initrd: no other one may be loaded with it. */
static int cover_initrd(const char *path, struct kq_stage_params *params,
			struct kq_message *message)
{
	if (!(params->flags & KQ_PARAMS_VERIFY))
		return kq_fail(message, KQ_ERR_VALUE,
			       "--initrd goes with verify=stage only");
	return kq_initrd_digest_path(path, params, message);
}

static int write_image(const struct job *job, struct kq_message *message)
{
	const struct kq_ctl *ctl = job->ctl;
	const struct kq_image_request request = {
		.settings = &job->settings,
		.kind = ctl->orderly ? KQ_PLAN_ORDERLY : KQ_PLAN_CRASH,
		.kernel = job->kernel,
		.dtb = ctl->dtb,
		.pe = ctl->pe || job->sign,
		.for_file = true,
	};
	struct kq_image image;
	int r;

	r = kq_image_prepare(&request, &image, message);
	if (r < 0)
		return r;
	kq_ctl_warn(&image.inventory->warnings);
	kq_ctl_warn(&image.warnings);
	if (ctl->initrd)
		r = cover_initrd(ctl->initrd, &image.layout.params, message);
	if (r == 0)
		r = job->sign ? write_signed(job, &image, message)
			      : kq_image_write_file(&image, job->out, message);
	kq_image_fini(&image);
	return r;
}

/* Every KQ_SETTINGS_RELEASE of the pattern becomes the release. */
static int expand(const char *pattern, const char *release, char ret[PATH_MAX],
		  struct kq_message *message)
{
	const size_t mark = strlen(KQ_SETTINGS_RELEASE);
	size_t used = 0;

	if (!*release || strchr(release, '/'))
		return kq_fail(message, KQ_ERR_VALUE,
			       "'%s' is not the release of a kernel", release);
	while (*pattern) {
		const char *next = strstr(pattern, KQ_SETTINGS_RELEASE);
		size_t length = next ? (size_t)(next - pattern)
				     : strlen(pattern);
		int n = snprintf(ret + used, PATH_MAX - used, "%.*s%s",
				 (int)length, pattern, next ? release : "");

		if (n < 0 || (size_t)n >= PATH_MAX - used)
			return kq_fail(message, KQ_ERR_NOSPACE,
				       "the path that wrap-output gives is "
				       "too long");
		used += (size_t)n;
		pattern += length + (next ? mark : 0);
	}
	return 0;
}

/* An installed kernel's files are where the config file says. */
static int find_installed(struct job *job, struct kq_message *message)
{
	const struct kq_ctl *ctl = job->ctl;

	snprintf(job->kernel, sizeof(job->kernel), "%s%s",
		 ctl->operands[0] ? "" : "/boot/vmlinuz-",
		 ctl->operands[0] ? ctl->operands[0] : ctl->installed);
	job->sign = ctl->sign || job->settings.wrap_sign_command[0];
	return expand(job->settings.wrap_output, ctl->installed, job->out,
		      message);
}

static int remove_image(const struct job *job, struct kq_message *message)
{
	if (unlink(job->out) == 0 || errno == ENOENT)
		return 0;
	return kq_fail(message, KQ_ERR_SYSTEM, "cannot remove %s: %m",
		       job->out);
}

static int check_usage(const struct kq_ctl *ctl, struct kq_message *message)
{
	if (ctl->remove && (!ctl->installed || ctl->operands[0]))
		return kq_fail(message, KQ_ERR_VALUE,
			       "--remove goes with --installed alone");
	if (ctl->installed && ctl->operands[1])
		return kq_fail(message, KQ_ERR_VALUE,
			       "with --installed, the config file says where "
			       "to write: leave out '%s'",
			       ctl->operands[1]);
	if (!ctl->installed && !ctl->operands[1])
		return kq_fail(message, KQ_ERR_VALUE,
			       "wrap needs a kernel and the file to write; "
			       "see 'quiescectl wrap --help'");
	return 0;
}

static int do_job(struct job *job, struct kq_message *message)
{
	const struct kq_ctl *ctl = job->ctl;
	int r;

	r = check_usage(ctl, message);
	if (r == 0)
		r = kq_ctl_settings(ctl, &job->settings, message);
	if (r < 0)
		return r;
	/* Hooks ask for every kernel: nobody may have wanted images. */
	if (ctl->installed && !job->settings.wrap_output[0])
		return 0;
	if (ctl->installed) {
		r = find_installed(job, message);
		if (r < 0)
			return r;
	} else {
		snprintf(job->kernel, sizeof(job->kernel), "%s",
			 ctl->operands[0]);
		snprintf(job->out, sizeof(job->out), "%s", ctl->operands[1]);
		job->sign = ctl->sign;
	}
	if (ctl->remove)
		return remove_image(job, message);
	if (!kq_machine_is_arm64())
		return kq_fail(message, KQ_ERR_NOTSUP,
			       "this machine is not arm64, and an image holds "
			       "the devices of the machine it is written on");
	return write_image(job, message);
}

int kq_ctl_wrap(const struct kq_ctl *ctl)
{
	struct job job = { .ctl = ctl };
	struct kq_message message;

	if (do_job(&job, &message) == 0)
		return KQ_EXIT_OK;
	kq_ctl_complain("%s", message.text);
	return KQ_EXIT_FAILURE;
}
