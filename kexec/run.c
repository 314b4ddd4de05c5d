// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "kexec/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/error.h"

/* Linux 6.3; kernels may demand it (sysctl vm.memfd_noexec). */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

#define MEMFD_NAME    "kexec-quiesce"
#define FIRST_FREE_FD 3

/* An alias of ours found in stock's place would run itself for ever. */
static bool is_this_program(const char *path)
{
	struct stat other, self;

	return stat(path, &other) == 0 && stat("/proc/self/exe", &self) == 0 &&
	       other.st_dev == self.st_dev && other.st_ino == self.st_ino;
}

/* The result's strings belong to the caller's arguments. */
static char **stock_arguments(const char *path,
			      const struct kq_options *options, char *kernel,
			      const char *syscall_option)
{
	size_t count = (size_t)options->stock_argc;
	char **argv = calloc(count + 2, sizeof(*argv));
	char **next = argv;

	if (!argv)
		return NULL;
	*next++ = (char *)path;
	if (syscall_option)
		*next++ = (char *)syscall_option;
	for (size_t i = 1; i < count; i++)
		*next++ = kernel && (int)i == options->kernel_index
				  ? kernel
				  : options->stock_argv[i];
	return argv;
}

int kq_run_stock(const char *path, const struct kq_options *options,
		 int image_fd, const char *syscall_option,
		 struct kq_message *message)
{
	char kernel[64];
	char **argv;
	int r;

	if (is_this_program(path))
		return kq_fail(message, KQ_ERR_VALUE,
			       "%s is this program, not the stock kexec: name "
			       "that with a line `kexec = PATH` in the config "
			       "file",
			       path);
	snprintf(kernel, sizeof(kernel), "/proc/self/fd/%d", image_fd);
	argv = stock_arguments(path, options, image_fd >= 0 ? kernel : NULL,
			       syscall_option);
	if (!argv)
		return kq_fail(message, KQ_ERR_NOMEM, "out of memory");
	execv(path, argv);
	r = kq_fail(message, KQ_ERR_SYSTEM,
		    "cannot run the stock kexec %s: %m; install kexec-tools, "
		    "or name it with a line `kexec = PATH` in the config file",
		    path);
	free(argv);
	return r;
}

char *kq_run_command(const char *path, const struct kq_options *options,
		     const char *syscall_option)
{
	char image[] = "QUIESCE-IMAGE";
	char **argv = stock_arguments(path, options, image, syscall_option);
	char *line = NULL;
	size_t size;
	FILE *stream = open_memstream(&line, &size);

	for (char **arg = argv; stream && arg && *arg; arg++)
		fprintf(stream, strpbrk(*arg, " \t\"'") ? "%s'%s'" : "%s%s",
			arg == argv ? "" : " ", *arg);
	if (stream)
		fclose(stream);
	free(argv);
	return line;
}

int kq_image_memfd(struct kq_message *message)
{
	int fd, low = -1;

	fd = memfd_create(MEMFD_NAME, MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(MEMFD_NAME, MFD_ALLOW_SEALING);
	if (fd >= 0 && fd < FIRST_FREE_FD) {
		low = fd;
		fd = fcntl(low, F_DUPFD, FIRST_FREE_FD);
		close(low);
	}
	if (fd < 0)
		return kq_fail(message, KQ_ERR_SYSTEM,
			       "cannot create the quiesce image in memory: "
			       "%m");
	return fd;
}

int kq_image_seal(int fd, struct kq_message *message)
{
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE |
			  F_SEAL_SEAL;

	if (fcntl(fd, F_ADD_SEALS, seals) < 0)
		return kq_fail(message, KQ_ERR_SYSTEM,
			       "cannot seal the quiesce image: %m");
	return 0;
}
