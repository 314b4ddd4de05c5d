// SPDX-License-Identifier: GPL-2.0-or-later
#include "purgatory/verify.h"

#include "lib/blob.h"
#include "lib/error.h"
#include "lib/sha256.h"
#include "lib/stage-image.h"
#include "purgatory/fdt.h"

/*
 * Slower than 8 bytes a microsecond (8 MB/s), and a second for all the rest,
 * is given up: memory read without caches is faster than that.
 */
#define LIMIT_US     1000000u
#define BYTES_PER_US 8u
/* The clock is looked at so often. */
#define SLICE_SIZE (256u * 1024u)

int kq_hash_parts(struct kq_io *io, struct kq_hash *hash)
{
	for (uint32_t i = 0; i < hash->count; i++) {
		struct kq_hash_part *part = &hash->parts[i];
		const uint8_t *at = (const uint8_t *)part->start;
		uint64_t left = part->size, slice;
		struct kq_sha256 sha;

		kq_sha256_init(&sha);
		for (; left > 0; left -= slice, at += slice) {
			slice = left < SLICE_SIZE ? left : SLICE_SIZE;
			kq_sha256_update(&sha, at, slice);
			hash->bytes += slice;
			if (kq_io_now_us(io) > hash->end_us)
				return -KQ_ERR_TIMEOUT;
		}
		kq_sha256_final(&sha, part->sha256);
	}
	return 0;
}

static void add_part(struct kq_hash *hash, uint64_t start, uint64_t size)
{
	hash->parts[hash->count++] = (struct kq_hash_part){
		.start = start,
		.size = size,
	};
}

/* The initrd that the payload will find. One of another size is damaged. */
static bool find_initrd(const struct kq_stage *stage, uint64_t *ret_start)
{
	uint64_t start, end;

	if (!stage->fdt ||
	    kq_fdt_initrd(stage->fdt, stage->fdt_size, &start, &end) < 0)
		return false;
	*ret_start = start;
	return end - start == stage->params->initrd_size;
}

/* Stage, payload, initrd, in this order: what is behind may be missing. */
static void choose_parts(struct kq_stage *stage, struct kq_hash *hash)
{
	const struct kq_stage_params *params = stage->params;
	struct kq_report_verify *verify = &stage->report->verify;
	uint64_t image = (uint64_t)stage->image;
	uint64_t stage_start = image + KQ_IMAGE_HEAD_SIZE, initrd;

	add_part(hash, stage_start,
		 (uint64_t)params->stage_sha256 - stage_start);
	verify->parts = KQ_VERIFY_STAGE;
	/* Damaged parameters: what they ask for might take for ever. */
	if (params->payload_size > KQ_KERNEL_MAX_SIZE) {
		verify->bad |= KQ_VERIFY_STAGE;
		return;
	}
	add_part(hash, image + params->payload_offset, params->payload_size);
	verify->parts |= KQ_VERIFY_PAYLOAD;
	if (!(params->flags & KQ_PARAMS_INITRD))
		return;
	verify->parts |= KQ_VERIFY_INITRD;
	if (find_initrd(stage, &initrd))
		add_part(hash, initrd, params->initrd_size);
	else
		verify->bad |= KQ_VERIFY_INITRD;
}

static void compare(struct kq_stage *stage, const struct kq_hash *hash)
{
	const uint8_t *expected[] = {
		stage->params->stage_sha256,
		stage->params->payload_sha256,
		stage->params->initrd_sha256,
	};
	struct kq_report_verify *verify = &stage->report->verify;

	for (uint32_t i = 0; i < hash->count; i++)
		if (!kq_bytes_equal(hash->parts[i].sha256, expected[i], 32))
			verify->bad |= KQ_BIT32(i);
}

/* What was not hashed to the end was not compared; a missing initrd was. */
static void not_done(struct kq_report_verify *verify, int error)
{
	verify->parts = verify->bad;
	verify->result = error == -KQ_ERR_TIMEOUT ? KQ_VERIFY_TOO_SLOW
						  : KQ_VERIFY_FAULT;
}

/* What is in the middle of the work area is free until the hand-over. */
static void give_room(const struct kq_stage *stage, struct kq_hash *hash)
{
	hash->room = stage->spare;
	hash->room_size = (size_t)(stage->kept_floor - stage->spare);
}

static void verify(struct kq_stage *stage)
{
	struct kq_report_verify *verify = &stage->report->verify;
	uint64_t start = kq_io_now_us(&stage->io), size = 0;
	struct kq_hash hash = { .count = 0 };
	int r;

	choose_parts(stage, &hash);
	for (uint32_t i = 0; i < hash.count; i++)
		size += hash.parts[i].size;
	hash.end_us = start + LIMIT_US + size / BYTES_PER_US;
	give_room(stage, &hash);
	r = kq_io_hash(&stage->io, &hash);
	verify->flags |= hash.flags;
	verify->bytes = hash.bytes;
	verify->fault_esr = hash.fault_esr;
	verify->result = KQ_VERIFY_GOOD;
	if (r == 0)
		compare(stage, &hash);
	else
		not_done(verify, r);
	if (verify->bad)
		verify->result = KQ_VERIFY_BAD;
	/* The budget is for waits, which this is none of. */
	stage->deadline_us += kq_io_now_us(&stage->io) - start;
}

static void run(struct kq_stage *stage, uint32_t flags)
{
	if (!stage->report || !stage->params ||
	    !(stage->params->flags & KQ_PARAMS_VERIFY) ||
	    stage->report->verify.result != KQ_VERIFY_NOT_ASKED)
		return;
	kq_step_begin(stage, KQ_STEP_VERIFY);
	/* Until it is done: a fault outside of the hashing ends it here. */
	stage->report->verify.result = KQ_VERIFY_FAULT;
	stage->report->verify.flags = flags;
	verify(stage);
	kq_step_end(stage, KQ_STEP_VERIFY);
}

/* Anything that may still write to memory, as far as is known by now? */
static bool is_quiet(const struct kq_report_function *record)
{
	switch (record->result) {
	case KQ_FN_QUIET:
	case KQ_FN_RESET_WITH_PF:
	case KQ_FN_LEFT_ALONE:
	case KQ_FN_GONE:
	case KQ_FN_REPLACED: /* the walk has it as another one */
		return !(record->flags & KQ_FN_STUCK_PENDING);
	case KQ_FN_OBSERVED:
		return record->flags & KQ_FN_BRIDGE;
	default:
		return false;
	}
}

void kq_verify_in_wait(struct kq_stage *stage)
{
	for (uint32_t i = 0; i < stage->report->functions.count; i++)
		if (!is_quiet(&stage->records[i]))
			return;
	run(stage, 0);
}

void kq_verify_rest(struct kq_stage *stage)
{
	run(stage, KQ_VERIFY_LATE);
}

bool kq_verify_forbids(const struct kq_stage *stage)
{
	return stage->report && stage->plan &&
	       stage->report->verify.result == KQ_VERIFY_BAD &&
	       stage->plan->on_bad_digest != KQ_ON_BAD_BOOT;
}
