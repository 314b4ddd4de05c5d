/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the ACPI table FADT says of the firmware. */
#ifndef KQ_INVENTORY_FADT_H
#define KQ_INVENTORY_FADT_H

#include <stddef.h>

#include "lib/message.h"
#include "lib/plan.h"

/**
 * kq_fadt_psci() - how to call a firmware that can reset the machine
 * @data:    the table
 * @size:    bytes there
 * @ret:     result; KQ_PSCI_NONE where there is no PSCI
 * @message: why it was refused
 *
 * Source: ACPI Specification, "Fixed ACPI Description Table", ARM boot
 * architecture flags; they mean PSCI 0.2 or newer.
 *
 * Return: 0, or an error of kq_acpi_table_check().
 */
int kq_fadt_psci(const void *data, size_t size, enum kq_psci *ret,
		 struct kq_message *message);

#endif
