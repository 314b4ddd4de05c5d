// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * quiescectl doctor on made-up machines: one file is changed at a time, and
 * the finding that must follow is looked for by its id.
 */
#undef NDEBUG
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/ctl.h"

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

/* Status of the check @id, "" if it is not there. Also checks the whole. */
static void status_of(const char *id, char status[8])
{
	char *text = NULL;
	int exit_status = run("--json", &text);
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

static void expect(const char *id, const char *expected)
{
	char status[8];

	status_of(id, status);
	if (strcmp(status, expected) == 0)
		return;
	fprintf(stderr, "%s is '%s', not '%s'\n", id, status, expected);
	abort();
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
		{ "/sys/kernel/security/lockdown",
		  "none [integrity] confidentiality\n", "lockdown", "fail" },
		{ "/sys/kernel/security/lockdown",
		  "none integrity [confidentiality]\n", "lockdown", "fail" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_healthy();
		put(cases[i].path, cases[i].content);
		expect(cases[i].id, cases[i].status);
	}
}

static void missing_file_to_finding(void)
{
	put_healthy();
	drop("/sys/kernel/security/lockdown");
	expect("lockdown", "ok");
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

static void live_machine_to_status(void)
{
	/* Whatever this machine is: doctor must come to an end and say so. */
	char program[] = "quiescectl", verb[] = "doctor", json[] = "--json";
	char *argv[] = { program, verb, json, NULL };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	json_t *parsed;
	int status;

	assert(out);
	status = kq_ctl_main(3, argv, out);
	fclose(out);
	assert(status == KQ_EXIT_OK || status == KQ_EXIT_FAILURE);
	parsed = json_loads(text, 0, NULL);
	assert(parsed);
	if (!kq_ctl_is_arm64())
		assert(strstr(text, "this machine is not arm64"));
	json_decref(parsed);
	free(text);
}

int main(void)
{
	char command[64];

	assert(mkdtemp(root));
	put("/conf", "");
	config_file_to_finding();
	changed_file_to_finding();
	missing_file_to_finding();
	no_smmu_to_warning();
	table_names_what_to_do();
	live_machine_to_status();
	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command) == 0 ? 0 : 1;
}
