#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The stage on emulated hardware, at every exception level: QEMU boots a
quiesce image directly, with a plan made here. SMMUs where nothing answers:
the payload must come up each time, with a report that names what failed.
Damaged payloads: they must not come up, unless the plan says so.

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
REGION, SLOT_SIZE = 0x60000000, 8192
CHECKSUM, UNREACHABLE = 5, 11
ABORT, SINK = 1, 4
RESET, HALT, BOOT = 0, 1, 2
SMC, HVC = 1, 2
VERIFY, VERIFY_INITRD = 1, 2
STAGE_FAULT, PLAN_INVALID = 1 << 2, 1 << 0
SECONDS = 120
# mrs ID_AA64ISAR0_EL1 becomes movz #0, mrs ID_AA64MMFR0_EL1 movz #0xf0000000,
# mrs ID_AA64PFR1_EL1 movz #0x1000000: QEMU has no CPU without SHA-256
# instructions or without 4 KiB granule, and the one with SME is slow.
NO_SHA2 = (0xd5380600, 0xd2800000)
SME = (0xd5380420, 0xd2a02000)
NO_GRANULE = (0xd5380700, 0xd2be0000)
# What an old kernel may have left on, and QEMU does not: in place of HCR_EL2's
# AMO its E2H; of SCTLR_ELx's I its EPAN; of PSTATE's SP its PAN.
VHE = (0xb27b0080, 0xb25e0080)
EPAN = (0xb2740040, 0xb2470040)
PAN = (0xd50041a0, 0xd5004180)
VHE_FLAG = 1 << 4
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


def plan(functions, smmus, policy=ABORT, bad=BOOT, psci=0, region=0):
    """A sealed plan for QEMU's virt machine (docs/plan-format.md)."""
    hosts = [struct.pack("<QHBBI8I", 0x4010000000, 0, 0, 255, 0, 1, *[0] * 7)]
    tables = [functions, hosts, [struct.pack("<QQIIII", base, 0, 3, policy,
                                             0, 0) for base in smmus], [], []]
    sections, end = b"", 232
    for entries, size in zip(tables, (80, 48, 32, 8, 64)):
        sections += struct.pack("<IIII", end, len(entries), size, 0)
        end += len(entries) * size
    body = b"".join(b"".join(entries) for entries in tables)

    def head(digest):
        return struct.pack("<8sIIII32s16s16sQIIIIQII", b"\x89KQPLAN\n", 1, 232,
                           end, 0, digest, b"L" * 16, b"B" * 16, 1, 1, 2, 2000,
                           1, UART, 0, 0) + sections + struct.pack(
                               "<QQII", region, region and 2 * SLOT_SIZE, bad,
                               psci)

    return head(hashlib.sha256(head(bytes(32)) + body).digest()) + body


def slot(blob, generation):
    """A slot of the plan region that holds this plan."""
    def head(digest):
        return struct.pack("<8sIIII32s16s16sQ32s", b"\x89KQSLOT\n", 1, 128,
                           128, len(blob), digest, b"L" * 16, b"B" * 16,
                           generation, blob[24:56])

    whole = head(hashlib.sha256(head(bytes(32))).digest()) + blob
    return whole.ljust(SLOT_SIZE, b"\0")


def image(blob, plan_at=PLAN_AT, verify=None, extra=0, changes=()):
    """A quiesce image: stage, plan, and Debian's kernel as payload; with
    digests if there is the initrd that they shall name (b"": none); with
    more bytes of payload than there are."""
    elf = (ROOT / "usr/libexec/kexec-quiesce/stage.elf").read_bytes()
    offset, = struct.unpack_from("<Q", elf, 32)
    _, _, start, _, _, filled, _, _ = struct.unpack_from("<IIQQQQQQ", elf,
                                                         offset)
    kernel = guest.Kernel("6.12").image.read_bytes()
    size, flags = struct.unpack_from("<QQ", kernel, 16)
    front = bytearray(PAYLOAD_AT)
    front[:filled] = elf[start:start + filled]
    for old, new in changes:
        replace_instruction(front, old, new)
    struct.pack_into("<QQQ", front, 8, 0, PAYLOAD_AT + size, flags)
    params, = struct.unpack_from("<Q", front, 40)
    struct.pack_into("<6Q", front, params, plan_at, len(blob), WORK_AT,
                     WORK_SIZE, PAYLOAD_AT, len(kernel) + extra)
    if verify is not None:
        struct.pack_into("<QII32s32s", front, params + 48, len(verify),
                         VERIFY | (VERIFY_INITRD if verify else 0), 0,
                         hashlib.sha256(kernel).digest(),
                         hashlib.sha256(verify).digest())
        front[params + 128:params + 160] = hashlib.sha256(
            front[head_size():params + 128]).digest()
    front[PLAN_AT:PLAN_AT + len(blob)] = blob
    return bytes(front) + kernel


def replace_instruction(code, old, new):
    """Another instruction in place of one that writes the same register."""
    count = 0
    for at in range(0, PLAN_AT, 4):
        word, = struct.unpack_from("<I", code, at)
        if word & ~31 == old:
            struct.pack_into("<I", code, at, new | word & 31)
            count += 1
    if not count:
        raise ValueError("the stage has no instruction 0x%x" % old)


def head_size():
    """Bytes in front of what the stage's digest covers."""
    text = (pathlib.Path(__file__).resolve().parents[2]
            / "lib/stage-image.h").read_text(encoding="utf-8")
    return int(text.partition("#define KQ_IMAGE_HEAD_SIZE ")[2].split()[0])


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


def run(content, el, ramdisk=None, cpu=None, seconds=SECONDS, memory=2048,
        region=b""):
    """What an image that QEMU boots prints, and whether QEMU ended."""
    default_cpu, options = machine.CPUS[el]
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        (work / "image").write_bytes(content)
        (work / "initrd").write_bytes(ramdisk or initrd())
        command = [
            "qemu-system-aarch64", "-M",
            "virt,gic-version=3,iommu=smmuv3" + options, "-cpu",
            cpu or default_cpu, "-accel", "tcg", "-m", str(memory), "-nographic",
            "-nodefaults", "-no-reboot", "-serial", "stdio", "-kernel",
            str(work / "image"), "-initrd", str(work / "initrd"), "-append",
            "console=ttyAMA0 loglevel=3 panic=-1",
            "-device", "edu,bus=pcie.0,addr=5"]
        if region:
            (work / "region").write_bytes(region)
            command += ["-device", "loader,file=%s,addr=0x%x,force-raw=on"
                        % (work / "region", REGION)]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, timeout=seconds,
                                  check=False)
            return done.stdout.decode("ascii", "replace"), True
        except subprocess.TimeoutExpired as late:
            return (late.stdout or b"").decode("ascii", "replace"), False


def boot(content, el, ramdisk=None, memory=2048, cpu=None, region=b""):
    """The report that the payload finds after QEMU booted an image."""
    console, _ = run(content, el, ramdisk, cpu=cpu, memory=memory,
                     region=region)
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


class Region(unittest.TestCase):
    """Updates in place, written here as docs/plan-format.md says."""

    def booted(self, el, slots, region=REGION):
        """The report of a stage whose image knows of no device."""
        return boot(image(plan([], [SMMU], region=region)), el,
                    region=b"".join(slots))

    @staticmethod
    def update(generation):
        return slot(plan([function(0x28, 0x1234, 0x11e8)], [SMMU],
                         region=REGION), generation)

    def listed(self, report):
        edu = report.functions[0]
        self.assertEqual((edu.bdf, edu.result, edu.driver),
                         ("0000:00:05.0", "quiet", "driver"))
        self.assertEqual(edu.flags & reporting.UNLISTED, 0)

    def newest(self, el):
        report = self.booted(el, [self.update(8), self.update(7)])
        self.assertEqual((report.plan_generation, report.region_error),
                         (8, 0))
        self.listed(report)

    def test_el1(self):
        self.newest("1")

    def test_el2_vhe(self):
        self.newest("2vhe")

    def test_damaged(self):
        """The one before counts."""
        report = self.booted("2", [self.update(7),
                                   flipped(self.update(8), 300)])
        self.assertEqual((report.plan_generation, report.region_error),
                         (7, CHECKSUM))
        self.listed(report)

    def aborting(self, el):
        """A region where nothing answers: the plan in the image counts."""
        report = self.booted(el, [], HOLE)
        self.assertEqual((report.plan_generation, report.region_error),
                         (0, UNREACHABLE))
        self.assertEqual(report.flags & (STAGE_FAULT | PLAN_INVALID), 0)
        self.assertGreater(report.fault_count, 0)
        self.assertEqual(report.smmus[0].result, "done")

    def test_abort_el1(self):
        self.aborting("1")

    def test_abort_el2(self):
        self.aborting("2")

    def test_abort_el2_vhe(self):
        self.aborting("2vhe")


def flipped(content, at):
    """The same with one bit changed."""
    at %= len(content)
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1:]


class Verify(unittest.TestCase):
    """What was loaded is entered, what was changed since is not."""

    def good(self, el, changes=(), cpu=None):
        """All that has a digest is verified, through the caches."""
        ramdisk = initrd()
        report = boot(image(plan([function(0x28, 0x1234, 0x11e8)], [SMMU]),
                            verify=ramdisk, changes=changes), el, ramdisk,
                      cpu=cpu)
        self.assertEqual(bool(report.flags & VHE_FLAG), VHE in changes)
        verify = report.verify
        self.assertEqual((verify.result, verify.bad), ("good", 0))
        self.assertEqual(verify.parts, reporting.STAGE | reporting.PAYLOAD
                         | reporting.INITRD)
        self.assertEqual(verify.flags, reporting.CACHED | reporting.SHA2)
        self.assertGreater(verify.bytes, len(ramdisk) + (20 << 20))
        self.assertEqual(report.flags & STAGE_FAULT, 0)
        self.assertEqual(report.functions[0].result, "quiet")

    def test_el1(self):
        self.good("1")

    def test_el2(self):
        self.good("2")

    def test_el2_vhe(self):
        self.good("2vhe", [VHE])

    def test_el1_old_permissions(self):
        """Permissions that depend on what an old kernel has left on."""
        self.good("1", [EPAN, PAN], machine.CPUS["2vhe"][0])

    def test_el2_vhe_old_permissions(self):
        self.good("2vhe", [VHE, EPAN, PAN])

    def lesser_cpu(self, lacks, flags):
        ramdisk = initrd()
        report = boot(image(plan([], [SMMU]), verify=ramdisk,
                            changes=lacks), "1", ramdisk)
        self.assertEqual((report.verify.result, report.verify.bad,
                          report.verify.flags), ("good", 0, flags))

    def test_without_sha2(self):
        self.lesser_cpu([NO_SHA2], reporting.CACHED)

    def test_streaming_mode_is_possible(self):
        """Where SIMD may be illegal, it is not used."""
        self.lesser_cpu([SME], reporting.CACHED)

    def test_without_granule(self):
        self.lesser_cpu([NO_GRANULE], reporting.SHA2)

    def test_without_both(self):
        self.lesser_cpu([NO_SHA2, NO_GRANULE], 0)

    def test_initrd_without_digest(self):
        """What has no digest is not counted as verified."""
        report = boot(image(plan([], [SMMU]), verify=b""), "1")
        self.assertEqual(report.verify.result, "good")
        self.assertEqual(report.verify.parts,
                         reporting.STAGE | reporting.PAYLOAD)

    def test_damaged_plan(self):
        """It says what to do no more: all is verified, and entered."""
        blob = bytearray(plan([], [SMMU], bad=RESET, psci=HVC))
        blob[-1] ^= 1
        report = boot(flipped(image(bytes(blob), verify=b""), -1), "1")
        self.assertEqual(report.flags & PLAN_INVALID, PLAN_INVALID)
        self.assertEqual(report.verify.bad, reporting.PAYLOAD)

    def refused(self, el, psci, at, what):
        """The firmware resets the machine, and says so before."""
        ramdisk = initrd()
        content = image(plan([], [SMMU], bad=RESET, psci=psci),
                        verify=ramdisk)
        if at is None:
            ramdisk = flipped(ramdisk, -1)
        else:
            content = flipped(content, at)
        console, ended = run(content, el, ramdisk)
        self.assertIn("DAMAGED: %s, resetting" % what, console)
        self.assertNotIn("FDT-BEGIN", console)
        self.assertTrue(ended)

    def test_payload_el1(self):
        self.refused("1", HVC, -1, "kernel")

    def test_payload_el2(self):
        self.refused("2", SMC, PAYLOAD_AT + 0x10000, "kernel")

    def test_payload_el2_vhe(self):
        self.refused("2vhe", SMC, -4097, "kernel")

    def test_initrd(self):
        self.refused("2", SMC, None, "initrd")

    def test_initrd_of_other_size(self):
        """Not hashed at all, and still told."""
        ramdisk = initrd()
        report = boot(image(plan([], [SMMU]), verify=ramdisk + b"x"), "1",
                      ramdisk)
        self.assertEqual((report.verify.result, report.verify.bad),
                         ("bad", reporting.INITRD))

    def aborting(self, el, changes=()):
        """Memory that cannot be read ends the hashing and nothing else."""
        report = boot(image(plan([function(0x28, 0x1234, 0x11e8)], [SMMU]),
                            verify=b"", extra=512 << 20, changes=changes), el,
                      memory=512)
        self.assertEqual((report.verify.result, report.verify.parts),
                         ("fault", 0))
        self.assertEqual(report.flags & STAGE_FAULT, 0)
        self.assertEqual(report.functions[0].result, "quiet")
        self.assertEqual(report.smmus[0].result, "done")

    def test_abort_el1(self):
        self.aborting("1")

    def test_abort_el2(self):
        self.aborting("2")

    def test_abort_el2_vhe(self):
        self.aborting("2vhe", [VHE])

    def test_boot_all_the_same(self):
        """--on-bad-digest=boot"""
        report = boot(flipped(image(plan([], [SMMU]), verify=b""), -1), "2")
        self.assertEqual((report.verify.result, report.verify.bad),
                         ("bad", reporting.PAYLOAD))

    def halts(self, el, bad, psci, word):
        content = image(plan([], [SMMU], bad=bad, psci=psci), verify=b"")
        console, ended = run(flipped(content, -1), el, seconds=20)
        self.assertIn("DAMAGED: kernel, " + word, console)
        self.assertNotIn("FDT-BEGIN", console)
        self.assertFalse(ended)

    def test_halt(self):
        """--on-bad-digest=halt"""
        self.halts("1", HALT, HVC, "halting")

    def test_reset_without_firmware(self):
        """The call aborts where nobody takes it: then it halts."""
        self.halts("1", RESET, SMC, "resetting")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("test_faults.py: name the directory where our arm64 "
                 "programs are installed")
    ROOT = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
