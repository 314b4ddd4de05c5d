// SPDX-License-Identifier: GPL-2.0-or-later
/* What hosted programs know of the CPU; the stage has its own answer. */
#include "lib/sha256-blocks.h"

#ifdef __aarch64__
#include <asm/hwcap.h>
#include <sys/auxv.h>

bool kq_sha256_has_instructions(void)
{
	return getauxval(AT_HWCAP) & HWCAP_SHA2;
}
#else
bool kq_sha256_has_instructions(void)
{
	return false;
}
#endif
