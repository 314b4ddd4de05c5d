# SPDX-License-Identifier: GPL-2.0-or-later
# Measurements on the emulated server: `make bench`, never part of a test.
# BENCH_FLAGS: see `tests/bench/bench --help`; QUICK=1 only sees that
# everything works and writes nothing.

check_SCRIPTS += tests/bench/test_bench.py

bench_dir = tests/bench
bench_files = $(bench_dir)/landmarks.so $(bench_dir)/replay.bin
bench-programs: $(bench_files)
bench: bench-programs
	$(srcdir)/$(bench_dir)/run $(abs_builddir)/$(bench_dir) \
		$(if $(QUICK),--quick,--document $(abs_srcdir)/docs/performance.md) \
		$(BENCH_FLAGS)
.PHONY: bench bench-programs

BUILD_CC = cc
# For the QEMU of this machine, whatever the rest is built for
$(bench_dir)/landmarks.so: $(bench_dir)/landmarks.c
	$(AM_V_CCLD)$(MKDIR_P) $(@D) && $(BUILD_CC) -std=gnu11 -O2 -Wall \
		-Wextra -shared -fPIC -o $@ $<

$(bench_dir)/replay.bin: $(bench_dir)/replay.S $(bench_dir)/replay.c \
		$(bench_dir)/replay.lds lib/stage-image.h
	$(AM_V_CCLD)$(MKDIR_P) $(@D) && $(STAGE_CC) $(stage_cflags) \
		-I$(srcdir) \
		$(stage_ldflags) -T $(srcdir)/$(bench_dir)/replay.lds \
		-o $@.elf $(filter %.S %.c,$^) && \
		`$(STAGE_CC) -print-prog-name=objcopy` -O binary $@.elf $@

CLEANFILES += $(bench_files) $(bench_dir)/replay.bin.elf
EXTRA_DIST += \
	$(bench_dir)/bench \
	$(bench_dir)/landmarks.c \
	$(bench_dir)/replay.S \
	$(bench_dir)/replay.c \
	$(bench_dir)/replay.lds \
	$(bench_dir)/run \
	$(bench_dir)/server.py \
	$(bench_dir)/tables.py \
	$(bench_dir)/test_bench.py
