// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "lib/record.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/inventory/sysfs.h"
#include "lib/new-file.h"

#define LOCK_STEP_MS 50u

/* What a reader's strings and tables live in. */
struct storage {
	json_t *root;
	const char **argv;
	const char **stock_argv;
	struct kq_setting *settings;
	struct kq_plan_header *plan;
};

void kq_record_path(const char *root, enum kq_plan_kind kind,
		    char ret[PATH_MAX])
{
	snprintf(ret, PATH_MAX, "%s" KQ_RUN_DIR "/%s", root,
		 kind == KQ_PLAN_CRASH ? "crash" : "orderly");
}

static uint64_t to_ns(struct timespec time)
{
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

int kq_record_stat(const char *cwd, const char *path,
		   struct kq_record_file *ret)
{
	char full[PATH_MAX];
	struct stat st;

	*ret = (struct kq_record_file){ .path = path };
	if (!path)
		return 0;
	snprintf(full, sizeof(full), "%s%s%s", cwd && *path != '/' ? cwd : "",
		 cwd && *path != '/' ? "/" : "", path);
	if (stat(full, &st) < 0)
		return errno == ENOENT ? -KQ_ERR_NOTFOUND : -KQ_ERR_SYSTEM;
	ret->device = st.st_dev;
	ret->inode = st.st_ino;
	ret->size = (uint64_t)st.st_size;
	ret->mtime_ns = to_ns(st.st_mtim);
	ret->ctime_ns = to_ns(st.st_ctim);
	return 0;
}

static bool same_file(const char *cwd, const struct kq_record_file *was)
{
	struct kq_record_file now;

	return kq_record_stat(cwd, was->path, &now) == 0 &&
	       now.device == was->device && now.inode == was->inode &&
	       now.size == was->size && now.mtime_ns == was->mtime_ns &&
	       now.ctime_ns == was->ctime_ns;
}

const char *kq_record_changed(const struct kq_record *record)
{
	if (!same_file(record->cwd, &record->kernel))
		return record->kernel.path;
	if (!same_file(record->cwd, &record->initrd))
		return record->initrd.path;
	return NULL;
}

/* --- Writing ------------------------------------------------------------ */

static json_t *hex_of(const void *data, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *bytes = data;
	char *text = malloc(2 * size + 1);
	json_t *json = NULL;

	if (!text)
		return NULL;
	for (size_t i = 0; i < size; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	json = json_stringn(text, 2 * size);
	free(text);
	return json;
}

/* Jansson's appending and packing functions pass a missing value on. */
static json_t *strings_of(const char *const *list)
{
	json_t *array = json_array();

	for (; array && *list; list++)
		if (json_array_append_new(array, json_string(*list)) < 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *settings_of(const struct kq_record *record)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < record->setting_count; i++) {
		const struct kq_setting *setting = &record->settings[i];

		if (json_array_append_new(array,
					  json_pack("[s,s?]", setting->key,
						    setting->value)) < 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *file_of(const struct kq_record_file *file)
{
	if (!file->path)
		return json_null();
	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}", "path", file->path,
			 "device", (json_int_t)file->device, "inode",
			 (json_int_t)file->inode, "size",
			 (json_int_t)file->size, "mtime_ns",
			 (json_int_t)file->mtime_ns, "ctime_ns",
			 (json_int_t)file->ctime_ns);
}

static json_t *gap_of(uint64_t gap_us)
{
	return gap_us == KQ_RECORD_NO_GAP ? json_null()
					  : json_integer((json_int_t)gap_us);
}

/* The ids and the time are the plan's; here they are for people. */
static json_t *json_of(const struct kq_record *record)
{
	const struct kq_plan_header *plan = record->plan;

	return json_pack(
		"{s:i, s:s, s:o, s:o, s:I, s:o, s:s, s:o, s:o, s:s?, s:o, s:o, s:o, s:b, s:o}",
		"version", KQ_RECORD_VERSION, "kind",
		plan->kind == KQ_PLAN_CRASH ? "crash" : "orderly", "load_id",
		hex_of(plan->load_id, sizeof(plan->load_id)), "boot_id",
		hex_of(plan->boot_id, sizeof(plan->boot_id)), "load_time_s",
		(json_int_t)plan->load_time_s, "gap_us", gap_of(record->gap_us),
		"cwd", record->cwd, "argv", strings_of(record->argv),
		"stock_argv", strings_of(record->stock_argv), "config",
		record->config, "settings", settings_of(record), "kernel",
		file_of(&record->kernel), "initrd", file_of(&record->initrd),
		"fixed", record->fixed, "plan", hex_of(plan, plan->total_size));
}

static int write_json(const char *path, const json_t *json,
		      struct kq_message *message)
{
	char *text = json_dumps(json, JSON_INDENT(1));
	int r;

	if (!text)
		return kq_fail(message, KQ_ERR_NOMEM, "out of memory");
	r = kq_new_file_write(path, 0600, text, strlen(text), message);
	free(text);
	return r;
}

void kq_record_make_directory(const char *root)
{
	char path[PATH_MAX];

	/* If this fails, so does what comes next, and says why. */
	snprintf(path, sizeof(path), "%s/run", root);
	(void)mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s" KQ_RUN_DIR, root);
	(void)mkdir(path, 0755);
}

int kq_record_write(const char *root, const struct kq_record *record,
		    struct kq_message *message)
{
	json_t *json = json_of(record);
	char path[PATH_MAX];
	int r;

	if (!json)
		return kq_fail(message, KQ_ERR_VALUE,
			       "an argument or a path of the load is not "
			       "UTF-8");
	kq_record_make_directory(root);
	kq_record_path(root, record->plan->kind, path);
	r = write_json(path, json, message);
	json_decref(json);
	return r;
}

/* --- Reading ------------------------------------------------------------ */

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static void *from_hex(const char *text, size_t length)
{
	uint8_t *bytes = malloc(length / 2 + 1);

	for (size_t i = 0; bytes && i + 1 < length; i += 2) {
		int high = hex_value(text[i]), low = hex_value(text[i + 1]);

		if (high < 0 || low < 0) {
			free(bytes);
			return NULL;
		}
		bytes[i / 2] = (uint8_t)(high << 4 | low);
	}
	return bytes;
}

static bool take_strings(json_t *array, const char ***ret)
{
	size_t count = json_array_size(array);
	const char **list;

	if (count == 0)
		return false;
	list = calloc(count + 1, sizeof(*list));
	*ret = list;
	for (size_t i = 0; list && i < count; i++) {
		list[i] = json_string_value(json_array_get(array, i));
		if (!list[i])
			return false;
	}
	return list != NULL;
}

static bool take_settings(json_t *array, struct kq_setting **ret,
			  size_t *ret_count)
{
	size_t count = json_array_size(array);
	struct kq_setting *list = calloc(count + 1, sizeof(*list));

	*ret = list;
	*ret_count = count;
	for (size_t i = 0; list && i < count; i++) {
		json_t *pair = json_array_get(array, i);

		/* NULL for what is no string: a null, for one. */
		list[i].key = json_string_value(json_array_get(pair, 0));
		list[i].value = json_string_value(json_array_get(pair, 1));
		if (!list[i].key)
			return false;
	}
	return list != NULL;
}

static bool take_file(json_t *json, struct kq_record_file *ret)
{
	json_int_t device, inode, size, mtime_ns, ctime_ns;

	if (json_is_null(json))
		return true;
	if (json_unpack(json, "{s:s, s:I, s:I, s:I, s:I, s:I}", "path",
			&ret->path, "device", &device, "inode", &inode, "size",
			&size, "mtime_ns", &mtime_ns, "ctime_ns",
			&ctime_ns) < 0)
		return false;
	ret->device = (uint64_t)device;
	ret->inode = (uint64_t)inode;
	ret->size = (uint64_t)size;
	ret->mtime_ns = (uint64_t)mtime_ns;
	ret->ctime_ns = (uint64_t)ctime_ns;
	return true;
}

static bool take_plan(json_t *json, enum kq_plan_kind kind,
		      struct storage *storage)
{
	size_t length = json_string_length(json);

	if (!json_is_string(json) || length % 2)
		return false;
	storage->plan = from_hex(json_string_value(json), length);
	return storage->plan && kq_plan_check(storage->plan, length / 2) == 0 &&
	       storage->plan->kind == (uint32_t)kind;
}

static bool take_members(json_t *root, enum kq_plan_kind kind,
			 struct storage *storage, struct kq_record *ret)
{
	json_t *argv, *stock_argv, *settings, *kernel, *initrd, *plan, *gap,
		*config;
	int fixed;

	if (json_unpack(root,
			"{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o}",
			"cwd", &ret->cwd, "config", &config, "gap_us", &gap,
			"argv", &argv, "stock_argv", &stock_argv, "settings",
			&settings, "kernel", &kernel, "initrd", &initrd,
			"fixed", &fixed, "plan", &plan) < 0)
		return false;
	ret->fixed = fixed != 0;
	ret->config = json_string_value(config);
	ret->gap_us = json_is_integer(gap) ? (uint64_t)json_integer_value(gap)
					   : KQ_RECORD_NO_GAP;
	return take_strings(argv, &storage->argv) &&
	       take_strings(stock_argv, &storage->stock_argv) &&
	       take_settings(settings, &storage->settings,
			     &ret->setting_count) &&
	       take_file(kernel, &ret->kernel) && ret->kernel.path &&
	       take_file(initrd, &ret->initrd) &&
	       take_plan(plan, kind, storage);
}

int kq_record_parse(const char *text, size_t size, enum kq_plan_kind kind,
		    struct kq_record *ret, struct kq_message *message)
{
	struct storage *storage = calloc(1, sizeof(*storage));
	struct kq_record record = { .storage = storage };
	int version = 0, r = 0;

	if (!storage)
		return kq_fail(message, KQ_ERR_NOMEM, "out of memory");
	storage->root = json_loadb(text, size, 0, NULL);
	if (json_unpack(storage->root, "{s:i}", "version", &version) < 0)
		r = kq_fail(message, KQ_ERR_VALUE, "it is damaged");
	else if (version != KQ_RECORD_VERSION)
		r = kq_fail(message, KQ_ERR_VERSION,
			    "it has version %d, not %d", version,
			    KQ_RECORD_VERSION);
	else if (!take_members(storage->root, kind, storage, &record))
		r = kq_fail(message, KQ_ERR_VALUE, "it is damaged");
	if (r < 0) {
		kq_record_fini(&record);
		return r;
	}
	record.argv = storage->argv;
	record.stock_argv = storage->stock_argv;
	record.settings = storage->settings;
	record.plan = storage->plan;
	*ret = record;
	return 0;
}

int kq_record_read(const char *root, enum kq_plan_kind kind,
		   struct kq_record *ret, struct kq_message *message)
{
	struct kq_message why;
	char path[PATH_MAX];
	void *content;
	size_t size;
	int r;

	kq_record_path(root, kind, path);
	r = kq_sysfs_read("", path, &content, &size);
	if (r < 0) {
		errno = -r;
		return kq_fail(
			message, r == -ENOENT ? KQ_ERR_NOTFOUND : KQ_ERR_SYSTEM,
			"cannot read the record of the load %s: %m", path);
	}
	r = kq_record_parse(content, size, kind, ret, &why);
	free(content);
	if (r < 0)
		return kq_fail(message, -r,
			       "the record of the load %s cannot be used: %s",
			       path, why.text);
	return 0;
}

void kq_record_fini(struct kq_record *record)
{
	struct storage *storage = record->storage;

	if (storage) {
		free(storage->argv);
		free(storage->stock_argv);
		free(storage->settings);
		free(storage->plan);
		json_decref(storage->root);
		free(storage);
	}
	*record = (struct kq_record){ 0 };
}

void kq_record_remove(const char *root, enum kq_plan_kind kind)
{
	char path[PATH_MAX];

	kq_record_path(root, kind, path);
	(void)unlink(path);
}

int kq_record_lock(const char *root, unsigned int timeout_ms)
{
	const struct timespec step = { .tv_nsec = LOCK_STEP_MS * 1000000L };
	char path[PATH_MAX];
	int fd;

	kq_record_make_directory(root);
	snprintf(path, sizeof(path), "%s" KQ_RUN_DIR "/lock", root);
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -KQ_ERR_SYSTEM;
	for (unsigned int ms = 0; flock(fd, LOCK_EX | LOCK_NB) < 0;
	     ms += LOCK_STEP_MS) {
		if (errno != EWOULDBLOCK || ms >= timeout_ms) {
			close(fd);
			return -KQ_ERR_TIMEOUT;
		}
		nanosleep(&step, NULL);
	}
	return fd;
}
