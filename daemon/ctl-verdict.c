// SPDX-License-Identifier: GPL-2.0-or-later
/* Sums a report up in one line. */
#include "config.h"

#include <inttypes.h>
#include <linux/pci_regs.h>
#include <stdarg.h>
#include <string.h>

#include "daemon/ctl-report-text.h"
#include "daemon/ctl-words.h"
#include "lib/error.h"

/* More SMMUs than this are counted, not named. */
#define MAX_NAMED_SMMUS 3

bool kq_report_was_mastering(const struct kq_report_function *fn)
{
	return fn->command_status != UINT32_MAX &&
	       (fn->command_status & PCI_COMMAND_MASTER);
}

bool kq_report_result_bad(uint32_t result)
{
	switch (result) {
	case KQ_FN_NOT_REACHED:
	case KQ_FN_REPLACED:
	case KQ_FN_UNREACHABLE:
	case KQ_FN_NO_CONFIG_ACCESS:
	case KQ_FN_STILL_MASTERING:
	case KQ_FN_RESET_TIMEOUT:
		return true;
	default:
		return false;
	}
}

struct kq_smmu_event kq_smmu_event(const struct kq_report_event *event)
{
	const uint64_t *record = event->record;
	uint32_t type = record[0] & 0xff;

	return (struct kq_smmu_event){
		.type = type,
		.stream_id = (uint32_t)(record[0] >> 32),
		.has_address = kq_event_has_address(type),
		.read = record[1] & KQ_BIT64(35),
		.stage2 = record[1] & KQ_BIT64(39),
		.address = record[2],
	};
}

const struct kq_report_function *
kq_report_stream_function(const struct kq_report_header *report, uint32_t smmu,
			  uint32_t stream_id)
{
	for (uint32_t i = 0; i < report->functions.count; i++) {
		const struct kq_report_function *fn =
			&kq_report_functions(report)[i];

		if (fn->smmu == smmu && fn->stream_id == stream_id)
			return fn;
	}
	return NULL;
}

__attribute__((format(printf, 2, 3))) static void
say(struct kq_verdict *verdict, const char *format, ...)
{
	size_t used = strlen(verdict->text);
	va_list args;

	va_start(args, format);
	vsnprintf(verdict->text + used, sizeof(verdict->text) - used, format,
		  args);
	va_end(args);
}

/* A bridge that was only looked at, or is off on purpose, is no news. */
static bool uninteresting(const struct kq_report_function *fn)
{
	return (fn->flags & KQ_FN_BRIDGE) &&
	       (fn->result == KQ_FN_OBSERVED || fn->result == KQ_FN_QUIET);
}

static void count(const struct kq_report_header *report,
		  struct kq_verdict *verdict)
{
	for (uint32_t i = 0; i < report->functions.count; i++) {
		const struct kq_report_function *fn =
			&kq_report_functions(report)[i];

		if (uninteresting(fn))
			continue;
		verdict->counts[fn->result]++;
		if (!(fn->flags & KQ_FN_OFFENDER))
			continue;
		verdict->offenders++;
		verdict->offenders_mastering += kq_report_was_mastering(fn);
	}
}

static void say_functions(struct kq_verdict *verdict)
{
	static const struct {
		uint32_t result;
		const char *text;
	} others[] = {
		{ KQ_FN_STILL_MASTERING, "still bus-mastering" },
		{ KQ_FN_RESET_TIMEOUT, "not back from reset" },
		{ KQ_FN_UNREACHABLE, "unreachable" },
		{ KQ_FN_NO_CONFIG_ACCESS, "without config access" },
		{ KQ_FN_NOT_REACHED, "not reached" },
		{ KQ_FN_REPLACED, "replaced by another device" },
		{ KQ_FN_GONE, "gone" },
		{ KQ_FN_SKIPPED, "skipped as asked" },
		{ KQ_FN_OBSERVED, "only looked at" },
		{ KQ_FN_LEFT_ALONE, "found idle and left alone" },
	};
	const unsigned int *counts = verdict->counts;
	unsigned int reset = counts[KQ_FN_RESET] + counts[KQ_FN_RESET_WITH_PF];
	unsigned int quiet = counts[KQ_FN_QUIET] + reset;

	say(verdict, "%u function%s quiet", quiet, quiet == 1 ? "" : "s");
	if (reset)
		say(verdict, " (%u reset)", reset);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (counts[others[i].result])
			say(verdict, ", %u %s", counts[others[i].result],
			    others[i].text);
	if (verdict->offenders)
		say(verdict, "; %u %s still %s after shutdown",
		    verdict->offenders,
		    verdict->offenders == 1 ? "was" : "were",
		    verdict->offenders_mastering == verdict->offenders
			    ? "bus-mastering"
			    : "active");
}

static bool as_asked(const struct kq_report_smmu *smmu)
{
	return smmu->result == KQ_SMMU_DONE &&
	       !(smmu->flags & KQ_SMMU_FELL_BACK);
}

static void say_smmu(struct kq_verdict *verdict,
		     const struct kq_report_smmu *smmu)
{
	const char *policy = kq_word_policy(smmu->policy);

	say(verdict, ", SMMU 0x%" PRIx64 ": ", smmu->base);
	if (smmu->result != KQ_SMMU_DONE)
		say(verdict, "%s (%s was asked)",
		    kq_word_smmu_result(smmu->result), policy);
	else if (as_asked(smmu))
		say(verdict, "%s", policy);
	else if (smmu->applied == smmu->policy)
		say(verdict, "%s (fell back: reserved streams are lost)",
		    policy);
	else
		say(verdict, "%s (fell back: %s was asked)",
		    kq_word_policy(smmu->applied), policy);
}

static bool all_smmus_alike(const struct kq_report_header *report)
{
	const struct kq_report_smmu *smmus = kq_report_smmus(report);

	for (uint32_t i = 0; i < report->smmus.count; i++)
		if (!as_asked(&smmus[i]) || smmus[i].policy != smmus[0].policy)
			return false;
	return true;
}

static void say_smmus(const struct kq_report_header *report,
		      struct kq_verdict *verdict)
{
	const struct kq_report_smmu *smmus = kq_report_smmus(report);
	unsigned int done = 0, total = report->smmus.count;

	if (total == 0) {
		say(verdict, ", no SMMU");
		return;
	}
	if (total <= MAX_NAMED_SMMUS) {
		for (uint32_t i = 0; i < total; i++)
			say_smmu(verdict, &smmus[i]);
		return;
	}
	for (uint32_t i = 0; i < total; i++)
		done += as_asked(&smmus[i]);
	if (all_smmus_alike(report))
		say(verdict, ", %u SMMUs: %s", total,
		    kq_word_policy(smmus[0].policy));
	else
		say(verdict, ", %u of %u SMMUs as asked", done, total);
}

/* Functions that the probe windows could not see. */
static unsigned int count_untranslated(const struct kq_report_header *report)
{
	unsigned int n = 0;

	for (uint32_t i = 0; i < report->functions.count; i++) {
		const struct kq_report_function *fn =
			&kq_report_functions(report)[i];

		n += fn->smmu == KQ_NONE && !(fn->flags & KQ_FN_BRIDGE) &&
		     fn->result != KQ_FN_GONE;
	}
	return n;
}

static void say_verified(const struct kq_report_header *report,
			 const struct kq_probe *probe,
			 struct kq_verdict *verdict)
{
	unsigned int unseen = count_untranslated(report);
	char text[KQ_DURATION_TEXT];

	say(verdict, "; verified quiet: 0 transactions in %s",
	    kq_text_window(text, probe->us));
	if (unseen)
		say(verdict, " (%u function%s behind no SMMU not watched)",
		    unseen, unseen == 1 ? "" : "s");
}

static void say_probe(const struct kq_report_header *report,
		      const struct kq_probe *probe, struct kq_verdict *verdict)
{
	char text[KQ_DURATION_TEXT];

	if (!probe->asked)
		return;
	if (probe->verified)
		say_verified(report, probe, verdict);
	else if (probe->streams)
		say(verdict,
		    "; NOT QUIET: %u stream%s still writing, %s%" PRIu64
		    " transaction%s in %s",
		    probe->streams, probe->streams == 1 ? "" : "s",
		    probe->at_least ? "at least " : "", probe->transactions,
		    probe->transactions == 1 ? "" : "s",
		    kq_text_window(text, probe->us));
	else if (probe->seen)
		say(verdict, "; NOT QUIET: the probe window lost events");
	else if (probe->probed)
		say(verdict,
		    "; 0 transactions in %s, but only %u of %u SMMUs could be watched",
		    kq_text_window(text, probe->us), probe->probed,
		    report->smmus.count);
	else
		say(verdict, "; no SMMU could be watched");
}

static bool is_quiet(const struct kq_report_header *report,
		     const struct kq_verdict *verdict)
{
	if (report->flags & (KQ_REPORT_PLAN_INVALID | KQ_REPORT_STAGE_FAULT |
			     KQ_REPORT_UNLISTED_FULL))
		return false;
	for (uint32_t i = 0; i < KQ_FN_RESULT_COUNT; i++)
		if (verdict->counts[i] &&
		    (kq_report_result_bad(i) || i == KQ_FN_SKIPPED ||
		     i == KQ_FN_OBSERVED))
			return false;
	for (uint32_t i = 0; i < report->smmus.count; i++) {
		uint32_t result = kq_report_smmus(report)[i].result;

		if (result != KQ_SMMU_DONE && result != KQ_SMMU_LEFT_ALONE)
			return false;
	}
	return true;
}

void kq_verdict(const struct kq_report_header *report, struct kq_verdict *ret)
{
	struct kq_probe probe;

	*ret = (struct kq_verdict){ 0 };
	if (report->flags & KQ_REPORT_PLAN_INVALID) {
		int error = report->plan_error < KQ_ERR_COUNT
				    ? -(int)report->plan_error
				    : -KQ_ERR_COUNT;

		say(ret,
		    "nothing was quiesced: the stage refused its plan (%s)",
		    kq_strerror(error));
		return;
	}
	count(report, ret);
	kq_probe(report, &probe);
	ret->quiet = is_quiet(report, ret) && !probe.seen;
	ret->verified = probe.verified;
	if (report->flags & KQ_REPORT_STAGE_FAULT)
		say(ret, "the stage itself faulted; before that: ");
	say_functions(ret);
	say_smmus(report, ret);
	say_probe(report, &probe, ret);
}
