/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stage + plan + work area + kernel = quiesce image (lib/stage-image.h). */
#ifndef KQ_IMAGE_COMPOSE_H
#define KQ_IMAGE_COMPOSE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/image/kernel-file.h"
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
 * kq_compose_set_payload_size() - say how large the payload's file is
 * @layout: from kq_compose_layout(); its file_size is known now
 * @size:   bytes, at most the memory it needs
 */
void kq_compose_set_payload_size(struct kq_layout *layout, uint64_t size);

/**
 * kq_compose_front_size() - bytes of an image up to the end of its plan
 *
 * What follows is zero, up to the payload.
 */
static inline uint64_t kq_compose_front_size(const struct kq_layout *layout)
{
	return layout->params.plan_offset + layout->params.plan_size;
}

/**
 * kq_compose_front() - compose the front of a quiesce image: stage and plan
 * @layout: with the payload's size, and the digests of payload and initrd if
 *          KQ_PARAMS_VERIFY is set; that of the stage is filled in here
 * @front:  kq_compose_front_size() bytes, all zero
 */
void kq_compose_front(const struct kq_layout *layout,
		      const struct kq_stage_file *stage,
		      const struct kq_plan_header *plan,
		      const struct kq_kernel_file *kernel, uint8_t *front);

#endif
