/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is asked of the running kernel beyond reading files (those are in
 * lib/kernel.h): process and system calls. Hosted code only. Tests
 * link another implementation, so that none of it can be talked into
 * anything from outside.
 */
#ifndef KQ_MACHINE_H
#define KQ_MACHINE_H

#include <stdbool.h>

/**
 * kq_machine_root() - directory in front of /sys and /proc
 *
 * Return: "" on every real machine.
 */
const char *kq_machine_root(void);

/**
 * kq_machine_is_arm64() - does this machine run arm64 kernels?
 */
bool kq_machine_is_arm64(void);

/**
 * kq_machine_may_kexec() - does this process have CAP_SYS_BOOT?
 */
bool kq_machine_may_kexec(void);

/**
 * kq_machine_has_kexec_load() - is kexec_load(2) built into the kernel?
 */
bool kq_machine_has_kexec_load(void);

/**
 * kq_machine_has_kexec_file_load() - is kexec_file_load(2) built in?
 */
bool kq_machine_has_kexec_file_load(void);

/**
 * kq_machine_front_end() - path of our kexec
 *
 * Return: where it is installed on every real machine.
 */
const char *kq_machine_front_end(void);

#endif
