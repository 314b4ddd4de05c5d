// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "lib/image/image.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/error.h"
#include "lib/image/fdt-size.h"
#include "lib/inventory/sysfs.h"
#include "lib/machine.h"
#include "lib/new-file.h"
#include "lib/plan-build.h"

static void warn_left_out(const struct kq_kernel_file *kernel,
			  struct kq_warnings *warnings)
{
	if (kernel->initrd.size > 0 || kernel->cmdline)
		kq_warn(warnings,
			"of %s the file gets the kernel only: give initrd and "
			"command line when it is loaded",
			kernel->path);
}

static int build_plan(const struct kq_image_request *request,
		      struct kq_image *image, struct kq_message *message)
{
	int r = kq_inventory_collect(kq_machine_root(), &image->inventory,
				     message);

	if (r < 0)
		return r;
	return kq_plan_build(image->inventory, request->settings, request->kind,
			     NULL, &image->plan, &image->warnings, message);
}

static int read_plan(const struct kq_image_request *request,
		     struct kq_image *image, struct kq_message *message)
{
	void *content;
	size_t size;
	int r = kq_sysfs_read("", request->plan, &content, &size);

	if (r < 0) {
		errno = -r;
		return kq_fail(message, KQ_ERR_SYSTEM,
			       "cannot read the plan %s: %m", request->plan);
	}
	image->plan = content;
	r = kq_plan_check(content, size);
	if (r < 0)
		return kq_fail(message, -r, "the plan %s cannot be used: %s",
			       request->plan, kq_strerror(r));
	if (image->plan->kind != request->kind)
		return kq_fail(message, KQ_ERR_VALUE,
			       "the plan %s is for another kind of kexec: a "
			       "crash's goes with -p, an orderly one's with -l",
			       request->plan);
	return kq_plan_renew(image->plan, message);
}

static int prepare(const struct kq_image_request *request,
		   struct kq_image *image, struct kq_message *message)
{
	uint64_t fdt_size;
	int r;

	r = kq_kernel_file_open(request->kernel, &image->kernel, message);
	if (r < 0)
		return r;
	r = kq_stage_file_open(request->settings->stage_path, &image->stage,
			       message);
	if (r < 0)
		return r;
	if (request->plan)
		r = read_plan(request, image, message);
	else
		r = build_plan(request, image, message);
	if (r < 0)
		return r;
	r = kq_image_fdt_size(request->dtb, &fdt_size, message);
	if (r < 0)
		return r;
	if (request->for_file)
		warn_left_out(&image->kernel, &image->warnings);
	kq_compose_layout(&image->stage, image->plan, fdt_size, &image->kernel,
			  &image->layout);
	if (request->settings->verify == KQ_VERIFY_BY_STAGE)
		image->layout.params.flags = KQ_PARAMS_VERIFY;
	if (request->pe)
		kq_compose_make_pe(&image->layout);
	return 0;
}

int kq_image_prepare(const struct kq_image_request *request,
		     struct kq_image *ret, struct kq_message *message)
{
	struct kq_image image = { 0 };
	int r;

	r = prepare(request, &image, message);
	if (r < 0) {
		kq_image_fini(&image);
		return r;
	}
	*ret = image;
	return 0;
}

int kq_image_write(struct kq_image *image, int fd, struct kq_message *message)
{
	return kq_compose_write(fd, &image->layout, &image->stage, image->plan,
				&image->kernel, message);
}

int kq_image_write_file(struct kq_image *image, const char *path,
			struct kq_message *message)
{
	struct kq_new_file file;
	int r;

	r = kq_new_file_create(path, &file, message);
	if (r < 0)
		return r;
	r = kq_image_write(image, file.fd, message);
	if (r == 0)
		r = kq_new_file_commit(&file, message);
	kq_new_file_fini(&file);
	return r;
}

void kq_image_fini(struct kq_image *image)
{
	kq_kernel_file_close(&image->kernel);
	kq_stage_file_close(&image->stage);
	kq_inventory_free(image->inventory);
	kq_warnings_fini(&image->warnings);
	free(image->plan);
	*image = (struct kq_image){ 0 };
}
