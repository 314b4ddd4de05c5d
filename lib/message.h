/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sentences for people. Library code never prints: it fills a message with
 * the one line that its caller shows, or adds to a list of warnings.
 * Hosted code only.
 */
#ifndef KQ_MESSAGE_H
#define KQ_MESSAGE_H

#include <stddef.h>

/* One line without a newline or a program name in front. */
struct kq_message {
	char text[512];
};

/* Lines that do not stop the work. Zero-initialised is empty. */
struct kq_warnings {
	char **text;
	size_t count;
};

/**
 * kq_fail() - say why something failed
 * @message: where the sentence goes; may be NULL
 * @err:     enum kq_err, positive
 * @format:  printf format of the sentence
 *
 * Return: -@err, so that callers can write `return kq_fail(...)`.
 */
int kq_fail(struct kq_message *message, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * kq_warn() - add a line to a list of warnings
 * @warnings: list; NULL drops the line
 * @format:   printf format of the line
 *
 * A line that no memory can be had for is dropped: warnings are a help, not
 * a result.
 */
void kq_warn(struct kq_warnings *warnings, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * kq_warnings_fini() - free the lines and make the list empty
 */
void kq_warnings_fini(struct kq_warnings *warnings);

#endif
