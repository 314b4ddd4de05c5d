/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KQ_REWRAP_H
#define KQ_REWRAP_H

#include <limits.h>
#include <stdbool.h>

#include "lib/settings.h"

#define KQ_REWRAP_COMMAND (PATH_MAX + 64)

/**
 * kq_rewrap_command() - the command that writes a signed image anew
 * @settings: their wrap-output says which files are written by us
 * @path:     the image that is loaded
 * @ret:      a line for the shell
 *
 * Return: false if @path is none of these files: then whoever has signed it
 * has to do so again.
 */
bool kq_rewrap_command(const struct kq_settings *settings, const char *path,
		       char ret[KQ_REWRAP_COMMAND]);

#endif
