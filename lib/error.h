/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Error codes of lib/ and purgatory/. Functions return 0 or -enum kq_err. */
#ifndef KQ_ERROR_H
#define KQ_ERROR_H

enum kq_err {
	/* A magic number is missing: this is not the thing it should be. */
	KQ_ERR_MAGIC = 1,
	/* The format's version is not the one this program was built for. */
	KQ_ERR_VERSION,
	/* The data ends before its own header says it does. */
	KQ_ERR_TRUNCATED,
	/* An offset, count or size points outside the data or overflows. */
	KQ_ERR_BOUNDS,
	/* The checksum does not match the content. */
	KQ_ERR_CHECKSUM,
	/* A field holds a value that its format does not allow. */
	KQ_ERR_VALUE,
	/* There is no room left in the buffer or table. */
	KQ_ERR_NOSPACE,
	/* What was looked for does not exist. */
	KQ_ERR_NOTFOUND,
	/* The hardware or file does not offer what was asked. */
	KQ_ERR_NOTSUP,
	/* Hardware did not answer within its time. */
	KQ_ERR_TIMEOUT,
	/* The access was aborted or read as all ones. */
	KQ_ERR_UNREACHABLE,
	/* Memory could not be allocated (hosted code only). */
	KQ_ERR_NOMEM,
	/* A system call failed; errno says why (hosted code only). */
	KQ_ERR_SYSTEM,
	KQ_ERR_COUNT
};

/**
 * kq_strerror() - a short English phrase for an error code
 * @err: a return value of this library: 0 or -enum kq_err
 *
 * Return: a constant string, never NULL.
 */
const char *kq_strerror(int err);

#endif
