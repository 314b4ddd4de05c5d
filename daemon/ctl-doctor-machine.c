// SPDX-License-Identifier: GPL-2.0-or-later
/* quiescectl doctor: our programs, the devices, and what is loaded. */
#include "config.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/ctl-doctor.h"
#include "daemon/ctl-words.h"
#include "lib/inventory/inventory.h"
#include "lib/image/stage-file.h"
#include "lib/plan-region-write.h"

/* A program that does not tell its version by then never will. */
#define VERSION_TIMEOUT_MS 5000

/* Functions named in one line of output. */
#define MAX_NAMED 6

static pid_t start_version(const char *path, int *ret_fd)
{
	int fds[2];
	pid_t child;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	child = fork();
	if (child == 0) {
		dup2(fds[1], STDOUT_FILENO);
		dup2(fds[1], STDERR_FILENO);
		execl(path, path, "--version", (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	if (child < 0)
		close(fds[0]);
	*ret_fd = fds[0];
	return child;
}

/* First line of `path --version`; false if there is none in time. */
static bool version_of(const char *path, char *line, size_t size)
{
	struct pollfd ready = { .events = POLLIN };
	pid_t child = start_version(path, &ready.fd);
	ssize_t n = -1;
	int status;

	if (child < 0)
		return false;
	if (poll(&ready, 1, VERSION_TIMEOUT_MS) == 1)
		n = read(ready.fd, line, size - 1);
	close(ready.fd);
	if (n <= 0)
		kill(child, SIGKILL);
	waitpid(child, &status, 0);
	if (n <= 0)
		return false;
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return true;
}

static bool is_our_kexec(const char *path)
{
	char real[PATH_MAX], ours[PATH_MAX];

	return realpath(path, real) &&
	       realpath(KQ_PKGLIBEXECDIR "/kexec", ours) &&
	       strcmp(real, ours) == 0;
}

static void check_kexec(struct kq_doctor *doctor)
{
	const char *path = doctor->settings->kexec_path;
	char line[128], safe[128];

	if (access(path, X_OK) < 0)
		kq_doctor_say(
			doctor, KQ_HEALTH_FAIL, "kexec",
			"install kexec-tools, or name its kexec in the config file: kexec = PATH",
			"the stock kexec is not at %s", path);
	else if (is_our_kexec(path))
		kq_doctor_say(
			doctor, KQ_HEALTH_FAIL, "kexec",
			"name the kexec of kexec-tools in the config file: kexec = PATH",
			"%s is our own front end, not the stock kexec", path);
	else if (!version_of(path, line, sizeof(line)))
		kq_doctor_say(doctor, KQ_HEALTH_FAIL, "kexec",
			      "reinstall kexec-tools",
			      "%s does not tell its version", path);
	else
		kq_doctor_say(doctor, KQ_HEALTH_OK, "kexec", NULL,
			      "stock kexec: %s, %s", path,
			      kq_text_name(safe, line, sizeof(safe) - 1));
}

/* Opened as the front end opens it: a file of that name is not enough. */
static void check_stage(struct kq_doctor *doctor)
{
	const char *path = doctor->settings->stage_path;
	struct kq_stage_file stage;
	struct kq_message message;

	if (kq_stage_file_open(path, &stage, &message) < 0) {
		kq_doctor_say(
			doctor, KQ_HEALTH_FAIL, "stage",
			"if it is installed elsewhere, name the file in the config file: stage = PATH",
			"%s", message.text);
		return;
	}
	kq_doctor_say(doctor, KQ_HEALTH_OK, "stage", NULL, "stage: %s", path);
	kq_stage_file_close(&stage);
}

void kq_doctor_programs(struct kq_doctor *doctor)
{
	if (!kq_doctor_is_live(doctor))
		return;
	check_kexec(doctor);
	check_stage(doctor);
}

/* A list of functions in words, cut short when it gets long. */
struct names {
	char text[320];
	size_t count;
};

static void add_name(struct names *names,
		     const struct kq_inventory_function *fn)
{
	char address[KQ_ADDRESS_TEXT];
	size_t used = strlen(names->text);

	if (names->count++ < MAX_NAMED)
		snprintf(names->text + used, sizeof(names->text) - used, "%s%s",
			 used ? ", " : "",
			 kq_text_address(address, fn->segment, fn->bdf));
	else if (names->count == MAX_NAMED + 1)
		snprintf(names->text + used, sizeof(names->text) - used,
			 ", ...");
}

static void check_smmus(struct kq_doctor *doctor,
			const struct kq_inventory *inventory)
{
	size_t programmed = 0;

	for (size_t i = 0; i < inventory->smmu_count; i++)
		programmed += inventory->smmus[i].type != KQ_SMMU_OTHER;
	if (inventory->smmu_count == 0)
		kq_doctor_say(
			doctor, KQ_HEALTH_WARN, "smmu",
			"switch the SMMU on in the firmware set-up if the machine has one",
			"no SMMU found: devices are quieted, but nothing stops one that resists");
	else if (programmed < inventory->smmu_count)
		kq_doctor_say(
			doctor, KQ_HEALTH_WARN, "smmu", NULL,
			"%zu of %zu SMMUs are of a kind that is left alone",
			inventory->smmu_count - programmed,
			inventory->smmu_count);
	else
		kq_doctor_say(doctor, KQ_HEALTH_OK, "smmu", NULL,
			      "%zu SMMU%s found", programmed,
			      programmed == 1 ? "" : "s");
}

static void check_ecam(struct kq_doctor *doctor,
		       const struct kq_inventory *inventory)
{
	struct names names = { .count = 0 };

	for (size_t i = 0; i < inventory->function_count; i++)
		if (inventory->functions[i].host == KQ_NONE)
			add_name(&names, &inventory->functions[i]);
	if (names.count)
		kq_doctor_say(
			doctor, KQ_HEALTH_WARN, "ecam",
			"nothing can be done here: the SMMU's policy must hold them",
			"out of the stage's reach, for want of ECAM: %zu function%s: %s",
			names.count, names.count == 1 ? "" : "s", names.text);
	else
		kq_doctor_say(doctor, KQ_HEALTH_OK, "ecam", NULL,
			      "ECAM reaches all %zu functions",
			      inventory->function_count);
}

static void check_resets(struct kq_doctor *doctor,
			 const struct kq_inventory *inventory)
{
	struct names names = { .count = 0 };
	size_t endpoints = 0;

	for (size_t i = 0; i < inventory->function_count; i++) {
		const struct kq_inventory_function *fn =
			&inventory->functions[i];

		if (fn->reset == KQ_RESET_BRIDGE)
			continue;
		endpoints++;
		if (fn->reset != KQ_RESET_FLR && fn->reset != KQ_RESET_AF_FLR)
			add_name(&names, fn);
	}
	if (names.count)
		kq_doctor_say(
			doctor, KQ_HEALTH_WARN, "reset",
			"nothing can be done here: they get bus master switched off",
			"without a reset of their own: %zu of %zu functions: %s",
			names.count, endpoints, names.text);
	else
		kq_doctor_say(doctor, KQ_HEALTH_OK, "reset", NULL,
			      "all %zu functions can be reset on their own",
			      endpoints);
}

/* That most platforms have none is no reason to warn. */
static void check_region(struct kq_doctor *doctor,
			 const struct kq_inventory_region *found)
{
	struct kq_plan_region region;
	struct kq_message message;

	if (found->size == 0) {
		kq_doctor_say(
			doctor, KQ_HEALTH_OK, "region", NULL,
			"firmware reserves no plan region: a changed plan is loaded anew");
		return;
	}
	if (kq_doctor_is_live(doctor)) {
		if (kq_plan_region_open(found->base, found->size, &region,
					&message) < 0) {
			kq_doctor_say(
				doctor, KQ_HEALTH_WARN, "region",
				"nothing must be done: a changed plan is loaded anew",
				"%s", message.text);
			return;
		}
		kq_plan_region_close(&region);
	}
	kq_doctor_say(doctor, KQ_HEALTH_OK, "region", NULL,
		      "plan region of %" PRIu64 " KiB at 0x%" PRIx64
		      ": a loaded plan can be updated in place",
		      found->size / 1024, found->base);
}

static void check_inventory(struct kq_doctor *doctor,
			    const struct kq_inventory *inventory)
{
	for (size_t i = 0; i < inventory->warnings.count; i++)
		kq_doctor_say(doctor, KQ_HEALTH_WARN, "inventory", NULL, "%s",
			      inventory->warnings.text[i]);
	/* With half the facts, every further check would mislead. */
	if (inventory->incomplete)
		return;
	check_smmus(doctor, inventory);
	check_region(doctor, &inventory->region);
	if (inventory->function_count == 0) {
		kq_doctor_say(doctor, KQ_HEALTH_OK, "pci", NULL,
			      "this machine has no PCI functions");
		return;
	}
	check_ecam(doctor, inventory);
	check_resets(doctor, inventory);
}

void kq_doctor_devices(struct kq_doctor *doctor)
{
	struct kq_message message;
	int r = kq_inventory_collect(doctor->root, &doctor->inventory,
				     &message);

	if (r == 0)
		check_inventory(doctor, doctor->inventory);
	else
		kq_doctor_say(
			doctor, KQ_HEALTH_FAIL, "inventory",
			"look for a firmware update, and report this to us with the named table",
			"%s", message.text);
}
