// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "lib/inventory/spcr.h"

#include "lib/inventory/acpi-table.h"

/* clang-format off */
#define SPCR_INTERFACE 36u
#define   SPCR_INTERFACE_16550 0x00
#define   SPCR_INTERFACE_16450 0x01
#define   SPCR_INTERFACE_PL011 0x03
#define   SPCR_INTERFACE_SBSA_32BIT 0x0d
#define   SPCR_INTERFACE_SBSA 0x0e
#define   SPCR_INTERFACE_16550_GAS 0x12
#define SPCR_SPACE 40u /* the base address: a Generic Address Structure */
#define   SPCR_SPACE_MEMORY 0
#define SPCR_BIT_WIDTH 41u
#define SPCR_ACCESS_SIZE 43u
#define   SPCR_ACCESS_SIZE_DWORD 3
#define SPCR_ADDRESS 44u
#define SPCR_MIN_SIZE 80u /* of revision 1 */
/* clang-format on */

static enum kq_console console_type(const uint8_t *table)
{
	switch (table[SPCR_INTERFACE]) {
	case SPCR_INTERFACE_PL011:
	case SPCR_INTERFACE_SBSA_32BIT:
	case SPCR_INTERFACE_SBSA:
		return KQ_CONSOLE_PL011;
	case SPCR_INTERFACE_16550:
	case SPCR_INTERFACE_16450:
	case SPCR_INTERFACE_16550_GAS:
		/* The stage accesses 32-bit registers only. */
		if (table[SPCR_ACCESS_SIZE] == SPCR_ACCESS_SIZE_DWORD ||
		    table[SPCR_BIT_WIDTH] == 32)
			return KQ_CONSOLE_UART8250;
		return KQ_CONSOLE_NONE;
	default:
		return KQ_CONSOLE_NONE;
	}
}

int kq_spcr_read(const void *data, size_t size,
		 struct kq_inventory_console *console,
		 struct kq_message *message)
{
	long length =
		kq_acpi_table_check(data, size, "SPCR", SPCR_MIN_SIZE, message);
	const uint8_t *table = data;
	uint64_t address;

	if (length < 0)
		return (int)length;
	*console = (struct kq_inventory_console){ .type = KQ_CONSOLE_NONE };
	address = kq_le64(table + SPCR_ADDRESS);
	if (table[SPCR_SPACE] != SPCR_SPACE_MEMORY || address == 0 ||
	    address % 4)
		return 0;
	console->type = console_type(table);
	if (console->type == KQ_CONSOLE_NONE)
		return 0;
	console->address = address;
	console->shift = console->type == KQ_CONSOLE_UART8250 ? 2 : 0;
	return 0;
}
