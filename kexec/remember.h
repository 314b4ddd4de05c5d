/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps the record of what is loaded (lib/record.h) true. */
#ifndef KQ_KEXEC_REMEMBER_H
#define KQ_KEXEC_REMEMBER_H

#include "kexec/child.h"
#include "kexec/load.h"
#include "kexec/options.h"
#include "lib/record.h"

/**
 * kq_remember_files() - note which files a load is about to read
 * @record: result: its kernel and initrd
 *
 * Comes before they are read: a file that is replaced meanwhile then counts
 * as changed since the load.
 */
void kq_remember_files(const struct kq_options *options,
		       struct kq_record *record);

/**
 * kq_remember_load() - record a quiesced load
 * @record:   from kq_remember_files()
 * @options:  the command line
 * @settings: what it asked for
 * @load:     what was loaded
 * @outcome:  of the stock kexec; only a success is recorded
 *
 * Failing to do so is told on standard error and no more: the kernel is
 * loaded.
 */
void kq_remember_load(struct kq_record *record,
		      const struct kq_options *options,
		      const struct kq_settings *settings,
		      const struct kq_load *load,
		      const struct kq_outcome *outcome);

/**
 * kq_remember_other() - forget what another load or an unload replaced
 * @options: of the stock kexec that ran
 * @outcome: of it
 */
void kq_remember_other(const struct kq_options *options,
		       const struct kq_outcome *outcome);

#endif
