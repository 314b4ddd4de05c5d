// SPDX-License-Identifier: GPL-2.0-or-later
/* Input: an ACPI table MCFG, as read from sysfs. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/inventory/mcfg.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/acpi-build.h"

static void read_table(const uint8_t *data, size_t size)
{
	struct kq_warnings warnings = { 0 };
	struct kq_inventory_host *hosts;
	struct kq_message message;
	size_t count;

	if (kq_mcfg_read(data, size, &hosts, &count, &warnings, &message) ==
	    0) {
		for (size_t i = 0; i < count; i++)
			if (hosts[i].bus_first > hosts[i].bus_last)
				abort();
		free(hosts);
	}
	kq_warnings_fini(&warnings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = acpi_repaired(data, size, "MCFG");

	read_table(data, size);
	read_table(copy, size);
	free(copy);
	return 0;
}

size_t kq_fuzz_seed(unsigned int index, uint8_t *data)
{
	static const char *const oem[] = { "BOCHS ", "AMAZON" };
	struct acpi_table table;
	size_t size;

	if (index >= 2)
		return 0;
	acpi_begin(&table, "MCFG", 1, oem[index], "GRAVITON");
	acpi_put(&table, 8, 0);
	acpi_put_mcfg_entry(&table, 0x4010000000, 0, 0, 255);
	acpi_put_mcfg_entry(&table, 0x5010000000, 2, 16, 17);
	size = acpi_end(&table);
	memcpy(data, table.data, size);
	return size;
}
