// SPDX-License-Identifier: GPL-2.0-or-later
/* quiescectl report */
#include "config.h"

#include "daemon/ctl-json.h"
#include "daemon/ctl-report.h"
#include "daemon/ctl.h"
#include "lib/error.h"

static int show_offenders(const struct kq_ctl *ctl,
			  const struct kq_found_report *found, const char *path)
{
	if (ctl->json)
		return kq_json_print(kq_offenders_json(found, path), ctl->out);
	kq_offenders_print(found, ctl->out);
	return 0;
}

static int show(const struct kq_ctl *ctl, const struct kq_found_report *found,
		const char *path)
{
	int r;

	if (ctl->offenders)
		r = show_offenders(ctl, found, path);
	else if (ctl->json)
		r = kq_json_print(kq_report_json(found, path), ctl->out);
	else
		r = kq_report_print(found, ctl->verbose, ctl->out);
	if (r < 0) {
		kq_ctl_complain("cannot show the report: %s", kq_strerror(r));
		return KQ_EXIT_FAILURE;
	}
	return found->freshness == KQ_STALE ? KQ_EXIT_NO_REPORT : KQ_EXIT_OK;
}

int kq_ctl_report(const struct kq_ctl *ctl)
{
	const char *path = ctl->operands[0] ? ctl->operands[0] : KQ_CTL_FDT;
	struct kq_found_report found = { 0 };
	struct kq_message message;
	int r = kq_found_report_read(path, &found, &message);

	if (r < 0) {
		kq_ctl_complain("%s: %s", path, message.text);
		return r == -KQ_ERR_NOTFOUND ? KQ_EXIT_NO_REPORT
					     : KQ_EXIT_FAILURE;
	}
	r = show(ctl, &found, path);
	kq_found_report_fini(&found);
	return r;
}
