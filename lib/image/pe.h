/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PE/COFF headers. Kernels come with them: Linux with an EFI stub, zboot
 * kernels and unified kernel images are EFI programs. And they make a quiesce
 * image a file that can be signed: PE tools sign it, and kexec_file_load(2)
 * checks that signature. Nothing runs by them.
 *
 * All fields are little-endian; nothing in a file is aligned.
 *
 * Source: Microsoft, PE Format; what Linux wants of it is in
 * crypto/asymmetric_keys/verify_pefile.c.
 */
#ifndef KQ_IMAGE_PE_H
#define KQ_IMAGE_PE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/message.h"
#include "lib/stage-image.h"

#define KQ_PE_SIGNATURE	    "PE\0\0"
#define KQ_PE_MACHINE_ARM64 0xaa64u
#define KQ_PE_OFFSET_AT	    60u /* where a file says where they are */
#define KQ_PE_MAGIC_64	    0x20bu /* PE32+ */

/* Where ours stand: right behind the Image header. */
#define KQ_PE_OFFSET sizeof(struct kq_image_header)

/* What every section, and so the whole file, is a multiple of. */
#define KQ_PE_FILE_ALIGN 512u

/* Most that a signature may add to a file; 2 KiB are usual. */
#define KQ_PE_SIGNATURE_ROOM 65536u

/* Entries of the data directory. */
enum kq_pe_directory_index {
	KQ_PE_CERTIFICATES = 4, /* the only one used; a file offset, no RVA */
	KQ_PE_DIRECTORIES = 6,
};

struct kq_pe_coff {
	uint8_t signature[4];
	uint16_t machine;
	uint16_t section_count;
	uint32_t timestamp;
	uint32_t symbols_offset;
	uint32_t symbol_count;
	uint16_t optional_size;
	uint16_t characteristics;
};

struct kq_pe_optional {
	uint16_t magic;
	uint8_t linker_version[2];
	uint32_t code_size;
	uint32_t data_size;
	uint32_t bss_size;
	uint32_t entry;
	uint32_t code_base;
	uint64_t image_base;
	uint32_t section_align;
	uint32_t file_align;
	uint16_t os_version[2];
	uint16_t image_version[2];
	uint16_t subsystem_version[2];
	uint32_t reserved;
	uint32_t image_size;
	uint32_t header_size;
	uint32_t checksum;
	uint16_t subsystem;
	uint16_t dll_characteristics;
	uint64_t stack_reserve;
	uint64_t stack_commit;
	uint64_t heap_reserve;
	uint64_t heap_commit;
	uint32_t loader_flags;
	uint32_t directory_count;
};

struct kq_pe_directory {
	uint32_t address;
	uint32_t size;
};

struct kq_pe_section {
	char name[8]; /* not terminated if it fills the field */
	uint32_t virtual_size;
	uint32_t virtual_address;
	uint32_t raw_size; /* virtual_size rounded up, or less: then zeros */
	uint32_t raw_offset;
	uint32_t relocations_offset;
	uint32_t lines_offset;
	uint16_t relocation_count;
	uint16_t line_count;
	uint32_t characteristics;
};

/* All of a quiesce image's PE headers. */
struct kq_pe_headers {
	struct kq_pe_coff coff;
	struct kq_pe_optional optional;
	struct kq_pe_directory directories[KQ_PE_DIRECTORIES];
	struct kq_pe_section sections[2];
};

_Static_assert(sizeof(struct kq_pe_coff) == 24, "PE format");
_Static_assert(sizeof(struct kq_pe_optional) == 112, "PE format");
_Static_assert(offsetof(struct kq_pe_optional, checksum) == 64, "PE format");
_Static_assert(sizeof(struct kq_pe_section) == 40, "PE format");
_Static_assert(sizeof(struct kq_pe_headers) == 24 + 112 + 6 * 8 + 2 * 40,
	       "no padding between the headers");
_Static_assert(KQ_PE_OFFSET + sizeof(struct kq_pe_headers) <=
		       KQ_IMAGE_HEAD_SIZE,
	       "the stage has room for them");

/**
 * kq_pe_fill() - make a quiesce image a PE file
 * @head:           the image's first KQ_IMAGE_HEAD_SIZE bytes, its Image
 *                  header filled in
 * @payload_offset: where the payload starts, a multiple of KQ_PE_FILE_ALIGN
 * @file_size:      bytes of the file, a multiple of KQ_PE_FILE_ALIGN
 *
 * Two sections behind the headers, without gaps and with file offsets for
 * addresses: all that is not the payload, and the payload. The certificate
 * directory is empty, the checksum 0: both are left to whoever signs.
 */
void kq_pe_fill(uint8_t *head, uint64_t payload_offset, uint64_t file_size);

/* The section table of a file. */
struct kq_pe_table {
	const uint8_t *start;
	unsigned int count;
};

/**
 * kq_pe_parse() - find the section table of an EFI program for arm64
 * @data:    the file's first bytes, as far as its headers go
 * @size:    bytes at @data
 * @ret:     result; points into @data
 * @message: what is wrong, to follow the file's name
 *
 * Return: 0; -KQ_ERR_TRUNCATED the headers go beyond @size; -KQ_ERR_VALUE no
 * PE header; -KQ_ERR_MAGIC for another machine.
 */
int kq_pe_parse(const uint8_t *data, size_t size, struct kq_pe_table *ret,
		struct kq_message *message);

/**
 * kq_pe_section() - one section, sizes and offsets in the machine's byte order
 * @table: from kq_pe_parse()
 * @index: below @table->count
 */
struct kq_pe_section kq_pe_section(const struct kq_pe_table *table,
				   unsigned int index);

#endif
