// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "lib/image/source.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/error.h"

/* Fits caches, and is large enough that calls do not count. */
#define HASH_PIECE (256u << 10)

int kq_source_narrow(struct kq_source *source, uint64_t offset, uint64_t size)
{
	uint64_t *at = source->codec ? &source->inner_offset : &source->offset;
	uint64_t *left = source->codec ? &source->inner_size : &source->size;

	if (offset > *left || size > *left - offset)
		return -KQ_ERR_BOUNDS;
	if (*at > UINT64_MAX - offset || size > UINT64_MAX - *at - offset)
		return -KQ_ERR_BOUNDS;
	*at += offset;
	*left = size;
	return 0;
}

void kq_source_decompress(struct kq_source *source,
			  const struct kq_codec *codec)
{
	source->codec = codec;
	source->inner_offset = 0;
	source->inner_size = UINT64_MAX;
}

static int read_plain(const struct kq_source *source, uint8_t *data,
		      size_t size, struct kq_message *message)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pread(source->fd, data + done, size - done,
				  (off_t)(source->offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return kq_fail(message, KQ_ERR_SYSTEM,
				       "cannot be read: %m");
		if (n == 0)
			return kq_fail(message, KQ_ERR_TRUNCATED,
				       "is being replaced: try again");
		done += (size_t)n;
	}
	return 0;
}

static int decode(const struct kq_source *source, void *data, size_t size,
		  size_t *ret_size, struct kq_message *message)
{
	return kq_codec_decode(source->codec, source->fd, source->offset,
			       source->size, data, size, ret_size, message);
}

/* What stands before the stretch has to be decompressed, too. */
static int decode_inner(const struct kq_source *source, void *data, size_t size,
			size_t *ret_size, struct kq_message *message)
{
	uint64_t before = source->inner_offset;
	size_t all = before + size, made;
	uint8_t *buffer;
	int r;

	buffer = mmap(NULL, all, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (buffer == MAP_FAILED)
		return kq_codec_no_memory(message);
	r = decode(source, buffer, all, &made, message);
	*ret_size = made > before ? made - before : 0;
	memcpy(data, buffer + before, *ret_size);
	munmap(buffer, all);
	return r;
}

static int read_compressed(const struct kq_source *source, void *data,
			   size_t size, size_t *ret_size,
			   struct kq_message *message)
{
	size_t wanted = source->inner_size < size ? source->inner_size : size;
	int r;

	if (source->inner_offset == 0)
		r = decode(source, data, wanted, ret_size, message);
	else
		r = decode_inner(source, data, wanted, ret_size, message);
	if (r == -KQ_ERR_NOSPACE && source->inner_size <= size)
		return 0;
	if (r == 0 && *ret_size < wanted && source->inner_size != UINT64_MAX)
		return kq_fail(message, KQ_ERR_TRUNCATED,
			       "is truncated: what it holds ends early");
	return r;
}

int kq_source_read(const struct kq_source *source, void *data, size_t size,
		   size_t *ret_size, struct kq_message *message)
{
	int r;

	if (source->codec)
		return read_compressed(source, data, size, ret_size, message);
	*ret_size = source->size < size ? source->size : size;
	r = read_plain(source, data, *ret_size, message);
	if (r == 0 && source->size > size)
		return -KQ_ERR_NOSPACE;
	return r;
}

bool kq_source_changed(int fd, const struct stat *then)
{
	struct stat now;

	return fstat(fd, &now) < 0 || now.st_size != then->st_size ||
	       now.st_mtim.tv_sec != then->st_mtim.tv_sec ||
	       now.st_mtim.tv_nsec != then->st_mtim.tv_nsec ||
	       now.st_ctim.tv_sec != then->st_ctim.tv_sec ||
	       now.st_ctim.tv_nsec != then->st_ctim.tv_nsec;
}

/* Read, not mapped: a file that shrinks meanwhile is an error, no signal. */
int kq_source_hash(const struct kq_source *source,
		   uint8_t digest[KQ_SHA256_SIZE], struct kq_message *message)
{
	static uint8_t buffer[HASH_PIECE];
	struct kq_source rest = *source;
	struct kq_sha256 sha;
	size_t size;
	int r;

	kq_sha256_init(&sha);
	while (rest.size > 0) {
		r = kq_source_read(&rest, buffer, sizeof(buffer), &size,
				   message);
		if (r < 0 && r != -KQ_ERR_NOSPACE)
			return r;
		kq_sha256_update(&sha, buffer, size);
		(void)kq_source_narrow(&rest, size, rest.size - size);
	}
	kq_sha256_final(&sha, digest);
	return 0;
}
