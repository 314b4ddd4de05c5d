// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The command line of the front end: a table of cases, then random command
 * lines of which glibc's getopt_long(), which the stock kexec uses, must make
 * the same before and after our options were taken out.
 */
#include "config.h"

#undef NDEBUG
#include <assert.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kexec/options.h"
#include "lib/error.h"

#define MAX_ARGS 24

/* Words of a command line or of what shall become of it. */
struct words {
	const char *word[MAX_ARGS];
};

struct options_case {
	struct words in;
	struct words stock; /* first word left out: the program's name */
	enum kq_action action;
	enum kq_syscall_choice syscall;
	const char *kernel;
	struct words settings; /* key, value, key, value ... */
};

static const struct options_case cases[] = {
	/* nothing of ours: untouched */
	{ { { "-p", "k", "--initrd=i" } },
	  { { "-p", "k", "--initrd=i" } },
	  KQ_ACTION_LOAD_CRASH,
	  KQ_SYSCALL_ANY,
	  "k",
	  { { 0 } } },
	{ { { 0 } },
	  { { 0 } },
	  KQ_ACTION_LOAD,
	  KQ_SYSCALL_ANY,
	  NULL,
	  { { 0 } } },
	/* attached and detached values; ours anywhere */
	{ { { "--smmu-policy=abort", "-l", "k" } },
	  { { "-l", "k" } },
	  KQ_ACTION_LOAD,
	  KQ_SYSCALL_ANY,
	  "k",
	  { { "smmu-policy", "abort" } } },
	{ { { "-l", "k", "--smmu-policy", "abort", "--append", "x" } },
	  { { "-l", "k", "--append", "x" } },
	  KQ_ACTION_LOAD,
	  KQ_SYSCALL_ANY,
	  "k",
	  { { "smmu-policy", "abort" } } },
	/* a value that looks like one of our options is a value */
	{ { { "--append", "--quiesce-dry-run", "k" } },
	  { { "--append", "--quiesce-dry-run", "k" } },
	  KQ_ACTION_LOAD,
	  KQ_SYSCALL_ANY,
	  "k",
	  { { 0 } } },
	{ { { "-t", "--quiesce=flr", "k" } },
	  { { "-t", "--quiesce=flr", "k" } },
	  KQ_ACTION_LOAD,
	  KQ_SYSCALL_ANY,
	  "k",
	  { { 0 } } },
	{ { { "--quiesce", "-p", "k" } },
	  { { "k" } },
	  KQ_ACTION_LOAD,
	  KQ_SYSCALL_ANY,
	  "k",
	  { { "quiesce", "-p" } } },
	/* abbreviations */
	{ { { "--load-pa", "--smmu-po=bypass", "--quiesce-bu", "5", "k" } },
	  { { "--load-pa", "k" } },
	  KQ_ACTION_LOAD_CRASH,
	  KQ_SYSCALL_ANY,
	  "k",
	  { { "smmu-policy", "bypass", "quiesce-budget", "5" } } },
	{ { { "--quiesce=bme", "--quiesce-br", "--com", "-e", "k" } },
	  { { "--com", "-e", "k" } },
	  KQ_ACTION_LOAD,
	  KQ_SYSCALL_ANY,
	  "k",
	  { { "quiesce", "bme", "quiesce-bridges", NULL } } },
	/* what the stock kexec takes for one of its own stays that */
	{ { { "--ver", "k", "--quiesce=bme" } },
	  { { "--ver", "k" } },
	  KQ_ACTION_LOAD,
	  KQ_SYSCALL_ANY,
	  "k",
	  { { "quiesce", "bme" } } },
	/* bundles; a value inside one */
	{ { { "-sptImage", "-d", "k", "--quiesce-skip=1:0.0" } },
	  { { "-sptImage", "-d", "k" } },
	  KQ_ACTION_LOAD_CRASH,
	  KQ_SYSCALL_FILE,
	  "k",
	  { { "quiesce-skip", "1:0.0" } } },
	/* "--" and "-" */
	{ { { "-p", "--", "--smmu-policy=abort" } },
	  { { "-p", "--", "--smmu-policy=abort" } },
	  KQ_ACTION_LOAD_CRASH,
	  KQ_SYSCALL_ANY,
	  "--smmu-policy=abort",
	  { { 0 } } },
	{ { { "-", "--smmu-policy=abort", "--", "-u" } },
	  { { "-", "--", "-u" } },
	  KQ_ACTION_LOAD,
	  KQ_SYSCALL_ANY,
	  "-",
	  { { "smmu-policy", "abort" } } },
	/* options newer than we are */
	{ { { "--new-thing", "--newer=1", "-Z", "-p", "k", "--quiesce=flr" } },
	  { { "--new-thing", "--newer=1", "-Z", "-p", "k" } },
	  KQ_ACTION_LOAD_CRASH,
	  KQ_SYSCALL_ANY,
	  "k",
	  { { "quiesce", "flr" } } },
	/* actions: the last one wins, but -p sticks and -S beats all */
	{ { { "-p", "-u" } },
	  { { "-p", "-u" } },
	  KQ_ACTION_UNLOAD,
	  KQ_SYSCALL_ANY,
	  NULL,
	  { { 0 } } },
	{ { { "-u", "-p", "k" } },
	  { { "-u", "-p", "k" } },
	  KQ_ACTION_LOAD_CRASH,
	  KQ_SYSCALL_ANY,
	  "k",
	  { { 0 } } },
	{ { { "-p", "-l", "k" } },
	  { { "-p", "-l", "k" } },
	  KQ_ACTION_LOAD_CRASH,
	  KQ_SYSCALL_ANY,
	  "k",
	  { { 0 } } },
	{ { { "-S", "-p" } },
	  { { "-S", "-p" } },
	  KQ_ACTION_OTHER,
	  KQ_SYSCALL_ANY,
	  NULL,
	  { { 0 } } },
	{ { { "-e", "--smmu-policy=abort" } },
	  { { "-e" } },
	  KQ_ACTION_OTHER,
	  KQ_SYSCALL_ANY,
	  NULL,
	  { { "smmu-policy", "abort" } } },
	{ { { "-h", "-p" } },
	  { { "-h", "-p" } },
	  KQ_ACTION_HELP,
	  KQ_SYSCALL_ANY,
	  NULL,
	  { { 0 } } },
	{ { { "-p", "--vers" } },
	  { { "-p", "--vers" } },
	  KQ_ACTION_VERSION,
	  KQ_SYSCALL_ANY,
	  NULL,
	  { { 0 } } },
	{ { { "--print-ckr-size", "-p" } },
	  { { "--print-ckr-size", "-p" } },
	  KQ_ACTION_OTHER,
	  KQ_SYSCALL_ANY,
	  NULL,
	  { { 0 } } },
	/* syscalls: the last one wins */
	{ { { "-s", "-c", "-a", "k" } },
	  { { "-s", "-c", "-a", "k" } },
	  KQ_ACTION_LOAD,
	  KQ_SYSCALL_AUTO,
	  "k",
	  { { 0 } } },
	/* stock's own mistakes are stock's to report */
	{ { { "-p", "k", "--initrd" } },
	  { { "-p", "k", "--initrd" } },
	  KQ_ACTION_LOAD_CRASH,
	  KQ_SYSCALL_ANY,
	  "k",
	  { { 0 } } },
	{ { { "--load=1", "--s", "k" } },
	  { { "--load=1", "--s", "k" } },
	  KQ_ACTION_LOAD,
	  KQ_SYSCALL_ANY,
	  "k",
	  { { 0 } } },
};

static const struct words refused[] = {
	{ { "-p", "k", "--smmu-policy" } }, /* no value */
	{ { "--quiesce-bridges=yes", "k" } }, /* takes none */
	{ { "--quiesce-d=1" } },
	{ { "--quiesc", "flr", "k" } }, /* ambiguous among ours */
	{ { "--smmu", "abort", "k" } },
	{ { "--q", "abort", "k" } },
};

static int count_words(const struct words *words)
{
	int n = 0;

	while (n < MAX_ARGS && words->word[n])
		n++;
	return n;
}

/* argv with a program name; ends with NULL as main()'s does. */
static int make_argv(const struct words *words, char **argv)
{
	int n = count_words(words);

	argv[0] = (char *)"kexec";
	for (int i = 0; i < n; i++)
		argv[i + 1] = (char *)words->word[i];
	argv[n + 1] = NULL;
	return n + 1;
}

static void check_case(const struct options_case *c)
{
	char *argv[MAX_ARGS + 2];
	int argc = make_argv(&c->in, argv);
	struct kq_options options;
	struct kq_message message;
	int stock_count = count_words(&c->stock);

	assert(kq_options_parse(argc, argv, &options, &message) == 0);
	assert(options.action == c->action);
	assert(options.syscall == c->syscall);
	assert(!options.kernel == !c->kernel);
	if (c->kernel) {
		assert(!strcmp(options.kernel, c->kernel));
		assert(options.stock_argv[options.kernel_index] ==
		       options.kernel);
	}
	assert(options.stock_argc == stock_count + 1);
	for (int i = 0; i < stock_count; i++)
		assert(!strcmp(options.stock_argv[i + 1], c->stock.word[i]));
	assert(!options.stock_argv[stock_count + 1]);
	for (size_t i = 0; i < options.settings_count; i++) {
		const struct kq_setting *arg = &options.settings[i];
		const char *value = c->settings.word[2 * i + 1];

		assert(!strcmp(arg->key, c->settings.word[2 * i]));
		assert(!arg->value == !value);
		assert(!value || !strcmp(arg->value, value));
	}
	assert(!c->settings.word[2 * options.settings_count]);
	kq_options_fini(&options);
}

static void check_refused(const struct words *words)
{
	char *argv[MAX_ARGS + 2];
	int argc = make_argv(words, argv);
	struct kq_options options;
	struct kq_message message = { "" };

	assert(kq_options_parse(argc, argv, &options, &message) ==
	       -KQ_ERR_VALUE);
	assert(strstr(message.text, "option '--"));
}

static void details(void)
{
	const struct words words = { { "-p", "-d", "--ramdisk", "r", "--dtb=d",
				       "-tImage", "--quiesce-output", "o",
				       "--quiesce-dry", "k",
				       "--load-preserve-context" } };
	char *argv[MAX_ARGS + 2];
	int argc = make_argv(&words, argv);
	struct kq_options options;
	struct kq_message message;

	assert(kq_options_parse(argc, argv, &options, &message) == 0);
	assert(options.debug && options.dry_run);
	assert(!strcmp(options.initrd, "r") && !strcmp(options.dtb, "d"));
	assert(!strcmp(options.type, "Image") && !strcmp(options.output, "o"));
	assert(!strcmp(options.conflict, "load-preserve-context"));
	kq_options_fini(&options);
}

static void posixly_correct(void)
{
	const struct words words = { { "-p", "k", "--smmu-policy=abort" } };
	char *argv[MAX_ARGS + 2];
	int argc = make_argv(&words, argv);
	struct kq_options options;
	struct kq_message message;

	setenv("POSIXLY_CORRECT", "1", 1);
	assert(kq_options_parse(argc, argv, &options, &message) == 0);
	assert(options.settings_count == 0 && options.stock_argc == 4);
	unsetenv("POSIXLY_CORRECT");
	kq_options_fini(&options);
}

/* The lists for getopt_long(), written down a second time on purpose. */
#define OURS_VALUE 1000

#define STOCK_OPTIONS \
	{ "help", 0, 0, 'h' }, { "version", 0, 0, 'v' }, \
		{ "debug", 0, 0, 'd' }, { "force", 0, 0, 'f' }, \
		{ "no-checks", 0, 0, 'i' }, { "no-ifdown", 0, 0, 'x' }, \
		{ "no-sync", 0, 0, 'y' }, { "load", 0, 0, 'l' }, \
		{ "unload", 0, 0, 'u' }, { "exec", 0, 0, 'e' }, \
		{ "exec-live-update", 0, 0, 256 }, \
		{ "load-preserve-context", 0, 0, 257 }, \
		{ "load-jump-back-helper", 0, 0, 258 }, \
		{ "load-live-update", 0, 0, 259 }, { "entry", 1, 0, 260 }, \
		{ "type", 1, 0, 't' }, { "load-panic", 0, 0, 'p' }, \
		{ "mem-min", 1, 0, 261 }, { "mem-max", 1, 0, 262 }, \
		{ "reuseinitrd", 0, 0, 263 }, \
		{ "kexec-file-syscall", 0, 0, 's' }, \
		{ "kexec-syscall", 0, 0, 'c' }, \
		{ "kexec-syscall-auto", 0, 0, 'a' }, { "status", 0, 0, 'S' }, \
		{ "print-ckr-size", 0, 0, 264 }, { "hotplug", 0, 0, 265 }, \
		{ "no-cma", 0, 0, 266 }, { "force-dtb", 0, 0, 267 }, \
		{ "append", 1, 0, 268 }, { "command-line", 1, 0, 269 }, \
		{ "dtb", 1, 0, 270 }, { "initrd", 1, 0, 271 }, \
		{ "serial", 1, 0, 272 }, { "ramdisk", 1, 0, 273 }, \
	{ \
		"reuse-cmdline", 0, 0, 274 \
	}

static const struct option stock_options[] = {
	STOCK_OPTIONS,
	{ 0 },
};

static const struct option all_options[] = {
	STOCK_OPTIONS,
	{ "smmu-policy", 1, 0, OURS_VALUE },
	{ "smmu-probe", 1, 0, OURS_VALUE + 1 },
	{ "quiesce", 1, 0, OURS_VALUE + 2 },
	{ "quiesce-skip", 1, 0, OURS_VALUE + 3 },
	{ "quiesce-budget", 1, 0, OURS_VALUE + 4 },
	{ "quiesce-console", 1, 0, OURS_VALUE + 5 },
	{ "quiesce-bridges", 0, 0, OURS_VALUE + 6 },
	{ "quiesce-dry-run", 0, 0, OURS_VALUE + 7 },
	{ "quiesce-output", 1, 0, OURS_VALUE + 8 },
	{ "verify", 1, 0, OURS_VALUE + 9 },
	{ "on-bad-digest", 1, 0, OURS_VALUE + 10 },
	{ 0 },
};

#define OPTION_COUNT (sizeof(all_options) / sizeof(all_options[0]) - 1)

/* What getopt_long() made of a command line, as text. */
struct story {
	char text[4096];
	size_t size;
	int ours; /* how many of ours it saw */
};

static void tell(struct story *story, int opt, const char *value)
{
	if (opt >= OURS_VALUE)
		story->ours++;
	else
		story->size +=
			(size_t)snprintf(story->text + story->size,
					 sizeof(story->text) - story->size,
					 "%d=%s\n", opt, value ? value : "");
}

static void read_story(int argc, char **argv, const struct option *options,
		       struct story *story)
{
	char *copy[MAX_ARGS + 2];
	int opt = 0;

	memcpy(copy, argv, sizeof(char *) * (size_t)(argc + 1));
	memset(story, 0, sizeof(*story));
	opterr = 0;
	optind = 0;
	while (opt != 'h' && opt != 'v' && opt != 264) {
		opt = getopt_long(argc, copy, "h?vdfixyluet:pscaS", options,
				  NULL);
		if (opt == -1)
			break;
		tell(story, opt, opt == '?' ? NULL : optarg);
	}
	if (opt != -1)
		return;
	while (optind < argc)
		tell(story, 0, copy[optind++]);
}

static unsigned int random_below(unsigned int bound)
{
	static uint64_t state = 1;

	state = state * UINT64_C(6364136223846793005) + 1;
	return (unsigned int)(state >> 33) % bound;
}

static const char *random_option(void)
{
	static char text[MAX_ARGS][64];
	static unsigned int turn;
	char *p = text[turn++ % MAX_ARGS];
	const char *name = all_options[random_below(OPTION_COUNT)].name;
	int length = (int)strlen(name);

	/* "ver" is ambiguous here, and stock's to take: a case above. */
	if (random_below(3) == 0 && strncmp(name, "ver", 3) != 0)
		length = 1 + (int)random_below((unsigned int)length);
	snprintf(p, 64, "--%.*s%s", length, name,
		 random_below(3) == 0 ? "=value" : "");
	return p;
}

static const char *random_word(void)
{
	static const char *const words[] = {
		"kernel", "other", "-",	   "--",   "-p",  "-l",	 "-u", "-ps",
		"-tX",	  "-t",	   "-dpt", "-c",   "-ad", "-S",	 "-Z", "--new",
		"-e",	  "-pZd",  "-?",   "--n=", "-i",  "abc",
	};

	if (random_below(2))
		return random_option();
	return words[random_below(sizeof(words) / sizeof(words[0]))];
}

/* Did getopt_long() see a mistake? Then ours may refuse. */
static bool saw_mistake(const struct story *story)
{
	return !strncmp(story->text, "63=", 3) || strstr(story->text, "\n63=");
}

static void check_random(unsigned int *agreed)
{
	struct words words = { { 0 } };
	char *argv[MAX_ARGS + 2];
	unsigned int count = random_below(8);
	struct story whole, rest;
	struct kq_options options;
	struct kq_message message;
	int argc;

	for (unsigned int i = 0; i < count; i++)
		words.word[i] = random_word();
	argc = make_argv(&words, argv);
	read_story(argc, argv, all_options, &whole);
	if (kq_options_parse(argc, argv, &options, &message) < 0) {
		assert(saw_mistake(&whole));
		return;
	}
	assert((int)options.settings_count + options.dry_run +
		       !!options.output <=
	       whole.ours);
	read_story(options.stock_argc, options.stock_argv, stock_options,
		   &rest);
	assert(rest.ours == 0);
	assert(!strcmp(whole.text, rest.text));
	*agreed += whole.ours > 0;
	kq_options_fini(&options);
}

int main(void)
{
	unsigned int agreed = 0;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_case(&cases[i]);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		check_refused(&refused[i]);
	details();
	posixly_correct();
	for (int i = 0; i < 200000; i++)
		check_random(&agreed);
	assert(agreed > 10000);
	return 0;
}
