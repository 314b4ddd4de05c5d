/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Properties and addresses of device tree nodes. All but kq_dt_check() want a
 * tree that kq_dt_check() accepted. */
#ifndef KQ_INVENTORY_DT_ADDRESS_H
#define KQ_INVENTORY_DT_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * kq_dt_check() - check a whole tree before any of it is used
 * @fdt:  the blob, 8-byte aligned
 * @size: bytes at @fdt
 *
 * fdt_check_full(), which in libfdt 1.6 follows a null pointer in trees older
 * than version 17. No arm64 kernel ever got such a tree.
 *
 * Return: 0 or a negative FDT_ERR_* of libfdt.
 */
int kq_dt_check(const void *fdt, size_t size);

/**
 * kq_dt_reg() - physical address and size of one of a node's register blocks
 * @fdt:     tree
 * @node:    offset of the node
 * @index:   which, from 0
 * @address: physical address, translated through all parents' ranges
 * @size:    bytes, 0 if the tree gives none
 *
 * Return: 0; -KQ_ERR_NOTFOUND no such address, or the CPU cannot reach it.
 */
int kq_dt_reg(const void *fdt, int node, int index, uint64_t *address,
	      uint64_t *size);

/**
 * kq_dt_u32() - read a property of one cell
 *
 * Return: true if the property exists and has at least one cell.
 */
bool kq_dt_u32(const void *fdt, int node, const char *name, uint32_t *ret);

/**
 * kq_dt_enabled() - is the node switched on, as far as its own status says?
 */
bool kq_dt_enabled(const void *fdt, int node);

#endif
