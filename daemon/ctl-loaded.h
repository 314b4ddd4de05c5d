/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks at the crash kernel that is loaded: is it a quiesce image? */
#ifndef KQ_CTL_LOADED_H
#define KQ_CTL_LOADED_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/message.h"
#include "lib/plan.h"

enum kq_loaded_kind {
	KQ_LOADED_UNKNOWN, /* cannot be told */
	KQ_LOADED_OURS,
	KQ_LOADED_PLAIN, /* a kernel without the stage */
};

struct kq_loaded {
	enum kq_loaded_kind kind;
	uint64_t address; /* physical, of the image */
	bool is_signed; /* as a PE file, so its plan is fixed in it */
	struct kq_plan_header *plan; /* if ours and sound, else NULL */
	struct kq_plan_header *update; /* if there is one, it counts instead */
	uint64_t generation; /* of @update */
};

/**
 * kq_loaded_find() - look into the memory reserved for the crash kernel
 * @iomem: "/proc/iomem", or what a test wrote
 * @kcore: "/proc/kcore", or what a test wrote
 * @ret:   result; give it to kq_loaded_fini()
 *
 * Only reads. Where the kernel hides that memory (Linux before 6.4 unmaps
 * it, lockdown forbids kcore), the answer is KQ_LOADED_UNKNOWN. What an
 * earlier load left behind is still in memory after an unload: ask the
 * kernel first whether anything is loaded.
 */
void kq_loaded_find(const char *iomem, const char *kcore,
		    struct kq_loaded *ret);
void kq_loaded_fini(struct kq_loaded *loaded);

/**
 * kq_loaded_follow() - look for an update of the loaded plan
 * @loaded:  as kq_loaded_find() found it
 * @message: why the plan region cannot be looked at
 *
 * Nothing to do where the plan has no region.
 *
 * Return: 0; an error of kq_plan_region_open(): there may be an update.
 */
int kq_loaded_follow(struct kq_loaded *loaded, struct kq_message *message);

/* The plan that a crash now would go by; NULL if that is not known. */
static inline const struct kq_plan_header *
kq_loaded_plan(const struct kq_loaded *loaded)
{
	return loaded->update ? loaded->update : loaded->plan;
}

#endif
