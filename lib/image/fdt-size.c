// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "lib/image/fdt-size.h"

#include <errno.h>
#include <fcntl.h>
#include <libfdt.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/machine.h"

/* bootargs, initrd, elfcorehdr, usable memory, seeds: all in /chosen. */
#define FDT_SLACK (UINT64_C(16) << 10)
/* If the kernel does not show its device tree; the stage checks again. */
#define FDT_UNKNOWN_SIZE (UINT64_C(256) << 10)

/* Open a file of the machine's /sys or /proc. */
static int open_machine_file(const char *path)
{
	char full[PATH_MAX];
	int n = snprintf(full, sizeof(full), "%s%s", kq_machine_root(), path);

	if (n < 0 || (size_t)n >= sizeof(full)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(full, O_RDONLY | O_CLOEXEC);
}

/* Content of a device tree by its header alone: QEMU's has 1 MiB of air. */
static int fdt_content_size(int fd, const char *path, uint64_t *ret,
			    struct kq_message *message)
{
	struct fdt_header header;
	ssize_t n = read(fd, &header, sizeof(header));

	if (n < 0)
		return kq_fail(message, KQ_ERR_SYSTEM, "cannot read %s: %m",
			       path);
	if (n != (ssize_t)sizeof(header) || fdt_check_header(&header) != 0 ||
	    fdt_version(&header) < 17)
		return kq_fail(message, KQ_ERR_MAGIC,
			       "%s is not a flattened device tree", path);
	*ret = (uint64_t)fdt_size_dt_struct(&header) +
	       fdt_size_dt_strings(&header) + sizeof(header) + FDT_SLACK;
	return 0;
}

int kq_image_fdt_size(const char *dtb, uint64_t *ret,
		      struct kq_message *message)
{
	const char *path = dtb ? dtb : "/sys/firmware/fdt";
	int fd = dtb ? open(dtb, O_RDONLY | O_CLOEXEC)
		     : open_machine_file(path);
	int r;

	if (fd < 0 && !dtb && errno == ENOENT) {
		*ret = FDT_UNKNOWN_SIZE;
		return 0;
	}
	if (fd < 0)
		return kq_fail(message, KQ_ERR_SYSTEM, "cannot read %s: %m",
			       path);
	r = fdt_content_size(fd, path, ret, message);
	close(fd);
	return r;
}
