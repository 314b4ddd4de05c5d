// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * IORT: SMMUs, StreamIDs, reserved streams, and what is refused.
 *
 *	test-iort		all cases
 *	test-iort dump FILE	what we read from a table, one line each: for
 *				test-acpi-tables.py, which compares it with iasl
 *	test-iort write FILE	a synthetic table, for the same
 */
#undef NDEBUG
#include "config.h"

#include "lib/inventory/iort.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "lib/inventory/sysfs.h"
#include "tests/unit/acpi-build.h"

static struct kq_warnings warnings;
static struct kq_message message;
static struct kq_iort iort;

/* Opens a copy of exactly @size bytes, to be closed by close_table(). */
static int open_table(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);
	int r;

	assert(copy);
	memcpy(copy, data, size);
	memset(&message, 0, sizeof(message));
	r = kq_iort_open(copy, size, &iort, &warnings, &message);
	if (r < 0) {
		assert(strstr(message.text, "IORT") ||
		       strstr(message.text, "plan too large"));
		free(copy);
	}
	return r;
}

static void close_table(void)
{
	free((void *)iort.table);
	kq_iort_close(&iort);
	kq_warnings_fini(&warnings);
}

static int map(uint16_t segment, uint16_t rid, uint16_t *smmu, uint32_t *sid)
{
	*smmu = KQ_NONE;
	*sid = 0;
	return kq_iort_map(&iort, segment, rid, smmu, sid);
}

#define CHECK_MAP(segment, rid, want_smmu, want_sid) \
	do { \
		uint16_t smmu_; \
		uint32_t sid_; \
		assert(map(segment, rid, &smmu_, &sid_) == 0); \
		assert(smmu_ == (want_smmu) && sid_ == (want_sid)); \
	} while (0)

#define CHECK_UNMAPPED(segment, rid) \
	do { \
		uint16_t smmu_; \
		uint32_t sid_; \
		assert(map(segment, rid, &smmu_, &sid_) == -KQ_ERR_NOTFOUND); \
	} while (0)

/* The shape of QEMU's: ITS, SMMU, one root complex mapped one to one. */
static void one_smmu_one_to_one(void)
{
	struct acpi_table table;
	uint32_t smmu;

	iort_begin(&table, 0, "BOCHS ", 3);
	iort_its(&table);
	smmu = iort_smmu3(&table, 0x9050000, 1, 0);
	iort_rc(&table, 0, 1);
	iort_map(&table, 0, 0xffff, 0, smmu, 0);
	acpi_end(&table);

	assert(open_table(table.data, table.size) == 0);
	assert(iort.smmu_count == 1);
	assert(iort.smmus[0].base == 0x9050000);
	assert(iort.smmus[0].type == KQ_SMMU_V3);
	assert(iort.smmus[0].coherent);
	assert(iort.smmus[0].flags == 0);
	assert(strcmp(iort.smmus[0].model, "SMMUv3") == 0);
	CHECK_MAP(0, 0x0010, 0, 0x10);
	CHECK_MAP(0, 0x0400, 0, 0x400);
	CHECK_MAP(0, 0xffff, 0, 0xffff);
	CHECK_UNMAPPED(1, 0x10);
	assert(warnings.count == 0);
	close_table();
}

/* Builds the table the next case and the comparison with iasl use. */
static void build_mixed(struct acpi_table *table)
{
	uint32_t its, generic, hi161x, cn99xx, mmu500, mmu400;

	iort_begin(table, 0, "KQTEST", 10);
	its = iort_its(table);
	generic = iort_smmu3(table, 0x40000000, 0, 0);
	hi161x = iort_smmu3(table, 0x41000000, 1, 1);
	cn99xx = iort_smmu3(table, 0x42000000, 1, 2);
	mmu500 = iort_smmu2(table, 0x43000000, 3, 2);
	mmu400 = iort_smmu2(table, 0x44000000, 2, 0);
	iort_smmu2(table, 0x45000000, 1, 0);
	/* Segment 0: three ranges; bus ff straight to the ITS. */
	iort_rc(table, 0, 4);
	iort_map(table, 0x0000, 0x0fff, 0x10000, generic, 0);
	iort_map(table, 0x1000, 0x0fff, 0x20000, hi161x, 0);
	iort_map(table, 0x2000, 0x0fff, 0x0000, cn99xx, 0);
	iort_map(table, 0xff00, 0x00ff, 0, its, 0);
	/* Segment 1: everything is one stream. */
	iort_rc(table, 1, 1);
	iort_map(table, 0, 0, 0x77, mmu500, 1);
	/* Segment 2, in two nodes. */
	iort_rc(table, 2, 1);
	iort_map(table, 0x0000, 0x00ff, 0x100, mmu400, 0);
	iort_rc(table, 2, 1);
	iort_map(table, 0x0100, 0x00ff, 0x200, mmu500, 0);
	table->data[36] = 11;
	acpi_end(table);
}

static void many_smmus_and_ranges(void)
{
	struct acpi_table table;

	build_mixed(&table);
	assert(open_table(table.data, table.size) == 0);
	assert(iort.smmu_count == 6);
	assert(!iort.smmus[0].coherent && iort.smmus[1].coherent);
	assert(iort.smmus[1].flags == 0);
	assert(iort.smmus[2].flags == KQ_SMMU_PAGE0_ONLY);
	assert(iort.smmus[2].type == KQ_SMMU_V3);
	assert(iort.smmus[3].type == KQ_SMMU_V2 && iort.smmus[3].coherent);
	assert(iort.smmus[4].type == KQ_SMMU_V1 && !iort.smmus[4].coherent);
	assert(iort.smmus[5].type == KQ_SMMU_V2);
	assert(iort.smmus[3].flags == KQ_SMMU_MMU500);
	assert(iort.smmus[4].flags == 0 && iort.smmus[5].flags == 0);
	assert(strcmp(iort.smmus[3].model, "MMU-500") == 0);
	CHECK_MAP(0, 0x0008, 0, 0x10008);
	CHECK_MAP(0, 0x1008, 1, 0x20008);
	CHECK_MAP(0, 0x2fff, 2, 0x0fff);
	CHECK_UNMAPPED(0, 0x3000);
	CHECK_UNMAPPED(0, 0xff08);
	CHECK_MAP(1, 0x0000, 3, 0x77);
	CHECK_MAP(1, 0x1234, 3, 0x77);
	CHECK_MAP(2, 0x0012, 4, 0x112);
	CHECK_MAP(2, 0x0112, 3, 0x212);
	CHECK_UNMAPPED(2, 0x0200);
	close_table();
}

/* Ranges written with the number of IDs instead of that minus one. */
static void end_of_range_gives_way_to_start_of_next(void)
{
	struct acpi_table table;
	uint32_t a, b;

	for (int reversed = 0; reversed < 2; reversed++) {
		iort_begin(&table, 0, "KQTEST", 3);
		a = iort_smmu3(&table, 0x40000000, 0, 0);
		b = iort_smmu3(&table, 0x41000000, 0, 0);
		iort_rc(&table, 0, 2);
		if (!reversed)
			iort_map(&table, 0x000, 0x100, 0x1000, a, 0);
		iort_map(&table, 0x100, 0x100, 0x2000, b, 0);
		if (reversed)
			iort_map(&table, 0x000, 0x100, 0x1000, a, 0);
		acpi_end(&table);
		assert(open_table(table.data, table.size) == 0);
		CHECK_MAP(0, 0x0ff, 0, 0x10ff);
		CHECK_MAP(0, 0x100, 1, 0x2000);
		CHECK_MAP(0, 0x101, 1, 0x2001);
		/* Nothing starts here: the end counts after all. */
		CHECK_MAP(0, 0x200, 1, 0x2100);
		CHECK_UNMAPPED(0, 0x201);
		close_table();
	}
}

/* Two ranges that overlap for real: the first one counts. */
static void overlapping_middle_is_ignored(void)
{
	struct acpi_table table;
	uint32_t a, b;

	iort_begin(&table, 0, "KQTEST", 3);
	a = iort_smmu3(&table, 0x40000000, 0, 0);
	b = iort_smmu3(&table, 0x41000000, 0, 0);
	iort_rc(&table, 0, 2);
	iort_map(&table, 0x000, 0x100, 0x1000, a, 0);
	iort_map(&table, 0x080, 0x100, 0x2000, b, 0);
	acpi_end(&table);
	assert(open_table(table.data, table.size) == 0);
	CHECK_MAP(0, 0x090, 0, 0x1090);
	CHECK_MAP(0, 0x100, 0, 0x1100);
	CHECK_MAP(0, 0x101, 1, 0x2081);
	close_table();
}

/* No SMMU at all, or a mapping to nowhere. */
static void untranslated_root_complex(void)
{
	struct acpi_table table;
	uint32_t its;

	iort_begin(&table, 0, "KQTEST", 3);
	its = iort_its(&table);
	iort_rc(&table, 0, 1);
	iort_map(&table, 0, 0xffff, 0, its, 0);
	iort_rc(&table, 1, 1);
	iort_map(&table, 0, 0xffff, 0, 0, 0);
	acpi_end(&table);
	assert(open_table(table.data, table.size) == 0);
	assert(iort.smmu_count == 0);
	CHECK_UNMAPPED(0, 0x10);
	CHECK_UNMAPPED(1, 0x10);
	close_table();
}

/* A root complex that maps to another, which maps back. */
static void loop_ends(void)
{
	struct acpi_table table;
	uint32_t first, second;

	iort_begin(&table, 0, "KQTEST", 2);
	first = iort_rc(&table, 0, 1);
	second = first + 16 + 16 + 20;
	iort_map(&table, 0, 0xffff, 0, second, 0);
	assert(iort_rc(&table, 0, 1) == second);
	iort_map(&table, 0, 0xffff, 0, first, 0);
	acpi_end(&table);
	assert(open_table(table.data, table.size) == 0);
	CHECK_UNMAPPED(0, 0x10);
	close_table();
}

static void unknown_models_are_left_alone(void)
{
	struct acpi_table table;

	iort_begin(&table, 0, "QCOM  ", 2);
	iort_smmu2(&table, 0x15000000, 3, 0);
	iort_smmu3(&table, 0x16000000, 0, 9);
	acpi_end(&table);
	assert(open_table(table.data, table.size) == 0);
	assert(iort.smmus[0].type == KQ_SMMU_OTHER);
	assert(iort.smmus[1].type == KQ_SMMU_OTHER);
	assert(warnings.count == 2);
	assert(strstr(warnings.text[0], "0x15000000 (Qualcomm SMMU)"));
	close_table();
}

static void named_components(void)
{
	static const struct kq_inventory_component wanted[] = {
		{ 0x10, 1, 0, "\\_SB.ETH0" },
		{ 0x200, 4, 1, "\\_SB.ETH0" },
		{ 0x77, 1, 1, "\\_SB.AHCI" },
		/* StreamIDs end at 32 bits. */
		{ 0xfffffff0, 0xf, 0,
		  "...01234567.01234567.01234567.01234567.01234567" },
	};
	struct kq_components found = { 0 };
	struct acpi_table table;
	uint32_t a, b, its;

	iort_begin(&table, 5, "KQTEST", 7);
	its = iort_its(&table);
	a = iort_smmu3(&table, 0x40000000, 0, 0);
	b = iort_smmu2(&table, 0x41000000, 3, 0);
	iort_nc(&table, "\\_SB.ETH0", 3);
	iort_map(&table, 0, 9, 0x10, a, 1);
	iort_map(&table, 0, 0, 0x5, its, 0);
	iort_map(&table, 0, 3, 0x200, b, 0);
	iort_nc(&table, "\\_SB.AHCI", 1);
	iort_map(&table, 0, 0, 0x77, b, 0);
	iort_nc(&table, "\\_SB.01234567.01234567.01234567.01234567.01234567",
		1);
	iort_map(&table, 0, 0xffffffff, 0xfffffff0, a, 0);
	iort_nc(&table, "\\_SB.NONE", 0);
	acpi_end(&table);
	assert(open_table(table.data, table.size) == 0);
	assert(kq_iort_components(&iort, &found, &warnings, &message) == 0);
	assert(found.count == sizeof(wanted) / sizeof(wanted[0]));
	for (size_t i = 0; i < found.count; i++) {
		const struct kq_inventory_component *c = &found.list[i];

		assert(c->stream_id == wanted[i].stream_id);
		assert(c->count == wanted[i].count);
		assert(c->smmu == wanted[i].smmu);
		assert(strcmp(c->name, wanted[i].name) == 0);
	}
	free(found.list);
	close_table();
}

/* Names are a help: too many of them must not cost the plan. */
static void too_many_components(void)
{
	struct kq_components found = { 0 };
	struct acpi_table table;
	uint32_t smmu;

	iort_begin(&table, 5, "KQTEST", 2);
	smmu = iort_smmu3(&table, 0x40000000, 0, 0);
	iort_nc(&table, "\\_SB.DMA0", 300);
	for (uint32_t i = 0; i < 300; i++)
		iort_map(&table, 0, 0, i, smmu, 1);
	acpi_end(&table);
	assert(open_table(table.data, table.size) == 0);
	for (int i = 0; i < 4; i++)
		assert(kq_iort_components(&iort, &found, &warnings, &message) ==
		       0);
	assert(found.count == KQ_PLAN_MAX_COMPONENTS && found.full);
	assert(warnings.count == 1);
	assert(strstr(warnings.text[0], "more than 1024 devices"));
	free(found.list);
	close_table();
}

static void reserved_streams(void)
{
	struct kq_inventory_stream *streams;
	struct acpi_table table;
	uint32_t a, b;
	size_t count;

	for (uint8_t revision = 3; revision <= 5; revision += 2) {
		iort_begin(&table, revision, "KQTEST", 4);
		a = iort_smmu3(&table, 0x40000000, 0, 0);
		b = iort_smmu2(&table, 0x41000000, 3, 0);
		iort_rmr(&table, 2);
		iort_map(&table, 0, 2, 0x10, a, 0);
		iort_map(&table, 0, 5, 0x99, b, 1);
		iort_rmr(&table, 1);
		iort_map(&table, 0, 0, 0x500, b, 0);
		acpi_end(&table);
		assert(open_table(table.data, table.size) == 0);
		assert(kq_iort_reserved(&iort, &streams, &count, &message) ==
		       0);
		if (revision < 5) {
			assert(count == 0 && !streams);
			close_table();
			continue;
		}
		assert(count == 5);
		for (unsigned int i = 0; i < 3; i++)
			assert(streams[i].smmu == 0 &&
			       streams[i].stream_id == 0x10 + i);
		assert(streams[3].smmu == 1 && streams[3].stream_id == 0x99);
		assert(streams[4].smmu == 1 && streams[4].stream_id == 0x500);
		free(streams);
		close_table();
	}
}

static void too_many_reserved_streams(void)
{
	struct kq_inventory_stream *streams;
	struct acpi_table table;
	uint32_t smmu;
	size_t count;

	iort_begin(&table, 5, "KQTEST", 2);
	smmu = iort_smmu3(&table, 0x40000000, 0, 0);
	iort_rmr(&table, 1);
	iort_map(&table, 0, UINT32_MAX, 0, smmu, 0);
	acpi_end(&table);
	assert(open_table(table.data, table.size) == 0);
	assert(kq_iort_reserved(&iort, &streams, &count, &message) ==
	       -KQ_ERR_NOSPACE);
	assert(strstr(message.text, "plan too large"));
	close_table();
}

static void too_many_smmus(void)
{
	struct acpi_table table;

	iort_begin(&table, 0, "KQTEST", KQ_PLAN_MAX_SMMUS + 1);
	for (unsigned int i = 0; i <= KQ_PLAN_MAX_SMMUS; i++)
		iort_smmu3(&table, 0x40000000 + i * 0x20000, 0, 0);
	acpi_end(&table);
	assert(open_table(table.data, table.size) == -KQ_ERR_NOSPACE);
	kq_warnings_fini(&warnings);
}

/* A valid table with one field changed; the checksum is made right again. */
static const struct damage {
	const char *name;
	unsigned int at, bytes;
	uint64_t value;
	int err;
} damages[] = {
	{ "signature", 0, 1, 'X', KQ_ERR_MAGIC },
	{ "length beyond the data", 4, 4, 10000, KQ_ERR_TRUNCATED },
	{ "length below a header", 4, 4, 40, KQ_ERR_BOUNDS },
	{ "more nodes than there are", 36, 4, 4, KQ_ERR_BOUNDS },
	{ "impossibly many nodes", 36, 4, UINT32_MAX, KQ_ERR_BOUNDS },
	{ "nodes outside the table", 40, 4, 100000, KQ_ERR_BOUNDS },
	{ "nodes at the end of the address space", 40, 4, UINT32_MAX,
	  KQ_ERR_BOUNDS },
	{ "node of no length", 48 + 1, 2, 0, KQ_ERR_BOUNDS },
	{ "node too short for an SMMU", 72 + 1, 2, 20, KQ_ERR_BOUNDS },
	{ "node longer than the table", 132 + 1, 2, 1000, KQ_ERR_BOUNDS },
	{ "SMMU at zero", 72 + 16, 8, 0, KQ_ERR_VALUE },
	{ "SMMU at an odd address", 72 + 16, 8, 0x9050800, KQ_ERR_VALUE },
	{ "SMMU at the end of memory", 72 + 16, 8, 0xfffffffffffff000,
	  KQ_ERR_VALUE },
	{ "too many mappings", 132 + 8, 4, 2, KQ_ERR_BOUNDS },
	{ "mappings times size overflows", 132 + 8, 4, 0x0ccccccd,
	  KQ_ERR_BOUNDS },
	{ "mappings outside the node", 132 + 12, 4, 33, KQ_ERR_BOUNDS },
	{ "mapping offset overflows", 132 + 12, 4, UINT32_MAX, KQ_ERR_BOUNDS },
	{ "reference into a node", 164 + 12, 4, 73, KQ_ERR_BOUNDS },
	{ "reference behind the table", 164 + 12, 4, 5000, KQ_ERR_BOUNDS },
};

static void damaged_tables_are_refused(void)
{
	struct acpi_table table;

	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		const struct damage *d = &damages[i];
		uint32_t smmu;
		int r;

		iort_begin(&table, 0, "KQTEST", 3);
		assert(iort_its(&table) == 48);
		smmu = iort_smmu3(&table, 0x9050000, 1, 0);
		assert(smmu == 72);
		assert(iort_rc(&table, 0, 1) == 132);
		assert(table.size == 164);
		iort_map(&table, 0, 0xffff, 0, smmu, 0);
		acpi_end(&table);
		for (unsigned int b = 0; b < d->bytes; b++)
			table.data[d->at + b] = (uint8_t)(d->value >> 8 * b);
		acpi_checksum(table.data, table.size);
		r = open_table(table.data, table.size);
		if (r != -d->err) {
			fprintf(stderr, "%s: %d %s\n", d->name, r,
				message.text);
			abort();
		}
		assert(strstr(message.text, "malformed"));
		kq_warnings_fini(&warnings);
	}
}

static void truncated_or_flipped_is_refused(void)
{
	struct acpi_table table;

	build_mixed(&table);
	for (size_t size = 0; size < table.size; size++)
		assert(open_table(table.data, size) < 0);
	for (size_t i = 0; i < table.size; i++) {
		table.data[i] ^= 0x10;
		assert(open_table(table.data, table.size) < 0);
		table.data[i] ^= 0x10;
	}
	kq_warnings_fini(&warnings);
}

/* --- For test-acpi-tables.py --- */

static int dump(const char *path)
{
	void *data;
	size_t size;
	uint16_t smmu;
	uint32_t sid;
	int r = kq_sysfs_read("", path, &data, &size);

	assert(r == 0);
	r = kq_iort_open(data, size, &iort, &warnings, &message);
	if (r < 0) {
		printf("refused %s\n", message.text);
		free(data);
		return 0;
	}
	for (size_t i = 0; i < iort.smmu_count; i++)
		printf("smmu %" PRIx64 " %u\n", iort.smmus[i].base,
		       iort.smmus[i].type);
	for (uint16_t segment = 0; segment < 16; segment++)
		for (uint32_t rid = 0; rid < 0x10000; rid++)
			if (map(segment, (uint16_t)rid, &smmu, &sid) == 0)
				printf("map %x %x %" PRIx64 " %x\n", segment,
				       rid, iort.smmus[smmu].base, sid);
	kq_iort_close(&iort);
	kq_warnings_fini(&warnings);
	free(data);
	return 0;
}

static int write_table(const char *path)
{
	struct acpi_table table;
	FILE *file = fopen(path, "w");

	build_mixed(&table);
	assert(file);
	assert(fwrite(table.data, table.size, 1, file) == 1);
	assert(fclose(file) == 0);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "dump") == 0)
		return dump(argv[2]);
	if (argc == 3 && strcmp(argv[1], "write") == 0)
		return write_table(argv[2]);
	one_smmu_one_to_one();
	many_smmus_and_ranges();
	end_of_range_gives_way_to_start_of_next();
	overlapping_middle_is_ignored();
	untranslated_root_complex();
	loop_ends();
	unknown_models_are_left_alone();
	named_components();
	too_many_components();
	reserved_streams();
	too_many_reserved_streams();
	too_many_smmus();
	damaged_tables_are_refused();
	truncated_or_flipped_is_refused();
	return 0;
}
