// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "lib/plan-build.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-id128.h>
#include <time.h>

#include "lib/error.h"

/* The stage reads up to 64 bytes behind a capability's start. */
#define LAST_CAPABILITY (4096u - 64u)

/* What every function level reset takes. PCIe Base Spec, FLR. */
#define FLR_WAIT_MS 100u

static int check_count(const char *what, size_t count, size_t most,
		       struct kq_message *message)
{
	if (count <= most)
		return 0;
	return kq_fail(
		message, KQ_ERR_NOSPACE,
		"plan too large: this machine has %zu %s, a plan holds %zu" KQ_TOO_LARGE_ADVICE,
		count, what, most);
}

static int check_size(const struct kq_inventory *inventory,
		      struct kq_message *message)
{
	int r;

	r = check_count("PCI functions", inventory->function_count,
			KQ_PLAN_MAX_FUNCTIONS, message);
	if (r == 0)
		r = check_count("ECAM windows", inventory->host_count,
				KQ_PLAN_MAX_HOSTS, message);
	if (r == 0)
		r = check_count("SMMUs", inventory->smmu_count,
				KQ_PLAN_MAX_SMMUS, message);
	if (r == 0)
		r = check_count("reserved streams", inventory->stream_count,
				KQ_PLAN_MAX_STREAMS, message);
	if (r == 0)
		r = check_count("devices behind SMMUs",
				inventory->components.count,
				KQ_PLAN_MAX_COMPONENTS, message);
	return r;
}

/* "0x9050000, 0x2b400000": for the message about an unknown one. */
static void list_smmus(const struct kq_inventory *inventory, char *text,
		       size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < inventory->smmu_count && used < size; i++)
		used += (size_t)snprintf(text + used, size - used,
					 "%s0x%" PRIx64, i ? ", " : "",
					 inventory->smmus[i].base);
}

static int check_policies(const struct kq_inventory *inventory,
			  const struct kq_settings *settings,
			  struct kq_message *message)
{
	char known[256];

	for (size_t i = 0; i < settings->smmu_count; i++) {
		uint64_t base = settings->smmus[i].base;
		size_t n = 0;

		while (n < inventory->smmu_count &&
		       inventory->smmus[n].base != base)
			n++;
		if (n < inventory->smmu_count)
			continue;
		list_smmus(inventory, known, sizeof(known));
		return kq_fail(message, KQ_ERR_NOTFOUND,
			       "smmu-policy names an SMMU at 0x%" PRIx64
			       ", but this machine has %s%s",
			       base, known[0] ? "only " : "no SMMU", known);
	}
	return 0;
}

static void lay_out(struct kq_section *section, uint32_t *end, size_t count,
		    size_t entry_size)
{
	section->offset = (uint32_t)kq_align_up(*end, 8);
	section->count = (uint32_t)count;
	section->entry_size = (uint32_t)entry_size;
	*end = section->offset + (uint32_t)(count * entry_size);
}

/* Allocates the plan, all zero but for its frame. NULL: no memory. */
static struct kq_plan_header *new_plan(const struct kq_inventory *inventory)
{
	struct kq_plan_header head = { .version = KQ_PLAN_VERSION,
				       .header_size = sizeof(head) };
	struct kq_plan_header *plan;
	uint32_t end = sizeof(head);

	memcpy(head.magic, KQ_PLAN_MAGIC, sizeof(head.magic));
	lay_out(&head.functions, &end, inventory->function_count,
		sizeof(struct kq_plan_function));
	lay_out(&head.hosts, &end, inventory->host_count,
		sizeof(struct kq_plan_host));
	lay_out(&head.smmus, &end, inventory->smmu_count,
		sizeof(struct kq_plan_smmu));
	lay_out(&head.streams, &end, inventory->stream_count,
		sizeof(struct kq_plan_stream));
	lay_out(&head.components, &end, inventory->components.count,
		sizeof(struct kq_plan_component));
	head.total_size = (uint32_t)kq_align_up(end, 8);

	plan = calloc(1, head.total_size);
	if (plan)
		*plan = head;
	return plan;
}

/* A capability the stage could not read to its end is as good as none. */
static uint16_t usable_cap(uint16_t offset)
{
	return offset <= LAST_CAPABILITY ? offset : 0;
}

static void fill_functions(const struct kq_inventory *inventory,
			   struct kq_plan_function *functions)
{
	for (size_t i = 0; i < inventory->function_count; i++) {
		const struct kq_inventory_function *from =
			&inventory->functions[i];
		struct kq_plan_function *to = &functions[i];

		to->segment = from->segment;
		to->bdf = from->bdf;
		to->vendor = from->vendor;
		to->device = from->device;
		to->class_revision = from->class_revision;
		to->flags = from->flags;
		to->host = from->host;
		to->parent = from->parent;
		to->pf = from->pf;
		to->smmu = from->smmu;
		to->stream_id = from->stream_id;
		to->pcie_cap = from->pcie_cap;
		to->af_cap = from->af_cap;
		to->aer_cap = usable_cap(from->aer_cap);
		to->dpc_cap = usable_cap(from->dpc_cap);
		to->sriov_cap = usable_cap(from->sriov_cap);
		to->reset_delay_ms = from->reset_delay_ms;
		to->port_type = from->port_type;
		memcpy(to->driver, from->driver, sizeof(to->driver));
	}
}

static void mark_skipped(const struct kq_inventory *inventory,
			 const struct kq_settings *settings,
			 struct kq_plan_function *functions,
			 struct kq_warnings *warnings)
{
	for (size_t i = 0; i < settings->skip_count; i++) {
		const struct kq_settings_skip *skip = &settings->skip[i];
		long index =
			kq_inventory_find(inventory, skip->segment, skip->bdf);

		if (index >= 0)
			functions[index].flags |= KQ_FN_SKIP;
		else
			kq_warn(warnings,
				"quiesce-skip names %04x:%02x:%02x.%x, which is not there, ignoring",
				skip->segment, skip->bdf >> 8,
				skip->bdf >> 3 & 0x1f, skip->bdf & 7);
	}
}

static void fill_hosts(const struct kq_inventory *inventory,
		       struct kq_plan_host *hosts)
{
	for (size_t i = 0; i < inventory->host_count; i++) {
		const struct kq_inventory_host *from = &inventory->hosts[i];

		hosts[i].ecam = from->ecam;
		hosts[i].segment = from->segment;
		hosts[i].bus_first = from->bus_first;
		hosts[i].bus_last = from->bus_last;
		hosts[i].flags = from->flags;
		memcpy(hosts[i].root_buses, from->root_buses,
		       sizeof(hosts[i].root_buses));
	}
}

static enum kq_policy policy_of(const struct kq_settings *settings,
				uint64_t base)
{
	for (size_t i = 0; i < settings->smmu_count; i++)
		if (settings->smmus[i].base == base)
			return settings->smmus[i].policy;
	return settings->policy;
}

static void fill_smmus(const struct kq_inventory *inventory,
		       const struct kq_settings *settings,
		       struct kq_plan_smmu *smmus,
		       struct kq_plan_stream *streams)
{
	for (size_t i = 0; i < inventory->smmu_count; i++) {
		smmus[i].base = inventory->smmus[i].base;
		smmus[i].twin = inventory->smmus[i].twin;
		smmus[i].type = inventory->smmus[i].type;
		smmus[i].flags = inventory->smmus[i].flags;
		smmus[i].policy = policy_of(settings, smmus[i].base);
	}
	for (size_t i = 0; i < inventory->stream_count; i++) {
		streams[i].stream_id = inventory->streams[i].stream_id;
		streams[i].smmu = inventory->streams[i].smmu;
	}
}

static void fill_components(const struct kq_inventory *inventory,
			    struct kq_plan_component *components)
{
	for (size_t i = 0; i < inventory->components.count; i++) {
		const struct kq_inventory_component *from =
			&inventory->components.list[i];

		components[i].stream_id = from->stream_id;
		components[i].count = from->count;
		components[i].smmu = from->smmu;
		memcpy(components[i].name, from->name, sizeof(from->name));
	}
}

/* The waits before the probe window that are known beforehand. */
static uint32_t reset_wait_ms(const struct kq_plan_header *plan)
{
	uint32_t longest = 0;

	/* An orderly kexec resets what its driver did not shut down: nothing,
	 * if all is well. */
	if (plan->quiesce != KQ_QUIESCE_FLR || plan->kind != KQ_PLAN_CRASH)
		return 0;
	for (uint32_t i = 0; i < plan->functions.count; i++) {
		const struct kq_plan_function *fn = &kq_plan_functions(plan)[i];
		uint32_t wait = FLR_WAIT_MS + fn->reset_delay_ms;

		if (fn->flags & (KQ_FN_FLR | KQ_FN_AF_FLR) &&
		    !(fn->flags & KQ_FN_SKIP) && wait > longest)
			longest = wait;
	}
	return longest;
}

/* What the window cannot be, or cannot see. */
static void check_probe(const struct kq_plan_header *plan,
			struct kq_warnings *warnings)
{
	uint32_t resets = reset_wait_ms(plan);
	uint32_t left = plan->budget_ms > resets ? plan->budget_ms - resets : 0;

	if (plan->probe_ms == 0)
		return;
	if (plan->smmus.count == 0)
		kq_warn(warnings,
			"smmu-probe: this machine has no SMMU to watch with, ignoring");
	else if (plan->probe_ms > left)
		kq_warn(warnings,
			"smmu-probe: %u ms do not fit: of quiesce-budget's %u ms at most %u are left for it (raise quiesce-budget)",
			plan->probe_ms, plan->budget_ms, left);
	for (uint32_t i = 0; i < plan->smmus.count; i++)
		if (kq_plan_smmus(plan)[i].policy == KQ_POLICY_PRESERVE)
			kq_warn(warnings,
				"smmu-probe: the SMMU at 0x%" PRIx64
				" keeps its tables (preserve), so it is not watched",
				kq_plan_smmus(plan)[i].base);
}

static void fill_console(struct kq_plan_header *plan,
			 const struct kq_inventory_console *found,
			 const struct kq_settings *settings,
			 struct kq_warnings *warnings)
{
	switch (settings->console) {
	case KQ_CONSOLE_CHOICE_NONE:
		break;
	case KQ_CONSOLE_CHOICE_AUTO:
		if (found->type == KQ_CONSOLE_NONE)
			kq_warn(warnings,
				"quiesce-console=auto: firmware names no serial console the stage can drive, going on without");
		plan->console = found->type;
		plan->console_addr = found->address;
		plan->console_shift = found->shift;
		break;
	case KQ_CONSOLE_CHOICE_PL011:
		plan->console = KQ_CONSOLE_PL011;
		plan->console_addr = settings->console_address;
		break;
	case KQ_CONSOLE_CHOICE_UART8250:
		plan->console = KQ_CONSOLE_UART8250;
		plan->console_addr = settings->console_address;
		plan->console_shift = 2;
		break;
	}
}

/* What is left if the machine cannot be reset: the stage halts. */
static void fill_psci(struct kq_plan_header *plan, enum kq_psci psci,
		      const struct kq_settings *settings,
		      struct kq_warnings *warnings)
{
	plan->psci = psci;
	if (psci == KQ_PSCI_NONE && settings->verify == KQ_VERIFY_BY_STAGE &&
	    settings->on_bad_digest == KQ_ON_BAD_RESET)
		kq_warn(warnings,
			"on-bad-digest=reset: this firmware has no PSCI that could reset the machine, so it would halt");
}

static int fresh_identity(struct kq_plan_identity *identity,
			  struct kq_message *message)
{
	sd_id128_t load, boot;

	if (sd_id128_randomize(&load) < 0)
		return kq_fail(message, KQ_ERR_SYSTEM,
			       "cannot get random numbers for the plan's id");
	if (sd_id128_get_boot(&boot) < 0)
		return kq_fail(message, KQ_ERR_SYSTEM,
			       "cannot read this boot's id: is /proc mounted?");
	memcpy(identity->load_id, load.bytes, sizeof(identity->load_id));
	memcpy(identity->boot_id, boot.bytes, sizeof(identity->boot_id));
	identity->load_time_s = (uint64_t)time(NULL);
	return 0;
}

static void set_identity(struct kq_plan_header *plan,
			 const struct kq_plan_identity *identity)
{
	memcpy(plan->load_id, identity->load_id, sizeof(plan->load_id));
	memcpy(plan->boot_id, identity->boot_id, sizeof(plan->boot_id));
	plan->load_time_s = identity->load_time_s;
}

int kq_plan_renew(struct kq_plan_header *plan, struct kq_message *message)
{
	struct kq_plan_identity fresh;
	int r = fresh_identity(&fresh, message);

	if (r < 0)
		return r;
	set_identity(plan, &fresh);
	kq_plan_seal(plan);
	return 0;
}

static void fill_header(struct kq_plan_header *plan,
			const struct kq_settings *settings,
			enum kq_plan_kind kind,
			const struct kq_plan_identity *identity)
{
	plan->flags = settings->bridges ? KQ_PLAN_BRIDGES : 0;
	plan->kind = kind;
	plan->quiesce = settings->quiesce;
	plan->budget_ms = settings->budget_ms;
	plan->probe_ms = settings->probe_ms;
	plan->on_bad_digest = settings->on_bad_digest;
	set_identity(plan, identity);
}

/* An orderly kexec comes right after its load: its plan needs no updates. */
static void fill_region(struct kq_plan_header *plan,
			const struct kq_inventory_region *region)
{
	if (plan->kind != KQ_PLAN_CRASH || region->size == 0)
		return;
	plan->region_base = region->base;
	plan->region_size = region->size;
}

static int check_request(const struct kq_inventory *inventory,
			 const struct kq_settings *settings,
			 struct kq_message *message)
{
	int r;

	if (inventory->incomplete)
		return kq_fail(
			message, KQ_ERR_NOTSUP,
			"not all of this machine could be looked at: run this as root");
	r = check_size(inventory, message);
	if (r == 0)
		r = check_policies(inventory, settings, message);
	return r;
}

int kq_plan_build(const struct kq_inventory *inventory,
		  const struct kq_settings *settings, enum kq_plan_kind kind,
		  const struct kq_plan_identity *identity,
		  struct kq_plan_header **ret, struct kq_warnings *warnings,
		  struct kq_message *message)
{
	struct kq_plan_identity fresh;
	struct kq_plan_header *plan;
	struct kq_plan_function *functions;
	int r;

	r = check_request(inventory, settings, message);
	if (r == 0 && !identity)
		r = fresh_identity(&fresh, message);
	if (r < 0)
		return r;
	plan = new_plan(inventory);
	if (!plan)
		return kq_fail(message, KQ_ERR_NOMEM, "out of memory");

	/* The accessors are const for readers; this is the writer. */
	functions = (struct kq_plan_function *)kq_plan_functions(plan);
	fill_header(plan, settings, kind, identity ? identity : &fresh);
	fill_console(plan, &inventory->console, settings, warnings);
	fill_region(plan, &inventory->region);
	fill_psci(plan, inventory->psci, settings, warnings);
	fill_functions(inventory, functions);
	mark_skipped(inventory, settings, functions, warnings);
	fill_hosts(inventory, (struct kq_plan_host *)kq_plan_hosts(plan));
	fill_smmus(inventory, settings,
		   (struct kq_plan_smmu *)kq_plan_smmus(plan),
		   (struct kq_plan_stream *)kq_plan_streams(plan));
	fill_components(inventory, (struct kq_plan_component *)
					   kq_plan_components(plan));
	check_probe(plan, warnings);
	kq_plan_seal(plan);

	r = kq_plan_check(plan, plan->total_size);
	if (r < 0) {
		free(plan);
		return kq_fail(message, -r,
			       "this machine does not fit the plan format: %s",
			       kq_strerror(r));
	}
	*ret = plan;
	return 0;
}
