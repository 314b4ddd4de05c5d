/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flattened device tree: PCI host bridges, SMMUs and the StreamIDs of
 * PCI functions. Devicetree Specification; Linux's bindings pci-iommu.txt,
 * host-generic-pci.yaml, arm,smmu.yaml and arm,smmu-v3.yaml.
 */
#ifndef KQ_INVENTORY_DEVICETREE_H
#define KQ_INVENTORY_DEVICETREE_H

#include "lib/inventory/inventory.h"

/* A PCI host bridge, with or without ECAM. */
struct kq_dt_host {
	int node;
	char *path; /* full path of its node */
	long segment; /* linux,pci-domain, or -1 */
	bool ecam; /* window is valid, but for its segment */
	struct kq_inventory_host window;
};

struct kq_dt_smmu {
	int node;
	uint32_t phandle;
	uint32_t cells; /* #iommu-cells */
};

/* A checked tree. It points into the data it was opened from. */
struct kq_dt {
	const void *fdt;
	struct kq_dt_host *hosts; /* in the tree's order */
	size_t host_count;
	struct kq_inventory_smmu *smmus; /* in the tree's order */
	struct kq_dt_smmu *smmu_nodes; /* of the same index */
	size_t smmu_count;
};

/**
 * kq_dt_open() - check a whole tree, find its hosts and SMMUs
 * @fdt:      the blob; must stay where it is until kq_dt_close()
 * @size:     bytes at @fdt
 * @ret:      result; kq_dt_close() it
 * @warnings: gets what exists but cannot be used
 * @message:  why the tree was refused
 *
 * Nodes that are switched off by their status, and what is below them, do
 * not count.
 *
 * Return: 0; -KQ_ERR_NOMEM; -KQ_ERR_VALUE malformed; -KQ_ERR_NOSPACE more
 * hosts or SMMUs than a plan holds.
 */
int kq_dt_open(const void *fdt, size_t size, struct kq_dt *ret,
	       struct kq_warnings *warnings, struct kq_message *message);

/**
 * kq_dt_close() - free what kq_dt_open() allocated
 */
void kq_dt_close(struct kq_dt *dt);

/**
 * kq_dt_find_smmu() - index of the SMMU with that phandle
 *
 * Return: index into dt->smmus, or KQ_NONE.
 */
uint16_t kq_dt_find_smmu(const struct kq_dt *dt, uint32_t phandle);

/* One entry of a device's iommus property. */
struct kq_dt_iommu {
	uint16_t smmu; /* index into dt->smmus, or KQ_NONE */
	uint32_t stream_id;
	uint32_t mask; /* bits of the StreamID that may have any value */
};

/**
 * kq_dt_next_iommu() - step through a device's iommus property
 * @dt:   opened tree
 * @node: the device
 * @next: where to go on; 0 for the first entry
 * @ret:  the entry
 *
 * Return: false when there are no more.
 */
bool kq_dt_next_iommu(const struct kq_dt *dt, int node, uint32_t *next,
		      struct kq_dt_iommu *ret);

/**
 * kq_dt_next() - step through the nodes that are switched on
 * @fdt:   a tree that kq_dt_check() accepted
 * @node:  where to go on from; -1 for the first node
 * @depth: 0 for the first node; kept for the next
 *
 * Nodes below one that is switched off, or below a PCI host, are left out.
 *
 * Return: the next node; negative when there are no more.
 */
int kq_dt_next(const void *fdt, int node, int *depth);

/**
 * kq_dt_map() - find the SMMU and StreamID of a PCI requester
 * @dt:           opened tree
 * @host:         index of the host it is below
 * @requester_id: bus << 8 | device << 3 | function
 * @smmu:         index into dt->smmus
 * @stream_id:    StreamID at that SMMU
 *
 * Return: 0; -KQ_ERR_NOTFOUND its DMA passes no SMMU that we know.
 */
int kq_dt_map(const struct kq_dt *dt, size_t host, uint16_t requester_id,
	      uint16_t *smmu, uint32_t *stream_id);

/**
 * kq_dt_reserved() - list the streams that must keep working
 * @dt:       opened tree
 * @ret:      array to be freed with free(); NULL if there are none
 * @count:    entries of @ret
 * @warnings: gets reservations whose streams cannot be told
 * @message:  why it failed
 *
 * These are the streams of devices that a reserved-memory node names in its
 * iommu-addresses: firmware left them running, a splash screen for example.
 *
 * Return: 0; -KQ_ERR_NOMEM; -KQ_ERR_NOSPACE more than a plan holds.
 */
int kq_dt_reserved(const struct kq_dt *dt, struct kq_inventory_stream **ret,
		   size_t *count, struct kq_warnings *warnings,
		   struct kq_message *message);

/**
 * kq_dt_components() - list devices behind SMMUs that are no PCI functions
 * @dt:       opened tree
 * @ret:      list they are added to
 * @warnings: told if there are more than a plan holds
 * @message:  why it failed
 *
 * These are the nodes with an iommus property.
 *
 * Return: 0; -KQ_ERR_NOMEM.
 */
int kq_dt_components(const struct kq_dt *dt, struct kq_components *ret,
		     struct kq_warnings *warnings, struct kq_message *message);

/**
 * kq_dt_console() - find the console that the stage could print on
 * @dt:      opened tree
 * @console: result, from /chosen's stdout-path; KQ_CONSOLE_NONE if there is
 *           none or it is of a kind the stage cannot drive
 */
void kq_dt_console(const struct kq_dt *dt,
		   struct kq_inventory_console *console);

/**
 * kq_dt_region() - find the region for updates of the plan
 * @dt:       opened tree
 * @region:   result; of size 0 if there is none that can be used
 * @warnings: told why one cannot be used
 *
 * A node in /reserved-memory, compatible with "kexec-quiesce,plan" and
 * no-map. docs/plan-format.md, "The plan region".
 */
void kq_dt_region(const struct kq_dt *dt, struct kq_inventory_region *region,
		  struct kq_warnings *warnings);

/**
 * kq_dt_psci() - how to call a firmware that can reset the machine
 *
 * From the node "psci" (Linux, devicetree/bindings/arm/psci.yaml). Version
 * 0.1, which has no such call, counts as none.
 */
enum kq_psci kq_dt_psci(const struct kq_dt *dt);

#endif
