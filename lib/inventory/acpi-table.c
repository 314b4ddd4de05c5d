// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "lib/inventory/acpi-table.h"

#include <string.h>

#include "lib/error.h"

long kq_acpi_table_check(const uint8_t *data, size_t size,
			 const char *signature, size_t min_size,
			 struct kq_message *message)
{
	uint32_t length;
	uint8_t sum = 0;

	if (size < ACPI_TABLE_HEADER_SIZE)
		return kq_fail(
			message, KQ_ERR_TRUNCATED,
			"the ACPI table %s is malformed: %zu bytes are less than a header",
			signature, size);
	if (memcmp(data, signature, 4) != 0)
		return kq_fail(
			message, KQ_ERR_MAGIC,
			"the ACPI table %s is malformed: it does not start with its name",
			signature);
	length = kq_le32(data + ACPI_TABLE_LENGTH);
	if (length > size)
		return kq_fail(
			message, KQ_ERR_TRUNCATED,
			"the ACPI table %s is malformed: it says %u bytes and has %zu",
			signature, length, size);
	if (length < min_size)
		return kq_fail(
			message, KQ_ERR_BOUNDS,
			"the ACPI table %s is malformed: %u bytes are too few",
			signature, length);
	for (uint32_t i = 0; i < length; i++)
		sum = (uint8_t)(sum + data[i]);
	if (sum != 0)
		return kq_fail(
			message, KQ_ERR_CHECKSUM,
			"the ACPI table %s is malformed: its checksum is wrong",
			signature);
	return (long)length;
}

int kq_acpi_table_is(const uint8_t *data, const char *oem_id,
		     const char *oem_table_id)
{
	return (!oem_id || memcmp(data + ACPI_TABLE_OEM_ID, oem_id,
				  ACPI_OEM_ID_SIZE) == 0) &&
	       (!oem_table_id ||
		memcmp(data + ACPI_TABLE_OEM_TABLE_ID, oem_table_id,
		       ACPI_OEM_TABLE_ID_SIZE) == 0);
}
