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
	uint8_t *front; /* stage and plan; NULL before kq_image_compose() */
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
 * kq_image_compose() - read and check the kernel, fill in what depends on it
 * @image:   from kq_image_prepare(), with the initrd's digest if there is to
 *           be one; has a file's size and content now
 * @message: why it failed
 *
 * A kernel that is not compressed is not copied: it is read from its file
 * whenever the image is read.
 *
 * Return: 0 or -enum kq_err.
 */
int kq_image_compose(struct kq_image *image, struct kq_message *message);

/**
 * kq_image_read() - read a part of the quiesce image
 * @image:   from kq_image_compose()
 * @data:    room for @size bytes
 * @size:    bytes from @offset on, within layout.file_size
 * @message: why the kernel cannot be read
 *
 * Return: 0 or as kq_kernel_file_read().
 */
int kq_image_read(const struct kq_image *image, void *data, size_t size,
		  uint64_t offset, struct kq_message *message);

/**
 * kq_image_write() - write the quiesce image
 * @image:   from kq_image_compose()
 * @fd:      empty regular file or memfd, open for writing
 * @message: why it failed
 *
 * Leaves holes where the image is zero, and @fd's offset anywhere.
 *
 * Return: 0 or -enum kq_err.
 */
int kq_image_write(const struct kq_image *image, int fd,
		   struct kq_message *message);

/**
 * kq_image_write_file() - compose, and write to a file, at once or not
 * @image: from kq_image_prepare()
 * @path:  a new name or that of a regular file
 *
 * Return: 0 or -enum kq_err.
 */
int kq_image_write_file(struct kq_image *image, const char *path,
			struct kq_message *message);

/**
 * kq_image_fini() - release an image; all zero is fine
 */
void kq_image_fini(struct kq_image *image);

#endif
