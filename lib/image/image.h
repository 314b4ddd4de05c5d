/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One quiesce image: everything read and planned before it is written. */
#ifndef KQ_IMAGE_IMAGE_H
#define KQ_IMAGE_IMAGE_H

#include <stdbool.h>

#include "lib/image/compose.h"
#include "lib/inventory/inventory.h"
#include "lib/settings.h"

struct kq_image_request {
	const struct kq_settings *settings;
	enum kq_plan_kind kind;
	const char *kernel; /* path of the kernel file */
	bool for_file; /* not loaded now, but by others, and more than once */
	const char *dtb; /* device tree the next kernel gets; NULL: ours */
	const char *plan; /* file with the plan to use; NULL: build one */
	bool pe; /* with PE headers, for a signature */
};

struct kq_image {
	struct kq_stage_file stage;
	struct kq_kernel_file kernel;
	struct kq_inventory *inventory; /* NULL with a plan from a file */
	struct kq_plan_header *plan;
	struct kq_layout layout;
	struct kq_warnings warnings; /* beside the inventory's */
};

/**
 * kq_image_handles_smmu() - does the stage bring such an SMMU into a state?
 */
static inline bool kq_image_handles_smmu(const struct kq_plan_smmu *smmu)
{
	return smmu->type != KQ_SMMU_OTHER;
}

/**
 * kq_image_prepare() - look at the kernel, plan and lay out; change nothing
 * @request: what it shall be
 * @ret:     result; release it with kq_image_fini()
 * @message: why it cannot be done
 *
 * Return: 0 or -enum kq_err.
 */
int kq_image_prepare(const struct kq_image_request *request,
		     struct kq_image *ret, struct kq_message *message);

/**
 * kq_image_write() - write the quiesce image
 * @image:   from kq_image_prepare(); its kernel and layout get the sizes that
 *           are known only now
 * @fd:      empty regular file or memfd, open for reading and writing
 * @message: why it failed: the kernel is read and checked as a whole here
 *
 * Return: 0 or -enum kq_err.
 */
int kq_image_write(struct kq_image *image, int fd, struct kq_message *message);

/**
 * kq_image_write_file() - write the quiesce image to a file, at once or not
 * @path: a new name or that of a regular file
 *
 * Return: 0 or -enum kq_err, as kq_image_write().
 */
int kq_image_write_file(struct kq_image *image, const char *path,
			struct kq_message *message);

/**
 * kq_image_fini() - release an image; all zero is fine
 */
void kq_image_fini(struct kq_image *image);

#endif
