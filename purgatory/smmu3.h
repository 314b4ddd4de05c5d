/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Step 9 of the stage for SMMUv3. The step drives one SMMU through inspect,
 * probe_open, probe_look, probe_close and apply; each leaves what it found
 * in the report and does nothing once the SMMU proved unreachable.
 */
#ifndef KQ_SMMU3_H
#define KQ_SMMU3_H

#include "purgatory/smmu.h"

/**
 * kq_smmu3_inspect() - read state and old events, switch interrupts off
 */
void kq_smmu3_inspect(struct kq_smmu *smmu);

/**
 * kq_smmu3_apply() - bring the SMMU to the state its policy asks for
 *
 * abort:    GBPA.ABORT takes effect before SMMUEN falls; if it does not,
 *           SMMUEN stays and the SMMU is reported as stuck. With streams
 *           that must keep working: a stream table that knows only them.
 * bypass:   GBPA lets traffic pass before SMMUEN falls.
 * preserve: CR0.SMMUEN, CR1, CR2 and the stream table stay as they are;
 *           streams of functions that resisted are aborted in place.
 * sink:     a stream table whose every stream leads to the sink page.
 *
 * What cannot be had becomes abort, and the report says so.
 */
void kq_smmu3_apply(struct kq_smmu *smmu);

/**
 * kq_smmu3_probe_open() - an empty stream table and an event queue
 *
 * From here to kq_smmu3_probe_close() every transaction but those of
 * reserved streams is terminated and recorded.
 */
void kq_smmu3_probe_open(struct kq_smmu *smmu);

/**
 * kq_smmu3_probe_look() - take the events that have come since the last look
 */
void kq_smmu3_probe_look(struct kq_smmu *smmu);

/**
 * kq_smmu3_probe_close() - last look; every transaction is still terminated
 */
void kq_smmu3_probe_close(struct kq_smmu *smmu);

#endif
