// SPDX-License-Identifier: GPL-2.0-or-later
/* Input: the stage's ELF file. */
#include "config.h"

#undef NDEBUG
#include <assert.h>
#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/image/stage-file.h"
#include "lib/stage-image.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	struct kq_stage_file stage;
	struct kq_message message;
	char path[64];

	if (fd < 0)
		fd = memfd_create("fuzz-stage-file", MFD_CLOEXEC);
	assert(fd >= 0 && ftruncate(fd, 0) == 0);
	assert(pwrite(fd, data, size, 0) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (kq_stage_file_open(path, &stage, &message) == 0) {
		assert(stage.size <= KQ_STAGE_MAX_SIZE);
		assert(stage.params_offset + sizeof(struct kq_stage_params) <=
		       stage.size);
		kq_stage_file_close(&stage);
	}
	return 0;
}

/* The smallest stage: one segment, one symbol. */
struct tiny_stage {
	Elf64_Ehdr ehdr;
	Elf64_Phdr phdr;
	struct kq_image_header header;
	struct kq_stage_params params;
	Elf64_Sym symbols[2];
	char strings[32];
	Elf64_Shdr sections[3];
};

#define AT(member) offsetof(struct tiny_stage, member)

static void fill_headers(struct tiny_stage *stage)
{
	stage->ehdr = (Elf64_Ehdr){
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = EM_AARCH64,
		.e_version = EV_CURRENT,
		.e_phoff = AT(phdr),
		.e_shoff = AT(sections),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1,
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = 3,
	};
	stage->phdr = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_offset = AT(header),
		.p_filesz = sizeof(stage->header) + sizeof(stage->params),
		.p_memsz = 4096,
	};
	stage->header = (struct kq_image_header){
		.tag = KQ_IMAGE_TAG,
		.params_offset = sizeof(stage->header),
		.magic = KQ_IMAGE_MAGIC,
	};
}

static void fill_symbols(struct tiny_stage *stage)
{
	strcpy(stage->strings + 1, "kq_stage_params");
	stage->symbols[1] = (Elf64_Sym){
		.st_name = 1,
		.st_shndx = SHN_ABS,
		.st_value = sizeof(stage->header),
		.st_size = sizeof(stage->params),
	};
	stage->sections[1] = (Elf64_Shdr){
		.sh_type = SHT_SYMTAB,
		.sh_offset = AT(symbols),
		.sh_size = sizeof(stage->symbols),
		.sh_link = 2,
		.sh_entsize = sizeof(Elf64_Sym),
		.sh_addralign = 8,
	};
	stage->sections[2] = (Elf64_Shdr){
		.sh_type = SHT_STRTAB,
		.sh_offset = AT(strings),
		.sh_size = sizeof(stage->strings),
		.sh_addralign = 1,
	};
}

size_t kq_fuzz_seed(unsigned int index, uint8_t *data)
{
	struct tiny_stage stage = { 0 };

	if (index > 0)
		return 0;
	fill_headers(&stage);
	fill_symbols(&stage);
	memcpy(data, &stage, sizeof(stage));
	return sizeof(stage);
}
