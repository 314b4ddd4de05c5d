// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "lib/machine.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#define CAP_WORDS _LINUX_CAPABILITY_U32S_3

const char *kq_machine_root(void)
{
	return "";
}

const char *kq_machine_front_end(void)
{
	return KQ_PKGLIBEXECDIR "/kexec";
}

bool kq_machine_is_arm64(void)
{
	struct utsname name;

	return uname(&name) == 0 && !strcmp(name.machine, "aarch64");
}

static bool get_capabilities(struct __user_cap_data_struct caps[CAP_WORDS])
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};

	return syscall(SYS_capget, &header, caps) == 0;
}

static bool set_capabilities(struct __user_cap_data_struct caps[CAP_WORDS])
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};

	return syscall(SYS_capset, &header, caps) == 0;
}

bool kq_machine_may_kexec(void)
{
	struct __user_cap_data_struct caps[CAP_WORDS];

	return get_capabilities(caps) &&
	       (caps[CAP_TO_INDEX(CAP_SYS_BOOT)].effective &
		CAP_TO_MASK(CAP_SYS_BOOT));
}

/*
 * Call a kexec syscall in a way that cannot load or unload anything: without
 * CAP_SYS_BOOT, for the check of it comes first. With it, even a refused
 * call would use up one of sysctl kexec_load_limit_*.
 */
static bool syscall_exists(long number)
{
	struct __user_cap_data_struct caps[CAP_WORDS], reduced[CAP_WORDS];
	bool missing;

	if (!get_capabilities(caps))
		return true;
	memcpy(reduced, caps, sizeof(reduced));
	reduced[CAP_TO_INDEX(CAP_SYS_BOOT)].effective &=
		~CAP_TO_MASK(CAP_SYS_BOOT);
	if (!set_capabilities(reduced))
		return true;
	missing = syscall(number, -1, -1, 0, NULL, ~0UL) < 0 && errno == ENOSYS;
	set_capabilities(caps);
	return !missing;
}

bool kq_machine_has_kexec_load(void)
{
	return syscall_exists(SYS_kexec_load);
}

bool kq_machine_has_kexec_file_load(void)
{
#ifdef SYS_kexec_file_load
	return syscall_exists(SYS_kexec_file_load);
#else
	return false;
#endif
}
