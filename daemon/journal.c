// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

/* Where in our source an entry was sent is nobody's concern. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include "daemon/journal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-journal.h>
#include <sys/uio.h>
#include <syslog.h>

#include "daemon/ctl-report-text.h"
#include "daemon/ctl-words.h"
#include "lib/error.h"

#define MAX_FIELDS 24

struct entry {
	struct iovec fields[MAX_FIELDS];
	size_t count;
	bool lost; /* a field could not be stored */
};

/* What the entries of one report share. */
struct journal {
	const struct kq_found_report *found;
	int error; /* of the last entry that was not taken, errno */
};

/* One "NAME=value". */
__attribute__((format(printf, 2, 3))) static void field(struct entry *entry,
							const char *format, ...)
{
	char *text;
	va_list args;
	int size;

	va_start(args, format);
	size = vasprintf(&text, format, args);
	va_end(args);
	if (size < 0 || entry->count == MAX_FIELDS) {
		if (size >= 0)
			free(text);
		entry->lost = true;
		return;
	}
	entry->fields[entry->count++] =
		(struct iovec){ .iov_base = text, .iov_len = (size_t)size };
}

static void send(struct journal *journal, struct entry *entry)
{
	int r = entry->lost
			? -ENOMEM
			: sd_journal_sendv(entry->fields, (int)entry->count);

	if (r < 0)
		journal->error = -r;
	for (size_t i = 0; i < entry->count; i++)
		free(entry->fields[i].iov_base);
}

static void field_id(struct entry *entry, const char *name,
		     const uint8_t bytes[16])
{
	char text[33];

	for (size_t i = 0; i < 16; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	field(entry, "%s=%s", name, text);
}

/* Every entry says which report it is about. */
static struct entry begin(const struct journal *journal, const char *id,
			  int priority)
{
	const struct kq_report_header *report = journal->found->report;
	struct entry entry = { .count = 0 };

	field(&entry, "SYSLOG_IDENTIFIER=kexec-quiesce");
	field(&entry, "MESSAGE_ID=%s", id);
	field(&entry, "PRIORITY=%d", priority);
	field_id(&entry, "QUIESCE_LOAD_ID", report->load_id);
	field_id(&entry, "QUIESCE_BOOT_ID", report->boot_id);
	field(&entry, "QUIESCE_KIND=%s", kq_word_kind(report->kind));
	field(&entry, "QUIESCE_STALE=%d",
	      journal->found->freshness == KQ_STALE);
	return entry;
}

/* A memory stream's text becomes MESSAGE=; takes over @text. */
static void field_message(struct entry *entry, FILE *out, char **text)
{
	if (!out || fclose(out) != 0 || !*text) {
		entry->lost = true;
		return;
	}
	(*text)[strcspn(*text, "\n")] = '\0';
	field(entry, "MESSAGE=%s", *text);
	free(*text);
}

static const char *damage(char text[KQ_BITS_TEXT + 32],
			  const struct kq_report_verify *verify)
{
	char parts[KQ_BITS_TEXT];

	*text = '\0';
	if (verify->result == KQ_VERIFY_BAD)
		snprintf(text, KQ_BITS_TEXT + 32, "; damaged in memory: %s",
			 kq_bits_join(parts, sizeof(parts), verify->bad,
				      kq_bits_verify_parts));
	return text;
}

static void log_verdict(struct journal *journal)
{
	const struct kq_report_header *report = journal->found->report;
	struct kq_verdict verdict;
	struct kq_probe probe;
	struct entry entry;
	char flags[KQ_BITS_TEXT], damaged[KQ_BITS_TEXT + 32];

	kq_verdict(report, &verdict);
	kq_probe(report, &probe);
	entry = begin(journal, KQ_MESSAGE_REPORT,
		      verdict.quiet && report->verify.result <= KQ_VERIFY_GOOD
			      ? LOG_NOTICE
			      : LOG_WARNING);
	field(&entry, "MESSAGE=%s%s%s", verdict.text,
	      damage(damaged, &report->verify),
	      journal->found->freshness == KQ_STALE
		      ? " (of an earlier boot than this)"
		      : "");
	field(&entry, "QUIESCE_QUIET=%d", verdict.quiet);
	field(&entry, "QUIESCE_VERIFIED_QUIET=%d", verdict.verified);
	field(&entry, "QUIESCE_LEVEL=%s", kq_word_quiesce(report->quiesce));
	field(&entry, "QUIESCE_FLAGS=%s",
	      kq_bits_join(flags, sizeof(flags), report->flags,
			   kq_bits_report));
	field(&entry, "QUIESCE_VERIFY=%s",
	      kq_word_verify_result(report->verify.result));
	field(&entry, "QUIESCE_FUNCTIONS=%" PRIu32, report->functions.count);
	field(&entry, "QUIESCE_OFFENDERS=%u", verdict.offenders);
	field(&entry, "QUIESCE_STREAMS=%u", probe.streams);
	field(&entry, "QUIESCE_TRANSACTIONS=%" PRIu64, probe.transactions);
	field(&entry, "QUIESCE_STAGE_USEC=%" PRIu32, report->total_us);
	field(&entry, "QUIESCE_LOAD_TIME=%" PRIu64, report->load_time_s);
	send(journal, &entry);
}

static void field_stream(struct entry *entry,
			 const struct kq_report_header *report, uint32_t smmu,
			 uint32_t stream_id)
{
	field(entry, "QUIESCE_STREAM_ID=0x%" PRIx32, stream_id);
	field(entry, "QUIESCE_SMMU=0x%" PRIx64,
	      kq_report_smmus(report)[smmu].base);
}

static void field_function(struct entry *entry,
			   const struct kq_report_function *fn)
{
	char text[KQ_ADDRESS_TEXT], driver[KQ_NAME_TEXT];

	field(entry, "QUIESCE_BDF=%s",
	      kq_text_address(text, fn->segment, fn->bdf));
	field(entry, "QUIESCE_PCI_ID=%04x:%04x", fn->vendor, fn->device);
	if (fn->driver[0])
		field(entry, "QUIESCE_DRIVER=%s", kq_text_driver(driver, fn));
	field(entry, "QUIESCE_RESULT=%s", kq_word_function_result(fn->result));
}

static void log_offender(const struct kq_report_header *report,
			 const struct kq_offender *offender, void *context)
{
	struct journal *journal = context;
	struct entry entry = begin(journal, KQ_MESSAGE_OFFENDER, LOG_WARNING);
	const struct kq_report_function *fn = offender->function;
	const struct kq_report_stray *stray = offender->stray;
	char name[KQ_COMPONENT_NAME_SIZE + 1], *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out)
		kq_offender_print(report, offender, out);
	field_message(&entry, out, &text);
	if (fn)
		field_function(&entry, fn);
	else if (stray->name[0])
		field(&entry, "QUIESCE_NAME=%s",
		      kq_text_name(name, stray->name, sizeof(stray->name)));
	if (stray)
		field_stream(&entry, report, stray->smmu, stray->stream_id);
	else if (fn && fn->smmu != KQ_NONE)
		field_stream(&entry, report, fn->smmu, fn->stream_id);
	field(&entry, "QUIESCE_TRANSACTIONS=%" PRIu64, offender->transactions);
	send(journal, &entry);
}

static void log_function(struct journal *journal,
			 const struct kq_report_function *fn)
{
	struct entry entry = begin(journal, KQ_MESSAGE_FUNCTION, LOG_WARNING);
	char text[KQ_ADDRESS_TEXT], driver[KQ_NAME_TEXT];

	field(&entry, "MESSAGE=%s (%s): not quieted: %s",
	      kq_text_address(text, fn->segment, fn->bdf),
	      fn->driver[0] ? kq_text_driver(driver, fn) : "no driver",
	      kq_word_function_result(fn->result));
	field_function(&entry, fn);
	if (fn->smmu != KQ_NONE)
		field_stream(&entry, journal->found->report, fn->smmu,
			     fn->stream_id);
	send(journal, &entry);
}

/* Those that log_offender() has named are not named twice. */
static void log_functions(struct journal *journal)
{
	const struct kq_report_header *report = journal->found->report;

	for (uint32_t i = 0; i < report->functions.count; i++) {
		const struct kq_report_function *fn =
			&kq_report_functions(report)[i];

		if (kq_report_result_bad(fn->result) &&
		    !kq_report_is_offender(report, fn))
			log_function(journal, fn);
	}
}

static void log_smmu(struct journal *journal, const struct kq_report_smmu *smmu)
{
	struct entry entry = begin(journal, KQ_MESSAGE_SMMU, LOG_WARNING);
	const char *policy = kq_word_policy(smmu->policy);

	field(&entry, "MESSAGE=SMMU 0x%" PRIx64 ": %s%s, %s was asked",
	      smmu->base,
	      smmu->result == KQ_SMMU_DONE ? "fell back to "
					   : kq_word_smmu_result(smmu->result),
	      smmu->result == KQ_SMMU_DONE ? kq_word_policy(smmu->applied) : "",
	      policy);
	field(&entry, "QUIESCE_SMMU=0x%" PRIx64, smmu->base);
	field(&entry, "QUIESCE_POLICY=%s", policy);
	if (smmu->applied)
		field(&entry, "QUIESCE_APPLIED=%s",
		      kq_word_policy(smmu->applied));
	field(&entry, "QUIESCE_RESULT=%s", kq_word_smmu_result(smmu->result));
	send(journal, &entry);
}

static void log_smmus(struct journal *journal)
{
	const struct kq_report_header *report = journal->found->report;

	for (uint32_t i = 0; i < report->smmus.count; i++) {
		const struct kq_report_smmu *smmu = &kq_report_smmus(report)[i];

		if (smmu->result == KQ_SMMU_DONE
			    ? smmu->flags & KQ_SMMU_FELL_BACK
			    : smmu->result != KQ_SMMU_LEFT_ALONE)
			log_smmu(journal, smmu);
	}
}

int kq_journal_report(const struct kq_found_report *found,
		      struct kq_message *message)
{
	struct journal journal = { .found = found };

	log_verdict(&journal);
	kq_report_each_offender(found->report, log_offender, &journal);
	log_functions(&journal);
	log_smmus(&journal);
	if (journal.error)
		return kq_fail(message, KQ_ERR_SYSTEM,
			       "the journal did not take the report: %s",
			       strerror(journal.error));
	return 0;
}
