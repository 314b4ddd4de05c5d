# SPDX-License-Identifier: GPL-2.0-or-later
# What services need: systemd's units, hooks of kdump.

UNIT_SUBST = $(AM_V_GEN)$(MKDIR_P) units && $(SED) -e 's|@sbindir[@]|$(sbindir)|g'

nodist_systemdsystemunit_DATA = units/quiesced-collect.service
EXTRA_DIST += units/quiesced-collect.service.in
CLEANFILES += $(nodist_systemdsystemunit_DATA)

units/quiesced-collect.service: units/quiesced-collect.service.in Makefile
	$(UNIT_SUBST) $(srcdir)/units/quiesced-collect.service.in >$@

catalogdir = $(prefix)/lib/systemd/catalog
dist_catalog_DATA = units/kexec-quiesce.catalog

dist_pkglibexec_SCRIPTS = units/kdump/kdump-hook
