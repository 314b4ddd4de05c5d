// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "kexec/options.h"

#include <stdlib.h>
#include <string.h>

#include "lib/error.h"

/* What an option means to us; most of stock's only have to be passed on. */
enum word {
	WORD_PLAIN,
	WORD_HELP,
	WORD_VERSION,
	WORD_DEBUG,
	WORD_LOAD,
	WORD_PANIC,
	WORD_UNLOAD,
	WORD_OTHER, /* an action that loads nothing */
	WORD_STATUS, /* the same, whatever else is given */
	WORD_FINAL, /* does its work and exits at once */
	WORD_CONFLICT, /* a load that cannot be quiesced */
	WORD_FILE_SYSCALL,
	WORD_LOAD_SYSCALL,
	WORD_AUTO_SYSCALL,
	WORD_TYPE,
	WORD_INITRD,
	WORD_REUSE_INITRD,
	WORD_CMDLINE,
	WORD_DTB,
	WORD_SETTING, /* ours, with the meaning it has in the config file */
	WORD_DRY_RUN,
	WORD_OUTPUT,
	WORD_PLAN,
};

struct option_def {
	const char *name;
	enum word word;
	bool takes_value;
	char short_name; /* 0 if it has none */
};

/*
 * kexec-tools 2.0.25 to 2.0.32 on arm64 (kexec(8), --help), then ours. One
 * list, because an abbreviation must be unambiguous in the whole of it.
 */
static const struct option_def option_defs[] = {
	{ "help", WORD_HELP, false, 'h' },
	{ "version", WORD_VERSION, false, 'v' },
	{ "debug", WORD_DEBUG, false, 'd' },
	{ "force", WORD_LOAD, false, 'f' },
	{ "no-checks", WORD_PLAIN, false, 'i' },
	{ "no-ifdown", WORD_PLAIN, false, 'x' },
	{ "no-sync", WORD_PLAIN, false, 'y' },
	{ "load", WORD_LOAD, false, 'l' },
	{ "load-panic", WORD_PANIC, false, 'p' },
	{ "unload", WORD_UNLOAD, false, 'u' },
	{ "exec", WORD_OTHER, false, 'e' },
	{ "type", WORD_TYPE, true, 't' },
	{ "kexec-file-syscall", WORD_FILE_SYSCALL, false, 's' },
	{ "kexec-syscall", WORD_LOAD_SYSCALL, false, 'c' },
	{ "kexec-syscall-auto", WORD_AUTO_SYSCALL, false, 'a' },
	{ "status", WORD_STATUS, false, 'S' },
	{ "exec-live-update", WORD_OTHER, false, 0 },
	{ "load-preserve-context", WORD_CONFLICT, false, 0 },
	{ "load-jump-back-helper", WORD_OTHER, false, 0 },
	{ "load-live-update", WORD_CONFLICT, false, 0 },
	{ "entry", WORD_PLAIN, true, 0 },
	{ "mem-min", WORD_PLAIN, true, 0 },
	{ "mem-max", WORD_PLAIN, true, 0 },
	{ "reuseinitrd", WORD_REUSE_INITRD, false, 0 },
	{ "print-ckr-size", WORD_FINAL, false, 0 },
	{ "hotplug", WORD_PLAIN, false, 0 },
	{ "no-cma", WORD_PLAIN, false, 0 },
	{ "force-dtb", WORD_PLAIN, false, 0 },
	{ "append", WORD_CMDLINE, true, 0 },
	{ "command-line", WORD_CMDLINE, true, 0 },
	{ "dtb", WORD_DTB, true, 0 },
	{ "initrd", WORD_INITRD, true, 0 },
	{ "ramdisk", WORD_INITRD, true, 0 },
	{ "serial", WORD_PLAIN, true, 0 },
	{ "reuse-cmdline", WORD_CMDLINE, false, 0 },

	{ "smmu-policy", WORD_SETTING, true, 0 },
	{ "smmu-probe", WORD_SETTING, true, 0 },
	{ "quiesce", WORD_SETTING, true, 0 },
	{ "quiesce-skip", WORD_SETTING, true, 0 },
	{ "quiesce-budget", WORD_SETTING, true, 0 },
	{ "quiesce-console", WORD_SETTING, true, 0 },
	{ "quiesce-bridges", WORD_SETTING, false, 0 },
	{ "verify", WORD_SETTING, true, 0 },
	{ "on-bad-digest", WORD_SETTING, true, 0 },
	{ "quiesce-dry-run", WORD_DRY_RUN, false, 0 },
	{ "quiesce-output", WORD_OUTPUT, true, 0 },
	{ "quiesce-plan", WORD_PLAN, true, 0 },
};

#define OPTION_COUNT (sizeof(option_defs) / sizeof(option_defs[0]))

/* Where the parser is. */
struct parser {
	int argc;
	char **argv;
	int next; /* first argument not looked at yet */
	bool done; /* stock kexec looks no further: --help and such */
	bool final_action; /* no later option makes it a load */
	bool crash; /* -p was given: a later -l does not undo that */
	struct kq_options *options;
	struct kq_message *message;
};

static bool is_ours(const struct option_def *def)
{
	return def->word >= WORD_SETTING;
}

/* Actions: the last one wins, as in the stock kexec. */
static void set_action(struct parser *parser, enum kq_action action)
{
	if (!parser->final_action)
		parser->options->action = action;
}

static void set_final_action(struct parser *parser, enum kq_action action)
{
	parser->options->action = action;
	parser->final_action = true;
}

static void set_load_action(struct parser *parser, bool crash)
{
	parser->crash = crash;
	set_action(parser, crash ? KQ_ACTION_LOAD_CRASH : KQ_ACTION_LOAD);
}

static void apply_action(struct parser *parser, const struct option_def *def)
{
	switch (def->word) {
	case WORD_LOAD:
		set_load_action(parser, parser->crash);
		break;
	case WORD_PANIC:
		set_load_action(parser, true);
		break;
	case WORD_CONFLICT:
		parser->options->conflict = def->name;
		set_load_action(parser, false);
		break;
	case WORD_UNLOAD:
		set_action(parser, KQ_ACTION_UNLOAD);
		break;
	case WORD_OTHER:
		set_action(parser, KQ_ACTION_OTHER);
		break;
	case WORD_STATUS:
		set_final_action(parser, KQ_ACTION_OTHER);
		break;
	case WORD_HELP:
		set_final_action(parser, KQ_ACTION_HELP);
		parser->done = true;
		break;
	case WORD_VERSION:
		set_final_action(parser, KQ_ACTION_VERSION);
		parser->done = true;
		break;
	case WORD_FINAL:
		set_final_action(parser, KQ_ACTION_OTHER);
		parser->done = true;
		break;
	default:
		break;
	}
}

static void apply_option(struct parser *parser, const struct option_def *def,
			 const char *value)
{
	struct kq_options *options = parser->options;

	switch (def->word) {
	case WORD_DEBUG:
		options->debug = true;
		break;
	case WORD_FILE_SYSCALL:
		options->syscall = KQ_SYSCALL_FILE;
		break;
	case WORD_LOAD_SYSCALL:
		options->syscall = KQ_SYSCALL_LOAD;
		break;
	case WORD_AUTO_SYSCALL:
		options->syscall = KQ_SYSCALL_AUTO;
		break;
	case WORD_TYPE:
		options->type = value;
		break;
	case WORD_INITRD:
		options->initrd = value;
		break;
	case WORD_REUSE_INITRD:
		options->reuse_initrd = true;
		break;
	case WORD_CMDLINE:
		options->cmdline = true;
		break;
	case WORD_DTB:
		options->dtb = value;
		break;
	case WORD_SETTING:
		options->settings[options->settings_count++] =
			(struct kq_setting){ def->name, value };
		break;
	case WORD_DRY_RUN:
		options->dry_run = true;
		break;
	case WORD_OUTPUT:
		options->output = value;
		break;
	case WORD_PLAN:
		options->plan = value;
		break;
	default:
		apply_action(parser, def);
		break;
	}
}

/* Move @count arguments on; @def is the option they are, NULL for others. */
static void consume(struct parser *parser, int count,
		    const struct option_def *def)
{
	struct kq_options *options = parser->options;

	for (; count > 0 && parser->next < parser->argc; count--) {
		char *arg = parser->argv[parser->next++];

		if (!def || !is_ours(def))
			options->stock_argv[options->stock_argc++] = arg;
		if (!def || def->word != WORD_PLAN)
			options->argv[options->argc++] = arg;
	}
}

/*
 * An option of ours that shall be the last one goes here: before the
 * operands that nothing but operands follow, and before an option that lacks
 * its value, which it would become.
 */
static void end_options(struct parser *parser)
{
	struct kq_options *options = parser->options;

	if (!options->last_index)
		options->last_index = options->stock_argc;
}

static void take_operand(struct parser *parser)
{
	struct kq_options *options = parser->options;

	if (!options->kernel) {
		options->kernel = parser->argv[parser->next];
		options->kernel_index = options->stock_argc;
	}
	consume(parser, 1, NULL);
}

/*
 * Find the option that the first @length bytes of @name mean. @ret_count gets
 * the number of options they could mean; the result is the first of these.
 */
static const struct option_def *find_long(const char *name, size_t length,
					  size_t *ret_count, bool *ret_all_ours)
{
	const struct option_def *found = NULL;
	size_t count = 0;
	bool all_ours = true;

	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option_def *def = &option_defs[i];

		if (strncmp(def->name, name, length) != 0)
			continue;
		if (def->name[length] == '\0') {
			*ret_count = 1;
			*ret_all_ours = is_ours(def);
			return def;
		}
		if (!found)
			found = def;
		all_ours = all_ours && is_ours(def);
		count++;
	}
	*ret_count = count;
	*ret_all_ours = count > 0 && all_ours;
	return found;
}

/* Stock's mistakes are passed on for stock to report; ours are refused. */
static int bad_value_use(struct parser *parser, const struct option_def *def)
{
	if (!is_ours(def)) {
		if (def->takes_value)
			end_options(parser);
		consume(parser, 1, NULL);
		return 0;
	}
	return kq_fail(parser->message, KQ_ERR_VALUE,
		       def->takes_value ? "option '--%s' needs a value"
					: "option '--%s' takes no value",
		       def->name);
}

static int take_long(struct parser *parser)
{
	const char *name = parser->argv[parser->next] + 2;
	const char *equals = strchr(name, '=');
	size_t length = equals ? (size_t)(equals - name) : strlen(name);
	const char *value = equals ? equals + 1 : NULL;
	const struct option_def *def;
	size_t count;
	bool all_ours;
	int used = 1;

	def = find_long(name, length, &count, &all_ours);
	if (count > 1 && all_ours)
		return kq_fail(parser->message, KQ_ERR_VALUE,
			       "option '--%.*s' is ambiguous: see --help",
			       (int)length, name);
	/* Newer than this list, or for stock to call ambiguous. */
	if (count != 1) {
		consume(parser, 1, NULL);
		return 0;
	}
	if (value && !def->takes_value)
		return bad_value_use(parser, def);
	if (!value && def->takes_value) {
		if (parser->next + 1 == parser->argc)
			return bad_value_use(parser, def);
		value = parser->argv[parser->next + 1];
		used = 2;
	}
	apply_option(parser, def, value);
	consume(parser, used, def);
	return 0;
}

static const struct option_def *find_short(char name)
{
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (option_defs[i].short_name == name)
			return &option_defs[i];
	return NULL;
}

/* One argument of bundled short options; all of them are stock's. */
static void take_short(struct parser *parser)
{
	const char *p = parser->argv[parser->next] + 1;
	int used = 1;

	for (; *p && !parser->done; p++) {
		const struct option_def *def = find_short(*p);

		if (!def)
			continue;
		if (!def->takes_value) {
			apply_option(parser, def, NULL);
			continue;
		}
		if (p[1] != '\0') {
			apply_option(parser, def, p + 1);
		} else if (parser->next + 1 < parser->argc) {
			apply_option(parser, def,
				     parser->argv[parser->next + 1]);
			used = 2;
		} else {
			end_options(parser);
		}
		break;
	}
	consume(parser, used, NULL);
}

/* From here on there are operands only. */
static void take_operands(struct parser *parser)
{
	while (parser->next < parser->argc)
		take_operand(parser);
}

static int take_argument(struct parser *parser)
{
	const char *arg = parser->argv[parser->next];

	if (arg[0] == '-' && arg[1] == '-' && arg[2] != '\0')
		return take_long(parser);
	if (arg[0] == '-' && arg[1] == '-') {
		end_options(parser);
		consume(parser, 1, NULL);
		take_operands(parser);
		return 0;
	}
	if (arg[0] == '-' && arg[1] != '\0') {
		take_short(parser);
		return 0;
	}
	if (getenv("POSIXLY_CORRECT")) {
		end_options(parser);
		take_operands(parser);
		return 0;
	}
	take_operand(parser);
	return 0;
}

static int parse_all(struct parser *parser)
{
	int r;

	consume(parser, 1, NULL); /* the program's name */
	while (parser->next < parser->argc && !parser->done) {
		r = take_argument(parser);
		if (r < 0)
			return r;
	}
	consume(parser, parser->argc - parser->next, NULL);
	end_options(parser);
	parser->options->crash = parser->crash;
	return 0;
}

int kq_options_parse(int argc, char **argv, struct kq_options *ret,
		     struct kq_message *message)
{
	struct kq_options options = { .kernel_index = -1 };
	struct parser parser = {
		.argc = argc,
		.argv = argv,
		.options = &options,
		.message = message,
	};
	int r;

	options.stock_argv = calloc((size_t)argc + 1, sizeof(char *));
	options.argv = calloc((size_t)argc + 1, sizeof(char *));
	options.settings = calloc((size_t)argc + 1, sizeof(*options.settings));
	if (!options.stock_argv || !options.argv || !options.settings)
		r = kq_fail(message, KQ_ERR_NOMEM, "out of memory");
	else
		r = parse_all(&parser);
	if (r < 0) {
		kq_options_fini(&options);
		return r;
	}
	*ret = options;
	return 0;
}

void kq_options_fini(struct kq_options *options)
{
	free(options->stock_argv);
	free(options->argv);
	free(options->settings);
	*options = (struct kq_options){ .kernel_index = -1 };
}
