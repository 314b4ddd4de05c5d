// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The inventory as a whole, on captured and on made-up machines.
 *
 *	test-inventory			all cases; needs dtc
 *	test-inventory show ROOT	functions of a captured machine, one
 *line each: for test-lspci-dumps.py
 */
#undef NDEBUG
#include "config.h"

#include "lib/inventory/inventory.h"

#include <assert.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/error.h"
#include "tests/unit/acpi-build.h"
#include "tests/unit/captured.h"

static struct captured tree;
static struct kq_inventory *inv;
static struct kq_message message;

static int collect(void)
{
	memset(&message, 0, sizeof(message));
	inv = NULL;
	return kq_inventory_collect(tree.root, &inv, &message);
}

static void finish(void)
{
	kq_inventory_free(inv);
	captured_end(&tree);
}

static const struct kq_inventory_function *fn_at(uint16_t segment, uint16_t bdf)
{
	long index = kq_inventory_find(inv, segment, bdf);

	assert(index >= 0);
	return &inv->functions[index];
}

static bool warned(const char *text)
{
	for (size_t i = 0; i < inv->warnings.count; i++)
		if (strstr(inv->warnings.text[i], text))
			return true;
	return false;
}

/* --- QEMU's virt machine --- */

static const struct expected {
	uint16_t bdf;
	enum kq_reset reset;
	uint16_t pcie_cap;
	int parent_bdf; /* or -1 */
	int pf_bdf; /* or -1 */
	const char *driver;
} qemu[] = {
	{ 0x0000, KQ_RESET_NOT_OFFERED, 0, -1, -1, "" },
	{ 0x0010, KQ_RESET_NOT_OFFERED, 0, -1, -1, "virtio-pci" },
	{ 0x0018, KQ_RESET_NOT_OFFERED, 0, -1, -1, "ehci-pci" },
	{ 0x0028, KQ_RESET_NOT_OFFERED, 0, -1, -1, "" },
	{ 0x0040, KQ_RESET_BRIDGE, 0x54, -1, -1, "pcieport" },
	{ 0x0048, KQ_RESET_BRIDGE, 0x54, -1, -1, "pcieport" },
	{ 0x0050, KQ_RESET_BRIDGE, 0x54, -1, -1, "pcieport" },
	{ 0x0058, KQ_RESET_BRIDGE, 0x54, -1, -1, "pcieport" },
	{ 0x0060, KQ_RESET_BRIDGE, 0x54, -1, -1, "pcieport" },
	{ 0x0100, KQ_RESET_NOT_OFFERED, 0xe0, 0x40, -1, "e1000e" },
	{ 0x0200, KQ_RESET_FLR, 0xa0, 0x48, -1, "igb" },
	{ 0x0280, KQ_RESET_FLR, 0xa0, 0x48, 0x200, "igbvf" },
	{ 0x0282, KQ_RESET_FLR, 0xa0, 0x48, 0x200, "igbvf" },
	{ 0x0300, KQ_RESET_FLR, 0x80, 0x50, -1, "nvme" },
	{ 0x0400, KQ_RESET_NOT_OFFERED, 0xa0, 0x58, -1, "xhci_hcd" },
	{ 0x0500, KQ_RESET_FLR, 0x40, 0x60, -1, "virtio-pci" },
};

#define QEMU_COUNT (sizeof(qemu) / sizeof(qemu[0]))

static void check_link(uint16_t index, int bdf)
{
	if (bdf < 0)
		assert(index == KQ_NONE);
	else
		assert(inv->functions[index].bdf == bdf);
}

static void check_qemu(enum kq_firmware firmware)
{
	assert(inv->firmware == firmware);
	assert(!inv->incomplete && inv->warnings.count == 0);
	assert(inv->host_count == 1 && inv->hosts[0].ecam == 0x4010000000);
	assert(inv->hosts[0].root_buses[0] == 1);
	assert(inv->smmu_count == 1 && inv->smmus[0].base == 0x9050000);
	assert(inv->smmus[0].type == KQ_SMMU_V3 && inv->smmus[0].coherent);
	assert(inv->console.type == KQ_CONSOLE_PL011);
	assert(inv->console.address == 0x9000000);
	assert(inv->function_count == QEMU_COUNT);
	for (size_t i = 0; i < QEMU_COUNT; i++) {
		const struct kq_inventory_function *fn = &inv->functions[i];
		const struct expected *e = &qemu[i];

		assert(fn->segment == 0 && fn->bdf == e->bdf);
		assert(fn->host == 0 && fn->smmu == 0);
		assert(fn->stream_id == fn->bdf);
		assert(fn->reset == e->reset);
		assert(fn->pcie_cap == e->pcie_cap);
		assert(!!(fn->flags & KQ_FN_FLR) == (e->reset == KQ_RESET_FLR));
		assert(!!(fn->flags & KQ_FN_BRIDGE) ==
		       (e->reset == KQ_RESET_BRIDGE));
		assert(!!(fn->flags & KQ_FN_VF) == (e->pf_bdf >= 0));
		assert(strcmp(fn->driver, e->driver) == 0);
		check_link(fn->parent, e->parent_bdf);
		check_link(fn->pf, e->pf_bdf);
	}
	assert(fn_at(0, 0x200)->sriov_cap == 0x160);
	assert(fn_at(0, 0x200)->aer_cap == 0x100);
	assert(fn_at(0, 0x48)->secondary_bus == 2);
	assert(fn_at(0, 0x48)->port_type == PCI_EXP_TYPE_ROOT_PORT);
	/* A VF's config space has neither of these; sysfs has. */
	assert(fn_at(0, 0x280)->vendor == 0x8086);
	assert(fn_at(0, 0x280)->device == 0x10ca);
}

static void qemu_with_device_tree(void)
{
	captured_begin(&tree);
	captured_load(&tree, "qemu-virt-pci.tree");
	captured_compile_fdt(&tree, "qemu-virt.dts");
	assert(collect() == 0);
	check_qemu(KQ_FIRMWARE_DT);
	finish();
}

static void qemu_with_acpi(void)
{
	captured_begin(&tree);
	captured_load(&tree, "qemu-virt-pci.tree");
	captured_load(&tree, "qemu-virt-acpi.tree");
	/* There is one under ACPI too, and it must not count. */
	captured_compile_fdt(&tree, "soc.dts");
	assert(collect() == 0);
	check_qemu(KQ_FIRMWARE_ACPI);
	finish();
}

/* --- Made-up machines --- */

static void add_mcfg(uint64_t address, uint8_t first, uint8_t last,
		     const char *oem, const char *name)
{
	struct acpi_table table;

	acpi_begin(&table, "MCFG", 1, oem, name);
	acpi_put(&table, 8, 0);
	acpi_put_mcfg_entry(&table, address, 0, first, last);
	/* Nothing is ever seen in segment 9: to be left out. */
	acpi_put_mcfg_entry(&table, 0x90000000, 9, 0, 255);
	acpi_end(&table);
	captured_file(&tree, "sys/firmware/acpi/tables/MCFG", table.data,
		      table.size);
}

static void add_iort(uint32_t single_output, uint32_t flags)
{
	struct acpi_table table;
	uint32_t smmu;

	iort_begin(&table, 0, "KQTEST", 2);
	smmu = iort_smmu3(&table, 0x40000000, 0, 0);
	iort_rc(&table, 0, 1);
	iort_map(&table, 0, 0xffff, single_output, smmu, flags);
	acpi_end(&table);
	captured_file(&tree, "sys/firmware/acpi/tables/IORT", table.data,
		      table.size);
}

static void add_plain(const char *above, const char *bdf)
{
	struct captured_function fn;

	captured_function_begin(&fn, above, bdf, 0x1234, 0x5678);
	captured_add(&tree, &fn);
}

static void only_standard_headers_readable(void)
{
	struct captured_function fn;

	captured_begin(&tree);
	add_mcfg(0x30000000, 0, 255, "KQTEST", "KQTEST  ");
	captured_function_begin(&fn, "pci0000:00", "0000:00:01.0", 0x1234, 1);
	captured_express(&fn, PCI_EXP_TYPE_ENDPOINT, true);
	fn.config_size = 64;
	captured_add(&tree, &fn);
	captured_function_begin(&fn, "pci0000:00", "0000:00:02.0", 0x1234, 2);
	captured_bridge(&fn, 1);
	fn.config_size = 64;
	captured_add(&tree, &fn);
	add_plain("pci0001:00", "0001:00:01.0");
	assert(collect() == 0);
	assert(inv->incomplete);
	assert(warned("only root can read the capabilities"));
	/* No conclusions from tables that may not have been readable. */
	assert(inv->functions[2].host == KQ_NONE && !warned("ECAM"));
	assert(inv->functions[0].reset == KQ_RESET_UNKNOWN);
	assert(inv->functions[0].vendor == 0x1234);
	assert(inv->functions[0].host == 0);
	assert(inv->functions[1].reset == KQ_RESET_BRIDGE);
	finish();
}

static void machine_without_pci(void)
{
	captured_begin(&tree);
	assert(collect() == 0);
	assert(inv->firmware == KQ_FIRMWARE_NONE);
	assert(inv->function_count == 0 && inv->host_count == 0);
	assert(warned("no PCI"));
	finish();
}

static void function_that_does_not_answer(void)
{
	struct captured_function fn;

	captured_begin(&tree);
	captured_function_begin(&fn, "pci0000:00", "0000:00:01.0", 0x1234, 1);
	memset(fn.config, 0xff, sizeof(fn.config));
	captured_add(&tree, &fn);
	assert(collect() == 0);
	assert(warned("0000:00:01.0 does not answer"));
	assert(inv->functions[0].flags == 0);
	assert(inv->functions[0].pcie_cap == 0);
	finish();
}

/* Capability pointers into the header, in circles, beyond the end. */
static void broken_capability_lists(void)
{
	struct captured_function fn;

	captured_begin(&tree);
	captured_function_begin(&fn, "pci0000:00", "0000:00:01.0", 0x1234, 1);
	captured_express(&fn, PCI_EXP_TYPE_ENDPOINT, true);
	captured_set(&fn, 0x41, 1, 0x40);
	captured_add(&tree, &fn);
	captured_function_begin(&fn, "pci0000:00", "0000:00:02.0", 0x1234, 1);
	captured_set(&fn, PCI_STATUS, 2, PCI_STATUS_CAP_LIST);
	captured_set(&fn, PCI_CAPABILITY_LIST, 1, 0x10);
	captured_set(&fn, 0x10, 1, PCI_CAP_ID_EXP);
	captured_add(&tree, &fn);
	captured_function_begin(&fn, "pci0000:00", "0000:00:03.0", 0x1234, 1);
	captured_express(&fn, PCI_EXP_TYPE_ENDPOINT, true);
	captured_set(&fn, 0x100, 4, 0x080 << 20 | 1 << 16 | 3);
	captured_set(&fn, 0x080, 4, 1 << 16 | PCI_EXT_CAP_ID_ERR);
	captured_add(&tree, &fn);
	assert(collect() == 0);
	assert(inv->functions[0].pcie_cap == 0x40);
	assert(inv->functions[1].pcie_cap == 0);
	assert(inv->functions[2].pcie_cap == 0x40);
	assert(inv->functions[2].aer_cap == 0);
	finish();
}

static void hosts_and_windows(void)
{
	captured_begin(&tree);
	add_mcfg(0x30000000, 0, 0x1f, "KQTEST", "KQTEST  ");
	add_plain("pci0000:00", "0000:00:01.0");
	add_plain("pci0000:20", "0000:20:01.0");
	add_plain("pci0001:00", "0001:00:01.0");
	assert(collect() == 0);
	assert(inv->host_count == 1);
	assert(fn_at(0, 0x0008)->host == 0);
	assert(fn_at(0, 0x2008)->host == KQ_NONE);
	assert(fn_at(1, 0x0008)->host == KQ_NONE);
	assert(warned("config space of 2 of 3 functions"));
	/* No IORT: nothing is translated. */
	assert(inv->smmu_count == 0 && fn_at(0, 8)->smmu == KQ_NONE);
	finish();
}

static void windows_are_sorted(void)
{
	struct acpi_table table;

	captured_begin(&tree);
	acpi_begin(&table, "MCFG", 1, "KQTEST", "KQTEST  ");
	acpi_put(&table, 8, 0);
	acpi_put_mcfg_entry(&table, 0x50000000, 1, 0, 255);
	acpi_put_mcfg_entry(&table, 0x40000000, 0, 0x20, 0x2f);
	acpi_put_mcfg_entry(&table, 0x30000000, 0, 0x00, 0x0f);
	acpi_end(&table);
	captured_file(&tree, "sys/firmware/acpi/tables/MCFG", table.data,
		      table.size);
	add_plain("pci0000:00", "0000:00:01.0");
	add_plain("pci0000:20", "0000:20:01.0");
	add_plain("pci0001:00", "0001:00:01.0");
	assert(collect() == 0);
	assert(inv->host_count == 3);
	assert(inv->hosts[0].ecam == 0x30000000);
	assert(inv->hosts[1].ecam == 0x40000000);
	assert(inv->hosts[1].root_buses[1] == 1);
	assert(inv->hosts[2].segment == 1);
	assert(fn_at(0, 0x2008)->host == 1 && fn_at(1, 8)->host == 2);
	finish();
}

static void root_bus_outside_of_ecam(void)
{
	struct captured_function fn;

	captured_begin(&tree);
	add_mcfg(0x30000000, 0, 255, "AMAZON", "GRAVITON");
	captured_function_begin(&fn, "pci0000:00", "0000:00:00.0", 0x1d0f, 1);
	captured_bridge(&fn, 1);
	captured_add(&tree, &fn);
	add_plain("pci0000:00/0000:00:00.0", "0000:01:00.0");
	assert(collect() == 0);
	assert(inv->hosts[0].flags == KQ_HOST_ROOT_BUS_HIDDEN);
	assert(fn_at(0, 0x000)->host == KQ_NONE);
	assert(fn_at(0, 0x100)->host == 0);
	finish();
}

/* Conventional PCI behind bridges: the SMMU sees the bridge's requester. */
static void requester_aliases(void)
{
	struct captured_function fn;

	captured_begin(&tree);
	add_iort(0, 0);
	captured_function_begin(&fn, "pci0000:00", "0000:00:01.0", 1, 1);
	captured_bridge(&fn, 1);
	captured_express(&fn, PCI_EXP_TYPE_ROOT_PORT, false);
	captured_add(&tree, &fn);
	captured_function_begin(&fn, "pci0000:00/0000:00:01.0", "0000:01:00.0",
				1, 1);
	captured_bridge(&fn, 2);
	captured_express(&fn, PCI_EXP_TYPE_PCI_BRIDGE, false);
	captured_add(&tree, &fn);
	add_plain("pci0000:00/0000:00:01.0/0000:01:00.0", "0000:02:04.0");
	captured_function_begin(&fn, "pci0000:00", "0000:00:02.0", 1, 1);
	captured_bridge(&fn, 3);
	captured_add(&tree, &fn);
	add_plain("pci0000:00/0000:00:02.0", "0000:03:05.0");
	assert(collect() == 0);
	assert(fn_at(0, 0x0100)->stream_id == 0x100);
	assert(fn_at(0, 0x0220)->stream_id == 0x200);
	assert(fn_at(0, 0x0220)->requester_id == 0x200);
	assert(fn_at(0, 0x0328)->stream_id == 0x010);
	finish();
}

static void add_express_bridge(const char *above, const char *bdf,
			       uint32_t device, unsigned int type,
			       uint8_t secondary)
{
	struct captured_function fn;

	captured_function_begin(&fn, above, bdf, device >> 16, device & 0xffff);
	captured_bridge(&fn, secondary);
	captured_express(&fn, type, false);
	captured_add(&tree, &fn);
}

/* A BMC's bridge has no PCI bus; ThunderX2's SMMU is below its bridge. */
static void bridges_without_aliases(void)
{
	captured_begin(&tree);
	add_iort(0, 0);
	add_express_bridge("pci0000:00", "0000:00:01.0", 0x00010001,
			   PCI_EXP_TYPE_ROOT_PORT, 1);
	add_express_bridge("pci0000:00/0000:00:01.0", "0000:01:00.0",
			   0x1a031150, PCI_EXP_TYPE_PCI_BRIDGE, 2);
	add_plain("pci0000:00/0000:00:01.0/0000:01:00.0", "0000:02:02.0");
	/* A second bridge above the first one counts nevertheless. */
	add_express_bridge("pci0000:00", "0000:00:02.0", 0x00010001,
			   PCI_EXP_TYPE_PCI_BRIDGE, 3);
	add_express_bridge("pci0000:00/0000:00:02.0", "0000:03:00.0",
			   0x1a031150, PCI_EXP_TYPE_PCI_BRIDGE, 4);
	add_plain("pci0000:00/0000:00:02.0/0000:03:00.0", "0000:04:02.0");
	add_express_bridge("pci0000:00", "0000:00:03.0", 0x14e49000,
			   PCI_EXP_TYPE_PCI_BRIDGE, 5);
	add_express_bridge("pci0000:00/0000:00:03.0", "0000:05:00.0",
			   0x14e49084, PCI_EXP_TYPE_PCI_BRIDGE, 6);
	add_plain("pci0000:00/0000:00:03.0/0000:05:00.0", "0000:06:01.0");
	assert(collect() == 0);
	assert(fn_at(0, 0x0210)->stream_id == 0x210);
	assert(fn_at(0, 0x0410)->stream_id == 0x300);
	assert(fn_at(0, 0x0608)->stream_id == 0x608);
	finish();
}

static void vf_whose_pf_is_not_here(void)
{
	struct captured_function fn;

	captured_begin(&tree);
	captured_function_begin(&fn, "pci0000:00", "0000:00:01.0", 1, 1);
	captured_add(&tree, &fn);
	captured_pointer(&tree, &fn, "physfn", "../0000:07:00.0");
	captured_pointer(
		&tree, &fn, "driver",
		"../../../bus/pci/drivers/a-very-long-driver-name-indeed");
	assert(collect() == 0);
	assert(inv->functions[0].pf == KQ_NONE);
	assert(!(inv->functions[0].flags & KQ_FN_VF));
	assert(strcmp(inv->functions[0].driver,
		      "a-very-long-driver-name-indeed") == 0);
	finish();
}

static void functions_are_sorted(void)
{
	static const char *const names[] = { "0001:00:01.0", "0000:00:1f.7",
					     "0000:00:01.1", "0000:00:01.0" };

	captured_begin(&tree);
	for (int i = 0; i < 4; i++)
		add_plain(i ? "pci0000:00" : "pci0001:00", names[i]);
	add_plain("pci10000:00", "10000:00:01.0");
	assert(collect() == 0);
	assert(inv->function_count == 4);
	assert(inv->functions[0].bdf == 0x08);
	assert(inv->functions[1].bdf == 0x09);
	assert(inv->functions[2].bdf == 0xff);
	assert(inv->functions[3].segment == 1);
	assert(kq_inventory_find(inv, 0, 0x0a) == -1);
	assert(kq_inventory_find(inv, 2, 0) == -1);
	assert(warned("segment 10000"));
	finish();
}

/* Segments are numbered as sysfs says, not in the tree's order. */
static void device_tree_with_several_hosts(void)
{
	captured_begin(&tree);
	captured_compile_fdt(&tree, "soc.dts");
	add_plain("platform/bus/f41000000.pcie/pci0000:00", "0000:00:00.0");
	captured_link(&tree, "sys/devices/platform/bus/f41000000.pcie/of_node",
		      "../../../../firmware/devicetree/base/bus/pcie@21000000");
	add_plain("platform/bus/f42000000.pcie/pci0001:00", "0001:00:00.0");
	captured_link(&tree, "sys/devices/platform/bus/f42000000.pcie/of_node",
		      "../../../../firmware/devicetree/base/bus/pcie@22000000");
	/* No of_node: known by its linux,pci-domain. */
	add_plain("platform/bus/f40000000.pcie/pci0002:10", "0002:10:01.0");
	add_plain("platform/bus/lost.pcie/pci0007:00", "0007:00:00.0");
	assert(collect() == 0);
	assert(inv->firmware == KQ_FIRMWARE_DT);
	assert(inv->host_count == 2);
	assert(inv->hosts[0].segment == 0);
	assert(inv->hosts[0].ecam == 0xf41000000);
	assert(inv->hosts[0].flags == KQ_HOST_ROOT_DEV0_ONLY);
	assert(inv->hosts[1].segment == 2 && inv->hosts[1].bus_first == 0x10);
	assert(inv->hosts[1].root_buses[0] == KQ_BIT32(0x10));
	assert(fn_at(0, 0)->host == 0 && fn_at(0, 0)->stream_id == 0x40);
	/* No ECAM, but the SMMU knows it. */
	assert(fn_at(1, 0)->host == KQ_NONE);
	assert(fn_at(1, 0)->smmu == 0 && fn_at(1, 0)->stream_id == 0x11);
	assert(fn_at(2, 0x1008)->host == 1);
	assert(fn_at(2, 0x1008)->stream_id == 0x1308);
	assert(fn_at(7, 0)->host == KQ_NONE && fn_at(7, 0)->smmu == KQ_NONE);
	assert(warned("which host PCI segment 0007 belongs to"));
	finish();
}

static void device_tree_without_a_blob(void)
{
	captured_begin(&tree);
	add_plain("pci0000:00", "0000:00:01.0");
	captured_text(&tree, "sys/firmware/devicetree/base/name", "");
	assert(collect() == -KQ_ERR_SYSTEM);
	assert(strstr(message.text, "/sys/firmware/fdt"));
	finish();
	captured_begin(&tree);
	add_plain("pci0000:00", "0000:00:01.0");
	assert(collect() == 0);
	assert(warned("neither ACPI tables nor a device tree"));
	finish();
}

static void malformed_tables_stop_it(void)
{
	static const char *const names[] = { "sys/firmware/acpi/tables/IORT",
					     "sys/firmware/acpi/tables/MCFG",
					     "sys/firmware/fdt" };
	static const char *const words[] = { "IORT", "MCFG", "device tree" };

	for (int i = 0; i < 3; i++) {
		captured_begin(&tree);
		add_plain("pci0000:00", "0000:00:01.0");
		captured_text(&tree, names[i], "nonsense");
		assert(collect() < 0);
		assert(strstr(message.text, words[i]));
		assert(strstr(message.text, "malformed"));
		finish();
	}
	/* A console is no reason to stop. */
	captured_begin(&tree);
	add_mcfg(0x30000000, 0, 255, "KQTEST", "KQTEST  ");
	captured_text(&tree, "sys/firmware/acpi/tables/SPCR", "nonsense");
	assert(collect() == 0);
	assert(warned("SPCR is malformed"));
	assert(inv->console.type == KQ_CONSOLE_NONE);
	finish();
}

/* --- Resets --- */

enum {
	FLR = 1, /* DEVCAP offers it */
	AF = 2, /* the AF capability offers it */
};

static const struct reset_case {
	uint16_t vendor, device;
	uint8_t revision, port_type;
	unsigned int offered;
	const char *methods; /* reset_method; NULL: no such file */
	enum kq_reset reset;
	uint32_t flags;
	uint16_t delay_ms;
} reset_cases[] = {
	{ 1, 1, 0, PCI_EXP_TYPE_ENDPOINT, FLR, NULL, KQ_RESET_FLR, KQ_FN_FLR,
	  0 },
	{ 1, 1, 0, PCI_EXP_TYPE_LEG_END, FLR, "flr bus", KQ_RESET_FLR,
	  KQ_FN_FLR, 0 },
	{ 1, 1, 0, PCI_EXP_TYPE_RC_END, FLR, "pm flr", KQ_RESET_FLR, KQ_FN_FLR,
	  0 },
	{ 1, 1, 0, PCI_EXP_TYPE_ENDPOINT, 0, NULL, KQ_RESET_NOT_OFFERED, 0, 0 },
	{ 1, 1, 0, PCI_EXP_TYPE_ENDPOINT, 0, "bus", KQ_RESET_NOT_OFFERED, 0,
	  0 },
	/* Ports and event collectors are no endpoints whatever they offer. */
	{ 1, 1, 0, PCI_EXP_TYPE_DOWNSTREAM, FLR, "flr", KQ_RESET_NOT_OFFERED, 0,
	  0 },
	{ 1, 1, 0, PCI_EXP_TYPE_RC_EC, FLR, "flr", KQ_RESET_NOT_OFFERED, 0, 0 },
	{ 1, 1, 0, PCI_EXP_TYPE_ENDPOINT, AF, "af_flr", KQ_RESET_AF_FLR,
	  KQ_FN_AF_FLR, 0 },
	{ 1, 1, 0, PCI_EXP_TYPE_ENDPOINT, FLR | AF, NULL, KQ_RESET_FLR,
	  KQ_FN_FLR, 0 },
	/* The kernel knows better, or its administrator. */
	{ 1, 1, 0, PCI_EXP_TYPE_ENDPOINT, FLR, "pm bus",
	  KQ_RESET_KERNEL_REFUSES, KQ_FN_FLR_BROKEN, 0 },
	{ 1, 1, 0, PCI_EXP_TYPE_ENDPOINT, FLR, "", KQ_RESET_KERNEL_REFUSES,
	  KQ_FN_FLR_BROKEN, 0 },
	{ 1, 1, 0, PCI_EXP_TYPE_ENDPOINT, FLR, "xflr flrx",
	  KQ_RESET_KERNEL_REFUSES, KQ_FN_FLR_BROKEN, 0 },
	{ 1, 1, 0, PCI_EXP_TYPE_ENDPOINT, FLR, "device_specific flr",
	  KQ_RESET_DEVICE_SPECIFIC, KQ_FN_DEV_RESET, 0 },
	/* Our own list. */
	{ 0x1022, 0x149c, 0, PCI_EXP_TYPE_ENDPOINT, FLR, NULL, KQ_RESET_BROKEN,
	  KQ_FN_FLR_BROKEN, 0 },
	{ 0x8086, 0x1502, 0, PCI_EXP_TYPE_ENDPOINT, AF, NULL, KQ_RESET_BROKEN,
	  KQ_FN_FLR_BROKEN, 0 },
	{ 0x8086, 0x1502, 0, PCI_EXP_TYPE_ENDPOINT, 0, NULL,
	  KQ_RESET_NOT_OFFERED, 0, 0 },
	{ 0xd063, 0x1000, 1, PCI_EXP_TYPE_ENDPOINT, FLR, NULL, KQ_RESET_BROKEN,
	  KQ_FN_FLR_BROKEN, 0 },
	{ 0xd063, 0x1000, 2, PCI_EXP_TYPE_ENDPOINT, FLR, NULL, KQ_RESET_FLR,
	  KQ_FN_FLR, 0 },
	{ 0x8086, 0x10ed, 0, PCI_EXP_TYPE_ENDPOINT, 0, "device_specific",
	  KQ_RESET_FLR, KQ_FN_FLR, 0 },
	{ 0x8086, 0x0a54, 0, PCI_EXP_TYPE_ENDPOINT, FLR, "device_specific flr",
	  KQ_RESET_FLR, KQ_FN_FLR, 250 },
	{ 0x025e, 0xf1ac, 0, PCI_EXP_TYPE_ENDPOINT, FLR, NULL, KQ_RESET_FLR,
	  KQ_FN_FLR, 250 },
	{ 0x144d, 0xa804, 0, PCI_EXP_TYPE_ENDPOINT, FLR, "flr",
	  KQ_RESET_DEVICE_SPECIFIC, KQ_FN_DEV_RESET, 0 },
	{ 0x1425, 0x5401, 0, PCI_EXP_TYPE_ENDPOINT, FLR, NULL,
	  KQ_RESET_DEVICE_SPECIFIC, KQ_FN_DEV_RESET, 0 },
	{ 0x19e5, 0x375e, 0, PCI_EXP_TYPE_ENDPOINT, FLR, NULL,
	  KQ_RESET_DEVICE_SPECIFIC, KQ_FN_DEV_RESET, 0 },
};

static void reset_methods(void)
{
	for (size_t i = 0; i < sizeof(reset_cases) / sizeof(reset_cases[0]);
	     i++) {
		const struct reset_case *c = &reset_cases[i];
		struct captured_function fn;

		captured_begin(&tree);
		captured_function_begin(&fn, "pci0000:00", "0000:00:01.0",
					c->vendor, c->device);
		captured_set(&fn, PCI_REVISION_ID, 1, c->revision);
		captured_express(&fn, c->port_type, c->offered & FLR);
		captured_capability(&fn, PCI_CAP_ID_AF, 0x80);
		captured_set(&fn, 0x80 + PCI_AF_CAP, 1,
			     c->offered & AF ? PCI_AF_CAP_TP | PCI_AF_CAP_FLR
					     : PCI_AF_CAP_FLR);
		captured_add(&tree, &fn);
		if (c->methods)
			captured_attribute(&tree, &fn, "reset_method",
					   c->methods);
		assert(collect() == 0);
		if (inv->functions[0].reset != c->reset ||
		    inv->functions[0].flags != c->flags ||
		    inv->functions[0].reset_delay_ms != c->delay_ms) {
			fprintf(stderr, "reset case %zu: %d %x %u\n", i,
				inv->functions[0].reset,
				inv->functions[0].flags,
				inv->functions[0].reset_delay_ms);
			abort();
		}
		finish();
	}
}

static void bridges_are_never_reset(void)
{
	struct captured_function fn;

	captured_begin(&tree);
	captured_function_begin(&fn, "pci0000:00", "0000:00:01.0", 1, 1);
	captured_bridge(&fn, 1);
	captured_express(&fn, PCI_EXP_TYPE_ENDPOINT, true);
	captured_add(&tree, &fn);
	assert(collect() == 0);
	assert(inv->functions[0].reset == KQ_RESET_BRIDGE);
	assert(inv->functions[0].flags == KQ_FN_BRIDGE);
	finish();
}

static void words(void)
{
	assert(strcmp(kq_reset_name(KQ_RESET_FLR), "flr") == 0);
	assert(strcmp(kq_reset_name(KQ_RESET_AF_FLR), "af_flr") == 0);
	for (int i = KQ_RESET_NOT_OFFERED; i < KQ_RESET_COUNT; i++) {
		assert(strcmp(kq_reset_name(i), "none") == 0);
		assert(strlen(kq_reset_reason(i)) > 0);
	}
	assert(strcmp(kq_reset_reason(KQ_RESET_FLR), "") == 0);
	assert(strcmp(kq_reset_reason(KQ_RESET_COUNT), "unknown") == 0);
}

static int show(const char *root)
{
	assert(kq_inventory_collect(root, &inv, &message) == 0);
	for (size_t i = 0; i < inv->function_count; i++) {
		const struct kq_inventory_function *fn = &inv->functions[i];

		printf("%04x:%04x %04x:%04x %08x type %u pcie %x/%u af %x aer %x dpc %x sriov %x parent %d %s\n",
		       fn->segment, fn->bdf, fn->vendor, fn->device,
		       fn->class_revision, fn->header_type, fn->pcie_cap,
		       fn->port_type, fn->af_cap, fn->aer_cap, fn->dpc_cap,
		       fn->sriov_cap, fn->parent == KQ_NONE ? -1 : fn->parent,
		       kq_reset_name(fn->reset));
	}
	kq_inventory_free(inv);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "show") == 0)
		return show(argv[2]);
	if (system("dtc --version >/dev/null 2>&1") != 0) {
		puts("no dtc here: skipped");
		return 77;
	}
	qemu_with_device_tree();
	qemu_with_acpi();
	only_standard_headers_readable();
	machine_without_pci();
	function_that_does_not_answer();
	broken_capability_lists();
	hosts_and_windows();
	windows_are_sorted();
	root_bus_outside_of_ecam();
	requester_aliases();
	bridges_without_aliases();
	vf_whose_pf_is_not_here();
	functions_are_sorted();
	device_tree_with_several_hosts();
	device_tree_without_a_blob();
	malformed_tables_stop_it();
	reset_methods();
	bridges_are_never_reset();
	words();
	return 0;
}
