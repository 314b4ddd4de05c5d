// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The input is a device tree as the old kernel or firmware left it. The
 * stage copies or refuses it; where libfdt finds nothing wrong with the
 * input, it finds nothing wrong with the copy.
 */
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "lib/report.h"
#include "purgatory/fdt.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t value[40] = { 0 }, digest[32];
	struct kq_fdt_addition addition = {
		.name = KQ_REPORT_PROPERTY,
		.value = value,
		.size = sizeof(value),
		.reserve_start = 0x90000000,
		.reserve_size = 0x1000,
	};
	size_t room = size + 200;
	uint64_t start, end;
	void *out = malloc(room);
	int r;

	if (!out)
		abort();
	kq_fdt_chosen_digest(data, size, KQ_REPORT_PROPERTY, digest);
	if (kq_fdt_initrd(data, size, &start, &end) == 0 && end < start)
		abort();
	r = kq_fdt_copy_with(data, size, out, room, &addition);
	if (r == 0 && size >= sizeof(struct fdt_header) &&
	    fdt_check_full(data, size) == 0 && fdt_check_full(out, room) != 0)
		abort();
	free(out);
	return 0;
}

size_t kq_fuzz_seed(unsigned int index, uint8_t *data)
{
	if (index > 1)
		return 0;
	fdt_create(data, 4096);
	fdt_add_reservemap_entry(data, 0x80000000, 0x1000);
	fdt_finish_reservemap(data);
	fdt_begin_node(data, "");
	fdt_property_u32(data, "#address-cells", 2);
	if (index == 1) {
		fdt_begin_node(data, "chosen");
		fdt_property_string(data, "bootargs", "quiet");
		fdt_property_u64(data, "kaslr-seed", 1);
		fdt_property_u64(data, "linux,initrd-start", 0x81000000);
		fdt_property_u64(data, "linux,initrd-end", 0x82000000);
		fdt_property_string(data, KQ_REPORT_PROPERTY, "stale");
		fdt_end_node(data);
	}
	fdt_begin_node(data, "memory@80000000");
	fdt_property_string(data, "device_type", "memory");
	fdt_end_node(data);
	fdt_end_node(data);
	fdt_finish(data);
	return fdt_totalsize(data);
}
