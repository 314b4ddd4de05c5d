// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Nothing in the kernel says what a loaded crash kernel is, but its memory
 * can be read through /proc/kcore, and an Image stands at a multiple of 2 MiB
 * in there. Reading is all this does, and it believes nothing it reads.
 */
#include "config.h"

#include "daemon/ctl-loaded.h"

#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/plan-region-write.h"
#include "lib/image/pe.h"
#include "lib/stage-image.h"

/* A plan with every table at its limit is smaller. */
#define MAX_PLAN_SIZE (1u << 20)

/* kcore has one program header for each stretch of memory. */
#define MAX_PROGRAM_HEADERS 4096u

/* A file that maps physical memory: an ELF core. */
struct core {
	int fd;
	Elf64_Phdr *headers;
	size_t count;
};

static bool read_at(int fd, void *buffer, size_t size, uint64_t offset)
{
	return offset <= INT64_MAX &&
	       pread(fd, buffer, size, (off_t)offset) == (ssize_t)size;
}

static bool read_headers(struct core *core)
{
	Elf64_Ehdr elf;

	if (!read_at(core->fd, &elf, sizeof(elf), 0) ||
	    memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 ||
	    elf.e_ident[EI_CLASS] != ELFCLASS64 ||
	    elf.e_phentsize != sizeof(*core->headers) ||
	    elf.e_phnum > MAX_PROGRAM_HEADERS)
		return false;
	core->count = elf.e_phnum;
	core->headers = calloc(core->count + 1, sizeof(*core->headers));
	return core->headers &&
	       read_at(core->fd, core->headers,
		       core->count * sizeof(*core->headers), elf.e_phoff);
}

static bool core_open(struct core *core, const char *path)
{
	*core = (struct core){ .fd = open(path, O_RDONLY | O_CLOEXEC) };
	return core->fd >= 0 && read_headers(core);
}

static void core_close(struct core *core)
{
	free(core->headers);
	if (core->fd >= 0)
		close(core->fd);
}

static bool read_memory(const struct core *core, uint64_t address, void *buffer,
			size_t size)
{
	for (size_t i = 0; i < core->count; i++) {
		const Elf64_Phdr *header = &core->headers[i];
		uint64_t inside = address - header->p_paddr;

		if (header->p_type == PT_LOAD && address >= header->p_paddr &&
		    inside < header->p_filesz &&
		    size <= header->p_filesz - inside)
			return read_at(core->fd, buffer, size,
				       header->p_offset + inside);
	}
	return false;
}

/* What was seen in a stretch of memory. */
struct finding {
	uint64_t ours; /* address of the quiesce image, 0: none */
	uint64_t end; /* behind it */
	bool plain; /* a kernel that is not inside the quiesce image */
};

static void look_at(const struct core *core, uint64_t address,
		    struct finding *finding)
{
	struct kq_image_header image;

	if (!read_memory(core, address, &image, sizeof(image)) ||
	    image.magic != KQ_IMAGE_MAGIC)
		return;
	if (image.tag == KQ_IMAGE_TAG && !finding->ours) {
		finding->ours = address;
		finding->end = address + image.image_size;
	} else if (!finding->ours || address >= finding->end) {
		finding->plain = true;
	}
}

static void look_through(const struct core *core, uint64_t start, uint64_t end,
			 struct finding *finding)
{
	uint64_t step = KQ_IMAGE_ALIGN;

	start = kq_align_up(start, step);
	for (uint64_t at = start; at < end && at >= start; at += step)
		look_at(core, at, finding);
}

/* Every stretch that is reserved for crash kernels. */
static void look_everywhere(const struct core *core, FILE *iomem,
			    struct finding *finding)
{
	char line[256];
	uint64_t start, end;

	while (fgets(line, sizeof(line), iomem))
		if (strstr(line, " : Crash kernel") &&
		    sscanf(line, " %" SCNx64 "-%" SCNx64, &start, &end) == 2 &&
		    start < end)
			look_through(core, start, end, finding);
}

static struct kq_plan_header *read_plan(const struct core *core,
					uint64_t image_address)
{
	struct kq_image_header image;
	struct kq_stage_params params;
	void *plan;

	if (!read_memory(core, image_address, &image, sizeof(image)) ||
	    !read_memory(core, image_address + image.params_offset, &params,
			 sizeof(params)) ||
	    params.plan_size > MAX_PLAN_SIZE)
		return NULL;
	plan = malloc(params.plan_size + 1);
	if (plan &&
	    read_memory(core, image_address + params.plan_offset, plan,
			params.plan_size) &&
	    kq_plan_check(plan, params.plan_size) == 0)
		return plan;
	free(plan);
	return NULL;
}

static bool is_signed(const struct core *core, uint64_t image_address)
{
	struct kq_image_header image;
	struct kq_pe_headers pe;

	return read_memory(core, image_address, &image, sizeof(image)) &&
	       image.pe_offset == KQ_PE_OFFSET &&
	       read_memory(core, image_address + KQ_PE_OFFSET, &pe,
			   sizeof(pe)) &&
	       pe.directories[KQ_PE_CERTIFICATES].size != 0;
}

void kq_loaded_find(const char *iomem, const char *kcore, struct kq_loaded *ret)
{
	struct finding finding = { .ours = 0 };
	FILE *list = fopen(iomem, "re");
	struct core core;

	*ret = (struct kq_loaded){ .kind = KQ_LOADED_UNKNOWN };
	if (core_open(&core, kcore) && list) {
		look_everywhere(&core, list, &finding);
		ret->address = finding.ours;
		/* Both: one of them is what an earlier load left behind. */
		if (finding.ours && !finding.plain)
			ret->kind = KQ_LOADED_OURS;
		else if (finding.plain && !finding.ours)
			ret->kind = KQ_LOADED_PLAIN;
		if (ret->kind == KQ_LOADED_OURS) {
			ret->plan = read_plan(&core, finding.ours);
			ret->is_signed = is_signed(&core, finding.ours);
		}
	}
	core_close(&core);
	if (list)
		fclose(list);
}

int kq_loaded_follow(struct kq_loaded *loaded, struct kq_message *message)
{
	struct kq_plan_region region;
	struct kq_plan_choice choice;
	int r;

	if (!loaded->plan || loaded->plan->region_size == 0)
		return 0;
	r = kq_plan_region_open(loaded->plan->region_base,
				loaded->plan->region_size, &region, message);
	if (r < 0)
		return r;
	r = kq_plan_region_get(&region, loaded->plan, &loaded->update, &choice);
	kq_plan_region_close(&region);
	if (r < 0)
		return kq_fail(message, -r, "out of memory");
	loaded->generation = choice.generation;
	return 0;
}

void kq_loaded_fini(struct kq_loaded *loaded)
{
	free(loaded->plan);
	free(loaded->update);
	loaded->plan = NULL;
	loaded->update = NULL;
}
