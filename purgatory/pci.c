// SPDX-License-Identifier: GPL-2.0-or-later
/* What the modules about functions share. */
#include "purgatory/pci.h"

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
