# SPDX-License-Identifier: GPL-2.0-or-later

# Inventory, settings, plan builder
check_LIBRARIES += tests/unit/libcaptured.a
tests_unit_libcaptured_a_SOURCES = tests/unit/captured.c tests/unit/captured.h
check_PROGRAMS += tests/unit/test-devicetree tests/unit/test-inventory \
	tests/unit/test-iort tests/unit/test-mcfg tests/unit/test-plan-build \
	tests/unit/test-settings
tests_unit_test_plan_build_LDADD = $(KQ_LIBS)
tests_unit_test_inventory_LDADD = tests/unit/libcaptured.a $(KQ_LIBS)
EXTRA_DIST += tests/data/inventory/qemu-virt-acpi.tree \
	tests/data/inventory/qemu-virt-pci.tree
tests_unit_test_devicetree_LDADD = $(KQ_LIBS)
EXTRA_DIST += tests/data/inventory/qemu-virt.dts \
	tests/data/inventory/reserved.dts tests/data/inventory/soc.dts
tests_unit_test_iort_LDADD = $(KQ_LIBS)
tests_unit_test_mcfg_LDADD = $(KQ_LIBS)
tests_unit_test_settings_LDADD = $(KQ_LIBS)
check_SCRIPTS += tests/unit/test-acpi-tables.py tests/unit/test-lspci-dumps.py
EXTRA_DIST += tests/unit/test-acpi-tables.py tests/unit/test-lspci-dumps.py
EXTRA_DIST += tests/unit/acpi-build.h tests/fuzz/fuzz.h \
	tests/fuzz/corpus/fdt/old-version

# Fuzz targets: how to add one is told in tests/fuzz/fuzz.h.
FUZZ_MAIN = tests/fuzz/fuzz-main.c
check_PROGRAMS += tests/fuzz/fuzz-fdt tests/fuzz/fuzz-functions \
	tests/fuzz/fuzz-iort tests/fuzz/fuzz-mcfg tests/fuzz/fuzz-record
tests_fuzz_fuzz_functions_SOURCES = tests/fuzz/fuzz-functions.c $(FUZZ_MAIN)
tests_fuzz_fuzz_functions_LDADD = tests/unit/libcaptured.a $(KQ_LIBS)
tests_fuzz_fuzz_fdt_SOURCES = tests/fuzz/fuzz-fdt.c $(FUZZ_MAIN)
tests_fuzz_fuzz_fdt_LDADD = $(KQ_LIBS)
tests_fuzz_fuzz_iort_SOURCES = tests/fuzz/fuzz-iort.c $(FUZZ_MAIN)
tests_fuzz_fuzz_iort_LDADD = $(KQ_LIBS)
tests_fuzz_fuzz_mcfg_SOURCES = tests/fuzz/fuzz-mcfg.c $(FUZZ_MAIN)
tests_fuzz_fuzz_mcfg_LDADD = $(KQ_LIBS)
tests_fuzz_fuzz_record_SOURCES = tests/fuzz/fuzz-record.c $(FUZZ_MAIN)
tests_fuzz_fuzz_record_LDADD = $(KQ_LIBS)

# quiescectl
check_LIBRARIES += tests/unit/libfixture.a
tests_unit_libfixture_a_SOURCES = \
	tests/unit/golden.c tests/unit/golden.h \
	tests/unit/report-fixture.c tests/unit/report-fixture.h
check_PROGRAMS += tests/unit/test-ctl-list
tests_unit_test_ctl_list_LDADD = tests/unit/libcaptured.a \
	tests/unit/libfixture.a $(CTL_LIBS)
check_PROGRAMS += tests/unit/test-ctl-report
tests_unit_test_ctl_report_LDADD = tests/unit/libfixture.a $(CTL_LIBS)
check_PROGRAMS += tests/unit/test-collect
tests_unit_test_collect_LDADD = tests/unit/libfixture.a $(CTL_LIBS)
check_PROGRAMS += tests/unit/test-ctl-kept
tests_unit_test_ctl_kept_LDADD = tests/unit/libfixture.a $(CTL_LIBS)
check_SCRIPTS += tests/unit/test-ctl-metrics.sh tests/unit/test-journal-ids.sh \
	tests/unit/test-kdump-hook.sh tests/unit/test-units.sh
check_PROGRAMS += tests/unit/test-ctl-doctor
tests_unit_test_ctl_doctor_SOURCES = tests/unit/test-ctl-doctor.c \
	tests/unit/fake-machine.c
tests_unit_test_ctl_doctor_LDADD = $(CTL_LIBS)
check_PROGRAMS += tests/unit/test-ctl-loaded
tests_unit_test_ctl_loaded_LDADD = $(CTL_LIBS)
check_SCRIPTS += tests/unit/test-ctl-usage.sh

# quiescectl as a whole, on a machine that the test makes up
noinst_PROGRAMS += tests/unit/quiescectl-on-fake-machine
tests_unit_quiescectl_on_fake_machine_SOURCES = daemon/quiescectl.c \
	tests/unit/fake-machine.c
tests_unit_quiescectl_on_fake_machine_LDADD = $(CTL_LIBS)
check_SCRIPTS += tests/unit/test-wrap.sh tests/unit/test-kernel-hooks.sh
EXTRA_DIST += tests/unit/test-wrap.sh tests/unit/test-kernel-hooks.sh \
	tests/unit/authenticode.py
check_PROGRAMS += tests/fuzz/fuzz-ctl-report
tests_fuzz_fuzz_ctl_report_SOURCES = tests/fuzz/fuzz-ctl-report.c $(FUZZ_MAIN)
tests_fuzz_fuzz_ctl_report_LDADD = tests/unit/libfixture.a $(CTL_LIBS)
check_PROGRAMS += tests/fuzz/fuzz-store
tests_fuzz_fuzz_store_SOURCES = tests/fuzz/fuzz-store.c $(FUZZ_MAIN)
tests_fuzz_fuzz_store_LDADD = tests/unit/libfixture.a $(CTL_LIBS)
EXTRA_DIST += \
	tests/data/ctl/list.txt \
	tests/data/ctl/list-soc.txt \
	tests/data/ctl/offenders.json \
	tests/data/ctl/offenders.txt \
	tests/data/ctl/plan.txt \
	tests/data/ctl/plan-orderly.txt \
	tests/data/ctl/plan-soc.txt \
	tests/data/ctl/report-crash.json \
	tests/data/ctl/report-crash.prom \
	tests/data/ctl/report-crash.txt \
	tests/data/ctl/report-crash-verbose.txt \
	tests/data/ctl/report-orderly.txt \
	tests/data/ctl/report-refused.txt \
	tests/data/ctl/report-stale.txt \
	tests/data/ctl/report-strays.json \
	tests/data/ctl/report-strays.prom \
	tests/data/ctl/report-strays.txt \
	tests/unit/test-ctl-metrics.sh \
	tests/unit/test-journal-ids.sh \
	tests/unit/test-kdump-hook.sh \
	tests/unit/test-units.sh \
	tests/unit/test-ctl-usage.sh

include tests/unit/frontend.mk
include tests/unit/daemon.mk
