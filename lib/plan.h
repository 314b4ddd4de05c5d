/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan: what the stage knows of the machine and what it shall do.
 * docs/plan-format.md is the normative text. Little-endian, naturally
 * aligned, reserved bytes zero. Shared by hosted programs and the stage.
 */
#ifndef KQ_PLAN_H
#define KQ_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "lib/bits.h"

#define KQ_PLAN_MAGIC "\211KQPLAN\n"
/* Any change of layout or meaning bumps the version. */
#define KQ_PLAN_VERSION 1u

/* Limits the checker enforces; they bound every loop of the stage. */
#define KQ_PLAN_MAX_FUNCTIONS 2048u
#define KQ_PLAN_MAX_HOSTS 64u
#define KQ_PLAN_MAX_SMMUS 64u
#define KQ_PLAN_MAX_STREAMS 1024u
#define KQ_PLAN_MAX_COMPONENTS 1024u
#define KQ_PLAN_MAX_PROBE_MS 10000u
#define KQ_PLAN_MAX_BUDGET_MS 60000u
#define KQ_PLAN_MAX_RESET_DELAY_MS 5000u

/* "No such index" in every uint16_t index field. */
#define KQ_NONE UINT16_MAX

#define KQ_DRIVER_NAME_SIZE 32
#define KQ_COMPONENT_NAME_SIZE 48

/* kq_plan_header.kind: which kexec this plan is for. */
enum kq_plan_kind {
	KQ_PLAN_CRASH = 1,   /* kexec -p: quiesce everything */
	KQ_PLAN_ORDERLY = 2, /* kexec -l: only functions still mastering */
};

/* kq_plan_header.quiesce: how far to go with each function. */
enum kq_quiesce {
	KQ_QUIESCE_NONE = 0, /* evidence only; devices are left as they are */
	KQ_QUIESCE_BME = 1,  /* bus master off */
	KQ_QUIESCE_FLR = 2,  /* bus master off, then function level reset */
};

enum kq_policy {
	KQ_POLICY_ABORT = 1,
	KQ_POLICY_BYPASS = 2,
	KQ_POLICY_PRESERVE = 3,
	KQ_POLICY_SINK = 4, /* every address leads to one page */
	KQ_POLICY_LAST = KQ_POLICY_SINK,
};

enum kq_console {
	KQ_CONSOLE_NONE = 0,
	KQ_CONSOLE_PL011 = 1,
	KQ_CONSOLE_UART8250 = 2, /* 32-bit registers at reg << shift */
};

/* kq_plan_header.on_bad_digest: what if the loaded kernel was damaged? */
enum kq_on_bad_digest {
	KQ_ON_BAD_RESET = 0, /* reset the machine */
	KQ_ON_BAD_HALT = 1,  /* stop here */
	KQ_ON_BAD_BOOT = 2,  /* enter it all the same */
	KQ_ON_BAD_LAST = KQ_ON_BAD_BOOT,
};

/* kq_plan_header.psci: how to call the firmware that can reset the machine. */
enum kq_psci {
	KQ_PSCI_NONE = 0, /* none, or older than PSCI 0.2 */
	KQ_PSCI_SMC = 1,
	KQ_PSCI_HVC = 2,
	KQ_PSCI_LAST = KQ_PSCI_HVC,
};

enum kq_smmu_type {
	KQ_SMMU_V3 = 3,
	KQ_SMMU_V2 = 2,	     /* SMMUv2, MMU-401, MMU-500 */
	KQ_SMMU_V1 = 1,	     /* SMMUv1, MMU-400 */
	KQ_SMMU_OTHER = 255, /* present, of a kind the stage leaves alone */
};

/* kq_plan_header.flags */
#define KQ_PLAN_BRIDGES KQ_BIT32(0) /* step 8 may switch off bridges */

/* kq_plan_host.flags */
#define KQ_HOST_ROOT_BUS_HIDDEN KQ_BIT32(0) /* root bus is not in the ECAM */
#define KQ_HOST_ROOT_DEV0_ONLY KQ_BIT32(1)  /* only device 0 on root buses */

/* kq_plan_function.flags */
#define KQ_FN_BRIDGE KQ_BIT32(0)     /* header type 1 (or 2) */
#define KQ_FN_VF KQ_BIT32(1)	     /* SR-IOV virtual function of @pf */
#define KQ_FN_FLR KQ_BIT32(2)	     /* PCIe FLR works */
#define KQ_FN_AF_FLR KQ_BIT32(3)     /* Advanced Features FLR works */
#define KQ_FN_FLR_BROKEN KQ_BIT32(4) /* FLR advertised, must not be used */
#define KQ_FN_SKIP KQ_BIT32(5)	     /* user asked to leave it alone */
#define KQ_FN_DEV_RESET KQ_BIT32(6)  /* FLR alone is not safe for it */
#define KQ_FN_PLAN_FLAGS KQ_MASK32(6, 0) /* the rest is the report's */

/* A table inside the plan or report: @count entries of @entry_size bytes. */
struct kq_section {
	uint32_t offset; /* from the start of the blob, 8-byte aligned */
	uint32_t count;
	uint32_t entry_size;
	uint32_t reserved;
};

struct kq_plan_header {
	uint8_t magic[8];
	uint32_t version;
	uint32_t header_size;
	uint32_t total_size;
	uint32_t flags;
	uint8_t sha256[32]; /* of the whole plan with this field zero */
	uint8_t load_id[16]; /* random, one per load */
	uint8_t boot_id[16]; /* of the kernel that did the load */
	uint64_t load_time_s; /* seconds since 1970-01-01 UTC */
	uint32_t kind;	      /* enum kq_plan_kind */
	uint32_t quiesce;     /* enum kq_quiesce */
	uint32_t budget_ms;   /* upper bound of all the stage's waits */
	uint32_t console;     /* enum kq_console */
	uint64_t console_addr; /* physical */
	uint32_t console_shift; /* UART8250: log2 of the register stride */
	uint32_t probe_ms; /* length of the probe window; 0: none */
	struct kq_section functions; /* struct kq_plan_function, by address */
	struct kq_section hosts;     /* struct kq_plan_host */
	struct kq_section smmus;     /* struct kq_plan_smmu */
	struct kq_section streams;   /* struct kq_plan_stream */
	struct kq_section components; /* struct kq_plan_component */
	uint64_t region_base; /* updates of this plan: lib/plan-slot.h */
	uint64_t region_size; /* 0: there is no such region */
	uint32_t on_bad_digest; /* enum kq_on_bad_digest */
	uint32_t psci;		/* enum kq_psci */
};

/* One ECAM window. */
struct kq_plan_host {
	uint64_t ecam; /* physical address of bus 0's config space */
	uint16_t segment;
	uint8_t bus_first;
	uint8_t bus_last;
	uint32_t flags;
	uint32_t root_buses[8]; /* bitmap of root bus numbers */
};

/* One PCI function. Capability offsets are 0 where it has none. */
struct kq_plan_function {
	uint16_t segment;
	uint16_t bdf;	 /* bus << 8 | device << 3 | function */
	uint16_t vendor; /* for a VF: what the kernel shows, not config space */
	uint16_t device;
	uint32_t class_revision; /* config dword 0x08 */
	uint32_t flags;
	uint16_t host;	 /* index of its window; KQ_NONE: config-unreachable */
	uint16_t parent; /* index of the bridge above; KQ_NONE: root bus */
	uint16_t pf;	 /* VF: index of its PF */
	uint16_t smmu;	 /* index of its SMMU */
	uint32_t stream_id; /* valid if smmu != KQ_NONE */
	uint16_t pcie_cap;
	uint16_t af_cap;
	uint16_t aer_cap;
	uint16_t dpc_cap;
	uint16_t sriov_cap;
	uint16_t reset_delay_ms; /* wait after FLR beyond the 100 ms */
	uint8_t port_type;	 /* PCI_EXP_TYPE_*, valid if pcie_cap */
	uint8_t reserved[7];
	char driver[KQ_DRIVER_NAME_SIZE]; /* NUL-terminated; "" if unbound */
};

/* kq_plan_smmu.flags */
#define KQ_SMMU_PAGE0_ONLY KQ_BIT32(0) /* v3: page 1 registers in page 0 */
#define KQ_SMMU_MMU500 KQ_BIT32(1)     /* v2: MMU-500, cache lock in sACR */
#define KQ_SMMU_CALXEDA KQ_BIT32(2)    /* v1: non-secure aliases at +0x400 */

struct kq_plan_smmu {
	uint64_t base;	 /* physical */
	uint64_t twin;	 /* physical; second instance written alike, or 0 */
	uint32_t type;	 /* enum kq_smmu_type */
	uint32_t policy; /* enum kq_policy */
	uint32_t flags;
	uint32_t reserved;
};

/* One stream that must keep working: an RMR (IORT) or iommu-addresses. */
struct kq_plan_stream {
	uint32_t stream_id;
	uint16_t smmu;
	uint16_t reserved;
};

/* A device that is no PCI function: its streams and what firmware calls it. */
struct kq_plan_component {
	uint32_t stream_id; /* first of @count */
	uint32_t count;
	uint16_t smmu;
	uint16_t reserved[3];
	char name[KQ_COMPONENT_NAME_SIZE]; /* NUL-terminated */
};

_Static_assert(sizeof(struct kq_section) == 16, "plan format");
_Static_assert(sizeof(struct kq_plan_header) == 232, "plan format");
_Static_assert(offsetof(struct kq_plan_header, sha256) == 24, "plan format");
_Static_assert(offsetof(struct kq_plan_header, load_id) == 56, "plan format");
_Static_assert(offsetof(struct kq_plan_header, kind) == 96, "plan format");
_Static_assert(offsetof(struct kq_plan_header, functions) == 128,
	       "plan format");
_Static_assert(offsetof(struct kq_plan_header, region_base) == 208,
	       "plan format");
_Static_assert(sizeof(struct kq_plan_host) == 48, "plan format");
_Static_assert(sizeof(struct kq_plan_function) == 80, "plan format");
_Static_assert(offsetof(struct kq_plan_function, stream_id) == 24,
	       "plan format");
_Static_assert(offsetof(struct kq_plan_function, driver) == 48, "plan format");
_Static_assert(sizeof(struct kq_plan_smmu) == 32, "plan format");
_Static_assert(sizeof(struct kq_plan_stream) == 8, "plan format");
_Static_assert(sizeof(struct kq_plan_component) == 64, "plan format");

/* A plan with every table at its limit. */
#define KQ_PLAN_MAX_SIZE                                                \
	(sizeof(struct kq_plan_header) +                                \
	 KQ_PLAN_MAX_FUNCTIONS * sizeof(struct kq_plan_function) +      \
	 KQ_PLAN_MAX_HOSTS * sizeof(struct kq_plan_host) +              \
	 KQ_PLAN_MAX_SMMUS * sizeof(struct kq_plan_smmu) +              \
	 KQ_PLAN_MAX_STREAMS * sizeof(struct kq_plan_stream) +          \
	 KQ_PLAN_MAX_COMPONENTS * sizeof(struct kq_plan_component))

/**
 * kq_plan_check() - validate a plan before any field of it is used
 * @plan: start of the plan, 8-byte aligned
 * @size: bytes that may be read from @plan
 *
 * Checks magic, version, sizes, the SHA-256, every section's bounds and
 * entry size, every enum, index and limit, so that code behind it needs no
 * further checks.
 *
 * Return: 0; -KQ_ERR_TRUNCATED, -KQ_ERR_MAGIC, -KQ_ERR_VERSION,
 * -KQ_ERR_BOUNDS, -KQ_ERR_CHECKSUM or -KQ_ERR_VALUE.
 */
int kq_plan_check(const void *plan, size_t size);

/**
 * kq_plan_seal() - compute and store the SHA-256 of a finished plan
 * @plan: plan whose header.total_size is set
 */
void kq_plan_seal(struct kq_plan_header *plan);

/* Tables of a plan that kq_plan_check() accepted. */
static inline const struct kq_plan_function *
kq_plan_functions(const struct kq_plan_header *plan)
{
	return (const void *)((const char *)plan + plan->functions.offset);
}

static inline const struct kq_plan_host *
kq_plan_hosts(const struct kq_plan_header *plan)
{
	return (const void *)((const char *)plan + plan->hosts.offset);
}

static inline const struct kq_plan_smmu *
kq_plan_smmus(const struct kq_plan_header *plan)
{
	return (const void *)((const char *)plan + plan->smmus.offset);
}

static inline const struct kq_plan_stream *
kq_plan_streams(const struct kq_plan_header *plan)
{
	return (const void *)((const char *)plan + plan->streams.offset);
}

static inline const struct kq_plan_component *
kq_plan_components(const struct kq_plan_header *plan)
{
	return (const void *)((const char *)plan + plan->components.offset);
}

#endif
