// SPDX-License-Identifier: GPL-2.0-or-later
/* Devices of the device tree whose DMA passes an SMMU: names for StreamIDs. */
#include "config.h"

#include <libfdt.h>
#include <string.h>

#include "lib/error.h"
#include "lib/inventory/devicetree.h"
#include "lib/inventory/dt-address.h"

/* More than 2^4 ranges for one entry would crowd others out of the plan. */
#define MAX_SPLIT_BITS 4

struct list {
	const struct kq_dt *dt;
	struct kq_components *components;
	struct kq_warnings *warnings;
};

/*
 * The StreamIDs that differ from @iommu's in bits of @mask only, as ranges:
 * the mask's low end makes a range, each combination of its other bits
 * another one. Of a mask with too many of these, the ID alone must do.
 */
static int add_ranges(const struct list *list, const struct kq_dt_iommu *iommu,
		      uint32_t mask, const char *name)
{
	uint64_t run = UINT64_C(1) << __builtin_ctzll(~(uint64_t)mask);
	uint32_t high = mask & ~(uint32_t)(run - 1), bits = 0;
	uint32_t id = iommu->stream_id & ~mask;
	int r;

	if (__builtin_popcount(high) > MAX_SPLIT_BITS) {
		high = 0;
		run = 1;
		id = iommu->stream_id;
	}
	do {
		r = kq_components_add(list->components, iommu->smmu, id | bits,
				      run, name, strlen(name), list->warnings);
		/* The next larger subset of the bits. */
		bits = (bits - high) & high;
	} while (r == 0 && bits);
	return r;
}

/* An SMMU may say for all its devices which bits do not count. */
static uint32_t common_mask(const struct kq_dt *dt, uint16_t smmu)
{
	uint32_t mask = 0;

	kq_dt_u32(dt->fdt, dt->smmu_nodes[smmu].node, "stream-match-mask",
		  &mask);
	return mask;
}

static int add_device(const struct list *list, int node, const char *path)
{
	struct kq_dt_iommu iommu;
	uint32_t next = 0;
	int r = 0;

	while (r == 0 && kq_dt_next_iommu(list->dt, node, &next, &iommu)) {
		uint32_t mask = iommu.mask;

		if (iommu.smmu == KQ_NONE)
			continue;
		if (mask == 0)
			mask = common_mask(list->dt, iommu.smmu);
		r = add_ranges(list, &iommu, mask, path);
	}
	return r;
}

int kq_dt_components(const struct kq_dt *dt, struct kq_components *ret,
		     struct kq_warnings *warnings, struct kq_message *message)
{
	struct list list = { dt, ret, warnings };
	int depth = 0, node = -1, r = 0;
	char path[1024];

	while (r == 0 && (node = kq_dt_next(dt->fdt, node, &depth)) >= 0) {
		if (!fdt_getprop(dt->fdt, node, "iommus", NULL))
			continue;
		if (fdt_get_path(dt->fdt, node, path, sizeof(path)) < 0)
			continue;
		r = add_device(&list, node, path);
	}
	return r < 0 ? kq_fail(message, -r, "out of memory") : 0;
}
