// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "lib/inventory/iort.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "lib/inventory/acpi-table.h"
#include "lib/inventory/iort-regs.h"

/* A walk from a root complex to its SMMU takes one step; loops must end. */
#define MAX_HOPS 8

static int malformed(struct kq_message *message, int err, uint32_t offset,
		     const char *what)
{
	return kq_fail(
		message, err,
		"the ACPI table IORT is malformed: node at offset 0x%x %s",
		offset, what);
}

static const uint8_t *map_at(const uint8_t *node, uint32_t index)
{
	return node + kq_le32(node + IORT_NODE_MAP_OFFSET) +
	       (size_t)index * IORT_MAP_SIZE;
}

static uint32_t map_count(const uint8_t *node)
{
	return kq_le32(node + IORT_NODE_MAP_COUNT);
}

static const struct kq_iort_node *find_node(const struct kq_iort *iort,
					    uint32_t offset)
{
	size_t low = 0, high = iort->node_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (iort->nodes[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low < iort->node_count && iort->nodes[low].offset == offset
		       ? &iort->nodes[low]
		       : NULL;
}

static uint32_t min_length(uint8_t type)
{
	switch (type) {
	case IORT_TYPE_ROOT_COMPLEX:
		return IORT_RC_MIN_SIZE;
	case IORT_TYPE_SMMU:
		return IORT_SMMU_MIN_SIZE;
	case IORT_TYPE_SMMU_V3:
		return IORT_SMMU3_MIN_SIZE;
	case IORT_TYPE_RMR:
		return IORT_RMR_MIN_SIZE;
	default:
		return IORT_NODE_HEADER_SIZE;
	}
}

/* One node's own length and mapping array; references come later. */
static int check_node(const struct kq_iort *iort, uint32_t offset,
		      uint32_t room, struct kq_message *message)
{
	const uint8_t *node = iort->table + offset;
	uint32_t length, count, maps;

	if (room < IORT_NODE_HEADER_SIZE)
		return malformed(message, KQ_ERR_BOUNDS, offset,
				 "lies outside the table");
	length = kq_le16(node + IORT_NODE_LENGTH);
	if (length > room)
		return malformed(message, KQ_ERR_BOUNDS, offset,
				 "is longer than the table");
	if (length < min_length(node[IORT_NODE_TYPE]))
		return malformed(message, KQ_ERR_BOUNDS, offset,
				 "is too short for its type");
	count = map_count(node);
	maps = kq_le32(node + IORT_NODE_MAP_OFFSET);
	if (count > 0 &&
	    (maps > length || count > (length - maps) / IORT_MAP_SIZE))
		return malformed(message, KQ_ERR_BOUNDS, offset,
				 "has ID mappings outside of itself");
	return 0;
}

static int read_nodes(struct kq_iort *iort, uint32_t size,
		      struct kq_message *message)
{
	uint32_t count = kq_le32(iort->table + IORT_NODE_COUNT);
	uint32_t offset = kq_le32(iort->table + IORT_NODE_OFFSET);

	if (count > size / IORT_NODE_HEADER_SIZE)
		return kq_fail(
			message, KQ_ERR_BOUNDS,
			"the ACPI table IORT is malformed: no room for %u nodes",
			count);
	iort->nodes = calloc(count ? count : 1, sizeof(*iort->nodes));
	if (!iort->nodes)
		return kq_fail(message, KQ_ERR_NOMEM, "out of memory");
	for (uint32_t i = 0; i < count; i++) {
		struct kq_iort_node *node = &iort->nodes[i];
		int r = check_node(iort, offset,
				   offset < size ? size - offset : 0, message);

		if (r < 0)
			return r;
		node->offset = offset;
		node->smmu = KQ_NONE;
		node->type = iort->table[offset + IORT_NODE_TYPE];
		iort->node_count++;
		offset += kq_le16(iort->table + offset + IORT_NODE_LENGTH);
	}
	return 0;
}

/* Only nodes that we walk from; others may hold what later revisions say. */
static int check_references(const struct kq_iort *iort,
			    struct kq_message *message)
{
	for (size_t i = 0; i < iort->node_count; i++) {
		const struct kq_iort_node *from = &iort->nodes[i];
		const uint8_t *node = iort->table + from->offset;

		if (from->type > IORT_TYPE_RMR)
			continue;
		for (uint32_t m = 0; m < map_count(node); m++) {
			uint32_t to =
				kq_le32(map_at(node, m) + IORT_MAP_OUTPUT_NODE);

			if (to != 0 && !find_node(iort, to))
				return malformed(
					message, KQ_ERR_BOUNDS, from->offset,
					"maps to something that is no node");
		}
	}
	return 0;
}

/* Qualcomm's hypervisor watches its SMMUs: nobody else may program them. */
static bool is_qualcomm(const uint8_t *table)
{
	return kq_acpi_table_is(table, "QCOM  ", NULL) ||
	       kq_acpi_table_is(table, "LENOVO", "CB-01   ");
}

static const struct smmu2_model {
	const char *name;
	enum kq_smmu_type type;
	uint32_t flags; /* KQ_SMMU_* */
} smmu2_models[] = {
	[IORT_SMMU_MODEL_V1] = { "SMMUv1", KQ_SMMU_V1, 0 },
	[IORT_SMMU_MODEL_V2] = { "SMMUv2", KQ_SMMU_V2, 0 },
	[IORT_SMMU_MODEL_MMU400] = { "MMU-400", KQ_SMMU_V1, 0 },
	[IORT_SMMU_MODEL_MMU500] = { "MMU-500", KQ_SMMU_V2, KQ_SMMU_MMU500 },
	[IORT_SMMU_MODEL_MMU401] = { "MMU-401", KQ_SMMU_V2, 0 },
	[IORT_SMMU_MODEL_THUNDERX] = { "ThunderX SMMUv2", KQ_SMMU_V2, 0 },
};

#define SMMU2_MODEL_COUNT (sizeof(smmu2_models) / sizeof(smmu2_models[0]))

static void read_smmu2(const struct kq_iort *iort, const uint8_t *node,
		       struct kq_inventory_smmu *smmu)
{
	uint32_t model = kq_le32(node + IORT_SMMU_MODEL);

	smmu->base = kq_le64(node + IORT_SMMU_BASE);
	smmu->coherent = kq_le32(node + IORT_SMMU_FLAGS) &
			 IORT_SMMU_COHERENT_WALK;
	if (is_qualcomm(iort->table)) {
		smmu->type = KQ_SMMU_OTHER;
		strcpy(smmu->model, "Qualcomm SMMU");
	} else if (model < SMMU2_MODEL_COUNT) {
		smmu->type = smmu2_models[model].type;
		smmu->flags = smmu2_models[model].flags;
		strcpy(smmu->model, smmu2_models[model].name);
	} else {
		smmu->type = KQ_SMMU_OTHER;
		snprintf(smmu->model, sizeof(smmu->model),
			 "unknown SMMU model %u", model);
	}
}

static void read_smmu3(const uint8_t *node, struct kq_inventory_smmu *smmu)
{
	uint32_t model = kq_le32(node + IORT_SMMU3_MODEL);

	smmu->base = kq_le64(node + IORT_SMMU3_BASE);
	smmu->coherent = kq_le32(node + IORT_SMMU3_FLAGS) & IORT_SMMU3_COHACC;
	smmu->type = KQ_SMMU_V3;
	switch (model) {
	case IORT_SMMU3_MODEL_GENERIC:
		strcpy(smmu->model, "SMMUv3");
		break;
	case IORT_SMMU3_MODEL_HI161X:
		strcpy(smmu->model, "HiSilicon HI161x SMMUv3");
		break;
	case IORT_SMMU3_MODEL_CN99XX:
		strcpy(smmu->model, "Cavium CN99xx SMMUv3");
		smmu->flags |= KQ_SMMU_PAGE0_ONLY;
		break;
	default:
		smmu->type = KQ_SMMU_OTHER;
		snprintf(smmu->model, sizeof(smmu->model),
			 "unknown SMMUv3 model %u", model);
	}
}

static int add_smmu(struct kq_iort *iort, struct kq_iort_node *at,
		    struct kq_warnings *warnings, struct kq_message *message)
{
	const uint8_t *node = iort->table + at->offset;
	struct kq_inventory_smmu *smmu = &iort->smmus[iort->smmu_count];

	if (iort->smmu_count == KQ_PLAN_MAX_SMMUS)
		return kq_fail(
			message, KQ_ERR_NOSPACE,
			"plan too large: this machine has more than %u SMMUs" KQ_TOO_LARGE_ADVICE,
			KQ_PLAN_MAX_SMMUS);
	if (at->type == IORT_TYPE_SMMU)
		read_smmu2(iort, node, smmu);
	else
		read_smmu3(node, smmu);
	if (smmu->base == 0 || smmu->base % 4096 ||
	    smmu->base > UINT64_MAX - KQ_BIT64(32))
		return malformed(message, KQ_ERR_VALUE, at->offset,
				 "puts an SMMU at an impossible address");
	if (smmu->type == KQ_SMMU_OTHER)
		kq_warn(warnings,
			"SMMU at 0x%" PRIx64 " (%s): the stage leaves it alone",
			smmu->base, smmu->model);
	at->smmu = (uint16_t)iort->smmu_count++;
	return 0;
}

static int read_smmus(struct kq_iort *iort, struct kq_warnings *warnings,
		      struct kq_message *message)
{
	iort->smmus = calloc(KQ_PLAN_MAX_SMMUS + 1, sizeof(*iort->smmus));
	if (!iort->smmus)
		return kq_fail(message, KQ_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < iort->node_count; i++) {
		struct kq_iort_node *node = &iort->nodes[i];
		int r;

		if (node->type != IORT_TYPE_SMMU &&
		    node->type != IORT_TYPE_SMMU_V3)
			continue;
		r = add_smmu(iort, node, warnings, message);
		if (r < 0)
			return r;
	}
	return 0;
}

int kq_iort_open(const void *data, size_t size, struct kq_iort *ret,
		 struct kq_warnings *warnings, struct kq_message *message)
{
	struct kq_iort iort = { .table = data };
	long length;
	int r;

	length =
		kq_acpi_table_check(data, size, "IORT", IORT_MIN_SIZE, message);
	if (length < 0)
		return (int)length;
	r = read_nodes(&iort, (uint32_t)length, message);
	if (r == 0)
		r = check_references(&iort, message);
	if (r == 0)
		r = read_smmus(&iort, warnings, message);
	if (r < 0) {
		kq_iort_close(&iort);
		return r;
	}
	*ret = iort;
	return 0;
}

void kq_iort_close(struct kq_iort *iort)
{
	free(iort->nodes);
	free(iort->smmus);
	*iort = (struct kq_iort){ 0 };
}

enum match {
	MATCH_NONE,
	MATCH_LAST, /* last ID of the range: another mapping may overrule it */
	MATCH_SURE,
};

/* Does one mapping take @id, and what does it make of it? */
static enum match map_id(const uint8_t *map, uint8_t type, uint32_t id,
			 uint32_t *ret)
{
	uint32_t base = kq_le32(map + IORT_MAP_INPUT_BASE);
	uint32_t count = kq_le32(map + IORT_MAP_COUNT);
	uint32_t output = kq_le32(map + IORT_MAP_OUTPUT_BASE);

	if (kq_le32(map + IORT_MAP_FLAGS) & IORT_MAP_SINGLE) {
		if (type != IORT_TYPE_ROOT_COMPLEX &&
		    type != IORT_TYPE_NAMED_COMPONENT)
			return MATCH_NONE;
		*ret = output;
		return MATCH_SURE;
	}
	if (id < base || id - base > count)
		return MATCH_NONE;
	*ret = output + (id - base);
	return count > 0 && id - base == count ? MATCH_LAST : MATCH_SURE;
}

/*
 * One hop: @id at @from becomes an ID at the returned node. NULL: no mapping
 * takes it.
 */
static const struct kq_iort_node *
hop(const struct kq_iort *iort, const struct kq_iort_node *from, uint32_t *id)
{
	const uint8_t *node = iort->table + from->offset;
	uint32_t in = *id, to = 0;

	for (uint32_t i = 0; i < map_count(node); i++) {
		const uint8_t *map = map_at(node, i);
		uint32_t out;
		enum match match = map_id(map, from->type, in, &out);

		if (match == MATCH_NONE)
			continue;
		/* After a match at the end only a start may overrule it. */
		if (to != 0 && in != kq_le32(map + IORT_MAP_INPUT_BASE))
			continue;
		*id = out;
		to = kq_le32(map + IORT_MAP_OUTPUT_NODE);
		if (match == MATCH_SURE)
			break;
	}
	return to != 0 ? find_node(iort, to) : NULL;
}

int kq_iort_map(const struct kq_iort *iort, uint16_t segment,
		uint16_t requester_id, uint16_t *smmu, uint32_t *stream_id)
{
	for (size_t i = 0; i < iort->node_count; i++) {
		const struct kq_iort_node *at = &iort->nodes[i];
		uint32_t id = requester_id;

		if (at->type != IORT_TYPE_ROOT_COMPLEX ||
		    kq_le32(iort->table + at->offset + IORT_RC_SEGMENT) !=
			    segment)
			continue;
		/* The walk ends at the SMMU: its own mappings lead to the
		 * interrupt controller. */
		for (int n = 0; n < MAX_HOPS && at && at->smmu == KQ_NONE; n++)
			at = hop(iort, at, &id);
		if (at && at->smmu != KQ_NONE) {
			*smmu = at->smmu;
			*stream_id = id;
			return 0;
		}
	}
	return -KQ_ERR_NOTFOUND;
}

/* All StreamIDs of one RMR mapping, @count already in the list. */
static int add_reserved(struct kq_inventory_stream *streams, size_t *count,
			const uint8_t *map, uint16_t smmu,
			struct kq_message *message)
{
	uint32_t base = kq_le32(map + IORT_MAP_OUTPUT_BASE);
	uint64_t n = (uint64_t)kq_le32(map + IORT_MAP_COUNT) + 1;

	if (kq_le32(map + IORT_MAP_FLAGS) & IORT_MAP_SINGLE)
		n = 1;
	if (n > KQ_PLAN_MAX_STREAMS - *count)
		return kq_fail(
			message, KQ_ERR_NOSPACE,
			"plan too large: the ACPI table IORT reserves more than %u streams" KQ_TOO_LARGE_ADVICE,
			KQ_PLAN_MAX_STREAMS);
	for (uint64_t i = 0; i < n; i++) {
		streams[*count].stream_id = (uint32_t)(base + i);
		streams[*count].smmu = smmu;
		*count += 1;
	}
	return 0;
}

static int add_rmr_node(const struct kq_iort *iort, const uint8_t *node,
			struct kq_inventory_stream *streams, size_t *count,
			struct kq_message *message)
{
	for (uint32_t m = 0; m < map_count(node); m++) {
		const uint8_t *map = map_at(node, m);
		const struct kq_iort_node *to =
			find_node(iort, kq_le32(map + IORT_MAP_OUTPUT_NODE));
		int r;

		if (!to || to->smmu == KQ_NONE)
			continue;
		r = add_reserved(streams, count, map, to->smmu, message);
		if (r < 0)
			return r;
	}
	return 0;
}

int kq_iort_reserved(const struct kq_iort *iort,
		     struct kq_inventory_stream **ret, size_t *count,
		     struct kq_message *message)
{
	struct kq_inventory_stream *streams;
	size_t n = 0;
	int r = 0;

	*ret = NULL;
	*count = 0;
	if (iort->table[ACPI_TABLE_REVISION] < IORT_RMR_REVISION)
		return 0;
	streams = calloc(KQ_PLAN_MAX_STREAMS, sizeof(*streams));
	if (!streams)
		return kq_fail(message, KQ_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < iort->node_count && r == 0; i++)
		if (iort->nodes[i].type == IORT_TYPE_RMR)
			r = add_rmr_node(iort,
					 iort->table + iort->nodes[i].offset,
					 streams, &n, message);
	if (r < 0 || n == 0) {
		free(streams);
		return r;
	}
	*ret = streams;
	*count = n;
	return 0;
}

/* The streams of one mapping, if it leads to an SMMU. */
static int add_component(const struct kq_iort *iort, const uint8_t *node,
			 const uint8_t *map, struct kq_components *ret,
			 struct kq_warnings *warnings)
{
	const struct kq_iort_node *to =
		find_node(iort, kq_le32(map + IORT_MAP_OUTPUT_NODE));
	uint32_t length = kq_le16(node + IORT_NODE_LENGTH);
	uint64_t count = (uint64_t)kq_le32(map + IORT_MAP_COUNT) + 1;
	const char *name = "";

	if (!to || to->smmu == KQ_NONE)
		return 0;
	if (kq_le32(map + IORT_MAP_FLAGS) & IORT_MAP_SINGLE)
		count = 1;
	if (length > IORT_NC_NAME) {
		name = (const char *)node + IORT_NC_NAME;
		length -= IORT_NC_NAME;
	} else {
		length = 0;
	}
	return kq_components_add(ret, to->smmu,
				 kq_le32(map + IORT_MAP_OUTPUT_BASE), count,
				 name, strnlen(name, length), warnings);
}

int kq_iort_components(const struct kq_iort *iort, struct kq_components *ret,
		       struct kq_warnings *warnings, struct kq_message *message)
{
	for (size_t i = 0; i < iort->node_count; i++) {
		const uint8_t *node = iort->table + iort->nodes[i].offset;

		if (iort->nodes[i].type != IORT_TYPE_NAMED_COMPONENT)
			continue;
		for (uint32_t m = 0; m < map_count(node); m++)
			if (add_component(iort, node, map_at(node, m), ret,
					  warnings) < 0)
				return kq_fail(message, KQ_ERR_NOMEM,
					       "out of memory");
	}
	return 0;
}
