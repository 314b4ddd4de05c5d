/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report: what the stage found and did. docs/report-format.md is the
 * normative text. Little-endian, naturally aligned, reserved bytes zero.
 * It travels as the property KQ_REPORT_PROPERTY of /chosen.
 */
#ifndef KQ_REPORT_H
#define KQ_REPORT_H

#include "lib/plan.h"

#define KQ_REPORT_MAGIC "\211KQREPT\n"
/* Any change of layout or meaning bumps the version. */
#define KQ_REPORT_VERSION 1u
#define KQ_REPORT_PROPERTY "kexec-quiesce,report"

#define KQ_REPORT_MAX_UNLISTED 64u   /* functions found beyond the plan */
#define KQ_REPORT_EVENTS_PER_SMMU 16u /* newest old events kept of each */
#define KQ_REPORT_MAX_STRAYS 64u      /* streams the probe windows kept */

/* kq_report_header.flags */
#define KQ_REPORT_PLAN_INVALID KQ_BIT32(0)  /* plan refused: see plan_error */
#define KQ_REPORT_OVER_BUDGET KQ_BIT32(1)   /* a wait was cut short */
#define KQ_REPORT_STAGE_FAULT KQ_BIT32(2)   /* the stage itself faulted */
#define KQ_REPORT_UNLISTED_FULL KQ_BIT32(3) /* more unlisted than records */
#define KQ_REPORT_VHE KQ_BIT32(4)	    /* EL2 with HCR_EL2.E2H set */

/* Steps of the stage, in order; each is timed. */
enum kq_step {
	KQ_STEP_PLAN,	  /* checking the plan */
	KQ_STEP_MASTERS,  /* identity check and bus master off */
	KQ_STEP_EVIDENCE, /* snapshot of status and error registers */
	KQ_STEP_PENDING,  /* waiting for Transactions Pending */
	KQ_STEP_WALK,	  /* live walk for unlisted functions */
	KQ_STEP_RESET,	  /* FLR, the shared wait, readiness */
	KQ_STEP_RESTORE,  /* config space restored */
	KQ_STEP_BRIDGES,  /* bus master off above functions that resisted */
	KQ_STEP_PROBE,	  /* the probe windows */
	KQ_STEP_SMMU,	  /* SMMUs to their policy */
	KQ_STEP_ERRORS,	  /* errors raised by the quiesce cleared */
	KQ_STEP_VERIFY,	  /* digests; within the reset if all is quiet */
	KQ_STEP_COUNT
};

/* kq_report_function.result */
enum kq_fn_result {
	KQ_FN_NOT_REACHED = 0,	 /* the stage ended before it came to it */
	KQ_FN_QUIET,		 /* bus master off, read back as off */
	KQ_FN_RESET,		 /* bus master off, FLR done, answers again */
	KQ_FN_RESET_WITH_PF,	 /* VF that went away with its PF's FLR */
	KQ_FN_LEFT_ALONE,	 /* orderly kexec: its driver shut it down */
	KQ_FN_SKIPPED,		 /* left alone because the user asked */
	KQ_FN_OBSERVED,		 /* bridge or quiesce=none: evidence only */
	KQ_FN_GONE,		 /* nothing answers at its address */
	KQ_FN_REPLACED,		 /* another device answers at its address */
	KQ_FN_UNREACHABLE,	 /* access aborted, or all ones mid-way */
	KQ_FN_NO_CONFIG_ACCESS,	 /* behind a host without ECAM */
	KQ_FN_STILL_MASTERING,	 /* bus master reads back as on */
	KQ_FN_RESET_TIMEOUT,	 /* FLR written, did not answer in time */
	KQ_FN_RESULT_COUNT
};

/* kq_report_function.flags: KQ_FN_* of the plan, and these. */
#define KQ_FN_UNLISTED KQ_BIT32(16) /* found by the walk, not in the plan */
#define KQ_FN_OFFENDER KQ_BIT32(17) /* was mastering though shut down */
#define KQ_FN_BME_CLEARED KQ_BIT32(18)	    /* stage switched bus master off */
#define KQ_FN_FLR_DONE KQ_BIT32(19)	    /* PCIe FLR was written */
#define KQ_FN_AF_FLR_DONE KQ_BIT32(20)	    /* AF FLR was written */
#define KQ_FN_RESTORED KQ_BIT32(21)	    /* config space was written back */
#define KQ_FN_ERRORS_CLEARED KQ_BIT32(22)   /* own errors were cleared */
#define KQ_FN_STUCK_PENDING KQ_BIT32(23)    /* Transactions Pending stayed */
#define KQ_FN_EVIDENCE KQ_BIT32(24)	    /* evidence fields are valid */

/* kq_report_smmu.result */
enum kq_smmu_result {
	KQ_SMMU_NOT_REACHED = 0,
	KQ_SMMU_DONE,	     /* in the state the policy asks for */
	KQ_SMMU_UNREACHABLE, /* register access aborted or read all ones */
	KQ_SMMU_STUCK,	     /* a handshake did not complete; see state */
	KQ_SMMU_LEFT_ALONE,  /* a kind the stage does not program */
	KQ_SMMU_RESULT_COUNT
};

/* kq_report_verify.result */
enum kq_verify_result {
	KQ_VERIFY_NOT_ASKED = 0, /* the image has no digests */
	KQ_VERIFY_GOOD,		 /* every digest that is known is right */
	KQ_VERIFY_BAD,		 /* one is wrong, or the initrd is not there */
	KQ_VERIFY_TOO_SLOW,	 /* given up: see docs/report-format.md */
	KQ_VERIFY_FAULT,	 /* memory aborted when it was read */
	KQ_VERIFY_RESULT_COUNT
};

/* kq_report_verify.parts and bad */
#define KQ_VERIFY_STAGE KQ_BIT32(0)
#define KQ_VERIFY_PAYLOAD KQ_BIT32(1)
#define KQ_VERIFY_INITRD KQ_BIT32(2)
#define KQ_VERIFY_PARTS 3u

/* kq_report_verify.flags */
#define KQ_VERIFY_CACHED KQ_BIT32(0) /* MMU and caches were on */
#define KQ_VERIFY_SHA2 KQ_BIT32(1)   /* by the CPU's SHA-256 instructions */
#define KQ_VERIFY_LATE KQ_BIT32(2)   /* behind the SMMUs: see the docs */

/* Is what was loaded still what was loaded? The plan has its own digest. */
struct kq_report_verify {
	uint32_t result; /* enum kq_verify_result */
	uint32_t parts;	 /* whose digest was compared */
	uint32_t bad;	 /* whose digest is wrong */
	uint32_t flags;
	uint64_t bytes;		/* hashed */
	uint32_t on_bad_digest; /* enum kq_on_bad_digest, as in the plan */
	uint32_t fault_esr;	/* if KQ_VERIFY_FAULT: syndrome */
};

struct kq_report_step {
	uint32_t start_us; /* since the stage's first instruction */
	uint32_t duration_us;
};

struct kq_report_header {
	uint8_t magic[8];
	uint32_t version;
	uint32_t header_size;
	uint32_t total_size;
	uint32_t flags;
	uint8_t sha256[32]; /* of the whole report with this field zero */
	uint8_t load_id[16]; /* as in the plan */
	uint8_t boot_id[16];
	uint64_t load_time_s;
	uint8_t chosen_sha256[32]; /* of /chosen as handed over; see docs */
	uint32_t kind;		   /* enum kq_plan_kind */
	uint32_t quiesce;	   /* enum kq_quiesce */
	uint32_t budget_ms;
	uint32_t exception_level; /* 1 or 2 */
	uint32_t plan_error;	  /* enum kq_err if KQ_REPORT_PLAN_INVALID */
	uint32_t fault_count;	  /* aborts and SErrors the stage survived */
	uint32_t timer_hz;
	uint32_t total_us; /* first instruction to sealing this report */
	struct kq_report_step steps[KQ_STEP_COUNT];
	struct kq_section functions; /* struct kq_report_function */
	struct kq_section smmus;     /* struct kq_report_smmu */
	struct kq_section events;    /* struct kq_report_event */
	uint64_t stage_fault_esr;    /* if KQ_REPORT_STAGE_FAULT: syndrome */
	uint64_t stage_fault_pc;     /* and address, as offset in stage.elf */
	struct kq_section strays;    /* struct kq_report_stray */
	uint32_t probe_ms;	     /* as in the plan */
	uint32_t region_error;	     /* enum kq_err: a newer update was bad */
	uint64_t plan_generation; /* of the update used; 0: the image's plan */
	struct kq_report_verify verify;
};

/* Registers as read before anything but bus master was changed. */
struct kq_report_function {
	uint16_t segment;
	uint16_t bdf;
	uint16_t vendor;
	uint16_t device;
	uint32_t class_revision;
	uint32_t flags;
	uint32_t result; /* enum kq_fn_result */
	uint16_t smmu;	 /* index into the report's SMMUs or KQ_NONE */
	uint16_t parent; /* index into the report's functions or KQ_NONE */
	uint32_t stream_id;
	uint32_t command_status; /* config dword 0x04, bus master as found */
	uint32_t command_after;	 /* the same dword, last value read */
	uint32_t devctl_devsta;
	uint32_t lnkctl_lnksta;
	uint32_t aer_uncor_status;
	uint32_t aer_cor_status;
	uint32_t aer_header_log[4];
	uint32_t aer_root_status;
	uint32_t dpc_status_source; /* DPC Status, Error Source ID */
	uint32_t pending_us;	    /* waited for Transactions Pending */
	uint32_t reset_us;	    /* FLR written to ready again */
	uint32_t reserved;
	char driver[KQ_DRIVER_NAME_SIZE];
};

/* What an SMMUv3 held before and holds after. */
struct kq_report_smmu_state {
	uint32_t cr0;
	uint32_t cr1;
	uint32_t cr2;
	uint32_t gbpa;
	uint32_t irq_ctrl;
	uint32_t gerror;
	uint32_t gerrorn;
	uint32_t strtab_base_cfg;
	uint64_t strtab_base;
	uint64_t evtq_base;
	uint32_t evtq_prod;
	uint32_t evtq_cons;
	uint32_t cmdq_prod;
	uint32_t cmdq_cons;
};

/* The same of an SMMUv1 or v2: as large, other registers. */
struct kq_report_smmu2_state {
	uint32_t scr0;
	uint32_t sgfsr;
	uint32_t sgfsynr0;
	uint32_t sgfsynr1;
	uint64_t sgfar;
	uint32_t faulting_banks; /* context banks whose FSR shows a fault */
	uint32_t bank;		 /* the first of them, and its registers */
	uint32_t bank_fsr;
	uint32_t bank_fsynr0;
	uint64_t bank_far;
	uint32_t bank_frsynra;
	uint32_t sacr;
	uint32_t reserved[2];
};

/* kq_report_smmu.flags */
#define KQ_SMMU_FELL_BACK KQ_BIT32(0)	   /* policy could not be had */
#define KQ_SMMU_PROBED KQ_BIT32(1)	   /* its probe window was open */
#define KQ_SMMU_PROBE_OVERFLOW KQ_BIT32(2) /* more than the queue held */
#define KQ_SMMU_OWN_TABLE KQ_BIT32(3)	   /* runs on the stage's tables */

struct kq_report_smmu {
	uint64_t base;
	uint32_t type;	  /* enum kq_smmu_type */
	uint32_t policy;  /* enum kq_policy, as asked for */
	uint32_t applied; /* enum kq_policy, as it is; 0: none */
	uint32_t flags;
	uint32_t result; /* enum kq_smmu_result */
	uint32_t duration_us;
	uint32_t idr0;
	uint32_t idr1;
	uint32_t stuck_offset; /* register whose handshake did not complete */
	uint32_t probe_us;     /* how long the probe window was open */
	uint32_t probe_events; /* transactions it caught */
	uint32_t aborted_streams; /* preserve: STEs turned into abort */
	union {
		struct kq_report_smmu_state before;
		struct kq_report_smmu2_state before2;
	};
	union {
		struct kq_report_smmu_state after;
		struct kq_report_smmu2_state after2;
	};
};

/* kq_report_event.flags */
#define KQ_EVENT_PENDING KQ_BIT32(0) /* the old kernel had not read it yet */

/* One record of an old event queue, as the SMMU wrote it. */
struct kq_report_event {
	uint32_t smmu; /* index into the report's SMMUs */
	uint32_t flags;
	uint64_t record[4];
};

/* A stream that was still writing while everything should have been quiet. */
struct kq_report_stray {
	uint32_t smmu; /* index into the report's SMMUs */
	uint32_t stream_id;
	uint32_t count; /* transactions; the SMMU may merge some */
	uint32_t event; /* SMMUv3 event number, or 0 */
	uint64_t address; /* of the first one, as the device put it */
	uint64_t reserved;
	char name[KQ_COMPONENT_NAME_SIZE]; /* if it is no PCI function */
};

_Static_assert(sizeof(struct kq_report_step) == 8, "report format");
_Static_assert(sizeof(struct kq_report_header) == 384, "report format");
_Static_assert(offsetof(struct kq_report_header, sha256) == 24,
	       "report format");
_Static_assert(offsetof(struct kq_report_header, chosen_sha256) == 96,
	       "report format");
_Static_assert(offsetof(struct kq_report_header, steps) == 160,
	       "report format");
_Static_assert(sizeof(struct kq_report_verify) == 32, "report format");
_Static_assert(sizeof(struct kq_report_function) == 120, "report format");
_Static_assert(sizeof(struct kq_report_smmu_state) == 64, "report format");
_Static_assert(sizeof(struct kq_report_smmu2_state) ==
		       sizeof(struct kq_report_smmu_state),
	       "report format");
_Static_assert(sizeof(struct kq_report_smmu) == 184, "report format");
_Static_assert(sizeof(struct kq_report_stray) == 80, "report format");
_Static_assert(sizeof(struct kq_report_event) == 40, "report format");

/**
 * kq_report_check() - validate a report before any field of it is used
 * @report: start of the report, 8-byte aligned
 * @size:   bytes that may be read from @report
 *
 * Return: 0; -KQ_ERR_TRUNCATED, -KQ_ERR_MAGIC, -KQ_ERR_VERSION,
 * -KQ_ERR_BOUNDS, -KQ_ERR_CHECKSUM or -KQ_ERR_VALUE.
 */
int kq_report_check(const void *report, size_t size);

/**
 * kq_report_seal() - compute and store the SHA-256 of a finished report
 * @report: report whose header.total_size is set
 */
void kq_report_seal(struct kq_report_header *report);

/**
 * kq_report_size() - room a report of these counts needs
 * @functions: number of function records, unlisted ones included
 * @smmus:     number of SMMU records
 *
 * Return: bytes, a multiple of 8; events and strays count at their maximum.
 */
size_t kq_report_size(uint32_t functions, uint32_t smmus);

static inline struct kq_report_function *
kq_report_functions(const struct kq_report_header *report)
{
	return (void *)((char *)report + report->functions.offset);
}

static inline struct kq_report_smmu *
kq_report_smmus(const struct kq_report_header *report)
{
	return (void *)((char *)report + report->smmus.offset);
}

static inline struct kq_report_event *
kq_report_events(const struct kq_report_header *report)
{
	return (void *)((char *)report + report->events.offset);
}

static inline struct kq_report_stray *
kq_report_strays(const struct kq_report_header *report)
{
	return (void *)((char *)report + report->strays.offset);
}

#endif
