// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Is the loaded crash kernel ours? Asked of a made-up /proc/iomem and
 * /proc/kcore with 16 MiB of crash memory at 0xe0000000.
 */
#undef NDEBUG
#include "config.h"

#include <assert.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/ctl-loaded.h"
#include "lib/image/pe.h"
#include "lib/stage-image.h"

#define BASE   UINT64_C(0xe0000000)
#define SIZE   (16u << 20)
#define MEMORY 4096u /* offset in the file */
#define PLAN   0x3000u

static char iomem[] = "/tmp/kq-test-iomem-XXXXXX";
static char kcore[] = "/tmp/kq-test-kcore-XXXXXX";
static uint8_t *memory;

static void put_file(const char *path, const void *data, size_t size,
		     const char *mode)
{
	FILE *file = fopen(path, mode);

	assert(file);
	assert(fwrite(data, 1, size, file) == size);
	fclose(file);
}

static void write_kcore(uint64_t address, size_t size)
{
	uint8_t head[MEMORY] = { 0 };
	Elf64_Ehdr elf = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
			     ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_CORE,
		.e_phoff = sizeof(elf),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 2,
	};
	Elf64_Phdr headers[2] = {
		{ .p_type = PT_NOTE, .p_paddr = address, .p_filesz = size },
		{ .p_type = PT_LOAD,
		  .p_paddr = address,
		  .p_offset = MEMORY,
		  .p_filesz = size },
	};

	memcpy(head, &elf, sizeof(elf));
	memcpy(head + sizeof(elf), headers, sizeof(headers));
	put_file(kcore, head, sizeof(head), "w");
	put_file(kcore, memory, size, "a");
}

static void put_kernel(size_t offset, uint64_t tag, uint64_t image_size)
{
	struct kq_image_header image = {
		.image_size = image_size,
		.tag = tag,
		.params_offset = 0x100,
		.magic = KQ_IMAGE_MAGIC,
	};

	memcpy(memory + offset, &image, sizeof(image));
}

static void put_plan(size_t offset)
{
	struct kq_plan_header plan = {
		.version = KQ_PLAN_VERSION,
		.header_size = sizeof(plan),
		.total_size = sizeof(plan),
		.kind = KQ_PLAN_CRASH,
		.budget_ms = 1234,
		.functions = { sizeof(plan), 0, sizeof(struct kq_plan_function),
			       0 },
		.hosts = { sizeof(plan), 0, sizeof(struct kq_plan_host), 0 },
		.smmus = { sizeof(plan), 0, sizeof(struct kq_plan_smmu), 0 },
		.streams = { sizeof(plan), 0, sizeof(struct kq_plan_stream),
			     0 },
		.components = { sizeof(plan), 0,
				sizeof(struct kq_plan_component), 0 },
	};
	struct kq_stage_params params = {
		.plan_offset = PLAN,
		.plan_size = sizeof(plan),
	};

	memcpy(plan.magic, KQ_PLAN_MAGIC, sizeof(plan.magic));
	kq_plan_seal(&plan);
	memcpy(memory + offset + 0x100, &params, sizeof(params));
	memcpy(memory + offset + PLAN, &plan, sizeof(plan));
}

static struct kq_loaded find(void)
{
	struct kq_loaded loaded;

	write_kcore(BASE, SIZE);
	kq_loaded_find(iomem, kcore, &loaded);
	return loaded;
}

static void image_with_plan_to_ours(void)
{
	struct kq_loaded loaded;

	memset(memory, 0, SIZE);
	put_kernel(0x200000, KQ_IMAGE_TAG, 0x800000);
	put_plan(0x200000);
	put_kernel(0x600000, 0, 0x400000); /* the payload, inside */
	loaded = find();
	assert(!loaded.is_signed);
	assert(loaded.kind == KQ_LOADED_OURS);
	assert(loaded.address == BASE + 0x200000);
	assert(loaded.plan && loaded.plan->budget_ms == 1234);
	kq_loaded_fini(&loaded);
}

static void certificates_to_signed(void)
{
	struct kq_image_header *image = (void *)(memory + 0x200000);
	struct kq_pe_headers *pe = (void *)(image + 1);
	struct kq_loaded loaded;

	/* PE headers alone are no signature. */
	image->pe_offset = KQ_PE_OFFSET;
	loaded = find();
	assert(loaded.plan && !loaded.is_signed);
	kq_loaded_fini(&loaded);
	pe->directories[KQ_PE_CERTIFICATES].size = 1500;
	loaded = find();
	assert(loaded.plan && loaded.is_signed);
	kq_loaded_fini(&loaded);
	image->pe_offset = 0;
}

static void damaged_plan_to_none(void)
{
	struct kq_loaded loaded;

	memory[0x200000 + PLAN + 100] ^= 1;
	loaded = find();
	assert(loaded.kind == KQ_LOADED_OURS && !loaded.plan);
	kq_loaded_fini(&loaded);
}

static void second_kernel_to_unknown(void)
{
	struct kq_loaded loaded;

	put_kernel(0xc00000, 0, 0x200000); /* outside: old or new? */
	loaded = find();
	assert(loaded.kind == KQ_LOADED_UNKNOWN && !loaded.plan);
}

static void kernel_alone_to_plain(void)
{
	memset(memory, 0, SIZE);
	put_kernel(0, 0, 0x200000);
	assert(find().kind == KQ_LOADED_PLAIN);
}

static void nothing_to_unknown(void)
{
	struct kq_loaded loaded;

	memset(memory, 0, SIZE);
	assert(find().kind == KQ_LOADED_UNKNOWN);
	put_kernel(0, 0, 0x200000);
	write_kcore(BASE + SIZE, SIZE); /* memory of another place */
	kq_loaded_find(iomem, kcore, &loaded);
	assert(loaded.kind == KQ_LOADED_UNKNOWN);
	put_file(kcore, memory, 100, "w"); /* not an ELF file */
	kq_loaded_find(iomem, kcore, &loaded);
	assert(loaded.kind == KQ_LOADED_UNKNOWN);
	kq_loaded_find("/nonexistent", "/nonexistent", &loaded);
	assert(loaded.kind == KQ_LOADED_UNKNOWN);
}

int main(void)
{
	static const char map[] = "40000000-13fffffff : System RAM\n"
				  "  40200000-41ffffff : Kernel code\n"
				  "  e0000000-e0ffffff : Crash kernel\n";

	memory = calloc(1, SIZE);
	assert(memory);
	close(mkstemp(iomem));
	close(mkstemp(kcore));
	put_file(iomem, map, sizeof(map) - 1, "w");
	image_with_plan_to_ours();
	certificates_to_signed();
	damaged_plan_to_none();
	second_kernel_to_unknown();
	kernel_alone_to_plain();
	nothing_to_unknown();
	unlink(iomem);
	unlink(kcore);
	free(memory);
	return 0;
}
