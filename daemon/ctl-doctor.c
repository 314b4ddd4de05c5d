// SPDX-License-Identifier: GPL-2.0-or-later
/* quiescectl doctor: runs the checks and shows what they found. */
#include "config.h"

#include "daemon/ctl-doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/ctl-json.h"
#include "daemon/ctl.h"
#include "lib/error.h"
#include "lib/inventory/sysfs.h"

static const char *const health_words[] = {
	[KQ_HEALTH_OK] = "ok",
	[KQ_HEALTH_WARN] = "warn",
	[KQ_HEALTH_FAIL] = "fail",
};

void kq_doctor_say(struct kq_doctor *doctor, enum kq_health health,
		   const char *id, const char *advice, const char *format, ...)
{
	struct kq_finding *findings = reallocarray(
		doctor->findings, doctor->count + 1, sizeof(*findings));
	struct kq_finding *finding;
	va_list args;

	if (!findings) {
		doctor->lost = true;
		return;
	}
	doctor->findings = findings;
	finding = &findings[doctor->count++];
	finding->health = health;
	finding->id = id;
	finding->advice = advice;
	va_start(args, format);
	vsnprintf(finding->text, sizeof(finding->text), format, args);
	va_end(args);
}

bool kq_doctor_is_live(const struct kq_doctor *doctor)
{
	return doctor->root[0] == '\0';
}

bool kq_doctor_line(const struct kq_doctor *doctor, const char *path,
		    char *line, size_t size)
{
	void *content;
	size_t length;

	if (kq_sysfs_read(doctor->root, path, &content, &length) < 0)
		return false;
	snprintf(line, size, "%s", (const char *)content);
	line[strcspn(line, "\n")] = '\0';
	free(content);
	return true;
}

static unsigned int count_of(const struct kq_doctor *doctor,
			     enum kq_health health)
{
	unsigned int count = 0;

	for (size_t i = 0; i < doctor->count; i++)
		count += doctor->findings[i].health == health;
	return count;
}

static void print_findings(const struct kq_doctor *doctor, FILE *out)
{
	unsigned int fails = count_of(doctor, KQ_HEALTH_FAIL);
	unsigned int warns = count_of(doctor, KQ_HEALTH_WARN);

	if (fails)
		fprintf(out, "Not ready: %u thing%s to be done\n\n", fails,
			fails == 1 ? "" : "s");
	else
		fprintf(out, "Ready (%u warning%s)\n\n", warns,
			warns == 1 ? "" : "s");
	for (size_t i = 0; i < doctor->count; i++) {
		const struct kq_finding *finding = &doctor->findings[i];

		fprintf(out, "%-4s  %s\n", health_words[finding->health],
			finding->text);
		if (finding->advice)
			fprintf(out, "      -> %s\n", finding->advice);
	}
}

static json_t *json_findings(const struct kq_doctor *doctor)
{
	json_t *object = json_object(), *checks = json_array();

	for (size_t i = 0; i < doctor->count; i++) {
		const struct kq_finding *finding = &doctor->findings[i];
		json_t *check = json_object();

		kq_json_set(check, "id", json_string(finding->id));
		kq_json_set(check, "status",
			    json_string(health_words[finding->health]));
		kq_json_set(check, "text", json_string(finding->text));
		kq_json_set(check, "advice",
			    finding->advice ? json_string(finding->advice)
					    : json_null());
		json_array_append_new(checks, check);
	}
	kq_json_set(object, "ready",
		    json_boolean(count_of(doctor, KQ_HEALTH_FAIL) == 0));
	kq_json_set(object, "checks", checks);
	return object;
}

static int show(const struct kq_ctl *ctl, const struct kq_doctor *doctor)
{
	int r = doctor->lost ? -KQ_ERR_NOMEM : 0;

	if (r == 0 && ctl->json)
		r = kq_json_print(json_findings(doctor), ctl->out);
	else if (r == 0)
		print_findings(doctor, ctl->out);
	if (r < 0) {
		kq_ctl_complain("cannot show the findings: %s", kq_strerror(r));
		return KQ_EXIT_FAILURE;
	}
	return count_of(doctor, KQ_HEALTH_FAIL) ? KQ_EXIT_FAILURE : KQ_EXIT_OK;
}

/* A bad config file is a finding; the rest is checked with what it set. */
static void read_settings(const struct kq_ctl *ctl, struct kq_doctor *doctor,
			  struct kq_settings *settings)
{
	struct kq_message message;
	int r = kq_ctl_settings(ctl, settings, &message);

	if (r < 0)
		kq_doctor_say(doctor, KQ_HEALTH_FAIL, "settings",
			      "correct the setting named here", "%s",
			      message.text);
	else if (!settings->enabled)
		kq_doctor_say(
			doctor, KQ_HEALTH_WARN, "settings",
			"write smmu-policy = abort to the config file, or give kexec --smmu-policy=abort",
			"no setting asks for quiescing: kexec runs without the stage unless its options say otherwise");
	else
		kq_doctor_say(doctor, KQ_HEALTH_OK, "settings", NULL,
			      "settings: smmu-policy %s, quiesce %s",
			      kq_policy_name(settings->policy),
			      kq_quiesce_name(settings->quiesce));
}

int kq_ctl_doctor(const struct kq_ctl *ctl)
{
	struct kq_settings settings;
	struct kq_doctor doctor = { .root = ctl->root, .settings = &settings };
	int status;

	kq_doctor_kernel(&doctor);
	read_settings(ctl, &doctor, &settings);
	kq_doctor_programs(&doctor);
	kq_doctor_devices(&doctor);
	kq_doctor_loaded(&doctor);
	status = show(ctl, &doctor);
	kq_inventory_free(doctor.inventory);
	free(doctor.findings);
	return status;
}
