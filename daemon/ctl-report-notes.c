// SPDX-License-Identifier: GPL-2.0-or-later
/* What is out of the ordinary in a report, function by function. */
#include "config.h"

#include <linux/pci_regs.h>
#include <stdarg.h>

#include "daemon/ctl-report-text.h"

const char *kq_text_driver(char text[KQ_NAME_TEXT],
			   const struct kq_report_function *fn)
{
	kq_text_name(text, fn->driver, sizeof(fn->driver));
	return *text ? text : "-";
}

/* Titles come with the first line below them, so that none stands alone. */
struct notes {
	FILE *out;
	bool started;
	const struct kq_report_function *last;
};

__attribute__((format(printf, 3, 4))) static void
note(struct notes *notes, const struct kq_report_function *fn,
     const char *format, ...)
{
	char address[KQ_ADDRESS_TEXT], driver[KQ_NAME_TEXT];
	va_list args;

	if (!notes->started)
		fprintf(notes->out, "\nNotable:\n");
	if (notes->last != fn)
		fprintf(notes->out, "  %s (%s)\n",
			kq_text_address(address, fn->segment, fn->bdf),
			fn->driver[0] ? kq_text_driver(driver, fn)
				      : "no driver");
	notes->started = true;
	notes->last = fn;
	fprintf(notes->out, "    ");
	va_start(args, format);
	vfprintf(notes->out, format, args);
	va_end(args);
	fputc('\n', notes->out);
}

static const char *trouble(uint32_t result)
{
	switch (result) {
	case KQ_FN_NOT_REACHED:
		return "the stage ended before it came to this function";
	case KQ_FN_GONE:
		return "nothing answered at this address any more";
	case KQ_FN_REPLACED:
		return "another device answered at this address and was left alone";
	case KQ_FN_UNREACHABLE:
		return "its config space aborted or read as all ones";
	case KQ_FN_NO_CONFIG_ACCESS:
		return "behind a host bridge without ECAM, out of the stage's reach";
	case KQ_FN_STILL_MASTERING:
		return "bus master reads back as on";
	case KQ_FN_RESET_TIMEOUT:
		return "did not answer in time after its reset";
	default:
		return NULL;
	}
}

/* A function that could not be silenced may still be stopped further up. */
static const char *containment(const struct kq_report_header *report,
			       const struct kq_report_function *fn)
{
	const struct kq_report_smmu *smmu;

	if (!kq_report_result_bad(fn->result) || fn->smmu == KQ_NONE)
		return "";
	smmu = &kq_report_smmus(report)[fn->smmu];
	if (smmu->result != KQ_SMMU_DONE)
		return "";
	if (smmu->applied == KQ_POLICY_SINK)
		return "; what it sends ends in the sink page";
	return smmu->applied == KQ_POLICY_ABORT
		       ? "; its SMMU aborts what it sends"
		       : "";
}

static void note_result(struct notes *notes,
			const struct kq_report_header *report,
			const struct kq_report_function *fn)
{
	char text[KQ_DURATION_TEXT];

	if (trouble(fn->result))
		note(notes, fn, "%s%s", trouble(fn->result),
		     containment(report, fn));
	if (fn->flags & KQ_FN_OFFENDER)
		note(notes, fn,
		     kq_report_was_mastering(fn)
			     ? "was still bus-mastering after shutdown"
			     : "still had requests in flight after shutdown");
	if (fn->flags & KQ_FN_UNLISTED)
		note(notes, fn,
		     "was not in the plan; found by the stage's own walk");
	if (fn->flags & KQ_FN_STUCK_PENDING)
		note(notes, fn, "still had transactions pending after %s",
		     kq_text_duration(text, fn->pending_us));
}

static void note_bits(struct notes *notes, const struct kq_report_function *fn,
		      const char *what, uint32_t value,
		      const struct kq_bit_name *names)
{
	char text[KQ_BITS_TEXT];

	if (value)
		note(notes, fn, "%s: %s", what,
		     kq_bits_join(text, sizeof(text), value, names));
}

static void note_pci_errors(struct notes *notes,
			    const struct kq_report_function *fn)
{
	uint32_t status = fn->command_status >> 16, errors = 0;

	for (const struct kq_bit_name *b = kq_bits_status_errors; b->name; b++)
		errors |= status & b->mask;
	note_bits(notes, fn, "PCI status", errors, kq_bits_status_errors);
}

static void note_aer(struct notes *notes, const struct kq_report_function *fn)
{
	const uint32_t *log = fn->aer_header_log;

	note_bits(notes, fn, "AER uncorrectable", fn->aer_uncor_status,
		  kq_bits_aer_uncor);
	if (fn->aer_uncor_status && (log[0] | log[1] | log[2] | log[3]))
		note(notes, fn, "AER header log %08x %08x %08x %08x", log[0],
		     log[1], log[2], log[3]);
	note_bits(notes, fn, "AER correctable", fn->aer_cor_status,
		  kq_bits_aer_cor);
	note_bits(notes, fn, "AER root",
		  fn->aer_root_status & ~PCI_ERR_ROOT_AER_IRQ,
		  kq_bits_aer_root);
}

static void note_dpc(struct notes *notes, const struct kq_report_function *fn)
{
	uint32_t status = fn->dpc_status_source & 0xffff;
	uint32_t source = fn->dpc_status_source >> 16;

	if (status & PCI_EXP_DPC_STATUS_TRIGGER)
		note(notes, fn, "DPC triggered: %s, source %02x:%02x.%x",
		     kq_word_dpc_reason(status), source >> 8,
		     (source >> 3) & 0x1f, source & 7);
}

static void note_errors(struct notes *notes,
			const struct kq_report_function *fn)
{
	if (!(fn->flags & KQ_FN_EVIDENCE))
		return;
	note_pci_errors(notes, fn);
	note_bits(notes, fn, "PCIe device status",
		  (fn->devctl_devsta >> 16) & KQ_CTL_DEVSTA_ERRORS,
		  kq_bits_devsta);
	note_aer(notes, fn);
	note_dpc(notes, fn);
}

void kq_report_print_notes(const struct kq_report_header *report, FILE *out)
{
	struct notes notes = { .out = out };

	for (uint32_t i = 0; i < report->functions.count; i++) {
		const struct kq_report_function *fn =
			&kq_report_functions(report)[i];

		note_result(&notes, report, fn);
		note_errors(&notes, fn);
	}
}
