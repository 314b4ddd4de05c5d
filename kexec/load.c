// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "kexec/load.h"

#include <string.h>

#include "kexec/checks.h"
#include "lib/error.h"

/* Stock options that contradict a quiesce image. */
static int check_options(const struct kq_options *options,
			 struct kq_message *message)
{
	if (options->conflict)
		return kq_fail(message, KQ_ERR_NOTSUP,
			       "--%s cannot be combined with quiescing: "
			       "devices that were reset cannot be resumed",
			       options->conflict);
	if (options->type && strcmp(options->type, "Image") != 0)
		return kq_fail(message, KQ_ERR_NOTSUP,
			       "--type=%s cannot be combined with quiescing: "
			       "leave it out",
			       options->type);
	return 0;
}

/* Purgatory is what kexec_load(2) brings along, and nobody else. */
static void warn_unverified(const struct kq_settings *settings,
			    struct kq_load *load)
{
	if (settings->verify == KQ_VERIFY_BY_PURGATORY &&
	    load->syscall == KQ_SYSCALL_FILE)
		kq_warn(&load->image.warnings,
			"verify=purgatory: there is no purgatory with "
			"kexec_file_load (-s), so nothing is verified");
}

static int prepare_image(const struct kq_options *options,
			 const struct kq_settings *settings,
			 struct kq_load *load, struct kq_message *message)
{
	const bool crash = options->action == KQ_ACTION_LOAD_CRASH;
	struct kq_image *image = &load->image;
	const struct kq_image_request request = {
		.settings = settings,
		.kind = crash ? KQ_PLAN_CRASH : KQ_PLAN_ORDERLY,
		.kernel = options->kernel,
		.for_file = options->output != NULL,
		.dtb = options->dtb,
		.plan = options->plan,
	};
	int r;

	r = kq_image_prepare(&request, image, message);
	if (r < 0)
		return r;
	load->own_initrd = image->kernel.initrd.size > 0 && !options->initrd &&
			   !options->reuse_initrd;
	load->own_cmdline = image->kernel.cmdline && !options->cmdline;
	load->no_checks = settings->verify == KQ_VERIFY_BY_STAGE;
	warn_unverified(settings, load);
	if (!crash || options->output)
		return 0;
	return kq_check_crash_memory(
		image->layout.image_size +
			(load->own_initrd ? image->kernel.initrd.size : 0),
		options->initrd, message);
}

/* Unless it is to be wrapped again, a signed image is left as it is. */
static int open_signed(const struct kq_options *options, struct kq_load *load,
		       struct kq_message *message)
{
	int r;

	if (options->output)
		return 0;
	r = kq_signed_image_open(options->kernel, &load->signed_image, message);
	return r == -KQ_ERR_NOTFOUND ? 0 : r;
}

/* Its plan is what it is. A newer or older plan is for its own stage. */
static int check_signed(const struct kq_options *options,
			const struct kq_signed_image *image,
			struct kq_message *message)
{
	const bool crash = options->action == KQ_ACTION_LOAD_CRASH;
	const char *asked = options->plan	      ? "quiesce-plan"
			    : options->settings_count ? options->settings[0].key
						      : NULL;

	if (asked)
		return kq_fail(message, KQ_ERR_NOTSUP,
			       "%s is signed, so what it does is fixed in it: "
			       "leave out --%s, or write it anew with "
			       "quiescectl wrap and sign it again",
			       options->kernel, asked);
	if (image->plan &&
	    image->plan->kind != (crash ? KQ_PLAN_CRASH : KQ_PLAN_ORDERLY))
		return kq_fail(message, KQ_ERR_NOTSUP,
			       "%s is signed and made for kexec %s: write "
			       "another one with quiescectl wrap%s and sign "
			       "that",
			       options->kernel, crash ? "-l" : "-p",
			       crash ? "" : " --orderly");
	if (crash)
		return kq_check_crash_memory(image->image_size,
					     options->initrd, message);
	return 0;
}

/* Cheap checks first: what forbids a load should not take time to say so. */
static int prepare(const struct kq_options *options,
		   const struct kq_settings *settings, struct kq_load *load,
		   struct kq_message *message)
{
	const bool purgatory = settings->verify == KQ_VERIFY_BY_PURGATORY;
	int r;

	r = check_options(options, message);
	if (r < 0)
		return r;
	r = kq_check_machine(message);
	if (r < 0)
		return r;
	r = open_signed(options, load, message);
	if (r < 0)
		return r;
	if (!options->output) {
		r = kq_check_permission(options, &load->signed_image,
					purgatory && !kq_load_is_signed(load),
					&load->syscall, message);
		if (r < 0)
			return r;
	}
	if (kq_load_is_signed(load))
		return check_signed(options, &load->signed_image, message);
	return prepare_image(options, settings, load, message);
}

int kq_load_prepare(const struct kq_options *options,
		    const struct kq_settings *settings, struct kq_load *ret,
		    struct kq_message *message)
{
	struct kq_load load = { .signed_image = KQ_SIGNED_IMAGE_NONE,
				.syscall = options->syscall,
				.initrd = KQ_INITRD_NONE };
	int r;

	r = prepare(options, settings, &load, message);
	if (r < 0) {
		kq_load_fini(&load);
		return r;
	}
	*ret = load;
	return 0;
}

int kq_load_open_initrd(const struct kq_options *options,
			struct kq_load *load, struct kq_message *message)
{
	struct kq_stage_params *params = &load->image.layout.params;
	int r = 0;

	if (load->own_initrd && !options->output)
		r = kq_initrd_extract(&load->image.kernel, &load->initrd,
				      message);
	else if (options->initrd)
		r = kq_initrd_open(options->initrd, &load->initrd, message);
	if (r < 0 || load->initrd.fd < 0 ||
	    !(params->flags & KQ_PARAMS_VERIFY))
		return r;
	return kq_initrd_hash(&load->initrd, params, message);
}

const char *kq_load_syscall_option(const struct kq_load *load,
				   const struct kq_options *options)
{
	if (load->syscall == options->syscall)
		return NULL;
	return load->syscall == KQ_SYSCALL_FILE ? "-s" : "-c";
}

struct kq_stock_load kq_load_stock(const struct kq_load *load,
				   const struct kq_options *options,
				   int image_fd)
{
	return (struct kq_stock_load){
		.image_fd = image_fd,
		.initrd_fd = load->initrd.fd,
		.add_initrd = load->initrd.added,
		.no_checks = load->no_checks,
		.cmdline = load->own_cmdline ? load->image.kernel.cmdline
					     : NULL,
		.syscall_option = kq_load_syscall_option(load, options),
	};
}

void kq_load_fini(struct kq_load *load)
{
	kq_signed_image_close(&load->signed_image);
	kq_image_fini(&load->image);
	kq_initrd_close(&load->initrd);
	*load = (struct kq_load){ .signed_image = KQ_SIGNED_IMAGE_NONE,
				  .initrd = KQ_INITRD_NONE };
}
