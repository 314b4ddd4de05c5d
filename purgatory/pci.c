// SPDX-License-Identifier: GPL-2.0-or-later
/* Config space access. */
#include "purgatory/pci.h"

struct kq_paddr kq_pci_ecam(const struct kq_plan_host *host, uint32_t bdf,
			    uint32_t reg)
{
	return kq_paddr(host->ecam + ((uint64_t)bdf << 12) + reg);
}

struct kq_paddr kq_pci_config(const struct kq_stage *stage,
			      const struct kq_plan_function *fn, uint32_t reg)
{
	return kq_pci_ecam(&kq_plan_hosts(stage->plan)[fn->host], fn->bdf, reg);
}

uint32_t kq_pci_read(struct kq_stage *stage, const struct kq_plan_function *fn,
		     uint32_t reg)
{
	return kq_io_read32(&stage->io, kq_pci_config(stage, fn, reg));
}

void kq_pci_write(struct kq_stage *stage, const struct kq_plan_function *fn,
		  uint32_t reg, uint32_t value)
{
	kq_io_write32(&stage->io, kq_pci_config(stage, fn, reg), value);
}

enum kq_fn_result kq_pci_bme_off(struct kq_io *io, struct kq_paddr command,
				 uint32_t found, uint32_t *ret_after)
{
	uint32_t keep = ~(KQ_PCI_STATUS_HALF | PCI_COMMAND_MASTER);
	uint32_t after;

	kq_io_write32(io, command, found & keep);
	after = kq_io_read32(io, command);
	*ret_after = after;
	if (kq_io_faulted(io) || after == KQ_PCI_ALL_ONES)
		return KQ_FN_UNREACHABLE;
	return after & PCI_COMMAND_MASTER ? KQ_FN_STILL_MASTERING : KQ_FN_QUIET;
}
