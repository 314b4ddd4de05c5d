/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What quiesced tells the world about the crash kernel, and what it keeps of
 * it in KQ_RUN_DIR for its own next start.
 */
#ifndef KQ_STATUS_H
#define KQ_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/message.h"
#include "lib/settings.h"

/* The words are part of the D-Bus interface. */
enum kq_state {
	KQ_STATE_UNLOADED, /* no crash kernel, and nobody asked for one here */
	KQ_STATE_CURRENT, /* the loaded plan is that of the machine */
	KQ_STATE_REFRESHING, /* a load is under way */
	KQ_STATE_FOREIGN, /* loaded by other tools, left alone */
	KQ_STATE_STALE, /* loaded, but of an earlier state of the machine */
	KQ_STATE_LAST_GOOD, /* the same, loaded again after a failure */
	KQ_STATE_PLAIN, /* only the plain kernel could be loaded */
	KQ_STATE_LOST, /* nothing could be loaded: there is no crash kernel */
	KQ_STATE_COUNT
};

/* What kind of crash kernel is loaded. */
enum kq_kind {
	KQ_KIND_NONE,
	KQ_KIND_QUIESCED,
	KQ_KIND_PLAIN,
	KQ_KIND_UNKNOWN, /* of other tools, and cannot be looked at */
	KQ_KIND_COUNT
};

struct kq_status {
	enum kq_state state;
	enum kq_kind kind;
	uint64_t generation; /* refreshes since boot */
	uint64_t refresh_us; /* when the last one was, since 1970; 0: never */
	uint64_t gap_us; /* how long it left no crash kernel, at most */
	uint32_t functions; /* in the plan */
	char policy[256]; /* of the SMMUs */
	char error[sizeof(((struct kq_message *)0)->text)]; /* "": none */
};

/**
 * kq_state_word() - the word for a state, such as "last-good"
 */
const char *kq_state_word(enum kq_state state);

/**
 * kq_state_text() - a sentence on a state, for people
 */
const char *kq_state_text(enum kq_state state);

/**
 * kq_state_find() - the state of a word
 *
 * Return: a state; KQ_STATE_COUNT if there is no such word.
 */
enum kq_state kq_state_find(const char *word);

/**
 * kq_state_is_bad() - has somebody to look after this machine?
 *
 * A crash now would find no crash kernel, or one that knows another machine
 * or nothing of devices, and that is not what was asked for.
 */
bool kq_state_is_bad(enum kq_state state);

/**
 * kq_kind_word() - the word for a kind, such as "quiesced"
 */
const char *kq_kind_word(enum kq_kind kind);

/**
 * kq_status_save() - keep what the next start of the daemon has to know
 * @root:    "" or the directory of a made-up machine
 * @message: why it failed
 *
 * Return: 0; -KQ_ERR_SYSTEM; -KQ_ERR_NOMEM.
 */
int kq_status_save(const char *root, const struct kq_status *status,
		   struct kq_message *message);

/**
 * kq_status_load() - what kq_status_save() kept; all zero if that is nothing
 */
void kq_status_load(const char *root, struct kq_status *ret);

#endif
