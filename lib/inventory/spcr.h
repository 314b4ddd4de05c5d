/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ACPI table SPCR: the serial console. Microsoft's "Serial Port Console
 * Redirection Table". */
#ifndef KQ_INVENTORY_SPCR_H
#define KQ_INVENTORY_SPCR_H

#include "lib/inventory/inventory.h"

/**
 * kq_spcr_read() - find the console that the stage could print on
 * @data:    the table
 * @size:    bytes at @data
 * @console: result; KQ_CONSOLE_NONE if it is of a kind the stage cannot drive
 * @message: why the table was refused
 *
 * Return: 0, or as kq_acpi_table_check().
 */
int kq_spcr_read(const void *data, size_t size,
		 struct kq_inventory_console *console,
		 struct kq_message *message);

#endif
