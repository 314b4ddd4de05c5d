/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What quiescectl doctor's checks share. */
#ifndef KQ_CTL_DOCTOR_H
#define KQ_CTL_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/inventory/inventory.h"
#include "lib/settings.h"

enum kq_health {
	KQ_HEALTH_OK,
	KQ_HEALTH_WARN, /* works, but less well than it could */
	KQ_HEALTH_FAIL, /* does not work until something is done */
};

struct kq_finding {
	enum kq_health health;
	const char *id; /* names the check in JSON */
	char text[512];
	const char *advice; /* what to do about it, or NULL */
};

struct kq_doctor {
	const char *root; /* "" or a captured machine's tree */
	const struct kq_settings *settings;
	struct kq_inventory *inventory; /* NULL if it could not be had */
	struct kq_finding *findings;
	size_t count;
	bool lost; /* a finding could not be stored */
};

/**
 * kq_doctor_say() - record a finding
 * @doctor: the examination
 * @health: how it is
 * @id:     name of the check, a constant
 * @advice: what to do about it, a constant; NULL if nothing
 * @format: one line about what was seen
 */
void kq_doctor_say(struct kq_doctor *doctor, enum kq_health health,
		   const char *id, const char *advice, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* True on a live machine: what a captured tree cannot tell is left out. */
bool kq_doctor_is_live(const struct kq_doctor *doctor);

/**
 * kq_doctor_line() - first line of a file below the root
 * @doctor: the examination
 * @path:   absolute path
 * @line:   result, without the newline
 * @size:   room there
 *
 * Return: true if it could be read.
 */
bool kq_doctor_line(const struct kq_doctor *doctor, const char *path,
		    char *line, size_t size);

/* The checks, in the order of the output. */
void kq_doctor_kernel(struct kq_doctor *doctor);
void kq_doctor_programs(struct kq_doctor *doctor);
void kq_doctor_devices(struct kq_doctor *doctor);
void kq_doctor_loaded(struct kq_doctor *doctor);

struct kq_loaded;

/**
 * kq_doctor_judge() - what to say of a crash kernel that is loaded
 * @doctor: with its settings and its inventory
 * @loaded: what was found in memory
 */
void kq_doctor_judge(struct kq_doctor *doctor, const struct kq_loaded *loaded);

#endif
