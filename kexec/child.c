// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "kexec/child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/kernel.h"
#include "lib/machine.h"
#include "lib/record.h"

#define LOOK_MS 1

/* Signals and what was set for them before. */
struct signals {
	sigset_t waited; /* blocked while the child runs */
	sigset_t old_mask;
	struct sigaction old_child;
};

/*
 * The gap is the longest time between two looks that found a kernel, with
 * none found in between. If none was missing at any look, it is shorter than
 * the longest time between two looks.
 */
struct gap {
	bool had_one; /* before the child started */
	bool missing; /* at the last look */
	uint64_t seen_us; /* last time one was there */
	uint64_t longest_us;
	uint64_t resolution_us;
};

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

static bool is_loaded(void)
{
	bool loaded = false;

	(void)kq_kernel_loaded(kq_machine_root(), true, &loaded);
	return loaded;
}

static void gap_begin(struct gap *gap)
{
	*gap = (struct gap){ .had_one = is_loaded(), .seen_us = now_us() };
}

static void gap_look(struct gap *gap)
{
	uint64_t now, *longest;

	if (!is_loaded()) {
		gap->missing = true;
		return;
	}
	now = now_us();
	longest = gap->missing ? &gap->longest_us : &gap->resolution_us;
	if (now - gap->seen_us > *longest)
		*longest = now - gap->seen_us;
	gap->missing = false;
	gap->seen_us = now;
}

static uint64_t gap_end(struct gap *gap)
{
	gap_look(gap);
	if (!gap->had_one)
		return KQ_RECORD_NO_GAP;
	return gap->longest_us ? gap->longest_us : gap->resolution_us;
}

static void take_signals(struct signals *signals)
{
	static const int numbers[] = { SIGCHLD, SIGTERM, SIGINT, SIGQUIT,
				       SIGHUP,	SIGUSR1, SIGUSR2 };
	const struct sigaction normal = { .sa_handler = SIG_DFL };

	sigemptyset(&signals->waited);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaddset(&signals->waited, numbers[i]);
	/* Inherited as ignored, it would leave nothing to wait for. */
	sigaction(SIGCHLD, &normal, &signals->old_child);
	sigprocmask(SIG_BLOCK, &signals->waited, &signals->old_mask);
}

static void give_signals_back(const struct signals *signals)
{
	sigaction(SIGCHLD, &signals->old_child, NULL);
	sigprocmask(SIG_SETMASK, &signals->old_mask, NULL);
}

/* The terminal's signals reach the whole group, so the child has them. */
static void pass_on(pid_t child, int number, const siginfo_t *info)
{
	if (number > 0 && number != SIGCHLD && info->si_code <= 0)
		kill(child, number);
}

/*
 * Wait for a signal, but with a crash kernel to look at, or a file to serve,
 * no longer than until the next look or read. Return: its number, or -1.
 */
static int wait_for_signal(const struct signals *signals, bool watch,
			   struct kq_fuse *fuse, siginfo_t *info)
{
	const struct timespec pause = { .tv_nsec = fuse ? 0
							: LOOK_MS * 1000000L };

	if (fuse)
		kq_fuse_serve(fuse, LOOK_MS);
	if (fuse || watch)
		return sigtimedwait(&signals->waited, info, &pause);
	return sigwaitinfo(&signals->waited, info);
}

static int wait_for(pid_t child, const struct signals *signals,
		    struct kq_fuse *fuse, struct gap *gap)
{
	int status = EXIT_FAILURE << 8, number;
	siginfo_t info;

	while (waitpid(child, &status, WNOHANG) == 0) {
		number = wait_for_signal(signals, gap != NULL, fuse, &info);
		pass_on(child, number, &info);
		if (gap)
			gap_look(gap);
	}
	return status;
}

static void become(char *const argv[], const struct signals *signals)
{
	give_signals_back(signals);
	execv(argv[0], argv);
	fprintf(stderr, "kexec-quiesce: " KQ_CHILD_CANNOT_RUN "\n", argv[0]);
	_exit(EXIT_FAILURE);
}

int kq_child_run(char *const argv[], bool watch, struct kq_fuse *fuse,
		 struct kq_outcome *ret, struct kq_message *message)
{
	struct signals signals;
	struct gap gap;
	pid_t child;
	int r = 0;

	fflush(NULL);
	gap_begin(&gap);
	take_signals(&signals);
	child = fork();
	if (child == 0)
		become(argv, &signals);
	if (child < 0)
		r = kq_fail(message, KQ_ERR_SYSTEM, "cannot fork: %m");
	else
		ret->status = wait_for(child, &signals, fuse,
				       watch ? &gap : NULL);
	give_signals_back(&signals);
	ret->gap_us = watch ? gap_end(&gap) : KQ_RECORD_NO_GAP;
	return r;
}

int kq_child_end(int status)
{
	const struct rlimit no_core = { 0 };
	int number = WTERMSIG(status);
	sigset_t only;

	if (!WIFSIGNALED(status))
		return WEXITSTATUS(status);
	/* The child's core, if it left one, is the one to look at. */
	setrlimit(RLIMIT_CORE, &no_core);
	signal(number, SIG_DFL);
	sigemptyset(&only);
	sigaddset(&only, number);
	sigprocmask(SIG_UNBLOCK, &only, NULL);
	raise(number);
	return EXIT_FAILURE;
}
