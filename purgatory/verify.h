/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is what was loaded still what was loaded? SHA-256 over stage, payload and
 * initrd, once the devices are quiet: nothing can change then what was
 * verified.
 */
#ifndef KQ_VERIFY_H
#define KQ_VERIFY_H

#include "purgatory/stage.h"

/* A stretch of memory to hash. */
struct kq_hash_part {
	uint64_t start;
	uint64_t size;
	uint8_t sha256[32]; /* result */
};

/* What kq_io_hash() shall do and how it went. */
struct kq_hash {
	struct kq_hash_part parts[KQ_VERIFY_PARTS];
	uint32_t count;
	uint32_t flags; /* result: KQ_VERIFY_CACHED, KQ_VERIFY_SHA2 */
	uint64_t end_us; /* given up then */
	uint64_t bytes; /* result */
	uint32_t fault_esr; /* result */
	void *room; /* for translation tables */
	size_t room_size;
};

/**
 * kq_verify_in_wait() - verify while functions reset, if all is quiet
 *
 * To be called when FLR was written: what the hashing takes is then no longer
 * waited for. Does nothing while some function may still write to memory.
 */
void kq_verify_in_wait(struct kq_stage *stage);

/**
 * kq_verify_rest() - verify now, if that was not done before
 */
void kq_verify_rest(struct kq_stage *stage);

/**
 * kq_verify_forbids() - must the payload not be entered?
 *
 * A digest is wrong, and the plan does not say to boot all the same.
 */
bool kq_verify_forbids(const struct kq_stage *stage);

/**
 * kq_hash_parts() - the hashing itself, for the implementations of
 * kq_io_hash()
 *
 * Return: 0; -KQ_ERR_TIMEOUT it was not done by @end_us.
 */
int kq_hash_parts(struct kq_io *io, struct kq_hash *hash);

#endif
