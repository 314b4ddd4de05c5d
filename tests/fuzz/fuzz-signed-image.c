// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Input: a quiesce image with PE headers and a signature. The seed's holds no
 * SHA-256 digest, which the reader then leaves to the kernel: else every
 * mutation would end there.
 */
#include "config.h"

#undef NDEBUG
#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/image/pe.h"
#include "lib/image/signed.h"
#include "tests/fuzz/fuzz.h"

#define PARAMS	  (KQ_IMAGE_HEAD_SIZE + 64u)
#define PLAN	  (KQ_IMAGE_HEAD_SIZE + 512u)
#define PAYLOAD	  (2u * KQ_IMAGE_HEAD_SIZE)
#define END	  (PAYLOAD + KQ_PE_FILE_ALIGN)
#define SIGNATURE 64u

static bool open_image(const uint8_t *data, size_t size)
{
	static int fd = -1;
	struct kq_signed_image image;
	struct kq_message message;
	char path[64];

	if (fd < 0)
		fd = memfd_create("fuzz-signed-image", MFD_CLOEXEC);
	assert(fd >= 0 && ftruncate(fd, 0) == 0);
	assert(pwrite(fd, data, size, 0) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (kq_signed_image_open(path, &image, &message) < 0)
		return false;
	assert(image.fd >= 0 && (image.pe || image.ima));
	assert(!image.pe || size <= image.image_size);
	assert(!image.plan ||
	       kq_plan_check(image.plan, image.plan->total_size) == 0);
	kq_signed_image_close(&image);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t copy[KQ_FUZZ_MAX_SIZE] __attribute__((aligned(8)));
	struct kq_plan_header *plan = (void *)(copy + PLAN);

	open_image(data, size);
	if (size > sizeof(copy) || size < PLAN + sizeof(*plan))
		return 0;
	memcpy(copy, data, size);
	if (plan->total_size < sizeof(*plan) || plan->total_size > size - PLAN)
		return 0;
	kq_plan_seal(plan);
	open_image(copy, size);
	return 0;
}

static void fill_plan(struct kq_plan_header *plan)
{
	*plan = (struct kq_plan_header){
		.magic = KQ_PLAN_MAGIC,
		.version = KQ_PLAN_VERSION,
		.header_size = sizeof(*plan),
		.total_size = sizeof(*plan),
		.kind = KQ_PLAN_CRASH,
	};
	plan->functions.entry_size = sizeof(struct kq_plan_function);
	plan->hosts.entry_size = sizeof(struct kq_plan_host);
	plan->smmus.entry_size = sizeof(struct kq_plan_smmu);
	plan->streams.entry_size = sizeof(struct kq_plan_stream);
	plan->components.entry_size = sizeof(struct kq_plan_component);
	plan->functions.offset = plan->hosts.offset = plan->smmus.offset =
		plan->streams.offset = plan->components.offset = sizeof(*plan);
	kq_plan_seal(plan);
	assert(kq_plan_check(plan, sizeof(*plan)) == 0);
}

size_t kq_fuzz_seed(unsigned int index, uint8_t *data)
{
	struct kq_image_header header = {
		.image_size = 1u << 20,
		.tag = KQ_IMAGE_TAG,
		.params_offset = PARAMS,
		.magic = KQ_IMAGE_MAGIC,
	};
	const struct kq_stage_params params = {
		.plan_offset = PLAN,
		.plan_size = sizeof(struct kq_plan_header),
		.payload_offset = PAYLOAD,
	};
	struct kq_pe_headers *pe = (void *)(data + KQ_PE_OFFSET);

	if (index > 0)
		return 0;
	memset(data, 0, END + SIGNATURE);
	memcpy(data, &header, sizeof(header));
	memcpy(data + PARAMS, &params, sizeof(params));
	fill_plan((void *)(data + PLAN));
	kq_pe_fill(data, PAYLOAD, END);
	pe->directories[KQ_PE_CERTIFICATES] = (struct kq_pe_directory){
		.address = END,
		.size = SIGNATURE,
	};
	assert(open_image(data, END + SIGNATURE));
	return END + SIGNATURE;
}
