// SPDX-License-Identifier: GPL-2.0-or-later
/* Finds the report in a device tree and tells a stale one. */
#include "config.h"

#include <errno.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/ctl-report.h"
#include "lib/error.h"
#include "lib/inventory/dt-address.h"
#include "lib/inventory/sysfs.h"
#include "lib/sha256.h"

/*
 * The next kernel changes these two while it boots (it wipes the seeds), and
 * the third is the report itself: none of them says which boot this is.
 */
static bool skip_property(const char *name)
{
	return strcmp(name, "kaslr-seed") == 0 ||
	       strcmp(name, "rng-seed") == 0 ||
	       strcmp(name, KQ_REPORT_PROPERTY) == 0;
}

int kq_chosen_digest(const void *fdt, uint8_t digest[KQ_SHA256_SIZE])
{
	int node = fdt_path_offset(fdt, "/chosen");
	struct kq_sha256 ctx;
	int offset;

	if (node < 0)
		return -KQ_ERR_NOTFOUND;
	kq_sha256_init(&ctx);
	fdt_for_each_property_offset(offset, fdt, node)
	{
		const char *name;
		int size;
		const void *data =
			fdt_getprop_by_offset(fdt, offset, &name, &size);

		if (!data || skip_property(name))
			continue;
		kq_sha256_update(&ctx, name, strlen(name) + 1);
		kq_sha256_update(&ctx, data, (size_t)size);
	}
	kq_sha256_final(&ctx, digest);
	return 0;
}

static enum kq_freshness judge(const void *fdt,
			       const struct kq_report_header *report)
{
	static const uint8_t none[KQ_SHA256_SIZE];
	uint8_t digest[KQ_SHA256_SIZE];

	if (memcmp(report->chosen_sha256, none, sizeof(none)) == 0)
		return KQ_UNJUDGED;
	if (kq_chosen_digest(fdt, digest) < 0)
		return KQ_UNJUDGED;
	return memcmp(digest, report->chosen_sha256, sizeof(digest)) == 0
		       ? KQ_FRESH
		       : KQ_STALE;
}

/* The check wants 8-byte alignment, which no property value promises. */
static int take_report(const void *data, size_t size,
		       struct kq_found_report *ret, struct kq_message *message)
{
	void *copy = malloc(size ? size : 1);
	int r;

	if (!copy)
		return kq_fail(message, KQ_ERR_NOMEM, "out of memory");
	memcpy(copy, data, size);
	r = kq_report_check(copy, size);
	if (r < 0) {
		free(copy);
		return kq_fail(message, -r, "the report is damaged: %s",
			       kq_strerror(r));
	}
	ret->report = copy;
	ret->freshness = KQ_UNJUDGED;
	return 0;
}

static int parse_fdt(const void *fdt, size_t size, struct kq_found_report *ret,
		     struct kq_message *message)
{
	int length = 0, node, r = kq_dt_check(fdt, size);
	const void *data = NULL;

	if (r < 0)
		return kq_fail(message, KQ_ERR_VALUE,
			       "the device tree is damaged: %s",
			       fdt_strerror(r));
	node = fdt_path_offset(fdt, "/chosen");
	if (node >= 0)
		data = fdt_getprop(fdt, node, KQ_REPORT_PROPERTY, &length);
	if (!data)
		return kq_fail(
			message, KQ_ERR_NOTFOUND,
			"no report: this kernel was not started through kexec-quiesce");
	r = take_report(data, (size_t)length, ret, message);
	if (r < 0)
		return r;
	ret->freshness = judge(fdt, ret->report);
	return 0;
}

int kq_found_report_parse(const void *data, size_t size,
			  struct kq_found_report *ret,
			  struct kq_message *message)
{
	static const char magic[] = KQ_REPORT_MAGIC;

	if (size >= sizeof(fdt32_t) && fdt_magic(data) == FDT_MAGIC)
		return parse_fdt(data, size, ret, message);
	if (size >= sizeof(magic) - 1 &&
	    memcmp(data, magic, sizeof(magic) - 1) == 0)
		return take_report(data, size, ret, message);
	return kq_fail(message, KQ_ERR_MAGIC,
		       "neither a flattened device tree nor a report");
}

int kq_found_report_read(const char *path, struct kq_found_report *ret,
			 struct kq_message *message)
{
	size_t size;
	void *data;
	int r = kq_sysfs_read("", path, &data, &size);

	if (r == -ENOENT && strcmp(path, KQ_CTL_FDT) == 0)
		return kq_fail(
			message, KQ_ERR_NOTFOUND,
			"no report: this kernel was given no device tree");
	if (r < 0)
		return kq_fail(message, KQ_ERR_SYSTEM, "cannot read it: %s%s",
			       strerror(-r),
			       r == -EACCES ? "; run as root" : "");
	r = kq_found_report_parse(data, size, ret, message);
	free(data);
	return r;
}

void kq_found_report_fini(struct kq_found_report *found)
{
	free(found->report);
	found->report = NULL;
}
