/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A quiesce image that somebody has signed. It is loaded as it is: whatever
 * was changed in it, the plan included, would void the signature.
 */
#ifndef KQ_IMAGE_SIGNED_H
#define KQ_IMAGE_SIGNED_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/message.h"
#include "lib/plan.h"

struct kq_signed_image {
	int fd; /* of the file, close-on-exec; -1: none */
	bool pe; /* signed as a PE file */
	bool ima; /* signed in its extended attribute security.ima */
	uint64_t image_size; /* memory it needs */
	struct kq_plan_header
		*plan; /* NULL: of another version of the format */
};

/* Not opened; for kq_signed_image_close() it is nothing. */
#define KQ_SIGNED_IMAGE_NONE ((struct kq_signed_image){ .fd = -1 })

/**
 * kq_signed_image_open() - open a signed quiesce image, and check it
 * @path:    a kernel file
 * @ret:     result; release it with kq_signed_image_close()
 * @message: what is wrong with it
 *
 * Either as a PE file, or in security.ima, for IMA's appraisal of kernels.
 * A PE signature's digest is compared with that of the file, so that a file
 * that was changed or cut off is found out before a kernel drops the crash
 * kernel it has for its sake. Whose signature it is, and whether a kernel
 * trusts that key, only the kernel knows. A digest of another kind than
 * SHA-256 is left to it as well.
 *
 * Source: Microsoft, Windows Authenticode Portable Executable Signature
 * Format; as Linux's crypto/asymmetric_keys/verify_pefile.c reads it.
 * Return: 0; -KQ_ERR_NOTFOUND no signed quiesce image, or a file that cannot
 * be read (@message unset); -KQ_ERR_CHECKSUM changed after it was signed;
 * -KQ_ERR_BOUNDS damaged; -KQ_ERR_SYSTEM; -KQ_ERR_NOMEM.
 */
int kq_signed_image_open(const char *path, struct kq_signed_image *ret,
			 struct kq_message *message);

/**
 * kq_signed_image_close() - release a signed image
 */
void kq_signed_image_close(struct kq_signed_image *image);

#endif
