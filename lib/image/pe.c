// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "lib/image/pe.h"

#include <endian.h>
#include <string.h>

#include "lib/bits.h"
#include "lib/error.h"

/* PE Format, "Characteristics", "Windows Subsystem", "Section Flags". */
#define FILE_EXECUTABLE_IMAGE	0x0002u
#define FILE_LINE_NUMS_STRIPPED 0x0004u
#define FILE_DEBUG_STRIPPED	0x0200u
#define SUBSYSTEM_EFI_APP	10u
#define DLL_NX_COMPAT		0x0100u
#define SECTION_CODE		0x00000020u
#define SECTION_DATA		0x00000040u
#define SECTION_EXECUTE		0x20000000u
#define SECTION_READ		0x40000000u

#define SECTION_ALIGN		4096u

static struct kq_pe_section section(const char *name, uint64_t start,
				    uint64_t end, uint32_t characteristics)
{
	struct kq_pe_section section = {
		.virtual_size = htole32((uint32_t)(end - start)),
		.virtual_address = htole32((uint32_t)start),
		.raw_size = htole32((uint32_t)(end - start)),
		.raw_offset = htole32((uint32_t)start),
		.characteristics = htole32(characteristics),
	};

	memcpy(section.name, name, strnlen(name, sizeof(section.name)));
	return section;
}

/*
 * Firmware that is made to start such a file gets EFI_UNSUPPORTED from the
 * code behind the head: the stage is no EFI program.
 */
static struct kq_pe_optional optional_header(uint64_t payload_offset,
					     uint64_t file_size)
{
	const uint64_t code_size = payload_offset - KQ_IMAGE_HEAD_SIZE;
	const uint64_t memory = kq_align_up(file_size, SECTION_ALIGN);

	return (struct kq_pe_optional){
		.magic = htole16(KQ_PE_MAGIC_64),
		.code_size = htole32((uint32_t)code_size),
		.data_size = htole32((uint32_t)(file_size - payload_offset)),
		.entry = htole32(KQ_IMAGE_HEAD_SIZE),
		.code_base = htole32(KQ_IMAGE_HEAD_SIZE),
		.section_align = htole32(SECTION_ALIGN),
		.file_align = htole32(KQ_PE_FILE_ALIGN),
		.image_size = htole32((uint32_t)memory),
		.header_size = htole32(KQ_IMAGE_HEAD_SIZE),
		.subsystem = htole16(SUBSYSTEM_EFI_APP),
		.dll_characteristics = htole16(DLL_NX_COMPAT),
		.directory_count = htole32(KQ_PE_DIRECTORIES),
	};
}

void kq_pe_fill(uint8_t *head, uint64_t payload_offset, uint64_t file_size)
{
	const uint32_t pe_offset = htole32(KQ_PE_OFFSET);
	struct kq_pe_headers pe = {
		.coff = {
			.signature = KQ_PE_SIGNATURE,
			.machine = htole16(KQ_PE_MACHINE_ARM64),
			.section_count = htole16(2),
			.optional_size = htole16(sizeof(pe.optional) +
						 sizeof(pe.directories)),
			.characteristics = htole16(FILE_EXECUTABLE_IMAGE |
						   FILE_LINE_NUMS_STRIPPED |
						   FILE_DEBUG_STRIPPED),
		},
		.optional = optional_header(payload_offset, file_size),
		.sections = {
			section(".stage", KQ_IMAGE_HEAD_SIZE, payload_offset,
				SECTION_CODE | SECTION_EXECUTE | SECTION_READ),
			section(".payload", payload_offset, file_size,
				SECTION_DATA | SECTION_READ),
		},
	};

	memcpy(head + offsetof(struct kq_image_header, pe_offset), &pe_offset,
	       sizeof(pe_offset));
	memcpy(head + KQ_PE_OFFSET, &pe, sizeof(pe));
}

static int truncated(uint64_t needed, size_t size, struct kq_message *message)
{
	return kq_fail(message, KQ_ERR_TRUNCATED,
		       "is truncated: it ends at byte %zu of %llu", size,
		       (unsigned long long)needed);
}

int kq_pe_parse(const uint8_t *data, size_t size, struct kq_pe_table *ret,
		struct kq_message *message)
{
	struct kq_pe_coff coff;
	uint64_t table, end;
	uint32_t at;

	if (size < KQ_PE_OFFSET_AT + sizeof(at))
		return truncated(KQ_PE_OFFSET_AT + sizeof(at), size, message);
	memcpy(&at, data + KQ_PE_OFFSET_AT, sizeof(at));
	at = le32toh(at);
	if ((uint64_t)at + sizeof(coff) > size)
		return truncated((uint64_t)at + sizeof(coff), size, message);
	memcpy(&coff, data + at, sizeof(coff));
	if (memcmp(coff.signature, KQ_PE_SIGNATURE, sizeof(coff.signature)) !=
	    0)
		return kq_fail(message, KQ_ERR_VALUE,
			       "is damaged: it has no PE header where it says");
	if (le16toh(coff.machine) != KQ_PE_MACHINE_ARM64)
		return kq_fail(message, KQ_ERR_MAGIC,
			       "is an EFI program for another machine than "
			       "arm64");
	table = (uint64_t)at + sizeof(coff) + le16toh(coff.optional_size);
	end = table +
	      le16toh(coff.section_count) * sizeof(struct kq_pe_section);
	if (end > size)
		return truncated(end, size, message);
	ret->start = data + table;
	ret->count = le16toh(coff.section_count);
	return 0;
}

struct kq_pe_section kq_pe_section(const struct kq_pe_table *table,
				   unsigned int index)
{
	struct kq_pe_section section;

	memcpy(&section, table->start + index * sizeof(section),
	       sizeof(section));
	section.virtual_size = le32toh(section.virtual_size);
	section.virtual_address = le32toh(section.virtual_address);
	section.raw_size = le32toh(section.raw_size);
	section.raw_offset = le32toh(section.raw_offset);
	section.characteristics = le32toh(section.characteristics);
	return section;
}
