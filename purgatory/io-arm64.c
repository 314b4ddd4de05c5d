// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Time, faults and caches of the access layer; its loads and stores are in
 * vectors.S, beside the handler that knows them.
 */
#include "purgatory/arm64.h"
#include "purgatory/io.h"

bool kq_io_faulted(struct kq_io *io)
{
	/* Written by the exception handler behind the compiler's back. */
	uint64_t faults = *(volatile uint64_t *)&io->faults;
	bool any = faults != io->faults_seen;

	io->faults_seen = faults;
	return any;
}

uint64_t kq_io_now_us(struct kq_io *io)
{
	uint64_t ticks = kq_arm64_timer_ticks() - io->start_ticks;

	return ticks * 1000 / io->ticks_per_ms;
}

/* vectors.S: DC CIVAC of one line; forgiven like a load that aborts. */
void kq_io_clean_line(struct kq_io *io, struct kq_paddr addr);

void kq_io_sync_ram(struct kq_io *io, struct kq_paddr addr, uint64_t size)
{
	uint64_t line = kq_arm64_dcache_line();
	uint64_t at = addr.addr & ~(line - 1);

	for (; at < addr.addr + size; at += line)
		kq_io_clean_line(io, kq_paddr(at));
}
