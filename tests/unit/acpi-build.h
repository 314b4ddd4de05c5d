/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds ACPI tables byte by byte, for tests. */
#ifndef KQ_TEST_ACPI_BUILD_H
#define KQ_TEST_ACPI_BUILD_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct acpi_table {
	uint8_t data[8192];
	size_t size;
};

/* Appends @value as @bytes little-endian bytes. */
static inline void acpi_put(struct acpi_table *table, unsigned int bytes,
			    uint64_t value)
{
	assert(table->size + bytes <= sizeof(table->data));
	for (unsigned int i = 0; i < bytes; i++)
		table->data[table->size++] = (uint8_t)(value >> 8 * i);
}

static inline void acpi_set32(uint8_t *at, uint32_t value)
{
	for (unsigned int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

/* The header; @oem has 6 characters, @oem_table 8. */
static inline void acpi_begin(struct acpi_table *table, const char *signature,
			      uint8_t revision, const char *oem,
			      const char *oem_table)
{
	memset(table, 0, sizeof(*table));
	memcpy(table->data, signature, 4);
	table->data[8] = revision;
	memcpy(table->data + 10, oem, 6);
	memcpy(table->data + 16, oem_table, 8);
	table->size = 36;
}

static inline void acpi_checksum(uint8_t *data, size_t size)
{
	uint8_t sum = 0;

	data[9] = 0;
	for (size_t i = 0; i < size; i++)
		sum = (uint8_t)(sum + data[i]);
	data[9] = (uint8_t)-sum;
}

/* Length and checksum. Returns the size. */
static inline size_t acpi_end(struct acpi_table *table)
{
	acpi_set32(table->data + 4, (uint32_t)table->size);
	acpi_checksum(table->data, table->size);
	return table->size;
}

/* A malloc'ed copy with signature, length and checksum made right. */
static inline uint8_t *acpi_repaired(const uint8_t *data, size_t size,
				     const char *signature)
{
	uint8_t *copy = malloc(size ? size : 1);

	assert(copy);
	memcpy(copy, data, size);
	if (size < 36)
		return copy;
	memcpy(copy, signature, 4);
	acpi_set32(copy + 4, (uint32_t)size);
	acpi_checksum(copy, size);
	return copy;
}

static inline void acpi_put_mcfg_entry(struct acpi_table *table,
				       uint64_t address, uint16_t segment,
				       uint8_t first, uint8_t last)
{
	acpi_put(table, 8, address);
	acpi_put(table, 2, segment);
	acpi_put(table, 1, first);
	acpi_put(table, 1, last);
	acpi_put(table, 4, 0);
}

/* One IORT node with @maps mappings following; returns its offset. */
static inline uint32_t iort_begin_node(struct acpi_table *table, uint8_t type,
				       uint8_t revision, uint32_t body,
				       uint32_t maps)
{
	uint32_t offset = (uint32_t)table->size;

	acpi_put(table, 1, type);
	acpi_put(table, 2, 16 + body + 20 * maps);
	acpi_put(table, 1, revision);
	acpi_put(table, 4, 0);
	acpi_put(table, 4, maps);
	acpi_put(table, 4, maps ? 16 + body : 0);
	return offset;
}

static inline void iort_map(struct acpi_table *table, uint32_t input,
			    uint32_t count, uint32_t output, uint32_t node,
			    uint32_t flags)
{
	acpi_put(table, 4, input);
	acpi_put(table, 4, count);
	acpi_put(table, 4, output);
	acpi_put(table, 4, node);
	acpi_put(table, 4, flags);
}

static inline void iort_begin(struct acpi_table *table, uint8_t revision,
			      const char *oem, uint32_t nodes)
{
	acpi_begin(table, "IORT", revision, oem, "KQTEST  ");
	acpi_put(table, 4, nodes);
	acpi_put(table, 4, 48);
	acpi_put(table, 4, 0);
}

static inline uint32_t iort_its(struct acpi_table *table)
{
	uint32_t offset = iort_begin_node(table, 0, 0, 8, 0);

	acpi_put(table, 8, 1);
	return offset;
}

static inline uint32_t iort_smmu3(struct acpi_table *table, uint64_t base,
				  uint32_t flags, uint32_t model)
{
	uint32_t offset = iort_begin_node(table, 4, 0, 44, 0);

	acpi_put(table, 8, base);
	acpi_put(table, 4, flags);
	acpi_put(table, 4, 0);
	acpi_put(table, 8, 0);
	acpi_put(table, 4, model);
	acpi_put(table, 8, 0);
	acpi_put(table, 8, 0);
	return offset;
}

static inline uint32_t iort_smmu2(struct acpi_table *table, uint64_t base,
				  uint32_t model, uint32_t flags)
{
	uint32_t offset = iort_begin_node(table, 3, 0, 44, 0);

	acpi_put(table, 8, base);
	acpi_put(table, 8, 0x20000);
	acpi_put(table, 4, model);
	acpi_put(table, 4, flags);
	acpi_put(table, 8, 0);
	acpi_put(table, 8, 0);
	acpi_put(table, 4, 0);
	return offset;
}

/* A root complex; its @maps mappings must follow. */
static inline uint32_t iort_rc(struct acpi_table *table, uint32_t segment,
			       uint32_t maps)
{
	uint32_t offset = iort_begin_node(table, 2, 0, 16, maps);

	acpi_put(table, 8, 1);
	acpi_put(table, 4, 0);
	acpi_put(table, 4, segment);
	return offset;
}

/* A named component; its @maps mappings must follow. */
static inline uint32_t iort_nc(struct acpi_table *table, const char *name,
			       uint32_t maps)
{
	uint32_t length = ((uint32_t)strlen(name) + 1 + 3 + 1) & ~3u;
	uint32_t offset = iort_begin_node(table, 1, 2, 13 - 1 + length, maps);

	acpi_put(table, 4, 0);
	acpi_put(table, 8, 0);
	acpi_put(table, 1, 40);
	for (uint32_t i = 0; i < length - 1; i++)
		acpi_put(table, 1, i < strlen(name) ? (uint8_t)name[i] : 0);
	return offset;
}

/* A reserved memory range; its @maps mappings must follow. */
static inline uint32_t iort_rmr(struct acpi_table *table, uint32_t maps)
{
	uint32_t offset = iort_begin_node(table, 6, 3, 12, maps);

	acpi_put(table, 4, 0);
	acpi_put(table, 4, 0);
	acpi_put(table, 4, 0);
	return offset;
}

#endif
