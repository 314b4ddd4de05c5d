// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Input: a report (or a device tree with one), as quiescectl report reads
 * it. Whatever kq_report_check() lets through must print, in every form.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/ctl-json.h"
#include "daemon/ctl-report.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/report-fixture.h"

static void print(const struct kq_found_report *found, FILE *out)
{
	json_t *json = kq_report_json(found, "fuzz");

	if (!json || json_object_size(json) == 0)
		abort();
	kq_json_print(json, out);
	kq_report_print(found, false, out);
	kq_report_print(found, true, out);
}

/* Nothing may reach a terminal but printable ASCII and line ends. */
static void check_text(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (text[i] != '\n' && (text[i] < 0x20 || text[i] > 0x7e))
			abort();
}

static void show(const uint8_t *data, size_t size)
{
	struct kq_found_report found = { 0 };
	struct kq_message message;
	size_t text_size;
	char *text;
	FILE *out;

	if (kq_found_report_parse(data, size, &found, &message) < 0)
		return;
	out = open_memstream(&text, &text_size);
	if (!out)
		abort();
	print(&found, out);
	fclose(out);
	check_text(text, text_size);
	free(text);
	kq_found_report_fini(&found);
}

/* The same with the frame and the digest made right. */
static void show_repaired(const uint8_t *data, size_t size)
{
	struct kq_report_header *report = malloc(size);

	if (!report)
		abort();
	memcpy(report, data, size);
	memcpy(report->magic, KQ_REPORT_MAGIC, sizeof(report->magic));
	report->version = KQ_REPORT_VERSION;
	report->header_size = sizeof(*report);
	if (report->total_size < sizeof(*report) || report->total_size > size)
		report->total_size = (uint32_t)size;
	kq_report_seal(report);
	show((const uint8_t *)report, size);
	free(report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	show(data, size);
	if (size >= sizeof(struct kq_report_header))
		show_repaired(data, size);
	return 0;
}

size_t kq_fuzz_seed(unsigned int index, uint8_t *data)
{
	struct kq_report_header *report;
	void *fdt = NULL;
	size_t size;

	switch (index) {
	case 0:
		report = kq_fixture_crash();
		break;
	case 1:
		report = kq_fixture_orderly();
		break;
	case 2:
		report = kq_fixture_refused();
		break;
	case 3:
		report = kq_fixture_quiet();
		fdt = kq_fixture_fdt(report, "console=x", &size);
		memcpy(data, fdt, size);
		free(fdt);
		free(report);
		return size;
	default:
		return 0;
	}
	size = report->total_size;
	memcpy(data, report, size);
	free(report);
	return size;
}
