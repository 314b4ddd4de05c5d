// SPDX-License-Identifier: GPL-2.0-or-later
/* quiescectl doctor: machine, privileges, and what the kernel allows. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/ctl-doctor.h"
#include "daemon/ctl.h"

#define NOBODY 65534

static void check_machine(struct kq_doctor *doctor)
{
	struct utsname name;

	if (!kq_doctor_is_live(doctor))
		return;
	if (!kq_ctl_is_arm64())
		kq_doctor_say(
			doctor, KQ_HEALTH_FAIL, "machine",
			"use it on an arm64 machine; here only list and report are of use",
			"this machine is not arm64");
	else
		kq_doctor_say(doctor, KQ_HEALTH_OK, "machine", NULL,
			      "arm64, kernel %s",
			      uname(&name) == 0 ? name.release : "unknown");
}

static void check_root(struct kq_doctor *doctor)
{
	if (!kq_doctor_is_live(doctor))
		return;
	if (geteuid() != 0)
		kq_doctor_say(
			doctor, KQ_HEALTH_FAIL, "root",
			"run this as root: without it most of what follows cannot be seen",
			"not running as root");
	else
		kq_doctor_say(doctor, KQ_HEALTH_OK, "root", NULL,
			      "running as root");
}

static void check_crashkernel(struct kq_doctor *doctor)
{
	char line[64];
	uint64_t size;

	if (!kq_doctor_line(doctor, "/sys/kernel/kexec_crash_size", line,
			    sizeof(line)) &&
	    !kq_doctor_line(doctor, "/sys/kernel/kexec/crash_size", line,
			    sizeof(line))) {
		kq_doctor_say(doctor, KQ_HEALTH_FAIL, "crashkernel",
			      "use a kernel with CONFIG_CRASH_DUMP",
			      "this kernel knows no crash kernels");
		return;
	}
	size = strtoull(line, NULL, 10);
	if (size == 0)
		kq_doctor_say(
			doctor, KQ_HEALTH_FAIL, "crashkernel",
			"add crashkernel=512M to the kernel command line and reboot",
			"no memory is reserved for a crash kernel");
	else
		kq_doctor_say(doctor, KQ_HEALTH_OK, "crashkernel", NULL,
			      "%" PRIu64 " MiB are reserved for a crash kernel",
			      size >> 20);
}

/*
 * Asks for a system call as a user who may not use it: the kernel looks at
 * the permission before anything else, so this never loads, unloads or uses
 * up kexec_load_limit_*. EPERM says that the call is there.
 */
static bool has_syscall(long number)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		if (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) < 0)
			_exit(2);
		errno = 0;
		/* The arguments are wrong for both calls in every way. */
		syscall(number, -1L, -1L, -1L, -1L, -1L);
		_exit(errno == ENOSYS ? 1 : 0);
	}
	return child > 0 && waitpid(child, &status, 0) == child &&
	       WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void check_syscalls(struct kq_doctor *doctor)
{
	bool load, file_load = false;

	if (!kq_doctor_is_live(doctor))
		return;
	load = has_syscall(SYS_kexec_load);
#ifdef SYS_kexec_file_load
	file_load = has_syscall(SYS_kexec_file_load);
#endif
	if (!load && !file_load)
		kq_doctor_say(
			doctor, KQ_HEALTH_FAIL, "syscalls",
			"use a kernel with CONFIG_KEXEC or CONFIG_KEXEC_FILE",
			"this kernel has neither kexec_load nor kexec_file_load");
	else
		kq_doctor_say(doctor, KQ_HEALTH_OK, "syscalls", NULL,
			      "this kernel has %s%s%s",
			      load ? "kexec_load" : "",
			      load && file_load ? " and " : "",
			      file_load ? "kexec_file_load" : "");
}

static void check_sysctl(struct kq_doctor *doctor)
{
	char line[32];

	if (!kq_doctor_line(doctor, "/proc/sys/kernel/kexec_load_disabled",
			    line, sizeof(line)))
		return;
	if (strcmp(line, "0") != 0) {
		kq_doctor_say(
			doctor, KQ_HEALTH_FAIL, "kexec_load_disabled",
			"reboot with sysctl kernel.kexec_load_disabled=0; it cannot be cleared in a running kernel",
			"loading kernels was switched off by sysctl");
		return;
	}
	if (kq_doctor_line(doctor, "/proc/sys/kernel/kexec_load_limit_panic",
			   line, sizeof(line)) &&
	    strcmp(line, "0") == 0) {
		kq_doctor_say(
			doctor, KQ_HEALTH_FAIL, "kexec_load_disabled",
			"reboot, or be content with what is loaded",
			"sysctl kexec_load_limit_panic allows no more crash kernel loads");
		return;
	}
	kq_doctor_say(doctor, KQ_HEALTH_OK, "kexec_load_disabled", NULL,
		      "sysctl allows loading kernels");
}

static void check_lockdown(struct kq_doctor *doctor)
{
	char line[128];

	if (!kq_doctor_line(doctor, "/sys/kernel/security/lockdown", line,
			    sizeof(line)) ||
	    strstr(line, "[none]"))
		kq_doctor_say(doctor, KQ_HEALTH_OK, "lockdown", NULL,
			      "no sign of kernel lockdown");
	else
		kq_doctor_say(
			doctor, KQ_HEALTH_FAIL, "lockdown",
			"switch Secure Boot or lockdown= off; a quiesce image carries no signature",
			"the kernel is locked down (%s) and takes signed kernels only",
			line);
}

void kq_doctor_kernel(struct kq_doctor *doctor)
{
	check_machine(doctor);
	check_root(doctor);
	check_crashkernel(doctor);
	check_syscalls(doctor);
	check_sysctl(doctor);
	check_lockdown(doctor);
}
