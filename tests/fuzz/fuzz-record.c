// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Input: the text of a record of a load (lib/record.h), as it is read from
 * /run/kexec-quiesce. What is accepted must be complete.
 */
#undef NDEBUG
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/inventory/sysfs.h"
#include "lib/plan-build.h"
#include "lib/record.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kq_message message;
	struct kq_record record;

	if (kq_record_parse((const char *)data, size, KQ_PLAN_CRASH, &record,
			    &message) < 0) {
		assert(message.text[0]);
		return 0;
	}
	assert(record.cwd && record.argv[0] && record.stock_argv[0]);
	assert(record.kernel.path && record.plan->kind == KQ_PLAN_CRASH);
	for (size_t i = 0; i < record.setting_count; i++)
		assert(record.settings[i].key);
	kq_record_fini(&record);
	return 0;
}

/* The text that the writer writes for a machine without devices. */
size_t kq_fuzz_seed(unsigned int index, uint8_t *data)
{
	static const char *const argv[] = { "kexec", "-p", "k", NULL };
	static const struct kq_setting settings[] = {
		{ "smmu-policy", "abort" }, { "quiesce-bridges", NULL }
	};
	const struct kq_inventory inventory = { .functions = NULL };
	const struct kq_plan_identity identity = { .load_time_s = 1 };
	char root[] = "/tmp/kq-record-XXXXXX", path[PATH_MAX];
	struct kq_record record = {
		.cwd = "/",
		.argv = argv,
		.stock_argv = argv,
		.settings = settings,
		.setting_count = 2,
		.kernel = { .path = "k", .inode = UINT64_MAX },
		.gap_us = index ? 5 : KQ_RECORD_NO_GAP,
	};
	struct kq_plan_header *plan;
	struct kq_settings defaults;
	void *text;
	size_t size;

	if (index > 1)
		return 0;
	if (index)
		record.initrd = record.kernel;
	kq_settings_init(&defaults);
	assert(kq_plan_build(&inventory, &defaults, KQ_PLAN_CRASH, &identity,
			     &plan, NULL, NULL) == 0);
	record.plan = plan;
	assert(mkdtemp(root));
	assert(kq_record_write(root, &record, NULL) == 0);
	kq_record_path(root, KQ_PLAN_CRASH, path);
	assert(kq_sysfs_read("", path, &text, &size) == 0);
	assert(kq_record_parse(text, size, KQ_PLAN_CRASH, &record, NULL) == 0);
	assert(record.kernel.inode == UINT64_MAX && record.setting_count == 2);
	kq_record_fini(&record);
	memcpy(data, text, size);
	unlink(path);
	*strrchr(path, '/') = '\0';
	rmdir(path);
	*strrchr(path, '/') = '\0';
	rmdir(path);
	rmdir(root);
	free(text);
	free(plan);
	return size;
}
