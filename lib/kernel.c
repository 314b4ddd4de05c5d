// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "lib/kernel.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "lib/inventory/sysfs.h"

/* A whole text file, to be freed. An empty one says nothing. */
static int read_text(const char *root, const char *path, char **ret)
{
	void *content;
	size_t size;
	int r = kq_sysfs_read(root, path, &content, &size);

	if (r == -ENOENT || r == -ENOTDIR)
		return -KQ_ERR_NOTFOUND;
	if (r < 0)
		return r == -ENOMEM ? -KQ_ERR_NOMEM : -KQ_ERR_SYSTEM;
	if (size == 0) {
		free(content);
		return -KQ_ERR_VALUE;
	}
	*ret = content;
	return 0;
}

static int read_number(const char *root, const char *path, long long *ret)
{
	long long number;
	char *text, *end;
	int r = read_text(root, path, &text);

	if (r < 0)
		return r;
	number = strtoll(text, &end, 10);
	if (end == text)
		r = -KQ_ERR_VALUE;
	else
		*ret = number;
	free(text);
	return r;
}

int kq_kernel_load_disabled(const char *root, bool *ret)
{
	long long number;
	int r = read_number(root, "/proc/sys/kernel/kexec_load_disabled",
			    &number);

	if (r == 0)
		*ret = number != 0;
	return r;
}

int kq_kernel_loads_left(const char *root, bool crash, long long *ret)
{
	return read_number(root,
			   crash ? "/proc/sys/kernel/kexec_load_limit_panic"
				 : "/proc/sys/kernel/kexec_load_limit_reboot",
			   ret);
}

/* The active mode stands in brackets: "none [integrity] confidentiality". */
int kq_kernel_lockdown(const char *root, char ret_mode[KQ_LOCKDOWN_TEXT])
{
	char *text, *mode;
	size_t length;
	int r = read_text(root, "/sys/kernel/security/lockdown", &text);

	if (r < 0)
		return r;
	mode = strchr(text, '[');
	length = mode ? strcspn(++mode, "]") : 0;
	if (!mode || mode[length] != ']' || length >= KQ_LOCKDOWN_TEXT) {
		r = -KQ_ERR_VALUE;
	} else {
		memcpy(ret_mode, mode, length);
		ret_mode[length] = '\0';
	}
	free(text);
	return r;
}

/* Does this line stand in the text file? */
static int has_line(const char *root, const char *path, const char *wanted,
		    bool *ret)
{
	size_t length = strlen(wanted);
	bool found = false;
	char *text;
	int r = read_text(root, path, &text);

	if (r < 0)
		return r;
	for (const char *line = text; line && !found;) {
		const char *end = strchr(line, '\n');

		found = !strncmp(line, wanted, length) &&
			(line[length] == '\n' || line[length] == '\0');
		line = end ? end + 1 : NULL;
	}
	free(text);
	*ret = found;
	return 0;
}

/* Distributions install the kernel's configuration in one of two places. */
int kq_kernel_demands_signature(const char *root, bool *ret)
{
	static const char option[] = "CONFIG_KEXEC_SIG_FORCE=y";
	bool in_boot = false, in_modules = false;
	char path[PATH_MAX];
	int r, boot, modules, length;
	char *release;

	r = read_text(root, "/proc/sys/kernel/osrelease", &release);
	if (r < 0)
		return r;
	length = (int)strcspn(release, "\n");
	snprintf(path, sizeof(path), "/boot/config-%.*s", length, release);
	boot = has_line(root, path, option, &in_boot);
	snprintf(path, sizeof(path), "/lib/modules/%.*s/config", length,
		 release);
	modules = has_line(root, path, option, &in_modules);
	free(release);
	if (boot < 0 && modules < 0)
		return boot;
	*ret = in_boot || in_modules;
	return 0;
}

int kq_kernel_loaded(const char *root, bool crash, bool *ret)
{
	long long loaded;
	int r = read_number(root,
			    crash ? "/sys/kernel/kexec_crash_loaded"
				  : "/sys/kernel/kexec_loaded",
			    &loaded);

	/* Where newer kernels keep it. */
	if (r == -KQ_ERR_NOTFOUND)
		r = read_number(root,
				crash ? "/sys/kernel/kexec/crash_loaded"
				      : "/sys/kernel/kexec/loaded",
				&loaded);
	if (r == 0)
		*ret = loaded != 0;
	return r;
}

int kq_kernel_crash_size(const char *root, uint64_t *ret)
{
	long long size;
	int r = read_number(root, "/sys/kernel/kexec_crash_size", &size);

	/* Where newer kernels keep it. */
	if (r == -KQ_ERR_NOTFOUND)
		r = read_number(root, "/sys/kernel/kexec/crash_size", &size);
	if (r < 0)
		return r;
	*ret = size < 0 ? 0 : (uint64_t)size;
	return 0;
}
