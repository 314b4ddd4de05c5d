// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Run a command, and say what it cost: wall time, CPU time, the most memory
 * that it had resident, and by how much shared memory (memfd, tmpfs) grew at
 * most meanwhile.
 *
 *	measure-load COMMAND ARG...
 *
 * One line on stdout: status, microseconds of wall time, of CPU time, KiB
 * resident, KiB of shared memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SAMPLE_NS 5000000L

static long long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* "Shmem:" of /proc/meminfo, KiB; -1 if it cannot be had. */
static long shmem_kib(void)
{
	char text[4096];
	const char *line;
	ssize_t size;
	int fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	size = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (size < 0)
		return -1;
	text[size] = 0;
	line = strstr(text, "\nShmem:");
	return line ? strtol(line + strlen("\nShmem:"), NULL, 10) : -1;
}

static pid_t start(char **argv)
{
	pid_t pid = fork();
	int null;

	if (pid != 0)
		return pid;
	null = open("/dev/null", O_WRONLY);
	if (null >= 0)
		dup2(null, STDOUT_FILENO);
	execvp(argv[0], argv);
	fprintf(stderr, "measure-load: %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* Wait for it, and look at shared memory all the time. */
static int watch(pid_t pid, struct rusage *usage, long *peak)
{
	const struct timespec pause = { 0, SAMPLE_NS };
	int status;

	while (wait4(pid, &status, WNOHANG, usage) == 0) {
		long now = shmem_kib();

		if (now > *peak)
			*peak = now;
		nanosleep(&pause, NULL);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static long long cpu_us(const struct rusage *usage)
{
	return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000LL +
	       usage->ru_utime.tv_usec + usage->ru_stime.tv_usec;
}

int main(int argc, char **argv)
{
	struct rusage usage = { 0 };
	long before = shmem_kib(), peak = before;
	long long started = now_us();
	pid_t pid;
	int status;

	if (argc < 2 || before < 0 || (pid = start(argv + 1)) < 0)
		return 1;
	status = watch(pid, &usage, &peak);
	printf("%d %lld %lld %ld %ld\n", status, now_us() - started,
	       cpu_us(&usage), usage.ru_maxrss, peak - before);
	return 0;
}
