/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inventory and settings in, sealed plan out. Hosted code only. */
#ifndef KQ_PLAN_BUILD_H
#define KQ_PLAN_BUILD_H

#include "lib/inventory/inventory.h"
#include "lib/message.h"
#include "lib/plan.h"
#include "lib/settings.h"

/* What tells one load from another. */
struct kq_plan_identity {
	uint8_t load_id[16]; /* random */
	uint8_t boot_id[16]; /* of the running kernel */
	uint64_t load_time_s; /* seconds since 1970-01-01 UTC */
};

/**
 * kq_plan_renew() - make an existing plan the plan of a new load
 * @plan:    a sound plan; gets a fresh identity and is sealed again
 * @message: why it failed; may be NULL
 *
 * Return: 0; -KQ_ERR_SYSTEM no random number or boot id.
 */
int kq_plan_renew(struct kq_plan_header *plan, struct kq_message *message);

/**
 * kq_plan_build() - build and seal the plan of one load
 * @inventory: of this machine
 * @settings:  what the user asked for
 * @kind:      crash kernel (kexec -p) or orderly kexec (kexec -l)
 * @identity:  NULL for a fresh one; tests pass their own
 * @ret:       the plan, total_size bytes, to be freed with free()
 * @warnings:  gets lines the user should see, such as a skipped function
 *             that does not exist; may be NULL
 * @message:   why it failed, one sentence; may be NULL
 *
 * All tables are in the inventory's order, index for index. What comes out
 * passes kq_plan_check().
 *
 * Return: 0; -KQ_ERR_NOSPACE plan too large; -KQ_ERR_NOTFOUND a policy names
 * an SMMU that is not there; -KQ_ERR_NOTSUP the inventory is incomplete;
 * -KQ_ERR_NOMEM; -KQ_ERR_SYSTEM no random number or boot id.
 */
int kq_plan_build(const struct kq_inventory *inventory,
		  const struct kq_settings *settings, enum kq_plan_kind kind,
		  const struct kq_plan_identity *identity,
		  struct kq_plan_header **ret, struct kq_warnings *warnings,
		  struct kq_message *message);

#endif
