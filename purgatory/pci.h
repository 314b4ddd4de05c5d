/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Steps 3 to 8 and 10 of the stage: PCIe functions. Config space is
 * accessed through ECAM (PCIe Base Spec, "Enhanced Configuration Access
 * Mechanism"), in aligned 32-bit words only: a register is written together
 * with its neighbour, whose write-1-to-clear bits are then written as zero.
 */
#ifndef KQ_PCI_H
#define KQ_PCI_H

#include <linux/pci_regs.h>

#include "purgatory/stage.h"

/* Words of config space, where pci_regs.h names only their halves. */
#define KQ_PCI_COMMAND_STATUS 0x04
#define KQ_PCI_CLASS_REVISION 0x08
#define KQ_PCI_HEADER_TYPE_WORD 0x0c
#define KQ_PCI_SECONDARY_STATUS_WORD 0x1c
#define KQ_PCI_ALL_ONES UINT32_MAX

/* Kernel headers before 6.7 lack this one. */
#ifndef PCI_HEADER_TYPE_MFD
#define PCI_HEADER_TYPE_MFD 0x80
#endif

/* Vendor ID while a function asks for a retry, if the port shows it. */
#define KQ_PCI_VENDOR_RRS 0x0001u

/* The write-1-to-clear upper half of COMMAND/STATUS and its like. */
#define KQ_PCI_STATUS_HALF 0xffff0000u

/* Address of a config register by window and bdf. */
static inline struct kq_paddr kq_pci_ecam(const struct kq_plan_host *host,
					  uint32_t bdf, uint32_t reg)
{
	return kq_paddr(host->ecam + ((uint64_t)bdf << 12) + reg);
}

/**
 * kq_pci_config() - address of a config register of a planned function
 * @fn: a function whose host is not KQ_NONE
 */
static inline struct kq_paddr kq_pci_config(const struct kq_stage *stage,
					    const struct kq_plan_function *fn,
					    uint32_t reg)
{
	return kq_pci_ecam(&kq_plan_hosts(stage->plan)[fn->host], fn->bdf, reg);
}

/*
 * Read or write a config word of a planned function. Inline, since a call
 * more for each word is a stack frame in memory that no cache holds.
 */
static inline uint32_t kq_pci_read(struct kq_stage *stage,
				   const struct kq_plan_function *fn,
				   uint32_t reg)
{
	return kq_io_read32(&stage->io, kq_pci_config(stage, fn, reg));
}

static inline void kq_pci_write(struct kq_stage *stage,
				const struct kq_plan_function *fn, uint32_t reg,
				uint32_t value)
{
	kq_io_write32(&stage->io, kq_pci_config(stage, fn, reg), value);
}

/**
 * kq_pci_bme_off() - switch bus mastering off and look whether it is off
 * @command:   address of the COMMAND/STATUS word
 * @found:     the word as read before
 * @ret_after: the word as read back
 *
 * Return: KQ_FN_QUIET, KQ_FN_STILL_MASTERING or KQ_FN_UNREACHABLE.
 */
enum kq_fn_result kq_pci_bme_off(struct kq_io *io, struct kq_paddr command,
				 uint32_t found, uint32_t *ret_after);

/* Is the function an endpoint the stage has to quiet, in a fit state? */
static inline bool kq_pci_to_quiet(const struct kq_function *fn)
{
	return fn->active && fn->quiesce;
}

/*
 * Has it link registers? Root complex integrated endpoints need none: with
 * version 1 of the capability, another one may stand in their place.
 */
static inline bool kq_pci_has_link(const struct kq_plan_function *fn)
{
	return fn->pcie_cap && fn->port_type != PCI_EXP_TYPE_RC_END &&
	       fn->port_type != PCI_EXP_TYPE_RC_EC;
}

/* masters.c, steps 3 and 4: identity check, bus master off. */
void kq_pci_masters_off(struct kq_stage *stage);

/* evidence.c, step 3: snapshot; step 10: clear what the stage raised. */
void kq_pci_evidence_of(struct kq_stage *stage, uint32_t index);
void kq_pci_take_evidence(struct kq_stage *stage);
void kq_pci_clear_own_errors(struct kq_stage *stage);

/*
 * reset.c, step 5: wait for Transactions Pending; step 7: FLR, and the wait
 * until all that began it are ready.
 */
void kq_pci_wait_pending(struct kq_stage *stage);
void kq_pci_reset_begin(struct kq_stage *stage);
void kq_pci_reset_end(struct kq_stage *stage);
void kq_pci_restore(struct kq_stage *stage);

/* walk.c, step 6: functions that are not in the plan. */
void kq_pci_walk(struct kq_stage *stage);

/* masters.c, step 8: bridges above functions that resisted. */
void kq_pci_bridges_off(struct kq_stage *stage);

#endif
