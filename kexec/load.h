/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One quiesced load: everything read, planned and checked before it runs. */
#ifndef KQ_KEXEC_LOAD_H
#define KQ_KEXEC_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "kexec/compose.h"
#include "kexec/options.h"
#include "lib/inventory/inventory.h"
#include "lib/settings.h"

struct kq_load {
	struct kq_stage_file stage;
	struct kq_kernel_file kernel;
	struct kq_inventory *inventory;
	struct kq_plan_header *plan;
	struct kq_layout layout;
	struct kq_warnings warnings; /* of the plan, beside the inventory's */
	const char *syscall_option; /* to add for the stock kexec, or NULL */
};

/**
 * kq_load_handles_smmu() - does the stage bring such an SMMU into a state?
 */
static inline bool kq_load_handles_smmu(const struct kq_plan_smmu *smmu)
{
	return smmu->type != KQ_SMMU_OTHER;
}

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
 * kq_load_write() - write the quiesce image
 * @fd: empty file
 */
int kq_load_write(const struct kq_load *load, int fd,
		  struct kq_message *message);

/**
 * kq_load_fini() - release a load; all zero is fine
 */
void kq_load_fini(struct kq_load *load);

#endif
