// SPDX-License-Identifier: GPL-2.0-or-later
/* Input: a flattened device tree, as read from /sys/firmware/fdt. */
#include "config.h"

#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "lib/inventory/devicetree.h"
#include "tests/fuzz/fuzz.h"

static void use_tree(const struct kq_dt *dt, struct kq_warnings *warnings)
{
	struct kq_inventory_console console;
	struct kq_components components = { 0 };
	struct kq_inventory_stream *streams;
	struct kq_message message;
	uint32_t stream_id;
	uint16_t smmu;
	size_t count;

	for (size_t host = 0; host < dt->host_count; host++)
		for (uint32_t id = 0; id < 0x10000; id += 0xff)
			if (kq_dt_map(dt, host, (uint16_t)id, &smmu,
				      &stream_id) == 0 &&
			    smmu >= dt->smmu_count)
				abort();
	if (kq_dt_components(dt, &components, warnings, &message) < 0)
		abort();
	for (size_t i = 0; i < components.count; i++)
		if (components.list[i].smmu >= dt->smmu_count ||
		    components.list[i].count >
			    UINT32_MAX - components.list[i].stream_id)
			abort();
	free(components.list);
	kq_dt_console(dt, &console);
	if (console.address % 4)
		abort();
	if (kq_dt_reserved(dt, &streams, &count, warnings, &message) < 0)
		return;
	for (size_t i = 0; i < count; i++)
		if (streams[i].smmu >= dt->smmu_count)
			abort();
	free(streams);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kq_warnings warnings = { 0 };
	struct kq_message message;
	struct kq_dt dt;

	if (kq_dt_open(data, size, &dt, &warnings, &message) == 0) {
		use_tree(&dt, &warnings);
		kq_dt_close(&dt);
	}
	kq_warnings_fini(&warnings);
	return 0;
}

static void put_smmu(void *fdt)
{
	fdt_begin_node(fdt, "smmu@9050000");
	fdt_property_string(fdt, "compatible", "arm,smmu-v3");
	fdt_property_u64(fdt, "reg", UINT64_C(0x9050000) << 32 | 0x20000);
	fdt_property_u32(fdt, "#iommu-cells", 1);
	fdt_property_u32(fdt, "phandle", 1);
	fdt_property(fdt, "dma-coherent", NULL, 0);
	fdt_end_node(fdt);
}

static void put_host(void *fdt)
{
	const fdt32_t reg[] = { cpu_to_fdt32(0x30000000),
				cpu_to_fdt32(0x10000000) };
	const fdt32_t bus_range[] = { 0, cpu_to_fdt32(0xff) };
	const fdt32_t map[] = { 0, cpu_to_fdt32(1), 0, cpu_to_fdt32(0x10000) };

	fdt_begin_node(fdt, "pcie@10000000");
	fdt_property_string(fdt, "compatible", "pci-host-ecam-generic");
	fdt_property_string(fdt, "device_type", "pci");
	fdt_property(fdt, "reg", reg, sizeof(reg));
	fdt_property(fdt, "bus-range", bus_range, sizeof(bus_range));
	fdt_property(fdt, "iommu-map", map, sizeof(map));
	fdt_end_node(fdt);
}

static void put_reserved(void *fdt)
{
	const fdt32_t addresses[] = { cpu_to_fdt32(2), cpu_to_fdt32(0x80000000),
				      cpu_to_fdt32(0x1000) };
	const fdt32_t iommus[] = { cpu_to_fdt32(1), cpu_to_fdt32(0x33) };

	fdt_begin_node(fdt, "display");
	fdt_property_u32(fdt, "phandle", 2);
	fdt_property(fdt, "iommus", iommus, sizeof(iommus));
	fdt_end_node(fdt);
	fdt_begin_node(fdt, "reserved-memory");
	fdt_property(fdt, "ranges", NULL, 0);
	fdt_begin_node(fdt, "splash");
	fdt_property_u64(fdt, "reg", UINT64_C(0x80000000) << 32 | 0x1000);
	fdt_property(fdt, "iommu-addresses", addresses, sizeof(addresses));
	fdt_end_node(fdt);
	fdt_end_node(fdt);
}

size_t kq_fuzz_seed(unsigned int index, uint8_t *data)
{
	if (index > 0)
		return 0;
	fdt_create(data, 4096);
	fdt_finish_reservemap(data);
	fdt_begin_node(data, "");
	fdt_property_u32(data, "#address-cells", 1);
	fdt_property_u32(data, "#size-cells", 1);
	fdt_begin_node(data, "chosen");
	fdt_property_string(data, "stdout-path", "serial0:115200");
	fdt_end_node(data);
	fdt_begin_node(data, "aliases");
	fdt_property_string(data, "serial0", "/pl011@9000000");
	fdt_end_node(data);
	fdt_begin_node(data, "pl011@9000000");
	fdt_property_string(data, "compatible", "arm,pl011");
	fdt_property_u64(data, "reg", UINT64_C(0x9000000) << 32 | 0x1000);
	fdt_end_node(data);
	put_smmu(data);
	put_host(data);
	put_reserved(data);
	fdt_end_node(data);
	if (fdt_finish(data) != 0)
		abort();
	return fdt_totalsize(data);
}
