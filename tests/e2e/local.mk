# SPDX-License-Identifier: GPL-2.0-or-later
# The emulated Arm server. It runs from tests/e2e/run, not from `make check`,
# which only tests its judge.

check_SCRIPTS += tests/e2e/test_judge.py

# The cases of kernels with kexec_file_load; builds those kernels first
.PHONY: check-kexec-file
check-kexec-file:
	$(srcdir)/tests/check --kexec-file


# For the guest: what no machine needs installed, beside what is: tests/functions.sh
EXTRA_PROGRAMS += tests/e2e/update-plan
tests_e2e_update_plan_LDADD = $(CTL_LIBS)
EXTRA_PROGRAMS += tests/bench/measure-load
for_guest = tests/e2e/update-plan tests/bench/measure-load
CLEANFILES += $(for_guest)
install-guest: $(for_guest)
	$(MKDIR_P) $(DESTDIR)/usr/libexec/kexec-quiesce
	cp $(for_guest) $(DESTDIR)/usr/libexec/kexec-quiesce/
.PHONY: install-guest

# quiesced and kdump-tools on Debian with systemd; needs what tests/setup sets
# up. Builds for arm64 below this directory, whatever this build is for.
check-guest:
	bash -c '. $$top/tests/functions.sh && \
		build_arm64 $$PWD/guest/build $$PWD/guest/root && \
		python3 $$top/tests/e2e/run --group debian --verbose \
			--root $$PWD/guest/root --logs $$PWD/guest/logs'
check-guest: export top = $(abs_top_srcdir)
.PHONY: check-guest
clean-local: clean-guest
clean-guest:
	rm -rf guest
.PHONY: clean-guest

EXTRA_DIST += \
	tests/check \
	tests/kernel/base.config \
	tests/kernel/build \
	tests/kernel/variants/file-only.config \
	tests/kernel/variants/file-signed.config \
	tests/kernel/variants/file.config \
	tests/demo \
	tests/functions.sh \
	tests/setup \
	tests/e2e/README.md \
	tests/e2e/cases.cfg \
	tests/e2e/cases.py \
	tests/e2e/cpio.py \
	tests/e2e/debian.py \
	tests/e2e/debian/configure \
	tests/e2e/debian/init \
	tests/e2e/debian/root/etc/kexec-quiesce.conf \
	tests/e2e/debian/root/etc/systemd/system/kq.service \
	tests/e2e/debian/root/kq/bus \
	tests/e2e/debian/root/kq/daemon \
	tests/e2e/debian/root/kq/follow \
	tests/e2e/debian/root/kq/kdump \
	tests/e2e/debian/root/kq/loaded-log \
	tests/e2e/debian/root/kq/measure \
	tests/e2e/debian/root/kq/run \
	tests/e2e/debian/root/kq/verdicts \
	tests/e2e/debian/root/usr/bin/makedumpfile \
	tests/e2e/demo.py \
	tests/e2e/elf.py \
	tests/e2e/guest.py \
	tests/e2e/guest/badinput \
	tests/e2e/guest/common \
	tests/e2e/guest/first \
	tests/e2e/guest/functions \
	tests/e2e/guest/init \
	tests/e2e/guest/loads \
	tests/e2e/guest/next \
	tests/e2e/guest/signatures \
	tests/e2e/guest/verdicts \
	tests/e2e/judge.py \
	tests/e2e/kernelfile.py \
	tests/e2e/machine.py \
	tests/e2e/report.py \
	tests/e2e/run \
	tests/e2e/test_faults.py \
	tests/e2e/test_judge.py \
	tests/e2e/trace.py
