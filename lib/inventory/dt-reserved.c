// SPDX-License-Identifier: GPL-2.0-or-later
/* Parts of the device tree that are not about PCI: streams to be kept alive
 * and the console. */
#include "config.h"

#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "lib/inventory/devicetree.h"
#include "lib/inventory/dt-address.h"

/* Streams that one iommus entry with a mask may stand for. */
#define MAX_MASK_BITS 8

struct list {
	const struct kq_dt *dt;
	struct kq_inventory_stream *streams;
	size_t count;
	struct kq_warnings *warnings;
	struct kq_message *message;
};

static int add_stream(struct list *list, uint16_t smmu, uint32_t id)
{
	if (list->count == KQ_PLAN_MAX_STREAMS)
		return kq_fail(
			list->message, KQ_ERR_NOSPACE,
			"plan too large: the device tree reserves more than %u streams" KQ_TOO_LARGE_ADVICE,
			KQ_PLAN_MAX_STREAMS);
	list->streams[list->count].smmu = smmu;
	list->streams[list->count].stream_id = id;
	list->count++;
	return 0;
}

/* @id with every combination of the bits in @mask. */
static int add_masked(struct list *list, uint16_t smmu, uint32_t id,
		      uint32_t mask)
{
	uint32_t bits = 0;
	int r;

	do {
		r = add_stream(list, smmu, (id & ~mask) | bits);
		/* The next larger subset of mask's bits. */
		bits = (bits - mask) & mask;
	} while (r == 0 && bits);
	return r;
}

/* All streams of the device at @node, from its iommus property. */
static int add_device(struct list *list, int node)
{
	const char *name = fdt_get_name(list->dt->fdt, node, NULL);
	struct kq_dt_iommu iommu;
	uint32_t next = 0;
	int r = 0;

	if (!fdt_getprop(list->dt->fdt, node, "iommus", NULL))
		kq_warn(list->warnings,
			"the device tree reserves memory for %s, whose StreamIDs cannot be told",
			name);
	while (r == 0 && kq_dt_next_iommu(list->dt, node, &next, &iommu)) {
		if (iommu.smmu == KQ_NONE)
			continue;
		if (__builtin_popcount(iommu.mask) > MAX_MASK_BITS)
			kq_warn(list->warnings,
				"the device tree reserves too many streams for %s, ignoring them",
				name);
		else
			r = add_masked(list, iommu.smmu, iommu.stream_id,
				       iommu.mask);
	}
	return r;
}

static uint64_t cells_value(const fdt32_t *p, int cells)
{
	uint64_t value = 0;

	for (int i = 0; i < cells; i++)
		value = value << 32 | fdt32_ld(p + i);
	return value;
}

/*
 * One reserved-memory node. Each entry of its iommu-addresses: a device, then
 * an address and a size as the device's bus counts them. Only an identity
 * mapping means DMA that goes on; others keep addresses free.
 */
static int add_region(struct list *list, int node)
{
	const void *fdt = list->dt->fdt;
	int length, r = 0;
	const fdt32_t *p = fdt_getprop(fdt, node, "iommu-addresses", &length);
	uint64_t base, size;
	int cells, ac, sc;

	if (!p || kq_dt_reg(fdt, node, 0, &base, &size) < 0)
		return 0;
	for (cells = length / 4; cells >= 3 && r == 0;
	     cells -= 1 + ac + sc, p += 1 + ac + sc) {
		int device = fdt_node_offset_by_phandle(fdt, fdt32_ld(p));
		int bus = device < 0 ? device : fdt_parent_offset(fdt, device);

		if (bus < 0)
			break;
		ac = fdt_address_cells(fdt, bus);
		sc = fdt_size_cells(fdt, bus);
		if (ac < 1 || ac > 2 || sc < 1 || sc > 2 || cells < 1 + ac + sc)
			break;
		if (cells_value(p + 1, ac) == base)
			r = add_device(list, device);
	}
	return r;
}

static int add_regions(struct list *list)
{
	const void *fdt = list->dt->fdt;
	int parent = fdt_path_offset(fdt, "/reserved-memory"), node, r;

	if (parent < 0)
		return 0;
	fdt_for_each_subnode(node, fdt, parent)
	{
		if (!kq_dt_enabled(fdt, node))
			continue;
		r = add_region(list, node);
		if (r < 0)
			return r;
	}
	return 0;
}

int kq_dt_reserved(const struct kq_dt *dt, struct kq_inventory_stream **ret,
		   size_t *count, struct kq_warnings *warnings,
		   struct kq_message *message)
{
	struct list list = { .dt = dt,
			     .warnings = warnings,
			     .message = message };
	int r;

	*ret = NULL;
	*count = 0;
	list.streams = calloc(KQ_PLAN_MAX_STREAMS, sizeof(*list.streams));
	if (!list.streams)
		return kq_fail(message, KQ_ERR_NOMEM, "out of memory");
	r = add_regions(&list);
	if (r < 0 || list.count == 0) {
		free(list.streams);
		return r;
	}
	*ret = list.streams;
	*count = list.count;
	return 0;
}

/*
 * The node of stdout-path, which may be an alias and end in ":115200n8". An
 * alias is looked up here: libfdt 1.6 would follow one that names itself
 * until the stack is gone.
 */
static int stdout_node(const void *fdt)
{
	int chosen = fdt_path_offset(fdt, "/chosen"), length;
	const char *path;

	if (chosen < 0)
		return chosen;
	path = fdt_getprop(fdt, chosen, "stdout-path", &length);
	if (!path || length < 2 || path[length - 1] != '\0')
		return -1;
	length = (int)strcspn(path, ":");
	if (path[0] == '/')
		return fdt_path_offset_namelen(fdt, path, length);
	path = fdt_get_alias_namelen(fdt, path, length);
	return path && path[0] == '/' ? fdt_path_offset(fdt, path) : -1;
}

static bool is_compatible(const void *fdt, int node, const char *name)
{
	return fdt_node_check_compatible(fdt, node, name) == 0;
}

void kq_dt_console(const struct kq_dt *dt, struct kq_inventory_console *console)
{
	const void *fdt = dt->fdt;
	int node = stdout_node(fdt);
	uint64_t address, size;
	uint32_t shift = 0;

	*console = (struct kq_inventory_console){ .type = KQ_CONSOLE_NONE };
	if (node < 0 || kq_dt_reg(fdt, node, 0, &address, &size) < 0 ||
	    address % 4)
		return;
	if (is_compatible(fdt, node, "arm,pl011") ||
	    is_compatible(fdt, node, "arm,sbsa-uart")) {
		console->type = KQ_CONSOLE_PL011;
	} else if (is_compatible(fdt, node, "ns16550a") ||
		   is_compatible(fdt, node, "ns16550") ||
		   is_compatible(fdt, node, "snps,dw-apb-uart")) {
		/* The stage accesses 32-bit registers only. */
		if (!kq_dt_u32(fdt, node, "reg-shift", &shift) || shift < 2 ||
		    shift > 3)
			return;
		console->type = KQ_CONSOLE_UART8250;
	} else {
		return;
	}
	console->address = address;
	console->shift = shift;
}

enum kq_psci kq_dt_psci(const struct kq_dt *dt)
{
	int node = fdt_path_offset(dt->fdt, "/psci"), length;
	const char *method;

	if (node < 0 ||
	    (fdt_node_check_compatible(dt->fdt, node, "arm,psci-0.2") != 0 &&
	     fdt_node_check_compatible(dt->fdt, node, "arm,psci-1.0") != 0))
		return KQ_PSCI_NONE;
	method = fdt_getprop(dt->fdt, node, "method", &length);
	if (method && length == 4 && memcmp(method, "smc", 4) == 0)
		return KQ_PSCI_SMC;
	if (method && length == 4 && memcmp(method, "hvc", 4) == 0)
		return KQ_PSCI_HVC;
	return KQ_PSCI_NONE;
}
