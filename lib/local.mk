# SPDX-License-Identifier: GPL-2.0-or-later
# What every hosted program links: formats, settings, inventory, planning, the
# quiesce image and the kernel files that go into it.

noinst_LIBRARIES += lib/libkq.a
lib_libkq_a_SOURCES = \
	lib/bits.h \
	lib/blob.c lib/blob.h \
	lib/error.c lib/error.h \
	lib/image/codec.c lib/image/codec.h \
	lib/image/codec-gzip.c \
	lib/image/codec-lz4.c \
	lib/image/codec-xz.c \
	lib/image/codec-zstd.c \
	lib/image/compose.c lib/image/compose.h \
	lib/image/fdt-size.c lib/image/fdt-size.h \
	lib/image/image.c lib/image/image.h \
	lib/image/image-header.c lib/image/image-header.h \
	lib/image/initrd-digest.c lib/image/initrd-digest.h \
	lib/image/kernel-file.c lib/image/kernel-file.h \
	lib/image/layers.c lib/image/layers.h \
	lib/image/pe.c lib/image/pe.h \
	lib/image/signed.c lib/image/signed.h \
	lib/image/source.c lib/image/source.h \
	lib/image/stage-file.c lib/image/stage-file.h \
	lib/image/uimage.c \
	lib/image/uki.c \
	lib/image/zboot.c \
	lib/inventory/acpi-table.c lib/inventory/acpi-table.h \
	lib/inventory/components.c \
	lib/inventory/devicetree.c lib/inventory/devicetree.h \
	lib/inventory/dt-address.c lib/inventory/dt-address.h \
	lib/inventory/dt-components.c \
	lib/inventory/dt-region.c \
	lib/inventory/dt-reserved.c \
	lib/inventory/fadt.c lib/inventory/fadt.h \
	lib/inventory/inventory.c lib/inventory/inventory.h \
	lib/inventory/iort.c lib/inventory/iort.h lib/inventory/iort-regs.h \
	lib/inventory/mcfg.c lib/inventory/mcfg.h \
	lib/inventory/pci.c lib/inventory/pci.h \
	lib/inventory/reset.c lib/inventory/reset.h \
	lib/inventory/spcr.c lib/inventory/spcr.h \
	lib/inventory/sysfs.c lib/inventory/sysfs.h \
	lib/kernel.c lib/kernel.h \
	lib/machine.c lib/machine.h \
	lib/message.c lib/message.h \
	lib/new-file.c lib/new-file.h \
	lib/plan.c lib/plan.h \
	lib/plan-build.c lib/plan-build.h \
	lib/plan-region.c lib/plan-region.h \
	lib/plan-slot.h \
	lib/plan-region-write.c lib/plan-region-write.h \
	lib/record.c lib/record.h \
	lib/report.c lib/report.h \
	lib/settings.c lib/settings.h \
	lib/sha256-arm64.S lib/sha256-blocks.h lib/sha256-cpu.c \
	lib/sha256.c lib/sha256.h \
	lib/stage-image.h \
	lib/work-area.c lib/work-area.h

KQ_LIBS = lib/libkq.a $(PCI_LIBS) $(FDT_LIBS) $(SYSTEMD_LIBS) $(ELF_LIBS) \
	$(COMPRESSION_LIBS) $(JANSSON_LIBS)
