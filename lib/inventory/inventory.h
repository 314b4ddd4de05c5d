/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inventory: what this machine has that can do DMA, and how the stage
 * could reach it. Collected by the running kernel's user space from sysfs
 * (through libpci) and from the firmware's tables: IORT and MCFG under ACPI,
 * the device tree else. lib/plan-build.h turns it into a plan.
 */
#ifndef KQ_INVENTORY_H
#define KQ_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/message.h"
#include "lib/plan.h"

/* Ends every message about a machine that no plan can hold. */
#define KQ_TOO_LARGE_ADVICE \
	": use the stock kexec, which quiets nothing, and report this machine to us"

/* Where hosts, SMMUs and StreamIDs were read from. */
enum kq_firmware {
	KQ_FIRMWARE_NONE = 0, /* neither ACPI tables nor a device tree */
	KQ_FIRMWARE_ACPI,
	KQ_FIRMWARE_DT,
};

/* How the stage can reset a function, or why it cannot. */
enum kq_reset {
	KQ_RESET_FLR = 0, /* PCIe Function Level Reset: KQ_FN_FLR */
	KQ_RESET_AF_FLR, /* Advanced Features FLR: KQ_FN_AF_FLR */
	KQ_RESET_NOT_OFFERED, /* no capability says it can be reset */
	KQ_RESET_BROKEN, /* offered but known not to work */
	KQ_RESET_KERNEL_REFUSES, /* reset_method in sysfs names neither FLR */
	KQ_RESET_DEVICE_SPECIFIC, /* needs more than FLR: bus master off only */
	KQ_RESET_BRIDGE, /* bridge, switch port or root port */
	KQ_RESET_UNKNOWN, /* capabilities could not be read: not root */
	KQ_RESET_COUNT
};

/* One PCI function, as the kernel and its config space show it. */
struct kq_inventory_function {
	uint16_t segment;
	uint16_t bdf; /* bus << 8 | device << 3 | function */
	uint16_t vendor; /* of a VF: from sysfs, its config space has none */
	uint16_t device;
	uint32_t class_revision; /* class << 8 | revision: config dword 0x08 */
	uint32_t flags; /* KQ_FN_* of lib/plan.h, never KQ_FN_SKIP */
	enum kq_reset reset;
	uint16_t host; /* index into hosts; KQ_NONE: no ECAM reaches it */
	uint16_t parent; /* index of the bridge above; KQ_NONE: root bus */
	uint16_t pf; /* index of a VF's PF, else KQ_NONE */
	uint16_t smmu; /* index into smmus; KQ_NONE: DMA is not translated */
	uint32_t stream_id; /* valid if smmu != KQ_NONE */
	uint16_t requester_id; /* what the SMMU sees: bdf or a bridge's alias */
	uint16_t pcie_cap; /* capability offsets; 0: it has none */
	uint16_t af_cap;
	uint16_t aer_cap;
	uint16_t dpc_cap;
	uint16_t sriov_cap;
	uint16_t reset_delay_ms; /* wait after FLR beyond the 100 ms */
	uint8_t header_type; /* 0, 1 or 2; multi-function bit removed */
	uint8_t port_type; /* PCI_EXP_TYPE_*; valid if pcie_cap */
	uint8_t secondary_bus; /* of bridges */
	char driver[KQ_DRIVER_NAME_SIZE]; /* "" if unbound */
};

/* One window of memory-mapped config space that a root bus was seen in. */
struct kq_inventory_host {
	uint64_t ecam; /* physical address of bus 0's config space */
	uint16_t segment;
	uint8_t bus_first;
	uint8_t bus_last;
	uint32_t flags; /* KQ_HOST_* of lib/plan.h */
	uint32_t root_buses[8]; /* bitmap of root buses seen in sysfs */
};

struct kq_inventory_smmu {
	uint64_t base; /* physical */
	uint64_t twin; /* physical; second instance written alike, or 0 */
	uint32_t type; /* enum kq_smmu_type */
	uint32_t flags; /* KQ_SMMU_* of lib/plan.h */
	bool coherent; /* firmware says its table walks snoop the caches */
	char model[40]; /* DT compatible, or a name of the IORT's model */
};

/* A stream that must keep working (IORT RMR node, DT iommu-addresses). */
struct kq_inventory_stream {
	uint32_t stream_id;
	uint16_t smmu; /* index into smmus */
};

/*
 * Streams of a device that is no PCI function (IORT named component, DT node
 * with iommus). They give the report names and the stage's own stream table
 * its size: some may be missing.
 */
struct kq_inventory_component {
	uint32_t stream_id; /* first of @count */
	uint32_t count;
	uint16_t smmu; /* index into smmus */
	char name[KQ_COMPONENT_NAME_SIZE]; /* path of its firmware node */
};

/* The list grows up to what a plan holds. */
struct kq_components {
	struct kq_inventory_component *list;
	size_t count;
	bool full; /* some are missing, and a warning said so */
};

/* The serial console that firmware names, for --quiesce-console=auto. */
struct kq_inventory_console {
	enum kq_console type; /* KQ_CONSOLE_NONE: none that the stage can use */
	uint64_t address; /* physical */
	uint32_t shift; /* UART8250: log2 of the register stride */
};

/* Memory that the device tree keeps for updates of a loaded plan. */
struct kq_inventory_region {
	uint64_t base; /* physical */
	uint64_t size; /* 0: there is none */
};

struct kq_inventory {
	enum kq_firmware firmware;
	/*
	 * Something was kept from us for lack of permission, so this shows
	 * less than there is: fit for listing, refused by kq_plan_build().
	 */
	bool incomplete;
	struct kq_inventory_function *functions; /* by segment, then bdf */
	size_t function_count;
	struct kq_inventory_host *hosts; /* by segment, then bus */
	size_t host_count;
	struct kq_inventory_smmu *smmus; /* in firmware order */
	size_t smmu_count;
	struct kq_inventory_stream *streams;
	size_t stream_count;
	struct kq_components components; /* in firmware order */
	struct kq_inventory_console console;
	struct kq_inventory_region region;
	enum kq_psci psci; /* how to call the firmware */
	struct kq_warnings warnings; /* worth showing to the user */
};

/**
 * kq_inventory_collect() - look at this machine, or at a captured one
 * @root:    "" for this machine; else a directory that holds a copy of
 *           another machine's sys/ (tests)
 * @ret:     result, to be freed with kq_inventory_free()
 * @message: why it failed, one sentence; may be NULL
 *
 * What merely narrows the result (no permission, a host without ECAM, an
 * unknown SMMU) becomes a warning. A malformed IORT, MCFG or device tree is
 * an error: a plan built on guesses would be worse than none. Works on
 * machines of any architecture; without IORT there are no SMMUs. Not for two
 * threads at a time.
 *
 * Return: 0; -KQ_ERR_NOMEM; -KQ_ERR_SYSTEM sysfs could not be read;
 * -KQ_ERR_NOSPACE more functions, hosts or SMMUs than an index can name;
 * -KQ_ERR_TRUNCATED, -KQ_ERR_MAGIC, -KQ_ERR_CHECKSUM, -KQ_ERR_BOUNDS or
 * -KQ_ERR_VALUE for a malformed table.
 */
int kq_inventory_collect(const char *root, struct kq_inventory **ret,
			 struct kq_message *message);

/**
 * kq_inventory_free() - free an inventory; NULL is fine
 */
void kq_inventory_free(struct kq_inventory *inventory);

/**
 * kq_inventory_find() - look a function up by its address
 *
 * Return: index into inventory->functions, or -1.
 */
long kq_inventory_find(const struct kq_inventory *inventory, uint16_t segment,
		       uint16_t bdf);

/**
 * kq_components_add() - add streams of one device
 * @components: the list
 * @smmu:       index of its SMMU
 * @stream_id:  first StreamID
 * @count:      how many; what is beyond the last StreamID is cut off
 * @name:       path of its firmware node; of one that is too long the end is
 *              kept, which is what tells devices apart
 * @length:     bytes of @name
 * @warnings:   told once if the list is full
 *
 * Return: 0; -KQ_ERR_NOMEM.
 */
int kq_components_add(struct kq_components *components, uint16_t smmu,
		      uint32_t stream_id, uint64_t count, const char *name,
		      size_t length, struct kq_warnings *warnings);

/**
 * kq_reset_name() - short word for a reset method: "flr", "af_flr" or "none"
 */
const char *kq_reset_name(enum kq_reset reset);

/**
 * kq_reset_reason() - why a function cannot be reset, as a short phrase
 *
 * Return: a constant string; "" for KQ_RESET_FLR and KQ_RESET_AF_FLR.
 */
const char *kq_reset_reason(enum kq_reset reset);

#endif
