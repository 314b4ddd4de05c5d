/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that the stock kexec reads by a descriptor it inherits, as
 * /proc/self/fd/N. They stay open across exec, and are none of stdin, stdout
 * and stderr.
 */
#ifndef KQ_KEXEC_PASSED_H
#define KQ_KEXEC_PASSED_H

#include "lib/message.h"

/**
 * kq_passed_copy() - a descriptor to pass on, of a file that is open
 * @message: why it failed
 *
 * Return: file descriptor; -KQ_ERR_SYSTEM.
 */
int kq_passed_copy(int fd, struct kq_message *message);

/**
 * kq_passed_memfd() - an empty file in memory
 * @message: why it failed
 *
 * Return: file descriptor; -KQ_ERR_SYSTEM.
 */
int kq_passed_memfd(struct kq_message *message);

/**
 * kq_passed_seal() - make a finished memfd unchangeable
 *
 * Return: 0; -KQ_ERR_SYSTEM.
 */
int kq_passed_seal(int fd, struct kq_message *message);

#endif
