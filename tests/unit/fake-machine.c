// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lib/machine.c for tests: a machine whose /sys and /proc lie below
 * $KQ_TEST_ROOT, whose front end is $KQ_TEST_FRONT_END, and which lacks what $KQ_TEST_LACKS names (words: arm64,
 * permission, kexec_load, kexec_file_load).
 */
#include "config.h"

#include "lib/machine.h"

#include <stdlib.h>
#include <string.h>

static bool lacks(const char *word)
{
	const char *list = getenv("KQ_TEST_LACKS");
	const char *at = list;
	size_t length = strlen(word);

	while (at && (at = strstr(at, word)) != NULL) {
		if ((at == list || at[-1] == ' ') &&
		    (at[length] == '\0' || at[length] == ' '))
			return true;
		at += length;
	}
	return false;
}

const char *kq_machine_root(void)
{
	const char *root = getenv("KQ_TEST_ROOT");

	return root ? root : "/nonexistent";
}

const char *kq_machine_front_end(void)
{
	const char *path = getenv("KQ_TEST_FRONT_END");

	return path ? path : "/nonexistent";
}

bool kq_machine_is_arm64(void)
{
	return !lacks("arm64");
}

bool kq_machine_may_kexec(void)
{
	return !lacks("permission");
}

bool kq_machine_has_kexec_load(void)
{
	return !lacks("kexec_load");
}

bool kq_machine_has_kexec_file_load(void)
{
	return !lacks("kexec_file_load");
}
