/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ACPI table MCFG: where each segment's ECAM is. PCI Firmware
 * Specification, "MCFG Table Description". */
#ifndef KQ_INVENTORY_MCFG_H
#define KQ_INVENTORY_MCFG_H

#include "lib/inventory/inventory.h"

/**
 * kq_mcfg_read() - read the ECAM windows
 * @data:     the table
 * @size:     bytes at @data
 * @ret:      array to be freed with free(); NULL if there are none.
 *            root_buses is empty
 * @count:    entries of @ret
 * @warnings: gets windows that exist but cannot be used plainly
 * @message:  why the table was refused
 *
 * Windows of hosts whose config space is not the plain memory the table
 * claims (known by the firmware's name) are left out or flagged
 * KQ_HOST_ROOT_BUS_HIDDEN.
 *
 * Return: 0; -KQ_ERR_NOMEM; as kq_acpi_table_check(); -KQ_ERR_VALUE for an
 * entry that makes no sense.
 */
int kq_mcfg_read(const void *data, size_t size, struct kq_inventory_host **ret,
		 size_t *count, struct kq_warnings *warnings,
		 struct kq_message *message);

#endif
