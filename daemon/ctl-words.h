/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words for the numbers in plans and reports. The one-word names are part of
 * the JSON output (docs/report-format.md): do not change them.
 */
#ifndef KQ_CTL_WORDS_H
#define KQ_CTL_WORDS_H

#include <stddef.h>
#include <stdint.h>

/* A register's or flag word's bits by name; a table ends with name NULL. */
struct kq_bit_name {
	uint32_t mask;
	const char *name;
};

extern const struct kq_bit_name kq_bits_command[];
extern const struct kq_bit_name kq_bits_status_errors[];
extern const struct kq_bit_name kq_bits_devsta[];
extern const struct kq_bit_name kq_bits_aer_uncor[];
extern const struct kq_bit_name kq_bits_aer_cor[];
extern const struct kq_bit_name kq_bits_aer_root[];
extern const struct kq_bit_name kq_bits_cr0[];
extern const struct kq_bit_name kq_bits_gerror[];
extern const struct kq_bit_name kq_bits_scr0[];
extern const struct kq_bit_name kq_bits_sgfsr[];
extern const struct kq_bit_name kq_bits_fsr[]; /* of a context bank */
extern const struct kq_bit_name kq_bits_smmu[]; /* KQ_SMMU_* of a report */
extern const struct kq_bit_name kq_bits_function[]; /* KQ_FN_* flags */
extern const struct kq_bit_name kq_bits_verify_parts[]; /* KQ_VERIFY_* */
extern const struct kq_bit_name kq_bits_verify_flags[];
extern const struct kq_bit_name kq_bits_report[]; /* KQ_REPORT_* flags */

/**
 * kq_bits_join() - the names of the bits that are set, ", " between them
 * @buffer: where to; always terminated
 * @size:   its size; 512 holds every table of this file
 * @value:  the register; bits without a name appear as one hexadecimal number
 * @names:  the names
 *
 * Return: @buffer; "" if no bit is set.
 */
const char *kq_bits_join(char *buffer, size_t size, uint32_t value,
			 const struct kq_bit_name *names);

/* One word each; "unknown" for a number without a name. */
const char *kq_word_kind(uint32_t kind);
const char *kq_word_quiesce(uint32_t level);
const char *kq_word_policy(uint32_t policy);
const char *kq_word_smmu_type(uint32_t type);
const char *kq_word_smmu_result(uint32_t result);
const char *kq_word_function_result(uint32_t result);
const char *kq_word_verify_result(uint32_t result);
const char *kq_word_psci(uint32_t psci);
const char *kq_word_step(uint32_t step);
const char *kq_word_event(uint32_t type);
const char *kq_word_dpc_reason(uint32_t dpc_status);
const char *kq_word_link_speed(uint32_t link_status);
const char *kq_word_smmu3_register(uint32_t offset);
const char *kq_word_smmu2_register(uint32_t offset);

/* Does an event of this type carry the address the device used? */
int kq_event_has_address(uint32_t type);

/* Room for "0000:00:00.0". */
#define KQ_ADDRESS_TEXT 16

/**
 * kq_text_address() - a PCI address as the kernel writes it
 */
const char *kq_text_address(char text[KQ_ADDRESS_TEXT], uint16_t segment,
			    uint16_t bdf);

/* Room for a duration in words. */
#define KQ_DURATION_TEXT 24

/**
 * kq_text_duration() - microseconds in the unit a reader wants
 */
const char *kq_text_duration(char text[KQ_DURATION_TEXT], uint64_t us);

/**
 * kq_text_name() - a name from a report, made safe for a terminal and JSON
 * @text: room for @size bytes and a NUL
 * @name: bytes of unknown origin, perhaps without a NUL
 * @size: bytes at @name
 *
 * Whatever is not printable ASCII becomes '?'.
 */
const char *kq_text_name(char *text, const char *name, size_t size);

#endif
