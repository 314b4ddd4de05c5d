/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ACPI table IORT: which SMMUs there are and which StreamID each PCI
 * function has. Arm DEN 0049, "IO Remapping Table".
 */
#ifndef KQ_INVENTORY_IORT_H
#define KQ_INVENTORY_IORT_H

#include "lib/inventory/inventory.h"

struct kq_iort_node {
	uint32_t offset; /* from the table's start */
	uint16_t smmu; /* index into smmus, or KQ_NONE */
	uint8_t type;
};

/* A checked table. It points into the data it was opened from. */
struct kq_iort {
	const uint8_t *table;
	struct kq_iort_node *nodes; /* by offset */
	size_t node_count;
	struct kq_inventory_smmu *smmus; /* in table order */
	size_t smmu_count;
};

/**
 * kq_iort_open() - check a whole table, find its SMMUs
 * @data:     the table; must stay where it is until kq_iort_close()
 * @size:     bytes at @data
 * @ret:      result; kq_iort_close() it
 * @warnings: gets SMMUs of unknown models
 * @message:  why the table was refused
 *
 * Every node, mapping array and output reference is checked here.
 *
 * Return: 0; -KQ_ERR_NOMEM; as kq_acpi_table_check(); -KQ_ERR_BOUNDS;
 * -KQ_ERR_VALUE; -KQ_ERR_NOSPACE more SMMUs than a plan holds.
 */
int kq_iort_open(const void *data, size_t size, struct kq_iort *ret,
		 struct kq_warnings *warnings, struct kq_message *message);

/**
 * kq_iort_close() - free what kq_iort_open() allocated
 */
void kq_iort_close(struct kq_iort *iort);

/**
 * kq_iort_map() - find the SMMU and StreamID of a PCI requester
 * @iort:         opened table
 * @segment:      PCI segment
 * @requester_id: bus << 8 | device << 3 | function
 * @smmu:         index into iort->smmus
 * @stream_id:    StreamID at that SMMU
 *
 * A requester at the very end of one mapping's range that starts another's
 * range belongs to the latter: some firmware takes "number of IDs minus one"
 * for the number of IDs. Linux decides the same way.
 *
 * Return: 0; -KQ_ERR_NOTFOUND its DMA passes no SMMU.
 */
int kq_iort_map(const struct kq_iort *iort, uint16_t segment,
		uint16_t requester_id, uint16_t *smmu, uint32_t *stream_id);

/**
 * kq_iort_reserved() - list the streams that must keep working
 * @iort:    opened table
 * @ret:     array to be freed with free(); NULL if there are none
 * @count:   entries of @ret
 * @message: why it failed
 *
 * These are the streams of RMR nodes (reserved memory ranges: firmware's
 * own DMA). Like Linux, believes them from table revision 5 on.
 *
 * Return: 0; -KQ_ERR_NOMEM; -KQ_ERR_NOSPACE more than a plan holds.
 */
int kq_iort_reserved(const struct kq_iort *iort,
		     struct kq_inventory_stream **ret, size_t *count,
		     struct kq_message *message);

/**
 * kq_iort_components() - list devices behind SMMUs that are no PCI functions
 * @iort:     opened table
 * @ret:      list they are added to
 * @warnings: told if there are more than a plan holds
 * @message:  why it failed
 *
 * These are the named component nodes; each mapping of one that leads to an
 * SMMU is a range of StreamIDs.
 *
 * Return: 0; -KQ_ERR_NOMEM.
 */
int kq_iort_components(const struct kq_iort *iort, struct kq_components *ret,
		       struct kq_warnings *warnings,
		       struct kq_message *message);

#endif
