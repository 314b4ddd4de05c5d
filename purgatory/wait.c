// SPDX-License-Identifier: GPL-2.0-or-later
/* Every wait of the stage, bounded by the timer. */
#include "lib/error.h"
#include "purgatory/io.h"

int kq_poll32(struct kq_io *io, struct kq_paddr addr, uint32_t mask,
	      uint32_t value, uint64_t timeout_us)
{
	uint64_t end = kq_io_now_us(io) + timeout_us;

	for (;;) {
		/* Time first: a late last look is a look, not a time-out. */
		uint64_t now = kq_io_now_us(io);
		uint32_t seen = kq_io_read32(io, addr);

		if (kq_io_faulted(io))
			return -KQ_ERR_UNREACHABLE;
		if ((seen & mask) == value)
			return 0;
		if (now >= end)
			return -KQ_ERR_TIMEOUT;
	}
}

void kq_delay_us(struct kq_io *io, uint64_t us)
{
	uint64_t end = kq_io_now_us(io) + us;

	while (kq_io_now_us(io) < end)
		;
}
