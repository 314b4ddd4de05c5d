// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "lib/inventory/dt-address.h"

#include <libfdt.h>
#include <string.h>

#include "lib/error.h"

#define MAX_DEPTH      32

#define OLDEST_VERSION 17

int kq_dt_check(const void *fdt, size_t size)
{
	if (size < sizeof(struct fdt_header))
		return -FDT_ERR_TRUNCATED;
	if (fdt_magic(fdt) != FDT_MAGIC)
		return -FDT_ERR_BADMAGIC;
	if (fdt_version(fdt) < OLDEST_VERSION)
		return -FDT_ERR_BADVERSION;
	return fdt_check_full(fdt, size);
}

/* One address or size of @cells cells, advancing *@p. */
static bool take_cells(const fdt32_t **p, int cells, uint64_t *ret)
{
	uint64_t value = 0;

	for (int i = 0; i < cells; i++) {
		uint32_t cell = fdt32_ld(*p + i);

		if (value > UINT32_MAX)
			return false; /* more than 64 bits */
		value = value << 32 | cell;
	}
	*p += cells;
	*ret = value;
	return true;
}

/* Offsets of all nodes from the root down to @node; -1 if too deep. */
static int ancestors(const void *fdt, int node, int path[MAX_DEPTH])
{
	int depth = fdt_node_depth(fdt, node);

	if (depth < 0 || depth >= MAX_DEPTH)
		return -1;
	for (int i = 0; i <= depth; i++) {
		path[i] = fdt_supernode_atdepth_offset(fdt, node, i, NULL);
		if (path[i] < 0)
			return -1;
	}
	return depth;
}

/* From @bus's own address space to its parent's. */
static bool translate(const void *fdt, int bus, int parent, uint64_t *address)
{
	int child_cells = fdt_address_cells(fdt, bus);
	int parent_cells = fdt_address_cells(fdt, parent);
	int size_cells = fdt_size_cells(fdt, bus);
	int length, entry;
	const fdt32_t *p = fdt_getprop(fdt, bus, "ranges", &length);

	if (!p || child_cells < 1 || child_cells > 2 || parent_cells < 1 ||
	    parent_cells > 2 || size_cells < 1 || size_cells > 2)
		return false;
	if (length == 0)
		return true; /* the same on both sides */
	entry = (child_cells + parent_cells + size_cells) * 4;
	for (; length >= entry; length -= entry) {
		uint64_t child, out, size;

		if (!take_cells(&p, child_cells, &child) ||
		    !take_cells(&p, parent_cells, &out) ||
		    !take_cells(&p, size_cells, &size))
			return false;
		if (*address < child || *address - child >= size)
			continue;
		*address = out + (*address - child);
		return true;
	}
	return false;
}

int kq_dt_reg(const void *fdt, int node, int index, uint64_t *address,
	      uint64_t *size)
{
	int path[MAX_DEPTH], depth = ancestors(fdt, node, path);
	int address_cells, size_cells, entry, length;
	const fdt32_t *p = fdt_getprop(fdt, node, "reg", &length);
	uint64_t at, bytes;

	if (!p || depth < 1)
		return -KQ_ERR_NOTFOUND;
	address_cells = fdt_address_cells(fdt, path[depth - 1]);
	size_cells = fdt_size_cells(fdt, path[depth - 1]);
	entry = address_cells + size_cells;
	if (address_cells < 1 || size_cells < 0 ||
	    length / 4 / entry <= index)
		return -KQ_ERR_NOTFOUND;
	p += index * entry;
	if (!take_cells(&p, address_cells, &at) ||
	    !take_cells(&p, size_cells, &bytes))
		return -KQ_ERR_NOTFOUND;
	for (int i = depth - 1; i > 0; i--)
		if (!translate(fdt, path[i], path[i - 1], &at))
			return -KQ_ERR_NOTFOUND;
	*address = at;
	*size = bytes;
	return 0;
}

bool kq_dt_u32(const void *fdt, int node, const char *name, uint32_t *ret)
{
	int length;
	const fdt32_t *p = fdt_getprop(fdt, node, name, &length);

	if (!p || length < 4)
		return false;
	*ret = fdt32_ld(p);
	return true;
}

bool kq_dt_enabled(const void *fdt, int node)
{
	int length;
	const char *status = fdt_getprop(fdt, node, "status", &length);

	return !status ||
	       fdt_stringlist_search(fdt, node, "status", "okay") == 0 ||
	       fdt_stringlist_search(fdt, node, "status", "ok") == 0;
}
