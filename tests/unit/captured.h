/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Builds directories that look like another machine's /sys to
 * kq_inventory_collect().
 *
 * A .tree file (tests/data/inventory) holds such a directory as text:
 *	text PATH WORDS		a file of one line
 *	link PATH TARGET	a symbolic link
 *	hex PATH SIZE		a file of SIZE bytes, zero but for the lines
 *	OFFSET: XX XX ...	that follow
 */
#ifndef KQ_TEST_CAPTURED_H
#define KQ_TEST_CAPTURED_H

#include <stddef.h>
#include <stdint.h>

struct captured {
	char root[64];
};

/* An empty directory below /tmp. */
void captured_begin(struct captured *tree);

/* Removes it. */
void captured_end(struct captured *tree);

/* All paths are relative to the root; directories are made as needed. */
void captured_file(struct captured *tree, const char *path, const void *data,
		   size_t size);
void captured_text(struct captured *tree, const char *path, const char *text);
void captured_link(struct captured *tree, const char *path, const char *target);

/* Adds tests/data/inventory/@name, a .tree file. */
void captured_load(struct captured *tree, const char *name);

/* Adds tests/data/inventory/@name, a .dts file, as sys/firmware/fdt. */
void captured_compile_fdt(struct captured *tree, const char *name);

/* A function under construction: its config space and where it stands. */
struct captured_function {
	const char *above; /* "pci0000:00" or "pci0000:00/0000:00:08.0" */
	const char *bdf; /* "0000:01:00.0" */
	uint8_t config[4096];
	size_t config_size; /* bytes to be seen in sysfs */
};

/* Type 0 header, no capabilities, 4096 bytes. */
void captured_function_begin(struct captured_function *fn, const char *above,
			     const char *bdf, uint16_t vendor, uint16_t device);

/* Little-endian write into config space. */
void captured_set(struct captured_function *fn, unsigned int at,
		  unsigned int bytes, uint32_t value);

/* Makes it a bridge (header type 1). */
void captured_bridge(struct captured_function *fn, uint8_t secondary);

/* Puts a capability at @at in front of the list. */
void captured_capability(struct captured_function *fn, uint8_t id, uint8_t at);

/* PCI Express capability at 0x40. */
void captured_express(struct captured_function *fn, unsigned int port_type,
		      int flr);

/* Writes it into the tree. */
void captured_add(struct captured *tree, const struct captured_function *fn);

/* Adds a file or link to the function's directory. */
void captured_attribute(struct captured *tree,
			const struct captured_function *fn, const char *name,
			const char *text);
void captured_pointer(struct captured *tree, const struct captured_function *fn,
		      const char *name, const char *target);

#endif
