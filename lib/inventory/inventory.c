// SPDX-License-Identifier: GPL-2.0-or-later
/* Puts the sources together: functions, firmware's tables, links between. */
#include "config.h"

#include "lib/inventory/inventory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "lib/inventory/devicetree.h"
#include "lib/inventory/fadt.h"
#include "lib/inventory/iort.h"
#include "lib/inventory/mcfg.h"
#include "lib/inventory/pci.h"
#include "lib/inventory/spcr.h"
#include "lib/inventory/sysfs.h"

#define ACPI_TABLES "/sys/firmware/acpi/tables/"
#define FDT_FILE    "/sys/firmware/fdt"
/* Where the links called of_node lead. */
#define DT_BASE "firmware/devicetree/base"

struct collector {
	const char *root;
	struct kq_inventory *inventory;
	struct kq_root_buses buses;
	struct kq_message *message;
};

/*
 * Reads a file of the firmware. A file that is not there gives NULL; so does
 * one that we may not read, after a warning.
 */
static int read_firmware(struct collector *c, const char *path, void **ret,
			 size_t *size)
{
	int r = kq_sysfs_read(c->root, path, ret, size);

	if (r == 0)
		return 0;
	*ret = NULL;
	*size = 0;
	if (r == -ENOENT)
		return 0;
	if (r == -EACCES || r == -EPERM) {
		c->inventory->incomplete = true;
		kq_warn(&c->inventory->warnings, "only root can read %s", path);
		return 0;
	}
	return kq_fail(c->message, KQ_ERR_SYSTEM, "cannot read %s: %s", path,
		       strerror(-r));
}

static bool bus_in_host(const struct kq_inventory_host *host, uint16_t segment,
			uint8_t bus)
{
	return host->segment == segment && host->bus_first <= bus &&
	       bus <= host->bus_last;
}

/* Adds to each window the root buses that are in it. */
static void mark_root_buses(struct collector *c)
{
	for (size_t i = 0; i < c->buses.count; i++) {
		const struct kq_root_bus *bus = &c->buses.list[i];

		for (size_t k = 0; k < c->inventory->host_count; k++) {
			struct kq_inventory_host *host =
				&c->inventory->hosts[k];

			if (bus_in_host(host, bus->segment, bus->bus))
				host->root_buses[bus->bus / 32] |=
					KQ_BIT32(bus->bus % 32);
		}
	}
}

static bool is_root_bus(const struct kq_inventory_host *host, uint8_t bus)
{
	return host->root_buses[bus / 32] & KQ_BIT32(bus % 32);
}

static int compare_hosts(const void *a, const void *b)
{
	const struct kq_inventory_host *x = a, *y = b;

	if (x->segment != y->segment)
		return x->segment - y->segment;
	return x->bus_first - y->bus_first;
}

/* Windows that nothing was seen in are of no use to the stage. */
static void drop_idle_hosts(struct kq_inventory *inventory)
{
	static const uint32_t none[8];
	size_t n = 0;

	for (size_t i = 0; i < inventory->host_count; i++)
		if (memcmp(inventory->hosts[i].root_buses, none,
			   sizeof(none)) != 0)
			inventory->hosts[n++] = inventory->hosts[i];
	inventory->host_count = n;
	if (n > 0)
		qsort(inventory->hosts, n, sizeof(inventory->hosts[0]),
		      compare_hosts);
}

static uint16_t host_of(const struct kq_inventory *inventory,
			const struct kq_inventory_function *fn)
{
	uint8_t bus = (uint8_t)(fn->bdf >> 8);

	for (size_t i = 0; i < inventory->host_count; i++) {
		const struct kq_inventory_host *host = &inventory->hosts[i];

		if (!bus_in_host(host, fn->segment, bus))
			continue;
		if (is_root_bus(host, bus) &&
		    ((host->flags & KQ_HOST_ROOT_BUS_HIDDEN) ||
		     ((host->flags & KQ_HOST_ROOT_DEV0_ONLY) &&
		      (fn->bdf >> 3 & 0x1f) != 0)))
			return KQ_NONE;
		return (uint16_t)i;
	}
	return KQ_NONE;
}

static void link_hosts(struct collector *c)
{
	struct kq_inventory *inventory = c->inventory;
	size_t unreachable = 0;

	mark_root_buses(c);
	drop_idle_hosts(inventory);
	for (size_t i = 0; i < inventory->function_count; i++) {
		struct kq_inventory_function *fn = &inventory->functions[i];

		fn->host = host_of(inventory, fn);
		unreachable += fn->host == KQ_NONE;
	}
	/* Whoever may not read the tables has been told that already. */
	if (unreachable && !inventory->incomplete)
		kq_warn(&inventory->warnings,
			"the stage cannot reach the config space of %zu of %zu functions: no ECAM window covers them",
			unreachable, inventory->function_count);
}

/* --- ACPI --- */

static int read_mcfg(struct collector *c)
{
	struct kq_inventory *inventory = c->inventory;
	void *table;
	size_t size;
	int r = read_firmware(c, ACPI_TABLES "MCFG", &table, &size);

	if (r < 0 || !table)
		return r;
	r = kq_mcfg_read(table, size, &inventory->hosts, &inventory->host_count,
			 &inventory->warnings, c->message);
	free(table);
	return r;
}

/* A console is a help for debugging: trouble with it is no reason to stop. */
static int read_spcr(struct collector *c)
{
	struct kq_message message;
	void *table;
	size_t size;
	int r = read_firmware(c, ACPI_TABLES "SPCR", &table, &size);

	if (r < 0 || !table)
		return r;
	r = kq_spcr_read(table, size, &c->inventory->console, &message);
	if (r < 0)
		kq_warn(&c->inventory->warnings, "%s, ignoring", message.text);
	free(table);
	return 0;
}

/* Of use only when all else is lost: trouble with it is no reason to stop. */
static int read_fadt(struct collector *c)
{
	struct kq_message message;
	void *table;
	size_t size;
	int r = read_firmware(c, ACPI_TABLES "FACP", &table, &size);

	if (r < 0 || !table)
		return r;
	r = kq_fadt_psci(table, size, &c->inventory->psci, &message);
	if (r < 0)
		kq_warn(&c->inventory->warnings, "%s, ignoring", message.text);
	free(table);
	return 0;
}

static int use_iort(struct collector *c, const void *table, size_t size)
{
	struct kq_inventory *inventory = c->inventory;
	struct kq_iort iort;
	int r = kq_iort_open(table, size, &iort, &inventory->warnings,
			     c->message);

	if (r < 0)
		return r;
	for (size_t i = 0; i < inventory->function_count; i++) {
		struct kq_inventory_function *fn = &inventory->functions[i];

		kq_iort_map(&iort, fn->segment, fn->requester_id, &fn->smmu,
			    &fn->stream_id);
	}
	r = kq_iort_reserved(&iort, &inventory->streams,
			     &inventory->stream_count, c->message);
	if (r == 0)
		r = kq_iort_components(&iort, &inventory->components,
				       &inventory->warnings, c->message);
	inventory->smmus = iort.smmus;
	inventory->smmu_count = iort.smmu_count;
	iort.smmus = NULL;
	kq_iort_close(&iort);
	return r;
}

static int read_iort(struct collector *c)
{
	void *table;
	size_t size;
	int r = read_firmware(c, ACPI_TABLES "IORT", &table, &size);

	if (r < 0 || !table)
		return r;
	r = use_iort(c, table, size);
	free(table);
	return r;
}

static int collect_acpi(struct collector *c)
{
	int r;

	c->inventory->firmware = KQ_FIRMWARE_ACPI;
	r = read_mcfg(c);
	if (r == 0)
		r = read_iort(c);
	if (r == 0)
		r = read_spcr(c);
	if (r == 0)
		r = read_fadt(c);
	if (r == 0)
		link_hosts(c);
	return r;
}

/* --- Device tree --- */

/* The host bridge's node, as a path in the tree; false if sysfs tells none. */
static bool host_node_path(const struct collector *c,
			   const struct kq_root_bus *bus, char path[PATH_MAX])
{
	char name[PATH_MAX], link[PATH_MAX];
	const char *base;
	int n = snprintf(name, sizeof(name), "%s/of_node", bus->host_dir);

	if (n < 0 || (size_t)n >= sizeof(name) ||
	    kq_sysfs_link(c->root, name, link) < 0)
		return false;
	base = strstr(link, DT_BASE);
	if (!base)
		return false;
	strcpy(path, base + strlen(DT_BASE));
	return true;
}

/*
 * Which of the tree's hosts does a segment belong to? Sysfs knows it for
 * certain; else the tree's own numbers count, and a host that is alone needs
 * none. Returns dt->host_count if that is not known.
 */
static size_t find_dt_host(const struct collector *c, const struct kq_dt *dt,
			   uint16_t segment)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < c->buses.count; i++) {
		if (c->buses.list[i].segment != segment ||
		    !host_node_path(c, &c->buses.list[i], path))
			continue;
		for (size_t k = 0; k < dt->host_count; k++)
			if (strcmp(dt->hosts[k].path, path) == 0)
				return k;
	}
	for (size_t k = 0; k < dt->host_count; k++)
		if (dt->hosts[k].segment == (long)segment)
			return k;
	if (dt->host_count == 1 && dt->hosts[0].segment < 0 && segment == 0)
		return 0;
	return dt->host_count;
}

/* Is a segment the same as that of an earlier function? Functions are sorted
 * by segment. */
static bool same_segment(const struct kq_inventory *inventory, size_t i)
{
	return i > 0 && inventory->functions[i].segment ==
				inventory->functions[i - 1].segment;
}

static int add_dt_host(struct kq_inventory *inventory, const struct kq_dt *dt,
		       size_t host, uint16_t segment)
{
	struct kq_inventory_host *hosts;

	if (!dt->hosts[host].ecam)
		return 0;
	hosts = reallocarray(inventory->hosts, inventory->host_count + 1,
			     sizeof(*hosts));
	if (!hosts)
		return -KQ_ERR_NOMEM;
	inventory->hosts = hosts;
	hosts += inventory->host_count++;
	*hosts = dt->hosts[host].window;
	hosts->segment = segment;
	return 0;
}

/* Host and StreamID of every function. */
static int map_dt_functions(struct collector *c, const struct kq_dt *dt)
{
	struct kq_inventory *inventory = c->inventory;
	size_t host = dt->host_count;
	int r;

	for (size_t i = 0; i < inventory->function_count; i++) {
		struct kq_inventory_function *fn = &inventory->functions[i];

		if (!same_segment(inventory, i)) {
			host = find_dt_host(c, dt, fn->segment);
			if (host == dt->host_count) {
				kq_warn(&inventory->warnings,
					"the device tree does not tell which host PCI segment %04x belongs to",
					fn->segment);
				continue;
			}
			r = add_dt_host(inventory, dt, host, fn->segment);
			if (r < 0)
				return kq_fail(c->message, -r, "out of memory");
		}
		if (host < dt->host_count)
			kq_dt_map(dt, host, fn->requester_id, &fn->smmu,
				  &fn->stream_id);
	}
	return 0;
}

static int use_fdt(struct collector *c, const void *fdt, size_t size)
{
	struct kq_inventory *inventory = c->inventory;
	struct kq_dt dt;
	int r = kq_dt_open(fdt, size, &dt, &inventory->warnings, c->message);

	if (r < 0)
		return r;
	r = map_dt_functions(c, &dt);
	if (r == 0)
		r = kq_dt_reserved(&dt, &inventory->streams,
				   &inventory->stream_count,
				   &inventory->warnings, c->message);
	if (r == 0)
		r = kq_dt_components(&dt, &inventory->components,
				     &inventory->warnings, c->message);
	kq_dt_console(&dt, &inventory->console);
	kq_dt_region(&dt, &inventory->region, &inventory->warnings);
	inventory->psci = kq_dt_psci(&dt);
	inventory->smmus = dt.smmus;
	inventory->smmu_count = dt.smmu_count;
	dt.smmus = NULL;
	kq_dt_close(&dt);
	return r;
}

static int collect_dt(struct collector *c)
{
	void *fdt;
	size_t size;
	int r = read_firmware(c, FDT_FILE, &fdt, &size);

	if (r < 0)
		return r;
	if (fdt) {
		c->inventory->firmware = KQ_FIRMWARE_DT;
		r = use_fdt(c, fdt, size);
		free(fdt);
	} else if (kq_sysfs_exists(c->root, "/sys/" DT_BASE) &&
		   !c->inventory->incomplete) {
		r = kq_fail(
			c->message, KQ_ERR_SYSTEM,
			"this kernel uses a device tree but does not show it in " FDT_FILE);
	} else if (!c->inventory->incomplete) {
		kq_warn(&c->inventory->warnings,
			"firmware gives neither ACPI tables nor a device tree: SMMUs and ECAM windows are not known");
	}
	if (r == 0)
		link_hosts(c);
	return r;
}

/* ACPI or device tree, as the running kernel chose: it shows tables only
 * when it uses them. */
static bool uses_acpi(const char *root)
{
	return kq_sysfs_exists(root, ACPI_TABLES "MCFG") ||
	       kq_sysfs_exists(root, ACPI_TABLES "IORT") ||
	       kq_sysfs_exists(root, ACPI_TABLES "FACP");
}

int kq_inventory_collect(const char *root, struct kq_inventory **ret,
			 struct kq_message *message)
{
	struct collector c = { .root = root, .message = message };
	int r;

	c.inventory = calloc(1, sizeof(*c.inventory));
	if (!c.inventory)
		return kq_fail(message, KQ_ERR_NOMEM, "out of memory");
	r = kq_pci_scan(root, c.inventory, &c.buses, message);
	if (r == 0)
		r = uses_acpi(root) ? collect_acpi(&c) : collect_dt(&c);
	kq_root_buses_fini(&c.buses);
	if (r < 0) {
		kq_inventory_free(c.inventory);
		return r;
	}
	*ret = c.inventory;
	return 0;
}

void kq_inventory_free(struct kq_inventory *inventory)
{
	if (!inventory)
		return;
	free(inventory->functions);
	free(inventory->hosts);
	free(inventory->smmus);
	free(inventory->streams);
	free(inventory->components.list);
	kq_warnings_fini(&inventory->warnings);
	free(inventory);
}

static int compare_address(const struct kq_inventory_function *fn,
			   uint16_t segment, uint16_t bdf)
{
	if (fn->segment != segment)
		return fn->segment < segment ? -1 : 1;
	return fn->bdf - bdf;
}

long kq_inventory_find(const struct kq_inventory *inventory, uint16_t segment,
		       uint16_t bdf)
{
	size_t low = 0, high = inventory->function_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare_address(&inventory->functions[middle],
					    segment, bdf);

		if (order == 0)
			return (long)middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return -1;
}
