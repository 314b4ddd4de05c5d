// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "daemon/status.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "lib/inventory/sysfs.h"
#include "lib/new-file.h"
#include "lib/record.h"

#define STATE_FILE    KQ_RUN_DIR "/state"
#define STATE_VERSION 1

static const struct {
	const char *word;
	bool bad;
	const char *text;
} states[KQ_STATE_COUNT] = {
	[KQ_STATE_UNLOADED] = { "unloaded", true, "no crash kernel is loaded" },
	[KQ_STATE_CURRENT] = { "current", false,
			       "the loaded plan is that of this machine" },
	[KQ_STATE_REFRESHING] = { "refreshing", false,
				  "the crash kernel is being loaded anew" },
	[KQ_STATE_FOREIGN] = { "foreign", false,
			       "other tools loaded the crash kernel; it is left alone" },
	[KQ_STATE_STALE] = { "stale", true,
			     "the loaded plan is of an earlier state of this machine" },
	[KQ_STATE_LAST_GOOD] = { "last-good", true,
				 "after a failure the last good plan was loaded again" },
	[KQ_STATE_PLAIN] = { "plain", true,
			     "after failures the plain kernel was loaded: a crash quiets no device" },
	[KQ_STATE_LOST] = { "lost", true,
			    "nothing could be loaded: THERE IS NO CRASH KERNEL" },
};

static const char *const kinds[KQ_KIND_COUNT] = {
	[KQ_KIND_NONE] = "none",
	[KQ_KIND_QUIESCED] = "quiesced",
	[KQ_KIND_PLAIN] = "plain",
	[KQ_KIND_UNKNOWN] = "unknown",
};

const char *kq_state_word(enum kq_state state)
{
	return states[state].word;
}

const char *kq_state_text(enum kq_state state)
{
	return states[state].text;
}

enum kq_state kq_state_find(const char *word)
{
	int i;

	for (i = 0; i < KQ_STATE_COUNT; i++)
		if (strcmp(states[i].word, word) == 0)
			break;
	return (enum kq_state)i;
}

bool kq_state_is_bad(enum kq_state state)
{
	return states[state].bad;
}

const char *kq_kind_word(enum kq_kind kind)
{
	return kinds[kind];
}

static json_t *json_of(const struct kq_status *status)
{
	return json_pack("{s:i, s:s, s:I, s:I, s:I}", "version", STATE_VERSION,
			 "state", kq_state_word(status->state), "generation",
			 (json_int_t)status->generation, "refresh_us",
			 (json_int_t)status->refresh_us, "gap_us",
			 (json_int_t)status->gap_us);
}

int kq_status_save(const char *root, const struct kq_status *status,
		   struct kq_message *message)
{
	json_t *json = json_of(status);
	char *text = json ? json_dumps(json, JSON_INDENT(1)) : NULL;
	char path[PATH_MAX];
	int r;

	snprintf(path, sizeof(path), "%s" STATE_FILE, root);
	if (text)
		r = kq_new_file_write(path, 0600, text, strlen(text), message);
	else
		r = kq_fail(message, KQ_ERR_NOMEM, "out of memory");
	free(text);
	json_decref(json);
	return r;
}

static bool take(json_t *json, struct kq_status *ret)
{
	json_int_t generation, refresh_us, gap_us;
	const char *word;
	int version;

	if (json_unpack(json, "{s:i, s:s, s:I, s:I, s:I}", "version", &version,
			"state", &word, "generation", &generation, "refresh_us",
			&refresh_us, "gap_us", &gap_us) < 0 ||
	    version != STATE_VERSION || kq_state_find(word) == KQ_STATE_COUNT)
		return false;
	ret->state = kq_state_find(word);
	ret->generation = (uint64_t)generation;
	ret->refresh_us = (uint64_t)refresh_us;
	ret->gap_us = (uint64_t)gap_us;
	return true;
}

void kq_status_load(const char *root, struct kq_status *ret)
{
	json_t *json;
	size_t size;
	void *text;

	*ret = (struct kq_status){ 0 };
	if (kq_sysfs_read(root, STATE_FILE, &text, &size) < 0)
		return;
	json = json_loadb(text, size, 0, NULL);
	free(text);
	if (!take(json, ret))
		*ret = (struct kq_status){ 0 };
	json_decref(json);
}
