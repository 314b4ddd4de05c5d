/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must be true before the stock kexec may run: the kernel frees the
 * crash image it has before it looks at a new one, so a load that is going
 * to be refused must not be tried.
 */
#ifndef KQ_KEXEC_CHECKS_H
#define KQ_KEXEC_CHECKS_H

#include <stdbool.h>
#include <stdint.h>

#include "kexec/options.h"
#include "lib/image/signed.h"
#include "lib/message.h"

/**
 * kq_check_machine() - is this a machine the stage can run on?
 *
 * Return: 0; -KQ_ERR_NOTSUP.
 */
int kq_check_machine(struct kq_message *message);

/**
 * kq_check_permission() - will the kernel let us load, and by which syscall?
 * @options: says crash kernel or not, and which syscall was asked for
 * @image:   the image if it is a signed one, else none
 * @purgatory: purgatory shall verify, which only kexec_load(2) has
 * @ret_syscall: which it will be; KQ_SYSCALL_ANY or _AUTO, as it was asked
 *           for, if both will do and the stock kexec may choose
 * @message: what forbids it and what to do
 *
 * Looks at CAP_SYS_BOOT, the sysctls kexec_load_disabled and
 * kexec_load_limit_*, the syscalls the kernel has and the signatures it
 * insists on.
 *
 * Return: 0; -KQ_ERR_NOTSUP.
 */
int kq_check_permission(const struct kq_options *options,
			const struct kq_signed_image *image, bool purgatory,
			enum kq_syscall_choice *ret_syscall,
			struct kq_message *message);

/**
 * kq_check_crash_memory() - is the memory for a crash kernel large enough?
 * @image_size: memory the quiesce image needs
 * @initrd:     path of the initrd, or NULL
 * @message:    how much is missing and what to do
 *
 * Return: 0; -KQ_ERR_NOTFOUND nothing is reserved; -KQ_ERR_NOSPACE;
 * -KQ_ERR_SYSTEM the initrd cannot be read.
 */
int kq_check_crash_memory(uint64_t image_size, const char *initrd,
			  struct kq_message *message);

#endif
