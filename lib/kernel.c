// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "lib/kernel.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

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

/* Options of the kernel's configuration that are of interest here. */
enum option {
	OPTION_SIG,
	OPTION_SIG_FORCE,
	OPTION_VERIFY,
	OPTION_IMA_BOOT,
	OPTION_COUNT
};

static const char *const option_lines[OPTION_COUNT] = {
	[OPTION_SIG] = "CONFIG_KEXEC_SIG=y",
	[OPTION_SIG_FORCE] = "CONFIG_KEXEC_SIG_FORCE=y",
	[OPTION_VERIFY] = "CONFIG_KEXEC_IMAGE_VERIFY_SIG=y",
	[OPTION_IMA_BOOT] = "CONFIG_IMA_SECURE_AND_OR_TRUSTED_BOOT=y",
};

struct config {
	bool known;
	bool set[OPTION_COUNT];
};

/* Adds what a configuration says; plain or gzip makes no difference here. */
static void read_config(const char *root, const char *path,
			struct config *config)
{
	char full[PATH_MAX], line[512];
	gzFile file;

	snprintf(full, sizeof(full), "%s%s", root, path);
	file = gzopen(full, "re");
	while (file && gzgets(file, line, sizeof(line))) {
		config->known = true;
		line[strcspn(line, "\n")] = '\0';
		for (size_t i = 0; i < OPTION_COUNT; i++)
			if (!strcmp(line, option_lines[i]))
				config->set[i] = true;
	}
	if (file)
		gzclose_r(file);
}

/* Kernels that do not show it have it installed in one of two places. */
static struct config kernel_config(const char *root)
{
	struct config config = { .known = false };
	char path[PATH_MAX], *release;

	read_config(root, "/proc/config.gz", &config);
	if (config.known ||
	    read_text(root, "/proc/sys/kernel/osrelease", &release) < 0)
		return config;
	release[strcspn(release, "\n")] = '\0';
	snprintf(path, sizeof(path), "/boot/config-%s", release);
	read_config(root, path, &config);
	snprintf(path, sizeof(path), "/lib/modules/%s/config", release);
	read_config(root, path, &config);
	free(release);
	return config;
}

/* An EFI variable: four bytes of attributes, then its one byte. */
static int efi_flag(const char *root, const char *name)
{
	char path[128];
	void *content;
	size_t size;
	int value = -1;

	snprintf(path, sizeof(path),
		 "/sys/firmware/efi/efivars/%s-"
		 "8be4df61-93ca-11d2-aa0d-00e098032b8c",
		 name);
	if (kq_sysfs_read(root, path, &content, &size) < 0)
		return -1;
	if (size == 5)
		value = ((const uint8_t *)content)[4];
	free(content);
	return value;
}

static bool has_secure_boot(const char *root)
{
	return efi_flag(root, "SecureBoot") == 1 &&
	       efi_flag(root, "SetupMode") != 1;
}

/* Does some line of a text hold both words? */
static bool has_rule(const char *text, const char *start, const char *word)
{
	for (const char *line = text; line && *line;) {
		const char *end = strchrnul(line, '\n');
		const char *at = strstr(line, word);

		if (!strncmp(line, start, strlen(start)) && at && at < end)
			return true;
		line = *end ? end + 1 : NULL;
	}
	return false;
}

/* By the policy, if the kernel shows it, or the one it was booted with. */
static bool has_ima_rule(const char *root)
{
	char *policy = NULL, *cmdline = NULL;
	bool found, ignored = false;

	found = read_text(root, "/sys/kernel/security/ima/policy",
			  &policy) == 0 &&
		has_rule(policy, "appraise ", "func=KEXEC_KERNEL_CHECK");
	if (read_text(root, "/proc/cmdline", &cmdline) == 0) {
		const char *built_in = strstr(cmdline, "ima_policy=");

		found = found ||
			(built_in && strstr(built_in, "secure_boot"));
		ignored = strstr(cmdline, "ima_appraise=log") ||
			  strstr(cmdline, "ima_appraise=fix") ||
			  strstr(cmdline, "ima_appraise=off");
	}
	free(policy);
	free(cmdline);
	return found && !ignored;
}

static void say_why(struct kq_signing *signing, const char *why)
{
	size_t used = strlen(signing->why);

	snprintf(signing->why + used, sizeof(signing->why) - used, "%s%s",
		 used ? ", " : "", why);
}

void kq_kernel_signing(const char *root, struct kq_signing *ret)
{
	const struct config config = kernel_config(root);
	struct kq_signing signing = { .pe = false };
	char mode[KQ_LOCKDOWN_TEXT], text[48];

	if (has_ima_rule(root)) {
		signing.ima = signing.no_load = true;
		say_why(&signing, "IMA policy");
	}
	if (kq_kernel_lockdown(root, mode) == 0 && strcmp(mode, "none") != 0) {
		/* What IMA appraises needs no second signature. */
		signing.pe = !signing.ima;
		signing.no_load = true;
		snprintf(text, sizeof(text), "locked down: %s", mode);
		say_why(&signing, text);
	}
	if (config.set[OPTION_SIG] && config.set[OPTION_IMA_BOOT] &&
	    has_secure_boot(root)) {
		signing.pe = signing.no_load = true;
		say_why(&signing, "Secure Boot");
	}
	if (config.set[OPTION_SIG_FORCE]) {
		signing.pe = true;
		say_why(&signing, "CONFIG_KEXEC_SIG_FORCE");
	}
	signing.unable = config.known && !config.set[OPTION_VERIFY];
	*ret = signing;
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
