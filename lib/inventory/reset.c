// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "lib/inventory/reset.h"

#include <linux/pci_regs.h>
#include <string.h>

#define ANY 0xffffu

/* What is known of a device's reset. Linux: drivers/pci/quirks.c. */
enum quirk_kind {
	QUIRK_NO_FLR, /* FLR is advertised and hangs or does nothing */
	QUIRK_HIDDEN_FLR, /* FLR works although DEVCAP does not say so */
	QUIRK_DELAY, /* needs longer than 100 ms after an FLR */
	QUIRK_DEV_RESET, /* needs more than FLR, or steps before it */
};

static const struct quirk {
	uint16_t vendor;
	uint16_t device;
	uint16_t revision; /* or ANY */
	enum quirk_kind kind;
	uint16_t delay_ms;
} quirks[] = {
	/* AMD: HD audio, USB 3 and SATA controllers of several chips */
	{ 0x1022, 0x1487, ANY, QUIRK_NO_FLR, 0 },
	{ 0x1022, 0x148c, ANY, QUIRK_NO_FLR, 0 },
	{ 0x1022, 0x149c, ANY, QUIRK_NO_FLR, 0 },
	{ 0x1022, 0x7901, ANY, QUIRK_NO_FLR, 0 },
	{ 0x1022, 0x1502, ANY, QUIRK_NO_FLR, 0 },
	{ 0x1022, 0x17f0, ANY, QUIRK_NO_FLR, 0 },
	/* Intel 82579 */
	{ 0x8086, 0x1502, ANY, QUIRK_NO_FLR, 0 },
	{ 0x8086, 0x1503, ANY, QUIRK_NO_FLR, 0 },
	/* MediaTek WLAN */
	{ 0x14c3, 0x0616, ANY, QUIRK_NO_FLR, 0 },
	{ 0x14c3, 0x7925, ANY, QUIRK_NO_FLR, 0 },
	/* SolidRun SNET DPU */
	{ 0xd063, 0x1000, 1, QUIRK_NO_FLR, 0 },
	/* Intel 82599 virtual functions */
	{ 0x8086, 0x10ed, ANY, QUIRK_HIDDEN_FLR, 0 },
	/* Intel DC P3700 and DC P4510, Solidigm P44 Pro */
	{ 0x8086, 0x0953, ANY, QUIRK_DELAY, 250 },
	{ 0x8086, 0x0a54, ANY, QUIRK_DELAY, 250 },
	{ 0x025e, 0xf1ac, ANY, QUIRK_DELAY, 250 },
	/* Samsung SM961/PM961: must be disabled first */
	{ 0x144d, 0xa804, ANY, QUIRK_DEV_RESET, 0 },
	/* Intel Ivy Bridge graphics */
	{ 0x8086, 0x0156, ANY, QUIRK_DEV_RESET, 0 },
	{ 0x8086, 0x0166, ANY, QUIRK_DEV_RESET, 0 },
	/* Chelsio T4 and later: the MSI-X state must be set up for it */
	{ 0x1425, ANY, ANY, QUIRK_DEV_RESET, 0 },
	/* Huawei HiNIC virtual functions: a firmware handshake */
	{ 0x19e5, 0x375e, ANY, QUIRK_DEV_RESET, 0 },
};

static const struct quirk *find_quirk(const struct kq_inventory_function *fn)
{
	for (size_t i = 0; i < sizeof(quirks) / sizeof(quirks[0]); i++) {
		const struct quirk *quirk = &quirks[i];

		if (quirk->vendor == fn->vendor &&
		    (quirk->device == ANY || quirk->device == fn->device) &&
		    (quirk->revision == ANY ||
		     quirk->revision == (fn->class_revision & 0xff)))
			return quirk;
	}
	return NULL;
}

/* Is @word one of the blank-separated words of @text? */
static bool has_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	while (*text) {
		size_t n = strcspn(text, " \t\r\n");

		if (n == length && memcmp(text, word, n) == 0)
			return true;
		text += n;
		text += strspn(text, " \t\r\n");
	}
	return false;
}

/*
 * Switch ports offer FLR in some models, and a reset one would forget its bus
 * numbers: look at the port type, not only at DEVCAP.
 */
static bool is_endpoint(const struct kq_inventory_function *fn)
{
	return fn->header_type == PCI_HEADER_TYPE_NORMAL &&
	       (fn->port_type == PCI_EXP_TYPE_ENDPOINT ||
		fn->port_type == PCI_EXP_TYPE_LEG_END ||
		fn->port_type == PCI_EXP_TYPE_RC_END);
}

static enum kq_reset by_capability(const struct kq_inventory_function *fn,
				   bool flr_offered, bool af_offered,
				   const struct quirk *quirk)
{
	bool offered = flr_offered || af_offered;

	if (quirk && quirk->kind == QUIRK_DEV_RESET)
		return KQ_RESET_DEVICE_SPECIFIC;
	if (quirk && quirk->kind == QUIRK_NO_FLR && offered)
		return KQ_RESET_BROKEN;
	if (quirk && quirk->kind == QUIRK_HIDDEN_FLR)
		flr_offered = true;
	if (fn->pcie_cap && flr_offered && is_endpoint(fn))
		return KQ_RESET_FLR;
	if (fn->af_cap && af_offered)
		return KQ_RESET_AF_FLR;
	return KQ_RESET_NOT_OFFERED;
}

/* The kernel's word on a function that we think can be reset. */
static enum kq_reset ask_kernel(enum kq_reset reset, const char *methods,
				const struct quirk *quirk)
{
	if (!methods || (reset != KQ_RESET_FLR && reset != KQ_RESET_AF_FLR))
		return reset;
	/* Our own knowledge of this device says that plain FLR is enough. */
	if (quirk && has_word(methods, "device_specific"))
		return reset;
	if (has_word(methods, "device_specific"))
		return KQ_RESET_DEVICE_SPECIFIC;
	if (!has_word(methods, "flr") && !has_word(methods, "af_flr"))
		return KQ_RESET_KERNEL_REFUSES;
	return reset;
}

static uint32_t reset_flags(enum kq_reset reset)
{
	switch (reset) {
	case KQ_RESET_FLR:
		return KQ_FN_FLR;
	case KQ_RESET_AF_FLR:
		return KQ_FN_AF_FLR;
	case KQ_RESET_BROKEN:
	case KQ_RESET_KERNEL_REFUSES:
		return KQ_FN_FLR_BROKEN;
	case KQ_RESET_DEVICE_SPECIFIC:
		return KQ_FN_DEV_RESET;
	default:
		return 0;
	}
}

void kq_reset_decide(struct kq_inventory_function *function, bool flr_offered,
		     bool af_offered, const char *reset_method)
{
	const struct quirk *quirk = find_quirk(function);

	if (function->header_type != PCI_HEADER_TYPE_NORMAL) {
		function->reset = KQ_RESET_BRIDGE;
		return;
	}
	function->reset =
		by_capability(function, flr_offered, af_offered, quirk);
	function->reset = ask_kernel(function->reset, reset_method, quirk);
	function->flags |= reset_flags(function->reset);
	if (quirk && quirk->kind == QUIRK_DELAY)
		function->reset_delay_ms = quirk->delay_ms;
}

const char *kq_reset_name(enum kq_reset reset)
{
	switch (reset) {
	case KQ_RESET_FLR:
		return "flr";
	case KQ_RESET_AF_FLR:
		return "af_flr";
	default:
		return "none";
	}
}

const char *kq_reset_reason(enum kq_reset reset)
{
	static const char *const reasons[KQ_RESET_COUNT] = {
		[KQ_RESET_FLR] = "",
		[KQ_RESET_AF_FLR] = "",
		[KQ_RESET_NOT_OFFERED] = "offers no reset",
		[KQ_RESET_BROKEN] = "its FLR is known not to work",
		[KQ_RESET_KERNEL_REFUSES] =
			"the kernel's reset_method names no FLR",
		[KQ_RESET_DEVICE_SPECIFIC] = "needs a device-specific reset",
		[KQ_RESET_BRIDGE] = "bridge",
		[KQ_RESET_UNKNOWN] = "capabilities not readable: not root",
	};

	return (unsigned int)reset < KQ_RESET_COUNT ? reasons[reset]
						    : "unknown";
}
