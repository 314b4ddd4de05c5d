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

/* What the running kernel's system calls would do with our image. */
struct syscalls {
	bool has_load, has_file; /* built in */
	bool load, file; /* and would take it */
	struct kq_signing signing;
};

static struct syscalls find_syscalls(const struct kq_signed_image *image)
{
	struct syscalls calls = {
		.has_load = kq_machine_has_kexec_load(),
		.has_file = kq_machine_has_kexec_file_load(),
	};
	const struct kq_signing *signing = &calls.signing;

	kq_kernel_signing(kq_machine_root(), &calls.signing);
	calls.load = calls.has_load && !signing->no_load;
	calls.file = calls.has_file &&
		     (!signing->pe || (image->pe && !signing->unable)) &&
		     (!signing->ima || image->ima);
	return calls;
}

/* Why no system call takes it, and what to do. */
static int fail_signature(const struct syscalls *calls,
			  struct kq_message *message)
{
	const char *why = calls->signing.why;

	if (!calls->has_file)
		return kq_fail(message, KQ_ERR_NOTSUP,
			       "this kernel loads no kernel (%s) but with "
			       "kexec_file_load, which it does not have",
			       why);
	if (calls->signing.pe && calls->signing.unable)
		return kq_fail(message, KQ_ERR_NOTSUP,
			       "this kernel loads signed kernels only (%s), "
			       "but is built without "
			       "CONFIG_KEXEC_IMAGE_VERIFY_SIG to check them%s",
			       why, calls->load ? ": use -c" : "");
	if (calls->signing.ima)
		return kq_fail(message, KQ_ERR_NOTSUP,
			       "this kernel loads only files that are signed "
			       "in security.ima (%s): see docs/signing.md",
			       why);
	return kq_fail(message, KQ_ERR_NOTSUP,
		       "this kernel loads signed kernels only (%s): %ssign "
		       "one with `quiescectl wrap --sign` and load that",
		       why, calls->load ? "use -c, or " : "");
}

static int check_choice(enum kq_syscall_choice choice,
			const struct syscalls *calls,
			struct kq_message *message)
{
	if (choice == KQ_SYSCALL_FILE && !calls->has_file)
		return kq_fail(message, KQ_ERR_NOTSUP,
			       "this kernel has no kexec_file_load: leave out "
			       "-s");
	if (choice == KQ_SYSCALL_LOAD && !calls->has_load)
		return kq_fail(message, KQ_ERR_NOTSUP,
			       "this kernel has no kexec_load: leave out -c");
	if (!calls->has_load && !calls->has_file)
		return kq_fail(message, KQ_ERR_NOTSUP,
			       "this kernel is built without kexec");
	if (choice == KQ_SYSCALL_LOAD && !calls->load && calls->file)
		return kq_fail(message, KQ_ERR_NOTSUP,
			       "this kernel forbids kexec_load (%s): leave out "
			       "-c",
			       calls->signing.why);
	if ((!calls->load && !calls->file) ||
	    (choice == KQ_SYSCALL_FILE && !calls->file) ||
	    (choice == KQ_SYSCALL_LOAD && !calls->load))
		return fail_signature(calls, message);
	return 0;
}

/* A caller's -a, or the stock kexec's default, must not choose the other. */
static enum kq_syscall_choice choose(enum kq_syscall_choice choice,
				     const struct syscalls *calls,
				     bool purgatory)
{
	if (choice == KQ_SYSCALL_FILE || choice == KQ_SYSCALL_LOAD)
		return choice;
	/* Who signs for a kernel that asks for it wants it checked. */
	if (!calls->load ||
	    (calls->file && (calls->signing.pe || calls->signing.ima)))
		return KQ_SYSCALL_FILE;
	if (!calls->file || purgatory)
		return KQ_SYSCALL_LOAD;
	return choice;
}

int kq_check_permission(const struct kq_options *options,
			const struct kq_signed_image *image, bool purgatory,
			enum kq_syscall_choice *ret_syscall,
			struct kq_message *message)
{
	struct syscalls calls;
	int r;

	if (!kq_machine_may_kexec())
		return kq_fail(message, KQ_ERR_NOTSUP,
			       "loading a kernel needs root (CAP_SYS_BOOT)");
	r = check_limits(options->action == KQ_ACTION_LOAD_CRASH, message);
	if (r < 0)
		return r;
	calls = find_syscalls(image);
	r = check_choice(options->syscall, &calls, message);
	if (r < 0)
		return r;
	*ret_syscall = choose(options->syscall, &calls, purgatory);
	return 0;
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
