#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The stage's exception vectors on emulated hardware, at every exception
level: QEMU boots a quiesce image directly, with a plan made here that names
SMMUs where nothing answers. The payload must come up each time, with a
report that names what failed.

	test_faults.py ROOT    (ROOT: where our arm64 programs are installed)
"""

import base64
import gzip
import hashlib
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import cpio
import guest
import machine
import report as reporting

PLAN_AT, WORK_AT, WORK_SIZE, PAYLOAD_AT = 0x10000, 0x20000, 0x1c0000, 0x200000
SMMU, HOLE, UART = 0x09050000, 0x0b000000, 0x09000000
ABORT, SINK = 1, 4
STAGE_FAULT, PLAN_INVALID = 1 << 2, 1 << 0
SECONDS = 120
INIT = b"""#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs dev /dev
echo FDT-BEGIN
/bin/busybox gzip -c /sys/firmware/fdt | /bin/busybox base64
echo FDT-END
/bin/busybox poweroff -f
"""
ROOT = None


def function(bdf, vendor, device):
    """A planned function without capabilities, behind no SMMU."""
    return struct.pack("<HHHHIIHHHHI6HB7x32s", 0, bdf, vendor, device, 0, 0, 0,
                       0xffff, 0xffff, 0xffff, 0, *[0] * 6, 0, b"driver")


def plan(functions, smmus, policy=ABORT):
    """A sealed plan for QEMU's virt machine (docs/plan-format.md)."""
    hosts = [struct.pack("<QHBBI8I", 0x4010000000, 0, 0, 255, 0, 1, *[0] * 7)]
    tables = [functions, hosts, [struct.pack("<QQIIII", base, 0, 3, policy,
                                             0, 0) for base in smmus], [], []]
    sections, end = b"", 208
    for entries, size in zip(tables, (80, 48, 32, 8, 64)):
        sections += struct.pack("<IIII", end, len(entries), size, 0)
        end += len(entries) * size
    body = b"".join(b"".join(entries) for entries in tables)

    def head(digest):
        return struct.pack("<8sIIII32s16s16sQIIIIQII", b"\x89KQPLAN\n", 1, 208,
                           end, 0, digest, b"L" * 16, b"B" * 16, 1, 1, 2, 2000,
                           0, 0, 0, 0) + sections

    return head(hashlib.sha256(head(bytes(32)) + body).digest()) + body


def image(blob, plan_at=PLAN_AT):
    """A quiesce image: stage, plan, and Debian's kernel as payload."""
    elf = (ROOT / "usr/libexec/kexec-quiesce/stage.elf").read_bytes()
    offset, = struct.unpack_from("<Q", elf, 32)
    _, _, start, _, _, filled, _, _ = struct.unpack_from("<IIQQQQQQ", elf,
                                                         offset)
    kernel = guest.Kernel("6.12").image.read_bytes()
    size, flags = struct.unpack_from("<QQ", kernel, 16)
    front = bytearray(PAYLOAD_AT)
    front[:filled] = elf[start:start + filled]
    struct.pack_into("<QQQ", front, 8, 0, PAYLOAD_AT + size, flags)
    params, = struct.unpack_from("<Q", front, 40)
    struct.pack_into("<6Q", front, params, plan_at, len(blob), WORK_AT,
                     WORK_SIZE, PAYLOAD_AT, len(kernel))
    front[PLAN_AT:PLAN_AT + len(blob)] = blob
    return bytes(front) + kernel


def initrd():
    """One process that prints the device tree it got."""
    archive = cpio.Archive()
    busybox = guest.cache_dir() / "guest/bin/busybox"
    if not busybox.exists():
        busybox = guest.cache_dir() / "guest/usr/bin/busybox"
    archive.file("init", INIT, 0o755)
    archive.file("bin/busybox", busybox.read_bytes(), 0o755)
    for name in ("proc", "sys", "dev"):
        archive.directory(name)
    return gzip.compress(archive.bytes(), 1)


def boot(content, el):
    """The report that the payload finds after QEMU booted an image."""
    cpu, options = machine.CPUS[el]
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        (work / "image").write_bytes(content)
        (work / "initrd").write_bytes(initrd())
        console = subprocess.run(
            ["qemu-system-aarch64", "-M",
             "virt,gic-version=3,iommu=smmuv3" + options, "-cpu", cpu,
             "-accel", "tcg", "-m", "2048", "-nographic", "-nodefaults",
             "-no-reboot", "-serial", "stdio", "-kernel", str(work / "image"),
             "-initrd", str(work / "initrd"), "-append",
             "console=ttyAMA0 loglevel=3 panic=-1",
             "-device", "edu,bus=pcie.0,addr=5"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            timeout=SECONDS, check=False).stdout.decode("ascii", "replace")
    if "FDT-END" not in console:
        raise AssertionError("the payload did not come up: " + console[-300:])
    text = console.partition("FDT-BEGIN")[2].partition("FDT-END")[0]
    return reporting.Report(gzip.decompress(base64.b64decode(text)))


class Faults(unittest.TestCase):
    """What aborts is named, what is behind it is done."""

    def aborting(self, el):
        """Two SMMUs that are none, before and behind the real one."""
        report = boot(image(plan([function(0x28, 0x1234, 0x11e8)],
                                 [HOLE, UART, SMMU])), el)
        self.assertEqual([smmu.result for smmu in report.smmus],
                         ["unreachable", "unreachable", "done"])
        self.assertEqual(report.functions[0].result, "quiet")
        self.assertGreater(report.fault_count, 0)
        self.assertEqual(report.flags & STAGE_FAULT, 0)
        self.assertEqual(report.exception_level, int(el[0]))

    def test_el1(self):
        self.aborting("1")

    def test_el2(self):
        self.aborting("2")

    def test_el2_vhe(self):
        self.aborting("2vhe")

    def test_plan_that_is_nowhere(self):
        """The stage itself faults; the payload comes up, and is told."""
        report = boot(image(plan([], [SMMU]), 0x3f00000000), "2")
        self.assertEqual(report.flags & (STAGE_FAULT | PLAN_INVALID),
                         STAGE_FAULT | PLAN_INVALID)
        self.assertEqual(report.smmus, [])

    def test_damaged_plan(self):
        """Nothing is touched, and the report says why."""
        blob = bytearray(plan([function(0x28, 0x1234, 0x11e8)], [SMMU]))
        blob[-1] ^= 1
        report = boot(image(bytes(blob)), "1")
        self.assertEqual(report.flags & PLAN_INVALID, PLAN_INVALID)
        self.assertEqual((report.functions, report.smmus), ([], []))

    def test_sink_below_hole(self):
        """An SMMU that is not there does not cost another one its sink."""
        report = boot(image(plan([], [HOLE, SMMU], SINK)), "2vhe")
        self.assertEqual([smmu.applied for smmu in report.smmus],
                         ["none", "sink"])


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("test_faults.py: name the directory where our arm64 "
                 "programs are installed")
    ROOT = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
