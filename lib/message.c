// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "lib/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* What users and firmware wrote is quoted: it must not break the line. */
static void make_one_line(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == '\177')
			*text = '?';
}

int kq_fail(struct kq_message *message, int err, const char *format, ...)
{
	va_list args;

	if (message) {
		va_start(args, format);
		vsnprintf(message->text, sizeof(message->text), format, args);
		va_end(args);
		make_one_line(message->text);
	}
	return -err;
}

void kq_warn(struct kq_warnings *warnings, const char *format, ...)
{
	char **lines;
	char *line;
	va_list args;
	int n;

	if (!warnings)
		return;
	va_start(args, format);
	n = vasprintf(&line, format, args);
	va_end(args);
	if (n < 0)
		return;
	make_one_line(line);
	lines = reallocarray(warnings->text, warnings->count + 1,
			     sizeof(*lines));
	if (!lines) {
		free(line);
		return;
	}
	lines[warnings->count++] = line;
	warnings->text = lines;
}

void kq_warnings_fini(struct kq_warnings *warnings)
{
	for (size_t i = 0; i < warnings->count; i++)
		free(warnings->text[i]);
	free(warnings->text);
	warnings->text = NULL;
	warnings->count = 0;
}
