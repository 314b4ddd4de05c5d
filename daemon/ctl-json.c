// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "daemon/ctl-json.h"

#include <inttypes.h>
#include <time.h>

#include "lib/error.h"

void kq_json_set(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value ? value : json_null());
}

json_t *kq_json_hex(uint64_t value)
{
	return json_sprintf("0x%" PRIx64, value);
}

void kq_json_add_bits(json_t *array, uint32_t value,
		      const struct kq_bit_name *names)
{
	for (; names->name; names++)
		if (value & names->mask)
			json_array_append_new(array, json_string(names->name));
}

json_t *kq_json_time(uint64_t seconds)
{
	char text[40];
	struct tm tm;
	time_t t = (time_t)seconds;

	if (seconds > INT32_MAX * UINT64_C(100) || !gmtime_r(&t, &tm) ||
	    !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
		return json_null();
	return json_string(text);
}

json_t *kq_json_bits(uint32_t value, const struct kq_bit_name *names)
{
	json_t *array = json_array();

	kq_json_add_bits(array, value, names);
	return array;
}

json_t *kq_json_warnings(const struct kq_warnings *warnings)
{
	json_t *array = json_array();

	for (size_t i = 0; i < warnings->count; i++)
		json_array_append_new(array, json_string(warnings->text[i]));
	return array;
}

int kq_json_print(json_t *value, FILE *out)
{
	int r;

	if (!value)
		return -KQ_ERR_NOMEM;
	r = json_dumpf(value, out, JSON_INDENT(2));
	fputc('\n', out);
	json_decref(value);
	return r < 0 ? -KQ_ERR_NOMEM : 0;
}
