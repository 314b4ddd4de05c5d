// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Input: one byte whose bit i cuts function i's config space to 64 bytes;
 * then, for a root port, a PF, its VF, a PCI bridge and a function behind
 * that, the parts of config space where something is (see windows[]).
 * Whatever devices say, the plan must build: the machine is not at fault.
 */
#include "config.h"

#include <linux/pci_regs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/plan-build.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/captured.h"

#define FUNCTION_COUNT 5

/* Header and capabilities; extended capabilities; the very end. */
static const struct window {
	unsigned int offset, size;
} windows[] = { { 0, 0xc0 }, { 0x100, 0x80 }, { 0xfc0, 0x40 } };

#define WINDOW_COUNT (sizeof(windows) / sizeof(windows[0]))

static struct captured tree;
static struct captured_function functions[FUNCTION_COUNT];

static void make_functions(void)
{
	struct captured_function *fn = functions;

	captured_function_begin(&fn[0], "pci0000:00", "0000:00:01.0", 1, 1);
	captured_bridge(&fn[0], 1);
	captured_express(&fn[0], PCI_EXP_TYPE_ROOT_PORT, 0);
	captured_function_begin(&fn[1], "pci0000:00/0000:00:01.0",
				"0000:01:00.0", 0x8086, 0x10c9);
	captured_express(&fn[1], PCI_EXP_TYPE_ENDPOINT, 1);
	captured_set(&fn[1], 0x100, 4, 0x140 << 20 | 1 << 16 | 1);
	captured_set(&fn[1], 0x140, 4,
		     0x160 << 20 | 1 << 16 | PCI_EXT_CAP_ID_SRIOV);
	captured_set(&fn[1], 0x160, 4, 1 << 16 | PCI_EXT_CAP_ID_DPC);
	captured_function_begin(&fn[2], "pci0000:00/0000:00:01.0",
				"0000:01:10.0", 0xffff, 0xffff);
	captured_express(&fn[2], PCI_EXP_TYPE_ENDPOINT, 1);
	captured_function_begin(&fn[3], "pci0000:00", "0000:00:02.0", 2, 2);
	captured_bridge(&fn[3], 2);
	captured_express(&fn[3], PCI_EXP_TYPE_PCI_BRIDGE, 0);
	captured_function_begin(&fn[4], "pci0000:00/0000:00:02.0",
				"0000:02:00.0", 3, 3);
	captured_capability(&fn[4], PCI_CAP_ID_AF, 0x80);
	captured_set(&fn[4], 0x80 + PCI_AF_CAP, 1,
		     PCI_AF_CAP_TP | PCI_AF_CAP_FLR);
}

static void remove_tree(void)
{
	captured_end(&tree);
}

static void make_tree(void)
{
	if (tree.root[0])
		return;
	captured_begin(&tree);
	atexit(remove_tree);
	make_functions();
	for (int i = 0; i < FUNCTION_COUNT; i++)
		captured_add(&tree, &functions[i]);
	captured_pointer(&tree, &functions[2], "physfn", "../0000:01:00.0");
}

/* Takes what there is of the input for one function's windows. */
static void take_config(struct captured_function *fn, const uint8_t **data,
			size_t *size)
{
	for (size_t i = 0; i < WINDOW_COUNT; i++) {
		size_t n = windows[i].size < *size ? windows[i].size : *size;

		memcpy(fn->config + windows[i].offset, *data, n);
		*data += n;
		*size -= n;
	}
}

static void put_config(const struct captured_function *fn, size_t size)
{
	char path[256];

	snprintf(path, sizeof(path), "sys/devices/%s/%s/config", fn->above,
		 fn->bdf);
	captured_file(&tree, path, fn->config, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kq_inventory *inventory;
	struct kq_settings settings;
	struct kq_plan_header *plan;
	struct kq_message message;

	uint8_t cut = size > 0 ? data[0] : 0;

	make_tree();
	data += size > 0;
	size -= size > 0;
	for (size_t i = 0; i < FUNCTION_COUNT; i++) {
		take_config(&functions[i], &data, &size);
		put_config(&functions[i], cut >> i & 1 ? 64 : 4096);
	}
	if (kq_inventory_collect(tree.root, &inventory, &message) < 0) {
		fprintf(stderr, "%s\n", message.text);
		abort();
	}
	/* A short file looks like one that only root may read in full. */
	inventory->incomplete = false;
	kq_settings_init(&settings);
	if (kq_plan_build(inventory, &settings, KQ_PLAN_CRASH, NULL, &plan,
			  NULL, &message) < 0) {
		fprintf(stderr, "%s\n", message.text);
		abort();
	}
	free(plan);
	kq_inventory_free(inventory);
	return 0;
}

size_t kq_fuzz_seed(unsigned int index, uint8_t *data)
{
	size_t size = 0;

	if (index > 1)
		return 0;
	make_functions();
	/* The second one: a capability that ends behind the end. */
	if (index == 1) {
		captured_set(&functions[1], 0x160, 4,
			     0xfd0u << 20 | 1 << 16 | PCI_EXT_CAP_ID_DPC);
		captured_set(&functions[1], 0xfd0, 4,
			     1 << 16 | PCI_EXT_CAP_ID_ERR);
	}
	data[size++] = 0;
	for (size_t i = 0; i < FUNCTION_COUNT; i++)
		for (size_t k = 0; k < WINDOW_COUNT; k++) {
			memcpy(data + size,
			       functions[i].config + windows[k].offset,
			       windows[k].size);
			size += windows[k].size;
		}
	return size;
}
