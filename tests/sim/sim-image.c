// SPDX-License-Identifier: GPL-2.0-or-later
/* The quiesce image in memory, for the stage to verify. */
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "lib/sha256.h"
#include "purgatory/verify.h"
#include "tests/sim/sim.h"

static void digest(const void *data, size_t size, uint8_t result[32])
{
	struct kq_sha256 sha;

	kq_sha256_init(&sha);
	kq_sha256_update(&sha, data, size);
	kq_sha256_final(&sha, result);
}

void sim_image_seal(struct sim_image *image)
{
	struct kq_stage_params *params = &image->params;
	const uint8_t *code = (const uint8_t *)image + KQ_IMAGE_HEAD_SIZE;

	params->payload_offset = offsetof(struct sim_image, payload);
	params->payload_size = sizeof(image->payload);
	params->initrd_size = sizeof(image->initrd);
	params->flags = KQ_PARAMS_VERIFY | KQ_PARAMS_INITRD;
	digest(image->payload, sizeof(image->payload), params->payload_sha256);
	digest(image->initrd, sizeof(image->initrd), params->initrd_sha256);
	digest(code, (size_t)(params->stage_sha256 - code),
	       params->stage_sha256);
	image->fdt_start = (uint64_t)image->initrd;
	image->fdt_end = image->fdt_start + sizeof(image->initrd);
}

struct sim_image *sim_image_new(void)
{
	struct sim_image *image = calloc(1, sizeof(*image));

	if (!image)
		abort();
	memset(image->code, 0x5a, sizeof(image->code));
	memset(image->payload, 0xa5, sizeof(image->payload));
	memset(image->initrd, 0x3c, sizeof(image->initrd));
	sim_image_seal(image);
	return image;
}

void sim_image_describe(const struct sim_image *image, void *fdt)
{
	int node = fdt_path_offset(fdt, "/chosen");

	if (image->fdt_end && (fdt_setprop_u64(fdt, node, "linux,initrd-start",
					       image->fdt_start) < 0 ||
			       fdt_setprop_u64(fdt, node, "linux,initrd-end",
					       image->fdt_end) < 0))
		abort();
}

/* Nobody may write to what is being verified. */
static void check_quiet(struct sim *sim)
{
	sim_dma_settle(sim);
	for (size_t i = 0; i < sim->function_count; i++) {
		const struct sim_function *fn = sim->functions[i];

		if (fn->dma_state == SIM_DMA_TRANSLATED ||
		    fn->dma_state == SIM_DMA_RAW)
			sim_violate(sim, "%04x writes while memory is hashed",
				    fn->last_rid);
	}
}

int kq_io_hash(struct kq_io *io, struct kq_hash *hash)
{
	struct sim_image *image = sim_current->image;

	image->hash_count++;
	image->hash_us = sim_now_us(sim_current);
	check_quiet(sim_current);
	hash->flags = KQ_VERIFY_CACHED;
	if (image->aborts) {
		hash->fault_esr = 0x96000010;
		return -KQ_ERR_UNREACHABLE;
	}
	sim_pass_us(sim_current, image->takes_us);
	return kq_hash_parts(io, hash);
}
