# SPDX-License-Identifier: GPL-2.0-or-later
# quiescectl: everything but main() is a library, for the tests.

noinst_LIBRARIES += daemon/libctl.a
daemon_libctl_a_SOURCES = \
	daemon/collect.c daemon/collect.h \
	daemon/ctl.h \
	daemon/ctl-daemon.c \
	daemon/ctl-doctor.c daemon/ctl-doctor.h \
	daemon/ctl-doctor-kernel.c \
	daemon/ctl-doctor-loaded.c \
	daemon/ctl-doctor-machine.c \
	daemon/ctl-json.c daemon/ctl-json.h \
	daemon/ctl-list.c daemon/ctl-list-json.c \
	daemon/ctl-loaded.c daemon/ctl-loaded.h \
	daemon/ctl-main.c \
	daemon/ctl-offenders.c \
	daemon/ctl-pci-names.c daemon/ctl-pci-names.h \
	daemon/ctl-plan.c daemon/ctl-plan-json.c \
	daemon/ctl-plan-action.c daemon/ctl-plan-action.h \
	daemon/ctl-report.c daemon/ctl-report.h \
	daemon/ctl-report-json.c \
	daemon/ctl-report-json-smmu.c \
	daemon/ctl-report-kept.c daemon/ctl-report-kept.h \
	daemon/ctl-report-metrics.c \
	daemon/ctl-report-notes.c \
	daemon/ctl-report-probe.c \
	daemon/ctl-report-read.c \
	daemon/ctl-report-smmu.c \
	daemon/ctl-report-text.c daemon/ctl-report-text.h \
	daemon/ctl-report-verify.c \
	daemon/ctl-table.c daemon/ctl-table.h \
	daemon/ctl-verdict.c \
	daemon/ctl-views.h \
	daemon/ctl-words.c daemon/ctl-words.h \
	daemon/ctl-wrap.c \
	daemon/journal.c daemon/journal.h \
	daemon/status.c daemon/status.h \
	daemon/store.c daemon/store.h

CTL_LIBS = daemon/libctl.a $(KQ_LIBS)

sbin_PROGRAMS += quiescectl
quiescectl_SOURCES = daemon/quiescectl.c
quiescectl_LDADD = $(CTL_LIBS)

# quiesced: the tests link its files with a monitor and a machine of their own.
QUIESCED_FILES = \
	daemon/bus.c daemon/bus.h \
	daemon/bus-reports.c daemon/bus-reports.h \
	daemon/debounce.c daemon/debounce.h \
	daemon/look.c daemon/look.h \
	daemon/monitor.h \
	daemon/polkit.c daemon/polkit.h \
	daemon/quiesced.c \
	daemon/refresh.c daemon/refresh.h \
	daemon/rewrap.c daemon/rewrap.h \
	daemon/status.h \
	daemon/task.c daemon/task.h

sbin_PROGRAMS += quiesced
quiesced_SOURCES = $(QUIESCED_FILES) daemon/monitor.c
quiesced_LDADD = $(CTL_LIBS)
