#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernel files made by the real tools: what is read, what is refused, how.

The kernels are a made-up one and, where tests/setup has left one in its
cache, Debian's.
"""

import functools
import gzip
import hashlib
import os
import pathlib
import random
import resource
import struct
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
import guest
import kernelfile

PROGRAM = "tests/unit/read-kernel"  # in the build directory
SIZE = 200 << 10
PE = 64
# Debian's kernel is large: one kind for each codec and wrapper
REAL_KINDS = ("gzip", "zstd", "xz", "lzma", "lz4", "lz4-legacy", "zboot-zstd",
              "zboot-xz", "uimage-none", "uki-zboot-gzip")
MEMORY_MAX_KIB = 700 << 10  # of the reader, sanitizers and 1 GiB header or not
# Streams that hold no checksum over their content: damage may go unnoticed
UNCHECKED = ("lzma", "lz4-legacy", "zboot-lzma", "zboot-lz4-legacy", "Image",
             "uki")

scratch = None
failures = 0


def fail(*words):
    global failures
    failures += 1
    print("FAIL:", *words)


@functools.lru_cache(maxsize=None)
def image(flags=0xa, magic=b"ARM\x64", machine=kernelfile.ARM64):
    """A kernel with an EFI stub: as incompressible as one in its first half,
    and some text."""
    noise = random.Random(1).randbytes(SIZE // 2)
    data = bytearray(noise + b"This would be code.\n" * SIZE)[:SIZE]
    data[:4096] = bytes(4096)
    struct.pack_into("<2s14xQQ24x4sI", data, 0, b"MZ", SIZE + 0x10000, flags,
                     magic, PE)
    struct.pack_into("<4sHHIIIHH", data, PE, b"PE\0\0", machine, 2, 0, 0, 0,
                     160, 0)
    for i, (start, size) in enumerate(((4096, SIZE // 2),
                                       (SIZE // 2, SIZE // 2))):
        struct.pack_into("<8sIIII", data, PE + 24 + 160 + 40 * i, b".text",
                         size, start, size, start)
    struct.pack_into("<I", data, PE + 24 + 160 + 16, SIZE // 2 - 4096)
    return bytes(data)


def read(files):
    """What the program says of each of these files: lists of lines."""
    paths = []
    for i, data in enumerate(files):
        paths.append(scratch / ("file-%d" % i))
        paths[-1].write_bytes(data)
    run = subprocess.run([PROGRAM] + paths, stdout=subprocess.PIPE, text=True,
                         timeout=300)
    if run.returncode != 0:
        fail("the reader ended with", run.returncode)
    answers = []
    for line in run.stdout.splitlines():
        if line.startswith(("ok ", "refused: ")):
            answers.append([])
        answers[-1].append(line)
    for path in paths:
        path.unlink()
    if len(answers) != len(files):
        fail("answers of", len(answers), "files, not", len(files))
        answers += [["nothing"]] * (len(files) - len(answers))
    return answers


def digest(data):
    return "%d %s" % (len(data), hashlib.sha256(data).hexdigest())


def expect_refused(what, data, *words):
    """Refused in one line with one of these words."""
    answer = read([data])[0]
    if not answer[0].startswith("refused: the kernel %s/" % scratch):
        fail(what, "was not refused:", *answer)
    elif not any(word in answer[0] for word in words):
        fail(what, "in other words than", words, ":", answer[0])


def test_read(kernel, kinds):
    """Every kind gives the same Image back."""
    for kind in kinds:
        answer = read([kernelfile.wrap(kind, kernel, b"initrd" * 1000,
                                       "a b=c \n")])[0]
        if not answer[0].startswith("ok ") or \
                not answer[0].endswith(": " + digest(kernel)):
            fail(kind, "is not the Image:", *answer)
        brought = [] if not kind.startswith("uki") else \
            ["initrd " + digest(b"initrd" * 1000), "cmdline a b=c"]
        if answer[1:] != brought:
            fail(kind, "brings along", answer[1:], "not", brought)


def test_kinds_are_named():
    for kind, words in (("Image", ""), ("zstd", "zstd"),
                        ("zboot-xz", "EFI zboot, xz"),
                        ("uimage-none", "uImage"),
                        ("uki-zboot-zstd",
                         "unified kernel image, EFI zboot, zstd")):
        answer = read([kernelfile.wrap(kind, image())])[0][0]
        if not answer.startswith("ok %s: " % words):
            fail(kind, "is called", answer)


def test_real_zboot():
    """As the kernel's build has it: with zeros up to the memory that it
    needs; and by the older name of a compression."""
    padded = image() + bytes(0x10000)
    for name in ("zstd", "zstd22"):
        answer = read([kernelfile.zboot(padded, "zstd", name=name)])[0]
        if answer != ["ok EFI zboot, zstd: " + digest(padded)]:
            fail("zboot with", name, "is not the Image:", *answer)


def test_truncated(kind):
    """At 20 places: never read, and the words say so."""
    data = kernelfile.wrap(kind, image(), b"initrd", "x")
    cuts = [data[:len(data) * i // 20] for i in range(20)]
    for i, answer in enumerate(read(cuts)):
        if not answer[0].startswith("refused: ") or not any(
                word in answer[0] for word in ("truncated", "too short")):
            fail(kind, "cut off at %d/20:" % i, *answer)


def test_damaged(kind):
    """At 20 places in what is compressed: noticed by every kind that has a
    checksum, and survived by the others."""
    data = kernelfile.wrap(kind, image(), b"initrd", "x")
    start = max(data.find(b"\x1f\x8b"), 0) + 4200
    files = []
    for i in range(20):
        damaged = bytearray(data)
        damaged[start + (len(data) - start - 1000) * i // 20] ^= 0x10
        files.append(bytes(damaged))
    for i, answer in enumerate(read(files)):
        if not answer[0].startswith("refused: ") and kind not in UNCHECKED:
            fail(kind, "damaged in place", i, "was read:", *answer)


# kind, offset, what to write there, words
LIES = (
    ("zboot-gzip", 8, struct.pack("<I", 0xfffffff0), "truncated"),
    ("zboot-gzip", 8, struct.pack("<I", 0), "not valid"),
    ("zboot-gzip", 12, struct.pack("<I", 0xfffffff0), "truncated"),
    ("zboot-gzip", 12, struct.pack("<I", 1000), "truncated"),
    ("zboot-gzip", 12, struct.pack("<I", 0), "not valid"),
    ("zboot-zstd", 12, struct.pack("<I", 1000), "truncated"),
    ("zboot-gzip", 24, b"zstd22\0", "zstd data is not valid"),
    ("zboot-gzip", 24, b"lzo\0", "compressed with lzo"),
    ("zboot-gzip", 24, b"\1" * 32, "not supported"),
    ("zboot-gzip", 60, struct.pack("<I", 0xfffffff0), "truncated"),
    ("zboot-gzip", 60, struct.pack("<I", 512), "no PE header"),
    ("zboot-gzip", PE + 4, struct.pack("<H", 0x8664), "another machine"),
    ("zboot-gzip", PE + 4, struct.pack("<H", 0x5064), "another machine"),
    ("uki", PE + 4, struct.pack("<H", 0x8664), "another machine"),
    ("uki", PE + 6, struct.pack("<H", 0xffff), "truncated"),
    ("uki", PE + 6, struct.pack("<H", 2), "without a kernel"),
    ("uki", PE + 20, struct.pack("<H", 0xffff), "truncated"),
    ("uimage-none", 12, struct.pack(">I", 0xfffffff0), "checksum"),
    ("uimage-none", 4, b"\0\0\0\0", "checksum of its uImage header"),
    ("uimage-none", 70000, b"\1\2\3\4", "checksum of its uImage data"),
)


def test_lies():
    for kind, offset, value, words in LIES:
        data = bytearray(kernelfile.wrap(kind, image(), b"initrd", "x"))
        data[offset:offset + len(value)] = value
        expect_refused("%s with %r at %d" % (kind, value, offset),
                       bytes(data), words)


def test_uki_sections():
    """Sizes and offsets of each section that is read."""
    for name, index in ((".cmdline", 2), (".linux", 3), (".initrd", 4)):
        at = PE + 24 + 112 + 48 + 40 * index
        for field in (16, 20):  # in the file: size, offset
            data = bytearray(kernelfile.uki(image(), b"initrd", "x"))
            struct.pack_into("<I", data, at + 8, 0)  # size in memory
            struct.pack_into("<I", data, at + field, 0xfffffff0)
            expect_refused("a lie about " + name, bytes(data), "truncated")
    long = kernelfile.uki(image(), None, "x" * 5000)
    expect_refused("a long command line", long, "5000 characters")


def test_uimages():
    """What a uImage may be besides a kernel for arm64."""
    for fields, words in (({"arch": 2}, "another machine"),
                          ({"kind": 3}, "something else"),
                          ({"kind": 4}, "something else")):
        expect_refused("uImage %r" % fields,
                       kernelfile.uimage(image(), **fields), words)
    data = bytearray(kernelfile.uimage(image()))
    data[4:8], data[31] = b"\0\0\0\0", 2  # bzip2
    data[4:8] = struct.pack(">I", kernelfile.zlib.crc32(data[:64]))
    expect_refused("uImage with bzip2", bytes(data), "not supported")


def x86():
    data = bytearray(image(machine=0x8664, magic=b"\0\0\0\0"))
    data[0x202:0x206] = b"HdrS"
    return bytes(data)


def test_other_machines(kind):
    for inside, words in ((x86(), "x86"),
                          (image(magic=b"RSC\5", machine=0x5064), "RISC-V"),
                          (image(magic=b"\0\0\0\0", machine=0x6264),
                           "another machine"),
                          (image(machine=0x8664), "another machine"),
                          (image(flags=0xb), "big-endian"),
                          (b"\x7fELF" + bytes(SIZE), "vmlinux")):
        expect_refused("%s of another kernel" % kind,
                       kernelfile.wrap(kind, inside), words,
                       "more than once")  # an EFI program in another one


def test_nested():
    wrap, kernel = kernelfile.wrap, image()
    for outer, inner in (("gzip", "gzip"), ("gzip", "zstd"), ("xz", "lz4"),
                         ("gzip", "zboot-gzip"), ("zstd", "uki"),
                         ("zboot-gzip", "zboot-gzip"), ("zboot-zstd", "uki"),
                         ("uimage-none", "uki"), ("uki", "uki"),
                         ("uimage-none", "uimage-none")):
        expect_refused("%s in %s" % (inner, outer),
                       wrap(outer, wrap(inner, kernel)), "more than once")
    for outer, inner in (("zboot-gzip", "zstd"), ("zboot-zstd", "gzip"),
                         ("uimage-gzip", "zstd"), ("uki-zboot-gzip", "xz")):
        expect_refused("%s in %s" % (inner, outer),
                       wrap(outer, wrap(inner, kernel)), "compressed twice")


def test_pieces():
    """Streams one after the other are one, but not any number of them."""
    data = image()
    joined = b"".join(gzip.compress(data[i:i + 512])
                      for i in range(0, len(data), 512))
    answer = read([joined])[0]
    if not answer[0].endswith(": " + digest(data)):
        fail("joined streams:", *answer)
    for name in ("gzip", "zstd", "xz", "lz4"):
        expect_refused("pieces of " + name,
                       kernelfile.compress(name, b"") * 5000,
                       "too many pieces")


def test_bombs():
    """Ends at what the header inside asks for, not with the memory."""
    bomb = image() + bytes(100 << 20)
    for kind in ("gzip", "zstd", "xz", "zboot-zstd"):
        expect_refused(kind + " bomb", kernelfile.wrap(kind, bomb),
                       "longer than the memory")
    # a header that asks for 1 GiB, and a window as large
    data = bytearray(image())
    struct.pack_into("<Q", data, 16, (1 << 30) + 1)
    expect_refused("1 GiB", gzip.compress(bytes(data)), "1024 MiB of memory")
    wide = subprocess.run(["xz", "-c", "--lzma2=preset=1,dict=1536MiB"],
                          input=image(), stdout=subprocess.PIPE, check=True)
    expect_refused("xz with a large dictionary", wide.stdout,
                   "too much memory")
    # much to read before the first byte is found to be wrong
    path = scratch / "zstd"
    with open(path, "wb") as file:
        file.write(b"\x28\xb5\x2f\xfd\0\0\7")
        file.truncate(1 << 30)
    run = subprocess.run([PROGRAM, path], stdout=subprocess.PIPE, text=True)
    if "zstd data is not valid" not in run.stdout:
        fail("1 GiB of zstd:", run.stdout)
    path.unlink()
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    if "KQ_TEST_NO_PEAK" not in os.environ and peak > MEMORY_MAX_KIB:
        fail("the reader took", peak, "KiB")


def debian_kernel():
    for name in ("6.1", "6.12", "sid"):
        path = guest.cache_dir() / "kernel" / name / "Image"
        if path.exists():
            return path.read_bytes()
    return None


def main():
    global scratch
    with tempfile.TemporaryDirectory() as directory:
        scratch = pathlib.Path(directory)
        try:
            for name in kernelfile.COMPRESSIONS:
                kernelfile.compress(name, b"")
        except kernelfile.Missing as missing:
            print(missing)
            return 77
        test_pieces()
        test_bombs()
        test_read(image(), kernelfile.KINDS)
        test_kinds_are_named()
        test_real_zboot()
        for kind in kernelfile.KINDS:
            test_truncated(kind)
            test_damaged(kind)
        test_lies()
        test_uki_sections()
        test_uimages()
        for kind in ("Image", "gzip", "zboot-zstd", "uimage-none", "uki",
                     "uki-zboot-gzip"):
            test_other_machines(kind)
        test_nested()
        kernel = debian_kernel()
        if kernel:
            test_read(kernel, REAL_KINDS)
        else:
            print("no kernel of Debian's in", guest.cache_dir())
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
