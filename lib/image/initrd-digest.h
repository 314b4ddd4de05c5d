/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KQ_IMAGE_INITRD_DIGEST_H
#define KQ_IMAGE_INITRD_DIGEST_H

#include <sys/stat.h>

#include "lib/message.h"
#include "lib/stage-image.h"

/**
 * kq_initrd_digest() - note an initrd's size and digest for the stage
 * @fd:      regular file
 * @st:      what fstat() says of it; of an empty one nothing is noted, for
 *           the stock kexec has its own opinion of such
 * @params:  of the image, which gets them
 * @message: why it failed
 *
 * Return: 0; -KQ_ERR_SYSTEM cannot be read; -KQ_ERR_TRUNCATED somebody
 * writes to it.
 */
int kq_initrd_digest(int fd, const struct stat *st,
		     struct kq_stage_params *params,
		     struct kq_message *message);

/**
 * kq_initrd_digest_path() - the same, of a file by its name
 */
int kq_initrd_digest_path(const char *path, struct kq_stage_params *params,
			  struct kq_message *message);

#endif
