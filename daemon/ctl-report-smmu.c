// SPDX-License-Identifier: GPL-2.0-or-later
/* What a report says of the SMMUs and of the old kernel's last events. */
#include "config.h"

#include <inttypes.h>

#include "daemon/ctl-report-text.h"
#include "daemon/ctl-table.h"
#include "lib/error.h"

static void print_smmu3_state(const char *when,
			      const struct kq_report_smmu_state *state,
			      FILE *out)
{
	char on[KQ_BITS_TEXT], errors[KQ_BITS_TEXT];

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

	fprintf(out,
		"  stream table 0x%" PRIx64 " cfg 0x%x; event queue 0x%" PRIx64
		" prod 0x%x cons 0x%x; command queue prod 0x%x cons 0x%x\n",
		before->strtab_base, before->strtab_base_cfg, before->evtq_base,
		before->evtq_prod, before->evtq_cons, before->cmdq_prod,
		before->cmdq_cons);
}

/* What matters of sCR0: do transactions pass untranslated? */
static void print_smmu2_state(const char *when,
			      const struct kq_report_smmu2_state *state,
			      FILE *out)
{
	char faults[KQ_BITS_TEXT];
	const char *mode;

	if (state->scr0 & KQ_BIT32(0))
		mode = "off (CLIENTPD): all streams bypass";
	else if (state->scr0 & KQ_BIT32(10))
		mode = "on; unmatched streams fault (USFCFG)";
	else
		mode = "on; unmatched streams bypass";
	kq_bits_join(faults, sizeof(faults), state->sgfsr, kq_bits_sgfsr);
	fprintf(out, "  %s %s; sCR0 0x%x; global faults: %s\n", when, mode,
		state->scr0, *faults ? faults : "none");
	if (state->sgfsr)
		fprintf(out, "    last one: stream 0x%x at 0x%" PRIx64 "\n",
			state->sgfsynr1 & 0xffff, state->sgfar);
	if (state->faulting_banks == 0)
		return;
	kq_bits_join(faults, sizeof(faults), state->bank_fsr, kq_bits_fsr);
	fprintf(out,
		"    context banks with faults: %u; bank %u: %s by stream 0x%x, %s 0x%" PRIx64
		"\n",
		state->faulting_banks, state->bank, faults,
		state->bank_frsynra & 0xffff,
		state->bank_fsynr0 & KQ_BIT32(4) ? "write" : "read",
		state->bank_far);
}

static const char *register_name(const struct kq_report_smmu *smmu)
{
	return smmu->type == KQ_SMMU_V3
		       ? kq_word_smmu3_register(smmu->stuck_offset)
		       : kq_word_smmu2_register(smmu->stuck_offset);
}

static void print_applied(const struct kq_report_smmu *smmu, FILE *out)
{
	const char *asked = kq_word_policy(smmu->policy);
	char text[KQ_DURATION_TEXT];

	if (smmu->flags & KQ_SMMU_FELL_BACK) {
		if (smmu->applied != smmu->policy)
			fprintf(out, "%s was asked but cannot be had; ", asked);
		else
			fprintf(out, "reserved streams are lost; ");
	}
	fprintf(out, "%s %s",
		smmu->applied == KQ_POLICY_PRESERVE ? "left translating:"
						    : "set to",
		kq_word_policy(smmu->applied));
	/* Looking into the window counts as well, and hides the rest. */
	if (!(smmu->flags & KQ_SMMU_PROBED))
		fprintf(out, ", in %s",
			kq_text_duration(text, smmu->duration_us));
}

static void print_smmu_result(const struct kq_report_smmu *smmu, FILE *out)
{
	const char *policy = kq_word_policy(smmu->policy);

	switch (smmu->result) {
	case KQ_SMMU_DONE:
		print_applied(smmu, out);
		break;
	case KQ_SMMU_STUCK:
		fprintf(out, "%s was asked, but %s (0x%x) did not follow",
			policy, register_name(smmu), smmu->stuck_offset);
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
	const struct kq_report_function *fn =
		kq_report_stream_function(report, event->smmu, words.stream_id);
	char address[KQ_ADDRESS_TEXT], driver[KQ_NAME_TEXT];

	kq_table_cell(table, "  %s%s", kq_word_event(words.type),
		      event->flags & KQ_EVENT_PENDING ? " (unread)" : "");
	kq_table_cell(table, "0x%" PRIx32, words.stream_id);
	kq_table_cell(table, "%s",
		      fn ? kq_text_address(address, fn->segment, fn->bdf)
			 : "?");
	kq_table_cell(table, "%s", fn ? kq_text_driver(driver, fn) : "-");
	if (words.has_address)
		kq_table_cell(table, "%s 0x%" PRIx64,
			      words.read ? "read" : "write", words.address);
	else
		kq_table_cell(table, "-");
}

static int print_events(const struct kq_report_header *report, uint32_t smmu,
			FILE *out)
{
	static const char *const titles[] = { "  EVENT", "STREAM", "FUNCTION",
					      "DRIVER",	 "ACCESS", NULL };
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
	return smmu->type != KQ_SMMU_OTHER &&
	       smmu->result != KQ_SMMU_UNREACHABLE &&
	       smmu->result != KQ_SMMU_NOT_REACHED;
}

static void print_window(const struct kq_report_header *report,
			 const struct kq_report_smmu *smmu, FILE *out)
{
	char text[KQ_DURATION_TEXT];

	if (smmu->flags & KQ_SMMU_PROBED)
		fprintf(out, "  watched for %s: %u transaction%s%s\n",
			kq_text_window(text, smmu->probe_us),
			smmu->probe_events, smmu->probe_events == 1 ? "" : "s",
			smmu->flags & KQ_SMMU_PROBE_OVERFLOW
				? ", and more that were not counted"
				: "");
	else if (report->probe_ms)
		fprintf(out, "  not watched%s\n",
			smmu->policy == KQ_POLICY_PRESERVE
				? ": preserve keeps its tables"
				: "");
}

static void print_state(const struct kq_report_smmu *smmu, bool verbose,
			FILE *out)
{
	if (smmu->type == KQ_SMMU_V3) {
		print_smmu3_state("before:", &smmu->before, out);
		print_smmu3_state("after: ", &smmu->after, out);
	} else {
		print_smmu2_state("before:", &smmu->before2, out);
		print_smmu2_state("after: ", &smmu->after2, out);
	}
	if (smmu->flags & KQ_SMMU_OWN_TABLE)
		fprintf(out,
			"  runs on the stage's tables, in memory that stays reserved\n");
	if (smmu->aborted_streams)
		fprintf(out, "  streams aborted in the old table: %u\n",
			smmu->aborted_streams);
	if (!verbose)
		return;
	if (smmu->type == KQ_SMMU_V3)
		print_smmu3_tables(smmu, out);
	fprintf(out, "  IDR0 0x%x IDR1 0x%x\n", smmu->idr0, smmu->idr1);
}

int kq_report_print_smmus(const struct kq_report_header *report, bool verbose,
			  FILE *out)
{
	int r = 0;

	for (uint32_t i = 0; i < report->smmus.count && r == 0; i++) {
		const struct kq_report_smmu *smmu = &kq_report_smmus(report)[i];

		print_smmu_title(smmu, out);
		if (known_state(smmu)) {
			print_state(smmu, verbose, out);
			print_window(report, smmu, out);
		}
		r = print_events(report, i, out);
	}
	return r;
}
