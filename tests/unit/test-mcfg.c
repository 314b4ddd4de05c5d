// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * MCFG, SPCR and FADT: windows, quirks, the console, the firmware that can
 * reset the machine, and what is refused.
 *
 *	test-mcfg dump FILE	the windows of a table, one line each: for
 *				test-acpi-tables.py
 */
#undef NDEBUG
#include "config.h"

#include "lib/inventory/mcfg.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "lib/inventory/fadt.h"
#include "lib/inventory/spcr.h"
#include "lib/inventory/sysfs.h"
#include "tests/unit/acpi-build.h"

static struct kq_inventory_host *hosts;
static size_t host_count;
static struct kq_warnings warnings;
static struct kq_message message;

static int read_table(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	int r;

	assert(copy);
	memcpy(copy, data, size);
	memset(&message, 0, sizeof(message));
	r = kq_mcfg_read(copy, size, &hosts, &host_count, &warnings, &message);
	free(copy);
	return r;
}

static void begin(struct acpi_table *table, const char *oem, const char *name)
{
	acpi_begin(table, "MCFG", 1, oem, name);
	acpi_put(table, 8, 0);
}

static void reset(void)
{
	free(hosts);
	hosts = NULL;
	kq_warnings_fini(&warnings);
}

static void windows_are_read(void)
{
	struct acpi_table table;

	begin(&table, "BOCHS ", "BXPC    ");
	acpi_put_mcfg_entry(&table, 0x4010000000, 0, 0, 255);
	acpi_put_mcfg_entry(&table, 0x30000000, 2, 0x10, 0x11);
	acpi_put(&table, 4, 0xdeadbeef); /* a stump, as Linux puts up with */
	acpi_end(&table);
	assert(read_table(table.data, table.size) == 0);
	assert(host_count == 2);
	assert(hosts[0].ecam == 0x4010000000 && hosts[0].segment == 0);
	assert(hosts[0].bus_first == 0 && hosts[0].bus_last == 255);
	/* The address is that of bus 0, wherever the window starts. */
	assert(hosts[1].ecam == 0x30000000 && hosts[1].segment == 2);
	assert(hosts[1].bus_first == 0x10 && hosts[1].bus_last == 0x11);
	assert(hosts[0].flags == 0 && warnings.count == 0);
	reset();
}

static void no_window_at_all(void)
{
	struct acpi_table table;

	begin(&table, "BOCHS ", "BXPC    ");
	acpi_end(&table);
	assert(read_table(table.data, table.size) == 0);
	assert(host_count == 0 && !hosts);
}

static void quirk_platforms(void)
{
	static const struct {
		const char *oem, *name;
		size_t count;
		uint32_t flags;
	} platforms[] = {
		{ "AMAZON", "GRAVITON", 1, KQ_HOST_ROOT_BUS_HIDDEN },
		{ "HISI  ", "HIP07   ", 1, KQ_HOST_ROOT_BUS_HIDDEN },
		{ "HISI  ", "HIP08   ", 1, 0 },
		{ "CAVIUM", "THUNDERX", 0, 0 },
		{ "NVIDIA", "TEGRA194", 0, 0 },
		{ "APM   ", "XGENE   ", 0, 0 },
		{ "Ampere", "Altra   ", 1, 0 },
		{ "QCOM  ", "QDF2432 ", 1, 0 },
	};
	struct acpi_table table;

	for (size_t i = 0; i < sizeof(platforms) / sizeof(platforms[0]); i++) {
		begin(&table, platforms[i].oem, platforms[i].name);
		acpi_put_mcfg_entry(&table, 0x30000000, 0, 0, 255);
		acpi_end(&table);
		assert(read_table(table.data, table.size) == 0);
		assert(host_count == platforms[i].count);
		assert(warnings.count == (host_count == 0));
		if (host_count)
			assert(hosts[0].flags == platforms[i].flags);
		reset();
	}
}

static void nonsense_is_refused(void)
{
	static const struct {
		uint64_t address;
		uint8_t first, last;
	} entries[] = {
		{ 0x30000000, 5, 4 },
		{ 0x30000001, 0, 4 },
		{ 0xfffffffffffff000, 0, 4 },
	};
	struct acpi_table table;

	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		begin(&table, "BOCHS ", "BXPC    ");
		acpi_put_mcfg_entry(&table, entries[i].address, 0,
				    entries[i].first, entries[i].last);
		acpi_end(&table);
		assert(read_table(table.data, table.size) == -KQ_ERR_VALUE);
		assert(strstr(message.text, "MCFG is malformed: segment 0000"));
	}
}

static void truncated_or_flipped_is_refused(void)
{
	struct acpi_table table;

	begin(&table, "BOCHS ", "BXPC    ");
	acpi_put_mcfg_entry(&table, 0x4010000000, 0, 0, 255);
	acpi_end(&table);
	for (size_t size = 0; size < table.size; size++)
		assert(read_table(table.data, size) < 0);
	for (size_t i = 0; i < table.size; i++) {
		table.data[i] ^= 1;
		assert(read_table(table.data, table.size) < 0);
		table.data[i] ^= 1;
	}
}

/* --- FADT --- */

static enum kq_psci fadt(uint16_t arm_boot_flags)
{
	enum kq_psci psci = 99;
	struct acpi_table table;

	acpi_begin(&table, "FACP", 6, "KQTEST", "KQTEST  ");
	while (table.size < 129)
		acpi_put(&table, 1, 0xff);
	acpi_put(&table, 2, arm_boot_flags);
	acpi_put(&table, 1, 0xff);
	acpi_end(&table);
	assert(kq_fadt_psci(table.data, table.size, &psci, &message) == 0);
	assert(kq_fadt_psci(table.data, table.size - 1, &psci, &message) ==
	       -KQ_ERR_TRUNCATED);
	return psci;
}

static void firmware_that_can_reset(void)
{
	struct acpi_table table;
	enum kq_psci psci = 99;

	assert(fadt(0) == KQ_PSCI_NONE);
	assert(fadt(1) == KQ_PSCI_SMC);
	assert(fadt(3) == KQ_PSCI_HVC);
	assert(fadt(2) == KQ_PSCI_NONE);
	/* Before ACPI 5.1 the field was not there. */
	acpi_begin(&table, "FACP", 4, "KQTEST", "KQTEST  ");
	while (table.size < 129)
		acpi_put(&table, 1, 0xff);
	acpi_end(&table);
	assert(kq_fadt_psci(table.data, table.size, &psci, &message) ==
	       -KQ_ERR_BOUNDS);
	assert(psci == 99);
}

/* --- SPCR --- */

static struct kq_inventory_console spcr(uint8_t type, uint8_t space,
					uint8_t width, uint8_t access,
					uint64_t address)
{
	struct kq_inventory_console console = { .type = 99 };
	struct acpi_table table;

	acpi_begin(&table, "SPCR", 2, "KQTEST", "KQTEST  ");
	acpi_put(&table, 1, type);
	acpi_put(&table, 3, 0);
	acpi_put(&table, 1, space);
	acpi_put(&table, 1, width);
	acpi_put(&table, 1, 0);
	acpi_put(&table, 1, access);
	acpi_put(&table, 8, address);
	while (table.size < 80)
		acpi_put(&table, 1, 0);
	acpi_end(&table);
	assert(kq_spcr_read(table.data, table.size, &console, &message) == 0);
	assert(kq_spcr_read(table.data, table.size - 1, &console, &message) ==
	       -KQ_ERR_TRUNCATED);
	return console;
}

static void console_kinds(void)
{
	struct kq_inventory_console c;

	c = spcr(3, 0, 32, 3, 0x9000000);
	assert(c.type == KQ_CONSOLE_PL011 && c.address == 0x9000000);
	assert(c.shift == 0);
	assert(spcr(0x0e, 0, 32, 3, 0x9000000).type == KQ_CONSOLE_PL011);
	c = spcr(0, 0, 8, 3, 0x100000000);
	assert(c.type == KQ_CONSOLE_UART8250 && c.address == 0x100000000);
	assert(c.shift == 2);
	assert(spcr(0x12, 0, 32, 0, 0x1000).type == KQ_CONSOLE_UART8250);
	/* Byte registers, I/O ports, no address, odd address, unknown. */
	assert(spcr(0, 0, 8, 1, 0x1000).type == KQ_CONSOLE_NONE);
	assert(spcr(0, 1, 8, 3, 0x3f8).type == KQ_CONSOLE_NONE);
	assert(spcr(3, 0, 32, 3, 0).type == KQ_CONSOLE_NONE);
	assert(spcr(3, 0, 32, 3, 0x9000002).type == KQ_CONSOLE_NONE);
	assert(spcr(0x11, 0, 32, 3, 0x9000000).type == KQ_CONSOLE_NONE);
}

static int dump(const char *path)
{
	void *data;
	size_t size;

	assert(kq_sysfs_read("", path, &data, &size) == 0);
	if (read_table(data, size) < 0)
		printf("refused %s\n", message.text);
	else
		for (size_t i = 0; i < host_count; i++)
			printf("window %x %x %x %" PRIx64 "\n",
			       hosts[i].segment, hosts[i].bus_first,
			       hosts[i].bus_last, hosts[i].ecam);
	free(data);
	reset();
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "dump") == 0)
		return dump(argv[2]);
	windows_are_read();
	no_window_at_all();
	quirk_platforms();
	nonsense_is_refused();
	truncated_or_flipped_is_refused();
	console_kinds();
	firmware_that_can_reset();
	return 0;
}
