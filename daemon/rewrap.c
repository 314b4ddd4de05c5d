// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "daemon/rewrap.h"

#include <stdio.h>
#include <string.h>

/* What releases of kernels are made of; nothing that means much to a shell. */
#define RELEASE_LETTERS \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+~-"

bool kq_rewrap_command(const struct kq_settings *settings, const char *path,
		       char ret[KQ_REWRAP_COMMAND])
{
	const char *mark = strstr(settings->wrap_output, KQ_SETTINGS_RELEASE);
	size_t before, after, size = strlen(path), release;
	const char *end;

	if (!mark || !*settings->wrap_sign_command)
		return false;
	before = (size_t)(mark - settings->wrap_output);
	end = mark + strlen(KQ_SETTINGS_RELEASE);
	after = strlen(end);
	if (size <= before + after ||
	    strncmp(path, settings->wrap_output, before) != 0 ||
	    strcmp(path + size - after, end) != 0)
		return false;
	release = size - before - after;
	if (strspn(path + before, RELEASE_LETTERS) < release)
		return false;
	snprintf(ret, KQ_REWRAP_COMMAND, "quiescectl wrap --installed=%.*s",
		 (int)release, path + before);
	return true;
}
