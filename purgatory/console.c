// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PL011: Arm DDI 0183, "UARTDR", "UARTFR". 8250: National Semiconductor
 * PC16550D, "Line Status Register". Both as firmware and the old kernel left
 * them: baud rate and FIFOs are not touched.
 */
#include "purgatory/console.h"

#include "lib/error.h"

#define PL011_DR 0x00u
#define PL011_FR 0x18u
#define   PL011_FR_TXFF KQ_BIT32(5) /* transmit FIFO full */

#define UART8250_THR 0u
#define UART8250_LSR 5u
#define   UART8250_LSR_THRE KQ_BIT32(5) /* transmit holding register empty */

#define CHARACTER_US 10000u

struct console {
	struct kq_io *io;
	enum kq_console type;
	uint64_t addr;
	uint32_t shift;
	bool dead; /* it did not take a character in time */
};

static bool is_ready(const struct console *console)
{
	uint64_t lsr = console->addr + ((uint64_t)UART8250_LSR << console->shift);

	if (console->type == KQ_CONSOLE_PL011)
		return !(kq_io_read32(console->io,
				      kq_paddr(console->addr + PL011_FR)) &
			 PL011_FR_TXFF);
	if (console->shift == 0)
		return kq_io_read8(console->io, kq_paddr(lsr)) &
		       UART8250_LSR_THRE;
	return kq_io_read32(console->io, kq_paddr(lsr)) & UART8250_LSR_THRE;
}

static void put_char(struct console *console, char c)
{
	uint64_t end = kq_io_now_us(console->io) + CHARACTER_US;
	struct kq_paddr data = kq_paddr(console->addr);

	while (!console->dead && !is_ready(console))
		console->dead = kq_io_now_us(console->io) >= end;
	if (console->dead)
		return;
	if (console->type == KQ_CONSOLE_UART8250 && console->shift == 0)
		kq_io_write8(console->io, data, (uint8_t)c);
	else
		kq_io_write32(console->io, data, (uint8_t)c);
	console->dead = kq_io_faulted(console->io);
}

static void put_string(struct console *console, const char *s)
{
	for (; *s; s++) {
		if (*s == '\n')
			put_char(console, '\r');
		put_char(console, *s);
	}
}

static void put_hex(struct console *console, uint64_t value)
{
	int digit = 60;

	put_string(console, "0x");
	while (digit > 0 && value >> digit == 0)
		digit -= 4;
	for (; digit >= 0; digit -= 4) {
		uint32_t nibble = value >> digit & 0xf;

		put_char(console, (char)(nibble < 10 ? '0' + nibble :
						       'a' + nibble - 10));
	}
}

static void put_decimal(struct console *console, uint32_t value)
{
	uint32_t power = 1;

	while (power <= value / 10)
		power *= 10;
	for (; power > 0; power /= 10)
		put_char(console, (char)('0' + value / power % 10));
}

static uint32_t count_results(const struct kq_stage *stage,
			      enum kq_fn_result from, enum kq_fn_result to)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < stage->report->functions.count; i++)
		if (stage->records[i].result >= (uint32_t)from &&
		    stage->records[i].result <= (uint32_t)to)
			count++;
	return count;
}

static void put_functions(struct console *console, const struct kq_stage *stage)
{
	put_string(console, "kexec-quiesce: ");
	put_decimal(console, stage->report->functions.count);
	put_string(console, " functions, ");
	put_decimal(console, count_results(stage, KQ_FN_RESET,
					   KQ_FN_RESET_WITH_PF));
	put_string(console, " reset, ");
	put_decimal(console, count_results(stage, KQ_FN_UNREACHABLE,
					   KQ_FN_RESET_TIMEOUT));
	put_string(console, " not quiet, ");
	put_decimal(console, (uint32_t)(kq_io_now_us(console->io) / 1000));
	put_string(console, " ms\n");
}

static void put_smmu(struct console *console, const struct kq_report_smmu *smmu)
{
	put_string(console, "kexec-quiesce: SMMU ");
	put_hex(console, smmu->base);
	if (smmu->applied == KQ_POLICY_ABORT)
		put_string(console, " abort");
	else if (smmu->applied == KQ_POLICY_BYPASS)
		put_string(console, " bypass");
	else if (smmu->applied == KQ_POLICY_PRESERVE)
		put_string(console, " preserve");
	else if (smmu->applied == KQ_POLICY_SINK)
		put_string(console, " sink");
	put_string(console, smmu->result == KQ_SMMU_DONE ? "\n" :
							   " FAILED\n");
}

static const char *consequence(const struct kq_stage *stage)
{
	switch (stage->report->verify.on_bad_digest) {
	case KQ_ON_BAD_RESET:
		return "resetting\n";
	case KQ_ON_BAD_HALT:
		return "halting\n";
	default:
		return "entered all the same\n";
	}
}

static void put_verify(struct console *console, const struct kq_stage *stage)
{
	const struct kq_report_verify *verify = &stage->report->verify;

	if (verify->result == KQ_VERIFY_NOT_ASKED)
		return;
	put_string(console, "kexec-quiesce: ");
	if (verify->result == KQ_VERIFY_GOOD) {
		put_string(console, "verified ");
		put_decimal(console, (uint32_t)(verify->bytes >> 20));
		put_string(console, " MiB\n");
		return;
	}
	if (verify->result != KQ_VERIFY_BAD) {
		put_string(console, "could not verify the kernel\n");
		return;
	}
	put_string(console, "DAMAGED:");
	if (verify->bad & KQ_VERIFY_STAGE)
		put_string(console, " stage");
	if (verify->bad & KQ_VERIFY_PAYLOAD)
		put_string(console, " kernel");
	if (verify->bad & KQ_VERIFY_INITRD)
		put_string(console, " initrd");
	put_string(console, ", ");
	put_string(console, consequence(stage));
}

void kq_console_summary(struct kq_stage *stage)
{
	struct console console = { .io = &stage->io };

	if (!stage->plan || stage->plan->console == KQ_CONSOLE_NONE)
		return;
	console.type = stage->plan->console;
	console.addr = stage->plan->console_addr;
	console.shift = stage->plan->console_shift;
	put_functions(&console, stage);
	for (uint32_t i = 0; i < stage->report->smmus.count &&
			     !kq_stage_is_late(stage);
	     i++)
		put_smmu(&console, &stage->smmus[i]);
	put_verify(&console, stage);
}
