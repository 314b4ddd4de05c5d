// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "daemon/collect.h"

#include "daemon/journal.h"
#include "lib/error.h"

/* What the journal could not take is kept nevertheless. */
static int keep(const struct kq_found_report *found, struct kq_store *store,
		enum kq_collected *ret, struct kq_message *message)
{
	int logged, kept;

	if (kq_store_has(store, found->report)) {
		*ret = KQ_COLLECT_SEEN;
		return 0;
	}
	*ret = KQ_COLLECT_NEW;
	logged = kq_journal_report(found, message);
	kept = kq_store_put(store, found->report, message);
	return kept < 0 ? kept : logged;
}

static int collect(const struct kq_found_report *found, const char *dir,
		   enum kq_collected *ret, struct kq_warnings *warnings,
		   struct kq_message *message)
{
	struct kq_store store;
	int r = kq_store_open(dir, &store, warnings, message);

	if (r < 0) {
		*ret = KQ_COLLECT_NEW;
		kq_journal_report(found, NULL);
		return r;
	}
	r = keep(found, &store, ret, message);
	kq_store_fini(&store);
	return r;
}

int kq_collect_at_start(const char *file, const char *dir,
			enum kq_collected *ret, struct kq_warnings *warnings,
			struct kq_message *message)
{
	struct kq_found_report found = { 0 };
	int r = kq_found_report_read(file, &found, message);

	*ret = KQ_COLLECT_NONE;
	if (r == -KQ_ERR_NOTFOUND)
		return 0;
	if (r < 0)
		return r;
	r = collect(&found, dir, ret, warnings, message);
	kq_found_report_fini(&found);
	return r;
}
