/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The simulator: a machine made of PCIe functions and SMMUs, in virtual
 * time, behind purgatory/io.h. It is written from the architecture (PCI
 * Express Base Specification, Arm IHI 0070), not from the stage: what the
 * specifications forbid is recorded as a violation whatever the stage meant.
 *
 * One world at a time: sim_new() makes it current, sim_free() ends it.
 */
#ifndef KQ_SIM_H
#define KQ_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/plan.h"
#include "purgatory/stage.h"

#define SIM_NEVER UINT64_MAX
#define SIM_CONFIG_DWORDS 1024u
#define SIM_MAX_HOSTS 8u
#define SIM_MAX_SMMUS 8u
#define SIM_MAX_RAMS 16u
#define SIM_MAX_VIOLATIONS 64u
#define SIM_MAX_TRAFFIC 128u
#define SIM_MAX_CACHED 64u

struct sim;

/* What became of a function's DMA writes. */
enum sim_dma {
	SIM_DMA_OFF,	    /* it sends none */
	SIM_DMA_TRANSLATED, /* they land where the old tables say */
	SIM_DMA_RAW,	    /* they land untranslated */
	SIM_DMA_ABORTED,    /* they are sent and terminated */
	SIM_DMA_OURS,	    /* they land where the stage's tables say */
	SIM_DMA_COUNT
};

/* Error bits of a function, each register's in its own position. */
struct sim_errors {
	uint32_t devsta;    /* Device Status, 16 bit */
	uint32_t status;    /* Status, 16 bit */
	uint32_t secondary; /* bridges: Secondary Status, 16 bit */
	uint32_t uncor;	    /* AER */
	uint32_t cor;
	uint32_t root;
};

/* What goes wrong with a function; all zero: nothing. Times in virtual us. */
struct sim_function_faults {
	bool aborts;	 /* every access aborts */
	bool dead;	 /* reads are all ones, writes are lost */
	bool bme_stuck;	 /* bus master cannot be switched off */
	bool flr_kills;	 /* never answers again after a reset */
	bool ones_in_reset; /* all ones while it resets, never RRS */
	bool alias;	 /* answers at all eight functions of its device */
	bool alias_bus;	 /* answers at all addresses of its bus */
	bool pending_at_rest; /* Transactions Pending is always set */
	uint32_t dead_after;  /* becomes dead after so many accesses */
	uint32_t abort_after; /* aborts after so many accesses */
	uint64_t gone_at_us;  /* pulled out at this time; 0: never */
	uint64_t dead_read_us; /* what a read costs while it is dead */
	uint64_t pending_us; /* Transactions Pending this long after BME=0 */
	uint64_t flr_us;     /* how long a reset takes; 0: 20 ms */
	struct sim_errors raised; /* errors that its own reset raises */
};

struct sim_function {
	struct sim *sim;
	struct sim_function *parent; /* bridge above; NULL: on a root bus */
	struct sim_function *pf;     /* NULL unless it is a VF */
	struct sim_host *host;
	uint8_t root_bus; /* its bus if it has no parent */
	uint8_t devfn;
	bool bridge;
	bool present;
	bool in_reset;
	unsigned int vf_index;

	uint32_t config[SIM_CONFIG_DWORDS];
	uint32_t initial[SIM_CONFIG_DWORDS]; /* as sim_start() found it */
	uint32_t writable[SIM_CONFIG_DWORDS];
	uint32_t rw1c[SIM_CONFIG_DWORDS];
	uint32_t sticky[SIM_CONFIG_DWORDS]; /* not affected by FLR */
	uint32_t after_flr[SIM_CONFIG_DWORDS]; /* what FLR resets it to */
	uint16_t pcie_cap;
	uint16_t af_cap;
	uint16_t aer_cap;
	uint16_t dpc_cap;
	uint16_t sriov_cap;
	uint16_t next_cap; /* where the next capability goes */
	uint16_t next_ext_cap;
	uint16_t last_ext_cap;

	struct sim_function_faults faults;
	bool dma;	/* the device has writes to send */
	bool replaced;	/* another device than the plan says */
	uint32_t plan_flags; /* KQ_FN_* if it is in the plan */
	bool no_config; /* the plan knows no window for it */
	int plan_index; /* -1: not in the plan */
	int smmu;	/* -1: none */
	uint32_t stream_id;

	/* State and history. */
	unsigned int accesses;
	unsigned int writes;
	unsigned int flr_count;
	unsigned int bme_clears;
	uint16_t last_rid;
	uint64_t bme_off_ns; /* when bus master fell; 0: it did not */
	uint64_t flr_ns;     /* when a reset was written last */
	uint64_t ready_ns;
	enum sim_dma dma_state;
	uint64_t dma_last_ns[SIM_DMA_COUNT]; /* end of the last such time */
	struct sim_errors own; /* error bits that only our accesses raised */
};

struct sim_host {
	uint64_t ecam;
	uint16_t segment;
	uint8_t bus_first;
	uint8_t bus_last;
	uint32_t flags; /* KQ_HOST_* */
	uint32_t root_buses[8];
	bool absent_aborts; /* a read nobody answers aborts */
};

/* A handshake: a write takes effect @delay_us later. */
struct sim_handshake {
	uint64_t delay_us; /* SIM_NEVER: it never completes */
	uint32_t left;	   /* completes so often less one; 0: always */
	uint64_t done_ns;  /* SIM_NEVER while nothing is under way */
	uint32_t target;
};

/* A configuration that an SMMUv3 remembers until it is told to forget. */
struct sim_cached_ste {
	uint64_t addr; /* 0: free */
	uint64_t words[8];
	uint32_t sid;
};

struct sim_smmu2;

struct sim_smmu {
	struct sim *sim;
	uint64_t base;
	struct sim_smmu2 *v2;	  /* SMMUv1 or v2, or NULL */
	struct sim_smmu *twin;	  /* must be written alike */
	bool is_twin;		  /* itself the second of two */
	uint32_t plan_flags;	  /* KQ_SMMU_* beside page0_only */
	uint32_t sids_log2;	  /* as seen from outside: 16 if 0 */
	bool unadoptable;	  /* nobody would adopt its old table */
	bool own_allowed;	  /* tables of the stage's may be put in */
	uint64_t command_us;	  /* a command takes so long; SIM_NEVER */
	uint32_t commands_left;	  /* then they get stuck; 0: never */
	bool commands_fail;	  /* all are said to be illegal */
	uint64_t next_command_ns; /* SIM_NEVER: idle */
	unsigned int commands;
	bool stale_config;	  /* what is cached may be of another table */
	bool stale_tlb, stale_el2; /* the same of translations */
	uint32_t pending_inval;	  /* done at the next SYNC */
	unsigned int events;
	struct sim_cached_ste cached[SIM_MAX_CACHED];
	bool page0_only;
	bool v3;	/* false: nobody may touch it */
	bool aborts;
	bool ones;
	uint32_t abort_after; /* aborts after so many accesses */
	uint32_t idr[6];
	uint32_t cr0, cr0ack, cr1, cr2;
	uint32_t gbpa;
	uint32_t irq_ctrl, irq_ctrlack;
	uint32_t gerror, gerrorn;
	uint32_t strtab_base_cfg;
	uint64_t strtab_base, cmdq_base, evtq_base, priq_base;
	uint32_t cmdq_prod, cmdq_cons, evtq_prod, evtq_cons;
	uint32_t priq_prod, priq_cons;
	struct sim_handshake cr0_update, gbpa_update, irq_update;
	enum kq_policy policy;
	int plan_index;

	unsigned int accesses;
	unsigned int writes;
	uint64_t enable_fell_ns; /* when SMMUEN became 0; 0: it did not */
	bool aborted_when_it_fell;
	struct sim_smmu_initial {
		uint32_t cr0, cr1, cr2, gbpa, irq_ctrl, gerror, gerrorn;
		uint32_t strtab_base_cfg, evtq_prod, evtq_cons;
		uint64_t strtab_base, evtq_base;
	} initial;
};

/* Ordinary memory the stage may read: an event queue of the old kernel. */
struct sim_ram {
	uint64_t base;
	uint64_t size;
	uint64_t *words; /* NULL: reads abort */
	uint8_t *synced; /* per word: kq_io_sync_ram() covered it */
	bool table;	 /* an old stream table: STEs may become abort */
	uint64_t *old;	 /* @table: the words as the crash left them */
};

/* The stage's work area; see sim-memory.c. */
struct sim_memory {
	uint64_t base;
	uint64_t size;
	uint64_t skew;	/* asked for: moves the base by whole pages */
	size_t lack;	/* asked for: so much less than the stage needs */
	size_t mapped;
	uint8_t *seen;	/* what SMMUs see of it */
	uint8_t *lines; /* per 64 bytes: 1 if an SMMU wrote last */
	bool handed_over;
	uint64_t reserved_start;
	uint64_t reserved_size;
};

/* A device that goes on sending, not a PCI function of ours. */
struct sim_traffic {
	struct sim_smmu *smmu;
	uint32_t sid;
	uint64_t addr;
	uint64_t period_us;
	uint64_t next_ns;
	uint64_t until_us;
	unsigned int sent;
	unsigned int landed[SIM_DMA_COUNT];
};

enum sim_kind {
	SIM_CONFIG,
	SIM_SMMU,
	SIM_RAM,
	SIM_UART,
	SIM_NOTHING,
};

/* One access; @owner is its function or SMMU, NULL where nobody answers. */
struct sim_access {
	uint64_t ns;
	uint64_t addr;
	uint64_t value;
	const void *owner;
	uint32_t reg; /* offset in config space or in the SMMU */
	uint16_t rid;
	uint8_t size;
	uint8_t kind;
	bool write;
	bool faulted;
};

/*
 * A quiesce image with its payload, and the initrd behind it. A test that
 * changes something before sim_image_seal() makes another image; behind it,
 * damage.
 */
struct sim_image {
	uint8_t head[KQ_IMAGE_HEAD_SIZE];
	uint8_t code[8192];
	struct kq_stage_params params;
	uint8_t payload[600 * 1024];
	uint8_t initrd[100 * 1024 + 3];
	uint64_t fdt_start; /* what the device tree says of the initrd */
	uint64_t fdt_end;   /* 0: nothing */
	uint64_t takes_us;  /* virtual time that the hashing takes */
	bool aborts;	    /* reading it aborts */
	/* Results: */
	unsigned int hash_count;
	uint64_t hash_us; /* when it began */
};

struct sim {
	uint64_t ns;
	uint64_t next_event_ns; /* something changes by itself at this time */
	unsigned int idle_looks; /* at the clock, without progress between */
	uint64_t last_addr;
	struct sim_function **functions;
	size_t function_count;
	struct sim_host hosts[SIM_MAX_HOSTS];
	size_t host_count;
	struct sim_smmu smmus[SIM_MAX_SMMUS];
	size_t smmu_count;
	struct sim_ram rams[SIM_MAX_RAMS];
	size_t ram_count;
	struct sim_memory memory;
	struct sim_traffic traffic[SIM_MAX_TRAFFIC];
	size_t traffic_count;
	uint64_t uart; /* 0: none */
	bool uart_8250; /* else a PL011 */
	uint32_t uart_shift; /* 8250: log2 of the register stride */
	bool uart_full; /* its FIFO never drains */
	bool uart_forbidden;
	unsigned int uart_writes;
	char uart_text[4096];

	struct sim_image *image; /* NULL: nothing to verify */

	struct sim_access *log;
	size_t log_count;
	size_t log_room;

	bool rrs_on_root_bus;
	bool flag_absent_reads; /* such a read sets errors in the bridge */
	/* The rules that come from the plan. */
	uint32_t plan_flags;
	uint32_t plan_kind;
	uint32_t plan_quiesce;
	uint64_t pending_wait_us; /* least wait before an FLR while pending */
	uint64_t limit_us; /* a run that takes longer is a violation */
	bool hurried; /* the budget is too small to do everything */
	bool started;

	char violations[SIM_MAX_VIOLATIONS][160];
	size_t violation_count;
};

/* The world kq_io_*() work on. */
extern struct sim *sim_current;

struct sim *sim_new(void);
void sim_free(struct sim *sim);

/* Remember the state as the crash left it; DMA starts to be counted. */
void sim_start(struct sim *sim);
/* Rules that can be judged only at the end; then violation_count is final. */
void sim_finish(struct sim *sim);
uint64_t sim_now_us(const struct sim *sim);
/* Something will change by itself at @ns. */
void sim_event_at(struct sim *sim, uint64_t ns);
void sim_violate(struct sim *sim, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Is there a violation whose text contains @part? */
bool sim_violated(const struct sim *sim, const char *part);
/* DMA states changed or may change: book the time up to now. */
void sim_dma_settle(struct sim *sim);
/* Virtual time of the last DMA write of @fn that landed in memory, ns. */
uint64_t sim_dma_landed_ns(const struct sim_function *fn);
struct sim_ram *sim_add_ram(struct sim *sim, uint64_t base, uint64_t size);
/* Memory that nobody maps cached: read without maintenance. */
struct sim_ram *sim_add_uncached(struct sim *sim, uint64_t base,
				 uint64_t size);

/* Let time pass. */
void sim_pass_us(struct sim *sim, uint64_t us);

/* sim-image.c: what the stage verifies. */
struct sim_image *sim_image_new(void);
void sim_image_seal(struct sim_image *image);
void sim_image_describe(const struct sim_image *image, void *fdt);

/* sim-memory.c: the stage's own memory. */
void sim_memory_init(struct sim *sim, size_t size);
void sim_memory_free(struct sim *sim);
bool sim_memory_has(const struct sim *sim, uint64_t addr, uint64_t size);
void sim_memory_sync(struct sim *sim, uint64_t addr, uint64_t size);
bool sim_memory_stage_read(struct sim *sim, uint64_t addr, unsigned int size,
			   uint64_t *value);
/* What an SMMU reads and writes, there and in the old kernel's memory. */
bool sim_memory_read(struct sim *sim, uint64_t addr, uint64_t *value);
bool sim_memory_write(struct sim *sim, uint64_t addr, uint64_t value);
void sim_memory_hand_over(struct sim *sim, const void *fdt);
bool sim_ram_read(struct sim *sim, uint64_t addr, uint64_t *value);
/* From now on @sid sends a write every @period_us. */
struct sim_traffic *sim_add_traffic(struct sim *sim, struct sim_smmu *smmu,
				    uint32_t sid, uint64_t addr,
				    uint64_t period_us);

/* sim-function.c: building functions and their config space behaviour. */
struct sim_host *sim_add_host(struct sim *sim, uint64_t ecam,
			      uint16_t segment, uint8_t first, uint8_t last);
struct sim_function *sim_add_function(struct sim *sim, struct sim_host *host,
				      struct sim_function *parent,
				      uint8_t devfn, uint32_t id,
				      uint32_t class_revision);
struct sim_function *sim_add_bridge(struct sim *sim, struct sim_host *host,
				    struct sim_function *parent, uint8_t devfn,
				    unsigned int port_type, uint8_t secondary,
				    uint8_t subordinate);
void sim_add_root_bus(struct sim_host *host, uint8_t bus);
void sim_add_pcie(struct sim_function *fn, unsigned int port_type, bool flr);
void sim_add_af(struct sim_function *fn, bool flr);
void sim_add_pm(struct sim_function *fn);
void sim_add_msix(struct sim_function *fn);
void sim_add_aer(struct sim_function *fn);
void sim_add_dpc(struct sim_function *fn);
void sim_add_ari(struct sim_function *fn, uint8_t next);
/* VFs at rid + @offset + n * @stride; needs the PF's bus to be known. */
void sim_add_sriov(struct sim_function *fn, unsigned int vf_count,
		   uint16_t offset, uint16_t stride);
/* Give it the config space of a real device; finds its capabilities. */
void sim_load_config(struct sim_function *fn, const uint32_t *words,
		     size_t count);
void sim_set_errors(struct sim_function *fn, const struct sim_errors *errors);
uint16_t sim_rid(const struct sim_function *fn);
uint32_t sim_function_read(struct sim_function *fn, uint32_t reg);
void sim_function_write(struct sim_function *fn, uint32_t reg, uint32_t value);
/* Plugged in; a VF also needs VF Enable. */
bool sim_present(const struct sim_function *fn);
bool sim_bme(const struct sim_function *fn);
unsigned int sim_port_type(const struct sim_function *fn);
bool sim_trpnd(const struct sim_function *fn);
bool sim_ready(struct sim_function *fn);
bool sim_immediate(const struct sim_function *fn);
struct sim_errors sim_errors_now(const struct sim_function *fn);
/* Errors that an access of ours brings about; they count as our own. */
void sim_raise(struct sim_function *fn, const struct sim_errors *errors);

/* sim-ecam.c: who answers at an address. */
struct sim_host *sim_host_at(struct sim *sim, uint64_t addr);
struct sim_function *sim_route(struct sim *sim, struct sim_host *host,
			       uint16_t rid);
bool sim_config_access(struct sim *sim, struct sim_host *host, uint64_t addr,
		       bool write, uint32_t *value);

/* sim-smmu3.c */
struct sim_smmu *sim_add_smmu(struct sim *sim, uint64_t base);
struct sim_smmu *sim_smmu_at(struct sim *sim, uint64_t addr);
bool sim_smmu_access(struct sim_smmu *smmu, uint64_t addr, unsigned int size,
		     bool write, uint64_t *value);
void sim_smmu_settle(struct sim_smmu *smmu);
void sim_smmu_finish(struct sim_smmu *smmu);
enum sim_dma sim_smmu_decides(const struct sim_smmu *smmu);
/*
 * One DMA access: where it lands. SIM_DMA_OURS and SIM_DMA_RAW come with an
 * address; faults are recorded as the SMMU would.
 */
enum sim_dma sim_smmu_dma(struct sim_smmu *smmu, uint32_t sid, uint64_t addr,
			  bool write, uint64_t *ret);
/* An event queue in RAM at @base with @count records, @unread of them new. */
void sim_smmu_events(struct sim_smmu *smmu, uint64_t base,
		     unsigned int log2size, uint32_t first, uint32_t count,
		     uint32_t unread);

/* sim-smmu3-queue.c */
#define SIM_INVAL_CONFIG 1u
#define SIM_INVAL_TLB 2u
#define SIM_INVAL_EL2 4u
void sim_smmu3_commands_start(struct sim_smmu *smmu);
void sim_smmu3_commands_settle(struct sim_smmu *smmu);
void sim_smmu3_check_queue(struct sim_smmu *smmu, const char *name,
			   uint64_t base, uint32_t limit_log2);
void sim_smmu3_event(struct sim_smmu *smmu, unsigned int type, uint32_t sid,
		     uint64_t addr);

/* sim-smmu3-table.c */
void sim_smmu3_check_table(struct sim_smmu *smmu);
/* Does it run on a table that is not the old kernel's? */
bool sim_smmu3_own_table(const struct sim_smmu *smmu);
enum sim_dma sim_smmu3_translate(struct sim_smmu *smmu, uint32_t sid,
				 uint64_t addr, bool write, uint64_t *ret);
/* The stream table entry of @sid as it is in memory now; 0: none. */
uint64_t sim_smmu3_find_ste(struct sim_smmu *smmu, uint32_t sid,
			    uint64_t words[8]);

/* sim-smmu2.c */
struct sim_smmu *sim_add_smmu2(struct sim *sim, uint64_t base,
			       unsigned int version);
unsigned int sim_smmu2_version(const struct sim_smmu *smmu);
uint64_t sim_smmu2_span(const struct sim_smmu *smmu);
bool sim_smmu2_access(struct sim_smmu *smmu, uint32_t offset,
		      unsigned int size, bool write, uint64_t *value);
void sim_smmu2_start(struct sim_smmu *smmu);
void sim_smmu2_finish(struct sim_smmu *smmu);
void sim_smmu2_free(struct sim_smmu *smmu);
enum sim_dma sim_smmu2_dma(struct sim_smmu *smmu, uint32_t sid, uint64_t addr,
			   bool write, uint64_t *ret);

/* sim-check.c: what the stage may do to a function, and rules for the end. */
void sim_check_config_read(struct sim_function *fn, uint32_t reg);
void sim_check_config_write(struct sim_function *fn, uint32_t reg,
			    uint32_t value);
void sim_check_flr(struct sim_function *fn, bool af);
/* Devices first, SMMUs last: called when an SMMU is about to change. */
void sim_check_devices_first(struct sim *sim);
/* A function that does what the specifications say and may be quieted. */
bool sim_healthy(const struct sim_function *fn);
void sim_check_functions(struct sim *sim);
const struct sim_access *sim_find_write(const struct sim *sim,
					const void *owner, uint32_t reg,
					uint32_t mask, uint32_t value);
unsigned int sim_count(const struct sim *sim, const void *owner, bool write);

/* sim-plan.c: a plan of the world as it is now, and a stage run on it. */
struct sim_plan {
	enum kq_plan_kind kind;
	enum kq_quiesce quiesce;
	enum kq_policy policy; /* of SMMUs that have none of their own */
	uint32_t budget_ms;
	uint32_t flags;
	enum kq_console console;
	uint32_t probe_ms;
	const struct kq_plan_stream *streams;
	size_t stream_count;
	const struct kq_plan_component *components;
	size_t component_count;
};

#define SIM_PLAN_DEFAULT                                              \
	{ .kind = KQ_PLAN_CRASH, .quiesce = KQ_QUIESCE_FLR,           \
	  .policy = KQ_POLICY_ABORT, .budget_ms = 2000 }

struct kq_plan_header *sim_plan_build(struct sim *sim,
				      const struct sim_plan *options);
/* The plan's entry of a function, to be changed before sim_plan_seal(). */
struct kq_plan_function *sim_plan_entry(struct kq_plan_header *plan,
					const struct sim_function *fn);
/* Seal it and derive from it what the stage may and may not do. */
void sim_plan_seal(struct sim *sim, struct kq_plan_header *plan);

struct sim_run {
	struct kq_stage stage;
	void *plan; /* the stage's copy of it */
	struct sim *sim;
	void *work; /* in sim->memory */
	size_t work_size;
	void *fdt; /* the device tree that was handed in */
	const void *fdt_out; /* and the one that came out */
	/* The report found in it, as user space would; NULL if none. */
	struct kq_report_header *report;
};

/*
 * Start the world, run the stage on a sealed plan, hand over a device tree,
 * finish the world. What every run must hold becomes a violation if not.
 */
void sim_run(struct sim *sim, const struct kq_plan_header *plan,
	     struct sim_run *ret_run);
void sim_run_free(struct sim_run *run);
/* The report's record of a function, NULL if it has none. */
const struct kq_report_function *sim_record(const struct sim_run *run,
					    const struct sim_function *fn);

#endif
