/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stock kexec as a child, in such a way that nobody notices: it has this
 * process's terminal, process group and signals, and this process ends as it
 * did.
 */
#ifndef KQ_KEXEC_CHILD_H
#define KQ_KEXEC_CHILD_H

#include <stdbool.h>
#include <stdint.h>

#include "kexec/fuse.h"
#include "lib/message.h"

/* What there is to say about the stock kexec's path if it cannot be run. */
#define KQ_CHILD_CANNOT_RUN \
	"cannot run the stock kexec %s: %m; install kexec-tools, or name it " \
	"with a line `kexec = PATH` in the config file"

/* What became of it. */
struct kq_outcome {
	int status; /* as of waitpid() */
	/*
	 * Upper bound of the time in which no crash kernel was loaded,
	 * microseconds; KQ_RECORD_NO_GAP if none was before, or if nobody
	 * watched. Found by looking about once in a millisecond.
	 */
	uint64_t gap_us;
};

/**
 * kq_child_run() - run a program and wait for it
 * @argv:    the program's path, its arguments and NULL
 * @watch:   measure how long no crash kernel is loaded
 * @fuse:    the file it reads, to be served meanwhile, or NULL
 * @ret:     what became of it
 * @message: why it could not even be tried
 *
 * Signals that people and programs send to this process are passed on. If
 * @argv cannot be executed the child says so and exits with status 1.
 *
 * Return: 0; -KQ_ERR_SYSTEM.
 */
int kq_child_run(char *const argv[], bool watch, struct kq_fuse *fuse,
		 struct kq_outcome *ret, struct kq_message *message);

/**
 * kq_child_end() - end this process as the child ended
 * @status: as of waitpid()
 *
 * Return: exit status for main(); does not return if a signal ended it.
 */
int kq_child_end(int status);

#endif
