// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "lib/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"

#define DEFAULT_FILE KQ_SYSCONFDIR "/kexec-quiesce.conf"

/* A value's words and what they stand for; ends with a NULL word. */
struct word {
	const char *text;
	int value;
};

static const struct word policy_words[] = {
	{ "abort", KQ_POLICY_ABORT },
	{ "bypass", KQ_POLICY_BYPASS },
	{ "preserve", KQ_POLICY_PRESERVE },
	{ "sink", KQ_POLICY_SINK },
	{ NULL, 0 },
};

static const struct word quiesce_words[] = {
	{ "none", KQ_QUIESCE_NONE },
	{ "bme", KQ_QUIESCE_BME },
	{ "flr", KQ_QUIESCE_FLR },
	{ NULL, 0 },
};

static const struct word verify_words[] = {
	{ "stage", KQ_VERIFY_BY_STAGE },
	{ "purgatory", KQ_VERIFY_BY_PURGATORY },
	{ "none", KQ_VERIFY_BY_NOBODY },
	{ NULL, 0 },
};

static const struct word bad_digest_words[] = {
	{ "reset", KQ_ON_BAD_RESET },
	{ "halt", KQ_ON_BAD_HALT },
	{ "boot", KQ_ON_BAD_BOOT },
	{ NULL, 0 },
};

static const struct word bool_words[] = {
	{ "yes", true },  { "true", true }, { "on", true },
	{ "1", true },	  { "no", false },  { "false", false },
	{ "off", false }, { "0", false },   { NULL, 0 },
};

static const struct word console_words[] = {
	{ "none", KQ_CONSOLE_CHOICE_NONE },
	{ "auto", KQ_CONSOLE_CHOICE_AUTO },
	{ NULL, 0 },
};

static const struct word uart_words[] = {
	{ "pl011", KQ_CONSOLE_CHOICE_PL011 },
	{ "uart8250", KQ_CONSOLE_CHOICE_UART8250 },
	{ NULL, 0 },
};

/* Words are compared with a length: values come as parts of a longer text. */
static const struct word *find_word(const struct word *words, const char *text,
				    size_t length)
{
	for (; words->text; words++)
		if (strlen(words->text) == length &&
		    memcmp(words->text, text, length) == 0)
			return words;
	return NULL;
}

static const char *word_of(const struct word *words, int value)
{
	for (; words->text; words++)
		if (words->value == value)
			return words->text;
	return "unknown";
}

/*
 * A physical address: hexadecimal with or without 0x, as device trees, iomem
 * and the SMMUs' names in sysfs write it.
 */
static int parse_address(const char *text, size_t length, uint64_t *ret)
{
	uint64_t value = 0;

	if (length > 2 && text[0] == '0' &&
	    (text[1] == 'x' || text[1] == 'X')) {
		text += 2;
		length -= 2;
	}
	if (length == 0 || length > 16)
		return -KQ_ERR_VALUE;
	for (size_t i = 0; i < length; i++) {
		char digit[2] = { text[i], '\0' };
		char *end;

		value = value << 4 | strtoul(digit, &end, 16);
		if (end == digit || *end)
			return -KQ_ERR_VALUE;
	}
	*ret = value;
	return 0;
}

/* Exactly @digits hex digits in front of @end_char (or the end for '\0'). */
static bool take_hex(const char **text, const char *end, unsigned int digits,
		     char end_char, unsigned int *ret)
{
	uint64_t value;
	const char *p = *text;

	if ((size_t)(end - p) < digits + (end_char != '\0') ||
	    parse_address(p, digits, &value) < 0 || p[1] == 'x' || p[1] == 'X')
		return false;
	if (end_char ? p[digits] != end_char : p + digits != end)
		return false;
	*text = p + digits + (end_char != '\0');
	*ret = (unsigned int)value;
	return true;
}

static bool parse_bdf(const char *text, size_t length,
		      struct kq_settings_skip *ret)
{
	const char *end = text + length, *p = text;
	unsigned int segment = 0, bus, device, function;

	if (length == 12 && !take_hex(&p, end, 4, ':', &segment))
		return false;
	if (!take_hex(&p, end, 2, ':', &bus) ||
	    !take_hex(&p, end, 2, '.', &device) ||
	    !take_hex(&p, end, 1, '\0', &function))
		return false;
	if (device > 31 || function > 7)
		return false;
	ret->segment = (uint16_t)segment;
	ret->bdf = (uint16_t)(bus << 8 | device << 3 | function);
	return true;
}

static int parse_policy(const char *text, size_t length, enum kq_policy *ret,
			struct kq_message *message)
{
	const struct word *word = find_word(policy_words, text, length);

	if (word) {
		*ret = word->value;
		return 0;
	}
	return kq_fail(
		message, KQ_ERR_VALUE,
		"unknown smmu-policy '%.*s' (use abort, bypass, preserve or sink)",
		(int)length, text);
}

/* ADDRESS=POLICY */
static int add_smmu_policy(struct kq_settings *settings, const char *item,
			   size_t length, const char *equals,
			   struct kq_message *message)
{
	size_t address_length = (size_t)(equals - item);
	struct kq_settings_smmu *smmu;
	uint64_t base;

	if (parse_address(item, address_length, &base) < 0)
		return kq_fail(
			message, KQ_ERR_VALUE,
			"malformed SMMU address '%.*s' in smmu-policy (write 0x2b400000=bypass)",
			(int)address_length, item);
	for (size_t i = 0; i < settings->smmu_count; i++)
		if (settings->smmus[i].base == base)
			return kq_fail(
				message, KQ_ERR_VALUE,
				"smmu-policy names the SMMU at 0x%llx twice",
				(unsigned long long)base);
	if (settings->smmu_count == KQ_PLAN_MAX_SMMUS)
		return kq_fail(message, KQ_ERR_NOSPACE,
			       "smmu-policy names more than %u SMMUs",
			       KQ_PLAN_MAX_SMMUS);
	smmu = &settings->smmus[settings->smmu_count++];
	smmu->base = base;
	return parse_policy(equals + 1, length - address_length - 1,
			    &smmu->policy, message);
}

static int set_smmu_policy(struct kq_settings *settings, const char *value,
			   struct kq_message *message)
{
	bool have_default = false;
	int r;

	settings->policy = KQ_POLICY_ABORT;
	settings->smmu_count = 0;
	for (const char *item = value;; item++) {
		size_t length = strcspn(item, ",");
		const char *equals = memchr(item, '=', length);

		if (!equals && have_default)
			return kq_fail(
				message, KQ_ERR_VALUE,
				"smmu-policy has a second default '%.*s' (one policy, then ADDRESS=POLICY for others)",
				(int)length, item);
		if (equals)
			r = add_smmu_policy(settings, item, length, equals,
					    message);
		else
			r = parse_policy(item, length, &settings->policy,
					 message);
		if (r < 0)
			return r;
		have_default |= !equals;
		item += length;
		if (*item == '\0')
			return 0;
	}
}

/* strtoul takes signs and blanks; a number of ours has neither. */
static bool parse_number(const char *text, unsigned long least,
			 unsigned long most, uint32_t *ret)
{
	unsigned long number;
	char *end;

	errno = 0;
	number = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || number < least ||
	    number > most)
		return false;
	*ret = (uint32_t)number;
	return true;
}

static int set_smmu_probe(struct kq_settings *settings, const char *value,
			  struct kq_message *message)
{
	if (parse_number(value, 1, KQ_PLAN_MAX_PROBE_MS, &settings->probe_ms))
		return 0;
	return kq_fail(
		message, KQ_ERR_VALUE,
		"smmu-probe '%s' is not a number of milliseconds from 1 to %u",
		value, KQ_PLAN_MAX_PROBE_MS);
}

static int set_quiesce(struct kq_settings *settings, const char *value,
		       struct kq_message *message)
{
	const struct word *word =
		find_word(quiesce_words, value, strlen(value));

	if (!word)
		return kq_fail(
			message, KQ_ERR_VALUE,
			"unknown quiesce level '%s' (use none, bme or flr)",
			value);
	settings->quiesce = word->value;
	return 0;
}

static int set_skip(struct kq_settings *settings, const char *value,
		    struct kq_message *message)
{
	settings->skip_count = 0;
	if (*value == '\0')
		return 0;
	for (const char *item = value;; item++) {
		size_t length = strcspn(item, ",");

		if (settings->skip_count == KQ_SETTINGS_MAX_SKIP)
			return kq_fail(
				message, KQ_ERR_NOSPACE,
				"quiesce-skip names more than %u functions",
				KQ_SETTINGS_MAX_SKIP);
		if (!parse_bdf(item, length,
			       &settings->skip[settings->skip_count]))
			return kq_fail(
				message, KQ_ERR_VALUE,
				"malformed PCI address '%.*s' in quiesce-skip (write 01:00.0 or 0000:01:00.0)",
				(int)length, item);
		settings->skip_count++;
		item += length;
		if (*item == '\0')
			return 0;
	}
}

static int set_budget(struct kq_settings *settings, const char *value,
		      struct kq_message *message)
{
	if (parse_number(value, 1, KQ_PLAN_MAX_BUDGET_MS, &settings->budget_ms))
		return 0;
	return kq_fail(
		message, KQ_ERR_VALUE,
		"quiesce-budget '%s' is not a number of milliseconds from 1 to %u",
		value, KQ_PLAN_MAX_BUDGET_MS);
}

static int set_console(struct kq_settings *settings, const char *value,
		       struct kq_message *message)
{
	const char *at = strchr(value, '@');
	const struct word *word =
		at ? find_word(uart_words, value, (size_t)(at - value))
		   : find_word(console_words, value, strlen(value));

	if (!word)
		return kq_fail(
			message, KQ_ERR_VALUE,
			"unknown quiesce-console '%s' (use auto, none, pl011@ADDRESS or uart8250@ADDRESS)",
			value);
	settings->console = word->value;
	settings->console_address = 0;
	if (at && (parse_address(at + 1, strlen(at + 1),
				 &settings->console_address) < 0 ||
		   settings->console_address % 4))
		return kq_fail(
			message, KQ_ERR_VALUE,
			"quiesce-console address '%s' is not a hexadecimal multiple of 4",
			at + 1);
	return 0;
}

static int set_bridges(struct kq_settings *settings, const char *value,
		       struct kq_message *message)
{
	const struct word *word;

	word = value ? find_word(bool_words, value, strlen(value)) : bool_words;
	if (!word)
		return kq_fail(message, KQ_ERR_VALUE,
			       "quiesce-bridges is '%s' (use yes or no)",
			       value);
	settings->bridges = word->value;
	return 0;
}

static int set_verify(struct kq_settings *settings, const char *value,
		      struct kq_message *message)
{
	const struct word *word = find_word(verify_words, value, strlen(value));

	if (!word)
		return kq_fail(
			message, KQ_ERR_VALUE,
			"unknown verify '%s' (use stage, purgatory or none)",
			value);
	settings->verify = word->value;
	return 0;
}

static int set_on_bad_digest(struct kq_settings *settings, const char *value,
			     struct kq_message *message)
{
	const struct word *word =
		find_word(bad_digest_words, value, strlen(value));

	if (!word)
		return kq_fail(
			message, KQ_ERR_VALUE,
			"unknown on-bad-digest '%s' (use reset, halt or boot)",
			value);
	settings->on_bad_digest = word->value;
	return 0;
}

static int set_path(char path[PATH_MAX], const char *key, const char *value,
		    struct kq_message *message)
{
	if (value[0] != '/')
		return kq_fail(message, KQ_ERR_VALUE,
			       "%s = '%s' is not an absolute path", key, value);
	if (strlen(value) >= PATH_MAX)
		return kq_fail(message, KQ_ERR_NOSPACE,
			       "the path given for %s is too long", key);
	strcpy(path, value);
	return 0;
}

static int set_kexec(struct kq_settings *settings, const char *value,
		     struct kq_message *message)
{
	return set_path(settings->kexec_path, "kexec", value, message);
}

static int set_stage(struct kq_settings *settings, const char *value,
		     struct kq_message *message)
{
	return set_path(settings->stage_path, "stage", value, message);
}

static int set_wrap_output(struct kq_settings *settings, const char *value,
			   struct kq_message *message)
{
	if (!strstr(value, KQ_SETTINGS_RELEASE))
		return kq_fail(message, KQ_ERR_VALUE,
			       "wrap-output = '%s' needs a %s where the "
			       "kernel's release shall stand",
			       value, KQ_SETTINGS_RELEASE);
	return set_path(settings->wrap_output, "wrap-output", value, message);
}

static int set_command(char command[KQ_SETTINGS_MAX_COMMAND], const char *key,
		       const char *value, struct kq_message *message)
{
	if (strlen(value) >= KQ_SETTINGS_MAX_COMMAND)
		return kq_fail(message, KQ_ERR_NOSPACE,
			       "%s is too long: put it into a script", key);
	strcpy(command, value);
	return 0;
}

static int set_wrap_sign_command(struct kq_settings *settings,
				 const char *value, struct kq_message *message)
{
	return set_command(settings->wrap_sign_command, "wrap-sign-command",
			   value, message);
}

static int set_adopt(struct kq_settings *settings, const char *value,
		     struct kq_message *message)
{
	const struct word *word = find_word(bool_words, value, strlen(value));

	if (!word)
		return kq_fail(message, KQ_ERR_VALUE,
			       "adopt is '%s' (use yes or no)", value);
	settings->adopt = word->value;
	return 0;
}

static int set_reload_command(struct kq_settings *settings, const char *value,
			      struct kq_message *message)
{
	return set_command(settings->reload_command, "reload-command", value,
			   message);
}

static int set_refresh_timeout(struct kq_settings *settings, const char *value,
			       struct kq_message *message)
{
	if (parse_number(value, 1, KQ_SETTINGS_MAX_REFRESH_S,
			 &settings->refresh_timeout_s))
		return 0;
	return kq_fail(
		message, KQ_ERR_VALUE,
		"refresh-timeout '%s' is not a number of seconds from 1 to %u",
		value, KQ_SETTINGS_MAX_REFRESH_S);
}

static const struct key {
	const char *name;
	bool value_optional;
	bool enables; /* setting it asks for quiescing */
	int (*set)(struct kq_settings *settings, const char *value,
		   struct kq_message *message);
} keys[] = {
	{ "smmu-policy", false, true, set_smmu_policy },
	{ "smmu-probe", false, true, set_smmu_probe },
	{ "quiesce", false, true, set_quiesce },
	{ "quiesce-skip", false, true, set_skip },
	{ "quiesce-budget", false, true, set_budget },
	{ "quiesce-console", false, true, set_console },
	{ "quiesce-bridges", true, true, set_bridges },
	{ "verify", false, true, set_verify },
	{ "on-bad-digest", false, true, set_on_bad_digest },
	{ "kexec", false, false, set_kexec },
	{ "stage", false, false, set_stage },
	{ "wrap-output", false, false, set_wrap_output },
	{ "wrap-sign-command", false, false, set_wrap_sign_command },
	{ "adopt", false, false, set_adopt },
	{ "reload-command", false, false, set_reload_command },
	{ "refresh-timeout", false, false, set_refresh_timeout },
};

#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

static int unknown_key(const char *name, struct kq_message *message)
{
	char list[256] = "";

	for (size_t i = 0; i < KEY_COUNT; i++) {
		strcat(list, i ? ", " : "");
		strcat(list, keys[i].name);
	}
	return kq_fail(message, KQ_ERR_NOTFOUND,
		       "unknown setting '%.80s' (known: %s)", name, list);
}

int kq_settings_set(struct kq_settings *settings, const char *key,
		    const char *value, struct kq_message *message)
{
	struct kq_settings next = *settings;
	int r;

	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (strcmp(keys[i].name, key) != 0)
			continue;
		if (!value && !keys[i].value_optional)
			return kq_fail(message, KQ_ERR_VALUE,
				       "%s needs a value", key);
		r = keys[i].set(&next, value, message);
		if (r < 0)
			return r;
		next.enabled |= keys[i].enables;
		*settings = next;
		return 0;
	}
	return unknown_key(key, message);
}

int kq_settings_apply(struct kq_settings *settings,
		      const struct kq_setting *list, size_t count,
		      struct kq_message *message)
{
	int r = 0;

	for (size_t i = 0; i < count && r == 0; i++)
		r = kq_settings_set(settings, list[i].key, list[i].value,
				    message);
	return r;
}

void kq_settings_init(struct kq_settings *settings)
{
	memset(settings, 0, sizeof(*settings));
	settings->policy = KQ_POLICY_ABORT;
	settings->quiesce = KQ_QUIESCE_FLR;
	settings->budget_ms = KQ_SETTINGS_DEFAULT_BUDGET_MS;
	settings->console = KQ_CONSOLE_CHOICE_NONE;
	settings->verify = KQ_VERIFY_BY_STAGE;
	settings->on_bad_digest = KQ_ON_BAD_RESET;
	settings->refresh_timeout_s = KQ_SETTINGS_DEFAULT_REFRESH_S;
	strcpy(settings->kexec_path, KQ_STOCK_KEXEC);
	strcpy(settings->stage_path, KQ_PKGLIBEXECDIR "/stage.elf");
}

static char *trim(char *text)
{
	size_t length;

	text += strspn(text, " \t\r\n");
	length = strlen(text);
	while (length > 0 && strchr(" \t\r\n", text[length - 1]))
		text[--length] = '\0';
	return text;
}

/* A '#' starts a comment at the line's start and behind blanks. */
static void cut_comment(char *line)
{
	for (char *p = line; (p = strchr(p, '#')); p++)
		if (p == line || p[-1] == ' ' || p[-1] == '\t') {
			*p = '\0';
			return;
		}
}

static int load_line(struct kq_settings *settings, char *line,
		     struct kq_message *message)
{
	char *equals;
	int r;

	cut_comment(line);
	line = trim(line);
	if (*line == '\0')
		return 0;
	equals = strchr(line, '=');
	if (!equals)
		return kq_fail(message, KQ_ERR_VALUE,
			       "expected 'key = value', found '%.80s'", line);
	*equals = '\0';
	r = kq_settings_set(settings, trim(line), trim(equals + 1), message);
	return r == -KQ_ERR_NOTFOUND ? -KQ_ERR_VALUE : r;
}

/* The first bad line is told; the good ones behind it count all the same. */
static int load_stream(struct kq_settings *settings, FILE *file,
		       const char *path, struct kq_message *message)
{
	struct kq_message inner;
	char *line = NULL;
	size_t size = 0;
	unsigned int number = 0;
	int r = 0;

	while (getline(&line, &size, file) >= 0) {
		int bad = load_line(settings, line, &inner);

		number++;
		if (bad < 0 && r == 0)
			r = kq_fail(message, -bad, "%s:%u: %s", path, number,
				    inner.text);
	}
	if (r == 0 && ferror(file))
		r = kq_fail(message, KQ_ERR_SYSTEM, "cannot read %s: %m", path);
	free(line);
	return r;
}

int kq_settings_load_file(struct kq_settings *settings, const char *path,
			  struct kq_message *message)
{
	FILE *file = fopen(path, "re");
	int r;

	if (!file)
		return kq_fail(message,
			       errno == ENOENT ? KQ_ERR_NOTFOUND
					       : KQ_ERR_SYSTEM,
			       "cannot read %s: %m", path);
	r = load_stream(settings, file, path, message);
	fclose(file);
	return r;
}

int kq_settings_load(struct kq_settings *settings, struct kq_message *message)
{
	const char *path = secure_getenv("KEXEC_QUIESCE_CONF");
	int r;

	if (path && *path)
		return kq_settings_load_file(settings, path, message);
	r = kq_settings_load_file(settings, DEFAULT_FILE, message);
	return r == -KQ_ERR_NOTFOUND ? 0 : r;
}

const char *kq_policy_name(enum kq_policy policy)
{
	return word_of(policy_words, policy);
}

const char *kq_quiesce_name(enum kq_quiesce quiesce)
{
	return word_of(quiesce_words, quiesce);
}

const char *kq_verify_name(enum kq_verify_choice choice)
{
	return word_of(verify_words, choice);
}

const char *kq_on_bad_digest_name(enum kq_on_bad_digest action)
{
	return word_of(bad_digest_words, action);
}
