/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of PCI classes, from libpci's pci.ids. */
#ifndef KQ_CTL_PCI_NAMES_H
#define KQ_CTL_PCI_NAMES_H

#include <stdint.h>

struct kq_pci_names;

/**
 * kq_pci_names_new() - open the names
 *
 * Return: a handle, or NULL, with which all names are just numbers.
 */
struct kq_pci_names *kq_pci_names_new(void);

/* Takes NULL too. */
void kq_pci_names_free(struct kq_pci_names *names);

#define KQ_PCI_NAME_TEXT 80

/**
 * kq_pci_class_name() - a class in words, "Ethernet controller" for instance
 * @names:          handle or NULL
 * @class_revision: config dword 0x08
 */
const char *kq_pci_class_name(struct kq_pci_names *names,
			      char text[KQ_PCI_NAME_TEXT],
			      uint32_t class_revision);

#endif
