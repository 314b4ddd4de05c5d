/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comparison with files under tests/data. */
#ifndef KQ_TEST_GOLDEN_H
#define KQ_TEST_GOLDEN_H

#include <stddef.h>

/**
 * golden_compare() - end the test unless a text is what it should be
 * @name: file below tests/data/ctl
 * @text: what the program printed
 * @size: its bytes
 *
 * With KQ_UPDATE_GOLDEN=1 in the environment the file is written anew, to be
 * read by a person before it is committed.
 */
void golden_compare(const char *name, const char *text, size_t size);

#endif
