// SPDX-License-Identifier: GPL-2.0-or-later
/* The stage's device tree writer, judged by libfdt. */
#include <libfdt.h>
#include <stdlib.h>

#include "lib/error.h"
#include "lib/report.h"
#include "purgatory/fdt.h"
#include "tests/sim/expect.h"

#define NAME KQ_REPORT_PROPERTY
#define ROOM (64u << 10)

static int copy_with(const void *fdt, size_t limit, void *out, size_t out_size,
		     const void *value, size_t size)
{
	struct kq_fdt_addition addition = {
		.name = NAME,
		.value = value,
		.size = size,
	};

	return kq_fdt_copy_with(fdt, limit, out, out_size, &addition);
}

/* The reservation of ours is added to those there are. */
static void reservation_added(void)
{
	static const uint8_t value[8];
	struct kq_fdt_addition addition = {
		.name = NAME,
		.value = value,
		.size = sizeof(value),
		.reserve_start = UINT64_C(0x8012345000),
		.reserve_size = 0x30000,
	};
	uint64_t in[64], out[128], start, size;

	EXPECT_EQ(fdt_create_empty_tree(in, sizeof(in)), 0);
	EXPECT_EQ(fdt_add_mem_rsv(in, 0x1000, 0x2000), 0);
	EXPECT_EQ(kq_fdt_copy_with(in, sizeof(in), out, sizeof(out), &addition),
		  0);
	EXPECT_EQ(fdt_num_mem_rsv(out), 2);
	EXPECT_EQ(fdt_get_mem_rsv(out, 0, &start, &size), 0);
	EXPECT(start == addition.reserve_start && size == 0x30000);
	EXPECT_EQ(fdt_get_mem_rsv(out, 1, &start, &size), 0);
	EXPECT(start == 0x1000 && size == 0x2000);
}

static int find_initrd(const void *fdt, uint64_t *start, uint64_t *end)
{
	return kq_fdt_initrd(fdt, fdt_totalsize(fdt), start, end);
}

/* In one cell or two, in /chosen only, both of them or none. */
static void initrd_found(void)
{
	uint64_t fdt[128], start = 1, end = 1;
	int other, chosen;

	EXPECT_EQ(fdt_create_empty_tree(fdt, sizeof(fdt)), 0);
	other = fdt_add_subnode(fdt, 0, "other");
	EXPECT_EQ(fdt_setprop_u64(fdt, other, "linux,initrd-start", 5), 0);
	EXPECT_EQ(fdt_setprop_u64(fdt, other, "linux,initrd-end", 6), 0);
	EXPECT_EQ(find_initrd(fdt, &start, &end), -KQ_ERR_NOTFOUND);
	chosen = fdt_add_subnode(fdt, 0, "chosen");
	fdt_setprop_u32(fdt, chosen, "linux,initrd-start", 0x80001000);
	EXPECT_EQ(find_initrd(fdt, &start, &end), -KQ_ERR_NOTFOUND);
	EXPECT(start == 1 && end == 1);
	fdt_setprop_u64(fdt, chosen, "linux,initrd-end", 0x180002003);
	EXPECT_EQ(find_initrd(fdt, &start, &end), 0);
	EXPECT_EQ(start, 0x80001000);
	EXPECT_EQ(end, 0x180002003);
}

static void initrd_malformed(void)
{
	uint64_t fdt[128], start = 1, end = 1;
	int chosen;

	EXPECT_EQ(fdt_create_empty_tree(fdt, sizeof(fdt)), 0);
	chosen = fdt_add_subnode(fdt, 0, "chosen");
	fdt_setprop_u64(fdt, chosen, "linux,initrd-start", 0x2000);
	fdt_setprop_u64(fdt, chosen, "linux,initrd-end", 0x1fff);
	EXPECT_EQ(find_initrd(fdt, &start, &end), -KQ_ERR_VALUE);
	fdt_setprop(fdt, chosen, "linux,initrd-end", "abcde", 5);
	EXPECT_EQ(find_initrd(fdt, &start, &end), -KQ_ERR_NOTFOUND);
	fdt_set_magic(fdt, 0);
	EXPECT_EQ(kq_fdt_initrd(fdt, sizeof(fdt), &start, &end),
		  -KQ_ERR_MAGIC);
	EXPECT(start == 1 && end == 1);
}

static uint64_t seed = 1;

/* xorshift64*: the same trees in every run. */
static uint32_t chance(uint32_t below)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (uint32_t)((seed * UINT64_C(2685821657736338717)) >> 33) % below;
}

static void *copy_of(const void *data, size_t size)
{
	void *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, data, size);
	return copy;
}

static void add_properties(void *fdt, const char *prefix)
{
	uint8_t value[64];
	char name[32];
	uint32_t count = chance(5);

	for (uint32_t i = 0; i < count; i++) {
		uint32_t size = chance(sizeof(value));

		for (uint32_t k = 0; k < size; k++)
			value[k] = (uint8_t)chance(256);
		snprintf(name, sizeof(name), "%s%u", prefix, chance(40));
		fdt_property(fdt, name, value, (int)size);
	}
}

static void add_nodes(void *fdt, uint32_t depth)
{
	uint32_t count = depth < 4 ? chance(4) : 0;
	char name[32];

	for (uint32_t i = 0; i < count; i++) {
		/* A /soc/chosen is not /chosen. */
		if (depth > 0 && chance(4) == 0)
			snprintf(name, sizeof(name), "chosen");
		else
			snprintf(name, sizeof(name), "n%u@%x", i, chance(4096));
		fdt_begin_node(fdt, name);
		add_properties(fdt, "p");
		add_nodes(fdt, depth + 1);
		fdt_end_node(fdt);
	}
}

enum chosen {
	NO_CHOSEN,
	EMPTY_CHOSEN,
	FULL_CHOSEN,
	STALE_REPORT
};

static void add_chosen(void *fdt, enum chosen chosen)
{
	static const char stale[100] = "an old report";

	fdt_begin_node(fdt, "chosen");
	if (chosen != EMPTY_CHOSEN) {
		fdt_property_string(fdt, "bootargs", "console=ttyAMA0 quiet");
		fdt_property_u64(fdt, "kaslr-seed", 0x123456789abcdef0);
	}
	if (chosen == STALE_REPORT)
		fdt_property(fdt, NAME, stale, sizeof(stale));
	if (chosen != EMPTY_CHOSEN) {
		fdt_property_u32(fdt, "linux,uefi-mmap-size", 4096);
		if (chance(2))
			add_nodes(fdt, 3);
	}
	fdt_end_node(fdt);
}

/* A random tree of exactly its size, and in @ret_size that. */
static void *random_tree(enum chosen chosen, size_t *ret_size)
{
	void *fdt = malloc(ROOM), *packed;

	if (!fdt || fdt_create(fdt, ROOM) < 0)
		abort();
	for (uint32_t i = chance(4); i > 0; i--)
		fdt_add_reservemap_entry(fdt, chance(1u << 30) & ~0xfffu,
					 0x1000u * (1 + chance(9)));
	fdt_finish_reservemap(fdt);
	fdt_begin_node(fdt, "");
	add_properties(fdt, "root");
	if (chance(2))
		add_nodes(fdt, 0);
	if (chosen != NO_CHOSEN)
		add_chosen(fdt, chosen);
	add_nodes(fdt, 0);
	fdt_end_node(fdt);
	if (fdt_finish(fdt) < 0)
		abort();
	/* NOPs are legal anywhere. */
	if (chance(3) == 0) {
		int node = fdt_first_subnode(fdt, 0);

		if (node >= 0 &&
		    strcmp(fdt_get_name(fdt, node, NULL), "chosen") != 0)
			fdt_nop_node(fdt, node);
	}
	*ret_size = fdt_totalsize(fdt);
	packed = copy_of(fdt, *ret_size);
	free(fdt);
	return packed;
}

/* Everything of @a is in @b, in order; @b may have NAME in /chosen. */
static bool same_properties(const void *a, int node_a, const void *b,
			    int node_b)
{
	int at_a = fdt_first_property_offset(a, node_a);
	int at_b = fdt_first_property_offset(b, node_b);

	for (;;) {
		const char *name_a = NULL, *name_b = NULL;
		const void *value_a = NULL, *value_b = NULL;
		int size_a = 0, size_b = 0;

		if (at_a >= 0)
			value_a = fdt_getprop_by_offset(a, at_a, &name_a,
							&size_a);
		if (at_b >= 0)
			value_b = fdt_getprop_by_offset(b, at_b, &name_b,
							&size_b);
		if (name_a && !strcmp(name_a, NAME)) {
			at_a = fdt_next_property_offset(a, at_a);
			continue;
		}
		if (name_b && !strcmp(name_b, NAME)) {
			at_b = fdt_next_property_offset(b, at_b);
			continue;
		}
		if (!name_a || !name_b)
			return !name_a && !name_b;
		if (strcmp(name_a, name_b) || size_a != size_b ||
		    memcmp(value_a, value_b, (size_t)size_a))
			return false;
		at_a = fdt_next_property_offset(a, at_a);
		at_b = fdt_next_property_offset(b, at_b);
	}
}

static bool same_tree(const void *a, const void *b, bool chosen_made)
{
	int at_a = 0, at_b = 0, depth_a = 0, depth_b = 0;

	while (at_a >= 0 && depth_a >= 0) {
		if (at_b < 0 || depth_a != depth_b ||
		    strcmp(fdt_get_name(a, at_a, NULL),
			   fdt_get_name(b, at_b, NULL)) ||
		    !same_properties(a, at_a, b, at_b))
			return false;
		at_a = fdt_next_node(a, at_a, &depth_a);
		at_b = fdt_next_node(b, at_b, &depth_b);
	}
	if (!chosen_made)
		return at_b < 0 || depth_b < 0;
	return at_b == fdt_path_offset(b, "/chosen") &&
	       (fdt_next_node(b, at_b, &depth_b) < 0 || depth_b < 0);
}

static bool same_reservations(const void *a, const void *b)
{
	uint64_t address[2], size[2];

	if (fdt_num_mem_rsv(a) != fdt_num_mem_rsv(b))
		return false;
	for (int i = 0; i < fdt_num_mem_rsv(a); i++) {
		fdt_get_mem_rsv(a, i, &address[0], &size[0]);
		fdt_get_mem_rsv(b, i, &address[1], &size[1]);
		if (address[0] != address[1] || size[0] != size[1])
			return false;
	}
	return true;
}

static void check_copy(const void *in, size_t in_size, enum chosen chosen)
{
	uint32_t value_size = chance(2000);
	size_t out_size = in_size + value_size + 128;
	uint8_t *value = malloc(value_size + 1), *out = malloc(out_size);
	const void *found;
	int size, node;

	if (!value || !out)
		abort();
	for (uint32_t i = 0; i < value_size; i++)
		value[i] = (uint8_t)chance(256);
	EXPECT_EQ(copy_with(in, in_size, out, out_size, value, value_size), 0);
	EXPECT_EQ(fdt_check_full(out, out_size), 0);
	node = fdt_path_offset(out, "/chosen");
	found = fdt_getprop(out, node, NAME, &size);
	EXPECT(found && size == (int)value_size &&
	       !memcmp(found, value, value_size));
	EXPECT(same_tree(in, out, chosen == NO_CHOSEN));
	EXPECT(same_reservations(in, out));
	EXPECT_EQ(fdt_boot_cpuid_phys(in), fdt_boot_cpuid_phys(out));
	free(value);
	free(out);
}

static void random_trees(void)
{
	for (uint32_t i = 0; i < 400; i++) {
		enum chosen chosen = i % 4;
		size_t size;
		void *in;

		seed = i + 1;
		in = random_tree(chosen, &size);
		EXPECT_EQ(fdt_check_full(in, size), 0);
		check_copy(in, size, chosen);
		free(in);
	}
}

/* Exactly as much room as it takes, and not one byte less. */
static void room_for_the_copy(void)
{
	for (uint32_t i = 0; i < 20; i++) {
		uint8_t value[100] = { 0 };
		size_t size, out_size;
		void *in, *out;

		seed = i + 1;
		in = random_tree(i % 4, &size);
		out = malloc(size + 300);
		EXPECT_EQ(copy_with(in, size, out, size + 300, value,
				    sizeof(value)),
			  0);
		out_size = fdt_totalsize(out);
		free(out);
		for (size_t room = 0; room <= out_size; room++) {
			int r;

			out = malloc(room ? room : 1);
			r = copy_with(in, size, out, room, value,
				      sizeof(value));
			EXPECT_EQ(r == 0, room == out_size);
			free(out);
		}
		free(in);
	}
}

/* Cut anywhere, a tree is refused, and nothing beyond is read. */
static void truncated(void)
{
	uint8_t digest[32], out[4096];
	size_t size;
	void *in;

	seed = 3;
	in = random_tree(FULL_CHOSEN, &size);
	for (size_t cut = 0; cut < size; cut++) {
		void *part = copy_of(in, cut);

		EXPECT(copy_with(part, cut, out, sizeof(out), "", 1) < 0);
		EXPECT(kq_fdt_chosen_digest(part, cut, NAME, digest) < 0);
		free(part);
	}
	free(in);
}

/* One word changed: refused, or a copy libfdt still understands. */
static void damaged(void)
{
	size_t accepted = 0, refused = 0;

	for (uint32_t round = 0; round < 4000; round++) {
		uint8_t value[32] = { 0 }, digest[32];
		size_t size, out_size;
		uint8_t *in, *out;
		bool sound;
		int r;

		seed = round / 40 + 1;
		in = random_tree(round / 40 % 4, &size);
		seed = round + 1000;
		chance(2);
		for (uint32_t n = 1 + chance(2); n > 0; n--) {
			uint32_t at = chance((uint32_t)size);

			if (chance(2))
				at %= 40;
			in[at] = (uint8_t)(chance(2)
						   ? chance(256)
						   : in[at] ^ 1u << chance(8));
		}
		sound = fdt_check_full(in, size) == 0;
		out_size = size + 256;
		out = malloc(out_size);
		r = copy_with(in, size, out, out_size, value, sizeof(value));
		(void)kq_fdt_chosen_digest(in, size, NAME, digest);
		if (r == 0 && sound)
			EXPECT_EQ(fdt_check_full(out, out_size), 0);
		if (r == 0)
			accepted++;
		else
			refused++;
		free(out);
		free(in);
	}
	EXPECT(accepted > 100 && refused > 500);
}

static void digest_of_chosen(void)
{
	uint8_t first[32], again[32];
	uint8_t value[64] = { 1 };
	size_t size;
	void *in, *out;
	int node;

	seed = 7;
	in = random_tree(FULL_CHOSEN, &size);
	EXPECT_EQ(kq_fdt_chosen_digest(in, size, NAME, first), 0);
	/* Our own property does not count, nor what the kernel wipes. */
	out = malloc(size + 512);
	EXPECT_EQ(copy_with(in, size, out, size + 512, value, sizeof(value)),
		  0);
	EXPECT_EQ(kq_fdt_chosen_digest(out, size + 512, NAME, again), 0);
	EXPECT(!memcmp(first, again, 32));
	node = fdt_path_offset(out, "/chosen");
	EXPECT_EQ(fdt_setprop_inplace_u64(out, node, "kaslr-seed", 0), 0);
	EXPECT_EQ(kq_fdt_chosen_digest(out, size + 512, NAME, again), 0);
	EXPECT(!memcmp(first, again, 32));
	/* The command line does. */
	EXPECT_EQ(fdt_setprop_inplace(out, node, "bootargs",
				      "console=ttyAMA1 quiet", 22),
		  0);
	EXPECT_EQ(kq_fdt_chosen_digest(out, size + 512, NAME, again), 0);
	EXPECT(memcmp(first, again, 32));
	free(in);
	free(out);
}

/* A length that wraps around when it is added to anything. */
static void endless_property(void)
{
	uint8_t out[4096], digest[32];
	size_t size;
	uint32_t *in;
	int at;

	for (uint32_t length = 0xffffff00; length != 0; length += 4) {
		seed = 9;
		in = random_tree(FULL_CHOSEN, &size);
		at = fdt_first_property_offset(in,
					       fdt_path_offset(in, "/chosen"));
		at += fdt_off_dt_struct(in);
		in[at / 4 + 1] = cpu_to_fdt32(length);
		EXPECT_EQ(copy_with(in, size, out, sizeof(out), "", 1),
			  -KQ_ERR_BOUNDS);
		EXPECT_EQ(kq_fdt_chosen_digest(in, size, NAME, digest),
			  -KQ_ERR_BOUNDS);
		free(in);
	}
}

static void header_that_is_not_ours(void)
{
	uint8_t out[4096];
	uint32_t *in;
	size_t size;

	seed = 9;
	in = random_tree(FULL_CHOSEN, &size);
	fdt_set_magic(in, 0xd00dfeee);
	EXPECT_EQ(copy_with(in, size, out, sizeof(out), "", 1), -KQ_ERR_MAGIC);
	fdt_set_magic(in, FDT_MAGIC);
	fdt_set_version(in, 16);
	EXPECT_EQ(copy_with(in, size, out, sizeof(out), "", 1),
		  -KQ_ERR_VERSION);
	fdt_set_version(in, 18);
	EXPECT_EQ(copy_with(in, size, out, sizeof(out), "", 1), 0);
	fdt_set_last_comp_version(in, 18);
	EXPECT_EQ(copy_with(in, size, out, sizeof(out), "", 1),
		  -KQ_ERR_VERSION);
	fdt_set_last_comp_version(in, 16);
	fdt_set_totalsize(in, (uint32_t)size + 1);
	EXPECT_EQ(copy_with(in, size, out, sizeof(out), "", 1),
		  -KQ_ERR_TRUNCATED);
	free(in);
}

/* A name without end in sight would be read for every property again. */
static void long_name(void)
{
	for (unsigned int size = 255; size <= 256; size++) {
		static char name[257];
		static uint64_t fdt[512], out[1024];
		uint8_t digest[32];

		memset(name, 'n', size);
		EXPECT(fdt_create_empty_tree(fdt, sizeof(fdt)) == 0);
		EXPECT(fdt_setprop(fdt, 0, name, "", 0) == 0);
		EXPECT_EQ(kq_fdt_chosen_digest(fdt, sizeof(fdt), NAME, digest),
			  size < 256 ? 0 : -KQ_ERR_BOUNDS);
		EXPECT_EQ(copy_with(fdt, sizeof(fdt), out, sizeof(out), "x", 1),
			  size < 256 ? 0 : -KQ_ERR_BOUNDS);
	}
}

static const struct test_case cases[] = {
	CASE(random_trees),	 CASE(reservation_added),
	CASE(room_for_the_copy), CASE(truncated),
	CASE(damaged),		 CASE(digest_of_chosen),
	CASE(endless_property),	 CASE(header_that_is_not_ours),
	CASE(long_name),	 CASE(initrd_found),
	CASE(initrd_malformed),
};

TEST_MAIN(cases)
