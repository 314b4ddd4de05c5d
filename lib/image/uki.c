// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Unified kernel images: an EFI program whose sections are a kernel and what
 * goes with it. UAPI Group Specifications, UKI; systemd-stub(7).
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "lib/image/layers.h"
#include "lib/image/pe.h"

/* The kernel takes 2047 characters on arm64, others more. */
#define CMDLINE_MAX 4096u

/* Any EFI program: what it is for, its sections tell. */
static bool is_efi_program(const struct kq_head *head)
{
	return head->size >= 2 && !memcmp(head->data, "MZ", 2) &&
	       !kq_image_is_arm64(head->data, head->size) &&
	       !kq_layer_zboot.matches(head);
}

/*
 * The stretch of the file that is a section's. The first of a name counts:
 * further ones belong to other profiles than the default.
 */
static int find_section(const struct kq_pe_table *pe, const char *name,
			const struct kq_source *file, struct kq_source *ret,
			struct kq_message *message)
{
	for (unsigned int i = 0; i < pe->count; i++) {
		struct kq_pe_section section = kq_pe_section(pe, i);
		struct kq_source found = *file;
		uint32_t size = section.raw_size;

		if (strncmp(section.name, name, sizeof(section.name)) != 0)
			continue;
		if (section.virtual_size && section.virtual_size < size)
			size = section.virtual_size;
		if (kq_source_narrow(&found, section.raw_offset, size) < 0)
			return kq_fail(message, KQ_ERR_TRUNCATED,
				       "is truncated: its section %s is not "
				       "all there",
				       name);
		*ret = found;
		return 0;
	}
	return -KQ_ERR_NOTFOUND;
}

static int take_initrd(struct kq_kernel_file *kernel,
		       const struct kq_pe_table *pe, struct kq_message *message)
{
	int r = find_section(pe, ".initrd", &kernel->image, &kernel->initrd,
			     message);

	return r == -KQ_ERR_NOTFOUND ? 0 : r;
}

/* Text of any length up to a NUL, with white space behind it. */
static int take_cmdline(struct kq_kernel_file *kernel,
			const struct kq_pe_table *pe,
			struct kq_message *message)
{
	char text[CMDLINE_MAX];
	struct kq_source source;
	size_t size;
	int r;

	r = find_section(pe, ".cmdline", &kernel->image, &source, message);
	if (r < 0)
		return r == -KQ_ERR_NOTFOUND ? 0 : r;
	r = kq_source_read(&source, text, sizeof(text), &size, message);
	if (r == -KQ_ERR_NOSPACE)
		return kq_fail(message, KQ_ERR_BOUNDS,
			       "is damaged: its command line has %llu "
			       "characters",
			       (unsigned long long)source.size);
	if (r < 0)
		return r;
	size = strnlen(text, size);
	while (size > 0 && strchr(" \t\r\n", text[size - 1]))
		size--;
	kernel->cmdline = strndup(text, size);
	return kernel->cmdline ? 0
			       : kq_fail(message, KQ_ERR_NOMEM,
					 "cannot be read: out of memory");
}

static int remove_uki(struct kq_kernel_file *kernel, const struct kq_head *head,
		      struct kq_message *message)
{
	struct kq_source linux_section;
	struct kq_pe_table pe;
	int r;

	r = kq_pe_parse(head->data, head->size, &pe, message);
	if (r < 0)
		return r;
	r = find_section(&pe, ".linux", &kernel->image, &linux_section,
			 message);
	if (r == -KQ_ERR_NOTFOUND)
		return kq_fail(message, KQ_ERR_MAGIC,
			       "is an EFI program without a kernel in it");
	if (r < 0)
		return r;
	r = take_initrd(kernel, &pe, message);
	if (r < 0)
		return r;
	r = take_cmdline(kernel, &pe, message);
	if (r < 0)
		return r;
	kernel->image = linux_section;
	return 0;
}

const struct kq_layer kq_layer_uki = {
	.name = "unified kernel image",
	.matches = is_efi_program,
	.remove = remove_uki,
};
