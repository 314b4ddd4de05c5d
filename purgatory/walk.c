// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Step 6: walk the bridges' live bus numbers and switch off what is not in
 * the plan: a hot-plugged device is caught even when the plan is stale. It
 * is not reset: nobody has told us whether its FLR works.
 *
 * Runs after every planned endpoint is quiet: probing empty slots raises
 * errors in bridges that are nobody's business before that.
 */
#include "purgatory/pci.h"

#define BUSES 256u
/* A healthy machine is walked in a few milliseconds: granted in any case. */
#define WALK_LEAST_US 250000u
/* A capability list has at most this many entries: 192 or 3840 / 4 bytes. */
#define CAPABILITIES_MAX 48u
#define EXT_CAPABILITIES_MAX 960u

/* Buses still to scan and those behind a port with one device only. */
struct walk {
	const struct kq_plan_host *host;
	uint64_t end_us; /* no access after this time */
	uint64_t todo[BUSES / 64];
	uint64_t done[BUSES / 64];
	uint64_t single[BUSES / 64]; /* below a port: device 0 only */
	uint64_t ari[BUSES / 64];    /* below a port that forwards ARI */
};

static bool bit_is_set(const uint64_t *bits, uint32_t n)
{
	return bits[n / 64] & KQ_BIT64(n % 64);
}

static void bit_set(uint64_t *bits, uint32_t n)
{
	bits[n / 64] |= KQ_BIT64(n % 64);
}

static bool is_over(struct kq_stage *stage, const struct walk *walk)
{
	if (kq_io_now_us(&stage->io) <= walk->end_us)
		return false;
	stage->report->flags |= KQ_REPORT_OVER_BUDGET;
	return true;
}

static uint32_t walk_read(struct kq_stage *stage, const struct walk *walk,
			  uint32_t bdf, uint32_t reg)
{
	return kq_io_read32(&stage->io, kq_pci_ecam(walk->host, bdf, reg));
}

/* Offset of a capability, 0 if there is none. */
static uint32_t find_capability(struct kq_stage *stage, const struct walk *walk,
				uint32_t bdf, uint32_t id)
{
	uint32_t word = walk_read(stage, walk, bdf, KQ_PCI_COMMAND_STATUS);
	uint32_t pos;

	if (!(word & (uint32_t)PCI_STATUS_CAP_LIST << 16))
		return 0;
	pos = walk_read(stage, walk, bdf, PCI_CAPABILITY_LIST) & 0xfc;
	for (uint32_t i = 0; i < CAPABILITIES_MAX && pos >= 0x40; i++) {
		word = walk_read(stage, walk, bdf, pos);
		if ((word & 0xff) == id)
			return pos;
		pos = (word >> 8) & 0xfc;
	}
	return 0;
}

static uint32_t find_ext_capability(struct kq_stage *stage,
				    const struct walk *walk, uint32_t bdf,
				    uint32_t id)
{
	uint32_t pos = PCI_CFG_SPACE_SIZE;

	for (uint32_t i = 0; i < EXT_CAPABILITIES_MAX; i++) {
		uint32_t word = walk_read(stage, walk, bdf, pos);

		if (word == 0 || word == KQ_PCI_ALL_ONES)
			return 0;
		if (PCI_EXT_CAP_ID(word) == id)
			return pos;
		pos = PCI_EXT_CAP_NEXT(word);
		if (pos < PCI_CFG_SPACE_SIZE)
			return 0;
	}
	return 0;
}

/* Index of a function in the plan (sorted by address), or KQ_NONE. */
static uint32_t find_planned(const struct kq_stage *stage, uint32_t segment,
			     uint32_t bdf)
{
	const struct kq_plan_function *fns = kq_plan_functions(stage->plan);
	uint32_t low = 0, high = stage->plan->functions.count;
	uint64_t wanted = (uint64_t)segment << 16 | bdf;

	while (low < high) {
		uint32_t middle = (low + high) / 2;
		uint64_t key = (uint64_t)fns[middle].segment << 16 |
			       fns[middle].bdf;

		if (key == wanted)
			return middle;
		if (key < wanted)
			low = middle + 1;
		else
			high = middle;
	}
	return KQ_NONE;
}

static struct kq_report_function *new_record(struct kq_stage *stage)
{
	struct kq_section *section = &stage->report->functions;

	if (section->count - stage->plan->functions.count >=
	    KQ_REPORT_MAX_UNLISTED) {
		stage->report->flags |= KQ_REPORT_UNLISTED_FULL;
		return NULL;
	}
	return &stage->records[section->count++];
}

/* Even without room for a record it is switched off. */
static void switch_off(struct kq_stage *stage, const struct walk *walk,
		       uint32_t bdf, uint32_t id, uint32_t flags)
{
	bool orderly = stage->plan->kind == KQ_PLAN_ORDERLY;
	struct kq_paddr command =
		kq_pci_ecam(walk->host, bdf, KQ_PCI_COMMAND_STATUS);
	struct kq_report_function *record;
	enum kq_fn_result result = KQ_FN_QUIET;
	uint32_t found = kq_io_read32(&stage->io, command), after = found;

	if (orderly && !(found & PCI_COMMAND_MASTER))
		return;
	if (kq_io_faulted(&stage->io) || found == KQ_PCI_ALL_ONES)
		result = KQ_FN_UNREACHABLE;
	else if (found & PCI_COMMAND_MASTER)
		result = kq_pci_bme_off(&stage->io, command, found, &after);
	record = new_record(stage);
	if (!record)
		return;
	record->segment = walk->host->segment;
	record->bdf = (uint16_t)bdf;
	record->vendor = (uint16_t)id;
	record->device = (uint16_t)(id >> 16);
	record->class_revision =
		walk_read(stage, walk, bdf, KQ_PCI_CLASS_REVISION);
	record->flags = flags | KQ_FN_UNLISTED;
	if (orderly)
		record->flags |= KQ_FN_OFFENDER;
	if (result == KQ_FN_QUIET && found & PCI_COMMAND_MASTER)
		record->flags |= KQ_FN_BME_CLEARED;
	record->result = result;
	record->smmu = KQ_NONE;
	record->parent = KQ_NONE;
	record->command_status = found;
	record->command_after = after;
}

/* The VFs of a PF: nothing answers a probe for their Vendor ID. */
static void scan_vfs(struct kq_stage *stage, const struct walk *walk,
		     uint32_t bdf, uint32_t cap)
{
	uint32_t ctrl = walk_read(stage, walk, bdf, cap + PCI_SRIOV_CTRL);
	uint32_t count = walk_read(stage, walk, bdf, cap + PCI_SRIOV_NUM_VF);
	uint32_t place = walk_read(stage, walk, bdf, cap + PCI_SRIOV_VF_OFFSET);
	uint32_t device = walk_read(stage, walk, bdf, cap + PCI_SRIOV_VF_DID - 2);
	uint32_t vendor = walk_read(stage, walk, bdf, PCI_VENDOR_ID) & 0xffff;
	uint32_t vf = bdf + (place & 0xffff);
	uint32_t last = ((uint32_t)walk->host->bus_last << 8) | 0xff;

	if (kq_io_faulted(&stage->io) || ctrl == KQ_PCI_ALL_ONES ||
	    !(ctrl & PCI_SRIOV_CTRL_VFE))
		return;
	for (uint32_t i = 0; i < (count & 0xffff) && vf <= last; i++) {
		if (is_over(stage, walk))
			return;
		if (vf != bdf &&
		    find_planned(stage, walk->host->segment, vf) == KQ_NONE)
			switch_off(stage, walk, vf,
				   (device & 0xffff0000u) | vendor, KQ_FN_VF);
		if (place >> 16 == 0)
			break;
		vf += place >> 16;
	}
}

/* Note the bus below a bridge, and what kind of bus it is. */
static void follow_bridge(struct kq_stage *stage, struct walk *walk,
			  uint32_t bdf)
{
	uint32_t buses = walk_read(stage, walk, bdf, PCI_PRIMARY_BUS);
	uint32_t secondary = (buses >> 8) & 0xff;
	uint32_t cap, type;

	if (buses == KQ_PCI_ALL_ONES || secondary <= bdf >> 8 ||
	    secondary > walk->host->bus_last ||
	    bit_is_set(walk->done, secondary))
		return;
	bit_set(walk->todo, secondary);
	cap = find_capability(stage, walk, bdf, PCI_CAP_ID_EXP);
	if (!cap)
		return;
	type = (walk_read(stage, walk, bdf, cap) >> 16 & PCI_EXP_FLAGS_TYPE) >>
	       4;
	if (type != PCI_EXP_TYPE_ROOT_PORT && type != PCI_EXP_TYPE_DOWNSTREAM)
		return;
	bit_set(walk->single, secondary);
	if (walk_read(stage, walk, bdf, cap + PCI_EXP_DEVCTL2) &
	    PCI_EXP_DEVCTL2_ARI)
		bit_set(walk->ari, secondary);
}

/* A function answers here: deal with it by what it is. */
static void scan_function(struct kq_stage *stage, struct walk *walk,
			  uint32_t bdf, uint32_t id, uint32_t header_type)
{
	uint32_t index = find_planned(stage, walk->host->segment, bdf);
	uint32_t cap;

	if ((header_type & PCI_HEADER_TYPE_MASK) != PCI_HEADER_TYPE_NORMAL) {
		follow_bridge(stage, walk, bdf);
		return;
	}
	if (index == KQ_NONE) {
		switch_off(stage, walk, bdf, id, 0);
		cap = find_ext_capability(stage, walk, bdf,
					  PCI_EXT_CAP_ID_SRIOV);
	} else {
		cap = stage->functions[index].active ?
			      kq_plan_functions(stage->plan)[index].sriov_cap :
			      0;
		/* Not the planned device, or back again: as unlisted. */
		if ((stage->records[index].result == KQ_FN_REPLACED ||
		     stage->records[index].result == KQ_FN_GONE ||
		     stage->records[index].result == KQ_FN_UNREACHABLE) &&
		    !(stage->records[index].flags & KQ_FN_SKIP))
			switch_off(stage, walk, bdf, id, 0);
	}
	if (cap)
		scan_vfs(stage, walk, bdf, cap);
}

/* The next function number of an ARI device, 0 at the end of the list. */
static uint32_t next_ari(struct kq_stage *stage, const struct walk *walk,
			 uint32_t bdf)
{
	uint32_t cap = find_ext_capability(stage, walk, bdf, PCI_EXT_CAP_ID_ARI);

	if (!cap)
		return 0;
	return walk_read(stage, walk, bdf, cap + PCI_ARI_CAP) >> 8 & 0xff;
}

/* Returns whether anything answered at @bdf; *@ret_multi: multi-function. */
static bool probe(struct kq_stage *stage, struct walk *walk, uint32_t bdf,
		  bool *ret_multi)
{
	uint32_t id, type;

	if (is_over(stage, walk))
		return false;
	/* A fault of the function before is not this one's. */
	(void)kq_io_faulted(&stage->io);
	id = walk_read(stage, walk, bdf, PCI_VENDOR_ID);
	if (kq_io_faulted(&stage->io) || id == KQ_PCI_ALL_ONES || id == 0 ||
	    (id & 0xffff) == KQ_PCI_VENDOR_RRS)
		return false;
	type = walk_read(stage, walk, bdf, KQ_PCI_HEADER_TYPE_WORD) >> 16;
	*ret_multi = type & PCI_HEADER_TYPE_MFD;
	scan_function(stage, walk, bdf, id, type);
	return true;
}

/*
 * Returns false if the device is not an ARI one: the port may still be set
 * up for one that was swapped out.
 */
static bool scan_ari_device(struct kq_stage *stage, struct walk *walk,
			    uint32_t bdf)
{
	bool ignored;
	uint32_t fn = 0, next;

	if (!find_ext_capability(stage, walk, bdf, PCI_EXT_CAP_ID_ARI))
		return false;
	/* Function numbers only rise: the loop ends. */
	while (probe(stage, walk, bdf + fn, &ignored)) {
		next = next_ari(stage, walk, bdf + fn);
		if (next <= fn)
			break;
		fn = next;
	}
	return true;
}

static void scan_bus(struct kq_stage *stage, struct walk *walk, uint32_t bus,
		     uint32_t devices)
{
	for (uint32_t dev = 0; dev < devices; dev++) {
		uint32_t bdf = bus << 8 | dev << 3;
		bool multi = false, ignored;

		if (!probe(stage, walk, bdf, &multi) || !multi)
			continue;
		for (uint32_t fn = 1; fn < 8; fn++)
			probe(stage, walk, bdf + fn, &ignored);
	}
}

static void scan_next(struct kq_stage *stage, struct walk *walk, uint32_t bus)
{
	bool is_root = walk->host->root_buses[bus / 32] & KQ_BIT32(bus % 32);
	uint32_t flags = walk->host->flags;

	if (is_root && flags & KQ_HOST_ROOT_BUS_HIDDEN)
		return;
	if (bit_is_set(walk->ari, bus) &&
	    scan_ari_device(stage, walk, bus << 8))
		return;
	if (bit_is_set(walk->single, bus) ||
	    (is_root && flags & KQ_HOST_ROOT_DEV0_ONLY))
		scan_bus(stage, walk, bus, 1);
	else
		scan_bus(stage, walk, bus, 32);
}

/*
 * Where the root bus cannot be read, its ports' bus numbers are those of the
 * planned functions right below them.
 */
static void seed_hidden_root(const struct kq_stage *stage, struct walk *walk)
{
	const struct kq_plan_function *fns = kq_plan_functions(stage->plan);

	for (uint32_t i = 0; i < stage->plan->functions.count; i++) {
		const struct kq_plan_function *fn = &fns[i];

		if (fn->host == KQ_NONE ||
		    &kq_plan_hosts(stage->plan)[fn->host] != walk->host ||
		    (fn->parent != KQ_NONE && fns[fn->parent].host != KQ_NONE))
			continue;
		bit_set(walk->todo, fn->bdf >> 8);
		bit_set(walk->single, fn->bdf >> 8);
	}
}

/* Bus numbers below a bridge are higher than its own: one pass suffices. */
static void walk_host(struct kq_stage *stage, const struct kq_plan_host *host,
		      uint64_t end_us)
{
	struct walk walk = { .host = host, .end_us = end_us };

	for (uint32_t bus = host->bus_first; bus <= host->bus_last; bus++)
		if (host->root_buses[bus / 32] & KQ_BIT32(bus % 32))
			bit_set(walk.todo, bus);
	if (host->flags & KQ_HOST_ROOT_BUS_HIDDEN)
		seed_hidden_root(stage, &walk);
	for (uint32_t bus = host->bus_first; bus <= host->bus_last; bus++) {
		if (!bit_is_set(walk.todo, bus))
			continue;
		bit_set(walk.done, bus);
		scan_next(stage, &walk, bus);
	}
}

/*
 * Each probe of a device that hangs takes up to 50 ms. Such slots get at most
 * half of what the budget leaves: the planned functions need the rest for
 * their reset.
 */
void kq_pci_walk(struct kq_stage *stage)
{
	const struct kq_plan_host *hosts = kq_plan_hosts(stage->plan);
	uint64_t left = kq_stage_timeout(stage, UINT64_MAX, 2 * WALK_LEAST_US);
	uint64_t end_us = kq_io_now_us(&stage->io) + left / 2;

	if (stage->plan->quiesce == KQ_QUIESCE_NONE)
		return;
	for (uint32_t i = 0; i < stage->plan->hosts.count; i++)
		walk_host(stage, &hosts[i], end_us);
	(void)kq_io_faulted(&stage->io);
}
