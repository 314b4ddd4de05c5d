// SPDX-License-Identifier: GPL-2.0-or-later
/* Inventory and settings to plan: every field, every limit. */
#undef NDEBUG
#include "config.h"

#include "lib/plan-build.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "lib/work-area.h"

static const struct kq_plan_identity identity = {
	.load_id = { 1, 2, 3 },
	.boot_id = { 4, 5, 6 },
	.load_time_s = 1234567890,
};

static struct kq_settings settings;
static struct kq_warnings warnings;
static struct kq_message message;
static struct kq_plan_header *plan;

/* A root port, a PF with a VF below it, and a function without ECAM. */
static struct kq_inventory_function functions[] = {
	{ .bdf = 0x0008,
	  .vendor = 0x13b5,
	  .device = 0x100,
	  .class_revision = 0x06040001,
	  .flags = KQ_FN_BRIDGE,
	  .reset = KQ_RESET_BRIDGE,
	  .host = 0,
	  .parent = KQ_NONE,
	  .pf = KQ_NONE,
	  .smmu = KQ_NONE,
	  .pcie_cap = 0x40,
	  .port_type = 4,
	  .aer_cap = 0x100,
	  .dpc_cap = 0x200,
	  .driver = "pcieport" },
	{ .bdf = 0x0100,
	  .vendor = 0x8086,
	  .device = 0x10c9,
	  .class_revision = 0x02000001,
	  .flags = KQ_FN_FLR,
	  .host = 0,
	  .parent = 0,
	  .pf = KQ_NONE,
	  .smmu = 1,
	  .stream_id = 0x10100,
	  .pcie_cap = 0xa0,
	  .aer_cap = 0x100,
	  .sriov_cap = 0xfd0,
	  .reset_delay_ms = 250,
	  .driver = "igb" },
	{ .bdf = 0x0180,
	  .vendor = 0x8086,
	  .device = 0x10ca,
	  .class_revision = 0x02000001,
	  .flags = KQ_FN_FLR | KQ_FN_VF,
	  .host = 0,
	  .parent = 0,
	  .pf = 1,
	  .smmu = 1,
	  .stream_id = 0x10180,
	  .pcie_cap = 0xa0,
	  .driver = "igbvf" },
	{ .segment = 3,
	  .bdf = 0x0000,
	  .vendor = 0x1d0f,
	  .device = 1,
	  .class_revision = 0x01080201,
	  .flags = KQ_FN_AF_FLR,
	  .host = KQ_NONE,
	  .parent = KQ_NONE,
	  .pf = KQ_NONE,
	  .smmu = 0,
	  .stream_id = 7,
	  .af_cap = 0x80 },
};

static struct kq_inventory_host hosts[] = {
	{ .ecam = 0x4010000000,
	  .bus_last = 255,
	  .root_buses = { 1 },
	  .flags = KQ_HOST_ROOT_DEV0_ONLY },
};

static struct kq_inventory_smmu smmus[] = {
	{ .base = 0x2b400000,
	  .twin = 0x2b500000,
	  .type = KQ_SMMU_V2,
	  .flags = KQ_SMMU_MMU500 },
	{ .base = 0x9050000, .type = KQ_SMMU_V3, .flags = KQ_SMMU_PAGE0_ONLY },
};

static struct kq_inventory_stream streams[] = {
	{ .stream_id = 0x33, .smmu = 1 },
	{ .stream_id = 0x44, .smmu = 0 },
};

static struct kq_inventory_component components[] = {
	{ 0x40, 8, 1, "/soc/ethernet@1000" },
	{ 0x50, 1, 0, "\\_SB.DMA0" },
};

static struct kq_inventory machine(void)
{
	return (struct kq_inventory){
		.firmware = KQ_FIRMWARE_ACPI,
		.functions = functions,
		.function_count = sizeof(functions) / sizeof(functions[0]),
		.hosts = hosts,
		.host_count = 1,
		.smmus = smmus,
		.smmu_count = 2,
		.streams = streams,
		.stream_count = 2,
		.components = { components, 2, false },
		.console = { KQ_CONSOLE_UART8250, 0x1c090000, 2 },
		.psci = KQ_PSCI_HVC,
	};
}

static int build(const struct kq_inventory *inventory, enum kq_plan_kind kind)
{
	plan = NULL;
	memset(&message, 0, sizeof(message));
	return kq_plan_build(inventory, &settings, kind, &identity, &plan,
			     &warnings, &message);
}

static void set(const char *key, const char *value)
{
	assert(kq_settings_set(&settings, key, value, &message) == 0);
}

static void begin(void)
{
	kq_settings_init(&settings);
}

static void finish(void)
{
	free(plan);
	kq_warnings_fini(&warnings);
}

static void header_is_filled_in(void)
{
	struct kq_inventory inventory = machine();

	begin();
	set("quiesce", "bme");
	set("quiesce-budget", "1500");
	set("quiesce-bridges", NULL);
	set("smmu-probe", "75");
	set("quiesce-console", "auto");
	set("on-bad-digest", "halt");
	assert(build(&inventory, KQ_PLAN_ORDERLY) == 0);
	assert(kq_plan_check(plan, plan->total_size) == 0);
	assert(plan->kind == KQ_PLAN_ORDERLY);
	assert(plan->quiesce == KQ_QUIESCE_BME);
	assert(plan->budget_ms == 1500);
	assert(plan->probe_ms == 75);
	assert(plan->flags == KQ_PLAN_BRIDGES);
	assert(plan->console == KQ_CONSOLE_UART8250);
	assert(plan->console_addr == 0x1c090000);
	assert(plan->console_shift == 2);
	assert(plan->on_bad_digest == KQ_ON_BAD_HALT);
	assert(plan->psci == KQ_PSCI_HVC);
	assert(memcmp(plan->load_id, identity.load_id, 16) == 0);
	assert(memcmp(plan->boot_id, identity.boot_id, 16) == 0);
	assert(plan->load_time_s == 1234567890);
	assert(warnings.count == 0);
	finish();
}

/* Who asked for a reset that cannot be had is told. */
static void no_firmware_to_reset(void)
{
	struct kq_inventory inventory = machine();

	inventory.psci = KQ_PSCI_NONE;
	begin();
	assert(build(&inventory, KQ_PLAN_CRASH) == 0);
	assert(warnings.count == 1 && strstr(warnings.text[0], "PSCI"));
	finish();
	begin();
	set("on-bad-digest", "boot");
	assert(build(&inventory, KQ_PLAN_CRASH) == 0);
	assert(warnings.count == 0);
	finish();
}

static void tables_follow_the_inventory(void)
{
	struct kq_inventory inventory = machine();
	const struct kq_plan_function *fn;

	begin();
	assert(build(&inventory, KQ_PLAN_CRASH) == 0);
	fn = kq_plan_functions(plan);
	assert(plan->functions.count == 4);
	for (size_t i = 0; i < 4; i++) {
		const struct kq_inventory_function *from = &functions[i];

		assert(fn[i].segment == from->segment);
		assert(fn[i].bdf == from->bdf);
		assert(fn[i].vendor == from->vendor);
		assert(fn[i].device == from->device);
		assert(fn[i].class_revision == from->class_revision);
		assert(fn[i].flags == from->flags);
		assert(fn[i].host == from->host);
		assert(fn[i].parent == from->parent && fn[i].pf == from->pf);
		assert(fn[i].smmu == from->smmu);
		assert(fn[i].stream_id == from->stream_id);
		assert(fn[i].pcie_cap == from->pcie_cap);
		assert(fn[i].af_cap == from->af_cap);
		assert(fn[i].aer_cap == from->aer_cap);
		assert(fn[i].dpc_cap == from->dpc_cap);
		assert(fn[i].reset_delay_ms == from->reset_delay_ms);
		assert(fn[i].port_type == from->port_type);
		assert(strcmp(fn[i].driver, from->driver) == 0);
	}
	/* The stage could not read a capability so near to the end. */
	assert(fn[1].sriov_cap == 0);
	assert(plan->hosts.count == 1);
	assert(kq_plan_hosts(plan)->ecam == 0x4010000000);
	assert(kq_plan_hosts(plan)->bus_last == 255);
	assert(kq_plan_hosts(plan)->flags == KQ_HOST_ROOT_DEV0_ONLY);
	assert(kq_plan_hosts(plan)->root_buses[0] == 1);
	assert(plan->smmus.count == 2);
	assert(kq_plan_smmus(plan)[0].twin == 0x2b500000);
	assert(kq_plan_smmus(plan)[0].flags == KQ_SMMU_MMU500);
	assert(kq_plan_smmus(plan)[1].twin == 0);
	assert(kq_plan_smmus(plan)[1].base == 0x9050000);
	assert(kq_plan_smmus(plan)[1].type == KQ_SMMU_V3);
	assert(kq_plan_smmus(plan)[1].flags == KQ_SMMU_PAGE0_ONLY);
	assert(plan->streams.count == 2);
	assert(kq_plan_streams(plan)[0].stream_id == 0x33);
	assert(kq_plan_streams(plan)[0].smmu == 1);
	assert(plan->components.count == 2);
	assert(kq_plan_components(plan)[0].stream_id == 0x40);
	assert(kq_plan_components(plan)[0].count == 8);
	assert(kq_plan_components(plan)[0].smmu == 1);
	assert(strcmp(kq_plan_components(plan)[1].name, "\\_SB.DMA0") == 0);
	assert(plan->probe_ms == 0);
	finish();
}

static void policy_per_smmu(void)
{
	struct kq_inventory inventory = machine();

	begin();
	set("smmu-policy", "preserve,0x2b400000=bypass");
	assert(build(&inventory, KQ_PLAN_CRASH) == 0);
	assert(kq_plan_smmus(plan)[0].policy == KQ_POLICY_BYPASS);
	assert(kq_plan_smmus(plan)[1].policy == KQ_POLICY_PRESERVE);
	finish();

	set("smmu-policy", "abort,0x1000=bypass");
	assert(build(&inventory, KQ_PLAN_CRASH) == -KQ_ERR_NOTFOUND);
	assert(strstr(message.text, "SMMU at 0x1000, but this machine has "
				    "only 0x2b400000, 0x9050000"));
	assert(!plan);
	inventory.smmu_count = 0;
	inventory.stream_count = 0;
	inventory.components.count = 0;
	assert(build(&inventory, KQ_PLAN_CRASH) == -KQ_ERR_NOTFOUND);
	assert(strstr(message.text, "this machine has no SMMU"));
	finish();
}

/* One warning, or none, for a probe window of @ms. */
static void check_window(const char *ms, const char *budget, bool fits,
			 enum kq_plan_kind kind)
{
	struct kq_inventory inventory = machine();

	set("smmu-probe", ms);
	set("quiesce-budget", budget);
	assert(build(&inventory, kind) == 0);
	assert(warnings.count == (fits ? 0 : 1));
	if (!fits)
		assert(strstr(warnings.text[0], "do not fit"));
	finish();
}

/* The reset of 02:00.0 takes 100 ms and those of its quirk. */
static void probe_windows(void)
{
	struct kq_inventory inventory = machine();
	char at_most[16], too_much[16];
	unsigned int longest = 100;

	for (size_t i = 0; i < inventory.function_count; i++)
		if (functions[i].flags & (KQ_FN_FLR | KQ_FN_AF_FLR) &&
		    100u + functions[i].reset_delay_ms > longest)
			longest = 100u + functions[i].reset_delay_ms;
	snprintf(at_most, sizeof(at_most), "%u", 2000 - longest);
	snprintf(too_much, sizeof(too_much), "%u", 2001 - longest);
	begin();
	check_window(at_most, "2000", true, KQ_PLAN_CRASH);
	check_window(too_much, "2000", false, KQ_PLAN_CRASH);
	check_window("50", "50", false, KQ_PLAN_CRASH);
	/* With everybody's devices shut down nothing waits. */
	check_window("2000", "2000", true, KQ_PLAN_ORDERLY);
	check_window("2001", "2000", false, KQ_PLAN_ORDERLY);
	set("smmu-probe", "50");
	set("quiesce-budget", "2000");
	set("smmu-policy", "sink,0x9050000=preserve");
	assert(build(&inventory, KQ_PLAN_CRASH) == 0);
	assert(kq_plan_smmus(plan)[0].policy == KQ_POLICY_SINK);
	assert(warnings.count == 1);
	assert(strstr(warnings.text[0], "0x9050000 keeps its tables"));
	finish();
	inventory = (struct kq_inventory){ .psci = KQ_PSCI_SMC };
	set("smmu-policy", "abort");
	assert(build(&inventory, KQ_PLAN_CRASH) == 0);
	assert(warnings.count == 1);
	assert(strstr(warnings.text[0], "no SMMU to watch with"));
	finish();
}

/* What firmware says of StreamIDs must not blow the image up. */
static void huge_streams_need_no_huge_tables(void)
{
	struct kq_inventory_component all[] = { { 0, UINT32_MAX, 1, "x" } };
	struct kq_inventory inventory = machine();

	begin();
	set("smmu-policy", "sink");
	set("smmu-probe", "50");
	inventory.components.list = all;
	inventory.components.count = 1;
	assert(build(&inventory, KQ_PLAN_CRASH) == 0);
	assert(kq_stage_work_size(plan, 65536) < 16 << 20);
	finish();
}

static void skipped_functions(void)
{
	struct kq_inventory inventory = machine();

	begin();
	set("quiesce-skip", "01:00.0,0003:00:00.0,0002:05:1f.7");
	assert(build(&inventory, KQ_PLAN_CRASH) == 0);
	assert(!(kq_plan_functions(plan)[0].flags & KQ_FN_SKIP));
	assert(kq_plan_functions(plan)[1].flags == (KQ_FN_FLR | KQ_FN_SKIP));
	assert(!(kq_plan_functions(plan)[2].flags & KQ_FN_SKIP));
	assert(kq_plan_functions(plan)[3].flags & KQ_FN_SKIP);
	assert(warnings.count == 1);
	assert(strstr(warnings.text[0], "0002:05:1f.7, which is not there"));
	finish();
}

static void consoles(void)
{
	struct kq_inventory inventory = machine();

	begin();
	assert(build(&inventory, KQ_PLAN_CRASH) == 0);
	assert(plan->console == KQ_CONSOLE_NONE && plan->console_addr == 0);
	finish();
	set("quiesce-console", "pl011@0x9000000");
	assert(build(&inventory, KQ_PLAN_CRASH) == 0);
	assert(plan->console == KQ_CONSOLE_PL011);
	assert(plan->console_addr == 0x9000000 && plan->console_shift == 0);
	finish();
	set("quiesce-console", "uart8250@0x9000000");
	assert(build(&inventory, KQ_PLAN_CRASH) == 0);
	assert(plan->console == KQ_CONSOLE_UART8250);
	assert(plan->console_shift == 2);
	finish();
	set("quiesce-console", "auto");
	memset(&inventory.console, 0, sizeof(inventory.console));
	assert(build(&inventory, KQ_PLAN_CRASH) == 0);
	assert(plan->console == KQ_CONSOLE_NONE);
	assert(warnings.count == 1);
	assert(strstr(warnings.text[0], "no serial console"));
	finish();
}

static void empty_machine(void)
{
	struct kq_inventory inventory = { 0 };

	begin();
	assert(build(&inventory, KQ_PLAN_CRASH) == 0);
	assert(plan->total_size == sizeof(*plan));
	assert(kq_plan_check(plan, plan->total_size) == 0);
	finish();
}

static void incomplete_inventory_is_refused(void)
{
	struct kq_inventory inventory = machine();

	begin();
	inventory.incomplete = true;
	assert(build(&inventory, KQ_PLAN_CRASH) == -KQ_ERR_NOTSUP);
	assert(strstr(message.text, "run this as root"));
	finish();
}

static void fresh_identity_each_time(void)
{
	struct kq_inventory inventory = { 0 };
	struct kq_plan_header *first, *second;

	begin();
	assert(kq_plan_build(&inventory, &settings, KQ_PLAN_CRASH, NULL, &first,
			     NULL, NULL) == 0);
	assert(kq_plan_build(&inventory, &settings, KQ_PLAN_CRASH, NULL,
			     &second, NULL, NULL) == 0);
	assert(memcmp(first->load_id, second->load_id, 16) != 0);
	assert(memcmp(first->boot_id, second->boot_id, 16) == 0);
	assert(memcmp(first->boot_id, first->load_id, 16) != 0);
	assert(first->load_time_s > 1700000000);
	free(first);
	free(second);
}

/* Exactly at each limit it fits; one more is "plan too large". */
static void limits(void)
{
	static struct kq_inventory_function many[KQ_PLAN_MAX_FUNCTIONS + 1];
	static struct kq_inventory_host many_hosts[KQ_PLAN_MAX_HOSTS + 1];
	static struct kq_inventory_smmu many_smmus[KQ_PLAN_MAX_SMMUS + 1];
	static struct kq_inventory_stream many_streams[KQ_PLAN_MAX_STREAMS + 1];
	static struct kq_inventory_component
		many_components[KQ_PLAN_MAX_COMPONENTS + 1];
	struct kq_inventory full = {
		.functions = many,
		.function_count = KQ_PLAN_MAX_FUNCTIONS,
		.hosts = many_hosts,
		.host_count = KQ_PLAN_MAX_HOSTS,
		.smmus = many_smmus,
		.smmu_count = KQ_PLAN_MAX_SMMUS,
		.streams = many_streams,
		.stream_count = KQ_PLAN_MAX_STREAMS,
		.components = { many_components, KQ_PLAN_MAX_COMPONENTS, true },
	};
	size_t *const counts[] = { &full.function_count, &full.host_count,
				   &full.smmu_count, &full.stream_count,
				   &full.components.count };

	for (size_t i = 0; i <= KQ_PLAN_MAX_FUNCTIONS; i++)
		many[i] = (struct kq_inventory_function){ .bdf = (uint16_t)i,
							  .host = KQ_NONE,
							  .parent = KQ_NONE,
							  .pf = KQ_NONE,
							  .smmu = KQ_NONE };
	for (size_t i = 0; i <= KQ_PLAN_MAX_SMMUS; i++)
		many_smmus[i].type = KQ_SMMU_V3;
	begin();
	assert(build(&full, KQ_PLAN_CRASH) == 0);
	assert(kq_plan_check(plan, plan->total_size) == 0);
	finish();
	for (size_t i = 0; i < 5; i++) {
		*counts[i] += 1;
		assert(build(&full, KQ_PLAN_CRASH) == -KQ_ERR_NOSPACE);
		assert(strstr(message.text, "plan too large"));
		*counts[i] -= 1;
	}
}

/* Updates are for crash kernels: an orderly kexec does not wait for any. */
static void region_of_crash_plans(void)
{
	struct kq_inventory inventory = machine();

	begin();
	inventory.region.base = 0x48000000;
	inventory.region.size = 0x100000;
	assert(build(&inventory, KQ_PLAN_CRASH) == 0);
	assert(plan->region_base == 0x48000000);
	assert(plan->region_size == 0x100000);
	finish();
	begin();
	assert(build(&inventory, KQ_PLAN_ORDERLY) == 0);
	assert(plan->region_base == 0 && plan->region_size == 0);
	finish();
	begin();
	inventory.region.size = 0;
	assert(build(&inventory, KQ_PLAN_CRASH) == 0);
	assert(plan->region_base == 0 && plan->region_size == 0);
	finish();
}

/* Should the inventory ever hand over nonsense, the stage must not get it. */
static void what_the_checker_refuses_is_not_built(void)
{
	struct kq_inventory inventory = machine();

	begin();
	functions[1].pf = 0;
	assert(build(&inventory, KQ_PLAN_CRASH) == -KQ_ERR_VALUE);
	assert(strstr(message.text, "does not fit the plan format"));
	assert(!plan);
	functions[1].pf = KQ_NONE;
	assert(build(&inventory, KQ_PLAN_CRASH) == 0);
	finish();
}

int main(void)
{
	header_is_filled_in();
	no_firmware_to_reset();
	tables_follow_the_inventory();
	policy_per_smmu();
	probe_windows();
	huge_streams_need_no_huge_tables();
	skipped_functions();
	consoles();
	empty_machine();
	incomplete_inventory_is_refused();
	fresh_identity_each_time();
	limits();
	region_of_crash_plans();
	what_the_checker_refuses_is_not_built();
	return 0;
}
