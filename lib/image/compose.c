// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "lib/image/compose.h"

#include <endian.h>
#include <string.h>

#include "lib/bits.h"
#include "lib/image/pe.h"
#include "lib/sha256.h"
#include "lib/work-area.h"

#define PLAN_ALIGN 64u
#define WORK_ALIGN 4096u

void kq_compose_layout(const struct kq_stage_file *stage,
		       const struct kq_plan_header *plan, uint64_t fdt_size,
		       const struct kq_kernel_file *kernel,
		       struct kq_layout *ret)
{
	struct kq_stage_params *params = &ret->params;
	uint64_t end;

	*ret = (struct kq_layout){ 0 };
	params->plan_offset = kq_align_up(stage->size, PLAN_ALIGN);
	params->plan_size = le32toh(plan->total_size);
	params->work_offset = kq_align_up(
		params->plan_offset + params->plan_size, WORK_ALIGN);
	params->work_size = kq_stage_work_size(plan, fdt_size);
	end = params->work_offset + params->work_size;
	params->payload_offset =
		kq_align_up(end, KQ_IMAGE_ALIGN) + kernel->info.text_offset;
	ret->image_size = params->payload_offset + kernel->info.image_size;
}

void kq_compose_make_pe(struct kq_layout *layout)
{
	layout->pe = true;
	/*
	 * All of the file is loaded, the signature behind it as well; and the
	 * payload's file may be as large as the memory that it needs.
	 */
	layout->image_size = kq_align_up(layout->image_size, KQ_PE_FILE_ALIGN) +
			     KQ_PE_SIGNATURE_ROOM;
}

/* The last field of the parameters covers all from the head to itself. */
static void hash_stage(uint8_t *data, uint64_t params_offset)
{
	uint64_t end = params_offset +
		       offsetof(struct kq_stage_params, stage_sha256);

	kq_sha256(data + KQ_IMAGE_HEAD_SIZE, end - KQ_IMAGE_HEAD_SIZE,
		  data + end);
}

/* The stage with its Image header and parameters filled in. */
static void fill_stage(uint8_t *data, const struct kq_layout *layout,
		       const struct kq_stage_file *stage,
		       const struct kq_kernel_file *kernel)
{
	const struct kq_stage_params *params = &layout->params;
	struct kq_stage_params filled = {
		.plan_offset = htole64(params->plan_offset),
		.plan_size = htole64(params->plan_size),
		.work_offset = htole64(params->work_offset),
		.work_size = htole64(params->work_size),
		.payload_offset = htole64(params->payload_offset),
		.payload_size = htole64(params->payload_size),
		.initrd_size = htole64(params->initrd_size),
		.flags = htole32(params->flags),
	};
	struct kq_image_header header;

	memcpy(filled.payload_sha256, params->payload_sha256, 32);
	memcpy(filled.initrd_sha256, params->initrd_sha256, 32);
	memcpy(data, stage->data, stage->size);
	memcpy(&header, data, sizeof(header));
	header.text_offset = 0;
	header.image_size = htole64(layout->image_size);
	header.flags = htole64(kernel->info.flags);
	memcpy(data, &header, sizeof(header));
	memcpy(data + stage->params_offset, &filled, sizeof(filled));
	if (params->flags & KQ_PARAMS_VERIFY)
		hash_stage(data, stage->params_offset);
	if (layout->pe)
		kq_pe_fill(data, params->payload_offset, layout->file_size);
}

void kq_compose_set_payload_size(struct kq_layout *layout, uint64_t size)
{
	uint64_t end = layout->params.payload_offset + size;

	layout->params.payload_size = size;
	layout->file_size = layout->pe ? kq_align_up(end, KQ_PE_FILE_ALIGN)
				       : end;
}

void kq_compose_front(const struct kq_layout *layout,
		      const struct kq_stage_file *stage,
		      const struct kq_plan_header *plan,
		      const struct kq_kernel_file *kernel, uint8_t *front)
{
	const struct kq_stage_params *params = &layout->params;

	memcpy(front + params->plan_offset, plan, params->plan_size);
	fill_stage(front, layout, stage, kernel);
}
