# SPDX-License-Identifier: GPL-2.0-or-later
# Tests of kexec/, included by tests/local.mk.

check_PROGRAMS += tests/unit/test-kernel-signing
tests_unit_test_kernel_signing_LDADD = $(KQ_LIBS)
check_PROGRAMS += tests/unit/test-options tests/unit/test-kernel-file \
	tests/unit/test-compose
tests_unit_test_compose_SOURCES = tests/unit/test-compose.c \
	tests/unit/fake-image.h
tests_unit_test_compose_LDADD = $(FRONTEND_LIBS)
tests_unit_test_options_LDADD = $(FRONTEND_LIBS)
tests_unit_test_kernel_file_SOURCES = tests/unit/test-kernel-file.c \
	tests/unit/fake-image.h
tests_unit_test_kernel_file_LDADD = $(FRONTEND_LIBS)

# Kernel files made by the real tools
noinst_PROGRAMS += tests/unit/read-kernel
tests_unit_read_kernel_LDADD = $(FRONTEND_LIBS)
check_SCRIPTS += tests/unit/test-kernel-formats.py
EXTRA_DIST += tests/unit/test-kernel-formats.py

check_PROGRAMS += tests/fuzz/fuzz-signed-image
tests_fuzz_fuzz_signed_image_SOURCES = tests/fuzz/fuzz-signed-image.c \
	$(FUZZ_MAIN)
tests_fuzz_fuzz_signed_image_LDADD = $(KQ_LIBS)
check_PROGRAMS += tests/fuzz/fuzz-kernel-file tests/fuzz/fuzz-stage-file
tests_fuzz_fuzz_kernel_file_SOURCES = tests/fuzz/fuzz-kernel-file.c \
	tests/unit/fake-image.h $(FUZZ_MAIN)
tests_fuzz_fuzz_kernel_file_LDADD = $(FRONTEND_LIBS)
tests_fuzz_fuzz_stage_file_SOURCES = tests/fuzz/fuzz-stage-file.c \
	$(FUZZ_MAIN)
tests_fuzz_fuzz_stage_file_LDADD = $(FRONTEND_LIBS)

# The front end as a whole, on a machine that the test makes up.
noinst_PROGRAMS += tests/unit/kexec-on-fake-machine
tests_unit_kexec_on_fake_machine_SOURCES = kexec/main.c \
	tests/unit/fake-machine.c
tests_unit_kexec_on_fake_machine_LDADD = $(FRONTEND_LIBS)
check_SCRIPTS += tests/unit/test-kexec.sh tests/unit/test-kexec-signed.sh
EXTRA_DIST += tests/unit/test-kexec.sh tests/unit/fake-machine.sh \
	tests/unit/frontend.sh tests/unit/test-kexec-signed.sh
