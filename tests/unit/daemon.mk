# SPDX-License-Identifier: GPL-2.0-or-later
# Tests of quiesced, included by tests/local.mk.

# The daemon as a whole, on a machine and with events that the test makes up.
noinst_PROGRAMS += tests/unit/quiesced-on-fake-machine
tests_unit_quiesced_on_fake_machine_SOURCES = $(QUIESCED_FILES) \
	tests/unit/fake-machine.c tests/unit/fake-monitor.c
tests_unit_quiesced_on_fake_machine_LDADD = $(CTL_LIBS)
noinst_PROGRAMS += tests/unit/bus-client
tests_unit_bus_client_LDADD = $(SYSTEMD_LIBS)
noinst_PROGRAMS += tests/unit/fake-polkit
tests_unit_fake_polkit_LDADD = $(SYSTEMD_LIBS)
check_SCRIPTS += tests/unit/test-quiesced.sh tests/unit/test-quiesced-killed.sh
EXTRA_DIST += tests/unit/daemon.mk tests/unit/fake-daemon.sh \
	tests/unit/test-quiesced.sh tests/unit/test-quiesced-killed.sh
