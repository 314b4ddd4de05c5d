// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "lib/image/signed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/image/image-header.h"
#include "lib/image/pe.h"
#include "lib/sha256.h"
#include "lib/stage-image.h"

/* A plan with every table at its limit is smaller. */
#define MAX_PLAN_SIZE  (1u << 20)

/* The payload takes no more, and the rest is small beside it. */
#define MAX_IMAGE_SIZE (2 * KQ_KERNEL_MAX_SIZE)

#define CHUNK_SIZE     65536u

/* First byte of security.ima. Linux, security/integrity/integrity.h. */
#define IMA_XATTR_SIGNATURE 3

/* How a quiesce image with PE headers starts. */
struct head {
	struct kq_image_header image;
	struct kq_pe_headers pe;
};

_Static_assert(offsetof(struct head, pe) == KQ_PE_OFFSET, "no padding");

/* The object identifier of SHA-256, DER encoded. RFC 5754, section 2. */
static const uint8_t sha256_oid[] = {
	0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
};

static bool read_at(int fd, void *data, size_t size, uint64_t offset)
{
	char *p = data;

	while (size > 0) {
		ssize_t n = pread(fd, p, size, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		size -= (size_t)n;
		offset += (uint64_t)n;
	}
	return true;
}

static const struct kq_pe_directory *certificates(const struct head *head)
{
	return &head->pe.directories[KQ_PE_CERTIFICATES];
}

static bool is_quiesce_image(const struct head *head)
{
	return head->image.magic == KQ_IMAGE_MAGIC &&
	       head->image.tag == KQ_IMAGE_TAG;
}

static bool has_pe_signature(const struct head *head)
{
	return head->image.pe_offset == KQ_PE_OFFSET &&
	       !memcmp(head->pe.coff.signature, KQ_PE_SIGNATURE, 4) &&
	       certificates(head)->size != 0;
}

/* As kq_pe_fill() made it, and a signature right behind it to the end. */
static bool layout_ok(const struct head *head, uint64_t file_size)
{
	const struct kq_pe_section *stage = &head->pe.sections[0];
	const struct kq_pe_section *payload = &head->pe.sections[1];
	uint64_t end = (uint64_t)payload->raw_offset + payload->raw_size;

	return head->pe.coff.section_count == 2 &&
	       head->pe.optional.magic == KQ_PE_MAGIC_64 &&
	       head->pe.optional.directory_count == KQ_PE_DIRECTORIES &&
	       head->pe.optional.header_size == KQ_IMAGE_HEAD_SIZE &&
	       stage->raw_offset == KQ_IMAGE_HEAD_SIZE &&
	       (uint64_t)stage->raw_offset + stage->raw_size ==
		       payload->raw_offset &&
	       certificates(head)->address == end &&
	       certificates(head)->size <= KQ_PE_SIGNATURE_ROOM &&
	       end + certificates(head)->size == file_size &&
	       file_size <= head->image.image_size;
}

/* Hash the file from @start to @end. */
static bool hash_part(int fd, uint64_t start, uint64_t end,
		      struct kq_sha256 *ctx)
{
	uint8_t chunk[CHUNK_SIZE];

	while (start < end) {
		size_t size = end - start < sizeof(chunk) ? end - start
							  : sizeof(chunk);

		if (!read_at(fd, chunk, size, start))
			return false;
		kq_sha256_update(ctx, chunk, size);
		start += size;
	}
	return true;
}

/* All but what signing changes: checksum, directory entry, signature. */
static bool file_digest(int fd, const struct head *head,
			uint8_t digest[KQ_SHA256_SIZE])
{
	const uint64_t checksum = offsetof(struct head, pe.optional.checksum);
	const uint64_t entry =
		offsetof(struct head, pe.directories[KQ_PE_CERTIFICATES]);
	const uint64_t behind = entry + sizeof(struct kq_pe_directory);
	struct kq_sha256 ctx;

	kq_sha256_init(&ctx);
	if (!hash_part(fd, 0, checksum, &ctx) ||
	    !hash_part(fd, checksum + sizeof(uint32_t), entry, &ctx) ||
	    !hash_part(fd, behind, certificates(head)->address, &ctx))
		return false;
	kq_sha256_final(&ctx, digest);
	return true;
}

/* Does the signature hold the file's digest, if it holds such a one? */
static int check_digest(int fd, const struct head *head,
			struct kq_message *message)
{
	const size_t size = certificates(head)->size;
	uint8_t digest[KQ_SHA256_SIZE];
	uint8_t *table = malloc(size);
	int r = 0;

	if (!table)
		return kq_fail(message, KQ_ERR_NOMEM, "out of memory");
	if (!read_at(fd, table, size, certificates(head)->address) ||
	    !file_digest(fd, head, digest))
		r = kq_fail(message, KQ_ERR_SYSTEM, "cannot be read: %m");
	else if (!memmem(table, size, digest, sizeof(digest)) &&
		 memmem(table, size, sha256_oid, sizeof(sha256_oid)))
		r = kq_fail(message, KQ_ERR_CHECKSUM,
			    "was changed after it was signed: run quiescectl "
			    "wrap and sign it again");
	free(table);
	return r;
}

/* The attribute may hold a digest without a signature, too. */
static bool has_ima_signature(int fd)
{
	uint8_t value[4096];

	return fgetxattr(fd, "security.ima", value, sizeof(value)) > 0 &&
	       value[0] == IMA_XATTR_SIGNATURE;
}

/*
 * What the file says of itself, where no digest can say it: IMA's signature
 * is for the kernel to check, and so is a PE signature of another kind.
 */
static bool params_ok(const struct kq_stage_params *params,
		      const struct head *head, uint64_t file_size)
{
	return params->plan_size <= MAX_PLAN_SIZE &&
	       params->plan_offset <= file_size &&
	       params->payload_offset <= file_size &&
	       params->payload_size <= file_size - params->payload_offset &&
	       file_size <= head->image.image_size &&
	       head->image.image_size <= MAX_IMAGE_SIZE;
}

/* A plan of another version is for a stage of another version: its own. */
static int read_plan(int fd, const struct head *head,
		     struct kq_plan_header **ret, struct kq_message *message)
{
	struct kq_stage_params params;
	struct stat st;
	void *plan;
	int r;

	if (fstat(fd, &st) < 0)
		return kq_fail(message, KQ_ERR_SYSTEM, "cannot be read: %m");
	if (head->image.params_offset > INT64_MAX ||
	    !read_at(fd, &params, sizeof(params), head->image.params_offset) ||
	    !params_ok(&params, head, (uint64_t)st.st_size))
		return kq_fail(message, KQ_ERR_BOUNDS,
			       "is damaged: it is not all there, or its "
			       "header is wrong: run quiescectl wrap and sign "
			       "it again");
	plan = malloc(params.plan_size + 1);
	if (!plan)
		return kq_fail(message, KQ_ERR_NOMEM, "out of memory");
	if (!read_at(fd, plan, params.plan_size, params.plan_offset))
		r = -KQ_ERR_SYSTEM;
	else
		r = kq_plan_check(plan, params.plan_size);
	if (r == 0) {
		*ret = plan;
		return 0;
	}
	free(plan);
	return r == -KQ_ERR_VERSION
		       ? 0
		       : kq_fail(message, -r, "has a damaged plan");
}

static int check_pe(int fd, const struct head *head, struct kq_message *message)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return kq_fail(message, KQ_ERR_SYSTEM, "cannot be read: %m");
	if (!layout_ok(head, (uint64_t)st.st_size))
		return kq_fail(message, KQ_ERR_BOUNDS,
			       "is damaged: its signature is not where it "
			       "should be");
	return check_digest(fd, head, message);
}

static int read_image(const struct head *head, struct kq_signed_image *image,
		      struct kq_message *message)
{
	int r;

	if (image->pe) {
		r = check_pe(image->fd, head, message);
		if (r < 0)
			return r;
	}
	image->image_size = head->image.image_size;
	return read_plan(image->fd, head, &image->plan, message);
}

/* Is it one at all? */
static bool find_signatures(struct head *head, struct kq_signed_image *image)
{
	if (!read_at(image->fd, head, sizeof(*head), 0) ||
	    !is_quiesce_image(head))
		return false;
	image->pe = has_pe_signature(head);
	image->ima = has_ima_signature(image->fd);
	return image->pe || image->ima;
}

int kq_signed_image_open(const char *path, struct kq_signed_image *ret,
			 struct kq_message *message)
{
	struct kq_signed_image image = KQ_SIGNED_IMAGE_NONE;
	struct kq_message reason;
	struct head head;
	int r;

	image.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (image.fd < 0)
		return -KQ_ERR_NOTFOUND;
	if (!find_signatures(&head, &image)) {
		kq_signed_image_close(&image);
		return -KQ_ERR_NOTFOUND;
	}
	r = read_image(&head, &image, &reason);
	if (r < 0) {
		kq_signed_image_close(&image);
		return kq_fail(message, -r, "the signed quiesce image %s %s",
			       path, reason.text);
	}
	*ret = image;
	return 0;
}

void kq_signed_image_close(struct kq_signed_image *image)
{
	if (image->fd >= 0)
		close(image->fd);
	free(image->plan);
	*image = KQ_SIGNED_IMAGE_NONE;
}
