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

#include "daemon/ctl-report-text.h"
#include "daemon/ctl-table.h"
#include "lib/error.h"

/* Steps of at least this much are named in the summary, microseconds. */
#define NOTABLE_STEP_US 1000

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

void kq_report_print_freshness(enum kq_freshness freshness, FILE *out)
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
			report->flags & KQ_REPORT_OVER_BUDGET ? ", exceeded"
							      : "");
	fputc('\n', out);
}

/* Of a refused plan nothing is known, neither kind nor load time. */
static void print_origin(const struct kq_report_header *report, FILE *out)
{
	if (report->flags & KQ_REPORT_PLAN_INVALID)
		return;
	fprintf(out, "%s, ",
		report->kind == KQ_PLAN_CRASH	  ? "Crash kexec"
		: report->kind == KQ_PLAN_ORDERLY ? "Orderly kexec"
						  : "Kexec of an unknown kind");
	print_load_time(report->load_time_s, out);
	fprintf(out, ", quiesce=%s\n", kq_word_quiesce(report->quiesce));
}

/* Which plan it was: the image's is not worth a word. */
static void print_update(const struct kq_report_header *report, FILE *out)
{
	int error = report->region_error < KQ_ERR_COUNT
			    ? -(int)report->region_error
			    : -KQ_ERR_COUNT;

	if (report->plan_generation)
		fprintf(out,
			"The plan had been updated in place: update %" PRIu64
			" since the load\n",
			report->plan_generation);
	if (report->region_error)
		fprintf(out,
			"A newer plan in the plan region could not be used: %s\n",
			kq_strerror(error));
}

static void print_header(const struct kq_report_header *report, FILE *out)
{
	print_origin(report, out);
	print_update(report, out);
	print_times(report, out);
	if (report->flags & KQ_REPORT_STAGE_FAULT)
		fprintf(out,
			"The stage faulted at 0x%" PRIx64
			" of stage.elf, syndrome 0x%" PRIx64
			": please report this\n",
			report->stage_fault_pc, report->stage_fault_esr);
	if (report->fault_count)
		fprintf(out,
			"The stage survived %u abort%s of hardware accesses\n",
			report->fault_count,
			report->fault_count == 1 ? "" : "s");
	if (report->flags & KQ_REPORT_UNLISTED_FULL)
		fprintf(out,
			"More functions were found beyond the plan than fit in this report\n");
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
			      kq_report_was_mastering(fn) ? "mastering"
							  : "idle",
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
			      fn->flags & KQ_FN_BME_CLEARED ? "master off"
							    : "-");
	else
		kq_table_cell(table, "%s%s%s",
			      fn->flags & KQ_FN_BME_CLEARED ? "master off, "
							    : "",
			      reset, kq_text_duration(text, fn->reset_us));
}

static void add_function(struct kq_table *table,
			 const struct kq_report_function *fn)
{
	char address[KQ_ADDRESS_TEXT], driver[KQ_NAME_TEXT];

	kq_table_cell(table, "%s",
		      kq_text_address(address, fn->segment, fn->bdf));
	kq_table_cell(table, "%04x:%04x", fn->vendor, fn->device);
	kq_table_cell(table, "%s", kq_text_driver(driver, fn));
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

/* Every register of the evidence, bits by name: --verbose only. */
static void print_evidence(const struct kq_report_function *fn, FILE *out)
{
	char text[KQ_BITS_TEXT], address[KQ_ADDRESS_TEXT];
	uint32_t link = fn->lnkctl_lnksta >> 16;

	fprintf(out, "  %s\n", kq_text_address(address, fn->segment, fn->bdf));
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
	fprintf(out,
		"    AER      uncorrectable 0x%x, correctable 0x%x, root 0x%x\n",
		fn->aer_uncor_status, fn->aer_cor_status, fn->aer_root_status);
	fprintf(out, "    waited   pending %u us, reset %u us\n",
		fn->pending_us, fn->reset_us);
}

static void print_all_evidence(const struct kq_report_header *report, FILE *out)
{
	if (report->functions.count)
		fprintf(out, "\nAs found at each function:\n");
	for (uint32_t i = 0; i < report->functions.count; i++)
		print_evidence(&kq_report_functions(report)[i], out);
}

static void name_writer(const struct kq_report_function *fn, const char *gap,
			FILE *out)
{
	char address[KQ_ADDRESS_TEXT], driver[KQ_NAME_TEXT];

	fprintf(out, "%s%s", gap,
		kq_text_address(address, fn->segment, fn->bdf));
	if (fn->driver[0])
		fprintf(out, " (%s)", kq_text_driver(driver, fn));
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
			fprintf(out,
				"\nStill bus-mastering when the old kernel handed over:");
		if (count < max_named)
			name_writer(fn,
				    count == 0		     ? "\n  "
				    : count % in_a_line == 0 ? ",\n  "
							     : ", ",
				    out);
		count++;
	}
	if (count > max_named)
		fprintf(out, " and %u more (--verbose)", count - max_named);
	if (count)
		fputc('\n', out);
}

int kq_report_print(const struct kq_found_report *found, bool verbose,
		    FILE *out)
{
	const struct kq_report_header *report = found->report;
	struct kq_verdict verdict;
	int r;

	kq_verdict(report, &verdict);
	kq_report_print_freshness(found->freshness, out);
	fprintf(out, "%s\n", verdict.text);
	kq_report_print_verify(report, out);
	print_header(report, out);
	if (verbose)
		print_ids(report, out);
	r = print_functions(report, verbose, out);
	print_writers(report, verbose, out);
	kq_report_print_notes(report, out);
	if (r == 0)
		r = kq_report_print_probe(report, out);
	if (r == 0)
		r = kq_report_print_smmus(report, verbose, out);
	if (verbose)
		print_all_evidence(report, out);
	if (verbose && r == 0)
		r = print_steps(report, out);
	return r;
}
