// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "lib/image/image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/image/fdt-size.h"
#include "lib/inventory/sysfs.h"
#include "lib/machine.h"
#include "lib/new-file.h"
#include "lib/plan-build.h"

#define WRITE_PIECE (1u << 20)

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

int kq_image_compose(struct kq_image *image, struct kq_message *message)
{
	struct kq_layout *layout = &image->layout;
	struct kq_stage_params *params = &layout->params;
	const bool verify = params->flags & KQ_PARAMS_VERIFY;
	int r;

	r = kq_kernel_file_load(&image->kernel,
				verify ? params->payload_sha256 : NULL,
				message);
	if (r < 0)
		return r;
	image->front = calloc(1, kq_compose_front_size(layout));
	if (!image->front)
		return kq_fail(message, KQ_ERR_NOMEM, "out of memory");
	kq_compose_set_payload_size(layout, image->kernel.size);
	kq_compose_front(layout, &image->stage, image->plan, &image->kernel,
			 image->front);
	return 0;
}

/* Two stretches of the same image: where they meet. */
struct overlap {
	uint64_t start, size;
};

static struct overlap overlap(uint64_t a, uint64_t a_size, uint64_t b,
			      uint64_t b_size)
{
	uint64_t start = a > b ? a : b;
	uint64_t end = a + a_size < b + b_size ? a + a_size : b + b_size;

	return (struct overlap){ start, end > start ? end - start : 0 };
}

int kq_image_read(const struct kq_image *image, void *data, size_t size,
		  uint64_t offset, struct kq_message *message)
{
	const struct kq_stage_params *params = &image->layout.params;
	const struct overlap front = overlap(
		offset, size, 0, kq_compose_front_size(&image->layout));
	const struct overlap payload = overlap(
		offset, size, params->payload_offset, params->payload_size);
	uint8_t *to = data;

	if (front.size + payload.size < size)
		memset(to, 0, size);
	if (front.size)
		memcpy(to + (front.start - offset), image->front + front.start,
		       front.size);
	if (!payload.size)
		return 0;
	return kq_kernel_file_read(&image->kernel,
				   to + (payload.start - offset), payload.size,
				   payload.start - params->payload_offset,
				   message);
}

static int fail_write(struct kq_message *message)
{
	return kq_fail(message, KQ_ERR_SYSTEM,
		       "cannot write the quiesce image: %m");
}

/* Copy a stretch of the image. */
static int write_stretch(const struct kq_image *image, int fd, uint64_t offset,
			 uint64_t size, struct kq_message *message)
{
	static uint8_t buffer[WRITE_PIECE];
	size_t piece;
	int r = 0;

	if (lseek(fd, (off_t)offset, SEEK_SET) < 0)
		return fail_write(message);
	for (; r == 0 && size > 0; size -= piece, offset += piece) {
		piece = size < sizeof(buffer) ? size : sizeof(buffer);
		r = kq_image_read(image, buffer, piece, offset, message);
		if (r == 0 && !kq_write_all(fd, buffer, piece))
			r = fail_write(message);
	}
	return r;
}

int kq_image_write(const struct kq_image *image, int fd,
		   struct kq_message *message)
{
	const struct kq_layout *layout = &image->layout;
	int r;

	r = write_stretch(image, fd, 0, kq_compose_front_size(layout),
			  message);
	if (r == 0)
		r = write_stretch(image, fd, layout->params.payload_offset,
				  layout->params.payload_size, message);
	if (r == 0 && ftruncate(fd, (off_t)layout->file_size) < 0)
		r = fail_write(message);
	return r;
}

int kq_image_write_file(struct kq_image *image, const char *path,
			struct kq_message *message)
{
	struct kq_new_file file;
	int r;

	r = kq_image_compose(image, message);
	if (r < 0)
		return r;
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
	free(image->front);
	*image = (struct kq_image){ 0 };
}
