// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "daemon/ctl-table.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"

#define GAP 2 /* spaces between two columns */

struct kq_table {
	size_t columns;
	size_t count; /* cells so far, titles included */
	size_t room;
	bool lost; /* a cell could not be stored */
	char **cells;
};

struct kq_table *kq_table_new(const char *const *titles)
{
	struct kq_table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	while (titles[table->columns])
		table->columns++;
	for (size_t i = 0; i < table->columns; i++)
		kq_table_cell(table, "%s", titles[i]);
	return table;
}

static bool make_room(struct kq_table *table)
{
	size_t room = table->room ? 2 * table->room : 64;
	char **cells;

	if (table->count < table->room)
		return true;
	cells = reallocarray(table->cells, room, sizeof(*cells));
	if (!cells)
		return false;
	table->cells = cells;
	table->room = room;
	return true;
}

void kq_table_cell(struct kq_table *table, const char *format, ...)
{
	char *text = NULL;
	va_list args;
	int r;

	if (!table)
		return;
	va_start(args, format);
	r = vasprintf(&text, format, args);
	va_end(args);
	if (r < 0 || !make_room(table)) {
		if (r >= 0)
			free(text);
		table->lost = true;
		return;
	}
	table->cells[table->count++] = text;
}

static size_t column_width(const struct kq_table *table, size_t column)
{
	size_t width = 0;

	for (size_t i = column; i < table->count; i += table->columns)
		if (strlen(table->cells[i]) > width)
			width = strlen(table->cells[i]);
	return width;
}

/* No spaces behind the last text of a line: empty cells pad lazily. */
static void print_row(const struct kq_table *table, const size_t *widths,
		      size_t first, FILE *out)
{
	size_t pending = 0;

	for (size_t i = 0; i < table->columns; i++) {
		const char *cell = "";

		if (first + i < table->count)
			cell = table->cells[first + i];
		if (*cell) {
			fprintf(out, "%*s%s", (int)pending, "", cell);
			pending = 0;
		}
		pending += widths[i] - strlen(cell) + GAP;
	}
	fputc('\n', out);
}

int kq_table_print(const struct kq_table *table, FILE *out)
{
	size_t *widths;

	if (!table || table->lost)
		return -KQ_ERR_NOMEM;
	widths = calloc(table->columns, sizeof(*widths));
	if (!widths)
		return -KQ_ERR_NOMEM;
	for (size_t i = 0; i < table->columns; i++)
		widths[i] = column_width(table, i);
	for (size_t i = 0; i < table->count; i += table->columns)
		print_row(table, widths, i, out);
	free(widths);
	return 0;
}

void kq_table_free(struct kq_table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i]);
	free(table->cells);
	free(table);
}
