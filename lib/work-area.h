/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stage's work area: how large it has to be for a plan. Shared by hosted
 * programs, which make it, and the stage, which checks again.
 */
#ifndef KQ_WORK_AREA_H
#define KQ_WORK_AREA_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/plan.h"

/* Bytes of the work area for the stage's context and for each function and SMMU. */
#define KQ_STAGE_CONTEXT_SIZE 256u
#define KQ_STAGE_FUNCTION_SIZE 112u
#define KQ_STAGE_SMMU_SIZE 32u
/* Room for translation tables, aligned (purgatory/mmu-table.h). */
#define KQ_STAGE_MMU_SIZE (14u * 4096u)

/**
 * kq_stage_tables_size() - the part of the work area for SMMUs' tables
 *
 * What kq_stage_keep() may take at most: the device tree needs the rest.
 */
uint64_t kq_stage_tables_size(const struct kq_plan_header *plan);

/**
 * kq_stage_work_size() - size of the work area the stage needs
 * @plan:     a plan that kq_plan_check() accepted
 * @fdt_size: bytes of the device tree in use: its struct and strings blocks
 *
 * Return: bytes, a multiple of 4096. The stage checks every bound again: a
 * device tree that turned out larger costs the report, never the boot.
 */
uint64_t kq_stage_work_size(const struct kq_plan_header *plan,
			    uint64_t fdt_size);

/**
 * kq_stage_has_room() - does an update fit the work area of a loaded plan?
 * @loaded: the plan that kq_stage_work_size() was asked about
 * @update: its update; kq_plan_check() accepted it
 *
 * Functions may be added as many as a slot of the plan region holds; what
 * an SMMU needs may not grow.
 */
bool kq_stage_has_room(const struct kq_plan_header *loaded,
		       const struct kq_plan_header *update);

#endif
