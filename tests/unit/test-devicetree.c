// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Device trees: hosts, SMMUs, StreamIDs, reserved streams and consoles.
 *
 *	test-devicetree			all cases; needs dtc
 *	test-devicetree show FILE...	what we read from blobs, for people
 */
#undef NDEBUG
#include "config.h"

#include "lib/inventory/devicetree.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/error.h"
#include "lib/inventory/sysfs.h"

static struct kq_warnings warnings;
static struct kq_message message;
static struct kq_dt dt;
static void *blob;
static size_t blob_size;

/* Compiles @source, or tests/data/inventory/@source if it ends in .dts. */
static void compile(const char *source)
{
	const char *srcdir = getenv("srcdir");
	char out[] = "/tmp/kq-dtb-XXXXXX", command[1024];
	size_t length = strlen(source);
	FILE *dtc;

	close(mkstemp(out));
	if (length > 4 && strcmp(source + length - 4, ".dts") == 0) {
		snprintf(command, sizeof(command),
			 "dtc -q -O dtb -o %s %s/tests/data/inventory/%s", out,
			 srcdir ? srcdir : ".", source);
		assert(system(command) == 0);
	} else {
		snprintf(command, sizeof(command), "dtc -q -f -O dtb -o %s -",
			 out);
		dtc = popen(command, "w");
		assert(dtc);
		fprintf(dtc,
			"/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; %s };",
			source);
		assert(pclose(dtc) == 0);
	}
	assert(kq_sysfs_read("", out, &blob, &blob_size) == 0);
	unlink(out);
}

static int open_blob(void)
{
	memset(&message, 0, sizeof(message));
	return kq_dt_open(blob, blob_size, &dt, &warnings, &message);
}

static void open_source(const char *source)
{
	compile(source);
	assert(open_blob() == 0);
}

static void close_source(void)
{
	kq_dt_close(&dt);
	kq_warnings_fini(&warnings);
	free(blob);
	blob = NULL;
}

static void check_map(size_t host, uint16_t rid, int want_smmu,
		      uint32_t want_sid)
{
	uint16_t smmu = KQ_NONE;
	uint32_t sid = 0;
	int r = kq_dt_map(&dt, host, rid, &smmu, &sid);

	if (want_smmu < 0)
		assert(r == -KQ_ERR_NOTFOUND);
	else
		assert(r == 0 && smmu == want_smmu && sid == want_sid);
}

static bool warned(const char *text)
{
	for (size_t i = 0; i < warnings.count; i++)
		if (strstr(warnings.text[i], text))
			return true;
	return false;
}

static void qemu_virt(void)
{
	struct kq_inventory_console console;

	open_source("qemu-virt.dts");
	assert(dt.host_count == 1 && dt.smmu_count == 1);
	assert(dt.smmus[0].base == 0x9050000);
	assert(dt.smmus[0].type == KQ_SMMU_V3 && dt.smmus[0].coherent);
	assert(strcmp(dt.smmus[0].model, "arm,smmu-v3") == 0);
	assert(dt.hosts[0].ecam && dt.hosts[0].window.flags == 0);
	assert(dt.hosts[0].window.ecam == 0x4010000000);
	assert(dt.hosts[0].window.bus_first == 0);
	assert(dt.hosts[0].window.bus_last == 255);
	assert(dt.hosts[0].segment == 0);
	assert(strcmp(dt.hosts[0].path, "/pcie@10000000") == 0);
	check_map(0, 0x10, 0, 0x10);
	check_map(0, 0x400, 0, 0x400);
	check_map(0, 0xffff, 0, 0xffff);
	kq_dt_console(&dt, &console);
	assert(console.type == KQ_CONSOLE_PL011);
	assert(console.address == 0x9000000 && console.shift == 0);
	assert(warnings.count == 0);
	close_source();
}

/* A bus with an address space of its own, masks, two SMMUs, two hosts. */
static void translated_and_masked(void)
{
	struct kq_inventory_console console;

	open_source("soc.dts");
	assert(dt.smmu_count == 9);
	/* 0x1000 on a bus that starts at 0xf_0000_0000. */
	assert(dt.smmus[0].base == 0xf00010000);
	assert(dt.smmus[0].type == KQ_SMMU_V2 && !dt.smmus[0].coherent);
	assert(strcmp(dt.smmus[0].model, "arm,mmu-500") == 0);
	assert(dt.smmus[1].type == KQ_SMMU_V1);
	assert(dt.smmus[2].type == KQ_SMMU_V3);
	assert(dt.smmus[2].flags == KQ_SMMU_PAGE0_ONLY);
	assert(dt.smmus[3].type == KQ_SMMU_OTHER);
	assert(strcmp(dt.smmus[3].model, "qcom,sdm845-smmu-500") == 0);
	assert(warned("0xf00040000 (qcom,sdm845-smmu-500)"));
	assert(warned("no usable address for the SMMU smmu@60000"));
	assert(warned("no usable address for the SMMU smmu@b0000"));

	assert(dt.host_count == 4);
	/* bus-range 0x10..0x2f, but reg has room for 16 buses only. */
	assert(dt.hosts[0].window.bus_first == 0x10);
	assert(dt.hosts[0].window.bus_last == 0x1f);
	assert(dt.hosts[0].window.ecam == 0xf40000000 - 0x1000000);
	assert(dt.hosts[0].segment == 2);
	check_map(0, 0x1008, 0, 0x1308); /* mask 0x31f keeps 0x008 */
	check_map(0, 0x10ff, 0, 0x131f);
	/* The last range is for the IDs that the mask leaves at 0x300. */
	check_map(0, 0x1300, 1, 0x0007);
	check_map(0, 0x1301, -1, 0);

	assert(dt.hosts[1].window.flags == KQ_HOST_ROOT_DEV0_ONLY);
	assert(dt.hosts[1].segment == -1);
	/* Two cells for each StreamID. */
	check_map(1, 0x0000, 0, 0x40);
	check_map(1, 0x0100, 0, 0x80);
	check_map(1, 0x0101, -1, 0);

	/* Not ECAM, but its DMA has StreamIDs all the same. The old form of a
	 * map: one cell although the SMMU wants two. */
	assert(!dt.hosts[2].ecam);
	check_map(2, 0x0000, 0, 0x11);
	check_map(2, 0x0100, 0, 0x12);

	assert(dt.hosts[3].window.flags == KQ_HOST_ROOT_BUS_HIDDEN);
	check_map(3, 0x0000, -1, 0);

	kq_dt_console(&dt, &console);
	assert(console.type == KQ_CONSOLE_UART8250);
	assert(console.address == 0xf00200000 && console.shift == 2);
	close_source();
}

/* What SMMUs of single makers need, as far as Linux knows it. */
static void smmu_quirks(void)
{
	open_source("soc.dts");
	assert(dt.smmus[0].flags == KQ_SMMU_MMU500 && !dt.smmus[0].twin);
	assert(dt.smmus[1].flags == 0);
	assert(dt.smmus[4].type == KQ_SMMU_V2 && dt.smmus[4].flags == 0);
	assert(dt.smmus[4].base == 0xf00050000);
	assert(dt.smmus[4].twin == 0xf00060000);
	/* One that stands alone. */
	assert(dt.smmus[5].type == KQ_SMMU_V2 && dt.smmus[5].twin == 0);
	assert(dt.smmus[6].type == KQ_SMMU_V2);
	assert(dt.smmus[6].flags == KQ_SMMU_MMU500);
	assert(dt.smmus[7].type == KQ_SMMU_V1);
	assert(dt.smmus[7].flags == KQ_SMMU_CALXEDA);
	assert(dt.smmus[8].type == KQ_SMMU_OTHER);
	assert(warned("0xf000a0000 (nvidia,tegra999-smmu)"));
	close_source();
}

static void platform_devices_have_names(void)
{
	static const struct kq_inventory_component wanted[] = {
		{ 0x40, 8, 0, "/bus/ethernet@100000" },
		{ 0x123, 1, 2, "/bus/ethernet@100000" },
		/* 0x51 with any bits 0x102. */
		{ 0x51, 1, 0, "/bus/dma-controller-with-a-long-name@110000" },
		{ 0x53, 1, 0, "/bus/dma-controller-with-a-long-name@110000" },
		{ 0x151, 1, 0, "/bus/dma-controller-with-a-long-name@110000" },
		{ 0x153, 1, 0, "/bus/dma-controller-with-a-long-name@110000" },
		{ 0x9, 1, 1,
		  "...controller-with-a-long-name@110000/channel@1" },
		/* A mask with too many parts: the ID alone. */
		{ 0x12, 1, 4, "/bus/gpu@120000" },
	};
	struct kq_components found = { 0 };

	open_source("soc.dts");
	assert(kq_dt_components(&dt, &found, &warnings, &message) == 0);
	assert(found.count == sizeof(wanted) / sizeof(wanted[0]));
	for (size_t i = 0; i < found.count; i++) {
		assert(found.list[i].stream_id == wanted[i].stream_id);
		assert(found.list[i].count == wanted[i].count);
		assert(found.list[i].smmu == wanted[i].smmu);
		assert(strncmp(found.list[i].name, wanted[i].name,
			       sizeof(wanted[i].name)) == 0);
	}
	assert(strlen(found.list[6].name) == KQ_COMPONENT_NAME_SIZE - 1);
	free(found.list);
	close_source();
}

static void reserved_streams(void)
{
	struct kq_inventory_stream *streams;
	size_t count;

	open_source("reserved.dts");
	assert(kq_dt_reserved(&dt, &streams, &count, &warnings, &message) == 0);
	/* Splash screen: stream 0x33; with a mask: 0x800..0x803; the region
	 * at another IOVA and the one without reg are no running DMA. */
	assert(count == 5);
	assert(streams[0].smmu == 0 && streams[0].stream_id == 0x33);
	for (unsigned int i = 0; i < 4; i++) {
		assert(streams[1 + i].smmu == 1);
		assert(streams[1 + i].stream_id == 0x800 + i);
	}
	assert(warned("memory for pcie@30000000, whose StreamIDs"));
	free(streams);
	close_source();
}

#define REGION(at, rest) \
	"plan@" #at " { compatible = \"kexec-quiesce,plan\"; " rest " };"
#define REG(at, size) "reg = <0 0x" #at " 0 " #size ">;"

/* The region that a reserved-memory node with these children gives. */
static struct kq_inventory_region region_of(const char *children)
{
	struct kq_inventory_region region = { .base = 1, .size = 1 };
	char source[1024];

	snprintf(source, sizeof(source),
		 "reserved-memory { #address-cells = <2>; #size-cells = <2>; "
		 "ranges; %s };",
		 children);
	open_source(source);
	kq_dt_region(&dt, &region, &warnings);
	return region;
}

static void plan_region(void)
{
	struct kq_inventory_region region = region_of(
		"other@1000 { no-map; " REG(1000, 0x1000) " }; " REGION(
			48000000, "no-map; " REG(48000000, 0x100000)));

	assert(region.base == 0x48000000 && region.size == 0x100000);
	assert(warnings.count == 0);
	close_source();
	region = region_of(
		REGION(48000000, "no-map; " REG(48000000, 0x10000)) REGION(
			58000000, "no-map; " REG(58000000, 0x10000)));
	assert(region.base == 0x48000000 && region.size == 0x10000);
	assert(warned("plan@58000000"));
	assert(warned("another one before it"));
	close_source();
	region = region_of(REGION(48000000, "no-map; status = \"disabled\"; " REG(
						    48000000, 0x10000)));
	assert(region.size == 0 && warnings.count == 0);
	close_source();
}

static void unusable_plan_region(void)
{
	static const struct {
		const char *node;
		const char *words;
	} cases[] = {
		{ REGION(48000000, REG(48000000, 0x10000)), "no-map" },
		{ REGION(48000000, "no-map;"), "no reg" },
		{ REGION(48000000, "no-map; reg = <0 0x48000000 0 0x10000 "
				   "0 0x58000000 0 0x10000>;"),
		  "more than one" },
		{ REGION(48000000, "no-map; " REG(48000000, 0x1000)),
		  "at least two" },
		{ REGION(48000800, "no-map; " REG(48000800, 0x10000)),
		  "whole pages" },
		{ REGION(48000000, "no-map; " REG(48000000, 0)),
		  "at least two" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert(region_of(cases[i].node).size == 0);
		assert(warned(cases[i].words));
		close_source();
	}
}

static void nothing_there(void)
{
	struct kq_inventory_console console;
	struct kq_inventory_region region;
	struct kq_inventory_stream *streams;
	size_t count;

	open_source("");
	assert(dt.host_count == 0 && dt.smmu_count == 0);
	assert(kq_dt_reserved(&dt, &streams, &count, &warnings, &message) == 0);
	assert(count == 0 && !streams);
	kq_dt_console(&dt, &console);
	assert(console.type == KQ_CONSOLE_NONE);
	kq_dt_region(&dt, &region, &warnings);
	assert(region.size == 0);
	assert(warnings.count == 0);
	close_source();
}

#define SMMU(at) \
	"smmu@" #at " { compatible = \"arm,smmu-v3\"; reg = <0 0x" #at \
	" 0 0x20000>;"

static void switched_off_nodes_do_not_count(void)
{
	open_source(
		"bus { compatible = \"simple-bus\"; #address-cells = <2>; "
		"#size-cells = <2>; ranges; status = \"disabled\"; " SMMU(10000) " }; }; " SMMU(20000) " status = \"disabled\"; }; " SMMU(
			30000) " status = \"okay\"; }; " SMMU(40000) " status = \"ok\"; }; "
								     "pcie@0 { device_type = \"pci\"; status = \"fail\"; };");
	assert(dt.smmu_count == 2 && dt.host_count == 0);
	assert(dt.smmus[0].base == 0x30000 && dt.smmus[1].base == 0x40000);
	close_source();
}

/* A PCI device's node may look like a host's. */
static void below_a_host_is_no_host(void)
{
	open_source(
		"pcie@0 { device_type = \"pci\"; "
		"pcie@0,0 { device_type = \"pci\"; }; }; " SMMU(30000) " };");
	assert(dt.host_count == 1 && dt.smmu_count == 1);
	close_source();
}

static void unreachable_addresses(void)
{
	/* No ranges: the CPU cannot get there. Then: outside of the ranges.
	 * Then: not aligned to a page. */
	open_source("bus { #address-cells = <2>; #size-cells = <2>; " SMMU(
		10000) " }; }; "
		       "bus2 { #address-cells = <2>; #size-cells = <2>; "
		       "ranges = <0 0 0 0x80000000 0 0x10000>; " SMMU(
			       20000) " }; }; " SMMU(30800) " };");
	assert(dt.smmu_count == 0 && warnings.count == 3);
	close_source();
}

static void bad_windows(void)
{
	static const char *const properties[] = {
		"reg = <0 0x30000000 0 0x80000>;", /* less than a bus */
		"reg = <0 0x30000000 0 0x10000000>; bus-range = <5 4>;",
		"reg = <0 0x30000000 0 0x10000000>; bus-range = <0 256>;",
		"reg = <0 0x100000 0 0x10000000>; bus-range = <2 4>;",
		"reg = <0 0x30000800 0 0x10000000>;",
		"reg = <0 0x30000000>;",
		"",
	};

	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]);
	     i++) {
		char source[512];

		snprintf(
			source, sizeof(source),
			"pcie@30000000 { compatible = \"pci-host-ecam-generic\"; device_type = \"pci\"; %s };",
			properties[i]);
		open_source(source);
		assert(dt.host_count == 1 && !dt.hosts[0].ecam);
		assert(warned("no usable ECAM window for /pcie@30000000"));
		close_source();
	}
}

static void console_kinds(void)
{
	static const struct {
		const char *uart;
		const char *path;
		enum kq_console type;
	} cases[] = {
		{ "compatible = \"arm,pl011\";", "/uart@1000",
		  KQ_CONSOLE_PL011 },
		{ "compatible = \"arm,pl011\";", "/uart@1000:115200n8",
		  KQ_CONSOLE_PL011 },
		{ "compatible = \"arm,pl011\";", "self", KQ_CONSOLE_NONE },
		{ "compatible = \"arm,pl011\";", "/absent", KQ_CONSOLE_NONE },
		{ "compatible = \"arm,sbsa-uart\";", "uart0",
		  KQ_CONSOLE_PL011 },
		{ "compatible = \"ns16550a\"; reg-shift = <2>;", "uart0",
		  KQ_CONSOLE_UART8250 },
		{ "compatible = \"ns16550a\";", "uart0", KQ_CONSOLE_NONE },
		{ "compatible = \"ns16550a\"; reg-shift = <4>;", "uart0",
		  KQ_CONSOLE_NONE },
		{ "compatible = \"fsl,imx-uart\";", "uart0", KQ_CONSOLE_NONE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct kq_inventory_console console;
		char source[512];

		snprintf(
			source, sizeof(source),
			"aliases { uart0 = \"/uart@1000\"; self = \"self\"; }; chosen { stdout-path = \"%s\"; }; uart@1000 { reg = <0 0x1000 0 0x1000>; %s };",
			cases[i].path, cases[i].uart);
		open_source(source);
		kq_dt_console(&dt, &console);
		assert(console.type == cases[i].type);
		if (console.type != KQ_CONSOLE_NONE)
			assert(console.address == 0x1000);
		close_source();
	}
}

static void too_many(void)
{
	size_t size = 128 << 10;
	char *source = malloc(size);
	int used = 0;

	assert(source);
	for (unsigned int i = 0; i <= KQ_PLAN_MAX_SMMUS; i++)
		used += snprintf(
			source + used, size - (size_t)used,
			"smmu@%x { compatible = \"arm,smmu-v3\"; reg = <0 0x%x 0 0x20000>; }; ",
			0x1000000 + i * 0x20000, 0x1000000 + i * 0x20000);
	compile(source);
	assert(open_blob() == -KQ_ERR_NOSPACE);
	assert(strstr(message.text, "more than 64 SMMUs"));
	free(blob);
	used = 0;
	for (unsigned int i = 0; i <= KQ_PLAN_MAX_HOSTS; i++)
		used += snprintf(source + used, size - (size_t)used,
				 "pcie@%x { device_type = \"pci\"; }; ", i);
	compile(source);
	assert(open_blob() == -KQ_ERR_NOSPACE);
	assert(strstr(message.text, "more than 64 PCI hosts"));
	free(blob);
	blob = NULL;
	free(source);
}

static enum kq_psci psci_of(const char *source)
{
	enum kq_psci psci;

	open_source(source);
	psci = kq_dt_psci(&dt);
	close_source();
	return psci;
}

static void psci_that_can_reset(void)
{
	assert(psci_of("psci { compatible = \"arm,psci-0.2\", \"arm,psci\";"
		       " method = \"smc\"; };") == KQ_PSCI_SMC);
	assert(psci_of("psci { compatible = \"arm,psci-1.0\";"
		       " method = \"hvc\"; };") == KQ_PSCI_HVC);
	/* Version 0.1 has no call for it; nor has what nobody knows. */
	assert(psci_of("psci { compatible = \"arm,psci\";"
		       " method = \"smc\"; };") == KQ_PSCI_NONE);
	assert(psci_of("psci { compatible = \"arm,psci-1.0\";"
		       " method = \"svc\"; };") == KQ_PSCI_NONE);
	assert(psci_of("psci { compatible = \"arm,psci-1.0\"; };") ==
	       KQ_PSCI_NONE);
	assert(psci_of("") == KQ_PSCI_NONE);
}

static void truncated_is_refused(void)
{
	size_t whole;

	compile("qemu-virt.dts");
	whole = blob_size;
	for (blob_size = 0; blob_size < whole; blob_size += 7) {
		void *copy = malloc(blob_size ? blob_size : 1);

		assert(copy);
		memcpy(copy, blob, blob_size);
		memset(&message, 0, sizeof(message));
		assert(kq_dt_open(copy, blob_size, &dt, &warnings, &message) ==
		       -KQ_ERR_VALUE);
		assert(strstr(message.text, "device tree is malformed"));
		free(copy);
	}
	free(blob);
}

/* libfdt crashes on some of these. */
static void old_versions_are_refused(void)
{
	compile("qemu-virt.dts");
	for (uint8_t version = 0; version < 17; version++) {
		((uint8_t *)blob)[23] = version;
		assert(open_blob() == -KQ_ERR_VALUE);
		assert(strstr(message.text, "BADVERSION"));
	}
	free(blob);
}

static int show(const char *path)
{
	struct kq_inventory_console console;

	assert(kq_sysfs_read("", path, &blob, &blob_size) == 0);
	printf("%s\n", path);
	if (open_blob() < 0) {
		printf("  refused: %s\n", message.text);
		free(blob);
		return 1;
	}
	for (size_t i = 0; i < dt.smmu_count; i++)
		printf("  smmu 0x%" PRIx64 " type %u%s%s %s\n",
		       dt.smmus[i].base, dt.smmus[i].type,
		       dt.smmus[i].coherent ? " coherent" : "",
		       dt.smmus[i].flags ? " page0" : "", dt.smmus[i].model);
	for (size_t i = 0; i < dt.host_count; i++) {
		const struct kq_dt_host *host = &dt.hosts[i];
		uint16_t smmu = 0;
		uint32_t sid = 0;

		printf("  host %s segment %ld", host->path, host->segment);
		if (host->ecam)
			printf(" ecam 0x%" PRIx64 " buses %02x-%02x flags %x",
			       host->window.ecam, host->window.bus_first,
			       host->window.bus_last, host->window.flags);
		if (kq_dt_map(&dt, i, 0x100, &smmu, &sid) == 0)
			printf(" 01:00.0 -> 0x%" PRIx64 ":%x",
			       dt.smmus[smmu].base, sid);
		printf("\n");
	}
	kq_dt_console(&dt, &console);
	printf("  console %d 0x%" PRIx64 " shift %u\n", console.type,
	       console.address, console.shift);
	for (size_t i = 0; i < warnings.count; i++)
		printf("  warning: %s\n", warnings.text[i]);
	close_source();
	return 0;
}

int main(int argc, char **argv)
{
	int r = 0;

	if (argc > 2 && strcmp(argv[1], "show") == 0) {
		for (int i = 2; i < argc; i++)
			r |= show(argv[i]);
		return r;
	}
	if (system("dtc --version >/dev/null 2>&1") != 0) {
		puts("no dtc here: skipped");
		return 77;
	}
	qemu_virt();
	translated_and_masked();
	smmu_quirks();
	platform_devices_have_names();
	reserved_streams();
	plan_region();
	unusable_plan_region();
	nothing_there();
	switched_off_nodes_do_not_count();
	below_a_host_is_no_host();
	unreachable_addresses();
	bad_windows();
	console_kinds();
	too_many();
	psci_that_can_reset();
	truncated_is_refused();
	old_versions_are_refused();
	return 0;
}
