// SPDX-License-Identifier: GPL-2.0-or-later
/* What the report says of the digests of stage, kernel and initrd. */
#include "config.h"

#include "daemon/ctl-json.h"
#include "daemon/ctl-report-text.h"
#include "daemon/ctl-words.h"
#include "lib/settings.h"

#define MIB (1024.0 * 1024.0)

/* A verdict as such is one line; what it stands on follows in it. */
void kq_report_print_verify(const struct kq_report_header *report, FILE *out)
{
	const struct kq_report_verify *verify = &report->verify;
	char parts[KQ_BITS_TEXT], time[KQ_DURATION_TEXT];

	kq_text_duration(time, report->steps[KQ_STEP_VERIFY].duration_us);
	switch (verify->result) {
	case KQ_VERIFY_NOT_ASKED:
		return;
	case KQ_VERIFY_GOOD:
		fprintf(out, "Verified: %s, %.1f MiB in %s",
			kq_bits_join(parts, sizeof(parts), verify->parts,
				     kq_bits_verify_parts),
			(double)verify->bytes / MIB, time);
		break;
	case KQ_VERIFY_BAD:
		fprintf(out,
			"DAMAGED since it was loaded, and entered all the same: %s",
			kq_bits_join(parts, sizeof(parts), verify->bad,
				     kq_bits_verify_parts));
		break;
	case KQ_VERIFY_TOO_SLOW:
		fprintf(out, "Not verified: given up after %s", time);
		break;
	default:
		fprintf(out, "Not verified: reading it aborted, syndrome 0x%x",
			verify->fault_esr);
	}
	fprintf(out, "%s%s\n",
		verify->flags & KQ_VERIFY_CACHED ? "" : ", without caches",
		verify->flags & KQ_VERIFY_LATE
			? ", after the SMMUs: not all was quiet before"
			: "");
}

json_t *kq_report_json_verify(const struct kq_report_header *report)
{
	const struct kq_report_verify *verify = &report->verify;
	json_t *object = json_object();

	kq_json_set(object, "result",
		    json_string(kq_word_verify_result(verify->result)));
	kq_json_set(object, "parts",
		    kq_json_bits(verify->parts, kq_bits_verify_parts));
	kq_json_set(object, "bad",
		    kq_json_bits(verify->bad, kq_bits_verify_parts));
	kq_json_set(object, "flags",
		    kq_json_bits(verify->flags, kq_bits_verify_flags));
	kq_json_set(object, "bytes", json_integer((json_int_t)verify->bytes));
	kq_json_set(object, "on_bad_digest",
		    json_string(kq_on_bad_digest_name(verify->on_bad_digest)));
	kq_json_set(object, "fault_esr", kq_json_hex(verify->fault_esr));
	return object;
}
