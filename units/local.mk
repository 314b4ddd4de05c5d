# SPDX-License-Identifier: GPL-2.0-or-later
# What services need: systemd's units, hooks of kdump.

UNIT_SUBST = $(AM_V_GEN)$(MKDIR_P) units && $(SED) -e 's|@sbindir[@]|$(sbindir)|g'

nodist_systemdsystemunit_DATA = units/quiesced-collect.service \
	units/quiesced.service
EXTRA_DIST += units/quiesced-collect.service.in units/quiesced.service.in
CLEANFILES += $(nodist_systemdsystemunit_DATA)

units/quiesced-collect.service: units/quiesced-collect.service.in Makefile
	$(UNIT_SUBST) $(srcdir)/units/quiesced-collect.service.in >$@

# They write signed images when a kernel is installed.
kernelinstalldir = $(prefix)/lib/kernel/install.d
nodist_kernelinstall_SCRIPTS = units/kernel/95-kexec-quiesce.install
kernelpostinstdir = $(sysconfdir)/kernel/postinst.d
nodist_kernelpostinst_SCRIPTS = units/kernel/zz-kexec-quiesce
kernelpostrmdir = $(sysconfdir)/kernel/postrm.d
nodist_kernelpostrm_SCRIPTS = units/kernel/zz-kexec-quiesce
kernel_hooks = units/kernel/95-kexec-quiesce.install units/kernel/zz-kexec-quiesce
EXTRA_DIST += $(addsuffix .in,$(kernel_hooks))
CLEANFILES += $(kernel_hooks)

$(kernel_hooks): %: %.in Makefile
	$(AM_V_GEN)$(MKDIR_P) units/kernel && \
		$(SED) -e 's|@sbindir[@]|$(sbindir)|g' $< >$@

units/quiesced.service: units/quiesced.service.in Makefile
	$(UNIT_SUBST) $(srcdir)/units/quiesced.service.in >$@

# The D-Bus interface
dbusservicedir = $(datadir)/dbus-1/system-services
dist_dbusservice_DATA = units/org.kexecquiesce1.service
dist_dbuspolicy_DATA = units/org.kexecquiesce1.conf
dbusinterfacedir = $(datadir)/dbus-1/interfaces
dist_dbusinterface_DATA = units/org.kexecquiesce1.xml
dist_polkitaction_DATA = units/org.kexecquiesce1.policy

catalogdir = $(prefix)/lib/systemd/catalog
dist_catalog_DATA = units/kexec-quiesce.catalog

dist_pkglibexec_SCRIPTS = units/kdump/kdump-hook
