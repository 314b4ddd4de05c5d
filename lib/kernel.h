/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the running kernel's files say about loading a kernel. The front end
 * refuses by these answers and quiescectl doctor reports them, so that both
 * always agree. Hosted code only; what is no file is in lib/machine.h.
 *
 * All take @root: "" or the directory of a captured or made-up machine. All
 * return -KQ_ERR_NOTFOUND if the file is not there, which mostly means a
 * kernel without the feature, -KQ_ERR_SYSTEM if it cannot be read and
 * -KQ_ERR_VALUE if it does not look as expected; nothing is returned then.
 */
#ifndef KQ_KERNEL_H
#define KQ_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

/* Room for the name of a lockdown mode. */
#define KQ_LOCKDOWN_TEXT 32

/**
 * kq_kernel_load_disabled() - does sysctl kernel.kexec_load_disabled forbid?
 * @ret: true if no kernel can be loaded until the next reboot
 *
 * Source: Linux, Documentation/admin-guide/sysctl/kernel.rst.
 * Return: 0 or an error as above.
 */
int kq_kernel_load_disabled(const char *root, bool *ret);

/**
 * kq_kernel_loads_left() - how often can a kernel still be loaded?
 * @crash: a crash kernel (sysctl kernel.kexec_load_limit_panic) or another
 *         one (kernel.kexec_load_limit_reboot)
 * @ret:   that many times; negative: no limit
 *
 * Source: Linux, Documentation/admin-guide/sysctl/kernel.rst.
 * Return: 0 or an error as above; kernels before 6.3 know no limit.
 */
int kq_kernel_loads_left(const char *root, bool crash, long long *ret);

/**
 * kq_kernel_lockdown() - the active lockdown mode
 * @ret_mode: "none", "integrity" or "confidentiality"; in the last two the
 *            kernel takes signed images only
 *
 * Return: 0 or an error as above.
 */
int kq_kernel_lockdown(const char *root, char ret_mode[KQ_LOCKDOWN_TEXT]);

/* What this kernel demands of an image before it loads it. */
struct kq_signing {
	bool pe; /* kexec_file_load(2): a PE signature it trusts */
	bool ima; /* kexec_file_load(2): one in the file's security.ima */
	bool no_load; /* kexec_load(2) is forbidden */
	bool unable; /* it cannot check PE signatures, so none is trusted */
	char why[160]; /* for people; empty if nothing is demanded */
};

/**
 * kq_kernel_signing() - which signatures does this kernel demand?
 * @ret: what could be found out; what could not counts as not demanded
 *
 * Looks at lockdown, at the kernel's configuration if it is in
 * /proc/config.gz, /boot or /lib/modules (CONFIG_KEXEC_SIG_FORCE), at Secure
 * Boot, which makes IMA's architecture policy insist on signatures, and at
 * IMA's policy if it can be read.
 *
 * Source: Linux, kimage_validate_signature() in kernel/kexec_file.c;
 * ima_load_data() and ima_efi.c in security/integrity/ima.
 */
void kq_kernel_signing(const char *root, struct kq_signing *ret);

/**
 * kq_kernel_crash_size() - memory reserved for a crash kernel
 * @ret: bytes, 0 if none are
 *
 * Return: 0 or an error as above.
 */
int kq_kernel_crash_size(const char *root, uint64_t *ret);

/**
 * kq_kernel_loaded() - is a kernel loaded?
 * @crash: a crash kernel (kexec -p), or one for an orderly kexec (kexec -l)
 * @ret:   the answer
 *
 * Return: 0 or an error as above.
 */
int kq_kernel_loaded(const char *root, bool crash, bool *ret);

#endif
