// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The quiesce image: composed of the stage as built, a small plan and a
 * made-up kernel, then taken apart again.
 */
#include "config.h"

#undef NDEBUG
#include <assert.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kexec/passed.h"
#include "lib/image/image.h"
#include "lib/error.h"
#include "lib/image/pe.h"
#include "lib/work-area.h"
#include "tests/unit/fake-image.h"

#define STAGE	    "purgatory/stage.elf" /* tests run in the build directory */
#define KERNEL_SIZE 0x9000u
#define FDT_SIZE    12345u

static struct kq_message message;

struct content {
	uint8_t *data;
	size_t size;
};

static struct content read_all(int fd)
{
	struct content content;
	struct stat st;

	assert(fstat(fd, &st) == 0);
	content.size = (size_t)st.st_size;
	content.data = malloc(content.size);
	assert(content.data);
	assert(pread(fd, content.data, content.size, 0) ==
	       (ssize_t)content.size);
	return content;
}

static struct content read_path(const char *path)
{
	FILE *file = fopen(path, "re");
	struct content content;

	assert(file);
	content = read_all(fileno(file));
	fclose(file);
	return content;
}

static struct kq_plan_header *small_plan(void)
{
	size_t size =
		sizeof(struct kq_plan_header) + sizeof(struct kq_plan_smmu);
	struct kq_plan_header *plan = calloc(1, size);
	struct kq_plan_smmu *smmu = (void *)(plan + 1);

	assert(plan);
	memcpy(plan->magic, KQ_PLAN_MAGIC, sizeof(plan->magic));
	plan->version = KQ_PLAN_VERSION;
	plan->header_size = sizeof(*plan);
	plan->total_size = (uint32_t)size;
	plan->kind = KQ_PLAN_CRASH;
	plan->quiesce = KQ_QUIESCE_FLR;
	plan->budget_ms = 2000;
	plan->functions.entry_size = sizeof(struct kq_plan_function);
	plan->hosts.entry_size = sizeof(struct kq_plan_host);
	plan->streams.entry_size = sizeof(struct kq_plan_stream);
	plan->functions.offset = plan->hosts.offset = plan->smmus.offset =
		plan->streams.offset = plan->components.offset = sizeof(*plan);
	plan->components.entry_size = sizeof(struct kq_plan_component);
	plan->smmus.entry_size = sizeof(*smmu);
	plan->smmus.count = 1;
	smmu->base = 0x9050000;
	smmu->type = KQ_SMMU_V3;
	smmu->policy = KQ_POLICY_ABORT;
	kq_plan_seal(plan);
	assert(kq_plan_check(plan, size) == 0);
	return plan;
}

/* Nothing but stage, plan and kernel is in the image. */
static void check_zero(const struct content *image, uint64_t from, uint64_t to)
{
	assert(from <= to && to <= image->size);
	for (uint64_t i = from; i < to; i++)
		assert(image->data[i] == 0);
}

static void check_stage(const struct content *image,
			const struct kq_stage_file *stage,
			const struct kq_layout *layout, uint64_t flags)
{
	uint8_t *expected = malloc(stage->size);
	struct kq_image_header header;

	assert(expected);
	memcpy(expected, stage->data, stage->size);
	memcpy(&header, expected, sizeof(header));
	assert(header.magic == KQ_IMAGE_MAGIC && header.tag == KQ_IMAGE_TAG);
	header.text_offset = 0;
	header.image_size = layout->image_size;
	header.flags = flags;
	memcpy(expected, &header, sizeof(header));
	memcpy(expected + header.params_offset, &layout->params,
	       sizeof(layout->params));
	assert(!memcmp(image->data, expected, stage->size));
	free(expected);
}

static void check_layout(const struct kq_layout *layout,
			 const struct kq_stage_file *stage,
			 const struct kq_plan_header *plan,
			 const struct kq_kernel_file *kernel)
{
	const struct kq_stage_params *p = &layout->params;

	assert(p->plan_offset >= stage->size && p->plan_offset % 64 == 0);
	assert(p->plan_size == plan->total_size);
	assert(p->work_offset >= p->plan_offset + p->plan_size);
	assert(p->work_offset % 4096 == 0);
	assert(p->work_size == kq_stage_work_size(plan, FDT_SIZE));
	assert(p->payload_offset >= p->work_offset + p->work_size);
	assert(p->payload_offset >= KQ_IMAGE_ALIGN);
	assert(p->payload_offset % KQ_IMAGE_ALIGN == kernel->info.text_offset);
	assert(layout->image_size ==
	       p->payload_offset + kernel->info.image_size);
}

static void check_unwrap(const struct content *image, const uint8_t *data,
			 size_t size, uint64_t text_offset)
{
	struct kq_kernel_file kernel;
	uint8_t *payload;

	assert(!fake_open(image->data, image->size, &kernel, &message));
	assert(!strcmp(kernel.kind, "quiesce image"));
	assert(kernel.info.text_offset == text_offset);
	assert(!fake_read(&kernel, &payload, &message));
	assert(kernel.size == size);
	assert(!memcmp(payload, data, size));
	kq_kernel_file_close(&kernel);
	free(payload);
}

/* At every place, in pieces of every kind: what is read is what is written. */
static void check_reads(const struct kq_image *made,
			const struct content *image)
{
	const uint64_t plan_end = kq_compose_front_size(&made->layout);
	const uint64_t payload = made->layout.params.payload_offset;
	const struct {
		uint64_t offset;
		size_t size;
	} reads[] = {
		{ 0, image->size },
		{ 0, 1 },
		{ plan_end - 1, 1 },
		{ plan_end - 1, 2 },
		{ plan_end, 1 },
		{ payload - 1, 1 },
		{ payload - 1, 2 },
		{ payload, 1 },
		{ plan_end - 7, payload - plan_end + 14 },
		{ payload + 4095, 4099 },
		{ image->size - 1, 1 },
	};
	uint8_t *data = malloc(image->size);

	assert(data);
	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		memset(data, 0x55, image->size);
		assert(!kq_image_read(made, data, reads[i].size,
				      reads[i].offset, &message));
		assert(!memcmp(data, image->data + reads[i].offset,
			       reads[i].size));
	}
	free(data);
}

static void image_is_composed(uint64_t text_offset)
{
	uint8_t *data = fake_image(KERNEL_SIZE, text_offset);
	struct kq_plan_header *plan = small_plan();
	struct kq_image made = { .plan = plan };
	const struct kq_layout *layout = &made.layout;
	const struct kq_stage_params *p = &layout->params;
	struct content image;
	int fd = kq_passed_memfd(&message);

	assert(fd > 2);
	assert(!fake_open(data, KERNEL_SIZE, &made.kernel, &message));
	assert(!kq_stage_file_open(STAGE, &made.stage, &message));
	kq_compose_layout(&made.stage, plan, FDT_SIZE, &made.kernel,
			  &made.layout);
	check_layout(layout, &made.stage, plan, &made.kernel);
	assert(!kq_image_compose(&made, &message));
	assert(!kq_image_write(&made, fd, &message));
	assert(p->payload_size == KERNEL_SIZE &&
	       made.kernel.size == KERNEL_SIZE);
	image = read_all(fd);
	assert(image.size == layout->file_size);
	assert(image.size == p->payload_offset + KERNEL_SIZE);
	check_stage(&image, &made.stage, layout, FAKE_FLAGS);
	check_zero(&image, made.stage.size, p->plan_offset);
	assert(!memcmp(image.data + p->plan_offset, plan, p->plan_size));
	check_zero(&image, p->plan_offset + p->plan_size, p->payload_offset);
	assert(!memcmp(image.data + p->payload_offset, data, KERNEL_SIZE));

	check_reads(&made, &image);
	check_unwrap(&image, data, KERNEL_SIZE, text_offset);

	kq_image_fini(&made);
	close(fd);
	free(image.data);
	free(data);
}

static void check_pe(const struct content *image,
		     const struct kq_layout *layout)
{
	/* mov x0, #3; orr x0, x0, #(1 << 63); ret: EFI_UNSUPPORTED */
	static const uint32_t refusal[] = { 0xd2800060, 0xb2410000,
					    0xd65f03c0 };
	const struct kq_image_header *header = (const void *)image->data;
	const struct kq_pe_headers *pe =
		(const void *)(image->data + header->pe_offset);
	uint64_t end = KQ_IMAGE_HEAD_SIZE;

	assert(!memcmp(image->data, "MZ", 2) && header->pe_offset == 64);
	assert(pe->optional.header_size == end && pe->optional.entry == end);
	assert(!memcmp(image->data + end, refusal, sizeof(refusal)));
	for (size_t i = 0; i < pe->coff.section_count; i++) {
		assert(pe->sections[i].raw_offset == end);
		assert(pe->sections[i].virtual_address == end);
		end += pe->sections[i].raw_size;
	}
	assert(end == image->size && end % KQ_PE_FILE_ALIGN == 0);
	assert(pe->sections[1].raw_offset == layout->params.payload_offset);
	assert(pe->directories[KQ_PE_CERTIFICATES].address == 0);
	check_zero(image, header->pe_offset + sizeof(*pe), KQ_IMAGE_HEAD_SIZE);
}

/* With a kernel whose BSS is smaller than a signature may be. */
static void pe_image_is_an_image_too(void)
{
	const uint32_t size = KERNEL_SIZE - 100;
	uint8_t *data = fake_image(size, 0);
	struct kq_plan_header *plan = small_plan();
	struct kq_image made = { .plan = plan };
	const struct kq_layout *layout = &made.layout;
	struct content image;
	int fd = kq_passed_memfd(&message);

	memcpy(data + offsetof(struct kq_image_header, image_size), &size,
	       sizeof(size));
	assert(!fake_open(data, size, &made.kernel, &message));
	assert(!kq_stage_file_open(STAGE, &made.stage, &message));
	kq_compose_layout(&made.stage, plan, FDT_SIZE, &made.kernel,
			  &made.layout);
	kq_compose_make_pe(&made.layout);
	assert(!kq_image_compose(&made, &message));
	assert(layout->image_size >= layout->file_size + KQ_PE_SIGNATURE_ROOM);
	assert(!kq_image_write(&made, fd, &message));
	image = read_all(fd);
	assert(image.size == layout->file_size);
	check_pe(&image, layout);
	check_zero(&image, layout->params.payload_offset + size, image.size);
	check_reads(&made, &image);
	check_unwrap(&image, data, size, 0);

	kq_image_fini(&made);
	close(fd);
	free(image.data);
	free(data);
}

static void sealed_image_is_unchangeable(void)
{
	int fd = kq_passed_memfd(&message);

	assert(write(fd, "x", 1) == 1);
	assert(kq_passed_seal(fd, &message) == 0);
	assert(pwrite(fd, "y", 1, 0) < 0);
	assert(ftruncate(fd, 0) < 0);
	assert(ftruncate(fd, 10) < 0);
	close(fd);
}

/* Write @content to a file and read it as a stage. */
static int open_stage(const struct content *content)
{
	char path[] = "/tmp/test-compose.XXXXXX";
	struct kq_stage_file stage;
	int fd = mkstemp(path);
	int r;

	assert(fd >= 0);
	assert(write(fd, content->data, content->size) ==
	       (ssize_t)content->size);
	r = kq_stage_file_open(path, &stage, &message);
	if (r == 0)
		kq_stage_file_close(&stage);
	close(fd);
	unlink(path);
	return r;
}

static Elf64_Phdr *first_load(struct content *elf)
{
	Elf64_Ehdr *ehdr = (void *)elf->data;
	Elf64_Phdr *phdr = (void *)(elf->data + ehdr->e_phoff);

	while (phdr->p_type != PT_LOAD)
		phdr++;
	return phdr;
}

/* Change the only string @old in the file to @new, of the same length. */
static void rename_symbol(struct content *elf, const char *old, const char *new)
{
	char *at;

	while ((at = memmem(elf->data, elf->size, old, strlen(old) + 1)))
		memcpy(at, new, strlen(new));
}

enum damage {
	WRONG_MACHINE,
	BIG_ENDIAN_ELF,
	TOO_LARGE,
	FILE_OVERRUN,
	NO_SYMBOL,
	NO_TAG,
	DAMAGES
};

static const char *const damage_words[DAMAGES] = {
	[WRONG_MACHINE] = "arm64 ELF file",
	[BIG_ENDIAN_ELF] = "arm64 ELF file",
	[TOO_LARGE] = "stage too large",
	[FILE_OVERRUN] = "truncated",
	[NO_SYMBOL] = "no symbol kq_stage_params",
	[NO_TAG] = "not a stage's",
};

static void apply_damage(struct content *elf, enum damage damage)
{
	Elf64_Ehdr *ehdr = (void *)elf->data;
	Elf64_Phdr *load = first_load(elf);

	switch (damage) {
	case WRONG_MACHINE:
		ehdr->e_machine = EM_X86_64;
		break;
	case BIG_ENDIAN_ELF:
		ehdr->e_ident[EI_DATA] = ELFDATA2MSB;
		break;
	case TOO_LARGE:
		load->p_memsz = KQ_STAGE_MAX_SIZE + 1;
		break;
	case FILE_OVERRUN:
		load->p_offset = elf->size;
		break;
	case NO_SYMBOL:
		rename_symbol(elf, "kq_stage_params", "kq_stage_banana");
		break;
	case NO_TAG:
		elf->data[load->p_offset +
			  offsetof(struct kq_image_header, tag)] ^= 1;
		break;
	default:
		abort();
	}
}

static void bad_stages_are_refused(void)
{
	for (enum damage damage = 0; damage < DAMAGES; damage++) {
		struct content elf = read_path(STAGE);

		assert(open_stage(&elf) == 0);
		apply_damage(&elf, damage);
		assert(open_stage(&elf) < 0);
		assert(strstr(message.text, damage_words[damage]));
		free(elf.data);
	}
}

/* As `strip` leaves it: no section headers, so no symbols. */
static void stripped_stage_is_read(void)
{
	struct content elf = read_path(STAGE);
	Elf64_Ehdr *ehdr = (void *)elf.data;

	ehdr->e_shoff = 0;
	ehdr->e_shnum = ehdr->e_shstrndx = 0;
	assert(open_stage(&elf) == 0);
	free(elf.data);
}

static void truncated_stages_are_refused(void)
{
	struct content elf = read_path(STAGE);
	size_t size = elf.size;

	for (size_t i = 0; i < 40; i++) {
		elf.size = size * i / 40;
		assert(open_stage(&elf) < 0);
	}
	free(elf.data);
}

int main(void)
{
	image_is_composed(0);
	image_is_composed(0x80000);
	pe_image_is_an_image_too();
	sealed_image_is_unchangeable();
	bad_stages_are_refused();
	stripped_stage_is_read();
	truncated_stages_are_refused();
	return 0;
}
