// SPDX-License-Identifier: GPL-2.0-or-later
/* quiescectl doctor: machine, privileges, and what the kernel allows. */
#include "config.h"

#include <inttypes.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "daemon/ctl-doctor.h"
#include "lib/kernel.h"
#include "lib/machine.h"

static void check_machine(struct kq_doctor *doctor)
{
	struct utsname name;

	if (!kq_doctor_is_live(doctor))
		return;
	if (!kq_machine_is_arm64())
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
	static const char advice[] =
		"run this as root: without it most of what follows cannot be seen";

	if (!kq_doctor_is_live(doctor))
		return;
	if (!kq_machine_may_kexec())
		kq_doctor_say(
			doctor, KQ_HEALTH_FAIL, "root", advice,
			"this process may not load kernels (CAP_SYS_BOOT)");
	else if (geteuid() != 0)
		kq_doctor_say(doctor, KQ_HEALTH_WARN, "root", advice,
			      "not running as root");
	else
		kq_doctor_say(doctor, KQ_HEALTH_OK, "root", NULL,
			      "running as root");
}

static void check_crashkernel(struct kq_doctor *doctor)
{
	uint64_t size;
	int r = kq_kernel_crash_size(doctor->root, &size);

	if (r < 0)
		kq_doctor_say(doctor, KQ_HEALTH_FAIL, "crashkernel",
			      "use a kernel with CONFIG_CRASH_DUMP",
			      "this kernel knows no crash kernels");
	else if (size == 0)
		kq_doctor_say(
			doctor, KQ_HEALTH_FAIL, "crashkernel",
			"add crashkernel=512M to the kernel command line and reboot",
			"no memory is reserved for a crash kernel");
	else
		kq_doctor_say(doctor, KQ_HEALTH_OK, "crashkernel", NULL,
			      "%" PRIu64 " MiB are reserved for a crash kernel",
			      size >> 20);
}

static void check_syscalls(struct kq_doctor *doctor)
{
	bool load, file_load;

	if (!kq_doctor_is_live(doctor))
		return;
	load = kq_machine_has_kexec_load();
	file_load = kq_machine_has_kexec_file_load();
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

/* A captured tree does not tell its system calls; most kernels have both. */
static void check_signature(struct kq_doctor *doctor)
{
	struct kq_signing signing;
	bool live = kq_doctor_is_live(doctor);
	bool load = !live || kq_machine_has_kexec_load();

	kq_kernel_signing(doctor->root, &signing);
	if (!signing.why[0] || (live && !kq_machine_has_kexec_file_load() &&
				!signing.no_load))
		kq_doctor_say(doctor, KQ_HEALTH_OK, "signature", NULL,
			      "no sign that this kernel demands signatures");
	else if (load && !signing.no_load)
		kq_doctor_say(
			doctor, KQ_HEALTH_WARN, "signature",
			"the front end loads with kexec_load, unless it is told -s",
			"kexec_file_load takes signed kernels only (%s)",
			signing.why);
	else if (signing.pe && signing.unable)
		kq_doctor_say(
			doctor, KQ_HEALTH_FAIL, "signature",
			"use a kernel with CONFIG_KEXEC_IMAGE_VERIFY_SIG, or one without these demands",
			"this kernel takes signed kernels only (%s), but cannot check their signatures",
			signing.why);
	else
		kq_doctor_say(
			doctor, KQ_HEALTH_WARN, "signature",
			"load an image that quiescectl wrap wrote and that you signed: see docs/signing.md",
			"this kernel takes signed kernels only (%s)",
			signing.why);
}

static bool is_used_up(const struct kq_doctor *doctor, bool crash)
{
	long long left;

	return kq_kernel_loads_left(doctor->root, crash, &left) == 0 &&
	       left == 0;
}

static void check_sysctl(struct kq_doctor *doctor)
{
	bool disabled = false;
	bool known = kq_kernel_load_disabled(doctor->root, &disabled) == 0;

	if (disabled)
		kq_doctor_say(
			doctor, KQ_HEALTH_FAIL, "kexec_load_disabled",
			"reboot with sysctl kernel.kexec_load_disabled=0; it cannot be cleared in a running kernel",
			"loading kernels was switched off by sysctl");
	else if (is_used_up(doctor, true))
		kq_doctor_say(
			doctor, KQ_HEALTH_FAIL, "kexec_load_disabled",
			"reboot, or be content with what is loaded",
			"sysctl kexec_load_limit_panic allows no more crash kernel loads");
	else if (is_used_up(doctor, false))
		kq_doctor_say(
			doctor, KQ_HEALTH_WARN, "kexec_load_disabled",
			"reboot by other means than kexec -l; crash kernels are not concerned",
			"sysctl kexec_load_limit_reboot allows no more loads but of crash kernels");
	else if (known)
		kq_doctor_say(doctor, KQ_HEALTH_OK, "kexec_load_disabled", NULL,
			      "sysctl allows loading kernels");
}

void kq_doctor_kernel(struct kq_doctor *doctor)
{
	check_machine(doctor);
	check_root(doctor);
	check_crashkernel(doctor);
	check_syscalls(doctor);
	check_signature(doctor);
	check_sysctl(doctor);
}
