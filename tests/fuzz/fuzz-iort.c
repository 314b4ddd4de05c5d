// SPDX-License-Identifier: GPL-2.0-or-later
/* Input: an ACPI table IORT, as read from sysfs. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/inventory/iort.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/acpi-build.h"

static void use_table(const struct kq_iort *iort, struct kq_warnings *warnings)
{
	struct kq_inventory_stream *streams;
	struct kq_components components = { 0 };
	struct kq_message message;
	uint32_t stream_id;
	uint16_t smmu;
	size_t count;

	for (uint32_t id = 0; id < 0x10000; id += 0xff)
		for (uint16_t segment = 0; segment < 3; segment++)
			if (kq_iort_map(iort, segment, (uint16_t)id, &smmu,
					&stream_id) == 0 &&
			    smmu >= iort->smmu_count)
				abort();
	if (kq_iort_components(iort, &components, warnings, &message) < 0)
		abort();
	for (size_t i = 0; i < components.count; i++)
		if (components.list[i].smmu >= iort->smmu_count ||
		    components.list[i].count >
			    UINT32_MAX - components.list[i].stream_id)
			abort();
	free(components.list);
	if (kq_iort_reserved(iort, &streams, &count, &message) < 0)
		return;
	for (size_t i = 0; i < count; i++)
		if (streams[i].smmu >= iort->smmu_count)
			abort();
	free(streams);
}

static void read_table(const uint8_t *data, size_t size)
{
	struct kq_warnings warnings = { 0 };
	struct kq_message message;
	struct kq_iort iort;

	if (kq_iort_open(data, size, &iort, &warnings, &message) == 0) {
		use_table(&iort, &warnings);
		kq_iort_close(&iort);
	}
	kq_warnings_fini(&warnings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = acpi_repaired(data, size, "IORT");

	read_table(data, size);
	read_table(copy, size);
	free(copy);
	return 0;
}

size_t kq_fuzz_seed(unsigned int index, uint8_t *data)
{
	struct acpi_table table;
	uint32_t its, smmu3, smmu2;
	size_t size;

	if (index >= 2)
		return 0;
	iort_begin(&table, index ? 5 : 0, index ? "KQTEST" : "QCOM  ", 7);
	its = iort_its(&table);
	smmu3 = iort_smmu3(&table, 0x9050000, 1, index);
	smmu2 = iort_smmu2(&table, 0x2b500000, 3, 2);
	iort_rc(&table, 0, 3);
	iort_map(&table, 0, 0xff, 0x100, smmu3, 0);
	iort_map(&table, 0x100, 0xfeff, 0, smmu2, 0);
	iort_map(&table, 0xff00, 0, 0, its, 0);
	iort_rc(&table, 1, 1);
	iort_map(&table, 0, 0, 0x77, smmu3, 1);
	iort_rmr(&table, 1);
	iort_map(&table, 0, 3, 0x40, smmu3, 0);
	iort_nc(&table, "\\_SB.DMA0", 2);
	iort_map(&table, 0, 0, 0x60, smmu3, 1);
	iort_map(&table, 0, 7, 0x68, smmu2, 0);
	size = acpi_end(&table);
	memcpy(data, table.data, size);
	return size;
}
