// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "lib/image/stage-file.h"

#include <endian.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/stage-image.h"

#define PARAMS_SYMBOL "kq_stage_params"

/* Calls @visit for each PT_LOAD segment that has memory. */
static int for_each_load(Elf *elf,
			 int (*visit)(Elf *elf, const GElf_Phdr *phdr,
				      struct kq_stage_file *stage,
				      struct kq_message *message),
			 struct kq_stage_file *stage,
			 struct kq_message *message)
{
	size_t count;
	int r;

	if (elf_getphdrnum(elf, &count) < 0)
		return kq_fail(message, KQ_ERR_MAGIC, "%s", elf_errmsg(-1));
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr phdr;

		if (!gelf_getphdr(elf, (int)i, &phdr))
			return kq_fail(message, KQ_ERR_BOUNDS, "%s",
				       elf_errmsg(-1));
		if (phdr.p_type != PT_LOAD || phdr.p_memsz == 0)
			continue;
		r = visit(elf, &phdr, stage, message);
		if (r < 0)
			return r;
	}
	return 0;
}

static int measure_segment(Elf *elf, const GElf_Phdr *phdr,
			   struct kq_stage_file *stage,
			   struct kq_message *message)
{
	(void)elf;
	if (phdr->p_memsz > KQ_STAGE_MAX_SIZE ||
	    phdr->p_paddr > KQ_STAGE_MAX_SIZE - phdr->p_memsz)
		return kq_fail(message, KQ_ERR_NOSPACE,
			       "stage too large: more than %u KiB",
			       KQ_STAGE_MAX_SIZE / 1024);
	if (phdr->p_filesz > phdr->p_memsz)
		return kq_fail(message, KQ_ERR_BOUNDS,
			       "a segment is larger in the file than in "
			       "memory");
	if (phdr->p_paddr + phdr->p_memsz > stage->size)
		stage->size = phdr->p_paddr + phdr->p_memsz;
	return 0;
}

static int copy_segment(Elf *elf, const GElf_Phdr *phdr,
			struct kq_stage_file *stage, struct kq_message *message)
{
	size_t file_size;
	const char *file = elf_rawfile(elf, &file_size);

	if (!file || phdr->p_offset > file_size ||
	    phdr->p_filesz > file_size - phdr->p_offset)
		return kq_fail(message, KQ_ERR_BOUNDS, "the file is truncated");
	memcpy(stage->data + phdr->p_paddr, file + phdr->p_offset,
	       phdr->p_filesz);
	return 0;
}

static Elf_Data *symbol_table(Elf *elf, GElf_Shdr *ret_shdr)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section)) != NULL)
		if (gelf_getshdr(section, ret_shdr) &&
		    ret_shdr->sh_type == SHT_SYMTAB)
			return elf_getdata(section, NULL);
	return NULL;
}

static int set_params(struct kq_stage_file *stage, uint64_t offset,
		      struct kq_message *message)
{
	const size_t size = sizeof(struct kq_stage_params);

	if (offset % 8 != 0 || stage->size < size ||
	    offset > stage->size - size)
		return kq_fail(message, KQ_ERR_BOUNDS,
			       "its " PARAMS_SYMBOL " lies outside");
	stage->params_offset = offset;
	return 0;
}

/* By symbol; packaging may have stripped it, but the header tells as well. */
static int find_params(Elf *elf, struct kq_stage_file *stage,
		       struct kq_message *message)
{
	GElf_Shdr shdr;
	Elf_Data *data = symbol_table(elf, &shdr);
	struct kq_image_header header;
	GElf_Sym sym;

	if (!data && stage->size >= sizeof(header)) {
		memcpy(&header, stage->data, sizeof(header));
		return set_params(stage, le64toh(header.params_offset),
				  message);
	}
	for (int i = 0; data && gelf_getsym(data, i, &sym); i++) {
		const char *name = elf_strptr(elf, shdr.sh_link, sym.st_name);

		if (name && !strcmp(name, PARAMS_SYMBOL))
			return set_params(stage, sym.st_value, message);
	}
	return kq_fail(message, KQ_ERR_MAGIC,
		       "it has no symbol " PARAMS_SYMBOL);
}

/* Does the stage start with the Image header that everything relies on? */
static int check_header(const struct kq_stage_file *stage,
			struct kq_message *message)
{
	struct kq_image_header header;

	if (stage->size < sizeof(header))
		return kq_fail(message, KQ_ERR_MAGIC, "it is empty");
	memcpy(&header, stage->data, sizeof(header));
	if (le32toh(header.magic) != KQ_IMAGE_MAGIC ||
	    le64toh(header.tag) != KQ_IMAGE_TAG ||
	    le64toh(header.params_offset) != stage->params_offset)
		return kq_fail(message, KQ_ERR_MAGIC,
			       "its Image header is not a stage's");
	return 0;
}

/* The section headers come last: with them, nothing is missing. */
static int check_complete(Elf *elf, const GElf_Ehdr *ehdr,
			  struct kq_message *message)
{
	uint64_t table = (uint64_t)ehdr->e_shnum * ehdr->e_shentsize;
	size_t size;

	if (!elf_rawfile(elf, &size) || ehdr->e_shoff > size ||
	    table > size - ehdr->e_shoff)
		return kq_fail(message, KQ_ERR_TRUNCATED,
			       "the file is truncated");
	return 0;
}

static int read_elf(Elf *elf, struct kq_stage_file *stage,
		    struct kq_message *message)
{
	GElf_Ehdr ehdr;
	int r;

	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &ehdr) ||
	    gelf_getclass(elf) != ELFCLASS64 ||
	    ehdr.e_ident[EI_DATA] != ELFDATA2LSB ||
	    ehdr.e_machine != EM_AARCH64)
		return kq_fail(message, KQ_ERR_MAGIC,
			       "it is not a little-endian arm64 ELF file");
	r = check_complete(elf, &ehdr, message);
	if (r < 0)
		return r;
	r = for_each_load(elf, measure_segment, stage, message);
	if (r < 0)
		return r;
	stage->data = calloc(1, stage->size ? stage->size : 1);
	if (!stage->data)
		return kq_fail(message, KQ_ERR_NOMEM, "out of memory");
	r = for_each_load(elf, copy_segment, stage, message);
	if (r < 0)
		return r;
	r = find_params(elf, stage, message);
	if (r < 0)
		return r;
	return check_header(stage, message);
}

static int open_elf(int fd, struct kq_stage_file *stage,
		    struct kq_message *message)
{
	Elf *elf;
	int r;

	if (elf_version(EV_CURRENT) == EV_NONE)
		return kq_fail(message, KQ_ERR_NOTSUP, "libelf is too old");
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (!elf)
		return kq_fail(message, KQ_ERR_MAGIC, "%s", elf_errmsg(-1));
	r = read_elf(elf, stage, message);
	elf_end(elf);
	return r;
}

int kq_stage_file_open(const char *path, struct kq_stage_file *ret,
		       struct kq_message *message)
{
	struct kq_stage_file stage = { 0 };
	struct kq_message reason;
	int fd, r;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return kq_fail(message, KQ_ERR_SYSTEM,
			       "cannot open the stage %s: %m; reinstall "
			       "kexec-quiesce",
			       path);
	r = open_elf(fd, &stage, &reason);
	close(fd);
	if (r < 0) {
		kq_stage_file_close(&stage);
		return kq_fail(message, -r,
			       "the stage %s cannot be used: %s; reinstall "
			       "kexec-quiesce",
			       path, reason.text);
	}
	*ret = stage;
	return 0;
}

void kq_stage_file_close(struct kq_stage_file *stage)
{
	free(stage->data);
	*stage = (struct kq_stage_file){ 0 };
}
