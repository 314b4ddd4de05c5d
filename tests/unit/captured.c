// SPDX-License-Identifier: GPL-2.0-or-later
#undef NDEBUG
#include "config.h"

#include "tests/unit/captured.h"

#include <assert.h>
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void captured_begin(struct captured *tree)
{
	strcpy(tree->root, "/tmp/kq-captured-XXXXXX");
	assert(mkdtemp(tree->root));
}

static int remove_one(const char *path, const struct stat *status, int type,
		      struct FTW *ftw)
{
	(void)status;
	(void)type;
	(void)ftw;
	return remove(path);
}

void captured_end(struct captured *tree)
{
	assert(nftw(tree->root, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
}

/* Full name, with all directories above it made. */
static void make_path(struct captured *tree, const char *path,
		      char full[PATH_MAX])
{
	assert(snprintf(full, PATH_MAX, "%s/%s", tree->root, path) < PATH_MAX);
	for (char *p = full + strlen(tree->root) + 1; (p = strchr(p, '/'));
	     p++) {
		*p = '\0';
		assert(mkdir(full, 0777) == 0 || errno == EEXIST);
		*p = '/';
	}
}

void captured_file(struct captured *tree, const char *path, const void *data,
		   size_t size)
{
	char full[PATH_MAX];
	FILE *file;

	make_path(tree, path, full);
	file = fopen(full, "w");
	assert(file);
	assert(fwrite(data, 1, size, file) == size);
	assert(fclose(file) == 0);
}

void captured_text(struct captured *tree, const char *path, const char *text)
{
	char line[256];
	int n = snprintf(line, sizeof(line), "%s\n", text);

	captured_file(tree, path, line, (size_t)n);
}

void captured_link(struct captured *tree, const char *path, const char *target)
{
	char full[PATH_MAX];

	make_path(tree, path, full);
	assert(symlink(target, full) == 0);
}

static const char *data_file(const char *name, char path[PATH_MAX])
{
	const char *srcdir = getenv("srcdir");

	snprintf(path, PATH_MAX, "%s/tests/data/inventory/%s",
		 srcdir ? srcdir : ".", name);
	return path;
}

/* One "OFFSET: XX XX ..." line. */
static void read_hex(const char *line, uint8_t *data, size_t size)
{
	unsigned int offset, byte;
	int n;

	assert(sscanf(line, "%x:%n", &offset, &n) == 1);
	for (line += n; sscanf(line, "%2x%n", &byte, &n) == 1; line += n) {
		assert(offset < size);
		data[offset++] = (uint8_t)byte;
	}
}

void captured_load(struct captured *tree, const char *name)
{
	char path[PATH_MAX], line[512], at[256], rest[256], hex_at[256] = "";
	static uint8_t data[4096];
	size_t size = 0;
	FILE *file = fopen(data_file(name, path), "r");

	assert(file);
	while (fgets(line, sizeof(line), file)) {
		if (line[0] == '#')
			continue;
		if (sscanf(line, "text %255s %255[^\n]", at, rest) == 2) {
			captured_text(tree, at, rest);
		} else if (sscanf(line, "link %255s %255s", at, rest) == 2) {
			captured_link(tree, at, rest);
		} else if (sscanf(line, "hex %255s %zu", hex_at, &size) == 2) {
			assert(size <= sizeof(data));
			memset(data, 0, sizeof(data));
			captured_file(tree, hex_at, data, size);
		} else {
			read_hex(line, data, size);
			captured_file(tree, hex_at, data, size);
		}
	}
	fclose(file);
}

void captured_compile_fdt(struct captured *tree, const char *name)
{
	char path[PATH_MAX], out[PATH_MAX], command[3 * PATH_MAX];

	make_path(tree, "sys/firmware/fdt", out);
	snprintf(command, sizeof(command), "dtc -q -O dtb -o %s %s", out,
		 data_file(name, path));
	assert(system(command) == 0);
}

void captured_function_begin(struct captured_function *fn, const char *above,
			     const char *bdf, uint16_t vendor, uint16_t device)
{
	memset(fn, 0, sizeof(*fn));
	fn->above = above;
	fn->bdf = bdf;
	fn->config_size = sizeof(fn->config);
	captured_set(fn, PCI_VENDOR_ID, 2, vendor);
	captured_set(fn, PCI_DEVICE_ID, 2, device);
	captured_set(fn, PCI_CLASS_REVISION, 4, 0x02000001);
}

void captured_set(struct captured_function *fn, unsigned int at,
		  unsigned int bytes, uint32_t value)
{
	assert(at + bytes <= sizeof(fn->config));
	for (unsigned int i = 0; i < bytes; i++)
		fn->config[at + i] = (uint8_t)(value >> 8 * i);
}

void captured_bridge(struct captured_function *fn, uint8_t secondary)
{
	captured_set(fn, PCI_HEADER_TYPE, 1, PCI_HEADER_TYPE_BRIDGE);
	captured_set(fn, PCI_CLASS_REVISION, 4, 0x06040000);
	captured_set(fn, PCI_SECONDARY_BUS, 1, secondary);
}

void captured_capability(struct captured_function *fn, uint8_t id, uint8_t at)
{
	captured_set(fn, at, 1, id);
	captured_set(fn, at + 1u, 1, fn->config[PCI_CAPABILITY_LIST]);
	captured_set(fn, PCI_CAPABILITY_LIST, 1, at);
	captured_set(fn, PCI_STATUS, 2, PCI_STATUS_CAP_LIST);
}

void captured_express(struct captured_function *fn, unsigned int port_type,
		      int flr)
{
	captured_capability(fn, PCI_CAP_ID_EXP, 0x40);
	captured_set(fn, 0x40 + PCI_EXP_FLAGS, 2, port_type << 4 | 2);
	captured_set(fn, 0x40 + PCI_EXP_DEVCAP, 4,
		     flr ? PCI_EXP_DEVCAP_FLR : 0);
}

static void directory_of(const struct captured_function *fn,
			 char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "sys/devices/%s/%s", fn->above, fn->bdf);
}

void captured_attribute(struct captured *tree,
			const struct captured_function *fn, const char *name,
			const char *text)
{
	char directory[PATH_MAX], path[PATH_MAX + 64];

	directory_of(fn, directory);
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	captured_text(tree, path, text);
}

void captured_pointer(struct captured *tree, const struct captured_function *fn,
		      const char *name, const char *target)
{
	char directory[PATH_MAX], path[PATH_MAX + 64];

	directory_of(fn, directory);
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	captured_link(tree, path, target);
}

void captured_add(struct captured *tree, const struct captured_function *fn)
{
	char directory[PATH_MAX], path[PATH_MAX + 64], text[32];
	const uint8_t *c = fn->config;

	snprintf(text, sizeof(text), "0x%02x%02x", c[1], c[0]);
	captured_attribute(tree, fn, "vendor", text);
	snprintf(text, sizeof(text), "0x%02x%02x", c[3], c[2]);
	captured_attribute(tree, fn, "device", text);
	snprintf(text, sizeof(text), "0x%02x%02x%02x", c[11], c[10], c[9]);
	captured_attribute(tree, fn, "class", text);
	directory_of(fn, directory);
	snprintf(path, sizeof(path), "%s/config", directory);
	captured_file(tree, path, c, fn->config_size);
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s", fn->bdf);
	snprintf(directory, sizeof(directory), "../../../devices/%s/%s",
		 fn->above, fn->bdf);
	captured_link(tree, path, directory);
}
