// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The plan region's node. It is the platform's word that this memory is ours;
 * one that is not as it must be is left alone, and updates are loads anew.
 */
#include "config.h"

#include <libfdt.h>

#include "lib/inventory/devicetree.h"
#include "lib/inventory/dt-address.h"
#include "lib/plan-slot.h"

/* Why a node's memory cannot be used; NULL: it can. */
static const char *fault_of(const void *fdt, int node,
			    struct kq_inventory_region *ret)
{
	uint64_t base, size, second;

	/* Else it is RAM, which Linux lets nobody write. */
	if (!fdt_getprop(fdt, node, "no-map", NULL))
		return "no-map is missing";
	if (kq_dt_reg(fdt, node, 0, &base, &size) < 0)
		return "it has no reg";
	if (kq_dt_reg(fdt, node, 1, &second, &second) == 0)
		return "it has more than one block in reg";
	if (!kq_plan_region_usable(base, size))
		return "it must be whole pages of 4 KiB, at least two";
	ret->base = base;
	ret->size = size;
	return NULL;
}

void kq_dt_region(const struct kq_dt *dt, struct kq_inventory_region *region,
		  struct kq_warnings *warnings)
{
	const void *fdt = dt->fdt;
	int parent = fdt_path_offset(fdt, "/reserved-memory"), node;

	*region = (struct kq_inventory_region){ .size = 0 };
	if (parent < 0)
		return;
	fdt_for_each_subnode(node, fdt, parent)
	{
		const char *name = fdt_get_name(fdt, node, NULL);
		const char *fault;

		if (!kq_dt_enabled(fdt, node) ||
		    fdt_node_check_compatible(fdt, node,
					      KQ_PLAN_REGION_COMPATIBLE) != 0)
			continue;
		fault = region->size ? "there is another one before it"
				     : fault_of(fdt, node, region);
		if (fault)
			kq_warn(warnings,
				"the plan region %s of the device tree cannot be used: %s, ignoring it",
				name, fault);
	}
}
