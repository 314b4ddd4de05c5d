/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Step 9 of the stage for SMMUv3. */
#ifndef KQ_SMMU3_H
#define KQ_SMMU3_H

#include "purgatory/stage.h"

/**
 * kq_smmu3_quiesce() - bring one SMMUv3 to the state its policy asks for
 * @index: of the SMMU in the plan and in the report
 *
 * Reads the state and the newest old events into the report first. Then
 * interrupts off, the policy, errors acknowledged.
 *
 * abort:    GBPA.ABORT takes effect before SMMUEN falls; if it does not,
 *           SMMUEN stays and the SMMU is reported as stuck.
 * bypass:   GBPA lets traffic pass before SMMUEN falls.
 * preserve: CR0, CR1, CR2 and the stream table stay as they are.
 *
 * Sets result, duration, both states and the event records in the report.
 */
void kq_smmu3_quiesce(struct kq_stage *stage, uint32_t index);

#endif
