/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KQ_IMAGE_FDT_SIZE_H
#define KQ_IMAGE_FDT_SIZE_H

#include <stdint.h>

#include "lib/message.h"

/**
 * kq_image_fdt_size() - how large can the next kernel's device tree be?
 * @dtb:     path given with --dtb, or NULL: that of the running kernel
 * @ret:     bytes of content, with room for what kexec adds to /chosen
 * @message: what is wrong with it
 *
 * Return: 0; -KQ_ERR_SYSTEM cannot be read; -KQ_ERR_MAGIC not a device tree.
 */
int kq_image_fdt_size(const char *dtb, uint64_t *ret,
		      struct kq_message *message);

#endif
