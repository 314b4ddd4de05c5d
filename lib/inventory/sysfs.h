/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small readers for sysfs and captured copies of it. */
#ifndef KQ_INVENTORY_SYSFS_H
#define KQ_INVENTORY_SYSFS_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/message.h"

/**
 * kq_sysfs_read() - read a whole file into memory
 * @root: "" or the directory of a captured tree
 * @path: path below @root, starting with "/"
 * @ret:  content with a NUL behind it, to be freed with free()
 * @size: content's bytes
 *
 * Return: 0; -ENOENT, -EACCES and other negative errno values; -EFBIG for
 * more than 16 MiB, which no file we read has.
 */
int kq_sysfs_read(const char *root, const char *path, void **ret, size_t *size);

/**
 * kq_sysfs_link() - read where a symbolic link points
 * @root: "" or the directory of a captured tree
 * @path: path of the link below @root
 * @ret:  the link's text as it is
 *
 * Return: 0 or a negative errno value.
 */
int kq_sysfs_link(const char *root, const char *path, char ret[PATH_MAX]);

/**
 * kq_sysfs_exists() - is there a file or directory of that name?
 */
int kq_sysfs_exists(const char *root, const char *path);

/**
 * kq_basename() - the part of a path behind its last slash
 */
const char *kq_basename(const char *path);

/**
 * kq_parse_bdf() - parse SSSS:BB:DD.F, as sysfs names PCI functions
 *
 * Return: 0, or -1 if @name is something else or its segment needs more
 * than 16 bits.
 */
int kq_parse_bdf(const char *name, uint16_t *segment, uint16_t *bdf);

#endif
