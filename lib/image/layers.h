/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wrappers in which kernels come. Each has a function that tells it by
 * the file's first bytes, and one that takes it off: kernel->image is then
 * what was inside.
 */
#ifndef KQ_IMAGE_LAYERS_H
#define KQ_IMAGE_LAYERS_H

#include <stdbool.h>

#include "lib/image/kernel-file.h"

/* The first bytes of what is left to unwrap. */
struct kq_head {
	const uint8_t *data;
	size_t size; /* that of the whole, or the most that is looked at */
};

struct kq_layer {
	const char *name; /* for kernel->kind; NULL: remove() notes it */
	bool (*matches)(const struct kq_head *head);
	/*
	 * Return: 0; as kq_kernel_file_open(). @message gets what is wrong,
	 * to follow the file's name.
	 */
	int (*remove)(struct kq_kernel_file *kernel, const struct kq_head *head,
		      struct kq_message *message);
};

extern const struct kq_layer kq_layer_uki;
extern const struct kq_layer kq_layer_uimage;
extern const struct kq_layer kq_layer_zboot;
extern const struct kq_layer kq_layer_compressed;
extern const struct kq_layer kq_layer_quiesce;

/**
 * kq_layer_note() - add a layer's name to kernel->kind
 */
void kq_layer_note(struct kq_kernel_file *kernel, const char *name);

/**
 * kq_layer_decompress() - what is left is compressed
 * @name:    the codec that it must be; NULL: whatever its magic says
 * @message: as struct kq_layer
 *
 * Return: 0; -KQ_ERR_NOTSUP compressed already; -KQ_ERR_CHECKSUM it is not
 * such data; or as kq_source_read().
 */
int kq_layer_decompress(struct kq_kernel_file *kernel, const char *name,
			struct kq_message *message);

#endif
