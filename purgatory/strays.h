/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the probe windows caught, of SMMUs of any kind. */
#ifndef KQ_STRAYS_H
#define KQ_STRAYS_H

#include "purgatory/stage.h"

/**
 * kq_stray_add() - note one transaction of a stream that should be quiet
 * @smmu:      index of the SMMU
 * @stream_id: as the SMMU told it
 * @event:     SMMUv3 event number, or 0
 * @address:   as the device put it
 *
 * Streams are kept once, with a count; beyond KQ_REPORT_MAX_STRAYS only the
 * SMMU's own total tells of them.
 */
void kq_stray_add(struct kq_stage *stage, uint32_t smmu, uint32_t stream_id,
		  uint32_t event, uint64_t address);

#endif
