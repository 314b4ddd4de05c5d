/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the front end tells people. */
#ifndef KQ_KEXEC_DESCRIBE_H
#define KQ_KEXEC_DESCRIBE_H

#include <stdio.h>

#include "kexec/load.h"

/**
 * kq_describe_help() - our part of --help
 */
void kq_describe_help(FILE *out);

/**
 * kq_describe_summary() - one line about a load, without the newline
 */
void kq_describe_summary(FILE *out, const struct kq_load *load);

/**
 * kq_describe_load() - everything about a load, for --quiesce-dry-run
 * @out:      stream
 * @options:  the command line
 * @settings: what it asks for
 * @load:     from kq_load_prepare()
 */
void kq_describe_load(FILE *out, const struct kq_options *options,
		      const struct kq_settings *settings,
		      const struct kq_load *load);

#endif
