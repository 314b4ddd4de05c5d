// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "lib/inventory/devicetree.h"

#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "lib/inventory/dt-address.h"

#define ECAM_BUS_SHIFT 20

/*
 * Config space that is plain memory, as far as the flags say. Linux:
 * drivers/pci/controller/pci-host-generic.c, dwc/pcie-hisi.c.
 */
static const struct host_kind {
	const char *compatible;
	uint32_t flags;
} host_kinds[] = {
	{ "pci-host-ecam-generic", 0 },
	/* Synopsys cores set up so that their ECAM works, but for shadows of
	 * the root port at the root bus's other device numbers. */
	{ "marvell,armada8k-pcie-ecam", KQ_HOST_ROOT_DEV0_ONLY },
	{ "socionext,synquacer-pcie-ecam", KQ_HOST_ROOT_DEV0_ONLY },
	{ "snps,dw-pcie-ecam", KQ_HOST_ROOT_DEV0_ONLY },
	/* The root port answers in a register window of its own. */
	{ "hisilicon,hip06-pcie-ecam", KQ_HOST_ROOT_BUS_HIDDEN },
	{ "hisilicon,hip07-pcie-ecam", KQ_HOST_ROOT_BUS_HIDDEN },
};

/*
 * A node has several compatible strings; the first one of these that it has
 * counts. What Linux' drivers/iommu/arm/arm-smmu/arm-smmu-impl.c treats
 * specially is in the flags.
 */
static const struct smmu_kind {
	const char *compatible;
	uint32_t type;
	uint32_t flags; /* KQ_SMMU_* */
	bool twins; /* a second register block is a second instance */
} smmu_kinds[] = {
	{ "arm,smmu-v3", KQ_SMMU_V3, 0, false },
	{ "marvell,ap806-smmu-500", KQ_SMMU_V2, KQ_SMMU_MMU500, false },
	{ "nvidia,tegra234-smmu", KQ_SMMU_V2, 0, true },
	{ "nvidia,tegra194-smmu", KQ_SMMU_V2, 0, true },
	{ "nvidia,tegra186-smmu", KQ_SMMU_V2, 0, true },
	{ "nvidia,smmu-500", KQ_SMMU_V2, KQ_SMMU_MMU500, false },
	{ "arm,mmu-500", KQ_SMMU_V2, KQ_SMMU_MMU500, false },
	{ "arm,mmu-401", KQ_SMMU_V2, 0, false },
	{ "arm,mmu-400", KQ_SMMU_V1, 0, false },
	{ "arm,smmu-v2", KQ_SMMU_V2, 0, false },
	{ "cavium,smmu-v2", KQ_SMMU_V2, 0, false },
	{ "arm,smmu-v1", KQ_SMMU_V1, 0, false },
};

/*
 * SMMUs of these makers with another name than those above are of a kind that
 * only their own drivers know, even if they claim to be Arm's as well.
 * Qualcomm's firmware watches its SMMUs.
 */
static const char *const foreign_makers[] = { "qcom,", "nvidia," };

static const struct smmu_kind foreign_smmu = { "", KQ_SMMU_OTHER, 0, false };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* The node's @index-th compatible string, or NULL. */
static const char *compatible_at(const void *fdt, int node, int index)
{
	return fdt_stringlist_get(fdt, node, "compatible", index, NULL);
}

static bool is_foreign_smmu(const char *compatible)
{
	for (size_t i = 0; i < COUNT(foreign_makers); i++)
		if (starts_with(compatible, foreign_makers[i]) &&
		    strstr(compatible, "smmu"))
			return true;
	return false;
}

static const struct smmu_kind *known_smmu(const char *compatible)
{
	for (size_t k = 0; k < COUNT(smmu_kinds); k++)
		if (strcmp(compatible, smmu_kinds[k].compatible) == 0)
			return &smmu_kinds[k];
	return NULL;
}

/* Kind of an SMMU and the string that told it; NULL: no SMMU. */
static const struct smmu_kind *smmu_kind(const void *fdt, int node,
					 const char **ret)
{
	const struct smmu_kind *kind = NULL, *known;
	const char *name;

	for (int i = 0; (name = compatible_at(fdt, node, i)); i++) {
		known = known_smmu(name);
		if (!known && is_foreign_smmu(name)) {
			*ret = name;
			return &foreign_smmu;
		}
		if (!known || kind)
			continue;
		kind = known;
		*ret = name;
	}
	return kind;
}

static bool usable_base(uint64_t base)
{
	return base != 0 && base % 4096 == 0 &&
	       base <= UINT64_MAX - KQ_BIT64(32);
}

static bool has_property(const void *fdt, int node, const char *name)
{
	return fdt_getprop(fdt, node, name, NULL) != NULL;
}

/* The second of two instances that must be written alike; false: nonsense. */
static bool read_twin(const void *fdt, int node, struct kq_inventory_smmu *smmu)
{
	uint64_t size;

	if (kq_dt_reg(fdt, node, 1, &smmu->twin, &size) < 0) {
		smmu->twin = 0; /* some of them stand alone */
		return true;
	}
	return usable_base(smmu->twin) && smmu->twin != smmu->base;
}

static bool read_smmu(const void *fdt, int node, const struct smmu_kind *kind,
		      struct kq_inventory_smmu *smmu)
{
	uint64_t size;

	smmu->type = kind->type;
	smmu->flags = kind->flags;
	smmu->twin = 0;
	if (kq_dt_reg(fdt, node, 0, &smmu->base, &size) < 0 ||
	    !usable_base(smmu->base))
		return false;
	if (kind->twins && !read_twin(fdt, node, smmu))
		return false;
	smmu->coherent = has_property(fdt, node, "dma-coherent");
	if (has_property(fdt, node, "cavium,cn9900-broken-page1-regspace"))
		smmu->flags |= KQ_SMMU_PAGE0_ONLY;
	if (has_property(fdt, node, "calxeda,smmu-secure-config-access"))
		smmu->flags |= KQ_SMMU_CALXEDA;
	return true;
}

static int add_smmu(struct kq_dt *dt, int node, struct kq_warnings *warnings,
		    struct kq_message *message)
{
	struct kq_inventory_smmu *smmu = &dt->smmus[dt->smmu_count];
	struct kq_dt_smmu *at = &dt->smmu_nodes[dt->smmu_count];
	const struct smmu_kind *kind;
	const char *name;

	kind = smmu_kind(dt->fdt, node, &name);
	if (!kind)
		return 0;
	if (dt->smmu_count == KQ_PLAN_MAX_SMMUS)
		return kq_fail(
			message, KQ_ERR_NOSPACE,
			"plan too large: this machine has more than %u SMMUs" KQ_TOO_LARGE_ADVICE,
			KQ_PLAN_MAX_SMMUS);
	if (!read_smmu(dt->fdt, node, kind, smmu)) {
		kq_warn(warnings,
			"the device tree gives no usable address for the SMMU %s, ignoring it",
			fdt_get_name(dt->fdt, node, NULL));
		return 0;
	}
	snprintf(smmu->model, sizeof(smmu->model), "%s", name);
	if (smmu->type == KQ_SMMU_OTHER)
		kq_warn(warnings,
			"SMMU at 0x%" PRIx64 " (%s): the stage leaves it alone",
			smmu->base, smmu->model);
	at->node = node;
	at->phandle = fdt_get_phandle(dt->fdt, node);
	at->cells = 1;
	kq_dt_u32(dt->fdt, node, "#iommu-cells", &at->cells);
	dt->smmu_count++;
	return 0;
}

static const struct host_kind *host_kind(const void *fdt, int node)
{
	const char *name;

	for (int i = 0; (name = compatible_at(fdt, node, i)); i++)
		for (size_t k = 0; k < COUNT(host_kinds); k++)
			if (strcmp(name, host_kinds[k].compatible) == 0)
				return &host_kinds[k];
	return NULL;
}

static bool is_pci(const void *fdt, int node)
{
	return fdt_stringlist_search(fdt, node, "device_type", "pci") == 0;
}

/* The window of a host whose reg is ECAM; false if it makes no sense. */
static bool read_window(const void *fdt, int node,
			struct kq_inventory_host *window)
{
	uint64_t base, size, offset;
	uint32_t first = 0, last = 255;
	int length;
	const fdt32_t *range = fdt_getprop(fdt, node, "bus-range", &length);

	if (kq_dt_reg(fdt, node, 0, &base, &size) < 0)
		return false;
	if (range && length >= 8) {
		first = fdt32_ld(range);
		last = fdt32_ld(range + 1);
	}
	if (first > last || last > 255 || size >> ECAM_BUS_SHIFT == 0)
		return false;
	/* reg starts at the first bus and may be short of the last one. */
	if (last - first >= size >> ECAM_BUS_SHIFT)
		last = first + (uint32_t)(size >> ECAM_BUS_SHIFT) - 1;
	offset = (uint64_t)first << ECAM_BUS_SHIFT;
	if (base < offset || base % 4096 ||
	    base - offset > UINT64_MAX - KQ_BIT64(28))
		return false;
	window->ecam = base - offset;
	window->bus_first = (uint8_t)first;
	window->bus_last = (uint8_t)last;
	return true;
}

/* NULL: no memory. A path too long to be true is as good as none. */
static char *node_path(const void *fdt, int node)
{
	char path[1024];

	if (fdt_get_path(fdt, node, path, sizeof(path)) < 0)
		path[0] = '\0';
	return strdup(path);
}

static int add_host(struct kq_dt *dt, int node, struct kq_warnings *warnings,
		    struct kq_message *message)
{
	const struct host_kind *kind = host_kind(dt->fdt, node);
	struct kq_dt_host *host = &dt->hosts[dt->host_count];
	uint32_t segment;

	if (dt->host_count == KQ_PLAN_MAX_HOSTS)
		return kq_fail(
			message, KQ_ERR_NOSPACE,
			"plan too large: this machine has more than %u PCI hosts" KQ_TOO_LARGE_ADVICE,
			KQ_PLAN_MAX_HOSTS);
	host->path = node_path(dt->fdt, node);
	if (!host->path)
		return kq_fail(message, KQ_ERR_NOMEM, "out of memory");
	host->node = node;
	host->segment = -1;
	if (kq_dt_u32(dt->fdt, node, "linux,pci-domain", &segment) &&
	    segment <= UINT16_MAX)
		host->segment = (long)segment;
	dt->host_count++;
	if (!kind)
		return 0;
	host->ecam = read_window(dt->fdt, node, &host->window);
	host->window.flags = kind->flags;
	if (!host->ecam)
		kq_warn(warnings,
			"the device tree gives no usable ECAM window for %s",
			host->path);
	return 0;
}

static bool is_host(const void *fdt, int node)
{
	return is_pci(fdt, node) || host_kind(fdt, node) != NULL;
}

/* The next node in the tree's order that is not below @node. */
static int skip_subtree(const void *fdt, int node, int *depth)
{
	int top = *depth;

	do {
		node = fdt_next_node(fdt, node, depth);
	} while (node >= 0 && *depth > top);
	return node;
}

int kq_dt_next(const void *fdt, int node, int *depth)
{
	/* What is below a host is PCI devices, not more hosts. */
	if (node >= 0 && is_host(fdt, node))
		node = skip_subtree(fdt, node, depth);
	else
		node = fdt_next_node(fdt, node, depth);
	while (node >= 0 && *depth >= 0 && !kq_dt_enabled(fdt, node))
		node = skip_subtree(fdt, node, depth);
	return *depth >= 0 ? node : -1;
}

static int walk(struct kq_dt *dt, struct kq_warnings *warnings,
		struct kq_message *message)
{
	int depth = 0, node = -1, r = 0;

	while (r == 0 && (node = kq_dt_next(dt->fdt, node, &depth)) >= 0)
		r = is_host(dt->fdt, node)
			    ? add_host(dt, node, warnings, message)
			    : add_smmu(dt, node, warnings, message);
	return r;
}

int kq_dt_open(const void *fdt, size_t size, struct kq_dt *ret,
	       struct kq_warnings *warnings, struct kq_message *message)
{
	struct kq_dt dt = { .fdt = fdt };
	int r = kq_dt_check(fdt, size);

	if (r < 0)
		return kq_fail(message, KQ_ERR_VALUE,
			       "the device tree is malformed: %s",
			       fdt_strerror(r));
	/* One more than fits, as room for a candidate. */
	dt.hosts = calloc(KQ_PLAN_MAX_HOSTS + 1, sizeof(*dt.hosts));
	dt.smmus = calloc(KQ_PLAN_MAX_SMMUS + 1, sizeof(*dt.smmus));
	dt.smmu_nodes = calloc(KQ_PLAN_MAX_SMMUS + 1, sizeof(*dt.smmu_nodes));
	if (!dt.hosts || !dt.smmus || !dt.smmu_nodes)
		r = kq_fail(message, KQ_ERR_NOMEM, "out of memory");
	else
		r = walk(&dt, warnings, message);
	if (r < 0) {
		kq_dt_close(&dt);
		return r;
	}
	*ret = dt;
	return 0;
}

void kq_dt_close(struct kq_dt *dt)
{
	for (size_t i = 0; i < dt->host_count; i++)
		free(dt->hosts[i].path);
	free(dt->hosts);
	free(dt->smmus);
	free(dt->smmu_nodes);
	*dt = (struct kq_dt){ 0 };
}

uint16_t kq_dt_find_smmu(const struct kq_dt *dt, uint32_t phandle)
{
	for (size_t i = 0; i < dt->smmu_count; i++)
		if (dt->smmu_nodes[i].phandle == phandle && phandle != 0)
			return (uint16_t)i;
	return KQ_NONE;
}

bool kq_dt_next_iommu(const struct kq_dt *dt, int node, uint32_t *next,
		      struct kq_dt_iommu *ret)
{
	int length, target;
	const fdt32_t *p = fdt_getprop(dt->fdt, node, "iommus", &length);
	uint32_t total = p && length > 0 ? (uint32_t)length / 4 : 0;
	uint32_t cells = 1;

	if (*next >= total || total - *next < 2)
		return false;
	p += *next;
	target = fdt_node_offset_by_phandle(dt->fdt, fdt32_ld(p));
	if (target >= 0)
		kq_dt_u32(dt->fdt, target, "#iommu-cells", &cells);
	if (cells < 1 || cells >= total - *next)
		return false;
	ret->smmu = kq_dt_find_smmu(dt, fdt32_ld(p));
	ret->stream_id = fdt32_ld(p + 1);
	ret->mask = cells > 1 ? fdt32_ld(p + 2) : 0;
	*next += cells + 1;
	return true;
}

static int stream_cells(const struct kq_dt *dt, uint32_t phandle)
{
	uint16_t smmu = kq_dt_find_smmu(dt, phandle);

	return smmu != KQ_NONE && dt->smmu_nodes[smmu].cells == 2 ? 2 : 1;
}

/*
 * Trees written for older kernels have one cell for the StreamID although the
 * SMMU wants two; all of those map single IDs to one SMMU.
 */
static bool is_old_map(const fdt32_t *map, int cells)
{
	if (cells % 4)
		return false;
	for (int i = 0; i < cells; i += 4)
		if (fdt32_ld(map + i + 1) != fdt32_ld(map + 1) ||
		    fdt32_ld(map + i + 3) != 1)
			return false;
	return true;
}

/* Entries: first ID, SMMU, StreamID in as many cells as that SMMU wants,
 * number of IDs. */
int kq_dt_map(const struct kq_dt *dt, size_t host, uint16_t requester_id,
	      uint16_t *smmu, uint32_t *stream_id)
{
	int node = dt->hosts[host].node, cells, entry;
	const fdt32_t *map = fdt_getprop(dt->fdt, node, "iommu-map", &cells);
	uint32_t mask = UINT32_MAX, id;
	bool old;

	if (!map)
		return -KQ_ERR_NOTFOUND;
	kq_dt_u32(dt->fdt, node, "iommu-map-mask", &mask);
	id = requester_id & mask;
	cells /= 4;
	old = is_old_map(map, cells);
	for (; cells >= 4; cells -= entry, map += entry) {
		uint32_t base = fdt32_ld(map), phandle = fdt32_ld(map + 1);
		uint32_t count;

		entry = 3 + (old ? 1 : stream_cells(dt, phandle));
		if (entry > cells)
			break;
		count = fdt32_ld(map + entry - 1);
		if (id < base || id - base >= count)
			continue;
		*smmu = kq_dt_find_smmu(dt, phandle);
		*stream_id = fdt32_ld(map + 2) + (id - base);
		return *smmu == KQ_NONE ? -KQ_ERR_NOTFOUND : 0;
	}
	return -KQ_ERR_NOTFOUND;
}
