// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "kexec/checks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/kernel.h"
#include "lib/machine.h"

#define MIB (UINT64_C(1) << 20)

/* Device tree, ELF core header, purgatory and what alignment costs. */
#define CRASH_SLACK (2 * MIB)

int kq_check_machine(struct kq_message *message)
{
	if (kq_machine_is_arm64())
		return 0;
	return kq_fail(message, KQ_ERR_NOTSUP,
		       "this machine is not arm64: only kexec without "
		       "quiescing works here");
}

static int check_lockdown(struct kq_message *message)
{
	char mode[KQ_LOCKDOWN_TEXT];

	if (kq_kernel_lockdown(kq_machine_root(), mode) < 0 ||
	    !strcmp(mode, "none"))
		return 0;
	return kq_fail(message, KQ_ERR_NOTSUP,
		       "this kernel is locked down (%s), so it loads no "
		       "unsigned image: turn off Secure Boot or lockdown=",
		       mode);
}

/* A sysctl that this kernel does not have forbids nothing. */
static int check_limits(bool crash, struct kq_message *message)
{
	long long left = -1;
	bool disabled = false;

	(void)kq_kernel_load_disabled(kq_machine_root(), &disabled);
	if (disabled)
		return kq_fail(message, KQ_ERR_NOTSUP,
			       "sysctl kernel.kexec_load_disabled forbids "
			       "loading a kernel until the next reboot");
	(void)kq_kernel_loads_left(kq_machine_root(), crash, &left);
	if (left == 0)
		return kq_fail(message, KQ_ERR_NOTSUP,
			       "sysctl kernel.%s is used up: no kernel can be "
			       "loaded until the next reboot",
			       crash ? "kexec_load_limit_panic"
				     : "kexec_load_limit_reboot");
	return 0;
}

/*
 * kexec_file_load(2) of a kernel built to demand signatures refuses our image
 * after it dropped the crash kernel. Unknown counts as no.
 */
static bool demands_signature(void)
{
	bool demands = false;

	(void)kq_kernel_demands_signature(kq_machine_root(), &demands);
	return demands;
}

/* Can the syscalls that were asked for do it? @has_*: what works here. */
static int check_choice(enum kq_syscall_choice choice, bool has_load,
			bool has_file_load, struct kq_message *message)
{
	if (choice == KQ_SYSCALL_FILE && !has_file_load)
		return kq_fail(message, KQ_ERR_NOTSUP,
			       "this kernel has no kexec_file_load: leave out "
			       "-s");
	if (choice == KQ_SYSCALL_LOAD && !has_load)
		return kq_fail(message, KQ_ERR_NOTSUP,
			       "this kernel has no kexec_load: leave out -c");
	if (!has_load && !has_file_load)
		return kq_fail(message, KQ_ERR_NOTSUP,
			       "this kernel is built without kexec");
	return 0;
}

static int check_syscall(enum kq_syscall_choice choice, const char **ret_option,
			 struct kq_message *message)
{
	bool has_load = kq_machine_has_kexec_load();
	bool has_file_load = kq_machine_has_kexec_file_load();
	bool must_sign = has_file_load && choice != KQ_SYSCALL_LOAD &&
			 demands_signature();
	int r;

	r = check_choice(choice, has_load, has_file_load, message);
	if (r < 0)
		return r;
	if (must_sign && (choice != KQ_SYSCALL_ANY || !has_load))
		return kq_fail(message, KQ_ERR_NOTSUP,
			       "this kernel's kexec_file_load takes signed "
			       "kernels only (CONFIG_KEXEC_SIG_FORCE)%s",
			       has_load ? ": use -c" : "");
	*ret_option = NULL;
	if (choice == KQ_SYSCALL_ANY && !has_load)
		*ret_option = "-s";
	else if (must_sign)
		*ret_option = "-c";
	return 0;
}

int kq_check_permission(const struct kq_options *options,
			const char **ret_syscall_option,
			struct kq_message *message)
{
	int r;

	if (!kq_machine_may_kexec())
		return kq_fail(message, KQ_ERR_NOTSUP,
			       "loading a kernel needs root (CAP_SYS_BOOT)");
	r = check_limits(options->action == KQ_ACTION_LOAD_CRASH, message);
	if (r < 0)
		return r;
	r = check_lockdown(message);
	if (r < 0)
		return r;
	return check_syscall(options->syscall, ret_syscall_option, message);
}

static unsigned long long to_mib(uint64_t bytes)
{
	return (bytes + MIB - 1) / MIB;
}

int kq_check_crash_memory(uint64_t image_size, const char *initrd,
			  struct kq_message *message)
{
	uint64_t needed = image_size + CRASH_SLACK;
	uint64_t reserved = 0;
	struct stat st;

	(void)kq_kernel_crash_size(kq_machine_root(), &reserved);
	if (reserved == 0)
		return kq_fail(message, KQ_ERR_NOTFOUND,
			       "no memory is reserved for a crash kernel: boot "
			       "with crashkernel=512M or the like");
	if (initrd) {
		if (stat(initrd, &st) < 0)
			return kq_fail(message, KQ_ERR_SYSTEM,
				       "cannot read the initrd %s: %m", initrd);
		needed += (uint64_t)st.st_size;
	}
	if (needed > reserved)
		return kq_fail(message, KQ_ERR_NOSPACE,
			       "the crash kernel needs %llu MiB to load, only "
			       "%llu MiB are reserved: boot with a larger "
			       "crashkernel=",
			       to_mib(needed),
			       (unsigned long long)(reserved / MIB));
	return 0;
}
