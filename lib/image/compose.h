/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stage + plan + work area + kernel = quiesce image (lib/stage-image.h). */
#ifndef KQ_IMAGE_COMPOSE_H
#define KQ_IMAGE_COMPOSE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/image/kernel-file.h"
#include "lib/message.h"
#include "lib/plan.h"
#include "lib/image/stage-file.h"
#include "lib/stage-image.h"

struct kq_layout {
	struct kq_stage_params params; /* where each part lies */
	uint64_t file_size; /* bytes of the image's file, when it is written */
	uint64_t image_size; /* memory it needs: image header */
	bool pe; /* with PE headers, for a signature */
};

/**
 * kq_compose_layout() - say where the parts of a quiesce image go
 * @stage:    the stage
 * @plan:     a plan that kq_plan_check() accepts
 * @fdt_size: bytes of the device tree the next kernel will get
 * @kernel:   the payload
 * @ret:      result
 *
 * The payload is never at the image's start: what the stage keeps must lie
 * below the memory that the next kernel takes for itself.
 */
void kq_compose_layout(const struct kq_stage_file *stage,
		       const struct kq_plan_header *plan, uint64_t fdt_size,
		       const struct kq_kernel_file *kernel,
		       struct kq_layout *ret);

/**
 * kq_compose_make_pe() - lay an image out as a PE file that can be signed
 * @layout: from kq_compose_layout()
 */
void kq_compose_make_pe(struct kq_layout *layout);

/**
 * kq_compose_write() - write a quiesce image
 * @fd:      empty regular file or memfd, open for reading and writing
 * @layout:  from kq_compose_layout() with the same stage, plan and kernel;
 *           gets the payload's size, which is known only now
 * @kernel:  the payload, read and checked here
 * @message: why it failed
 *
 * With KQ_PARAMS_VERIFY in the layout, the digests of payload and stage are
 * filled in; that of an initrd is the caller's.
 *
 * The payload comes first: what depends on it, such as its size, stands in
 * the stage's parameters, which come last. Leaves holes where the image is
 * zero before the payload.
 *
 * Return: 0; -KQ_ERR_SYSTEM; -KQ_ERR_NOMEM; or as kq_kernel_file_read().
 */
int kq_compose_write(int fd, struct kq_layout *layout,
		     const struct kq_stage_file *stage,
		     const struct kq_plan_header *plan,
		     struct kq_kernel_file *kernel, struct kq_message *message);

#endif
