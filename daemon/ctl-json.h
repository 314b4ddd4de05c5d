/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small helpers around jansson. */
#ifndef KQ_CTL_JSON_H
#define KQ_CTL_JSON_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "daemon/ctl-words.h"
#include "lib/message.h"

/**
 * kq_json_set() - set a member; a value that could not be made becomes null
 * @object: object; NULL drops the value
 * @key:    name, plain ASCII
 * @value:  value, whose reference is taken
 */
void kq_json_set(json_t *object, const char *key, json_t *value);

/* A string such as "0x1f". */
json_t *kq_json_hex(uint64_t value);

/* A string such as "2026-11-20T11:04:05Z"; null for an absurd time. */
json_t *kq_json_time(uint64_t seconds);

/* The names of the bits that are set, as an array of strings. */
json_t *kq_json_bits(uint32_t value, const struct kq_bit_name *names);

/* The same, appended to an array; bits without a name are left out. */
void kq_json_add_bits(json_t *array, uint32_t value,
		      const struct kq_bit_name *names);

/* The lines as an array of strings. */
json_t *kq_json_warnings(const struct kq_warnings *warnings);

/**
 * kq_json_print() - write a value, indented, and free it
 * @value: what to print; NULL stands for a lack of memory
 * @out:   where to
 *
 * Return: 0 or -KQ_ERR_NOMEM.
 */
int kq_json_print(json_t *value, FILE *out);

#endif
