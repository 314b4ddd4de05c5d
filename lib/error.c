// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/error.h"

#include <stddef.h>

static const char *const messages[KQ_ERR_COUNT] = {
	[0] = "success",
	[KQ_ERR_MAGIC] = "wrong magic number",
	[KQ_ERR_VERSION] = "unsupported version",
	[KQ_ERR_TRUNCATED] = "truncated",
	[KQ_ERR_BOUNDS] = "an offset or count points outside the data",
	[KQ_ERR_CHECKSUM] = "checksum mismatch",
	[KQ_ERR_VALUE] = "a field holds a value that is not allowed",
	[KQ_ERR_NOSPACE] = "not enough room",
	[KQ_ERR_NOTFOUND] = "not found",
	[KQ_ERR_NOTSUP] = "not supported",
	[KQ_ERR_TIMEOUT] = "timed out",
	[KQ_ERR_UNREACHABLE] = "unreachable",
	[KQ_ERR_NOMEM] = "out of memory",
	[KQ_ERR_SYSTEM] = "system call failed",
};

const char *kq_strerror(int err)
{
	if (err > 0 || err <= -KQ_ERR_COUNT || !messages[-err])
		return "unknown error";
	return messages[-err];
}
