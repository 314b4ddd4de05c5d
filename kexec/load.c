// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "kexec/load.h"

#include <stdlib.h>
#include <string.h>

#include "kexec/checks.h"
#include "lib/error.h"
#include "lib/machine.h"
#include "lib/plan-build.h"

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

static int build_plan(const struct kq_options *options,
		      const struct kq_settings *settings, struct kq_load *load,
		      struct kq_message *message)
{
	enum kq_plan_kind kind = options->action == KQ_ACTION_LOAD_CRASH
					 ? KQ_PLAN_CRASH
					 : KQ_PLAN_ORDERLY;
	int r;

	r = kq_inventory_collect(kq_machine_root(), &load->inventory, message);
	if (r < 0)
		return r;
	return kq_plan_build(load->inventory, settings, kind, NULL, &load->plan,
			     &load->warnings, message);
}

static int lay_out(const struct kq_options *options, struct kq_load *load,
		   struct kq_message *message)
{
	uint64_t fdt_size;
	int r;

	r = kq_check_fdt_size(options->dtb, &fdt_size, message);
	if (r < 0)
		return r;
	kq_compose_layout(&load->stage, load->plan, fdt_size, &load->kernel,
			  &load->layout);
	if (options->action != KQ_ACTION_LOAD_CRASH || options->output)
		return 0;
	return kq_check_crash_memory(load->layout.image_size, options->initrd,
				     message);
}

/* Cheap checks first: what forbids a load should not take time to say so. */
static int prepare(const struct kq_options *options,
		   const struct kq_settings *settings, struct kq_load *load,
		   struct kq_message *message)
{
	int r;

	r = check_options(options, message);
	if (r < 0)
		return r;
	r = kq_check_machine(message);
	if (r < 0)
		return r;
	if (!options->output) {
		r = kq_check_permission(options, &load->syscall_option,
					message);
		if (r < 0)
			return r;
	}
	r = kq_kernel_file_open(options->kernel, &load->kernel, message);
	if (r < 0)
		return r;
	r = kq_stage_file_open(settings->stage_path, &load->stage, message);
	if (r < 0)
		return r;
	r = build_plan(options, settings, load, message);
	if (r < 0)
		return r;
	return lay_out(options, load, message);
}

int kq_load_prepare(const struct kq_options *options,
		    const struct kq_settings *settings, struct kq_load *ret,
		    struct kq_message *message)
{
	struct kq_load load = { 0 };
	int r;

	r = prepare(options, settings, &load, message);
	if (r < 0) {
		kq_load_fini(&load);
		return r;
	}
	*ret = load;
	return 0;
}

int kq_load_write(const struct kq_load *load, int fd,
		  struct kq_message *message)
{
	return kq_compose_write(fd, &load->layout, &load->stage, load->plan,
				&load->kernel, message);
}

void kq_load_fini(struct kq_load *load)
{
	kq_kernel_file_close(&load->kernel);
	kq_stage_file_close(&load->stage);
	kq_inventory_free(load->inventory);
	kq_warnings_fini(&load->warnings);
	free(load->plan);
	*load = (struct kq_load){ 0 };
}
