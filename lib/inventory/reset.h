/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which functions can be reset, and which only claim so. */
#ifndef KQ_INVENTORY_RESET_H
#define KQ_INVENTORY_RESET_H

#include "lib/inventory/inventory.h"

/**
 * kq_reset_decide() - set a function's reset, flags and reset_delay_ms
 * @function:     identity, header type and capabilities filled in
 * @flr_offered:  DEVCAP says Function Level Reset
 * @af_offered:   the AF capability says Transactions Pending and FLR
 * @reset_method: the kernel's methods, content of the file in sysfs; NULL if
 *                there is no such file
 *
 * What the running kernel says goes before our own list of quirks: it is
 * newer, and an administrator can write to that file.
 */
void kq_reset_decide(struct kq_inventory_function *function, bool flr_offered,
		     bool af_offered, const char *reset_method);

#endif
