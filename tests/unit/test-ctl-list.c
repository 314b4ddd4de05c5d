// SPDX-License-Identifier: GPL-2.0-or-later
/* quiescectl list and plan on the captured tree of QEMU's virt machine. */
#undef NDEBUG
#include "config.h"

#include <assert.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/ctl.h"
#include "tests/unit/captured.h"
#include "tests/unit/golden.h"

#define MAX_ARGS 8

static struct captured tree;

/* Runs quiescectl WORDS --root=TREE; the words end with NULL. */
static char *run(int expected, const char *const *words, size_t *size)
{
	char *argv[MAX_ARGS + 3] = { strdup("quiescectl") };
	char *text = NULL;
	FILE *out = open_memstream(&text, size);
	int argc = 1, status;

	assert(out);
	for (; *words; words++) {
		assert(argc < MAX_ARGS);
		argv[argc++] = strdup(*words);
	}
	assert(asprintf(&argv[argc++], "--root=%s", tree.root) > 0);
	status = kq_ctl_main(argc, argv, out);
	fclose(out);
	if (status != expected) {
		fprintf(stderr, "exit status %d, not %d\n", status, expected);
		abort();
	}
	while (argc > 0)
		free(argv[--argc]);
	return text;
}

#define RUN(expected, size, ...) \
	run(expected, (const char *const[]){ __VA_ARGS__, NULL }, size)

static void text_to_golden(void)
{
	size_t size;
	char *text = RUN(KQ_EXIT_OK, &size, "list");

	golden_compare("list.txt", text, size);
	free(text);
	text = RUN(KQ_EXIT_OK, &size, "plan", "--verbose");
	golden_compare("plan.txt", text, size);
	free(text);
	text = RUN(KQ_EXIT_OK, &size, "plan", "--orderly", "--quiesce=bme",
		   "--quiesce-skip=03:00.0", "--smmu-policy=bypass");
	golden_compare("plan-orderly.txt", text, size);
	free(text);
}

static json_t *parse(char *text)
{
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	assert(json);
	free(text);
	return json;
}

/* The member @key of the function at @address. */
static const json_t *member(const json_t *json, const char *address,
			    const char *key)
{
	const json_t *fn;
	size_t i;

	json_array_foreach(json_object_get(json, "functions"), i, fn)
	{
		const char *text =
			json_string_value(json_object_get(fn, "address"));

		if (strcmp(text, address) == 0)
			return json_object_get(fn, key);
	}
	fprintf(stderr, "no function %s\n", address);
	abort();
}

static void expect(const json_t *json, const char *address, const char *key,
		   const char *expected)
{
	const char *text = json_string_value(member(json, address, key));

	if (text && strcmp(text, expected) == 0)
		return;
	fprintf(stderr, "%s of %s is %s\n", key, address, text);
	abort();
}

static void list_to_json(void)
{
	size_t size;
	json_t *json = parse(RUN(KQ_EXIT_OK, &size, "list", "--json"));

	expect(json, "0000:02:00.0", "reset", "flr");
	expect(json, "0000:02:00.0", "driver", "igb");
	expect(json, "0000:01:00.0", "reset", "none");
	expect(json, "0000:01:00.0", "smmu", "0x9050000");
	assert(json_integer_value(member(json, "0000:01:00.0", "stream_id")) ==
	       0x100);
	json_decref(json);
}

static void settings_to_actions(void)
{
	size_t size;
	json_t *json = parse(RUN(KQ_EXIT_OK, &size, "plan", "--json"));

	assert(json_is_false(json_object_get(json, "enabled")));
	expect(json, "0000:02:00.0", "action", "flr");
	expect(json, "0000:01:00.0", "action", "bus-master-off");
	json_decref(json);
	json = parse(
		RUN(KQ_EXIT_OK, &size, "plan", "--json", "--quiesce=none"));
	assert(json_is_true(json_object_get(json, "enabled")));
	expect(json, "0000:02:00.0", "action", "observe");
	json_decref(json);
	json = parse(RUN(KQ_EXIT_OK, &size, "plan", "--json",
			 "--quiesce-skip=02:00.0"));
	expect(json, "0000:02:00.0", "action", "leave-alone");
	json_decref(json);
}

/* The PF's reset would take a VF away that shall be left alone. */
static void skipped_vf_to_pf_without_reset(void)
{
	size_t size;
	json_t *json = parse(RUN(KQ_EXIT_OK, &size, "plan", "--json"));

	expect(json, "0000:02:00.0", "action", "flr");
	expect(json, "0000:02:10.0", "action", "reset-with-pf");
	json_decref(json);
	json = parse(RUN(KQ_EXIT_OK, &size, "plan", "--json",
			 "--quiesce-skip=02:10.2"));
	expect(json, "0000:02:00.0", "action", "bus-master-off");
	expect(json, "0000:02:10.0", "action", "flr");
	expect(json, "0000:02:10.2", "action", "leave-alone");
	json_decref(json);
}

static void absent_smmu_to_refusal(void)
{
	size_t size;
	char *text = RUN(KQ_EXIT_FAILURE, &size, "plan",
			 "--smmu-policy=abort,0x1000=bypass");

	assert(size == 0);
	free(text);
}

static void no_ecam_to_out_of_reach(void)
{
	struct captured whole = tree;
	json_t *json;
	size_t size;

	/* The same functions on a machine without ACPI tables. */
	captured_begin(&tree);
	captured_load(&tree, "qemu-virt-pci.tree");
	json = parse(RUN(KQ_EXIT_OK, &size, "plan", "--json"));
	expect(json, "0000:02:00.0", "action", "out-of-reach");
	json_decref(json);
	captured_end(&tree);
	tree = whole;
}

/* SMMUs of all kinds, and devices that are no PCI functions. */
static void platform_devices(void)
{
	struct captured whole = tree;
	json_t *json;
	size_t size;
	char *text;

	if (system("dtc --version >/dev/null 2>&1") != 0)
		return;
	captured_begin(&tree);
	captured_load(&tree, "qemu-virt-pci.tree");
	captured_compile_fdt(&tree, "soc.dts");
	text = RUN(KQ_EXIT_OK, &size, "list");
	golden_compare("list-soc.txt", text, size);
	free(text);
	text = RUN(KQ_EXIT_OK, &size, "plan", "--verbose", "--smmu-probe=50",
		   "--smmu-policy=sink,0xf00010000=bypass");
	golden_compare("plan-soc.txt", text, size);
	free(text);
	json = parse(
		RUN(KQ_EXIT_OK, &size, "plan", "--json", "--smmu-probe=50"));
	assert(json_integer_value(json_object_get(json, "probe_ms")) == 50);
	assert(json_array_size(json_object_get(json, "components")) == 8);
	json_decref(json);
	json = parse(RUN(KQ_EXIT_OK, &size, "list", "--json"));
	assert(json_array_size(json_object_get(json, "components")) == 8);
	json_decref(json);
	text = RUN(KQ_EXIT_FAILURE, &size, "doctor");
	assert(strstr(text, "2 of 9 SMMUs are of a kind that is left alone"));
	free(text);
	captured_end(&tree);
	tree = whole;
}

int main(void)
{
	setenv("KEXEC_QUIESCE_CONF", "/dev/null", 1);
	captured_begin(&tree);
	captured_load(&tree, "qemu-virt-pci.tree");
	captured_load(&tree, "qemu-virt-acpi.tree");
	text_to_golden();
	list_to_json();
	settings_to_actions();
	skipped_vf_to_pf_without_reset();
	absent_smmu_to_refusal();
	no_ecam_to_out_of_reach();
	platform_devices();
	captured_end(&tree);
	return 0;
}
