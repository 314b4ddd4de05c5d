// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * quiescectl doctor on made-up machines: one file is changed at a time, and
 * the finding that must follow is looked for by its id. The live machine is
 * that of fake-machine.c, which lacks what the test wants it to.
 */
#undef NDEBUG
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/ctl-doctor.h"
#include "daemon/ctl-loaded.h"
#include "daemon/ctl.h"
#include "lib/machine.h"
#include "lib/plan-build.h"

#define STAGE "purgatory/stage.elf" /* tests run in the build directory */

static char root[] = "/tmp/kq-test-XXXXXX";

static void put(const char *path, const char *content)
{
	char full[512];
	FILE *file;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (char *slash = full + strlen(root) + 1;
	     (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = '\0';
		assert(mkdir(full, 0755) == 0 || errno == EEXIST);
	}
	file = fopen(full, "w");
	assert(file);
	fputs(content, file);
	fclose(file);
}

static void drop(const char *path)
{
	char full[512];

	snprintf(full, sizeof(full), "%s%s", root, path);
	assert(unlink(full) == 0);
}

/* A machine on which nothing is left to be done. */
static void put_healthy(void)
{
	put("/sys/kernel/kexec_crash_size", "536870912\n");
	put("/sys/kernel/kexec_crash_loaded", "1\n");
	put("/proc/sys/kernel/kexec_load_disabled", "0\n");
	put("/proc/sys/kernel/kexec_load_limit_panic", "-1\n");
	put("/proc/sys/kernel/kexec_load_limit_reboot", "-1\n");
	put("/proc/sys/kernel/osrelease", "6.12-test\n");
	put("/proc/cmdline", "quiet\n");
	put("/boot/config-6.12-test",
	    "CONFIG_KEXEC_SIG=y\nCONFIG_KEXEC_IMAGE_VERIFY_SIG=y\n");
	put("/lib/modules/6.12-test/config", "");
	put("/sys/kernel/security/lockdown",
	    "[none] integrity confidentiality\n");
}

static int run(const char *option, char **text)
{
	char program[] = "quiescectl", verb[] = "doctor", where[600];
	char word[64];
	char *argv[] = { program, verb, where, word, NULL };
	size_t size;
	FILE *out = open_memstream(text, &size);
	int status;

	assert(out);
	snprintf(where, sizeof(where), "--root=%s", root);
	snprintf(word, sizeof(word), "%s", option);
	status = kq_ctl_main(4, argv, out);
	fclose(out);
	return status;
}

/* The machine that the test runs on, as far as fake-machine.c shows it. */
static int run_live(char **text)
{
	char program[] = "quiescectl", verb[] = "doctor", json[] = "--json";
	char *argv[] = { program, verb, json, NULL };
	size_t size;
	FILE *out = open_memstream(text, &size);
	int status;

	assert(out);
	status = kq_ctl_main(3, argv, out);
	fclose(out);
	return status;
}

/* Status of the check @id, "" if it is not there. Also checks the whole. */
static void status_of(const char *id, bool live, char status[8])
{
	char *text = NULL;
	int exit_status = live ? run_live(&text) : run("--json", &text);
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	json_t *check;
	bool ready = true;
	size_t i;

	assert(json);
	strcpy(status, "");
	json_array_foreach(json_object_get(json, "checks"), i, check)
	{
		const char *word =
			json_string_value(json_object_get(check, "status"));
		const char *name =
			json_string_value(json_object_get(check, "id"));

		assert(word && name && strlen(word) < 8);
		ready = ready && strcmp(word, "fail") != 0;
		if (strcmp(name, id) == 0)
			strcpy(status, word);
	}
	assert(json_is_true(json_object_get(json, "ready")) == ready);
	assert(exit_status == (ready ? KQ_EXIT_OK : KQ_EXIT_FAILURE));
	json_decref(json);
	free(text);
}

static void expect_on(bool live, const char *id, const char *expected)
{
	char status[8];

	status_of(id, live, status);
	if (strcmp(status, expected) == 0)
		return;
	fprintf(stderr, "%s is '%s', not '%s'\n", id, status, expected);
	abort();
}

static void expect(const char *id, const char *expected)
{
	expect_on(false, id, expected);
}

static void changed_file_to_finding(void)
{
	static const struct {
		const char *path;
		const char *content;
		const char *id;
		const char *status;
	} cases[] = {
		{ "/sys/kernel/kexec_crash_size", "536870912\n", "crashkernel",
		  "ok" },
		{ "/sys/kernel/kexec_crash_size", "0\n", "crashkernel",
		  "fail" },
		{ "/sys/kernel/kexec_crash_loaded", "1\n", "loaded", "ok" },
		{ "/sys/kernel/kexec_crash_loaded", "0\n", "loaded", "fail" },
		{ "/proc/sys/kernel/kexec_load_disabled", "1\n",
		  "kexec_load_disabled", "fail" },
		{ "/proc/sys/kernel/kexec_load_limit_panic", "0\n",
		  "kexec_load_disabled", "fail" },
		{ "/proc/sys/kernel/kexec_load_limit_panic", "3\n",
		  "kexec_load_disabled", "ok" },
		{ "/proc/sys/kernel/kexec_load_limit_reboot", "0\n",
		  "kexec_load_disabled", "warn" },
		{ "/boot/config-6.12-test",
		  "# CONFIG_KEXEC_SIG_FORCE is not set\n", "signature", "ok" },
		{ "/boot/config-6.12-test",
		  "CONFIG_KEXEC=y\nCONFIG_KEXEC_SIG_FORCE=y\n", "signature",
		  "warn" },
		{ "/lib/modules/6.12-test/config", "CONFIG_KEXEC_SIG_FORCE=y",
		  "signature", "warn" },
		{ "/proc/sys/kernel/osrelease", "6.13-other\n", "signature",
		  "ok" },
		{ "/sys/kernel/security/lockdown",
		  "none [integrity] confidentiality\n", "signature", "warn" },
		{ "/sys/kernel/security/lockdown",
		  "none integrity [confidentiality]\n", "signature", "warn" },
		{ "/proc/cmdline", "ima_policy=secure_boot\n", "signature",
		  "warn" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_healthy();
		put(cases[i].path, cases[i].content);
		expect(cases[i].id, cases[i].status);
	}
}

/* Nothing can be loaded there at all. */
static void unverifiable_signature_to_failure(void)
{
	put_healthy();
	put("/boot/config-6.12-test", "CONFIG_KEXEC_SIG=y\n");
	expect("signature", "ok");
	put("/sys/kernel/security/lockdown",
	    "none [integrity] confidentiality\n");
	expect("signature", "fail");
}

static void missing_file_to_finding(void)
{
	put_healthy();
	drop("/sys/kernel/security/lockdown");
	expect("signature", "ok");
	drop("/sys/kernel/kexec_crash_size");
	expect("crashkernel", "fail");
	/* Where newer kernels keep them. */
	put("/sys/kernel/kexec/crash_size", "1048576\n");
	expect("crashkernel", "ok");
	drop("/sys/kernel/kexec_crash_loaded");
	expect("loaded", "");
	put("/sys/kernel/kexec/crash_loaded", "0\n");
	expect("loaded", "fail");
	drop("/sys/kernel/kexec/crash_size");
	drop("/sys/kernel/kexec/crash_loaded");
	drop("/proc/sys/kernel/kexec_load_disabled");
	expect("kexec_load_disabled", "");
}

static void no_smmu_to_warning(void)
{
	put_healthy();
	expect("smmu", "warn");
}

/* A device tree with a plan region, below the root. */
static void put_region(void)
{
	const fdt32_t reg[] = { cpu_to_fdt32(0), cpu_to_fdt32(0x48000000),
				cpu_to_fdt32(0), cpu_to_fdt32(0x100000) };
	char fdt[1024], path[512];
	int node, parent;
	FILE *file;

	assert(fdt_create_empty_tree(fdt, sizeof(fdt)) == 0);
	assert(fdt_setprop_u32(fdt, 0, "#address-cells", 2) == 0);
	assert(fdt_setprop_u32(fdt, 0, "#size-cells", 2) == 0);
	parent = fdt_add_subnode(fdt, 0, "reserved-memory");
	assert(fdt_setprop_u32(fdt, parent, "#address-cells", 2) == 0);
	assert(fdt_setprop_u32(fdt, parent, "#size-cells", 2) == 0);
	assert(fdt_setprop_empty(fdt, parent, "ranges") == 0);
	node = fdt_add_subnode(fdt, parent, "plan@48000000");
	assert(fdt_setprop_string(fdt, node, "compatible",
				  "kexec-quiesce,plan") == 0);
	assert(fdt_setprop_empty(fdt, node, "no-map") == 0);
	assert(fdt_setprop(fdt, node, "reg", reg, sizeof(reg)) == 0);
	put("/sys/firmware/fdt", "");
	snprintf(path, sizeof(path), "%s/sys/firmware/fdt", root);
	file = fopen(path, "w");
	assert(file);
	assert(fwrite(fdt, 1, sizeof(fdt), file) == sizeof(fdt));
	assert(fclose(file) == 0);
}

static void plan_region_to_finding(void)
{
	char *text;

	put_healthy();
	run("--json", &text);
	assert(strstr(text, "reserves no plan region"));
	free(text);
	put_region();
	expect("region", "ok");
	run("--json", &text);
	assert(strstr(text, "plan region of 1024 KiB at 0x48000000"));
	free(text);
	drop("/sys/firmware/fdt");
}

static void config_file_to_finding(void)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/conf", root);
	setenv("KEXEC_QUIESCE_CONF", path, 1);
	put_healthy();
	put("/conf", "# nothing\n");
	expect("settings", "warn");
	put("/conf", "smmu-policy = abort\n");
	expect("settings", "ok");
	put("/conf", "smmu-policy = explode\n");
	expect("settings", "fail");
}

static void table_names_what_to_do(void)
{
	char *text = NULL;

	put_healthy();
	put("/conf", "smmu-policy = abort\n");
	assert(run("--smmu-policy=bypass", &text) == KQ_EXIT_OK);
	assert(strncmp(text, "Ready (", 7) == 0);
	assert(strstr(text, "smmu-policy bypass"));
	free(text);
	put("/sys/kernel/kexec_crash_size", "0\n");
	assert(run("--quiesce=bme", &text) == KQ_EXIT_FAILURE);
	assert(strncmp(text, "Not ready: 1 thing to be done\n", 30) == 0);
	assert(strstr(text, "-> add crashkernel="));
	free(text);
}

static void lacking_machine_to_finding(void)
{
	static const struct {
		const char *lacks;
		const char *id;
		const char *status;
	} cases[] = {
		{ "", "machine", "ok" },
		{ "arm64", "machine", "fail" },
		{ "permission", "root", "fail" },
		{ "", "syscalls", "ok" },
		{ "kexec_load", "syscalls", "ok" },
		{ "kexec_file_load", "syscalls", "ok" },
		{ "kexec_load kexec_file_load", "syscalls", "fail" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		setenv("KQ_TEST_LACKS", cases[i].lacks, 1);
		expect_on(true, cases[i].id, cases[i].status);
	}
	unsetenv("KQ_TEST_LACKS");
}

/* The first @size bytes of the stage as built, at /stage below the root. */
static void put_stage(size_t size)
{
	char path[600], *content = malloc(size);
	FILE *from = fopen(STAGE, "r"), *to;

	snprintf(path, sizeof(path), "%s/stage", root);
	to = fopen(path, "w");
	assert(content && from && to);
	assert(fread(content, 1, size, from) == size);
	assert(fwrite(content, 1, size, to) == size);
	fclose(from);
	assert(fclose(to) == 0);
	free(content);
}

static void expect_stage(const char *status, const char *words)
{
	char *text = NULL;

	expect_on(true, "stage", status);
	run_live(&text);
	if (!strstr(text, words)) {
		fprintf(stderr, "no '%s' in %s\n", words, text);
		abort();
	}
	free(text);
}

static void stage_file_to_finding(void)
{
	char setting[600];
	struct stat st;

	assert(stat(STAGE, &st) == 0);
	snprintf(setting, sizeof(setting), "stage = %s/stage\n", root);
	put("/conf", setting);
	put_stage((size_t)st.st_size);
	expect_stage("ok", "stage: ");
	put_stage((size_t)st.st_size / 2);
	expect_stage("fail", "the file is truncated; reinstall");
	put("/stage", "#!/bin/sh\n");
	expect_stage("fail", "not a little-endian arm64 ELF file; reinstall");
	drop("/stage");
	expect_stage("fail", "stage = PATH");
}

/* What doctor says of an image with the plan of @planned, loaded on @now. */
static struct kq_finding judge(const struct kq_inventory *planned,
			       struct kq_inventory *now, bool is_signed)
{
	static const struct kq_plan_identity identity;
	struct kq_settings settings;
	struct kq_doctor doctor = { .settings = &settings, .inventory = now };
	struct kq_loaded loaded = {
		.kind = KQ_LOADED_OURS,
		.is_signed = is_signed,
	};
	struct kq_finding finding;

	kq_settings_init(&settings);
	assert(kq_plan_build(planned, &settings, KQ_PLAN_CRASH, &identity,
			     &loaded.plan, NULL, NULL) == 0);
	kq_doctor_judge(&doctor, &loaded);
	assert(doctor.count == 1);
	finding = doctor.findings[0];
	free(doctor.findings);
	free(loaded.plan);
	return finding;
}

static void changed_machine_to_warning(void)
{
	struct kq_inventory_function functions[3] = { 0 }, others[3];
	struct kq_inventory_smmu smmu = { .base = 0x9050000,
					  .type = KQ_SMMU_V3 };
	struct kq_inventory planned = {
		.functions = functions,
		.function_count = 3,
		.smmus = &smmu,
		.smmu_count = 1,
	};
	struct kq_inventory now = planned;
	struct kq_finding finding;

	for (uint16_t i = 0; i < 3; i++) {
		functions[i].bdf = (uint16_t)(0x100 + 8 * i);
		functions[i].vendor = 0x8086;
		functions[i].device = (uint16_t)(0x10d3 + i);
		functions[i].host = functions[i].smmu = KQ_NONE;
		functions[i].parent = functions[i].pf = KQ_NONE;
	}
	memcpy(others, functions, sizeof(others));
	now.functions = others;
	finding = judge(&planned, &now, true);
	assert(finding.health == KQ_HEALTH_OK);
	assert(strstr(finding.text, "a signed quiesce image is loaded"));
	/* Another device in the same slot: one is gone, one is new. */
	others[1].device++;
	finding = judge(&planned, &now, true);
	assert(finding.health == KQ_HEALTH_WARN);
	assert(strstr(finding.text, "functions: 1 new, 1 gone; SMMUs: 0"));
	assert(strstr(finding.advice, "quiescectl wrap"));
	now.function_count = 1;
	now.smmu_count = 0;
	finding = judge(&planned, &now, false);
	assert(strstr(finding.text, "functions: 0 new, 2 gone; SMMUs: 1"));
	assert(!strstr(finding.advice, "quiescectl wrap"));
	planned.function_count = 0;
	finding = judge(&planned, &now, false);
	assert(strstr(finding.text, "functions: 1 new, 0 gone; SMMUs: 1"));
}

int main(void)
{
	char command[64];

	assert(mkdtemp(root));
	put("/conf", "");
	config_file_to_finding();
	changed_file_to_finding();
	unverifiable_signature_to_failure();
	missing_file_to_finding();
	no_smmu_to_warning();
	plan_region_to_finding();
	table_names_what_to_do();
	lacking_machine_to_finding();
	stage_file_to_finding();
	changed_machine_to_warning();
	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command) == 0 ? 0 : 1;
}
