// SPDX-License-Identifier: GPL-2.0-or-later
/* Settings: what each key accepts, and what the refusals say. */
#undef NDEBUG
#include "config.h"

#include "lib/settings.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/error.h"

static struct kq_settings settings;
static struct kq_message message;

static int set(const char *key, const char *value)
{
	memset(&message, 0, sizeof(message));
	return kq_settings_set(&settings, key, value, &message);
}

static void defaults(void)
{
	kq_settings_init(&settings);
	assert(!settings.enabled);
	assert(settings.policy == KQ_POLICY_ABORT);
	assert(settings.quiesce == KQ_QUIESCE_FLR);
	assert(settings.budget_ms == 2000);
	assert(settings.console == KQ_CONSOLE_CHOICE_NONE);
	assert(!settings.bridges);
	assert(settings.verify == KQ_VERIFY_BY_STAGE);
	assert(settings.on_bad_digest == KQ_ON_BAD_RESET);
	assert(strstr(settings.stage_path, "/kexec-quiesce/stage.elf"));
	assert(settings.kexec_path[0] == '/');
	assert(!settings.adopt && !*settings.reload_command);
	assert(settings.refresh_timeout_s == 120);
}

static void every_key_is_taken(void)
{
	kq_settings_init(&settings);
	assert(set("kexec", "/opt/kexec") == 0);
	assert(set("stage", "/opt/stage") == 0);
	assert(set("adopt", "yes") == 0);
	assert(settings.adopt);
	assert(set("adopt", "no") == 0);
	assert(!settings.adopt);
	assert(set("reload-command", "systemctl reload kdump") == 0);
	assert(!strcmp(settings.reload_command, "systemctl reload kdump"));
	assert(set("refresh-timeout", "3600") == 0);
	assert(settings.refresh_timeout_s == 3600);
	assert(!settings.enabled);
	assert(strcmp(settings.kexec_path, "/opt/kexec") == 0);
	assert(strcmp(settings.stage_path, "/opt/stage") == 0);

	assert(set("smmu-policy",
		   "preserve,0x2b400000=bypass,2B500000=abort") == 0);
	assert(settings.enabled);
	assert(set("kexec", "/opt/kexec") == 0);
	assert(settings.enabled);
	assert(settings.policy == KQ_POLICY_PRESERVE);
	assert(settings.smmu_count == 2);
	assert(settings.smmus[0].base == 0x2b400000);
	assert(settings.smmus[0].policy == KQ_POLICY_BYPASS);
	assert(settings.smmus[1].base == 0x2b500000);
	assert(settings.smmus[1].policy == KQ_POLICY_ABORT);

	assert(set("quiesce-skip", "01:00.0,000a:fe:1f.7") == 0);
	assert(settings.skip_count == 2);
	assert(settings.skip[0].segment == 0);
	assert(settings.skip[0].bdf == 0x0100);
	assert(settings.skip[1].segment == 0xa);
	assert(settings.skip[1].bdf == 0xfeff);

	assert(set("quiesce", "bme") == 0);
	assert(settings.quiesce == KQ_QUIESCE_BME);
	assert(set("quiesce-budget", "60000") == 0);
	assert(settings.budget_ms == 60000);
	assert(set("quiesce-console", "uart8250@0x9000000") == 0);
	assert(settings.console == KQ_CONSOLE_CHOICE_UART8250);
	assert(settings.console_address == 0x9000000);
	assert(set("quiesce-console", "auto") == 0);
	assert(settings.console == KQ_CONSOLE_CHOICE_AUTO);
	assert(settings.console_address == 0);
	assert(set("verify", "purgatory") == 0);
	assert(settings.verify == KQ_VERIFY_BY_PURGATORY);
	assert(set("verify", "none") == 0);
	assert(settings.verify == KQ_VERIFY_BY_NOBODY);
	assert(set("on-bad-digest", "boot") == 0);
	assert(settings.on_bad_digest == KQ_ON_BAD_BOOT);
	assert(set("on-bad-digest", "halt") == 0);
	assert(settings.on_bad_digest == KQ_ON_BAD_HALT);
	assert(set("quiesce-bridges", NULL) == 0);
	assert(settings.bridges);
	assert(set("quiesce-bridges", "off") == 0);
	assert(!settings.bridges);
}

static void later_value_replaces_lists(void)
{
	kq_settings_init(&settings);
	assert(set("smmu-policy", "bypass,0x1000=abort") == 0);
	assert(set("smmu-policy", "0x2000=preserve") == 0);
	assert(settings.policy == KQ_POLICY_ABORT);
	assert(settings.smmu_count == 1 && settings.smmus[0].base == 0x2000);
	assert(set("quiesce-skip", "01:00.0,02:00.0") == 0);
	assert(set("quiesce-skip", "03:00.0") == 0);
	assert(settings.skip_count == 1 && settings.skip[0].bdf == 0x300);
	assert(set("quiesce-skip", "") == 0 && settings.skip_count == 0);
}

static void level_alone_enables(void)
{
	kq_settings_init(&settings);
	assert(set("quiesce", "none") == 0);
	assert(settings.enabled);
}

static const struct refusal {
	const char *key, *value;
	int err;
	const char *names; /* the bad word, in the sentence */
	const char *offers; /* an allowed word */
} refusals[] = {
	{ "smmu-policy", "sinks", KQ_ERR_VALUE, "'sinks'", "sink)" },
	{ "smmu-policy", "0x1000=sin", KQ_ERR_VALUE, "'sin'", "preserve" },
	{ "smmu-policy", "aborted", KQ_ERR_VALUE, "'aborted'", "preserve" },
	{ "smmu-policy", "", KQ_ERR_VALUE, "''", "preserve" },
	{ "smmu-policy", "abort,", KQ_ERR_VALUE, "''", "" },
	{ "smmu-policy", "abort,bypass", KQ_ERR_VALUE, "'bypass'", "" },
	{ "smmu-policy", "abort,0xzz=bypass", KQ_ERR_VALUE, "'0xzz'", "0x2b" },
	{ "smmu-policy", "0x=bypass", KQ_ERR_VALUE, "'0x'", "0x2b" },
	{ "smmu-policy", "10000000000000000=abort", KQ_ERR_VALUE, "100000",
	  "0x2b" },
	{ "smmu-policy", "0x10=abort,0x010=bypass", KQ_ERR_VALUE, "0x10",
	  "twice" },
	{ "smmu-policy", "abort,0x10=off", KQ_ERR_VALUE, "'off'", "bypass" },
	{ "smmu-policy", NULL, KQ_ERR_VALUE, "smmu-policy", "value" },
	{ "smmu-probe", "0", KQ_ERR_VALUE, "'0'", "10000" },
	{ "smmu-probe", "10001", KQ_ERR_VALUE, "'10001'", "10000" },
	{ "smmu-probe", "-5", KQ_ERR_VALUE, "'-5'", "10000" },
	{ "smmu-probe", "50ms", KQ_ERR_VALUE, "'50ms'", "10000" },
	{ "smmu-probe", "", KQ_ERR_VALUE, "''", "10000" },
	{ "smmu-probe", NULL, KQ_ERR_VALUE, "smmu-probe", "value" },
	{ "quiesce", "hot", KQ_ERR_VALUE, "'hot'", "flr" },
	{ "quiesce", "FLR", KQ_ERR_VALUE, "'FLR'", "flr" },
	{ "quiesce-skip", "1:0.0", KQ_ERR_VALUE, "'1:0.0'", "01:00.0" },
	{ "quiesce-skip", "01:20.0", KQ_ERR_VALUE, "'01:20.0'", "01:00.0" },
	{ "quiesce-skip", "01:00.8", KQ_ERR_VALUE, "'01:00.8'", "01:00.0" },
	{ "quiesce-skip", "0x:00.0", KQ_ERR_VALUE, "'0x:00.0'", "01:00.0" },
	{ "quiesce-skip", "0x12:01:00.0", KQ_ERR_VALUE, "'0x12:01:00.0'", "" },
	{ "quiesce-skip", "01:00.0x", KQ_ERR_VALUE, "'01:00.0x'", "" },
	{ "quiesce-skip", "01:00.0 ,02:00.0", KQ_ERR_VALUE, "'01:00.0 '", "" },
	{ "quiesce-skip", "01:00.0,", KQ_ERR_VALUE, "''", "" },
	{ "quiesce-skip", "00000:01:00.0", KQ_ERR_VALUE, "00000:", "" },
	{ "adopt", "perhaps", KQ_ERR_VALUE, "'perhaps'", "yes or no" },
	{ "refresh-timeout", "0", KQ_ERR_VALUE, "'0'", "from 1 to 3600" },
	{ "refresh-timeout", "3601", KQ_ERR_VALUE, "'3601'", "seconds" },
	{ "quiesce-budget", "0", KQ_ERR_VALUE, "'0'", "from 1 to 60000" },
	{ "quiesce-budget", "60001", KQ_ERR_VALUE, "'60001'", "60000" },
	{ "quiesce-budget", "-1", KQ_ERR_VALUE, "'-1'", "60000" },
	{ "quiesce-budget", " 5", KQ_ERR_VALUE, "' 5'", "60000" },
	{ "quiesce-budget", "5s", KQ_ERR_VALUE, "'5s'", "60000" },
	{ "quiesce-budget", "99999999999999999999", KQ_ERR_VALUE, "9999", "" },
	{ "quiesce-console", "ttyAMA0", KQ_ERR_VALUE, "ttyAMA0", "pl011@" },
	{ "quiesce-console", "pl011", KQ_ERR_VALUE, "'pl011'", "pl011@" },
	{ "quiesce-console", "pl011@", KQ_ERR_VALUE, "''", "hexadecimal" },
	{ "quiesce-console", "pl011@2", KQ_ERR_VALUE, "'2'", "multiple of 4" },
	{ "quiesce-console", "auto@4", KQ_ERR_VALUE, "'auto@4'", "pl011@" },
	{ "quiesce-bridges", "maybe", KQ_ERR_VALUE, "'maybe'", "yes or no" },
	{ "verify", "yes", KQ_ERR_VALUE, "'yes'", "stage, purgatory or none" },
	{ "on-bad-digest", "", KQ_ERR_VALUE, "''", "reset, halt or boot" },
	{ "kexec", "kexec", KQ_ERR_VALUE, "'kexec'", "absolute" },
	{ "stage", "", KQ_ERR_VALUE, "stage", "absolute" },
	{ "quiesce-dry-run", "yes", KQ_ERR_NOTFOUND, "'quiesce-dry-run'",
	  "quiesce-skip" },
	{ "smmu_policy", "abort", KQ_ERR_NOTFOUND, "'smmu_policy'",
	  "smmu-policy" },
};

static void refusal_names_word_and_choice(void)
{
	struct kq_settings before;

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct refusal *t = &refusals[i];

		kq_settings_init(&settings);
		settings.skip_count = 3; /* to be left alone */
		before = settings;
		if (set(t->key, t->value) != -t->err ||
		    !strstr(message.text, t->names) ||
		    !strstr(message.text, t->offers)) {
			fprintf(stderr, "%s=%s: %s\n", t->key, t->value,
				message.text);
			abort();
		}
		assert(memcmp(&before, &settings, sizeof(before)) == 0);
	}
}

static void too_long_lists_are_refused(void)
{
	static char text[KQ_SETTINGS_MAX_SKIP * 8 + 16];
	static char path[PATH_MAX + 2];

	kq_settings_init(&settings);
	for (int i = 0; i < KQ_SETTINGS_MAX_SKIP; i++)
		strcat(text, i ? ",01:00.0" : "01:00.0");
	assert(set("quiesce-skip", text) == 0);
	assert(settings.skip_count == KQ_SETTINGS_MAX_SKIP);
	strcat(text, ",01:00.0");
	assert(set("quiesce-skip", text) == -KQ_ERR_NOSPACE);

	text[0] = '\0';
	for (unsigned int i = 0; i <= KQ_PLAN_MAX_SMMUS; i++)
		sprintf(text + strlen(text), "%s%x000=abort", i ? "," : "",
			i + 1);
	assert(set("smmu-policy", text) == -KQ_ERR_NOSPACE);

	memset(path, '/', sizeof(path) - 1);
	assert(set("stage", path) == -KQ_ERR_NOSPACE);
}

/* Writes @content to a file of its own and loads it. */
static int load(const char *content)
{
	char path[] = "/tmp/kq-settings-XXXXXX";
	int fd = mkstemp(path), r;

	assert(fd >= 0);
	assert(write(fd, content, strlen(content)) == (ssize_t)strlen(content));
	close(fd);
	kq_settings_init(&settings);
	memset(&message, 0, sizeof(message));
	r = kq_settings_load_file(&settings, path, &message);
	unlink(path);
	return r;
}

static void file_sets_keys(void)
{
	assert(load("# comment\n\n"
		    "  smmu-policy = abort,0x1000=bypass  # why\n"
		    "quiesce=bme\r\n"
		    "kexec = /opt/a#b/kexec\n"
		    "quiesce-bridges = yes") == 0);
	assert(settings.enabled && settings.quiesce == KQ_QUIESCE_BME);
	assert(settings.smmu_count == 1 && settings.bridges);
	assert(strcmp(settings.kexec_path, "/opt/a#b/kexec") == 0);
	assert(load("") == 0 && !settings.enabled);
}

static void file_error_names_the_line(void)
{
	assert(load("quiesce = flr\n\nquiesce = cold\n") == -KQ_ERR_VALUE);
	assert(strstr(message.text, ":3: unknown quiesce level 'cold'"));
	assert(load("smmu-policy abort\n") == -KQ_ERR_VALUE);
	assert(strstr(message.text, ":1: expected 'key = value'"));
	assert(load("colour = red\n") == -KQ_ERR_VALUE);
	assert(strstr(message.text, ":1: unknown setting 'colour'"));
	assert(load("quiesce = a\tb\033\n") == -KQ_ERR_VALUE);
	assert(strstr(message.text, "'a?b?'"));
	/* The first error is told; good lines count wherever they stand. */
	assert(load("nonsense\nquiesce = cold\nkexec = /x\n") ==
	       -KQ_ERR_VALUE);
	assert(strstr(message.text, ":1: expected"));
	assert(strcmp(settings.kexec_path, "/x") == 0);
}

static void file_that_cannot_be_read(void)
{
	kq_settings_init(&settings);
	assert(kq_settings_load_file(&settings, "/nonexistent/file",
				     &message) == -KQ_ERR_NOTFOUND);
	assert(strstr(message.text, "/nonexistent/file: No such file"));
	assert(kq_settings_load_file(&settings, "/", &message) ==
	       -KQ_ERR_SYSTEM);
}

static void environment_names_the_file(void)
{
	assert(setenv("KEXEC_QUIESCE_CONF", "/nonexistent/file", 1) == 0);
	kq_settings_init(&settings);
	assert(kq_settings_load(&settings, &message) == -KQ_ERR_NOTFOUND);
	/* Empty is as good as unset. */
	assert(setenv("KEXEC_QUIESCE_CONF", "", 1) == 0);
	assert(kq_settings_load(&settings, &message) == 0);
	assert(setenv("KEXEC_QUIESCE_CONF", "/dev/null", 1) == 0);
	assert(kq_settings_load(&settings, &message) == 0);
	assert(!settings.enabled);
}

int main(void)
{
	defaults();
	every_key_is_taken();
	later_value_replaces_lists();
	level_alone_enables();
	refusal_names_word_and_choice();
	too_long_lists_are_refused();
	file_sets_keys();
	file_error_names_the_line();
	file_that_cannot_be_read();
	environment_names_the_file();
	assert(strcmp(kq_policy_name(KQ_POLICY_BYPASS), "bypass") == 0);
	assert(strcmp(kq_quiesce_name(KQ_QUIESCE_NONE), "none") == 0);
	assert(strcmp(kq_policy_name(99), "unknown") == 0);
	return 0;
}
