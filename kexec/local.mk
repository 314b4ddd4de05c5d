# SPDX-License-Identifier: GPL-2.0-or-later
# The front end. Everything but main() is a library; the tests link it with a
# lib/machine.c of their own.

noinst_LIBRARIES += kexec/libfrontend.a
kexec_libfrontend_a_SOURCES = \
	kexec/checks.c kexec/checks.h \
	kexec/child.c kexec/child.h \
	kexec/describe.c kexec/describe.h \
	kexec/fuse.c kexec/fuse.h \
	kexec/initrd.c kexec/initrd.h \
	kexec/load.c kexec/load.h \
	kexec/options.c kexec/options.h \
	kexec/passed.c kexec/passed.h \
	kexec/remember.c kexec/remember.h \
	kexec/run.c kexec/run.h

FRONTEND_LIBS = kexec/libfrontend.a $(KQ_LIBS)

pkglibexec_PROGRAMS += kexec/kexec
kexec_kexec_SOURCES = kexec/main.c
kexec_kexec_LDADD = $(FRONTEND_LIBS)

# With a prefix of its own, root's PATH finds ours before the stock one.
if LINK_SBIN
install-exec-hook: install-kexec-link
install-kexec-link: install-pkglibexecPROGRAMS
	$(MKDIR_P) "$(DESTDIR)$(sbindir)"
	$(LN_S) -f "$(pkglibexecdir)/kexec" "$(DESTDIR)$(sbindir)/kexec"
uninstall-hook: uninstall-kexec-link
uninstall-kexec-link:
	rm -f "$(DESTDIR)$(sbindir)/kexec"
endif
