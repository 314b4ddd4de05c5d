/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device tree on its way through the stage. Not libfdt: that is
 * compiled for user space, with unaligned accesses, which fault while the
 * MMU is off.
 */
#ifndef KQ_FDT_H
#define KQ_FDT_H

#include <stddef.h>
#include <stdint.h>

/* The largest device tree arm64 Linux accepts (booting.rst). */
#define KQ_FDT_MAX_SIZE 0x200000u

/**
 * kq_fdt_chosen_digest() - SHA-256 over the properties of /chosen
 * @fdt:    flattened device tree, 8-byte aligned
 * @limit:  most bytes that may be read at @fdt
 * @skip:   name of the property that is ours
 * @digest: result
 *
 * Each property in order as name, one NUL, data; kaslr-seed and rng-seed,
 * which the kernel wipes, and @skip are left out. It tells a report that a
 * later kexec carried along from a fresh one.
 *
 * Return: 0; -KQ_ERR_MAGIC, -KQ_ERR_VERSION, -KQ_ERR_TRUNCATED,
 * -KQ_ERR_BOUNDS or -KQ_ERR_VALUE for a tree that is damaged.
 */
int kq_fdt_chosen_digest(const void *fdt, size_t limit, const char *skip,
			 uint8_t digest[32]);

/**
 * kq_fdt_initrd() - where the initrd lies: linux,initrd-start and -end
 * @fdt:   flattened device tree, 8-byte aligned
 * @limit: most bytes that may be read at @fdt
 *
 * Return: 0; -KQ_ERR_NOTFOUND; -KQ_ERR_VALUE it ends before it starts; errors
 * as above.
 */
int kq_fdt_initrd(const void *fdt, size_t limit, uint64_t *ret_start,
		  uint64_t *ret_end);

/* What a copy of a device tree gets beyond the original. */
struct kq_fdt_addition {
	const char *name;  /* of a property of /chosen */
	const void *value; /* and its value */
	size_t size;	   /* bytes of @value */
	uint64_t reserve_start; /* memory the next kernel must not use */
	uint64_t reserve_size;	/* 0: none */
};

/**
 * kq_fdt_copy_with() - copy a device tree, with something added
 * @fdt:      flattened device tree, 8-byte aligned
 * @limit:    most bytes that may be read at @fdt
 * @out:      room for the copy, 8-byte aligned
 * @out_size: bytes there
 * @addition: a property of that name in /chosen is replaced
 *
 * The copy is packed: slack behind the blocks of @fdt is not carried along.
 * /chosen is made where there is none. Memory reservations are kept.
 *
 * Return: 0; -KQ_ERR_NOSPACE; errors as above.
 */
int kq_fdt_copy_with(const void *fdt, size_t limit, void *out, size_t out_size,
		     const struct kq_fdt_addition *addition);

#endif
