/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KQ_NEW_FILE_H
#define KQ_NEW_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/message.h"

/* A file that appears under its name only when it is complete. */
struct kq_new_file {
	const char *path;
	char *temporary;
	int fd;
};

/**
 * kq_new_file_create() - start writing a file
 * @path:    where it shall appear, a new name or that of a regular file; must
 *           outlive @ret
 * @ret:     result; finish with _commit(), release it with _fini()
 * @message: why it failed
 *
 * Return: 0; -KQ_ERR_SYSTEM; -KQ_ERR_NOMEM.
 */
int kq_new_file_create(const char *path, struct kq_new_file *ret,
		       struct kq_message *message);

/**
 * kq_new_file_commit() - put the file in place, on disk and at once
 *
 * Return: 0; -KQ_ERR_SYSTEM.
 */
int kq_new_file_commit(struct kq_new_file *file, struct kq_message *message);

/**
 * kq_new_file_write() - write a whole file, on disk and at once
 * @path: as for kq_new_file_create()
 * @mode: its permissions
 *
 * Return: 0; -KQ_ERR_SYSTEM; -KQ_ERR_NOMEM.
 */
int kq_new_file_write(const char *path, mode_t mode, const void *data,
		      size_t size, struct kq_message *message);

/**
 * kq_write_all() - write all of some data where a file descriptor stands
 *
 * Return: false, with errno set, if that failed in the middle.
 */
bool kq_write_all(int fd, const void *data, size_t size);

/**
 * kq_new_file_replace() - put a finished file in place, on disk and at once
 * @from: a file that somebody else has written, on the same file system
 * @path: as for kq_new_file_create()
 *
 * Return: 0; -KQ_ERR_SYSTEM.
 */
int kq_new_file_replace(const char *from, const char *path,
			struct kq_message *message);

/**
 * kq_new_file_fini() - close; removes what was not committed
 */
void kq_new_file_fini(struct kq_new_file *file);

#endif
