/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Step 9 of the stage for SMMUv1 and v2 (MMU-400, 401, 500). As for SMMUv3:
 * inspect, probe_open, probe_look, probe_close, apply.
 */
#ifndef KQ_SMMU2_H
#define KQ_SMMU2_H

#include "purgatory/smmu.h"

/**
 * kq_smmu2_inspect() - read state and faults, switch fault interrupts off
 */
void kq_smmu2_inspect(struct kq_smmu *smmu);

/**
 * kq_smmu2_apply() - bring the SMMU to the state its policy asks for
 *
 * abort:    every stream mapping faults, so do unmatched streams;
 *           reserved streams bypass.
 * bypass:   CLIENTPD.
 * preserve: translation untouched.
 * sink:     one mapping that matches every stream leads to a context bank
 *           in which every address leads to the sink page.
 *
 * What cannot be had becomes abort, and the report says so.
 */
void kq_smmu2_apply(struct kq_smmu *smmu);

/*
 * The probe window: abort, with faults recorded in sGFSR and sGFSYNR1. One
 * transaction is caught between two looks: counts are lower bounds.
 */
void kq_smmu2_probe_open(struct kq_smmu *smmu);
void kq_smmu2_probe_look(struct kq_smmu *smmu);
void kq_smmu2_probe_close(struct kq_smmu *smmu);

#endif
