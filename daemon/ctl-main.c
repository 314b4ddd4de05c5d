// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Command line of quiescectl. One table holds all options, so that parsing,
 * --help and the test that compares the man page cannot drift apart.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "daemon/ctl.h"
#include "daemon/store.h"

enum verb {
	VERB_LIST,
	VERB_PLAN,
	VERB_REPORT,
	VERB_DOCTOR,
	VERB_WRAP,
	VERB_STATUS,
	VERB_REFRESH,
	VERB_MONITOR,
	VERB_COUNT
};

static const struct {
	const char *name;
	const char *argument;
	const char *help;
	int (*run)(const struct kq_ctl *ctl);
	int operands; /* most that it takes */
} verbs[VERB_COUNT] = {
	[VERB_LIST] = { "list", "",
			"PCI functions, StreamIDs, SMMUs and reset methods",
			kq_ctl_list },
	[VERB_PLAN] = { "plan", "", "what a crash would do if it came now",
			kq_ctl_plan },
	[VERB_REPORT] = { "report", " [REPORT]",
			  "what was done on the way into this kernel",
			  kq_ctl_report, 1 },
	[VERB_DOCTOR] = { "doctor", "",
			  "is everything ready, and if not, what to do",
			  kq_ctl_doctor },
	[VERB_WRAP] = { "wrap", " KERNEL OUT",
			"write a kernel with the stage as a file", kq_ctl_wrap,
			2 },
	[VERB_STATUS] = { "status", "",
			  "is the loaded crash kernel up to date, as quiesced says",
			  kq_ctl_status },
	[VERB_REFRESH] = { "refresh", "",
			   "have quiesced bring it up to date now",
			   kq_ctl_refresh },
	[VERB_MONITOR] = { "monitor", "", "show changes as they come",
			   kq_ctl_monitor },
};

#define ON(verb)  (1u << (verb))
#define ON_ALL	  (ON(VERB_COUNT) - 1)
#define ON_CONFIG (ON(VERB_PLAN) | ON(VERB_DOCTOR) | ON(VERB_WRAP))
#define ON_LIVE	  (ON(VERB_LIST) | ON(VERB_PLAN) | ON(VERB_DOCTOR))

enum {
	OPT_HELP = 'h',
	OPT_VERBOSE = 'v',
	OPT_JSON = 1000,
	OPT_VERSION,
	OPT_ROOT,
	OPT_OFFENDERS,
	OPT_LOADED,
	OPT_ORDERLY,
	OPT_PE,
	OPT_SIGN,
	OPT_INSTALLED,
	OPT_REMOVE,
	OPT_DTB,
	OPT_INITRD,
	OPT_LIST,
	OPT_COLLECT,
	OPT_FORMAT,
	OPT_OUTPUT,
	OPT_STORE,
	OPT_SETTING
};

static const struct option_row {
	const char *name;
	int value; /* OPT_SETTING: a key of lib/settings.h */
	const char *argument; /* NULL: takes none */
	unsigned int verbs;
	const char *help;
} rows[] = {
	{ "json", OPT_JSON, NULL, ON_ALL & ~ON(VERB_WRAP),
	  "output for programs" },
	{ "verbose", OPT_VERBOSE, NULL, ON(VERB_REPORT) | ON(VERB_PLAN),
	  "everything, also (-v)" },
	{ "offenders", OPT_OFFENDERS, NULL, ON(VERB_REPORT),
	  "only devices that were still at work" },
	{ "list", OPT_LIST, NULL, ON(VERB_REPORT),
	  "the reports that were kept" },
	{ "collect", OPT_COLLECT, NULL, ON(VERB_REPORT),
	  "keep the report and log it, once" },
	{ "format", OPT_FORMAT, "FORMAT", ON(VERB_REPORT),
	  "text, json or prometheus" },
	{ "output", OPT_OUTPUT, "FILE", ON(VERB_REPORT),
	  "write FILE, at once, instead of to the terminal" },
	{ "store", OPT_STORE, "DIR", ON(VERB_REPORT),
	  "where reports are kept" },
	{ "root", OPT_ROOT, "DIR", ON_LIVE,
	  "look at the copy of a machine's sys/ and proc/ under DIR" },
	{ "loaded", OPT_LOADED, NULL, ON(VERB_PLAN),
	  "the plan of the loaded crash kernel, as updated since" },
	{ "orderly", OPT_ORDERLY, NULL, ON(VERB_PLAN) | ON(VERB_WRAP),
	  "plan for kexec -l instead of a crash" },
	{ "pe", OPT_PE, NULL, ON(VERB_WRAP),
	  "as a PE file, which can be signed" },
	{ "sign", OPT_SIGN, NULL, ON(VERB_WRAP),
	  "sign it by the config file's wrap-sign-command" },
	{ "installed", OPT_INSTALLED, "RELEASE", ON(VERB_WRAP),
	  "where the config file's wrap-output says" },
	{ "remove", OPT_REMOVE, NULL, ON(VERB_WRAP),
	  "with --installed: remove that file" },
	{ "initrd", OPT_INITRD, "FILE", ON(VERB_WRAP),
	  "verify this initrd, too, before the kernel runs" },
	{ "dtb", OPT_DTB, "FILE", ON(VERB_WRAP),
	  "device tree that kexec will be given with --dtb" },
	{ "smmu-policy", OPT_SETTING, "POLICY[,ADDR=POLICY..]", ON_CONFIG,
	  "abort, bypass, preserve or sink" },
	{ "smmu-probe", OPT_SETTING, "MS", ON_CONFIG,
	  "watch that long for devices that still write" },
	{ "quiesce", OPT_SETTING, "LEVEL", ON_CONFIG, "none, bme or flr" },
	{ "quiesce-skip", OPT_SETTING, "BDF[,BDF..]", ON_CONFIG,
	  "functions to leave alone" },
	{ "quiesce-budget", OPT_SETTING, "MS", ON_CONFIG,
	  "longest time for all waits" },
	{ "quiesce-console", OPT_SETTING, "CONSOLE", ON_CONFIG,
	  "auto, none, pl011@ADDR or uart8250@ADDR" },
	{ "quiesce-bridges", OPT_SETTING, NULL, ON_CONFIG,
	  "allow bridges to be switched off" },
	{ "help", OPT_HELP, NULL, ON_ALL, "this text (-h)" },
	{ "version", OPT_VERSION, NULL, ON_ALL, "version" },
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

/* What getopt found, before it is known for which verb. */
struct parsed {
	struct kq_ctl ctl;
	bool used[ROW_COUNT];
	bool help;
	bool version;
};

void kq_ctl_complain(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "quiescectl: ");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

void kq_ctl_warn(const struct kq_warnings *warnings)
{
	for (size_t i = 0; i < warnings->count; i++)
		kq_ctl_complain("warning: %s", warnings->text[i]);
}

int kq_ctl_settings(const struct kq_ctl *ctl, struct kq_settings *settings,
		    struct kq_message *message)
{
	int r;

	kq_settings_init(settings);
	r = kq_settings_load(settings, message);
	return r < 0 ? r : kq_settings_apply(settings, ctl->settings,
					      ctl->setting_count, message);
}

static void print_option(const struct option_row *row, FILE *out)
{
	char left[48];

	snprintf(left, sizeof(left), "--%s%s%s", row->name,
		 row->argument ? "=" : "", row->argument ? row->argument : "");
	fprintf(out, "  %-38s %s\n", left, row->help);
}

static void print_options(unsigned int mask, FILE *out)
{
	fprintf(out, "\nOptions:\n");
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (rows[i].verbs & mask)
			print_option(&rows[i], out);
}

static void print_help(FILE *out)
{
	fprintf(out,
		"Usage: quiescectl VERB [OPTION...]\n\n"
		"Shows what kexec-quiesce knows, would do and has done, and writes images.\n\n"
		"Verbs:\n");
	for (size_t i = 0; i < VERB_COUNT; i++) {
		char left[24];

		snprintf(left, sizeof(left), "%s%s", verbs[i].name,
			 verbs[i].argument);
		fprintf(out, "  %-16s %s\n", left, verbs[i].help);
	}
	print_options(ON_ALL, out);
	fprintf(out, "\nSee quiescectl(8).\n");
}

static void print_verb_help(enum verb verb, FILE *out)
{
	fprintf(out, "Usage: quiescectl %s%s [OPTION...]\n\n%s: %s.\n",
		verbs[verb].name, verbs[verb].argument, verbs[verb].name,
		verbs[verb].help);
	print_options(ON(verb), out);
	fprintf(out, "\nSee quiescectl(8).\n");
}

static int find_verb(const char *name)
{
	for (int i = 0; i < VERB_COUNT; i++)
		if (strcmp(name, verbs[i].name) == 0)
			return i;
	return -1;
}

static void take_option(struct parsed *parsed, const struct option_row *row,
			const char *value)
{
	struct kq_ctl *ctl = &parsed->ctl;

	parsed->used[row - rows] = true;
	switch (row->value) {
	case OPT_JSON:
		ctl->json = true;
		break;
	case OPT_VERBOSE:
		ctl->verbose = true;
		break;
	case OPT_OFFENDERS:
		ctl->offenders = true;
		break;
	case OPT_LOADED:
		ctl->loaded = true;
		break;
	case OPT_ORDERLY:
		ctl->orderly = true;
		break;
	case OPT_PE:
		ctl->pe = true;
		break;
	case OPT_SIGN:
		ctl->sign = true;
		break;
	case OPT_INSTALLED:
		ctl->installed = value;
		break;
	case OPT_REMOVE:
		ctl->remove = true;
		break;
	case OPT_INITRD:
		ctl->initrd = value;
		break;
	case OPT_DTB:
		ctl->dtb = value;
		break;
	case OPT_LIST:
		ctl->list = true;
		break;
	case OPT_COLLECT:
		ctl->collect = true;
		break;
	case OPT_FORMAT:
		ctl->format = value;
		break;
	case OPT_OUTPUT:
		ctl->output = value;
		break;
	case OPT_STORE:
		ctl->store = value;
		break;
	case OPT_ROOT:
		ctl->root = value;
		break;
	case OPT_HELP:
		parsed->help = true;
		break;
	case OPT_VERSION:
		parsed->version = true;
		break;
	case OPT_SETTING:
		ctl->settings[ctl->setting_count++] =
			(struct kq_setting){ row->name, value };
		break;
	}
}

static const struct option_row *short_option(int value)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (rows[i].value == value)
			return &rows[i];
	return NULL;
}

/* Return: 0, or -1 when getopt has complained. */
static int parse(int argc, char *argv[], struct parsed *parsed)
{
	struct option options[ROW_COUNT + 1] = { 0 };
	int index = -1, value;

	for (size_t i = 0; i < ROW_COUNT; i++) {
		options[i].name = rows[i].name;
		options[i].has_arg = rows[i].argument ? required_argument
						      : no_argument;
		options[i].val = OPT_JSON; /* any number; @index says which */
	}
	optind = 0; /* a fresh start: tests call this more than once */
	while ((value = getopt_long(argc, argv, "hv", options, &index)) != -1) {
		if (value == '?')
			return -1;
		take_option(parsed,
			    index >= 0 ? &rows[index] : short_option(value),
			    optarg);
		index = -1;
	}
	return 0;
}

/* Return: 0, or -1 after a complaint. */
static int check_usage(struct parsed *parsed, enum verb verb, char *rest[])
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (!parsed->used[i] || (rows[i].verbs & ON(verb)))
			continue;
		kq_ctl_complain(
			"%s does not take --%s; see 'quiescectl %s --help'",
			verbs[verb].name, rows[i].name, verbs[verb].name);
		return -1;
	}
	for (int i = 0; i < verbs[verb].operands && *rest; i++)
		parsed->ctl.operands[i] = *rest++;
	if (!*rest)
		return 0;
	kq_ctl_complain("unexpected '%s'; see 'quiescectl %s --help'", *rest,
			verbs[verb].name);
	return -1;
}

static int run(struct parsed *parsed, char *rest[])
{
	int verb;

	if (parsed->version) {
		fprintf(parsed->ctl.out, "quiescectl (%s) %s\n", PACKAGE_NAME,
			PACKAGE_VERSION);
		return KQ_EXIT_OK;
	}
	if (!*rest && parsed->help) {
		print_help(parsed->ctl.out);
		return KQ_EXIT_OK;
	}
	if (!*rest) {
		kq_ctl_complain(
			"a verb is missing: status, list, plan, report, doctor, refresh, monitor or wrap; see 'quiescectl --help'");
		return KQ_EXIT_FAILURE;
	}
	verb = find_verb(*rest);
	if (verb < 0) {
		kq_ctl_complain(
			"unknown verb '%s': use status, list, plan, report, doctor, refresh, monitor or wrap",
			*rest);
		return KQ_EXIT_FAILURE;
	}
	if (parsed->help) {
		print_verb_help((enum verb)verb, parsed->ctl.out);
		return KQ_EXIT_OK;
	}
	if (check_usage(parsed, (enum verb)verb, rest + 1) < 0)
		return KQ_EXIT_FAILURE;
	return verbs[verb].run(&parsed->ctl);
}

int kq_ctl_main(int argc, char *argv[], FILE *out)
{
	struct parsed parsed = {
		.ctl = { .root = "", .store = KQ_STORE_DIR, .out = out }
	};
	int status = KQ_EXIT_FAILURE;

	parsed.ctl.settings =
		calloc((size_t)argc + 1, sizeof(*parsed.ctl.settings));
	if (!parsed.ctl.settings)
		kq_ctl_complain("out of memory");
	else if (parse(argc, argv, &parsed) == 0)
		status = run(&parsed, argv + optind);
	free(parsed.ctl.settings);
	if (fflush(out) != 0 || ferror(out)) {
		kq_ctl_complain("cannot write the output: %m");
		status = KQ_EXIT_FAILURE;
	}
	return status;
}
