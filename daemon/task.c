// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "daemon/task.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "lib/error.h"

/* From asking to making, and from there to giving up. */
#define GRACE_S	    10u

#define ACCURACY_US 100000u

/* As much of the output as is looked at. */
#define OUTPUT_SIZE 8192

static void become(const struct kq_task_request *request, int output)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	if (request->config)
		setenv("KEXEC_QUIESCE_CONF", request->config, 1);
	else
		unsetenv("KEXEC_QUIESCE_CONF");
	if (chdir(request->cwd) < 0)
		fprintf(stderr, "cannot enter %s: %m\n", request->cwd);
	else
		execv(request->argv[0], (char **)request->argv);
	fprintf(stderr, "cannot run %s: %m\n", request->argv[0]);
	_exit(127);
}

/* The output's last lines, as lines of the journal; @last gets the last. */
static void show_output(int fd, char last[OUTPUT_SIZE])
{
	off_t size = lseek(fd, 0, SEEK_END);
	off_t start = size > OUTPUT_SIZE - 1 ? size - (OUTPUT_SIZE - 1) : 0;
	char text[OUTPUT_SIZE];
	ssize_t n = pread(fd, text, sizeof(text) - 1, start);
	char *save = NULL;

	*last = '\0';
	text[n > 0 ? n : 0] = '\0';
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		fprintf(stderr, SD_INFO "%s\n", line);
		strcpy(last, line);
	}
}

/* The programs say who they are; people see that elsewhere. */
static const char *without_name(const char *line)
{
	static const char name[] = "kexec-quiesce: ";

	return strncmp(line, name, strlen(name)) ? line : line + strlen(name);
}

static void end(struct kq_task *task, int status)
{
	char last[OUTPUT_SIZE], text[64];
	kq_task_handler handler = task->handler;
	void *userdata = task->userdata;

	show_output(task->output, last);
	if (status == KQ_TASK_STUCK)
		snprintf(text, sizeof(text), "it does not end");
	else if (task->expired)
		snprintf(text, sizeof(text), "it took too long");
	else if (WIFSIGNALED(status))
		snprintf(text, sizeof(text), "signal %d ended it",
			 WTERMSIG(status));
	else
		snprintf(text, sizeof(text), "exit status %d",
			 WEXITSTATUS(status));
	kq_task_fini(task);
	handler(status,
		*last && status != KQ_TASK_STUCK ? without_name(last) : text,
		userdata);
}

static int on_child(sd_event_source *source, const siginfo_t *info,
		    void *userdata)
{
	struct kq_task *task = userdata;
	int status = info->si_code == CLD_EXITED ? info->si_status << 8
						 : info->si_status;

	(void)source;
	end(task, status);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t now_us, void *userdata)
{
	struct kq_task *task = userdata;

	(void)now_us;
	task->expired++;
	if (task->expired > 2) {
		end(task, KQ_TASK_STUCK);
		return 0;
	}
	kill(-task->pid, task->expired == 1 ? SIGTERM : SIGKILL);
	(void)sd_event_source_set_time_relative(source, GRACE_S * 1000000u);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int watch(struct kq_task *task, uint32_t timeout_s)
{
	int r = sd_event_add_child(task->event, &task->child, task->pid,
				   WEXITED, on_child, task);

	if (r < 0)
		return r;
	return sd_event_add_time_relative(
		task->event, &task->timer, CLOCK_MONOTONIC,
		(uint64_t)timeout_s * 1000000u, ACCURACY_US, on_timer, task);
}

int kq_task_start(struct kq_task *task, sd_event *event,
		  const struct kq_task_request *request,
		  kq_task_handler handler, void *userdata,
		  struct kq_message *message)
{
	int output = memfd_create("output", MFD_CLOEXEC), r;

	if (output < 0)
		return kq_fail(message, KQ_ERR_SYSTEM,
			       "cannot make a file in memory: %m");
	*task = (struct kq_task){ .event = event,
				  .output = output,
				  .handler = handler,
				  .userdata = userdata };
	fcntl(output, F_SETFL, O_APPEND);
	fflush(NULL);
	task->pid = fork();
	if (task->pid == 0)
		become(request, output);
	r = task->pid < 0 ? -errno : watch(task, request->timeout_s);
	if (r < 0) {
		kq_task_fini(task);
		errno = -r;
		return kq_fail(message, KQ_ERR_SYSTEM, "cannot run %s: %m",
			       request->argv[0]);
	}
	return 0;
}

void kq_task_fini(struct kq_task *task)
{
	if (!task->event)
		return;
	task->child = sd_event_source_unref(task->child);
	task->timer = sd_event_source_unref(task->timer);
	close(task->output);
	task->event = NULL;
}
