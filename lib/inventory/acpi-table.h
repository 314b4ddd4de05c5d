/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all ACPI tables have in common. ACPI Specification, "System
 * Description Table Header". */
#ifndef KQ_INVENTORY_ACPI_TABLE_H
#define KQ_INVENTORY_ACPI_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/message.h"

/* clang-format off */
#define ACPI_TABLE_LENGTH 4u
#define ACPI_TABLE_REVISION 8u
#define ACPI_TABLE_OEM_ID 10u
#define   ACPI_OEM_ID_SIZE 6u
#define ACPI_TABLE_OEM_TABLE_ID 16u
#define   ACPI_OEM_TABLE_ID_SIZE 8u
#define ACPI_TABLE_OEM_REVISION 24u
#define ACPI_TABLE_HEADER_SIZE 36u
/* clang-format on */

/* Little-endian fields at any alignment. */
static inline uint16_t kq_le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t kq_le32(const uint8_t *p)
{
	return kq_le16(p) | (uint32_t)kq_le16(p + 2) << 16;
}

static inline uint64_t kq_le64(const uint8_t *p)
{
	return kq_le32(p) | (uint64_t)kq_le32(p + 4) << 32;
}

/**
 * kq_acpi_table_check() - check a table's header before its body is used
 * @data:      the table
 * @size:      bytes at @data; more than the table's own length is fine
 * @signature: four letters it must start with
 * @min_size:  bytes a table of this kind has at least
 * @message:   why it was refused
 *
 * Return: the table's length, at least @min_size and at most @size; or
 * -KQ_ERR_MAGIC, -KQ_ERR_TRUNCATED, -KQ_ERR_BOUNDS, -KQ_ERR_CHECKSUM.
 */
long kq_acpi_table_check(const uint8_t *data, size_t size,
			 const char *signature, size_t min_size,
			 struct kq_message *message);

/**
 * kq_acpi_table_is() - does a table come from this firmware?
 * @data:         a table that kq_acpi_table_check() accepted
 * @oem_id:       six characters, blanks included; NULL for any
 * @oem_table_id: eight characters, blanks included; NULL for any
 */
int kq_acpi_table_is(const uint8_t *data, const char *oem_id,
		     const char *oem_table_id);

#endif
