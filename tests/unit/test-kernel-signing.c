// SPDX-License-Identifier: GPL-2.0-or-later
/* Which signatures a kernel demands, by the files it shows. */
#undef NDEBUG
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "lib/kernel.h"

#define EFIVARS "/sys/firmware/efi/efivars"
#define SUFFIX	"-8be4df61-93ca-11d2-aa0d-00e098032b8c"

static char root[] = "/tmp/kq-test-signing-XXXXXX";

static const char *at(const char *path)
{
	static char full[512];

	snprintf(full, sizeof(full), "%s%s", root, path);
	return full;
}

static void put(const char *path, const void *data, size_t size)
{
	FILE *file = fopen(at(path), "w");

	assert(file);
	assert(fwrite(data, 1, size, file) == size);
	assert(fclose(file) == 0);
}

static void put_text(const char *path, const char *text)
{
	put(path, text, strlen(text));
}

static void put_flag(const char *path, uint8_t value)
{
	const uint8_t variable[5] = { 6, 0, 0, 0, value };

	put(path, variable, sizeof(variable));
}

/* A kernel that demands nothing and could check what it is given. */
static void put_open(void)
{
	put_text("/proc/sys/kernel/osrelease", "6.12-test\n");
	put_text("/proc/cmdline", "root=/dev/sda1 quiet\n");
	put_text("/boot/config-6.12-test",
		 "CONFIG_KEXEC_SIG=y\nCONFIG_KEXEC_IMAGE_VERIFY_SIG=y\n");
	put_text("/sys/kernel/security/lockdown",
		 "[none] integrity confidentiality\n");
	put_text("/sys/kernel/security/ima/policy", "");
	put_flag(EFIVARS "/SecureBoot" SUFFIX, 0);
	put_flag(EFIVARS "/SetupMode" SUFFIX, 0);
	unlink(at("/proc/config.gz"));
}

static struct kq_signing ask(void)
{
	struct kq_signing signing;

	kq_kernel_signing(root, &signing);
	assert(!!signing.why[0] == (signing.pe || signing.ima));
	return signing;
}

static void expect(bool pe, bool ima, bool no_load)
{
	struct kq_signing signing = ask();

	assert(signing.pe == pe);
	assert(signing.ima == ima);
	assert(signing.no_load == no_load);
}

static void open_kernel_to_nothing(void)
{
	put_open();
	expect(false, false, false);
	assert(!ask().unable);
}

static void lockdown_to_both(void)
{
	put_open();
	put_text("/sys/kernel/security/lockdown",
		 "none integrity [confidentiality]\n");
	expect(true, false, true);
	assert(!strcmp(ask().why, "locked down: confidentiality"));
}

static void forced_to_file_load_alone(void)
{
	put_open();
	put_text("/boot/config-6.12-test", "CONFIG_KEXEC_SIG_FORCE=y");
	expect(true, false, false);
	assert(ask().unable);
	put_text("/boot/config-6.12-test",
		 "# CONFIG_KEXEC_SIG_FORCE is not set\n");
	expect(false, false, false);
}

/* What the kernel itself says counts, not what is installed. */
static void own_config_before_installed(void)
{
	gzFile file;

	put_open();
	put_text("/boot/config-6.12-test", "CONFIG_KEXEC_SIG_FORCE=y\n");
	file = gzopen(at("/proc/config.gz"), "w");
	assert(file && gzputs(file, "CONFIG_KEXEC_IMAGE_VERIFY_SIG=y\n") > 0);
	assert(gzclose(file) == Z_OK);
	expect(false, false, false);
	put_text("/boot/config-6.12-test", "");
	file = gzopen(at("/proc/config.gz"), "w");
	assert(file && gzputs(file, "CONFIG_KEXEC_SIG_FORCE=y\n") > 0);
	assert(gzclose(file) == Z_OK);
	expect(true, false, false);
}

static void secure_boot_by_ima_to_both(void)
{
	put_open();
	put_flag(EFIVARS "/SecureBoot" SUFFIX, 1);
	expect(false, false, false);
	put_text("/boot/config-6.12-test",
		 "CONFIG_KEXEC_SIG=y\nCONFIG_KEXEC_IMAGE_VERIFY_SIG=y\n"
		 "CONFIG_IMA_SECURE_AND_OR_TRUSTED_BOOT=y\n");
	expect(true, false, true);
	put_flag(EFIVARS "/SetupMode" SUFFIX, 1);
	expect(false, false, false);
}

static void ima_policy_to_ima_signature(void)
{
	put_open();
	put_text("/sys/kernel/security/ima/policy",
		 "measure func=KEXEC_KERNEL_CHECK\n"
		 "appraise func=MODULE_CHECK appraise_type=imasig\n");
	expect(false, false, false);
	put_text("/sys/kernel/security/ima/policy",
		 "measure func=KEXEC_KERNEL_CHECK\n"
		 "appraise func=KEXEC_KERNEL_CHECK appraise_type=imasig\n");
	expect(false, true, true);
	/* IMA's appraisal is enough under lockdown. */
	put_text("/sys/kernel/security/lockdown",
		 "none [integrity] confidentiality\n");
	expect(false, true, true);
	put_text("/proc/cmdline", "quiet ima_appraise=log\n");
	expect(true, false, true);
}

static void ima_built_in_policy_to_ima_signature(void)
{
	put_open();
	put_text("/proc/cmdline", "ima_policy=tcb\n");
	expect(false, false, false);
	put_text("/proc/cmdline", "ima_policy=tcb|secure_boot\n");
	expect(false, true, true);
}

static void bare_machine_to_nothing(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s/*", root);
	assert(system(command) == 0);
	expect(false, false, false);
	assert(!ask().unable);
}

int main(void)
{
	char command[256];

	assert(mkdtemp(root));
	snprintf(command, sizeof(command),
		 "cd %s && mkdir -p boot proc/sys/kernel "
		 "sys/kernel/security/ima sys/firmware/efi/efivars",
		 root);
	assert(system(command) == 0);
	open_kernel_to_nothing();
	lockdown_to_both();
	forced_to_file_load_alone();
	own_config_before_installed();
	secure_boot_by_ima_to_both();
	ima_policy_to_ima_signature();
	ima_built_in_policy_to_ima_signature();
	bare_machine_to_nothing();
	rmdir(root);
	return 0;
}
