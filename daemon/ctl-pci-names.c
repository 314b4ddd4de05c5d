// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "daemon/ctl-pci-names.h"

#include <pci/pci.h>
#include <stdio.h>
#include <stdlib.h>

struct kq_pci_names {
	struct pci_access *access;
};

/* The list of names is a help: whatever is wrong with it is not our news. */
static void ignore(char *format, ...)
{
	(void)format;
}

struct kq_pci_names *kq_pci_names_new(void)
{
	struct kq_pci_names *names = calloc(1, sizeof(*names));

	if (!names)
		return NULL;
	names->access = pci_alloc();
	names->access->warning = ignore;
	names->access->debug = ignore;
	/* No look into a home directory for names of other days. */
	pci_set_param(names->access, (char *)"net.cache_name", (char *)"");
	return names;
}

void kq_pci_names_free(struct kq_pci_names *names)
{
	if (!names)
		return;
	pci_cleanup(names->access);
	free(names);
}

const char *kq_pci_class_name(struct kq_pci_names *names,
			      char text[KQ_PCI_NAME_TEXT],
			      uint32_t class_revision)
{
	const char *name = NULL;
	int number = (int)(class_revision >> 16);

	if (names)
		name = pci_lookup_name(names->access, text, KQ_PCI_NAME_TEXT,
				       PCI_LOOKUP_CLASS |
					       PCI_LOOKUP_NO_NUMBERS |
					       PCI_LOOKUP_NO_HWDB,
				       number);
	if (name)
		return name;
	snprintf(text, KQ_PCI_NAME_TEXT, "class %04x", (unsigned int)number);
	return text;
}
