// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libpci enumerates and reads config space; what it does not know (drivers,
 * SR-IOV, reset methods, the bridge above) is read from sysfs.
 */
#include "config.h"

#include "lib/inventory/pci.h"

#include <pci/pci.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "lib/inventory/reset.h"
#include "lib/inventory/sysfs.h"

#define STANDARD_HEADER 64 /* bytes of config space that anybody may read */

/* A device that is unplugged while libpci reads its files fails the scan. */
#define SCAN_ATTEMPTS 3

struct scan {
	const char *root;
	struct kq_inventory *inventory;
	struct kq_root_buses *buses;
	struct pci_access *access;
	struct pci_dev **devices; /* by address; of the inventory's length */
	size_t unreadable; /* functions with only a standard header */
};

/*
 * libpci ends the process on errors unless its callback does not return. It
 * hands the callback nothing of ours, hence the variables of the file.
 */
static jmp_buf libpci_failed;
static struct kq_message libpci_message;

static void __attribute__((noreturn)) on_libpci_error(char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(libpci_message.text, sizeof(libpci_message.text), format,
		  args);
	va_end(args);
	longjmp(libpci_failed, 1);
}

/* What libpci warns about shows in the data, and is handled there. */
static void on_libpci_warning(char *format, ...)
{
	(void)format;
}

static int compare_devices(const void *a, const void *b)
{
	const struct pci_dev *x = *(struct pci_dev *const *)a;
	const struct pci_dev *y = *(struct pci_dev *const *)b;
	int x_bdf = x->bus << 8 | x->dev << 3 | x->func;
	int y_bdf = y->bus << 8 | y->dev << 3 | y->func;

	if (x->domain != y->domain)
		return x->domain < y->domain ? -1 : 1;
	return x_bdf - y_bdf;
}

static bool fits_segment(const struct pci_dev *device)
{
	return device->domain >= 0 && device->domain <= UINT16_MAX;
}

/* Sorted devices into scan->devices; allocates the inventory's functions. */
static int list_devices(struct scan *scan, struct kq_message *message)
{
	struct kq_inventory *inventory = scan->inventory;
	struct pci_dev *device;
	size_t n = 0;

	for (device = scan->access->devices; device; device = device->next)
		if (fits_segment(device))
			n++;
		else
			kq_warn(&inventory->warnings,
				"PCI segment %x needs more than 16 bits, ignoring a device there",
				(unsigned int)device->domain);
	if (n >= KQ_NONE)
		return kq_fail(
			message, KQ_ERR_NOSPACE,
			"plan too large: this machine has %zu PCI functions" KQ_TOO_LARGE_ADVICE,
			n);
	scan->devices = calloc(n + 1, sizeof(*scan->devices));
	inventory->functions = calloc(n + 1, sizeof(*inventory->functions));
	if (!scan->devices || !inventory->functions)
		return kq_fail(message, KQ_ERR_NOMEM, "out of memory");
	n = 0;
	for (device = scan->access->devices; device; device = device->next)
		if (fits_segment(device))
			scan->devices[n++] = device;
	qsort(scan->devices, n, sizeof(scan->devices[0]), compare_devices);
	inventory->function_count = n;
	return 0;
}

/* Path of a file in the function's sysfs directory. */
static const char *device_file(const struct kq_inventory_function *fn,
			       const char *name, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "/sys/bus/pci/devices/%04x:%02x:%02x.%x%s%s",
		 fn->segment, fn->bdf >> 8, fn->bdf >> 3 & 0x1f, fn->bdf & 7,
		 *name ? "/" : "", name);
	return path;
}

static uint16_t find_cap(struct pci_dev *device, unsigned int id,
			 unsigned int type)
{
	struct pci_cap *cap = pci_find_cap(device, id, type);
	unsigned int lowest = type == PCI_CAP_NORMAL ? 0x40 : 0x100;

	/* A broken list may point into the header, or nowhere. */
	if (!cap || cap->addr < lowest || cap->addr > 0xfff)
		return 0;
	return (uint16_t)cap->addr;
}

static void read_capabilities(struct pci_dev *device,
			      struct kq_inventory_function *fn)
{
	pci_fill_info(device, PCI_FILL_CAPS | PCI_FILL_EXT_CAPS);
	fn->pcie_cap = find_cap(device, PCI_CAP_ID_EXP, PCI_CAP_NORMAL);
	fn->af_cap = find_cap(device, PCI_CAP_ID_AF, PCI_CAP_NORMAL);
	fn->aer_cap = find_cap(device, PCI_EXT_CAP_ID_AER, PCI_CAP_EXTENDED);
	fn->dpc_cap = find_cap(device, PCI_EXT_CAP_ID_DPC, PCI_CAP_EXTENDED);
	fn->sriov_cap =
		find_cap(device, PCI_EXT_CAP_ID_SRIOV, PCI_CAP_EXTENDED);
	if (fn->pcie_cap)
		fn->port_type =
			pci_read_byte(device, fn->pcie_cap + PCI_EXP_FLAGS) >>
			4;
}

static void read_reset(struct scan *scan, struct pci_dev *device,
		       struct kq_inventory_function *fn)
{
	const uint8_t af_wanted = PCI_AF_CAP_TP | PCI_AF_CAP_FLR;
	char path[PATH_MAX];
	void *methods = NULL;
	size_t size;
	bool flr, af;

	flr = fn->pcie_cap &&
	      (pci_read_long(device, fn->pcie_cap + PCI_EXP_DEVCAP) &
	       PCI_EXP_DEVCAP_FLRESET);
	af = fn->af_cap && (pci_read_byte(device, fn->af_cap + PCI_AF_CAP) &
			    af_wanted) == af_wanted;
	if (kq_sysfs_read(scan->root, device_file(fn, "reset_method", path),
			  &methods, &size) < 0)
		methods = NULL;
	kq_reset_decide(fn, flr, af, methods);
	free(methods);
}

static void read_header(struct scan *scan, struct pci_dev *device,
			struct kq_inventory_function *fn)
{
	uint8_t probe[4];

	fn->class_revision = pci_read_long(device, PCI_CLASS_REVISION);
	fn->header_type = pci_read_byte(device, PCI_HEADER_TYPE) & 0x7f;
	if (fn->class_revision == UINT32_MAX) {
		kq_warn(&scan->inventory->warnings,
			"%04x:%02x:%02x.%x does not answer to config reads",
			fn->segment, fn->bdf >> 8, fn->bdf >> 3 & 0x1f,
			fn->bdf & 7);
		fn->class_revision = (uint32_t)device->device_class << 16;
		fn->header_type = 0;
		fn->reset = KQ_RESET_NOT_OFFERED;
		return;
	}
	if (fn->header_type != PCI_HEADER_TYPE_NORMAL) {
		fn->flags |= KQ_FN_BRIDGE;
		fn->secondary_bus = pci_read_byte(device, PCI_SECONDARY_BUS);
	}
	if (!pci_read_block(device, STANDARD_HEADER, probe, sizeof(probe))) {
		scan->unreadable++;
		fn->reset = fn->flags & KQ_FN_BRIDGE ? KQ_RESET_BRIDGE
						     : KQ_RESET_UNKNOWN;
		return;
	}
	read_capabilities(device, fn);
	read_reset(scan, device, fn);
}

static void read_driver(struct scan *scan, struct kq_inventory_function *fn)
{
	char path[PATH_MAX], link[PATH_MAX];

	if (kq_sysfs_link(scan->root, device_file(fn, "driver", path), link) ==
	    0)
		snprintf(fn->driver, sizeof(fn->driver), "%.*s",
			 (int)sizeof(fn->driver) - 1, kq_basename(link));
}

/* Everything about function @i that needs no other function. */
static void read_function(struct scan *scan, size_t i)
{
	struct kq_inventory_function *fn = &scan->inventory->functions[i];
	struct pci_dev *device = scan->devices[i];

	pci_fill_info(device, PCI_FILL_IDENT | PCI_FILL_CLASS);
	fn->segment = (uint16_t)device->domain;
	fn->bdf =
		(uint16_t)(device->bus << 8 | device->dev << 3 | device->func);
	fn->vendor = device->vendor_id;
	fn->device = device->device_id;
	fn->host = fn->parent = fn->pf = fn->smmu = KQ_NONE;
	fn->requester_id = fn->bdf;
	read_header(scan, device, fn);
	read_driver(scan, fn);
}

static void link_pf(struct scan *scan, struct kq_inventory_function *fn)
{
	char path[PATH_MAX], link[PATH_MAX];
	uint16_t segment, bdf;
	long pf;

	if (kq_sysfs_link(scan->root, device_file(fn, "physfn", path), link) <
		    0 ||
	    kq_parse_bdf(kq_basename(link), &segment, &bdf) < 0)
		return;
	pf = kq_inventory_find(scan->inventory, segment, bdf);
	if (pf < 0)
		return;
	fn->pf = (uint16_t)pf;
	fn->flags |= KQ_FN_VF;
}

/* "pciSSSS:BB", the root bus's directory. */
static bool parse_root_bus(const char *name, uint16_t *segment, uint8_t *bus)
{
	unsigned int s, b;
	int end = 0;

	if (sscanf(name, "pci%8x:%2x%n", &s, &b, &end) != 2 ||
	    name[end] != '\0' || s > UINT16_MAX)
		return false;
	*segment = (uint16_t)s;
	*bus = (uint8_t)b;
	return true;
}

static int add_root_bus(struct kq_root_buses *buses, uint16_t segment,
			uint8_t bus, const char *host_dir)
{
	struct kq_root_bus *list;

	for (size_t i = 0; i < buses->count; i++)
		if (buses->list[i].segment == segment &&
		    buses->list[i].bus == bus)
			return 0;
	list = reallocarray(buses->list, buses->count + 1, sizeof(*list));
	if (!list)
		return -KQ_ERR_NOMEM;
	buses->list = list;
	list += buses->count;
	list->segment = segment;
	list->bus = bus;
	list->host_dir = strdup(host_dir);
	if (!list->host_dir)
		return -KQ_ERR_NOMEM;
	buses->count++;
	return 0;
}

/*
 * The function's place in the tree: its sysfs link ends in
 * .../pciSSSS:BB/BRIDGE/.../FUNCTION.
 */
static int link_parent(struct scan *scan, struct kq_inventory_function *fn)
{
	char path[PATH_MAX], link[PATH_MAX], *slash;
	uint16_t segment, bdf;
	uint8_t bus;
	long parent;

	if (kq_sysfs_link(scan->root, device_file(fn, "", path), link) < 0)
		return 0;
	/* Cut the function itself; what is in front is bridge or root bus. */
	slash = strrchr(link, '/');
	if (slash)
		*slash = '\0';
	if (kq_parse_bdf(kq_basename(link), &segment, &bdf) == 0) {
		parent = kq_inventory_find(scan->inventory, segment, bdf);
		if (parent >= 0)
			fn->parent = (uint16_t)parent;
	}
	for (; (slash = strrchr(link, '/')); *slash = '\0') {
		if (!parse_root_bus(slash + 1, &segment, &bus))
			continue;
		*slash = '\0';
		/* "../../../devices/..." as seen from /sys/bus/pci/devices */
		slash = strstr(link, "devices");
		snprintf(path, sizeof(path), "/sys/%s",
			 slash ? slash : "devices");
		return add_root_bus(scan->buses, segment, bus, path);
	}
	return 0;
}

/* Bridges that are not to requester IDs what they look like. Linux:
 * drivers/pci/quirks.c. */
static const struct bridge_quirk {
	uint16_t vendor;
	uint16_t device;
	bool smmu_below; /* else: hands requester IDs on as they are */
} bridge_quirks[] = {
	/* ASPEED AST1150, in front of a BMC's VGA and USB: no real PCI bus */
	{ 0x1a03, 0x1150, false },
	/* Cavium ThunderX2, inside its root complex */
	{ 0x14e4, 0x9000, true },
	{ 0x14e4, 0x9084, true },
};

static const struct bridge_quirk *
find_bridge_quirk(const struct kq_inventory_function *bridge)
{
	for (size_t i = 0; i < sizeof(bridge_quirks) / sizeof(bridge_quirks[0]);
	     i++)
		if (bridge_quirks[i].vendor == bridge->vendor &&
		    bridge_quirks[i].device == bridge->device)
			return &bridge_quirks[i];
	return NULL;
}

/* What leaves a bridge towards the root: @id, or the bridge's own. */
static uint16_t id_above(const struct kq_inventory_function *bridge,
			 uint16_t id)
{
	if (bridge->pcie_cap && bridge->port_type == PCI_EXP_TYPE_PCI_BRIDGE)
		return (uint16_t)(bridge->secondary_bus << 8);
	if (!bridge->pcie_cap || bridge->port_type == PCI_EXP_TYPE_PCIE_BRIDGE)
		return bridge->bdf;
	return id;
}

/*
 * What requester ID the SMMU sees: conventional PCI has none, so a bridge
 * from PCI Express answers for what is behind it, with its secondary bus and
 * device 0; other bridges with their own ID. PCI Express to PCI/PCI-X Bridge
 * Specification. The walk up is bounded by the number of functions.
 */
static void find_requester(const struct kq_inventory *inventory,
			   struct kq_inventory_function *fn)
{
	const struct kq_inventory_function *bridge = fn;

	for (size_t n = 0;
	     n < inventory->function_count && bridge->parent != KQ_NONE; n++) {
		const struct bridge_quirk *quirk;

		bridge = &inventory->functions[bridge->parent];
		quirk = find_bridge_quirk(bridge);
		if (quirk && quirk->smmu_below)
			break;
		if (!quirk)
			fn->requester_id = id_above(bridge, fn->requester_id);
	}
}

static int scan_devices(struct scan *scan, struct kq_message *message)
{
	struct kq_inventory *inventory = scan->inventory;
	int r = list_devices(scan, message);

	if (r < 0)
		return r;
	for (size_t i = 0; i < inventory->function_count; i++)
		read_function(scan, i);
	for (size_t i = 0; i < inventory->function_count; i++) {
		link_pf(scan, &inventory->functions[i]);
		r = link_parent(scan, &inventory->functions[i]);
		if (r < 0)
			return kq_fail(message, -r, "out of memory");
	}
	/* Without capabilities a bridge's kind is unknown: better no alias. */
	if (scan->unreadable == 0)
		for (size_t i = 0; i < inventory->function_count; i++)
			find_requester(inventory, &inventory->functions[i]);
	return 0;
}

/* All of libpci's doings, under the protection of setjmp(). */
static int guarded_scan(struct scan *scan, struct kq_message *message)
{
	char path[PATH_MAX];

	if (setjmp(libpci_failed))
		return kq_fail(message, KQ_ERR_SYSTEM,
			       "cannot list the PCI devices: %s",
			       libpci_message.text);
	snprintf(path, sizeof(path), "%s/sys/bus/pci", scan->root);
	pci_set_param(scan->access, (char *)"sysfs.path", path);
	pci_init(scan->access);
	pci_scan_bus(scan->access);
	return scan_devices(scan, message);
}

static int scan_once(struct scan *scan, struct kq_message *message)
{
	int r;

	scan->unreadable = 0;
	scan->access = pci_alloc();
	scan->access->method = PCI_ACCESS_SYS_BUS_PCI;
	scan->access->error = on_libpci_error;
	scan->access->warning = on_libpci_warning;
	r = guarded_scan(scan, message);
	pci_cleanup(scan->access);
	free(scan->devices);
	scan->devices = NULL;
	return r;
}

static void start_over(struct scan *scan)
{
	free(scan->inventory->functions);
	scan->inventory->functions = NULL;
	scan->inventory->function_count = 0;
	kq_root_buses_fini(scan->buses);
}

int kq_pci_scan(const char *root, struct kq_inventory *inventory,
		struct kq_root_buses *buses, struct kq_message *message)
{
	struct scan scan = { .root = root,
			     .inventory = inventory,
			     .buses = buses };
	int r;

	if (!kq_sysfs_exists(root, "/sys/bus/pci/devices")) {
		kq_warn(&inventory->warnings, "this machine has no PCI");
		return 0;
	}
	for (int attempt = 0; attempt < SCAN_ATTEMPTS; attempt++) {
		start_over(&scan);
		r = scan_once(&scan, message);
		if (r != -KQ_ERR_SYSTEM)
			break;
	}
	if (r == 0 && scan.unreadable > 0) {
		inventory->incomplete = true;
		kq_warn(&inventory->warnings,
			"only root can read the capabilities of PCI functions: resets and some StreamIDs are not known");
	}
	return r;
}

void kq_root_buses_fini(struct kq_root_buses *buses)
{
	for (size_t i = 0; i < buses->count; i++)
		free(buses->list[i].host_dir);
	free(buses->list);
	buses->list = NULL;
	buses->count = 0;
}
