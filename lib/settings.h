/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our settings: from /etc/kexec-quiesce.conf and from the command line.
 * Both speak the same keys, which are the long options' names. A later value
 * of a key replaces an earlier one, lists included.
 */
#ifndef KQ_SETTINGS_H
#define KQ_SETTINGS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/message.h"
#include "lib/plan.h"

#define KQ_SETTINGS_RELEASE	      "%v"
#define KQ_SETTINGS_MAX_COMMAND	      2048
#define KQ_SETTINGS_MAX_SKIP	      256
#define KQ_SETTINGS_DEFAULT_BUDGET_MS 2000u
#define KQ_SETTINGS_DEFAULT_REFRESH_S 120u
#define KQ_SETTINGS_MAX_REFRESH_S     3600u

/* One setting as a person wrote it; strings are the owner's. */
struct kq_setting {
	const char *key;
	const char *value; /* NULL: an option without an argument */
};

/* What --quiesce-console asks for. */
enum kq_console_choice {
	KQ_CONSOLE_CHOICE_NONE = 0,
	KQ_CONSOLE_CHOICE_AUTO, /* the one that firmware names */
	KQ_CONSOLE_CHOICE_PL011,
	KQ_CONSOLE_CHOICE_UART8250,
};

/* What --verify asks for: who sees to it that nothing was damaged. */
enum kq_verify_choice {
	KQ_VERIFY_BY_STAGE = 0, /* ours, once the devices are quiet */
	KQ_VERIFY_BY_PURGATORY, /* the stock kexec's; with kexec_load only */
	KQ_VERIFY_BY_NOBODY,
};

struct kq_settings_smmu {
	uint64_t base; /* physical address of the SMMU this is for */
	enum kq_policy policy;
};

struct kq_settings_skip {
	uint16_t segment;
	uint16_t bdf;
};

struct kq_settings {
	/* Some key that asks for quiescing was set: the paths and those of
	 * quiesced do not count. False: run the stock kexec with its arguments
	 * untouched. */
	bool enabled;
	enum kq_policy policy; /* of SMMUs that smmus[] does not name */
	struct kq_settings_smmu smmus[KQ_PLAN_MAX_SMMUS];
	size_t smmu_count;
	uint32_t probe_ms; /* 0: no probe window */
	enum kq_quiesce quiesce;
	struct kq_settings_skip skip[KQ_SETTINGS_MAX_SKIP];
	size_t skip_count;
	uint32_t budget_ms;
	enum kq_console_choice console;
	uint64_t console_address; /* physical; of PL011 and UART8250 */
	bool bridges; /* step 8 may switch off bridges */
	enum kq_verify_choice verify;
	enum kq_on_bad_digest on_bad_digest;
	char kexec_path[PATH_MAX]; /* the stock kexec */
	char stage_path[PATH_MAX]; /* the stage's ELF file */
	/* Where hooks write images: KQ_SETTINGS_RELEASE in it is the kernel's
	 * release. Empty: nowhere. */
	char wrap_output[PATH_MAX];
	/* Shell command that signs $1 and writes $2; empty: none. */
	char wrap_sign_command[KQ_SETTINGS_MAX_COMMAND];
	/* Of quiesced: */
	bool adopt; /* take over what other tools have loaded */
	char reload_command[KQ_SETTINGS_MAX_COMMAND]; /* shell; "": find out */
	uint32_t refresh_timeout_s; /* longest time that one load may take */
};

/**
 * kq_settings_init() - the defaults
 *
 * Policy abort, no probe window, quiesce flr, 2000 ms, no console, bridges
 * left on, verified by the stage, reset on a bad digest, the stock kexec that
 * configure found, the installed stage; not enabled. Nothing is adopted, the
 * distribution's reload command is found out, a refresh takes 120 s at most.
 */
void kq_settings_init(struct kq_settings *settings);

/**
 * kq_settings_set() - set one key, as a config line or an option does
 * @settings: unchanged if this fails
 * @key:      an option's long name without its dashes, or "kexec" or "stage"
 * @value:    text; NULL only for an option without an argument
 * @message:  why it failed: one sentence that names the bad word and the
 *            allowed ones; may be NULL
 *
 * Keys: smmu-policy, smmu-probe, quiesce, quiesce-skip, quiesce-budget,
 * quiesce-console, quiesce-bridges, verify, on-bad-digest, kexec, stage,
 * wrap-output, wrap-sign-command, adopt, reload-command, refresh-timeout.
 *
 * Return: 0; -KQ_ERR_NOTFOUND no such key; -KQ_ERR_VALUE bad value;
 * -KQ_ERR_NOSPACE list or path too long.
 */
int kq_settings_set(struct kq_settings *settings, const char *key,
		    const char *value, struct kq_message *message);

/**
 * kq_settings_apply() - set several keys, in their order
 * @settings: as kq_settings_set()
 * @list:     settings
 * @count:    how many
 * @message:  why one failed; may be NULL
 *
 * Return: 0, or that of the first one that fails; those before it are set.
 */
int kq_settings_apply(struct kq_settings *settings,
		      const struct kq_setting *list, size_t count,
		      struct kq_message *message);

/**
 * kq_settings_load_file() - read a config file on top of the settings
 * @settings: if this fails, what the good lines say is set
 * @path:     file of `key = value` lines; `#` starts a comment
 * @message:  why it failed, with file name and line number; may be NULL
 *
 * Return: 0; -KQ_ERR_NOTFOUND no such file; -KQ_ERR_SYSTEM; or as
 * kq_settings_set(), except that an unknown key is -KQ_ERR_VALUE.
 */
int kq_settings_load_file(struct kq_settings *settings, const char *path,
			  struct kq_message *message);

/**
 * kq_settings_load() - read the config file that this process shall use
 * @settings: initialised
 * @message:  why it failed; may be NULL
 *
 * The file named by $KEXEC_QUIESCE_CONF, which must exist, or
 * kexec-quiesce.conf in the system configuration directory, which need not.
 *
 * Return: 0, or as kq_settings_load_file().
 */
int kq_settings_load(struct kq_settings *settings, struct kq_message *message);

/**
 * kq_policy_name() - the word for a policy: "abort", "bypass", "preserve",
 * "sink"
 */
const char *kq_policy_name(enum kq_policy policy);

/**
 * kq_quiesce_name() - the word for a level: "none", "bme", "flr"
 */
const char *kq_quiesce_name(enum kq_quiesce quiesce);

/**
 * kq_verify_name() - the word for a choice: "stage", "purgatory", "none"
 */
const char *kq_verify_name(enum kq_verify_choice choice);

/**
 * kq_on_bad_digest_name() - the word for an action: "reset", "halt", "boot"
 */
const char *kq_on_bad_digest_name(enum kq_on_bad_digest action);

#endif
