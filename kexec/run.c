// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "kexec/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/error.h"

/* An alias of ours found in stock's place would run itself for ever. */
static bool is_this_program(const char *path)
{
	struct stat other, self;

	return stat(path, &other) == 0 && stat("/proc/self/exe", &self) == 0 &&
	       other.st_dev == self.st_dev && other.st_ino == self.st_ino;
}

#define INITRD_OPTION "--initrd="

/* Everything there may be to add, and the end of the list. */
#define ADDED_MAX 6u

/* The strings that are not the caller's arguments. */
struct words {
	char image[64];
	char initrd[64];
	char *cmdline;
};

static int make_words(const struct kq_stock_load *load, struct words *words)
{
	*words = (struct words){ 0 };
	if (!load)
		return 0;
	snprintf(words->image, sizeof(words->image), "/proc/self/fd/%d",
		 load->image_fd);
	snprintf(words->initrd, sizeof(words->initrd),
		 INITRD_OPTION "/proc/self/fd/%d", load->initrd_fd);
	if (load->cmdline &&
	    asprintf(&words->cmdline, "--command-line=%s", load->cmdline) < 0)
		return -KQ_ERR_NOMEM;
	return 0;
}

/* An argument of the caller's, or what the load puts in its place. */
static char *stock_argument(const struct kq_options *options, int index,
			    const struct kq_stock_load *load,
			    struct words *words)
{
	char *arg = options->stock_argv[index];
	const char *initrd = options->initrd;

	if (load && index == options->kernel_index)
		return words->image;
	if (!arg || !load || load->initrd_fd < 0 || !initrd)
		return arg;
	/* Its value is an argument of its own, or the end of one. */
	if (initrd == arg)
		return words->initrd + strlen(INITRD_OPTION);
	return initrd > arg && initrd <= arg + strlen(arg) ? words->initrd
							    : arg;
}

/* What is added comes first, where no "--" can be before it. */
static char **stock_arguments(const char *path,
			      const struct kq_options *options,
			      const struct kq_stock_load *load,
			      struct words *words)
{
	char **argv = calloc((size_t)options->stock_argc + ADDED_MAX,
			     sizeof(*argv));
	char **next = argv;

	if (!argv)
		return NULL;
	*next++ = (char *)path;
	if (load && load->no_checks)
		*next++ = (char *)"-i";
	if (load && load->initrd_fd >= 0 && load->add_initrd)
		*next++ = words->initrd;
	if (words->cmdline)
		*next++ = words->cmdline;
	for (int i = 1; i <= options->stock_argc; i++) {
		/* Of several such options the last one counts. */
		if (i == options->last_index && load && load->syscall_option)
			*next++ = (char *)load->syscall_option;
		*next++ = stock_argument(options, i, load, words);
	}
	return argv;
}

/* @ret: NULL to become the stock kexec, else it is run as a child. */
static int run_stock(const char *path, const struct kq_options *options,
		     const struct kq_stock_load *load, struct words *words,
		     struct kq_outcome *ret, struct kq_message *message)
{
	char **argv = stock_arguments(path, options, load, words);
	int r;

	if (!argv)
		return kq_fail(message, KQ_ERR_NOMEM, "out of memory");
	if (ret) {
		r = kq_child_run(argv, options->crash,
				 load ? load->fuse : NULL, ret, message);
	} else {
		execv(path, argv);
		r = kq_fail(message, KQ_ERR_SYSTEM, KQ_CHILD_CANNOT_RUN, path);
	}
	free(argv);
	return r;
}

static int check_and_run(const char *path, const struct kq_options *options,
			 const struct kq_stock_load *load,
			 struct kq_outcome *ret, struct kq_message *message)
{
	struct words words;
	int r;

	if (is_this_program(path))
		return kq_fail(message, KQ_ERR_VALUE,
			       "%s is this program, not the stock kexec: name "
			       "that with a line `kexec = PATH` in the config "
			       "file",
			       path);
	if (make_words(load, &words) < 0)
		return kq_fail(message, KQ_ERR_NOMEM, "out of memory");
	r = run_stock(path, options, load, &words, ret, message);
	free(words.cmdline);
	return r;
}

int kq_run_become(const char *path, const struct kq_options *options,
		  struct kq_message *message)
{
	return check_and_run(path, options, NULL, NULL, message);
}

int kq_run_child(const char *path, const struct kq_options *options,
		 const struct kq_stock_load *load, struct kq_outcome *ret,
		 struct kq_message *message)
{
	return check_and_run(path, options, load, ret, message);
}

static char *join(char **argv)
{
	char *line = NULL;
	size_t size;
	FILE *stream = open_memstream(&line, &size);

	for (char **arg = argv; stream && arg && *arg; arg++)
		fprintf(stream, strpbrk(*arg, " \t\"'") ? "%s'%s'" : "%s%s",
			arg == argv ? "" : " ", *arg);
	if (stream)
		fclose(stream);
	return line;
}

char *kq_run_command(const char *path, const struct kq_options *options,
		     const struct kq_stock_load *load)
{
	struct words words;
	char *line = NULL;
	char **argv;

	if (make_words(load, &words) < 0)
		return NULL;
	strcpy(words.image, "QUIESCE-IMAGE");
	strcpy(words.initrd, INITRD_OPTION "INITRD-OF-KERNEL-FILE");
	argv = stock_arguments(path, options, load, &words);
	if (argv)
		line = join(argv);
	free(argv);
	free(words.cmdline);
	return line;
}
