/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables in columns for people. */
#ifndef KQ_CTL_TABLE_H
#define KQ_CTL_TABLE_H

#include <stdio.h>

struct kq_table;

/**
 * kq_table_new() - start a table
 * @titles: the column titles, ended by NULL
 *
 * Return: the table, or NULL when there is no memory.
 */
struct kq_table *kq_table_new(const char *const *titles);

/**
 * kq_table_cell() - append a cell; a row is full after the last column
 * @table:  the table; NULL is ignored
 * @format: printf format of the cell's text
 */
void kq_table_cell(struct kq_table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * kq_table_print() - write the table, every column as wide as it needs
 * @table: the table
 * @out:   where to
 *
 * Return: 0; -KQ_ERR_NOMEM if any cell was lost to a lack of memory.
 */
int kq_table_print(const struct kq_table *table, FILE *out);

/* Takes NULL too. */
void kq_table_free(struct kq_table *table);

#endif
