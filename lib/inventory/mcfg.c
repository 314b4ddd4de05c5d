// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "lib/inventory/mcfg.h"

#include <inttypes.h>
#include <stdlib.h>

#include "lib/error.h"
#include "lib/inventory/acpi-table.h"

#define MCFG_ENTRIES	     44u /* offset of the first; 8 reserved bytes before it */
#define MCFG_ENTRY_SIZE	     16u
#define MCFG_ENTRY_ADDRESS   0u /* of bus 0, whatever the first bus is */
#define MCFG_ENTRY_SEGMENT   8u
#define MCFG_ENTRY_BUS_FIRST 10u
#define MCFG_ENTRY_BUS_LAST  11u

/*
 * Firmware whose config space is not plain ECAM, although MCFG says so.
 * Linux: drivers/acpi/pci_mcfg.c. Its entries that only ask for 32-bit
 * accesses are not listed: the stage makes no others.
 */
static const struct quirk {
	const char *oem_id;
	const char *oem_table_id;
	bool usable; /* with the root bus hidden */
} quirks[] = {
	/* The root port answers in a register window of its own. */
	{ "AMAZON", "GRAVITON", true },
	{ "HISI  ", "HIP05   ", true },
	{ "HISI  ", "HIP06   ", true },
	{ "HISI  ", "HIP07   ", true },
	/* Config space is larger than ECAM's, or partly made up by Linux. */
	{ "CAVIUM", "THUNDERX", false },
	/* Each access needs registers set up first. */
	{ "NVIDIA", "TEGRA194", false },
	{ "APM   ", "XGENE   ", false },
};

static const struct quirk *find_quirk(const uint8_t *table)
{
	for (size_t i = 0; i < sizeof(quirks) / sizeof(quirks[0]); i++)
		if (kq_acpi_table_is(table, quirks[i].oem_id,
				     quirks[i].oem_table_id))
			return &quirks[i];
	return NULL;
}

static int read_entry(const uint8_t *entry, struct kq_inventory_host *host,
		      struct kq_message *message)
{
	host->ecam = kq_le64(entry + MCFG_ENTRY_ADDRESS);
	host->segment = kq_le16(entry + MCFG_ENTRY_SEGMENT);
	host->bus_first = entry[MCFG_ENTRY_BUS_FIRST];
	host->bus_last = entry[MCFG_ENTRY_BUS_LAST];
	if (host->bus_first > host->bus_last || host->ecam % 4096 ||
	    host->ecam > UINT64_MAX - KQ_BIT64(28))
		return kq_fail(
			message, KQ_ERR_VALUE,
			"the ACPI table MCFG is malformed: segment %04x has buses %02x to %02x at 0x%" PRIx64,
			host->segment, host->bus_first, host->bus_last,
			host->ecam);
	return 0;
}

int kq_mcfg_read(const void *data, size_t size, struct kq_inventory_host **ret,
		 size_t *count, struct kq_warnings *warnings,
		 struct kq_message *message)
{
	long length =
		kq_acpi_table_check(data, size, "MCFG", MCFG_ENTRIES, message);
	struct kq_inventory_host *hosts = NULL;
	const struct quirk *quirk;
	size_t n;

	if (length < 0)
		return (int)length;
	/* Like Linux, put up with a stump behind the last whole entry. */
	n = ((size_t)length - MCFG_ENTRIES) / MCFG_ENTRY_SIZE;
	quirk = find_quirk(data);
	if (quirk && !quirk->usable) {
		kq_warn(warnings,
			"the config space of %.6s %.8s machines cannot be reached by the stage",
			quirk->oem_id, quirk->oem_table_id);
		n = 0;
	}
	if (n > 0 && !(hosts = calloc(n, sizeof(*hosts))))
		return kq_fail(message, KQ_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < n; i++) {
		int r = read_entry((const uint8_t *)data + MCFG_ENTRIES +
					   i * MCFG_ENTRY_SIZE,
				   &hosts[i], message);

		if (r < 0) {
			free(hosts);
			return r;
		}
		hosts[i].flags = quirk ? KQ_HOST_ROOT_BUS_HIDDEN : 0;
	}
	*ret = hosts;
	*count = n;
	return 0;
}
