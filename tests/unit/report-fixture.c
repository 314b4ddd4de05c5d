// SPDX-License-Identifier: GPL-2.0-or-later
#undef NDEBUG
#include "tests/unit/report-fixture.h"

#include <assert.h>
#include <libfdt.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/error.h"
#include "lib/sha256.h"

#define MASTER_ON  0x00100407u
#define MASTER_OFF 0x00100403u

struct row {
	uint16_t segment;
	uint16_t bdf;
	uint32_t ids; /* device << 16 | vendor */
	uint32_t class;
	uint32_t flags;
	enum kq_fn_result result;
	uint16_t smmu;
	uint32_t stream_id;
	const char *driver;
};

static const struct row crash_rows[] = {
	{ 0, 0x0010, 0x10411af4, 0x020000, KQ_FN_BME_CLEARED, KQ_FN_QUIET, 0,
	  0x10, "virtio-pci" },
	{ 0, 0x0040, 0x000c1b36, 0x060400, KQ_FN_BRIDGE, KQ_FN_OBSERVED, 0,
	  0x40, "pcieport" },
	{ 0, 0x0100, 0x10d38086, 0x020000, KQ_FN_BME_CLEARED, KQ_FN_QUIET, 0,
	  0x100, "e1000e" },
	{ 0, 0x0200, 0x10c98086, 0x020000,
	  KQ_FN_FLR | KQ_FN_FLR_DONE | KQ_FN_BME_CLEARED | KQ_FN_RESTORED,
	  KQ_FN_RESET, 0, 0x200, "igb" },
	{ 0, 0x0280, 0x10ca8086, 0x020000, KQ_FN_VF | KQ_FN_BME_CLEARED,
	  KQ_FN_RESET_WITH_PF, 0, 0x280, "igbvf" },
	{ 0, 0x0300, 0x00101b36, 0x010802,
	  KQ_FN_FLR | KQ_FN_FLR_DONE | KQ_FN_BME_CLEARED | KQ_FN_RESTORED |
		  KQ_FN_ERRORS_CLEARED,
	  KQ_FN_RESET, 0, 0x300, "nvme" },
	{ 0, 0x0400, 0x000d1b36, 0x0c0330, 0, KQ_FN_STILL_MASTERING, 0, 0x400,
	  "xhci_hcd" },
	{ 0, 0x0500, 0x11e81234, 0x00ff00, KQ_FN_UNLISTED | KQ_FN_BME_CLEARED,
	  KQ_FN_QUIET, KQ_NONE, 0, "" },
	{ 1, 0x0100, 0xa80a144d, 0x010802, 0, KQ_FN_NO_CONFIG_ACCESS, 1, 0x100,
	  "nvme" },
};

static const struct row orderly_rows[] = {
	{ 0, 0x0010, 0x10411af4, 0x020000, 0, KQ_FN_LEFT_ALONE, 0, 0x10,
	  "virtio-pci" },
	{ 0, 0x0040, 0x000c1b36, 0x060400, KQ_FN_BRIDGE, KQ_FN_OBSERVED, 0,
	  0x40, "pcieport" },
	{ 0, 0x0100, 0x10d38086, 0x020000,
	  KQ_FN_OFFENDER | KQ_FN_BME_CLEARED | KQ_FN_FLR | KQ_FN_FLR_DONE,
	  KQ_FN_RESET, 0, 0x100, "mlx5_core" },
	{ 0, 0x0300, 0x00101b36, 0x010802, 0, KQ_FN_LEFT_ALONE, 0, 0x300,
	  "nvme" },
};

static const struct row quiet_rows[] = {
	{ 0, 0x0200, 0x10c98086, 0x020000,
	  KQ_FN_FLR | KQ_FN_FLR_DONE | KQ_FN_BME_CLEARED, KQ_FN_RESET, 0, 0x200,
	  "igb" },
};

static void fill_function(struct kq_report_function *fn, const struct row *row)
{
	bool was_on = row->flags & KQ_FN_BME_CLEARED ||
		      row->result == KQ_FN_STILL_MASTERING;

	fn->segment = row->segment;
	fn->bdf = row->bdf;
	fn->vendor = row->ids & 0xffff;
	fn->device = row->ids >> 16;
	fn->class_revision = row->class << 8;
	fn->flags = row->flags;
	fn->result = row->result;
	fn->smmu = row->smmu;
	fn->parent = KQ_NONE;
	fn->stream_id = row->stream_id;
	snprintf(fn->driver, sizeof(fn->driver), "%s", row->driver);
	if (row->result == KQ_FN_NO_CONFIG_ACCESS)
		return;
	fn->flags |= KQ_FN_EVIDENCE;
	fn->command_status = was_on ? MASTER_ON : MASTER_OFF;
	fn->command_after = row->result == KQ_FN_STILL_MASTERING ? MASTER_ON
								 : MASTER_OFF;
	fn->lnkctl_lnksta = 0x00430000; /* 8 GT/s x4 */
	if (row->flags & KQ_FN_FLR_DONE)
		fn->reset_us = 100250 + row->bdf;
}

static const struct kq_report_smmu_state old_kernel = {
	.cr0 = 0xd,
	.cr1 = 0xd75,
	.cr2 = 0x6,
	.gbpa = 0x1000,
	.irq_ctrl = 0x5,
	.gerror = 0x1,
	.strtab_base_cfg = 0x10210,
	.strtab_base = 0x4000000100a00000,
	.evtq_base = 0x4000000100b0000f,
	.evtq_prod = 0x23,
	.evtq_cons = 0x22,
	.cmdq_prod = 0x81,
	.cmdq_cons = 0x81,
};

static void fill_smmu(struct kq_report_smmu *smmu, uint64_t base)
{
	*smmu = (struct kq_report_smmu){
		.base = base,
		.type = KQ_SMMU_V3,
		.policy = KQ_POLICY_ABORT,
		.applied = KQ_POLICY_ABORT,
		.result = KQ_SMMU_DONE,
		.duration_us = 12,
		.idr0 = 0x0d44101b,
		.idr1 = 0x02730010,
		.before = old_kernel,
		.after = old_kernel,
	};
	smmu->after.cr0 = 0;
	smmu->after.gbpa = 0x101000;
	smmu->after.irq_ctrl = 0;
	smmu->after.gerrorn = 1;
}

static void fill_steps(struct kq_report_header *report)
{
	static const uint32_t durations[KQ_STEP_COUNT] = {
		[KQ_STEP_PLAN] = 850,	  [KQ_STEP_MASTERS] = 95,
		[KQ_STEP_EVIDENCE] = 310, [KQ_STEP_PENDING] = 2040,
		[KQ_STEP_WALK] = 700,	  [KQ_STEP_RESET] = 100900,
		[KQ_STEP_RESTORE] = 60,	  [KQ_STEP_SMMU] = 15,
		[KQ_STEP_ERRORS] = 44,
	};
	uint32_t now = 20;

	for (int i = 0; i < KQ_STEP_COUNT; i++) {
		report->steps[i].start_us = now;
		report->steps[i].duration_us = durations[i];
		now += durations[i] + 1;
	}
	report->total_us = now;
}

static void fill_header(struct kq_report_header *report, enum kq_plan_kind kind)
{
	memcpy(report->magic, KQ_REPORT_MAGIC, sizeof(report->magic));
	report->version = KQ_REPORT_VERSION;
	report->header_size = sizeof(*report);
	report->load_time_s = 1795172645; /* 2026-11-20 11:04:05 UTC */
	report->kind = kind;
	report->quiesce = KQ_QUIESCE_FLR;
	report->budget_ms = 2000;
	report->exception_level = 2;
	report->timer_hz = 62500000;
	for (unsigned int i = 0; i < 16; i++) {
		report->load_id[i] = (uint8_t)(0x10 + i);
		report->boot_id[i] = (uint8_t)(0xa0 + i);
	}
	fill_steps(report);
}

/* Some 38 MiB of kernel and initrd, and how that went. */
static void verify(struct kq_report_header *report, uint32_t result,
		   uint32_t bad, uint32_t flags)
{
	bool compared = result == KQ_VERIFY_GOOD || result == KQ_VERIFY_BAD;

	report->verify = (struct kq_report_verify){
		.result = result,
		.parts = compared ? KQ_MASK32(KQ_VERIFY_PARTS - 1, 0) : 0,
		.bad = bad,
		.flags = flags,
		.bytes = 40123456,
		.on_bad_digest = bad ? KQ_ON_BAD_BOOT : KQ_ON_BAD_RESET,
		.fault_esr = result == KQ_VERIFY_FAULT ? 0x96000010 : 0,
	};
	report->steps[KQ_STEP_VERIFY].duration_us = 31250;
}

static struct kq_section section(uint32_t *end, uint32_t count,
				 uint32_t entry_size)
{
	struct kq_section section = {
		.offset = *end,
		.count = count,
		.entry_size = entry_size,
	};

	*end += count * entry_size;
	return section;
}

static struct kq_report_header *make(enum kq_plan_kind kind,
				     const struct row *rows, uint32_t functions,
				     uint32_t smmus, uint32_t events,
				     uint32_t strays)
{
	struct kq_report_header *report =
		calloc(1, kq_report_size(functions, smmus));
	uint32_t end = sizeof(*report);

	assert(report);
	fill_header(report, kind);
	report->functions =
		section(&end, functions, sizeof(struct kq_report_function));
	report->smmus = section(&end, smmus, sizeof(struct kq_report_smmu));
	report->events = section(&end, events, sizeof(struct kq_report_event));
	report->strays = section(&end, strays, sizeof(struct kq_report_stray));
	report->total_size = end;
	for (uint32_t i = 0; i < functions; i++)
		fill_function(&kq_report_functions(report)[i], &rows[i]);
	for (uint32_t i = 0; i < smmus; i++)
		fill_smmu(&kq_report_smmus(report)[i],
			  0x9050000 + i * UINT64_C(0x1000000));
	return report;
}

/* IHI 0070 event records: type, StreamID, access, input address. */
static void fill_event(struct kq_report_event *event, uint32_t type,
		       uint32_t stream_id, bool read, uint64_t address)
{
	event->record[0] = (uint64_t)stream_id << 32 | type;
	event->record[1] = read ? KQ_BIT64(35) : 0;
	event->record[2] = address;
}

static void add_evidence(struct kq_report_header *report)
{
	struct kq_report_function *fns = kq_report_functions(report);

	fns[1].aer_root_status = PCI_ERR_ROOT_UNCOR_RCV |
				 PCI_ERR_ROOT_FATAL_RCV | 0x08000000;
	fns[1].dpc_status_source = 0x03000005; /* ERR_FATAL from 03:00.0 */
	fns[5].parent = 1;
	fns[5].command_status |= (uint32_t)PCI_STATUS_REC_MASTER_ABORT << 16;
	fns[5].devctl_devsta = 0x002d2810; /* pending, URD, FED, CED */
	fns[5].aer_uncor_status = PCI_ERR_UNC_COMP_TIME |
				  PCI_ERR_UNC_POISON_TLP;
	fns[5].aer_cor_status = PCI_ERR_COR_ADV_NFAT;
	fns[5].aer_header_log[0] = 0x40000001;
	fns[5].aer_header_log[3] = 0xdeadbeef;
	fns[5].pending_us = 2011;
	fns[6].flags |= KQ_FN_STUCK_PENDING;
	fns[6].pending_us = 400000;
}

struct kq_report_header *kq_fixture_crash(void)
{
	struct kq_report_header *report =
		make(KQ_PLAN_CRASH, crash_rows,
		     sizeof(crash_rows) / sizeof(crash_rows[0]), 2, 3, 0);
	struct kq_report_event *events = kq_report_events(report);
	struct kq_report_smmu *second = &kq_report_smmus(report)[1];

	add_evidence(report);
	report->fault_count = 2;
	report->plan_generation = 3;
	report->region_error = KQ_ERR_CHECKSUM;
	report->flags = KQ_REPORT_VHE;
	second->result = KQ_SMMU_STUCK;
	second->applied = 0;
	second->stuck_offset = 0x24;
	fill_event(&events[0], 0x02, 0x500, false, 0);
	fill_event(&events[1], 0x10, 0x100, true, 0xffffe000);
	fill_event(&events[2], 0x10, 0x300, false, 0x1234567000);
	events[2].flags = KQ_EVENT_PENDING;
	verify(report, KQ_VERIFY_GOOD, 0,
	       KQ_VERIFY_CACHED | KQ_VERIFY_SHA2 | KQ_VERIFY_LATE);
	kq_report_seal(report);
	assert(kq_report_check(report, report->total_size) == 0);
	return report;
}

struct kq_report_header *kq_fixture_orderly(void)
{
	struct kq_report_header *report =
		make(KQ_PLAN_ORDERLY, orderly_rows,
		     sizeof(orderly_rows) / sizeof(orderly_rows[0]), 1, 0, 0);
	struct kq_report_smmu *smmu = &kq_report_smmus(report)[0];

	smmu->before.cr0 = 0;
	smmu->before.gerror = 0;
	smmu->after.gerror = 0;
	smmu->after.gerrorn = 0;
	report->exception_level = 1;
	verify(report, KQ_VERIFY_TOO_SLOW, 0, 0);
	kq_report_seal(report);
	assert(kq_report_check(report, report->total_size) == 0);
	return report;
}

struct kq_report_header *kq_fixture_refused(void)
{
	struct kq_report_header *report =
		make(KQ_PLAN_CRASH, crash_rows, 0, 0, 0, 0);

	/* What the stage fills in without a plan: see purgatory/main.c. */
	report->flags = KQ_REPORT_PLAN_INVALID;
	report->kind = 0;
	report->quiesce = 0;
	report->budget_ms = 0;
	report->load_time_s = 0;
	memset(report->load_id, 0, sizeof(report->load_id));
	memset(report->boot_id, 0, sizeof(report->boot_id));
	memset(report->steps, 0, sizeof(report->steps));
	report->total_us = 412;
	report->plan_error = KQ_ERR_CHECKSUM;
	verify(report, KQ_VERIFY_FAULT, 0, KQ_VERIFY_CACHED | KQ_VERIFY_LATE);
	kq_report_seal(report);
	assert(kq_report_check(report, report->total_size) == 0);
	return report;
}

struct kq_report_header *kq_fixture_quiet(void)
{
	struct kq_report_header *report =
		make(KQ_PLAN_CRASH, quiet_rows, 1, 1, 0, 0);

	kq_report_seal(report);
	assert(kq_report_check(report, report->total_size) == 0);
	return report;
}

/* A window of @ms that saw @events. */
static void open_window(struct kq_report_smmu *smmu, uint32_t ms,
			uint32_t events)
{
	smmu->flags |= KQ_SMMU_PROBED;
	smmu->probe_us = ms * 1000 + 37;
	smmu->probe_events = events;
}

struct kq_report_header *kq_fixture_verified(void)
{
	struct kq_report_header *report =
		make(KQ_PLAN_CRASH, quiet_rows, 1, 1, 0, 0);

	report->probe_ms = 50;
	open_window(&kq_report_smmus(report)[0], 50, 0);
	kq_report_seal(report);
	assert(kq_report_check(report, report->total_size) == 0);
	return report;
}

/* An SMMUv2 with its global and context faults, on the sink. */
static void make_smmu2(struct kq_report_smmu *smmu)
{
	smmu->type = KQ_SMMU_V2;
	smmu->policy = KQ_POLICY_SINK;
	smmu->applied = KQ_POLICY_SINK;
	smmu->flags = KQ_SMMU_OWN_TABLE;
	smmu->idr0 = 0xfe013e08;
	smmu->idr1 = 0x33000008;
	smmu->before2 = (struct kq_report_smmu2_state){
		.scr0 = 0x00200036,
		.sgfsr = 0x80000002,
		.sgfsynr0 = 0x1,
		.sgfsynr1 = 0x0043,
		.sgfar = 0xfffff000,
		.faulting_banks = 2,
		.bank = 3,
		.bank_fsr = 0x2,
		.bank_fsynr0 = 0x10,
		.bank_far = 0x12345000,
		.bank_frsynra = 0x41,
	};
	smmu->after2 = (struct kq_report_smmu2_state){ .scr0 = 0x00200412 };
}

static void add_strays(struct kq_report_header *report)
{
	struct kq_report_stray *strays = kq_report_strays(report);

	strays[0].stream_id = 0x100;
	strays[0].count = 37;
	strays[0].event = 0x04;
	strays[1].stream_id = 0x123;
	strays[1].count = 1;
	strays[1].event = 0x10;
	strays[1].address = 0xfedc0000;
	strcpy(strays[1].name, "/soc/ethernet@1000");
	strays[2].smmu = 1;
	strays[2].stream_id = 0x77;
	strays[2].count = 5;
	strays[2].address = 0x80001000;
}

struct kq_report_header *kq_fixture_strays(void)
{
	struct kq_report_header *report =
		make(KQ_PLAN_ORDERLY, orderly_rows,
		     sizeof(orderly_rows) / sizeof(orderly_rows[0]), 3, 0, 3);
	struct kq_report_smmu *smmus = kq_report_smmus(report);

	report->probe_ms = 50;
	report->steps[KQ_STEP_PROBE].duration_us = 50210;
	smmus[0].policy = KQ_POLICY_SINK;
	smmus[0].flags = KQ_SMMU_FELL_BACK;
	open_window(&smmus[0], 50, 38);
	make_smmu2(&smmus[1]);
	open_window(&smmus[1], 50, 5);
	smmus[2].policy = KQ_POLICY_PRESERVE;
	smmus[2].applied = KQ_POLICY_PRESERVE;
	smmus[2].aborted_streams = 2;
	smmus[2].after.cr0 = 1;
	add_strays(report);
	verify(report, KQ_VERIFY_BAD, KQ_VERIFY_PAYLOAD | KQ_VERIFY_INITRD,
	       KQ_VERIFY_CACHED);
	kq_report_seal(report);
	assert(kq_report_check(report, report->total_size) == 0);
	return report;
}

/* The digest of docs/report-format.md, written down by hand. */
static void digest_chosen(struct kq_report_header *report)
{
	struct kq_sha256 ctx;

	kq_sha256_init(&ctx);
	kq_sha256_update(&ctx, "bootargs", 9);
	kq_sha256_update(&ctx, "console=x", 10);
	kq_sha256_update(&ctx, "linux,initrd-start", 19);
	kq_sha256_update(&ctx, "\0\0\0\0\x48\0\0\0", 8);
	kq_sha256_final(&ctx, report->chosen_sha256);
	kq_report_seal(report);
}

void *kq_fixture_fdt(struct kq_report_header *report, const char *bootargs,
		     size_t *size)
{
	const int room = 1 << 16;
	void *fdt = calloc(1, (size_t)room);

	assert(fdt);
	digest_chosen(report);
	assert(fdt_create(fdt, room) == 0);
	assert(fdt_finish_reservemap(fdt) == 0);
	assert(fdt_begin_node(fdt, "") == 0);
	assert(fdt_begin_node(fdt, "chosen") == 0);
	/* As the next kernel leaves it: one seed wiped, the other one gone. */
	assert(fdt_property_u64(fdt, "kaslr-seed", 0) == 0);
	assert(fdt_property_string(fdt, "bootargs", bootargs) == 0);
	assert(fdt_property_u64(fdt, "linux,initrd-start", 0x48000000) == 0);
	assert(fdt_property(fdt, KQ_REPORT_PROPERTY, report,
			    (int)report->total_size) == 0);
	assert(fdt_end_node(fdt) == 0);
	assert(fdt_end_node(fdt) == 0);
	assert(fdt_finish(fdt) == 0);
	*size = fdt_totalsize(fdt);
	return fdt;
}
