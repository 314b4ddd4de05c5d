// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Run a command, and say what it cost: wall time, CPU time, and the most
 * memory that it and what it ran had at the same time, by the kernel's own
 * count (memory.peak of a control group, Documentation/admin-guide/cgroup-v2
 * of Linux): resident, shared, in a memfd, in pipes. What is in the page
 * cache already, such as the files it reads, is not counted.
 *
 *	measure-load CGROUP COMMAND ARG...
 *
 * CGROUP: a control group, to be made here and removed again, whose parent
 * has the memory controller. One line on stdout: status, microseconds of wall
 * time, of CPU time, KiB.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int open_in(const char *group, const char *name, int flags)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", group, name);
	return open(path, flags | O_CLOEXEC);
}

/* -1 if the kernel does not count. */
static long long peak_kib(const char *group)
{
	int fd = open_in(group, "memory.peak", O_RDONLY);
	char text[32] = "";
	ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	return size <= 0 ? -1 : strtoll(text, NULL, 10) / 1024;
}

/* Makes this process a member, and what it starts from now on. */
static bool join(const char *group)
{
	int procs = open_in(group, "cgroup.procs", O_WRONLY);
	bool joined = procs >= 0 && write(procs, "0", 1) == 1;

	if (procs >= 0)
		close(procs);
	return joined;
}

static void become(char **argv)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	dup2(null, STDOUT_FILENO);
	execvp(argv[0], argv);
	fprintf(stderr, "measure-load: %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static long long cpu_us(const struct rusage *usage)
{
	return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000LL +
	       usage->ru_utime.tv_usec + usage->ru_stime.tv_usec;
}

int main(int argc, char **argv)
{
	struct rusage usage = { 0 };
	long long started, wall, peak;
	char parent[4096];
	int status;
	pid_t pid;

	/* One that is left over has the peak of others. */
	if (argc < 3 || mkdir(argv[1], 0755) < 0)
		return 1;
	snprintf(parent, sizeof(parent), "%s/..", argv[1]);
	if (!join(argv[1]))
		return 1;
	started = now_us();
	pid = fork();
	if (pid == 0)
		become(argv + 2);
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
		return 1;
	wall = now_us() - started;
	peak = peak_kib(argv[1]);
	if (peak < 0 || !join(parent) || rmdir(argv[1]) < 0)
		return 1;
	printf("%d %lld %lld %lld\n",
	       WIFEXITED(status) ? WEXITSTATUS(status) : 128, wall,
	       cpu_us(&usage), peak);
	return 0;
}
