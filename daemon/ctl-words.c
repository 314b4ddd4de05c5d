// SPDX-License-Identifier: GPL-2.0-or-later
#include "config.h"

#include "daemon/ctl-words.h"

#include <inttypes.h>
#include <linux/pci_regs.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/report.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* PCIe Base Spec, Command register. */
const struct kq_bit_name kq_bits_command[] = {
	{ PCI_COMMAND_IO, "I/O space" },
	{ PCI_COMMAND_MEMORY, "memory space" },
	{ PCI_COMMAND_MASTER, "bus master" },
	{ PCI_COMMAND_SPECIAL, "special cycles" },
	{ PCI_COMMAND_INVALIDATE, "memory write and invalidate" },
	{ PCI_COMMAND_VGA_PALETTE, "VGA palette snoop" },
	{ PCI_COMMAND_PARITY, "parity error response" },
	{ PCI_COMMAND_WAIT, "stepping" },
	{ PCI_COMMAND_SERR, "SERR#" },
	{ PCI_COMMAND_FAST_BACK, "fast back-to-back" },
	{ PCI_COMMAND_INTX_DISABLE, "INTx off" },
	{ 0, NULL },
};

/* PCIe Base Spec, Status register: only the bits that tell of errors. */
const struct kq_bit_name kq_bits_status_errors[] = {
	{ PCI_STATUS_PARITY, "Master Data Parity Error" },
	{ PCI_STATUS_SIG_TARGET_ABORT, "Signaled Target Abort" },
	{ PCI_STATUS_REC_TARGET_ABORT, "Received Target Abort" },
	{ PCI_STATUS_REC_MASTER_ABORT, "Received Master Abort" },
	{ PCI_STATUS_SIG_SYSTEM_ERROR, "Signaled System Error" },
	{ PCI_STATUS_DETECTED_PARITY, "Detected Parity Error" },
	{ 0, NULL },
};

/* PCIe Base Spec, Device Status register. */
const struct kq_bit_name kq_bits_devsta[] = {
	{ PCI_EXP_DEVSTA_CED, "Correctable Error Detected" },
	{ PCI_EXP_DEVSTA_NFED, "Non-Fatal Error Detected" },
	{ PCI_EXP_DEVSTA_FED, "Fatal Error Detected" },
	{ PCI_EXP_DEVSTA_URD, "Unsupported Request Detected" },
	{ PCI_EXP_DEVSTA_AUXPD, "AUX Power Detected" },
	{ PCI_EXP_DEVSTA_TRPND, "Transactions Pending" },
	{ 0, NULL },
};

/* PCIe Base Spec, Uncorrectable Error Status register of AER. */
const struct kq_bit_name kq_bits_aer_uncor[] = {
	{ PCI_ERR_UNC_UND, "Undefined" },
	{ PCI_ERR_UNC_DLP, "Data Link Protocol Error" },
	{ PCI_ERR_UNC_SURPDN, "Surprise Down" },
	{ PCI_ERR_UNC_POISON_TLP, "Poisoned TLP" },
	{ PCI_ERR_UNC_FCP, "Flow Control Protocol Error" },
	{ PCI_ERR_UNC_COMP_TIME, "Completion Timeout" },
	{ PCI_ERR_UNC_COMP_ABORT, "Completer Abort" },
	{ PCI_ERR_UNC_UNX_COMP, "Unexpected Completion" },
	{ PCI_ERR_UNC_RX_OVER, "Receiver Overflow" },
	{ PCI_ERR_UNC_MALF_TLP, "Malformed TLP" },
	{ PCI_ERR_UNC_ECRC, "ECRC Error" },
	{ PCI_ERR_UNC_UNSUP, "Unsupported Request" },
	{ PCI_ERR_UNC_ACSV, "ACS Violation" },
	{ PCI_ERR_UNC_INTN, "Uncorrectable Internal Error" },
	{ PCI_ERR_UNC_MCBTLP, "MC Blocked TLP" },
	{ PCI_ERR_UNC_ATOMEG, "AtomicOp Egress Blocked" },
	{ PCI_ERR_UNC_TLPPRE, "TLP Prefix Blocked" },
	{ 0, NULL },
};

/* PCIe Base Spec, Correctable Error Status register of AER. */
const struct kq_bit_name kq_bits_aer_cor[] = {
	{ PCI_ERR_COR_RCVR, "Receiver Error" },
	{ PCI_ERR_COR_BAD_TLP, "Bad TLP" },
	{ PCI_ERR_COR_BAD_DLLP, "Bad DLLP" },
	{ PCI_ERR_COR_REP_ROLL, "REPLAY_NUM Rollover" },
	{ PCI_ERR_COR_REP_TIMER, "Replay Timer Timeout" },
	{ PCI_ERR_COR_ADV_NFAT, "Advisory Non-Fatal Error" },
	{ PCI_ERR_COR_INTERNAL, "Corrected Internal Error" },
	{ PCI_ERR_COR_LOG_OVER, "Header Log Overflow" },
	{ 0, NULL },
};

/*
 * PCIe Base Spec, Root Error Status register of AER. The interrupt message
 * number in bits 31:27 is no error.
 */
const struct kq_bit_name kq_bits_aer_root[] = {
	{ PCI_ERR_ROOT_COR_RCV, "ERR_COR received" },
	{ PCI_ERR_ROOT_MULTI_COR_RCV, "several ERR_COR received" },
	{ PCI_ERR_ROOT_UNCOR_RCV, "ERR_FATAL or ERR_NONFATAL received" },
	{ PCI_ERR_ROOT_MULTI_UNCOR_RCV,
	  "several ERR_FATAL or ERR_NONFATAL received" },
	{ PCI_ERR_ROOT_FIRST_FATAL, "the first one was fatal" },
	{ PCI_ERR_ROOT_NONFATAL_RCV, "non-fatal error received" },
	{ PCI_ERR_ROOT_FATAL_RCV, "fatal error received" },
	{ 0, NULL },
};

/* IHI 0070 "SMMU_CR0". */
const struct kq_bit_name kq_bits_cr0[] = {
	{ KQ_BIT32(0), "SMMUEN" },   { KQ_BIT32(1), "PRIQEN" },
	{ KQ_BIT32(2), "EVENTQEN" }, { KQ_BIT32(3), "CMDQEN" },
	{ KQ_BIT32(4), "ATSCHK" },   { 0, NULL },
};

/* IHI 0070 "SMMU_GERROR". */
const struct kq_bit_name kq_bits_gerror[] = {
	{ KQ_BIT32(0), "CMDQ_ERR" },
	{ KQ_BIT32(2), "EVENTQ_ABT_ERR" },
	{ KQ_BIT32(3), "PRIQ_ABT_ERR" },
	{ KQ_BIT32(4), "MSI_CMDQ_ABT_ERR" },
	{ KQ_BIT32(5), "MSI_EVENTQ_ABT_ERR" },
	{ KQ_BIT32(6), "MSI_PRIQ_ABT_ERR" },
	{ KQ_BIT32(7), "MSI_GERROR_ABT_ERR" },
	{ KQ_BIT32(8), "SFM_ERR" },
	{ 0, NULL },
};

/* IHI 0062 "SMMU_sCR0". */
const struct kq_bit_name kq_bits_scr0[] = {
	{ KQ_BIT32(0), "CLIENTPD" },  { KQ_BIT32(1), "GFRE" },
	{ KQ_BIT32(2), "GFIE" },      { KQ_BIT32(3), "EXIDENABLE" },
	{ KQ_BIT32(4), "GCFGFRE" },   { KQ_BIT32(5), "GCFGFIE" },
	{ KQ_BIT32(10), "USFCFG" },   { KQ_BIT32(11), "VMIDPNE" },
	{ KQ_BIT32(12), "PTM" },      { KQ_BIT32(13), "FB" },
	{ KQ_BIT32(31), "VMID16EN" }, { 0, NULL },
};

/* IHI 0062 "SMMU_sGFSR". */
const struct kq_bit_name kq_bits_sgfsr[] = {
	{ KQ_BIT32(0), "invalid context" },
	{ KQ_BIT32(1), "unidentified stream" },
	{ KQ_BIT32(2), "stream match conflict" },
	{ KQ_BIT32(3), "unimplemented context bank" },
	{ KQ_BIT32(4), "unimplemented context interrupt" },
	{ KQ_BIT32(5), "configuration access" },
	{ KQ_BIT32(6), "external" },
	{ KQ_BIT32(7), "permission" },
	{ KQ_BIT32(8), "unsupported upstream transaction" },
	{ KQ_BIT32(31), "several" },
	{ 0, NULL },
};

/* IHI 0062 "SMMU_CBn_FSR". */
const struct kq_bit_name kq_bits_fsr[] = {
	{ KQ_BIT32(1), "translation" },
	{ KQ_BIT32(2), "access flag" },
	{ KQ_BIT32(3), "permission" },
	{ KQ_BIT32(4), "external" },
	{ KQ_BIT32(5), "TLB match conflict" },
	{ KQ_BIT32(6), "TLB lock" },
	{ KQ_BIT32(7), "address size" },
	{ KQ_BIT32(8), "unsupported upstream transaction" },
	{ KQ_BIT32(30), "stalled" },
	{ KQ_BIT32(31), "several" },
	{ 0, NULL },
};

const struct kq_bit_name kq_bits_smmu[] = {
	{ KQ_SMMU_FELL_BACK, "fell-back" },
	{ KQ_SMMU_PROBED, "probed" },
	{ KQ_SMMU_PROBE_OVERFLOW, "probe-overflow" },
	{ KQ_SMMU_OWN_TABLE, "own-table" },
	{ 0, NULL },
};

const struct kq_bit_name kq_bits_function[] = {
	{ KQ_FN_BRIDGE, "bridge" },
	{ KQ_FN_VF, "vf" },
	{ KQ_FN_FLR, "flr" },
	{ KQ_FN_AF_FLR, "af-flr" },
	{ KQ_FN_FLR_BROKEN, "flr-broken" },
	{ KQ_FN_SKIP, "skip" },
	{ KQ_FN_DEV_RESET, "device-specific-reset" },
	{ KQ_FN_UNLISTED, "unlisted" },
	{ KQ_FN_OFFENDER, "offender" },
	{ KQ_FN_BME_CLEARED, "bus-master-cleared" },
	{ KQ_FN_FLR_DONE, "flr-done" },
	{ KQ_FN_AF_FLR_DONE, "af-flr-done" },
	{ KQ_FN_RESTORED, "restored" },
	{ KQ_FN_ERRORS_CLEARED, "errors-cleared" },
	{ KQ_FN_STUCK_PENDING, "stuck-pending" },
	{ KQ_FN_EVIDENCE, "evidence" },
	{ 0, NULL },
};

const struct kq_bit_name kq_bits_report[] = {
	{ KQ_REPORT_PLAN_INVALID, "plan-invalid" },
	{ KQ_REPORT_OVER_BUDGET, "over-budget" },
	{ KQ_REPORT_STAGE_FAULT, "stage-fault" },
	{ KQ_REPORT_UNLISTED_FULL, "unlisted-full" },
	{ KQ_REPORT_VHE, "vhe" },
	{ 0, NULL },
};

const struct kq_bit_name kq_bits_verify_parts[] = {
	{ KQ_VERIFY_STAGE, "stage" },
	{ KQ_VERIFY_PAYLOAD, "kernel" },
	{ KQ_VERIFY_INITRD, "initrd" },
	{ 0, NULL },
};

const struct kq_bit_name kq_bits_verify_flags[] = {
	{ KQ_VERIFY_CACHED, "cached" },
	{ KQ_VERIFY_SHA2, "sha2" },
	{ KQ_VERIFY_LATE, "late" },
	{ 0, NULL },
};

__attribute__((format(printf, 3, 4))) static void
append(char *buffer, size_t size, const char *format, ...)
{
	size_t used = strlen(buffer);
	va_list args;

	va_start(args, format);
	vsnprintf(buffer + used, size - used, format, args);
	va_end(args);
}

const char *kq_bits_join(char *buffer, size_t size, uint32_t value,
			 const struct kq_bit_name *names)
{
	const char *gap = "";

	*buffer = '\0';
	for (; names->name; names++) {
		if (!(value & names->mask))
			continue;
		append(buffer, size, "%s%s", gap, names->name);
		value &= ~names->mask;
		gap = ", ";
	}
	if (value)
		append(buffer, size, "%s0x%" PRIx32, gap, value);
	return buffer;
}

static const char *word(const char *const *words, size_t count, uint32_t number)
{
	return number < count && words[number] ? words[number] : "unknown";
}

const char *kq_word_kind(uint32_t kind)
{
	static const char *const words[] = {
		[KQ_PLAN_CRASH] = "crash",
		[KQ_PLAN_ORDERLY] = "orderly",
	};

	return word(words, COUNT(words), kind);
}

const char *kq_word_quiesce(uint32_t level)
{
	static const char *const words[] = {
		[KQ_QUIESCE_NONE] = "none",
		[KQ_QUIESCE_BME] = "bme",
		[KQ_QUIESCE_FLR] = "flr",
	};

	return word(words, COUNT(words), level);
}

const char *kq_word_policy(uint32_t policy)
{
	static const char *const words[] = {
		[KQ_POLICY_ABORT] = "abort",
		[KQ_POLICY_BYPASS] = "bypass",
		[KQ_POLICY_PRESERVE] = "preserve",
		[KQ_POLICY_SINK] = "sink",
	};

	return word(words, COUNT(words), policy);
}

const char *kq_word_smmu_type(uint32_t type)
{
	static const char *const words[] = {
		[KQ_SMMU_V1] = "SMMUv1",
		[KQ_SMMU_V2] = "SMMUv2",
		[KQ_SMMU_V3] = "SMMUv3",
		[KQ_SMMU_OTHER] = "other",
	};

	return word(words, COUNT(words), type);
}

const char *kq_word_smmu_result(uint32_t result)
{
	static const char *const words[] = {
		[KQ_SMMU_NOT_REACHED] = "not-reached",
		[KQ_SMMU_DONE] = "done",
		[KQ_SMMU_UNREACHABLE] = "unreachable",
		[KQ_SMMU_STUCK] = "stuck",
		[KQ_SMMU_LEFT_ALONE] = "left-alone",
	};

	_Static_assert(COUNT(words) == KQ_SMMU_RESULT_COUNT, "a word each");
	return word(words, COUNT(words), result);
}

const char *kq_word_function_result(uint32_t result)
{
	static const char *const words[] = {
		[KQ_FN_NOT_REACHED] = "not-reached",
		[KQ_FN_QUIET] = "quiet",
		[KQ_FN_RESET] = "reset",
		[KQ_FN_RESET_WITH_PF] = "reset-with-pf",
		[KQ_FN_LEFT_ALONE] = "left-alone",
		[KQ_FN_SKIPPED] = "skipped",
		[KQ_FN_OBSERVED] = "observed",
		[KQ_FN_GONE] = "gone",
		[KQ_FN_REPLACED] = "replaced",
		[KQ_FN_UNREACHABLE] = "unreachable",
		[KQ_FN_NO_CONFIG_ACCESS] = "no-config-access",
		[KQ_FN_STILL_MASTERING] = "still-mastering",
		[KQ_FN_RESET_TIMEOUT] = "reset-timeout",
	};

	_Static_assert(COUNT(words) == KQ_FN_RESULT_COUNT, "a word each");
	return word(words, COUNT(words), result);
}

const char *kq_word_verify_result(uint32_t result)
{
	static const char *const words[] = {
		[KQ_VERIFY_NOT_ASKED] = "not-asked",
		[KQ_VERIFY_GOOD] = "good",
		[KQ_VERIFY_BAD] = "bad",
		[KQ_VERIFY_TOO_SLOW] = "too-slow",
		[KQ_VERIFY_FAULT] = "fault",
	};

	_Static_assert(COUNT(words) == KQ_VERIFY_RESULT_COUNT, "a word each");
	return word(words, COUNT(words), result);
}

const char *kq_word_psci(uint32_t psci)
{
	static const char *const words[] = {
		[KQ_PSCI_NONE] = "none",
		[KQ_PSCI_SMC] = "smc",
		[KQ_PSCI_HVC] = "hvc",
	};

	_Static_assert(COUNT(words) == KQ_PSCI_LAST + 1, "a word each");
	return word(words, COUNT(words), psci);
}

const char *kq_word_step(uint32_t step)
{
	static const char *const words[] = {
		[KQ_STEP_PLAN] = "plan",	 [KQ_STEP_MASTERS] = "masters",
		[KQ_STEP_EVIDENCE] = "evidence", [KQ_STEP_PENDING] = "pending",
		[KQ_STEP_WALK] = "walk",	 [KQ_STEP_RESET] = "reset",
		[KQ_STEP_RESTORE] = "restore",	 [KQ_STEP_BRIDGES] = "bridges",
		[KQ_STEP_PROBE] = "probe",	 [KQ_STEP_SMMU] = "smmu",
		[KQ_STEP_ERRORS] = "errors",	 [KQ_STEP_VERIFY] = "verify",
	};

	_Static_assert(COUNT(words) == KQ_STEP_COUNT, "a word each");
	return word(words, COUNT(words), step);
}

/* IHI 0070, event records: the number is bits 7:0 of the record. */
const char *kq_word_event(uint32_t type)
{
	static const char *const words[] = {
		[0x01] = "F_UUT",
		[0x02] = "C_BAD_STREAMID",
		[0x03] = "F_STE_FETCH",
		[0x04] = "C_BAD_STE",
		[0x05] = "F_BAD_ATS_TREQ",
		[0x06] = "F_STREAM_DISABLED",
		[0x07] = "F_TRANSL_FORBIDDEN",
		[0x08] = "C_BAD_SUBSTREAMID",
		[0x09] = "F_CD_FETCH",
		[0x0a] = "C_BAD_CD",
		[0x0b] = "F_WALK_EABT",
		[0x10] = "F_TRANSLATION",
		[0x11] = "F_ADDR_SIZE",
		[0x12] = "F_ACCESS",
		[0x13] = "F_PERMISSION",
		[0x20] = "F_TLB_CONFLICT",
		[0x21] = "F_CFG_CONFLICT",
		[0x24] = "E_PAGE_REQUEST",
		[0x25] = "F_VMS_FETCH",
	};

	return word(words, COUNT(words), type);
}

int kq_event_has_address(uint32_t type)
{
	switch (type) {
	case 0x01: /* F_UUT */
	case 0x07: /* F_TRANSL_FORBIDDEN */
	case 0x0b: /* F_WALK_EABT */
	case 0x10: /* F_TRANSLATION */
	case 0x11: /* F_ADDR_SIZE */
	case 0x12: /* F_ACCESS */
	case 0x13: /* F_PERMISSION */
	case 0x20: /* F_TLB_CONFLICT */
		return 1;
	default:
		return 0;
	}
}

/* PCIe Base Spec, DPC Status register, DPC Trigger Reason. */
const char *kq_word_dpc_reason(uint32_t dpc_status)
{
	static const char *const words[] = {
		"unmasked uncorrectable error",
		"ERR_NONFATAL received",
		"ERR_FATAL received",
		"see the reason extension",
	};

	return words[KQ_GET((uint32_t)PCI_EXP_DPC_STATUS_TRIGGER_RSN,
			    dpc_status)];
}

/* PCIe Base Spec, Link Status register, Current Link Speed. */
const char *kq_word_link_speed(uint32_t link_status)
{
	static const char *const words[] = {
		[PCI_EXP_LNKSTA_CLS_2_5GB] = "2.5 GT/s",
		[PCI_EXP_LNKSTA_CLS_5_0GB] = "5 GT/s",
		[PCI_EXP_LNKSTA_CLS_8_0GB] = "8 GT/s",
		[PCI_EXP_LNKSTA_CLS_16_0GB] = "16 GT/s",
		[PCI_EXP_LNKSTA_CLS_32_0GB] = "32 GT/s",
		[PCI_EXP_LNKSTA_CLS_64_0GB] = "64 GT/s",
	};

	return word(words, COUNT(words), link_status & PCI_EXP_LNKSTA_CLS);
}

/* IHI 0070, register map, page 0. */
const char *kq_word_smmu3_register(uint32_t offset)
{
	switch (offset) {
	case 0x0020:
	case 0x0024:
		return "CR0";
	case 0x0044:
		return "GBPA";
	case 0x0050:
	case 0x0054:
		return "IRQ_CTRL";
	case 0x0098:
	case 0x009c:
		return "CMDQ";
	default:
		return "register";
	}
}

/* IHI 0062, register map, global register space 0. */
const char *kq_word_smmu2_register(uint32_t offset)
{
	switch (offset) {
	case 0x0000:
		return "sCR0";
	case 0x0074:
		return "sTLBGSTATUS";
	default:
		return "register";
	}
}

const char *kq_text_address(char text[KQ_ADDRESS_TEXT], uint16_t segment,
			    uint16_t bdf)
{
	snprintf(text, KQ_ADDRESS_TEXT, "%04x:%02x:%02x.%x", segment, bdf >> 8,
		 (bdf >> 3) & 0x1f, bdf & 7u);
	return text;
}

const char *kq_text_duration(char text[KQ_DURATION_TEXT], uint64_t us)
{
	if (us < 1000)
		snprintf(text, KQ_DURATION_TEXT, "%u us", (unsigned int)us);
	else if (us < 1000000)
		snprintf(text, KQ_DURATION_TEXT, "%.1f ms", (double)us / 1e3);
	else
		snprintf(text, KQ_DURATION_TEXT, "%.2f s", (double)us / 1e6);
	return text;
}

const char *kq_text_name(char *text, const char *name, size_t size)
{
	size_t i;

	for (i = 0; i < size && name[i]; i++)
		text[i] = name[i] >= 0x20 && name[i] < 0x7f ? name[i] : '?';
	text[i] = '\0';
	return text;
}
