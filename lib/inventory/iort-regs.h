/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Layout of the IORT. Arm DEN 0049; offsets within a node count from the
 * node's start. */
#ifndef KQ_IORT_REGS_H
#define KQ_IORT_REGS_H

/* clang-format off */

#define IORT_NODE_COUNT 36u
#define IORT_NODE_OFFSET 40u /* from the table's start */
#define IORT_MIN_SIZE 48u

/* Every node starts with these. */
#define IORT_NODE_TYPE 0u
#define   IORT_TYPE_ITS 0
#define   IORT_TYPE_NAMED_COMPONENT 1
#define   IORT_TYPE_ROOT_COMPLEX 2
#define   IORT_TYPE_SMMU 3 /* SMMUv1 and SMMUv2 */
#define   IORT_TYPE_SMMU_V3 4
#define   IORT_TYPE_PMCG 5
#define   IORT_TYPE_RMR 6
#define IORT_NODE_LENGTH 1u /* 16 bits */
#define IORT_NODE_MAP_COUNT 8u
#define IORT_NODE_MAP_OFFSET 12u /* from the node's start */
#define IORT_NODE_HEADER_SIZE 16u

/* One ID mapping. */
#define IORT_MAP_INPUT_BASE 0u
#define IORT_MAP_COUNT 4u /* number of IDs, minus one */
#define IORT_MAP_OUTPUT_BASE 8u
#define IORT_MAP_OUTPUT_NODE 12u /* from the table's start; 0: none */
#define IORT_MAP_FLAGS 16u
#define   IORT_MAP_SINGLE KQ_BIT32(0) /* any input ID becomes OUTPUT_BASE */
#define IORT_MAP_SIZE 20u

/* Named component node. */
#define IORT_NC_NAME 29u /* path in the ACPI namespace, ends with a NUL */

/* Root complex node. */
#define IORT_RC_SEGMENT 28u
#define IORT_RC_MIN_SIZE 32u

/* SMMUv1 or SMMUv2 node. */
#define IORT_SMMU_BASE 16u
#define IORT_SMMU_MODEL 32u
#define   IORT_SMMU_MODEL_V1 0
#define   IORT_SMMU_MODEL_V2 1
#define   IORT_SMMU_MODEL_MMU400 2
#define   IORT_SMMU_MODEL_MMU500 3
#define   IORT_SMMU_MODEL_MMU401 4
#define   IORT_SMMU_MODEL_THUNDERX 5
#define IORT_SMMU_FLAGS 36u
#define   IORT_SMMU_COHERENT_WALK KQ_BIT32(1)
#define IORT_SMMU_MIN_SIZE 60u

/* SMMUv3 node. */
#define IORT_SMMU3_BASE 16u
#define IORT_SMMU3_FLAGS 24u
#define   IORT_SMMU3_COHACC KQ_BIT32(0)
#define IORT_SMMU3_MODEL 40u
#define   IORT_SMMU3_MODEL_GENERIC 0
#define   IORT_SMMU3_MODEL_HI161X 1
#define   IORT_SMMU3_MODEL_CN99XX 2
#define IORT_SMMU3_MIN_SIZE 60u

/* Reserved memory range node, table revision 5 and later. */
#define IORT_RMR_REVISION 5u /* of the table */
#define IORT_RMR_MIN_SIZE 28u

#endif
