#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Are the tests of the stage able to fail? Each line below breaks one thing
# in a copy of one source file, by a sed script; the test that is named must
# then go red. A mutant that the test survives is an error. One whose sed
# script changes nothing any more is stale: it is named, and the test counts
# as skipped until somebody adapts the script.
#
#	mutants.sh [PART-OF-A-LINE]
#
# Run by `make check` in the build directory: a sample, every fourth mutant.
# KQ_MUTANTS=all runs them all, as does naming one.

set -u
srcdir=${srcdir:-.}
. tests/sim/mutants.env || exit 99
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
only=${1:-}
step=4
[ "${KQ_MUTANTS:-}" != all ] && [ -z "$only" ] || step=1

# build TEST FILE SCRIPT - 0: built; 1: the script changed nothing
build() {
	local name
	name=$work/$(basename "$2" .c)

	sed -e "$3" "$srcdir/$2" >"$name.c"
	cmp -s "$name.c" "$srcdir/$2" && return 1
	# The object comes before the library, which has the sound one.
	$CC -std=gnu11 -O0 -w $INCLUDES -c -o "$name.o" "$name.c" &&
		$CC $CFLAGS -o "$work/test" "tests/unit/test-$1.o" "$name.o" \
			tests/sim/libsim.a lib/libkq.a $LIBS && return 0
	echo "cannot build: $1 $2 $3"
	exit 99
}

number=0 killed=0 survived=0 stale=0
while read -r test file script; do
	case $test in '' | '#'*) continue ;; esac
	case "$test $file $script" in *"$only"*) ;; *) continue ;; esac
	number=$((number + 1))
	[ $((number % step)) -eq 0 ] || continue
	build "$test" "$file" "$script" || {
		echo "STALE    $test $file $script"
		stale=$((stale + 1))
		continue
	}
	# In a shell of its own, so that it says nothing about signals.
	if (timeout 60 "$work/test"; exit $?) >"$work/log" 2>&1; then
		echo "SURVIVED $test $file $script"
		survived=$((survived + 1))
	else
		killed=$((killed + 1))
	fi
done <<'MUTANTS'
# Who is touched, and when.
stage-devices purgatory/masters.c s/return KQ_FN_SKIPPED;/;/
stage-devices purgatory/masters.c s/return KQ_FN_LEFT_ALONE;/;/
stage-devices purgatory/masters.c s/result = KQ_FN_REPLACED;/;/
stage-devices purgatory/masters.c s/result = KQ_FN_GONE;/result = KQ_FN_REPLACED;/
stage-devices purgatory/masters.c s/return KQ_FN_NO_CONFIG_ACCESS;/return KQ_FN_QUIET;/
stage-devices purgatory/masters.c s/fn->flags & KQ_FN_BRIDGE ||$/0 ||/
stage-devices purgatory/masters.c s/stage->plan->quiesce == KQ_QUIESCE_NONE;/0;/
stage-devices purgatory/masters.c s/!(stage->plan->flags & KQ_PLAN_BRIDGES)/0/
stage-devices purgatory/masters.c s/record->result == KQ_FN_STILL_MASTERING ||/0 ||/
stage-devices purgatory/masters.c s/record->flags |= KQ_FN_OFFENDER;/;/
stage-devices purgatory/masters.c s/resisted(&stage->records\[i\])/1/
stage-devices purgatory/masters.c s/found != KQ_PCI_ALL_ONES)/1)/
stage-devices purgatory/pci.c s/| PCI_COMMAND_MASTER);/);/
stage-errors purgatory/pci.c s/~(KQ_PCI_STATUS_HALF | PCI_COMMAND_MASTER)/~PCI_COMMAND_MASTER/
stage-devices purgatory/pci.c s/after & PCI_COMMAND_MASTER ?/0 ?/
stage-devices purgatory/main.c s/kq_pci_masters_off(stage);/;/
stage-devices purgatory/main.c /kq_pci_masters_off(stage);/d;s/kq_pci_reset_end(stage);/kq_pci_reset_end(stage);kq_pci_masters_off(stage);/
stage-devices purgatory/main.c s/kq_pci_masters_off(stage);/kq_stage_smmus(stage);kq_pci_masters_off(stage);/
stage-devices purgatory/main.c s/int r = kq_plan_check(plan, plan_size);/int r = 0;/
stage-devices purgatory/main.c s/copy_words(report->load_id,/copy_words(report->boot_id,/
stage-reset purgatory/masters.c s/if (!(fns\[i\].flags & KQ_FN_VF))$/if (1)/
# Transactions Pending, resets.
stage-reset purgatory/main.c s/kq_pci_wait_pending(stage);/;/
stage-reset purgatory/reset.c s/#define FLR_US 100001u/#define FLR_US 99000u/
stage-reset purgatory/reset.c s/PENDING_TIMEOUT_US, 0) \/ 2/PENDING_TIMEOUT_US, 0)/
stage-reset purgatory/reset.c s/#define PENDING_TIMEOUT_US 700000u/#define PENDING_TIMEOUT_US 50000u/
stage-reset purgatory/reset.c s/bit = AF_STATUS_TP;/bit = 0;/
stage-reset purgatory/reset.c s/if (!immediate)$/if (1)/
stage-reset purgatory/reset.c s/if (!immediate)$/if (0)/
stage-reset purgatory/reset.c s/(KQ_FN_FLR_BROKEN |/(/
stage-reset purgatory/reset.c s/KQ_FN_DEV_RESET |//
stage-reset purgatory/reset.c s/(word & 0xffff) != KQ_PCI_VENDOR_RRS/1/
stage-reset purgatory/reset.c s/return word != KQ_PCI_ALL_ONES &&/return/
stage-reset purgatory/reset.c s/!goes_with_pf(stage, &fns\[i\]) &&//
stage-reset purgatory/reset.c s/+ fn->reset_delay_ms \* 1000u;$/;/
stage-reset purgatory/reset.c s/stage->records\[i\].result = KQ_FN_RESET_WITH_PF;/;/
stage-reset purgatory/reset.c s/stage->deadline_us)$/UINT64_MAX)/
stage-reset purgatory/reset.c s/fits_budget(stage, &fns\[i\]))/1)/
stage-reset purgatory/reset.c s/reg <= PCI_BASE_ADDRESS_5;/reg <= PCI_BASE_ADDRESS_1;/
stage-devices purgatory/reset.c s/saved->header\[1\] & half & ~PCI_COMMAND_MASTER/saved->header[1] \& half/
stage-reset purgatory/reset.c s/saved->devctl & half & ~PCI_EXP_DEVCTL_BCR_FLR/saved->devctl \& half | PCI_EXP_DEVCTL_BCR_FLR/
stage-reset purgatory/reset.c /saved->header\[PCI_ROM_ADDRESS/s/saved->header.*;/1);/
stage-reset purgatory/reset.c s/stage->plan->quiesce < KQ_QUIESCE_FLR/0/;s/find_vfs_to_keep(stage);/kq_pci_write(stage, kq_plan_functions(stage->plan), 4, 0);/
stage-devices purgatory/reset.c s/stage->plan->quiesce < KQ_QUIESCE_FLR/0/
stage-devices purgatory/reset.c s/record->flags |= KQ_FN_OFFENDER;/;/
stage-devices purgatory/reset.c s/return !is_lost(stage, index, word) && word & bit;/return word \& bit;/
stage-devices purgatory/reset.c /if (is_lost(stage, index, 0))/,+1d
# Digests.
stage-verify purgatory/main.c s/kq_verify_in_wait(stage);/;/
stage-verify purgatory/main.c s/kq_verify_rest(stage);/;/
stage-verify purgatory/main.c s/kq_verify_in_wait(stage);//;s/kq_pci_masters_off(stage);/kq_verify_in_wait(stage);kq_pci_masters_off(stage);/
stage-verify purgatory/verify.c s/if (!is_quiet(&stage->records\[i\]))/if (0)/
stage-verify purgatory/verify.c s/return record->flags & KQ_FN_BRIDGE;/return true;/
stage-verify purgatory/verify.c s/return end - start == stage->params->initrd_size;/return true;/
stage-verify purgatory/verify.c s/verify->bad |= KQ_VERIFY_INITRD;/;/
stage-verify purgatory/verify.c s/verify->bad |= KQ_BIT32(i);/;/
stage-verify purgatory/verify.c s/at += slice)/at += 0)/
stage-verify purgatory/verify.c s/verify->parts = verify->bad;/;/
stage-verify purgatory/verify.c s/if (verify->bad)$/if (0)/
stage-verify purgatory/verify.c s/> hash->end_us)/> UINT64_MAX - 1)/
stage-verify purgatory/verify.c s/stage->deadline_us += .*/;/
stage-verify purgatory/verify.c s/verify.result != KQ_VERIFY_NOT_ASKED)/flags > 99)/
stage-verify purgatory/verify.c s/stage->plan->on_bad_digest != KQ_ON_BAD_BOOT/1/
mmu-table purgatory/mmu-table.c s/level > 0 \&\& next - at == span/level > 0/
mmu-table purgatory/mmu-table.c s/(el2_only ? DESC_AP1 : DESC_UXN)/DESC_AP1/
mmu-table purgatory/mmu-table.c s/kq_align_up(start + size, KQ_MMU_PAGE)/start + size/
mmu-table purgatory/mmu-table.c s/if (\*entry & DESC_VALID)/if (0)/
mmu-table purgatory/mmu-table.c s/| DESC_AF | DESC_SH_INNER/| DESC_SH_INNER/
stage-fdt purgatory/fdt.c s/if (end < start)/if (0)/
# The walk.
stage-walk purgatory/main.c s/kq_pci_walk(stage);/;/
stage-walk purgatory/walk.c s/bit_set(walk->single, secondary);/;/
stage-walk purgatory/walk.c s/!probe(stage, walk, bdf, &multi) || !multi/!probe(stage, walk, bdf, \&multi)/
stage-walk purgatory/walk.c s/record->flags = flags | KQ_FN_UNLISTED;/record->flags = flags;/
stage-walk purgatory/walk.c s/KQ_REPORT_MAX_UNLISTED) {/100000) {/
stage-walk purgatory/walk.c s/is_root && flags & KQ_HOST_ROOT_BUS_HIDDEN/0/;s/(is_root && flags & KQ_HOST_ROOT_DEV0_ONLY)/0/
stage-walk purgatory/walk.c s/if (next <= fn)/if (0)/
stage-walk purgatory/walk.c s/orderly && !(found & PCI_COMMAND_MASTER)/0/
stage-walk purgatory/walk.c s/vf += place >> 16;/vf += 1;/
stage-walk purgatory/walk.c s/i < EXT_CAPABILITIES_MAX/i < 100000000u/
stage-devices purgatory/walk.c s/result == KQ_FN_REPLACED ||/result == 99 ||/
# SMMUs.
stage-smmu purgatory/smmu3.c s/r = set_gbpa(smmu, abort);/if ((r = kq_smmu3_write_and_wait(smmu, SMMU3_CR0, SMMU3_CR0ACK, 0)) == 0) r = set_gbpa(smmu, abort);/
stage-smmu purgatory/smmu3.c s/gbpa | SMMU3_GBPA_UPDATE);/gbpa);/
stage-smmu purgatory/smmu3.c s/kq_smmu3_read(smmu, SMMU3_GBPA) & ~SMMU3_GBPA_ABORT;/0;/
stage-smmu purgatory/smmu3.c s/int r = kq_smmu3_wait(smmu, SMMU3_GBPA, SMMU3_GBPA_UPDATE, 0);/int r = 0;/
stage-smmu purgatory/smmu3.c s/policy == KQ_POLICY_PRESERVE/policy == 99/
stage-smmu purgatory/smmu3.c s/kq_smmu3_acknowledge(smmu);/;/
stage-smmu purgatory/smmu3-queue.c s/(gerror & ~SMMU3_GERROR_SFM)/(~gerror \& 0xfd)/
stage-smmu purgatory/smmu3.c s/r = kq_smmu3_write_and_wait(smmu, SMMU3_IRQ_CTRL, .*/r = 0;/
stage-smmu purgatory/smmu3.c s/read_events(smmu);/;/
stage-smmu purgatory/smmu3.c s/age <= pending);/age < pending);/
stage-smmu purgatory/smmu3.c s/for (uint32_t age = count; age > 0; age--)/for (uint32_t age = 1; age <= count; age++)/
stage-smmu purgatory/smmu3.c s/(1u << (log2 + 1)) - 1;/(1u << log2) - 1;/
stage-smmu purgatory/smmu3.c s/kq_io_sync_ram(.*;/;/
stage-smmu purgatory/smmu3-queue.c s/flags & KQ_SMMU_PAGE0_ONLY ? reg/flags \& 0 ? reg/
stage-smmu purgatory/smmu3.c s/smmu->record->idr0 == UINT32_MAX/0/
stage-smmu purgatory/smmu3.c s/r = apply_or_abort(smmu);/apply_or_abort(smmu); r = 0;/
stage-smmu purgatory/smmu3-queue.c s/smmu->record->stuck_offset = reg;/;/
stage-smmu purgatory/smmu3.c s/|| log2 > 19//;s/log2 > limit/0/
stage-smmu purgatory/smmu.c s/else if (type != KQ_SMMU_OTHER)/else if (1)/
# Evidence and our own errors.
stage-errors purgatory/main.c s/kq_pci_take_evidence(stage);/;/
stage-errors purgatory/main.c s/kq_pci_clear_own_errors(stage);/;/
stage-errors purgatory/evidence.c s/now & ~before & errors/now \& errors/
stage-errors purgatory/evidence.c s/record->result == KQ_FN_SKIPPED ||/0 ||/
stage-errors purgatory/evidence.c s/PCI_ERR_HEADER_LOG + 4 \* i/PCI_ERR_HEADER_LOG/
stage-errors purgatory/evidence.c s/AER_ROOT_ERRORS, record->aer_root_status, 0);/0, 0, 0);/
stage-random purgatory/masters.c s/kq_pci_evidence_of(stage, index);/;/
# Time.
stage-smmu purgatory/wait.c s/if (now >= end)/if (0)/;s/uint64_t end =/uint64_t last = kq_io_now_us(io) + 100000000; uint64_t end =/;s/if (0)$/if (now >= last)/
stage-reset purgatory/context.c s/return wanted_us < left ? wanted_us : left;/return wanted_us;/
# The device tree.
stage-fdt purgatory/fdt.c s/walk->depth == 2 &&$/1 \&\&/
stage-fdt purgatory/fdt.c s/put_padding(out);$/;/
stage-fdt purgatory/fdt.c s/size <= total - offset/1/
stage-fdt purgatory/fdt.c s/walk->reserve_size = pos - walk->reserve;/walk->reserve_size = 16;/
stage-fdt purgatory/fdt.c s/token->size > walk->end - token->data ||/0 ||/
stage-fdt purgatory/fdt.c s/total > limit || //
stage-fdt purgatory/fdt.c s/is_property(&walk, &token, "kaslr-seed") ||//
stage-fdt purgatory/fdt.c s/if (out.full)/if (0)/
# Our own tables in SMMUv3s.
stage-smmu3-tables purgatory/sink.c s/kq_io_sync_ram(.*$/;/
stage-smmu3-tables purgatory/sink.c s/DESC_AF | DESC_SH_INNER/DESC_SH_INNER/;s/DESC_PAGE | 0/DESC_PAGE/;s/common | DESC_S1_ATTR0 | DESC_S1_AP_RW_ALL/common/
stage-smmu3-tables purgatory/sink.c s/| DESC_S2_AP_RW;/;/
stage-smmu3-tables purgatory/sink.c s/tables = UINT64_C(1) << top;/tables = 1;/
stage-smmu3-tables purgatory/sink.c s/top <= CONCATENATED_BITS \&\&/0 \&\&/
stage-smmu3-tables purgatory/sink.c s/entry = table | DESC_TABLE;/entry = sink->page | DESC_TABLE;/
stage-smmu3-tables purgatory/smmu3-table.c s/sl0_of(&sink))/3 - sink.start_level)/
stage-smmu3-tables purgatory/smmu3-table.c s/(forced ? SMMU3_CD_0_S : 0)/0/
stage-smmu3-tables purgatory/smmu3-table.c s/(forced ? SMMU3_STE_2_S2S : 0)/0/
stage-smmu3-tables purgatory/smmu3-table.c s/SMMU3_CD_0_R | SMMU3_CD_0_A |/SMMU3_CD_0_R |/
stage-smmu3-tables purgatory/smmu3-table.c s/publish(smmu, cd, SMMU3_CD_SIZE);/;/
stage-smmu3-tables purgatory/smmu3-table.c s/publish(table->smmu, l2, SMMU3_L2_SIZE);/;/
stage-smmu3-tables purgatory/smmu3-table.c s/publish(table->smmu, desc, sizeof(\*desc));/;/
stage-smmu3-tables purgatory/smmu3-table.c s/publish(smmu, table->entries, size);/;/
stage-smmu3-tables purgatory/smmu3-table.c s/publish(smmu, ste, SMMU3_STE_SIZE);/;/
stage-smmu3-tables purgatory/smmu3-table.c s/return log2 < sidsize ? log2 : sidsize;/return log2;/
stage-smmu3-tables purgatory/smmu3-table.c s/r = separate_planned(table);/r = 0;/
stage-smmu3-tables purgatory/smmu3-table.c s/r == 0 ? let_reserved_pass(table) : r/r/
stage-smmu3-tables purgatory/smmu3-table.c s/idr1 & SMMU3_IDR1_PRESET)/idr1 \& 0)/
stage-smmu3-tables purgatory/smmu3-table.c s/idr1 & SMMU3_IDR1_ATTR_TYPES_OVR)/idr1 | 1)/
stage-smmu3-tables purgatory/smmu3-table.c s/!(idr0 & SMMU3_IDR0_TTF_AARCH64) ||/0 ||/
stage-smmu3-tables purgatory/smmu3-table.c s/ | SMMU3_L1_SPAN/ | 8/
stage-smmu3-tables purgatory/smmu3-table.c s/r = kq_smmu3_invalidate_all(smmu);/;/
stage-smmu3-tables purgatory/smmu3-queue.c s/r = kq_smmu3_command(smmu, SMMU3_CMD_TLBI_NSNH_ALL, 0);/;/
stage-smmu3-tables purgatory/smmu3-queue.c s/return r == 0 ? kq_smmu3_sync(smmu) : r;/return r;/
stage-smmu3-tables purgatory/smmu3-queue.c s/kq_io_sync_ram(&smmu->stage->io, kq_paddr((uint64_t)command),/(void)(0,/
stage-smmu3-tables purgatory/smmu3.c s/is_stuck(smmu) ? -KQ_ERR_TIMEOUT : set_gbpa(smmu, true)/0/
stage-smmu3-tables purgatory/smmu3.c s/is_stuck(smmu) ? -KQ_ERR_TIMEOUT : //
stage-smmu3-tables purgatory/smmu3.c s/record->flags |= KQ_SMMU_OWN_TABLE;/record->flags |= 0;/
stage-smmu3-tables purgatory/main.c s/if (has_kept(stage))/if (0)/
stage-smmu3-tables purgatory/context.c s/stage->kept_floor/stage->spare/
# The probe window.
stage-probe purgatory/smmu3-probe.c s/|| smmu->plan->policy == KQ_POLICY_PRESERVE/|| 0/
stage-probe purgatory/smmu3-probe.c s/kq_io_sync_ram(io, addr, SMMU3_EVENT_SIZE);/;/
stage-probe purgatory/smmu3-probe.c s/SMMU3_Q_BASE_ALLOCATE | (uint64_t)state->events/SMMU3_Q_BASE_ALLOCATE | ((uint64_t)state->events + 32)/
stage-probe purgatory/smmu3-probe.c s/limit < EVENTS_LOG2 ? limit : EVENTS_LOG2/EVENTS_LOG2/
stage-probe purgatory/smmu3-probe.c s/(2u << log2) - 1; /(1u << log2) - 1; /
stage-probe purgatory/smmu3-probe.c s/if (state->event_cons != before)/if (0)/
stage-probe purgatory/smmu3-probe.c s/record->flags |= KQ_SMMU_PROBE_OVERFLOW;/record->flags |= 0;/
stage-probe purgatory/smmu3-table.c s/SMMU3_CR2_RECINVSID | SMMU3_CR2_PTM/SMMU3_CR2_PTM/
stage-probe purgatory/strays.c s/stray->count++;/;/
stage-probe purgatory/strays.c s/stray->smmu == smmu \&\& //
stage-probe purgatory/strays.c s/section->count == KQ_REPORT_MAX_STRAYS/section->count == 60/
stage-probe purgatory/strays.c s/stray->stream_id - c->stream_id >= c->count/stray->stream_id - c->stream_id > c->count/
stage-probe purgatory/smmu.c s/kq_stage_timeout(stage, wanted, 0)/wanted/
# The old table kept.
stage-preserve purgatory/smmu3-adopt.c s/KQ_PUT(SMMU3_CMD_0_SID, (uint64_t)sid)/0/
stage-preserve purgatory/smmu3-adopt.c s/kq_io_write64(&smmu->stage->io, kq_paddr(ste), STE_ABORT_WORD);/&kq_io_write64(\&smmu->stage->io, kq_paddr(ste + 8), 0);/
stage-preserve purgatory/smmu3-adopt.c s/result == KQ_FN_RESET_TIMEOUT ||/0 ||/
stage-preserve purgatory/smmu3-adopt.c s/table->base & (size - 1) ? -KQ_ERR_NOTSUP : 0/0/
stage-preserve purgatory/smmu3-adopt.c s/!= SMMU3_L1_SPAN ||/== 99 ||/
stage-preserve purgatory/smmu3-adopt.c s/& SMMU3_GERROR_SFM)$/\& 0)/
stage-preserve purgatory/smmu3-adopt.c s/if (config < SMMU3_STE_BYPASS)/if (0)/
stage-preserve purgatory/smmu3-adopt.c s/if (sid >> table->log2)/if (0)/
# SMMUv1 and v2.
stage-smmu2 purgatory/smmu2.c s/let_reserved_pass(smmu);/;/
stage-smmu2 purgatory/smmu2.c s/is_reserved(smmu, n) ?/0 ?/
stage-smmu2 purgatory/smmu2.c s/scr0 |= SMMU2_SCR0_USFCFG |/scr0 |=/
stage-smmu2 purgatory/smmu2.c s/~(SMMU2_SCR0_CLIENTPD | SMMU2_SCR0_GFIE/~(SMMU2_SCR0_GFIE/
stage-smmu2 purgatory/smmu2.c s/if (smmu->plan->twin)/if (0)/
stage-smmu2 purgatory/smmu2.c s/reg + SMMU2_NONSECURE_ALIAS/reg/
stage-smmu2 purgatory/smmu2.c s/kq_smmu2_write(smmu, SMMU2_TLBIALLNSNH, UINT32_MAX);/;/
stage-smmu2 purgatory/smmu2.c s/bases\[i\]; i++)/i < 1; i++)/
stage-smmu2 purgatory/smmu2.c s/sctlr & ~SMMU2_CB_SCTLR_CFIE/sctlr/
stage-smmu2 purgatory/smmu2.c s/page + SMMU2_CB_FSR, fsr)/page + SMMU2_CB_FSR, 0)/
stage-smmu2 purgatory/smmu2-sink.c s/unlock_mmu500(smmu, bank);/;/
stage-smmu2 purgatory/smmu2-sink.c s/& ~SMMU2_SACR_MMU500_CACHE_LOCK/| 0/;s/^\t\t\t\t       ~SMMU2_SACR_MMU500_CACHE_LOCK/-1/
stage-smmu2 purgatory/smmu2-sink.c s/bank = banks - 1;/bank = 0;/
stage-smmu2 purgatory/smmu2-sink.c s/has_reserved(smmu) ||//
stage-smmu2 purgatory/smmu2-sink.c s/kq_smmu2_write(smmu, SMMU2_SMR(i), 0);/;/
stage-smmu2 purgatory/smmu2-sink.c s/KQ_PUT(SMMU2_CB_TCR_T0SZ, 0x18u)/KQ_PUT(SMMU2_CB_TCR_T0SZ, 0x8u)/
stage-smmu2 purgatory/smmu2-sink.c s/| SMMU2_CB_TCR_EPD1//
# Updates in place.
plan-region lib/plan-region-write.c s/1 - current->slot : 0/current->slot : 0/
plan-region lib/plan-region-write.c s/current->generation + 1, &words/current->generation, \&words/
plan-region lib/plan-region-write.c s/store(region, &to\[0\], 0);/;/
plan-region lib/plan-region-write.c s/to + 1, slot + 1, HEADER_WORDS - 1/to, slot, HEADER_WORDS/
plan-region lib/plan-region-write.c s/r = verify_update(region,/r = 0 * verify_update(region,/
plan-region lib/plan-region.c s/return kq_plan_region_check(plan, slot->plan_size, loaded);/return 0;/
plan-region lib/plan-region.c s/if (!kq_bytes_equal(plan->sha256/if (0 \&\& !kq_bytes_equal(plan->sha256/
plan-region lib/plan-region.c s/int r = kq_blob_check(slot, sizeof(\*slot), &kind);/int r = 0;/
plan-region lib/plan-region.c s/slot->generation > newest->generation/slot->generation < newest->generation/
plan-region lib/plan-region.c s/!is_ours(slot, loaded)/0/
plan-region lib/plan-region.c s/slot->plan_size > slot_size - sizeof(\*slot))/0)/
plan-region lib/plan-region.c s/return slot->generation ? 0 : -KQ_ERR_VALUE;/return 0;/
plan-region lib/plan-region.c s/plan->kind != loaded->kind ||/0 ||/
plan-region lib/plan-region.c s/return kq_stage_has_room(loaded, plan) ?/return 1 ?/
plan-region lib/work-area.c s/return highest(plan->functions.count, (uint32_t)most);/return plan->functions.count;/
plan-region purgatory/region.c s/slot->plan_size > slot_size - sizeof(\*slot))/0)/
plan-region purgatory/region.c s/kq_align_up(slot->plan_size, 8) \/ 8/slot->plan_size \/ 8 - 1/
plan-region purgatory/region.c s/if (kq_io_faulted(io))/if (0)/
plan-region purgatory/region.c s/unreachable = true;/;/
plan-region purgatory/main.c s/stage->plan = r == 0 ? update.plan : loaded;/stage->plan = loaded;/
plan-region purgatory/main.c s/update.error = KQ_ERR_NOSPACE;/;/
# The formats.
plan lib/plan.c s/name_ok(fn->driver, sizeof(fn->driver))/1/
plan lib/plan.c s/functions_ok(plan)/1/
plan lib/plan.c s/function_in_host(plan, fn) \&\&//
plan lib/plan.c s/host->ecam % 4096 == 0 \&\&//
plan lib/plan.c s/plan->console_shift <= 3/1/
plan lib/blob.c s/frame->version != kind->version/0/
plan lib/blob.c s/if (frame->total_size > size)/if (0)/
plan lib/blob.c s/frame->total_size < kind->header_size)/0)/
report lib/blob.c s/if (!kq_bytes_equal(digest, frame->sha256/if (0 \&\& !kq_bytes_equal(digest, frame->sha256/
plan lib/blob.c s/section->reserved == 0 \&\&//
plan lib/blob.c s/end <= total_size/1/
report lib/report.c s/\&\& entries_ok(header) ?/?/
report lib/report.c s/fn->result < KQ_FN_RESULT_COUNT \&\&//
sha256 lib/sha256.c s/ctx->length % 64 != 56/ctx->length % 64 != 48/
MUTANTS

echo "$killed killed, $survived survived, $stale stale"
[ "$survived" -eq 0 ] || exit 1
[ "$stale" -eq 0 ] || exit 77
