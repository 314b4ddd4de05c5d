// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "lib/inventory/fadt.h"

#include "lib/inventory/acpi-table.h"

/* clang-format off */
#define FADT_ARM_BOOT_ARCH 129u /* since ACPI 5.1 */
#define   FADT_PSCI_COMPLIANT KQ_BIT32(0)
#define   FADT_PSCI_USE_HVC KQ_BIT32(1)
#define FADT_MIN_SIZE 131u
/* clang-format on */

int kq_fadt_psci(const void *data, size_t size, enum kq_psci *ret,
		 struct kq_message *message)
{
	long length =
		kq_acpi_table_check(data, size, "FACP", FADT_MIN_SIZE, message);
	uint32_t flags;

	if (length < 0)
		return (int)length;
	flags = kq_le16((const uint8_t *)data + FADT_ARM_BOOT_ARCH);
	if (!(flags & FADT_PSCI_COMPLIANT))
		*ret = KQ_PSCI_NONE;
	else
		*ret = flags & FADT_PSCI_USE_HVC ? KQ_PSCI_HVC : KQ_PSCI_SMC;
	return 0;
}
