// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The report for people, who read it at night: the verdict first, then one
 * line for each function, then only what is out of the ordinary.
 */
#include "config.h"

#include <inttypes.h>
#include <linux/pci_regs.h>
#include <string.h>
#include <systemd/sd-id128.h>
#include <time.h>

#include "daemon/ctl-report.h"
#include "daemon/ctl-table.h"
#include "daemon/ctl-words.h"
#include "lib/error.h"

#define NAME_TEXT (KQ_DRIVER_NAME_SIZE + 1)

/* Room for every bit of one register by name. */
#define BITS_TEXT 512

/* Steps of at least this much are named in the summary, microseconds. */
#define NOTABLE_STEP_US 1000

static const char *driver_text(char text[NAME_TEXT],
			       const struct kq_report_function *fn)
{
	kq_text_name(text, fn->driver, sizeof(fn->driver));
	return *text ? text : "-";
}

static const char *id_text(char text[SD_ID128_STRING_MAX],
			   const uint8_t bytes[16])
{
	sd_id128_t id;

	memcpy(&id, bytes, sizeof(id));
	return sd_id128_to_string(id, text);
}

static void print_load_time(uint64_t seconds, FILE *out)
{
	char text[40];
	struct tm tm;
	time_t t = (time_t)seconds;

	if (seconds <= INT32_MAX * UINT64_C(100) && gmtime_r(&t, &tm) &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm))
		fprintf(out, "loaded %s", text);
	else
		fprintf(out, "loaded at an unknown time");
}

static void print_freshness(enum kq_freshness freshness, FILE *out)
{
	if (freshness == KQ_STALE)
		fprintf(out, "STALE: this report belongs to an earlier boot\n");
}

static void print_times(const struct kq_report_header *report, FILE *out)
{
	char text[KQ_DURATION_TEXT];
	const char *gap = ": ";

	fprintf(out, "The stage ran at EL%u%s for %s", report->exception_level,
		report->flags & KQ_REPORT_VHE ? " (VHE)" : "",
		kq_text_duration(text, report->total_us));
	for (uint32_t i = 0; i < KQ_STEP_COUNT; i++) {
		uint32_t us = report->steps[i].duration_us;

		if (us < NOTABLE_STEP_US)
			continue;
		fprintf(out, "%s%s %s", gap, kq_word_step(i),
			kq_text_duration(text, us));
		gap = ", ";
	}
	if (report->budget_ms)
		fprintf(out, " (budget of its waits: %u ms%s)",
			report->budget_ms,
			report->flags & KQ_REPORT_OVER_BUDGET ? ", exceeded" :
								"");
	fputc('\n', out);
}

/* Of a refused plan nothing is known, neither kind nor load time. */
static void print_origin(const struct kq_report_header *report, FILE *out)
{
	if (report->flags & KQ_REPORT_PLAN_INVALID)
		return;
	fprintf(out, "%s, ",
		report->kind == KQ_PLAN_CRASH	? "Crash kexec" :
		report->kind == KQ_PLAN_ORDERLY ? "Orderly kexec" :
						  "Kexec of an unknown kind");
	print_load_time(report->load_time_s, out);
	fprintf(out, ", quiesce=%s\n", kq_word_quiesce(report->quiesce));
}

static void print_header(const struct kq_report_header *report, FILE *out)
{
	print_origin(report, out);
	print_times(report, out);
	if (report->flags & KQ_REPORT_STAGE_FAULT)
		fprintf(out, "The stage faulted at 0x%" PRIx64
			     " of stage.elf, syndrome 0x%" PRIx64
			     ": please report this\n",
			report->stage_fault_pc, report->stage_fault_esr);
	if (report->fault_count)
		fprintf(out, "The stage survived %u abort%s of hardware accesses\n",
			report->fault_count,
			report->fault_count == 1 ? "" : "s");
	if (report->flags & KQ_REPORT_UNLISTED_FULL)
		fprintf(out, "More functions were found beyond the plan than fit in this report\n");
}

static void print_ids(const struct kq_report_header *report, FILE *out)
{
	char text[SD_ID128_STRING_MAX];

	fprintf(out, "Load id %s\n", id_text(text, report->load_id));
	fprintf(out, "Boot id %s (of the kernel that loaded it)\n",
		id_text(text, report->boot_id));
	fprintf(out, "Timer   %u Hz\n", report->timer_hz);
}

static int print_steps(const struct kq_report_header *report, FILE *out)
{
	static const char *const titles[] = { "STEP", "START", "TOOK", NULL };
	struct kq_table *table = kq_table_new(titles);
	int r;

	for (uint32_t i = 0; i < KQ_STEP_COUNT; i++) {
		kq_table_cell(table, "%s", kq_word_step(i));
		kq_table_cell(table, "%" PRIu32 " us",
			      report->steps[i].start_us);
		kq_table_cell(table, "%" PRIu32 " us",
			      report->steps[i].duration_us);
	}
	fputc('\n', out);
	r = kq_table_print(table, out);
	kq_table_free(table);
	return r;
}

static void cell_found(struct kq_table *table,
		       const struct kq_report_function *fn)
{
	bool pending = fn->devctl_devsta >> 16 & PCI_EXP_DEVSTA_TRPND;

	/* A function the stage could not read has neither. */
	if (fn->command_status == UINT32_MAX ||
	    (fn->command_status == 0 && !(fn->flags & KQ_FN_EVIDENCE)))
		kq_table_cell(table, "-");
	else
		kq_table_cell(table, "%s%s",
			      kq_report_was_mastering(fn) ? "mastering" :
							    "idle",
			      pending ? ", pending" : "");
}

static void cell_done(struct kq_table *table,
		      const struct kq_report_function *fn)
{
	const char *reset = "";
	char text[KQ_DURATION_TEXT];

	if (fn->flags & KQ_FN_FLR_DONE)
		reset = "FLR ";
	else if (fn->flags & KQ_FN_AF_FLR_DONE)
		reset = "AF FLR ";
	if (!*reset)
		kq_table_cell(table, "%s",
			      fn->flags & KQ_FN_BME_CLEARED ?
				      "master off" :
				      "-");
	else
		kq_table_cell(table, "%s%s%s",
			      fn->flags & KQ_FN_BME_CLEARED ? "master off, " :
							      "",
			      reset, kq_text_duration(text, fn->reset_us));
}

static void add_function(struct kq_table *table,
			 const struct kq_report_function *fn)
{
	char address[KQ_ADDRESS_TEXT], driver[NAME_TEXT];

	kq_table_cell(table, "%s",
		      kq_text_address(address, fn->segment, fn->bdf));
	kq_table_cell(table, "%04x:%04x", fn->vendor, fn->device);
	kq_table_cell(table, "%s", driver_text(driver, fn));
	if (fn->smmu == KQ_NONE)
		kq_table_cell(table, "-");
	else
		kq_table_cell(table, "0x%" PRIx32, fn->stream_id);
	cell_found(table, fn);
	cell_done(table, fn);
	kq_table_cell(table, "%s", kq_word_function_result(fn->result));
}

static bool worth_a_row(const struct kq_report_function *fn, bool verbose)
{
	return verbose || !(fn->flags & KQ_FN_BRIDGE) ||
	       fn->result != KQ_FN_OBSERVED;
}

static int print_functions(const struct kq_report_header *report, bool verbose,
			   FILE *out)
{
	static const char *const titles[] = { "FUNCTION", "DEVICE", "DRIVER",
					      "STREAM",	  "FOUND",  "DONE",
					      "RESULT",	  NULL };
	struct kq_table *table;
	unsigned int hidden = 0;
	int r;

	if (report->functions.count == 0)
		return 0;
	table = kq_table_new(titles);
	for (uint32_t i = 0; i < report->functions.count; i++) {
		const struct kq_report_function *fn =
			&kq_report_functions(report)[i];

		if (worth_a_row(fn, verbose))
			add_function(table, fn);
		else
			hidden++;
	}
	fputc('\n', out);
	r = kq_table_print(table, out);
	kq_table_free(table);
	if (hidden)
		fprintf(out, "and %u bridge%s left as found (--verbose)\n",
			hidden, hidden == 1 ? "" : "s");
	return r;
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
	char address[KQ_ADDRESS_TEXT], driver[NAME_TEXT];
	va_list args;

	if (!notes->started)
		fprintf(notes->out, "\nNotable:\n");
	if (notes->last != fn)
		fprintf(notes->out, "  %s (%s)\n",
			kq_text_address(address, fn->segment, fn->bdf),
			fn->driver[0] ? driver_text(driver, fn) : "no driver");
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
	if (smmu->result != KQ_SMMU_DONE || smmu->policy != KQ_POLICY_ABORT)
		return "";
	return "; its SMMU aborts what it sends";
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
		     kq_report_was_mastering(fn) ?
			     "was still bus-mastering after shutdown" :
			     "still had requests in flight after shutdown");
	if (fn->flags & KQ_FN_UNLISTED)
		note(notes, fn, "was not in the plan; found by the stage's own walk");
	if (fn->flags & KQ_FN_STUCK_PENDING)
		note(notes, fn, "still had transactions pending after %s",
		     kq_text_duration(text, fn->pending_us));
}

static void note_bits(struct notes *notes, const struct kq_report_function *fn,
		      const char *what, uint32_t value,
		      const struct kq_bit_name *names)
{
	char text[BITS_TEXT];

	if (value)
		note(notes, fn, "%s: %s", what,
		     kq_bits_join(text, sizeof(text), value, names));
}

static bool status_error(uint32_t status)
{
	for (const struct kq_bit_name *b = kq_bits_status_errors; b->name; b++)
		if (status & b->mask)
			return true;
	return false;
}

static void note_pci_errors(struct notes *notes,
			    const struct kq_report_function *fn)
{
	uint32_t status = fn->command_status >> 16, errors = 0;

	if (!status_error(status))
		return;
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

static void print_notes(const struct kq_report_header *report, FILE *out)
{
	struct notes notes = { .out = out };

	for (uint32_t i = 0; i < report->functions.count; i++) {
		const struct kq_report_function *fn =
			&kq_report_functions(report)[i];

		note_result(&notes, report, fn);
		note_errors(&notes, fn);
	}
}

/* Every register of the evidence, bits by name: --verbose only. */
static void print_evidence(const struct kq_report_function *fn, FILE *out)
{
	char text[BITS_TEXT], address[KQ_ADDRESS_TEXT];
	uint32_t link = fn->lnkctl_lnksta >> 16;

	fprintf(out, "  %s\n",
		kq_text_address(address, fn->segment, fn->bdf));
	kq_bits_join(text, sizeof(text), fn->flags, kq_bits_function);
	fprintf(out, "    flags    %s\n", *text ? text : "none");
	kq_bits_join(text, sizeof(text), fn->command_status & 0xffff,
		     kq_bits_command);
	fprintf(out, "    command  %s\n", *text ? text : "none");
	kq_bits_join(text, sizeof(text), fn->command_after & 0xffff,
		     kq_bits_command);
	fprintf(out, "    after    %s\n", *text ? text : "none");
	if (!(fn->flags & KQ_FN_EVIDENCE))
		return;
	kq_bits_join(text, sizeof(text), fn->devctl_devsta >> 16,
		     kq_bits_devsta);
	fprintf(out, "    device   %s\n", *text ? text : "none");
	if (link & PCI_EXP_LNKSTA_NLW)
		fprintf(out, "    link     %s x%u%s\n",
			kq_word_link_speed(link),
			KQ_GET((unsigned int)PCI_EXP_LNKSTA_NLW, link),
			link & PCI_EXP_LNKSTA_LT ? ", training" : "");
	fprintf(out, "    AER      uncorrectable 0x%x, correctable 0x%x, root 0x%x\n",
		fn->aer_uncor_status, fn->aer_cor_status, fn->aer_root_status);
	fprintf(out, "    waited   pending %u us, reset %u us\n",
		fn->pending_us, fn->reset_us);
}

static void print_all_evidence(const struct kq_report_header *report,
			       FILE *out)
{
	if (report->functions.count)
		fprintf(out, "\nAs found at each function:\n");
	for (uint32_t i = 0; i < report->functions.count; i++)
		print_evidence(&kq_report_functions(report)[i], out);
}

static void name_writer(const struct kq_report_function *fn, const char *gap,
			FILE *out)
{
	char address[KQ_ADDRESS_TEXT], driver[NAME_TEXT];

	fprintf(out, "%s%s", gap,
		kq_text_address(address, fn->segment, fn->bdf));
	if (fn->driver[0])
		fprintf(out, " (%s)", driver_text(driver, fn));
}

/* Who could still write to memory when the old kernel was gone? */
static void print_writers(const struct kq_report_header *report, bool verbose,
			  FILE *out)
{
	const unsigned int max_named = verbose ? UINT32_MAX : 12;
	const unsigned int in_a_line = 3;
	unsigned int count = 0;

	for (uint32_t i = 0; i < report->functions.count; i++) {
		const struct kq_report_function *fn =
			&kq_report_functions(report)[i];

		if ((fn->flags & KQ_FN_BRIDGE) || !kq_report_was_mastering(fn))
			continue;
		if (count == 0)
			fprintf(out, "\nStill bus-mastering when the old kernel handed over:");
		if (count < max_named)
			name_writer(fn,
				    count == 0		   ? "\n  " :
				    count % in_a_line == 0 ? ",\n  " :
							     ", ",
				    out);
		count++;
	}
	if (count > max_named)
		fprintf(out, " and %u more (--verbose)", count - max_named);
	if (count)
		fputc('\n', out);
}

static void print_smmu3_state(const char *when,
			      const struct kq_report_smmu_state *state,
			      FILE *out)
{
	char on[BITS_TEXT], errors[BITS_TEXT];

	kq_bits_join(on, sizeof(on), state->cr0, kq_bits_cr0);
	kq_bits_join(errors, sizeof(errors), state->gerror ^ state->gerrorn,
		     kq_bits_gerror);
	fprintf(out, "  %s %s; GBPA %s; IRQ_CTRL 0x%x; GERROR %s\n", when,
		*on ? on : "off",
		state->gbpa & KQ_BIT32(20) ? "abort" : "bypass",
		state->irq_ctrl, *errors ? errors : "none");
}

static void print_smmu3_tables(const struct kq_report_smmu *smmu, FILE *out)
{
	const struct kq_report_smmu_state *before = &smmu->before;

	fprintf(out, "  stream table 0x%" PRIx64 " cfg 0x%x; event queue 0x%" PRIx64
		" prod 0x%x cons 0x%x; command queue prod 0x%x cons 0x%x\n",
		before->strtab_base, before->strtab_base_cfg,
		before->evtq_base, before->evtq_prod, before->evtq_cons,
		before->cmdq_prod, before->cmdq_cons);
	fprintf(out, "  IDR0 0x%x IDR1 0x%x\n", smmu->idr0, smmu->idr1);
}

static void print_smmu_result(const struct kq_report_smmu *smmu, FILE *out)
{
	char text[KQ_DURATION_TEXT];
	const char *policy = kq_word_policy(smmu->policy);

	switch (smmu->result) {
	case KQ_SMMU_DONE:
		fprintf(out, "set to %s in %s", policy,
			kq_text_duration(text, smmu->duration_us));
		break;
	case KQ_SMMU_STUCK:
		fprintf(out, "%s was asked, but %s (0x%x) did not follow",
			policy, kq_word_smmu3_register(smmu->stuck_offset),
			smmu->stuck_offset);
		break;
	case KQ_SMMU_LEFT_ALONE:
		fprintf(out, "left alone; this kind is not programmed");
		break;
	case KQ_SMMU_UNREACHABLE:
		fprintf(out, "%s was asked, but its registers cannot be read",
			policy);
		break;
	default:
		fprintf(out, "%s was asked, but the stage ended before it",
			policy);
		break;
	}
}

static void print_smmu_title(const struct kq_report_smmu *smmu, FILE *out)
{
	fprintf(out, "\nSMMU 0x%" PRIx64 " (%s): ", smmu->base,
		kq_word_smmu_type(smmu->type));
	print_smmu_result(smmu, out);
	fputc('\n', out);
}

static void add_event(struct kq_table *table,
		      const struct kq_report_header *report,
		      const struct kq_report_event *event)
{
	struct kq_smmu_event words = kq_smmu_event(event);
	const struct kq_report_function *fn = kq_report_stream_function(
		report, event->smmu, words.stream_id);
	char address[KQ_ADDRESS_TEXT], driver[NAME_TEXT];

	kq_table_cell(table, "  %s%s", kq_word_event(words.type),
		      event->flags & KQ_EVENT_PENDING ? " (unread)" : "");
	kq_table_cell(table, "0x%" PRIx32, words.stream_id);
	kq_table_cell(table, "%s",
		      fn ? kq_text_address(address, fn->segment, fn->bdf) :
			   "?");
	kq_table_cell(table, "%s", fn ? driver_text(driver, fn) : "-");
	if (words.has_address)
		kq_table_cell(table, "%s 0x%" PRIx64,
			      words.read ? "read" : "write", words.address);
	else
		kq_table_cell(table, "-");
}

static int print_events(const struct kq_report_header *report, uint32_t smmu,
			FILE *out)
{
	static const char *const titles[] = { "  EVENT",  "STREAM",
					      "FUNCTION", "DRIVER",
					      "ACCESS",	  NULL };
	struct kq_table *table = kq_table_new(titles);
	unsigned int count = 0;
	int r = 0;

	for (uint32_t i = 0; i < report->events.count; i++) {
		if (kq_report_events(report)[i].smmu != smmu)
			continue;
		add_event(table, report, &kq_report_events(report)[i]);
		count++;
	}
	if (count) {
		fprintf(out, "  last events of the old kernel, newest last:\n");
		r = kq_table_print(table, out);
	}
	kq_table_free(table);
	return r;
}

static bool known_state(const struct kq_report_smmu *smmu)
{
	return smmu->type == KQ_SMMU_V3 &&
	       smmu->result != KQ_SMMU_UNREACHABLE &&
	       smmu->result != KQ_SMMU_NOT_REACHED;
}

static int print_smmus(const struct kq_report_header *report, bool verbose,
		       FILE *out)
{
	int r = 0;

	for (uint32_t i = 0; i < report->smmus.count && r == 0; i++) {
		const struct kq_report_smmu *smmu =
			&kq_report_smmus(report)[i];

		print_smmu_title(smmu, out);
		if (known_state(smmu)) {
			print_smmu3_state("before:", &smmu->before, out);
			print_smmu3_state("after: ", &smmu->after, out);
		}
		if (verbose && known_state(smmu))
			print_smmu3_tables(smmu, out);
		r = print_events(report, i, out);
	}
	return r;
}

int kq_report_print(const struct kq_found_report *found, bool verbose,
		    FILE *out)
{
	const struct kq_report_header *report = found->report;
	struct kq_verdict verdict;
	int r;

	kq_verdict(report, &verdict);
	print_freshness(found->freshness, out);
	fprintf(out, "%s\n", verdict.text);
	print_header(report, out);
	if (verbose)
		print_ids(report, out);
	r = print_functions(report, verbose, out);
	print_writers(report, verbose, out);
	print_notes(report, out);
	if (r == 0)
		r = print_smmus(report, verbose, out);
	if (verbose)
		print_all_evidence(report, out);
	if (verbose && r == 0)
		r = print_steps(report, out);
	return r;
}
