/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One quiesced load: everything read, planned and checked before it runs. */
#ifndef KQ_KEXEC_LOAD_H
#define KQ_KEXEC_LOAD_H

#include "kexec/initrd.h"
#include "kexec/options.h"
#include "kexec/run.h"
#include "lib/image/image.h"
#include "lib/image/signed.h"

struct kq_load {
	struct kq_signed_image signed_image; /* passed on as it is, or none */
	struct kq_image image; /* else made anew */
	enum kq_syscall_choice syscall; /* from kq_check_permission() */
	struct kq_initrd initrd; /* from kq_load_open_initrd() */
	bool no_checks; /* the stage verifies, purgatory need not */
	/* Of a unified kernel image, where the command line has none: */
	bool own_initrd;
	bool own_cmdline;
};

/**
 * kq_load_is_signed() - is it the load of a signed image?
 */
static inline bool kq_load_is_signed(const struct kq_load *load)
{
	return load->signed_image.fd >= 0;
}

/**
 * kq_load_plan() - the plan in the image
 *
 * Return: NULL: that of a signed image, for a stage of another version.
 */
static inline const struct kq_plan_header *
kq_load_plan(const struct kq_load *load)
{
	return kq_load_is_signed(load) ? load->signed_image.plan
				       : load->image.plan;
}

/**
 * kq_load_syscall_option() - what tells the stock kexec the system call
 *
 * Return: "-s" or "-c"; NULL: the caller has said it, or it does not matter.
 */
const char *kq_load_syscall_option(const struct kq_load *load,
				   const struct kq_options *options);

/**
 * kq_load_prepare() - read, plan and check; change nothing
 * @options:  a load with a kernel
 * @settings: what to do
 * @ret:      result; release it with kq_load_fini()
 * @message:  why it cannot be done
 *
 * Only an image for a file is made without looking at whether this kernel
 * would take it.
 *
 * Return: 0 or -enum kq_err.
 */
int kq_load_prepare(const struct kq_options *options,
		    const struct kq_settings *settings, struct kq_load *ret,
		    struct kq_message *message);

/**
 * kq_load_open_initrd() - open the initrd, and note its digest in the image
 * @options: of the load
 * @load:    from kq_load_prepare(); not that of a signed image
 * @message: why it failed
 *
 * Return: 0; -KQ_ERR_SYSTEM; -KQ_ERR_TRUNCATED.
 */
int kq_load_open_initrd(const struct kq_options *options,
			struct kq_load *load, struct kq_message *message);

/**
 * kq_load_stock() - what the load changes in the stock kexec's arguments
 * @image_fd: the quiesce image
 *
 * With the initrd, once it is open.
 */
struct kq_stock_load kq_load_stock(const struct kq_load *load,
				   const struct kq_options *options,
				   int image_fd);

/**
 * kq_load_fini() - release a load; all zero is fine
 */
void kq_load_fini(struct kq_load *load);

#endif
