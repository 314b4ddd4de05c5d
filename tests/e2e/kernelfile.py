# SPDX-License-Identifier: GPL-2.0-or-later
"""Wrap an arm64 Image in the files in which distributions ship kernels.

The layouts are those of Linux's drivers/firmware/efi/libstub/zboot-header.S
and Makefile.zboot, U-Boot's include/image.h and systemd-stub(7). Nothing in
the EFI programs runs: kexec only takes them apart.
"""

import functools
import gzip
import shutil
import struct
import subprocess
import zlib

ARM64 = 0xaa64

# What the kernel's build calls a compression in a zboot header; before Linux
# 6.12 it was zstd22
ZBOOT_NAMES = {"gzip": "gzip", "zstd": "zstd", "xz": "xzkern",
               "lzma": "lzma", "lz4-legacy": "lz4"}
UIMAGE_COMPRESSIONS = {"none": 0, "gzip": 1, "lzma": 3, "lz4": 5,
                       "lz4-legacy": 5, "zstd": 6}

# By the tools and with the options that the kernel's build uses, but for the
# levels: those are for people who wait
_COMMANDS = {
    "zstd": ["zstd", "-q", "-c", "-3"],
    "xz": ["xz", "-c", "--check=crc32", "--lzma2=preset=1,dict=32MiB"],
    "lzma": ["xz", "-c", "--format=lzma", "-1"],
    "lz4": ["lz4", "-q", "-c"],
    "lz4-legacy": ["lz4", "-q", "-c", "-l"],
}
COMPRESSIONS = ("gzip",) + tuple(_COMMANDS)


class Missing(Exception):
    """A tool is not there: run tests/setup."""


@functools.lru_cache(maxsize=len(COMPRESSIONS))
def compress(name, data):
    """What the tool makes of this data."""
    if name == "gzip":
        return gzip.compress(data, 1, mtime=0)
    command = _COMMANDS[name]
    if not shutil.which(command[0]):
        raise Missing("no %s here; run tests/setup" % command[0])
    return subprocess.run(command, input=data, stdout=subprocess.PIPE,
                          check=True).stdout


def size_appended(name, data):
    """The same with the size behind it, as kernels carry it."""
    packed = compress(name, data)
    return packed if name == "gzip" else packed + struct.pack("<I", len(data))


def _pe_headers(sections, machine):
    """COFF header, PE32+ optional header, section table; `sections` are
    (name, virtual size, file size, file offset)."""
    optional = struct.pack("<HBBIIIIIQII", 0x20b, 0, 0, 0, 0, 0, 0, 0, 0,
                           4096, 512)
    optional += bytes(108 - len(optional)) + struct.pack("<I", 6) + bytes(48)
    coff = b"PE\0\0" + struct.pack("<HHIIIHH", machine, len(sections), 0, 0,
                                   0, len(optional), 0x206)
    return coff + optional + b"".join(
        struct.pack("<8sIIIIIIHHI", name, size, offset, file_size, offset, 0,
                    0, 0, 0, 0x40000040)
        for name, size, file_size, offset in sections)


def _aligned(size, alignment=512):
    return -size % alignment + size


def zboot(image, compression, machine=ARM64, name=None, payload=None):
    """An EFI zboot kernel."""
    if payload is None:
        payload = size_appended(compression, image)
    name = (name or ZBOOT_NAMES[compression]).encode()
    start = 4096
    size = len(payload) - (0 if compression == "gzip" else 4)
    head = struct.pack("<4s4sII8x32sII", b"MZ", b"zimg", start, size, name,
                       0x818223cd, 64)
    end = _aligned(start + len(payload))
    head += _pe_headers([(b".text", 512, 512, 1024),
                         (b".gzdata", end - start, end - start, start)],
                        machine)
    return (head.ljust(start, b"\0") + payload).ljust(end, b"\0")


def uimage(image, compression="none", arch=22, kind=2):
    """A legacy U-Boot image."""
    data = image if compression == "none" else compress(compression, image)
    fields = [0x27051956, 0, 0, len(data), 0, 0, zlib.crc32(data), 5, arch,
              kind, UIMAGE_COMPRESSIONS[compression], b"Linux"]
    layout = ">IIIIIIIBBBB32s"
    fields[1] = zlib.crc32(struct.pack(layout, *fields))
    return struct.pack(layout, *fields) + data


def uki(image, initrd=None, cmdline=None, machine=ARM64):
    """A unified kernel image, its sections in the order ukify has them."""
    contents = [(b".text", bytes(300)), (b".osrel", b"ID=test\n")]
    if cmdline is not None:
        contents.append((b".cmdline", cmdline.encode()))
    contents.append((b".linux", image))
    if initrd is not None:
        contents.append((b".initrd", initrd))
    sections, body, start = [], b"", 4096
    for name, data in contents:
        size = _aligned(len(data))
        sections.append((name, len(data), size, start + len(body)))
        body += data.ljust(size, b"\0")
    head = b"MZ".ljust(60, b"\0") + struct.pack("<I", 64)
    return (head + _pe_headers(sections, machine)).ljust(start, b"\0") + body


def wrap(kind, image, initrd=None, cmdline=None):
    """The file of the kind that a case names: Image, gzip, zstd and so on,
    zboot-COMPRESSION, uimage-COMPRESSION, uki, uki-zboot-COMPRESSION."""
    outer, _, inner = kind.partition("-")
    if kind == "Image":
        return image
    if kind in COMPRESSIONS:
        return size_appended(kind, image)
    if outer == "zboot":
        return zboot(image, inner)
    if outer == "uimage":
        return uimage(image, inner)
    if outer == "uki":
        return uki(wrap(inner or "Image", image), initrd, cmdline)
    raise ValueError("no such kernel file: %s" % kind)


KINDS = ("Image",) + COMPRESSIONS + tuple(
    "zboot-" + name for name in ZBOOT_NAMES) + tuple(
    "uimage-" + name for name in UIMAGE_COMPRESSIONS) + (
    "uki", "uki-gzip", "uki-zboot-zstd", "uki-uimage-gzip")
