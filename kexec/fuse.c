// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "kexec/fuse.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <linux/mount.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kexec/passed.h"
#include "lib/error.h"

#define FUSE_DEVICE "/dev/fuse"
/* At most as much in one read: as much as 256 pages, which kernels allow. */
#define READ_SIZE (1u << 20)
/* Nobody writes: the least there is. */
#define WRITE_SIZE  4096u
#define BUFFER_SIZE (sizeof(struct fuse_out_header) + READ_SIZE)
/* The image never changes. */
#define FOR_EVER UINT32_MAX

_Static_assert(BUFFER_SIZE >= FUSE_MIN_READ_BUFFER,
	       "the kernel refuses to write requests into less");

/* The C library has these calls later than kernels do. */
static int fs_open(const char *type)
{
	return (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
}

static int fs_config(int fs, unsigned int command, const char *key,
		     const char *value)
{
	return (int)syscall(SYS_fsconfig, fs, command, key, value, 0);
}

static int fs_mount(int fs)
{
	return (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC,
			    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
				    MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

static int set_number(int fs, const char *key, const char *format,
		      unsigned int value)
{
	char text[16];

	snprintf(text, sizeof(text), format, value);
	return fs_config(fs, FSCONFIG_SET_STRING, key, text);
}

/* Mounted nowhere, with the image's file in the place of a root directory. */
static int mount_file(int device)
{
	int fs = fs_open("fuse"), mount = -1;

	if (fs >= 0 && set_number(fs, "fd", "%u", (unsigned int)device) == 0 &&
	    set_number(fs, "rootmode", "%o", S_IFREG | 0400) == 0 &&
	    set_number(fs, "user_id", "%u", getuid()) == 0 &&
	    set_number(fs, "group_id", "%u", getgid()) == 0 &&
	    fs_config(fs, FSCONFIG_SET_STRING, "source", "kexec-quiesce") ==
		    0 &&
	    /* Else saved and real ids would count; nobody else gets here. */
	    fs_config(fs, FSCONFIG_SET_FLAG, "allow_other", NULL) == 0 &&
	    fs_config(fs, FSCONFIG_CMD_CREATE, NULL, NULL) == 0)
		mount = fs_mount(fs);
	if (fs >= 0)
		close(fs);
	return mount;
}

static int open_file(struct kq_fuse *fuse, struct kq_message *message)
{
	int mount;

	fuse->device = open(FUSE_DEVICE, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fuse->device < 0)
		return kq_fail(message, KQ_ERR_NOTSUP,
			       "cannot open " FUSE_DEVICE ": %m");
	mount = mount_file(fuse->device);
	if (mount < 0)
		return kq_fail(message, KQ_ERR_NOTSUP,
			       "cannot make a FUSE file system: %m");
	fuse->file_fd = kq_passed_copy(mount, message);
	close(mount);
	return fuse->file_fd < 0 ? -KQ_ERR_NOTSUP : 0;
}

int kq_fuse_open(const struct kq_image *image, struct kq_fuse *ret,
		 struct kq_message *message)
{
	struct kq_fuse fuse = KQ_FUSE_NONE;
	int r;

	fuse.image = image;
	fuse.buffer = malloc(BUFFER_SIZE);
	if (!fuse.buffer)
		return kq_fail(message, KQ_ERR_NOMEM, "out of memory");
	r = open_file(&fuse, message);
	if (r < 0) {
		kq_fuse_close(&fuse);
		return r;
	}
	*ret = fuse;
	return 0;
}

static size_t answer_init(const struct fuse_init_in *in,
			  struct fuse_init_out *out)
{
	*out = (struct fuse_init_out){
		.major = FUSE_KERNEL_VERSION,
		.minor = in->minor < FUSE_KERNEL_MINOR_VERSION
				 ? in->minor
				 : FUSE_KERNEL_MINOR_VERSION,
		.max_write = WRITE_SIZE,
		.flags = in->flags & FUSE_MAX_PAGES,
		.max_pages = (uint16_t)(READ_SIZE / sysconf(_SC_PAGESIZE)),
	};
	return sizeof(*out);
}

static size_t answer_attributes(const struct kq_fuse *fuse,
				struct fuse_attr_out *out)
{
	*out = (struct fuse_attr_out){
		.attr_valid = FOR_EVER,
		.attr = {
			.ino = FUSE_ROOT_ID,
			.size = fuse->image->layout.file_size,
			.mode = S_IFREG | 0400,
			.nlink = 1,
			.uid = getuid(),
			.gid = getgid(),
		},
	};
	return sizeof(*out);
}

/* Each read comes here, and nothing of it is kept in the page cache. */
static size_t answer_open(struct fuse_open_out *out)
{
	*out = (struct fuse_open_out){ .open_flags = FOPEN_DIRECT_IO };
	return sizeof(*out);
}

static size_t answer_read(struct kq_fuse *fuse, const struct fuse_read_in *in,
			  void *out, int *ret_error)
{
	const uint64_t end = fuse->image->layout.file_size;
	const uint64_t offset = in->offset;
	size_t size = in->size < READ_SIZE ? in->size : READ_SIZE;

	if (offset >= end)
		return 0;
	if (size > end - offset)
		size = end - offset;
	if (kq_image_read(fuse->image, out, size, offset, &fuse->error) == 0)
		return size;
	*ret_error = -EIO;
	return 0;
}

/* Request and answer share the buffer: the request is copied away first. */
static void answer(struct kq_fuse *fuse)
{
	union {
		struct fuse_init_in init;
		struct fuse_read_in read;
	} in;
	struct fuse_out_header *header = (void *)fuse->buffer;
	struct fuse_in_header request;
	void *body = header + 1;
	size_t size = 0;
	int error = 0;

	memcpy(&request, fuse->buffer, sizeof(request));
	memcpy(&in, fuse->buffer + sizeof(request), sizeof(in));
	switch (request.opcode) {
	case FUSE_INIT:
		size = answer_init(&in.init, body);
		break;
	case FUSE_GETATTR:
		size = answer_attributes(fuse, body);
		break;
	case FUSE_OPEN:
		size = answer_open(body);
		break;
	case FUSE_READ:
		size = answer_read(fuse, &in.read, body, &error);
		break;
	case FUSE_RELEASE:
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		return; /* without an answer */
	default:
		error = -ENOSYS;
	}
	*header = (struct fuse_out_header){
		.len = (uint32_t)(sizeof(*header) + size),
		.error = error,
		.unique = request.unique,
	};
	/* Who asked may have gone meanwhile, and asks no more. */
	(void)!write(fuse->device, fuse->buffer, header->len);
}

void kq_fuse_serve(struct kq_fuse *fuse, int timeout_ms)
{
	struct pollfd asked = { .fd = fuse->device, .events = POLLIN };

	if (poll(&asked, 1, timeout_ms) <= 0)
		return;
	if (asked.revents & POLLERR) { /* somebody ended it from outside */
		close(fuse->device);
		fuse->device = -1;
		return;
	}
	/* What a short request lacks is not asked for, but must be there. */
	memset(fuse->buffer, 0, FUSE_MIN_READ_BUFFER);
	if (read(fuse->device, fuse->buffer, BUFFER_SIZE) >=
	    (ssize_t)sizeof(struct fuse_in_header))
		answer(fuse);
}

void kq_fuse_close(struct kq_fuse *fuse)
{
	if (fuse->file_fd >= 0)
		close(fuse->file_fd);
	if (fuse->device >= 0)
		close(fuse->device);
	free(fuse->buffer);
	*fuse = KQ_FUSE_NONE;
}
