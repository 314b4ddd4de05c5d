# SPDX-License-Identifier: GPL-2.0-or-later
# The simulator, with the stage's portable half compiled for the host, and
# the tests of the stage, the formats and their parsers.

check_LIBRARIES += tests/sim/libsim.a
tests_sim_libsim_a_SOURCES = \
	tests/sim/expect.h \
	tests/sim/sim.c tests/sim/sim.h \
	tests/sim/sim-check.c \
	tests/sim/sim-ecam.c \
	tests/sim/sim-function.c \
	tests/sim/sim-image.c \
	tests/sim/sim-memory.c \
	tests/sim/sim-plan.c \
	tests/sim/sim-smmu2.c tests/sim/sim-smmu2.h \
	tests/sim/sim-smmu2-dma.c \
	tests/sim/sim-smmu3.c \
	tests/sim/sim-smmu3-queue.c \
	tests/sim/sim-smmu3-table.c \
	tests/sim/sim-walk.c tests/sim/sim-walk.h \
	tests/sim/world.c tests/sim/world.h \
	$(stage_portable)
SIM_LIBS = tests/sim/libsim.a lib/libkq.a $(FDT_LIBS)

check_PROGRAMS += \
	tests/unit/test-bits \
	tests/unit/test-plan \
	tests/unit/test-plan-region \
	tests/unit/test-report \
	tests/unit/test-sha256 \
	tests/unit/test-sim \
	tests/unit/test-stage-devices \
	tests/unit/test-stage-errors \
	tests/unit/test-stage-fdt \
	tests/unit/test-stage-random \
	tests/unit/test-stage-reset \
	tests/unit/test-stage-smmu \
	tests/unit/test-stage-probe \
	tests/unit/test-stage-preserve \
	tests/unit/test-stage-verify \
	tests/unit/test-stage-walk \
	tests/unit/test-mmu-table \
	tests/unit/test-stage-smmu2 \
	tests/unit/test-stage-smmu3-tables \
	tests/fuzz/fuzz-plan \
	tests/fuzz/fuzz-plan-region \
	tests/fuzz/fuzz-report \
	tests/fuzz/fuzz-stage-fdt
tests_unit_test_bits_LDADD = $(SIM_LIBS)
tests_unit_test_plan_LDADD = $(SIM_LIBS)
tests_unit_test_plan_region_LDADD = $(SIM_LIBS)
tests_unit_test_report_LDADD = $(SIM_LIBS)
tests_unit_test_sha256_LDADD = $(SIM_LIBS)
tests_unit_test_sim_LDADD = $(SIM_LIBS)
tests_unit_test_stage_devices_LDADD = $(SIM_LIBS)
tests_unit_test_stage_errors_LDADD = $(SIM_LIBS)
tests_unit_test_stage_fdt_LDADD = $(SIM_LIBS)
tests_unit_test_stage_random_LDADD = $(SIM_LIBS)
tests_unit_test_stage_reset_LDADD = $(SIM_LIBS)
tests_unit_test_stage_smmu_LDADD = $(SIM_LIBS)
tests_unit_test_stage_probe_LDADD = $(SIM_LIBS)
tests_unit_test_stage_preserve_LDADD = $(SIM_LIBS)
tests_unit_test_mmu_table_LDADD = $(SIM_LIBS)
tests_unit_test_stage_verify_LDADD = $(SIM_LIBS)
tests_unit_test_stage_walk_LDADD = $(SIM_LIBS)
tests_unit_test_stage_smmu2_LDADD = $(SIM_LIBS)
tests_unit_test_stage_smmu3_tables_LDADD = $(SIM_LIBS)
tests_fuzz_fuzz_plan_SOURCES = tests/fuzz/fuzz-plan.c $(FUZZ_MAIN)
tests_fuzz_fuzz_plan_LDADD = $(SIM_LIBS)
tests_fuzz_fuzz_plan_region_SOURCES = tests/fuzz/fuzz-plan-region.c \
	$(FUZZ_MAIN)
tests_fuzz_fuzz_plan_region_LDADD = $(SIM_LIBS)
tests_fuzz_fuzz_report_SOURCES = tests/fuzz/fuzz-report.c $(FUZZ_MAIN)
tests_fuzz_fuzz_report_LDADD = $(SIM_LIBS)
tests_fuzz_fuzz_stage_fdt_SOURCES = tests/fuzz/fuzz-stage-fdt.c $(FUZZ_MAIN)
tests_fuzz_fuzz_stage_fdt_LDADD = $(SIM_LIBS)

# Breaks the stage on purpose, to see the tests above fail.
check_SCRIPTS += tests/unit/mutants.sh
check_DATA = tests/sim/mutants.env
tests/sim/mutants.env: Makefile
	$(AM_V_GEN){ echo "CC='$(CC)'"; \
		echo "CFLAGS='$(DEV_CFLAGS) $(CFLAGS) $(LDFLAGS)'"; \
		echo "INCLUDES='-I$(srcdir) -I$(builddir)'"; \
		echo "LIBS='$(FDT_LIBS)'"; } >$@
CLEANFILES += tests/sim/mutants.env
EXTRA_DIST += tests/unit/mutants.sh

check_PROGRAMS += tests/fuzz/fuzz-config
tests_fuzz_fuzz_config_SOURCES = tests/fuzz/fuzz-config.c $(FUZZ_MAIN)
tests_fuzz_fuzz_config_LDADD = $(SIM_LIBS)
check_PROGRAMS += tests/unit/test-stage-lspci
tests_unit_test_stage_lspci_LDADD = $(SIM_LIBS)
