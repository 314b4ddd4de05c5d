/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The initrd of a load, opened once: what the stage verifies is what the
 * stock kexec reads, whatever becomes of the name meanwhile.
 */
#ifndef KQ_KEXEC_INITRD_H
#define KQ_KEXEC_INITRD_H

#include <stdbool.h>
#include <sys/stat.h>

#include "lib/image/kernel-file.h"
#include "lib/message.h"
#include "lib/stage-image.h"

struct kq_initrd {
	int fd; /* the stock kexec inherits it; -1: none */
	bool added; /* from the kernel file: the command line has none */
	bool hashed;
	struct stat stat; /* when it was hashed */
};

#define KQ_INITRD_NONE ((struct kq_initrd){ .fd = -1 })

/**
 * kq_initrd_open() - open the file that the command line names
 * @path:    file; one that is not regular is left to the stock kexec
 * @ret:     result; release it with kq_initrd_close()
 * @message: why it failed
 *
 * Return: 0; -KQ_ERR_SYSTEM.
 */
int kq_initrd_open(const char *path, struct kq_initrd *ret,
		   struct kq_message *message);

/**
 * kq_initrd_extract() - make a file of what a unified kernel image has
 * @kernel:  one whose initrd is there
 * @ret:     result; release it with kq_initrd_close()
 * @message: why it failed
 *
 * Return: 0; -KQ_ERR_SYSTEM; -KQ_ERR_TRUNCATED.
 */
int kq_initrd_extract(const struct kq_kernel_file *kernel,
		      struct kq_initrd *ret, struct kq_message *message);

/**
 * kq_initrd_hash() - note size and digest for the stage
 * @initrd:  opened or extracted
 * @params:  of the image, which gets them
 * @message: why it failed
 *
 * Return: 0; -KQ_ERR_SYSTEM cannot be read.
 */
int kq_initrd_hash(struct kq_initrd *initrd, struct kq_stage_params *params,
		   struct kq_message *message);

/**
 * kq_initrd_changed() - was it written to since it was hashed?
 *
 * Of one that nobody hashed nothing is claimed, so nothing can be wrong.
 */
bool kq_initrd_changed(const struct kq_initrd *initrd);

void kq_initrd_close(struct kq_initrd *initrd);

#endif
