# SPDX-License-Identifier: GPL-2.0-or-later
# The stage: freestanding arm64 code, compiled by STAGE_CC and linked at 0
# into stage.elf, whatever the rest is built for. The portable half is also
# compiled hosted by the tests (tests/local.mk), against the simulator.

stage_lib = \
	lib/blob.c \
	lib/plan.c \
	lib/plan-region.c \
	lib/report.c \
	lib/sha256.c \
	lib/work-area.c
stage_portable = \
	purgatory/console.c \
	purgatory/context.c \
	purgatory/evidence.c \
	purgatory/fdt.c \
	purgatory/main.c \
	purgatory/masters.c \
	purgatory/mmu-table.c \
	purgatory/pci.c \
	purgatory/region.c \
	purgatory/reset.c \
	purgatory/sink.c \
	purgatory/smmu.c \
	purgatory/smmu2-sink.c \
	purgatory/smmu2.c \
	purgatory/smmu3-adopt.c \
	purgatory/smmu3-probe.c \
	purgatory/smmu3-queue.c \
	purgatory/smmu3-table.c \
	purgatory/smmu3.c \
	purgatory/strays.c \
	purgatory/verify.c \
	purgatory/wait.c \
	purgatory/walk.c
stage_arm64 = \
	purgatory/boot.c \
	purgatory/hash-arm64.c \
	purgatory/io-arm64.c \
	purgatory/string.c
stage_asm = \
	lib/sha256-arm64.S \
	purgatory/entry.S \
	purgatory/arm64.S \
	purgatory/vectors.S
stage_headers = \
	purgatory/arm64.h \
	purgatory/boot.h \
	purgatory/console.h \
	purgatory/fdt.h \
	purgatory/io.h \
	purgatory/mmu-table.h \
	purgatory/pci.h \
	purgatory/region.h \
	purgatory/sink.h \
	purgatory/smmu.h \
	purgatory/smmu2-parts.h \
	purgatory/smmu2-regs.h \
	purgatory/smmu2.h \
	purgatory/smmu3-parts.h \
	purgatory/smmu3-regs.h \
	purgatory/smmu3.h \
	purgatory/stage.h \
	purgatory/strays.h \
	purgatory/verify.h

# No FP registers (nobody enabled them), no unaligned access (MMU off), no
# calls the compiler makes up, no GOT.
stage_cflags = -std=gnu11 -O2 -g $(WARN_CFLAGS) -ffreestanding -fno-builtin \
	-fpie -fvisibility=hidden -mcmodel=small -mstrict-align \
	-mgeneral-regs-only -mbranch-protection=none -fno-stack-protector \
	-fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns \
	-fno-common
stage_ldflags = -nostdlib -static -no-pie -Wl,--build-id=none \
	-Wl,-z,noexecstack -Wl,--no-warn-rwx-segments -Wl,--fatal-warnings

stage_objects = $(addprefix purgatory/stage.o/,$(addsuffix .o,$(basename \
	$(notdir $(stage_lib) $(stage_portable) $(stage_arm64) $(stage_asm)))))

vpath %.c $(srcdir)/lib $(srcdir)/purgatory
vpath %.S $(srcdir)/lib $(srcdir)/purgatory

purgatory/stage.o/%.o: %.c
	$(AM_V_CC)$(MKDIR_P) $(@D) && $(STAGE_CC) $(stage_cflags) -I$(srcdir) \
		-MMD -MP -c -o $@ $<

purgatory/stage.o/%.o: %.S
	$(AM_V_CC)$(MKDIR_P) $(@D) && $(STAGE_CC) $(stage_cflags) -I$(srcdir) \
		-MMD -MP -c -o $@ $<

purgatory/stage.elf: $(stage_objects) purgatory/stage.lds
	$(AM_V_CCLD)$(STAGE_CC) $(stage_ldflags) \
		-T $(srcdir)/purgatory/stage.lds -o $@ $(stage_objects)

-include $(stage_objects:.o=.d)

stage_DATA += purgatory/stage.elf
CLEANFILES += purgatory/stage.elf $(stage_objects) $(stage_objects:.o=.d)
EXTRA_DIST += $(stage_lib) $(stage_portable) $(stage_arm64) $(stage_asm) \
	$(stage_headers) purgatory/stage.lds
