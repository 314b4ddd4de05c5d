/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI functions as sysfs and config space show them. */
#ifndef KQ_INVENTORY_PCI_H
#define KQ_INVENTORY_PCI_H

#include "lib/inventory/inventory.h"

/* A root bus, found as the directory pciSSSS:BB above some function. */
struct kq_root_bus {
	uint16_t segment;
	uint8_t bus;
	char *host_dir; /* its host bridge's directory: "/sys/devices/..." */
};

struct kq_root_buses {
	struct kq_root_bus *list;
	size_t count;
};

/**
 * kq_pci_scan() - fill in the inventory's functions
 * @root:      "" or the directory of a captured tree
 * @inventory: gets functions, warnings and perhaps incomplete; host and smmu
 *             of each function are left at KQ_NONE
 * @buses:     gets the root buses the functions are on
 * @message:   why it failed
 *
 * Return: 0; -KQ_ERR_NOMEM; -KQ_ERR_SYSTEM; -KQ_ERR_NOSPACE.
 */
int kq_pci_scan(const char *root, struct kq_inventory *inventory,
		struct kq_root_buses *buses, struct kq_message *message);

/**
 * kq_root_buses_fini() - free the list's content
 */
void kq_root_buses_fini(struct kq_root_buses *buses);

#endif
