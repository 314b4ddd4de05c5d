#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The judge itself, on small traces written by hand: what it must fail, it
must be seen to fail."""

import base64
import gzip
import hashlib
import json
import pathlib
import struct
import sys
import tempfile
import unittest
import uuid

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import cases
import cpio
import judge
import report as reporting
import trace as tracing

ENTRY, START, END = 0xdf2276a0, 0xdc000000, 0xded20000
REGION = (0xdc000000, 0xfc000000)
BOOT_ID = "58d721aa-18d0-4c19-bf8b-373394625312"
BUSY = (0x10, 0x18, 0x100, 0x200)


class Story:
    """Writes the trace of a run, one event after the other."""

    def __init__(self):
        self.lines, self.now = [], 1795173541 * 1000000

    def after(self, microseconds):
        self.now += microseconds
        return self

    def event(self, text):
        self.lines.append("77@%d.%06d:%s\n" % (
            self.now // 1000000, self.now % 1000000, text))
        return self

    def code(self, address):
        self.lines += ["----------------\n", "IN: \n",
                       "0x%08x:  580000c0  ldr  x0, #0x18\n" % address]
        return self

    def mark(self, value):
        return self.event("pci_cfg_write gpex-root 00:00.0 @0x3c <- 0x%x"
                          % value)

    def config(self, bdf, register, value):
        return self.event("pci_cfg_write dev %s @0x%x <- 0x%x" % (
            bdf, register, value))

    def off(self, *bdfs):
        """Switch their bus masters off, at once."""
        for bdf in bdfs:
            self.config(bdf, 4, 2)
        return self

    def smmu(self, offset, value):
        return self.event("smmuv3_write_mmio addr: 0x%x val:0x%x "
                          "size: 0x4(0)" % (offset, value))

    def dma(self, sid, address=0x104000000, kind="success"):
        return self.event("smmuv3_translate_%s smmuv3-iommu-memory-region-1 "
                          "sid=0x%x iova=0xfff00000 translated=0x%x perm=0x3"
                          % (kind, sid, address))

    def busy(self):
        for sid in BUSY:
            self.config("%02x:%02x.0" % (sid >> 8, sid >> 3 & 31), 4, 6)
        self.mark(0xa1)
        for sid in BUSY:
            self.after(10).dma(sid)
        return self

    def to_stage(self):
        """Up to the stage's first instruction."""
        self.busy().after(100).code(ENTRY)
        return self.after(5000000).dma(0x100).code(START)

    def quiesce(self, policy="abort", flr="02:00.0"):
        """What a good stage does, and the start of its payload."""
        for sid in BUSY:
            self.after(100).config("%02x:%02x.0" % (
                sid >> 8, sid >> 3 & 31), 4, 2)
        self.config(flr, 0xa8, 0x8000)
        if policy == "abort":
            self.smmu(0x44, 0x80101000)
        if policy != "preserve":
            self.smmu(0x20, 0)
        return self.after(10).code(START + tracing.PAYLOAD_ALIGN)

    def end(self):
        """The next kernel loads its drivers, which do DMA."""
        return self.after(3000000).mark(0xa2).mark(0xa3).dma(0x100)


HEADER = 384


# Stage, kernel and initrd, through caches and with SHA-256 instructions
GOOD_VERIFY = (1, 7, 0, 3, 40 << 20, 0, 0)


def report_bytes(functions, policy=1, flags=0, result=1, generation=0,
                 driver=b"driver", verify=None, steps=()):
    """A sealed report with (bdf, flags, mastering) functions, one SMMU."""
    table = b"".join(
        reporting._FUNCTION.pack(0, bdf, 0x8086, 0x1533, 0, bits, 1, 0,
                                 0xffff, bdf, 4 if mastering else 0, *[0] * 14,
                                 driver).ljust(120, b"\0")
        for bdf, bits, mastering in functions)
    smmu = reporting._SMMU.pack(0x9050000, 3, policy, policy, 0, result,
                                *[0] * 7).ljust(184, b"\0")
    size = HEADER + len(table) + len(smmu)
    head = reporting._HEADER.pack(
        reporting.MAGIC, 1, HEADER, size, flags, bytes(32), b"L" * 16,
        uuid.UUID(BOOT_ID).bytes, 1, bytes(32), 1, 2, 2000, 1, 0, 0, 1, 5)
    times = [dict(steps).get(name, (0, 0)) for name in reporting.STEPS]
    head += b"".join(struct.pack("<II", *each) for each in times)
    head += struct.pack(
        "<12I4x4x4x4x4I8xQIIIIQII", HEADER, len(functions), 120, 0,
        HEADER + len(table), 1, 184, 0, size, 0, 40, 0, size, 0, 80, 0,
        generation, *(verify or GOOD_VERIFY))
    data = bytearray(head + table + smmu)
    data[24:56] = hashlib.sha256(data).digest()
    return bytes(data)


GOOD = [(0x10, reporting.BME_CLEARED, True), (0x18, reporting.BME_CLEARED,
        True), (0x28, 0, False), (0x100, reporting.BME_CLEARED, True),
        (0x200, reporting.BME_CLEARED | reporting.FLR_DONE, True),
        (0x300, 0, False), (0x400, 0, False), (0x500, 0, False)]


# What `kexec -d` prints on its way to kexec_load, as notes of the guest
LOAD = ("KQ: kexec kexec_load: entry = 0x%x flags = 0xb70001" % ENTRY,
        "KQ: kexec segment[0].bufsz = 0x2c1cfc0",
        "KQ: kexec segment[0].mem   = 0x%x" % START,
        "KQ: kexec segment[0].memsz = 0x%x" % (END - START),
        "KQ: kexec segment[1].mem   = 0xdf227000",
        "KQ: kexec segment[1].memsz = 0x4000")
# What the kernel prints in kexec_file_load, if kexec asks for it
FILE_LOAD = ("kexec_file(Image): Loaded kernel at 0x%x bufsz=0xa38000 "
             "memsz=0x%x" % (START, END - START),)


def run_of(story, name="crash-6.12-dt", fdt=b"", notes=(), loading=LOAD):
    """The Run of a story, as if the guest had printed these notes."""
    lines = ["crash region  %x-%x : Crash kernel" % (REGION[0], REGION[1] - 1),
             "boot " + BOOT_ID, "express 0000:02:00.0 160", "begin fdt", base64.b64encode(gzip.compress(fdt)).decode(),
             "end fdt", *notes, "done"]
    with tempfile.NamedTemporaryFile("w", suffix=".trace") as out:
        out.writelines(story.lines)
        out.flush()
        return judge.Run(cases.read()[name],
                         [(0, "[    1.0] " + line) for line in
                          (*loading, *("KQ: " + line for line in lines))],
                         out.name)


def failed(results):
    """Sentences of the checks that did not pass."""
    return [text for passed, text in results if not passed]


class Phases(unittest.TestCase):
    def test_image_is_largest_segment(self):
        image = run_of(Story()).image
        self.assertEqual((image.entry, image.start, image.end, image.region),
                         (ENTRY, START, END, REGION))

    def test_image_of_kexec_file_load(self):
        image = run_of(Story(), loading=FILE_LOAD).image
        self.assertEqual((image.entry, image.start, image.end, image.region),
                         (START, START, END, REGION))

    def test_image_where_the_kernel_is_silent(self):
        image = run_of(Story(), loading=()).image
        self.assertEqual((image.entry, image.start, image.end, image.region),
                         (REGION[0], *REGION, REGION))

    def test_the_other_system_call_is_a_failure(self):
        for name, loading, wrong in (("file-dt", LOAD, "load"),
                                     ("file-load", FILE_LOAD, "file")):
            run = run_of(Story().to_stage().end(), name, loading=loading)
            self.assertIn("loaded by system call " + wrong,
                          failed(judge.judge(run)))

    def test_counts_by_phase(self):
        story = Story().dma(0x100).to_stage().dma(0x100).quiesce()
        story.dma(0x100).dma(0x100).end()
        trace = run_of(story).trace
        self.assertEqual(
            [trace.landed[phase, 0x100] for phase in tracing.PHASES],
            [1, 1, 1, 1, 2, 1])

    def test_no_master_to_switch_off_is_quiet_at_once(self):
        trace = run_of(Story().to_stage().dma(0x100).end()).trace
        self.assertEqual(trace.landed["quiet", 0x100], 1)

    def test_bypass_lands_and_abort_does_not(self):
        story = Story().to_stage().after(30000)
        story.dma(0x200, kind="bypass").dma(0x200, kind="disable")
        story.dma(0x200, kind="abort")
        story.event("smmuv3_record_event F_TRANSLATION sid=0x200").end()
        trace = run_of(story).trace
        self.assertEqual(trace.landed["quiet", 0x200], 2)
        self.assertEqual(trace.stopped["quiet", 0x200], 2)

    def test_no_stage_is_a_failure(self):
        self.assertIn("the next kernel's image was entered",
                      failed(judge.judge(run_of(Story().busy().end()))))

    def test_a_kernel_that_never_left_is_worth_another_run(self):
        self.assertTrue(run_of(Story().busy(), notes=["leaving"]).never_left)
        self.assertFalse(run_of(Story().busy()).never_left)
        self.assertFalse(run_of(Story().to_stage(), notes=["leaving"])
                         .never_left)


class Quiet(unittest.TestCase):
    def good(self):
        return Story().to_stage().quiesce()

    def test_good(self):
        self.assertEqual(failed(judge.check_quiet(run_of(
            self.good().end()))), [])

    def test_late_transaction(self):
        run = run_of(self.good().after(500000).dma(0x100).end())
        self.assertEqual(failed(judge.check_quiet(run)), [
            "no transaction lands after the last bus master off: "
            "e1000e (0x100) 1",
            "no transaction lands after its own bus master off: "
            "e1000e (0x100) 1"])

    def test_early_transaction_after_own_bus_master_off(self):
        story = Story().to_stage().off("00:03.0").dma(0x18)
        self.assertEqual(failed(judge.check_quiet(run_of(
            story.quiesce().end()))), [
                "no transaction lands after its own bus master off: "
                "usb-ohci (0x18) 1"])

    def test_slow_machine(self):
        story = Story().to_stage().after(40000).dma(0x200).quiesce().end()
        self.assertEqual(failed(judge.check_quiet(run_of(story))), [])

    def test_bus_master_that_stays_on(self):
        story = Story().to_stage().quiesce().dma(0x400).end()
        self.assertEqual(failed(judge.check_quiet(run_of(story))), [
            "no transaction lands after the last bus master off: "
            "xhci (0x400) 1"])

    def test_something_else_first(self):
        for wrong in (Story().to_stage().config("02:00.0", 0xa8, 0x8000),
                      Story().to_stage().smmu(0x44, 0x80101000)):
            self.assertRegex(" ".join(failed(judge.check_quiet(run_of(
                wrong.quiesce().end())))), "^bus masters are off before "
                "anything else is written: [CM]")

    def test_something_else_first_in_the_same_microsecond(self):
        story = Story().to_stage().off("00:02.0", "00:03.0", "01:00.0")
        story.config("02:00.0", 0xa8, 0x8000).off("02:00.0")
        self.assertEqual(len(failed(judge.check_quiet(run_of(
            story.quiesce().end())))), 1)

    def test_every_master_is_to_be_off(self):
        story = Story().config("03:00.0", 4, 6).to_stage().quiesce()
        # That the next kernel does it is no excuse
        story.dma(0x300).off("03:00.0").end()
        self.assertEqual(failed(judge.check_quiet(run_of(story))), [
            "every bus master is switched off: not nvme",
            "no transaction lands after the last bus master off: "
            "nvme (0x300) 1"])

    def test_a_late_one_does_not_hide_one_that_stays_on(self):
        story = Story().config("06:00.0", 4, 6).to_stage()
        story.off("00:02.0", "00:03.0", "02:00.0").dma(0x100).off("06:00.0")
        story.code(START + tracing.PAYLOAD_ALIGN)
        self.assertEqual(failed(judge.check_quiet(run_of(
            story.end(), "crash-hotplug"))),
            ["every bus master is switched off: not e1000e"])

    def test_off_after_seconds(self):
        story = Story().to_stage().after(6000000).quiesce()
        self.assertEqual(failed(judge.check_quiet(run_of(story.end()))),
                         ["they are off after 6000.4 ms"])

    def test_no_payload(self):
        self.assertIn("the stage ends in its payload", failed(
            judge.check_quiet(run_of(Story().to_stage().end()))))

    def test_off_where_nobody_saw_it_on(self):
        story = Story().to_stage().off("05:00.0").dma(0x500)
        self.assertEqual(failed(judge.check_quiet(run_of(
            story.quiesce().end()))), [
                "no transaction lands after its own bus master off: "
                "virtio-rng (0x500) 1"])

    def test_only_what_is_found_may_come_later(self):
        for name, count in (("crash-hotplug", 0), ("crash-6.12-dt", 1)):
            story = Story().config("06:00.0", 4, 6).to_stage()
            story.off("00:02.0", "00:03.0", "01:00.0", "02:00.0")
            story.after(10).config("02:00.0", 0xa8, 0x8000).after(10)
            run = run_of(story.off("06:00.0").quiesce().end(), name)
            self.assertEqual(len(failed(judge.check_quiet(run))), count)

    def test_root_port_interrupts_are_allowed(self):
        run = run_of(self.good().after(900000).dma(0x48).end())
        self.assertEqual(failed(judge.check_quiet(run)), [])

    def test_virtual_function_counts(self):
        run = run_of(self.good().after(900000).dma(0x280).end())
        self.assertIn("no transaction lands after the last bus master off: "
                      "igb VF (0x280) 1", failed(judge.check_quiet(run)))

    def test_silence_before_proves_nothing(self):
        story = Story().mark(0xa1).code(ENTRY).code(START).quiesce().end()
        self.assertEqual(len(failed(judge.check_quiet(run_of(story)))), 4)


class Skipped(unittest.TestCase):
    """The e1000e is left alone and goes on."""

    def results(self, case, *addresses, stopped=True):
        story = Story().to_stage().after(90000).dma(0x100).quiesce()
        for address in addresses:
            story.after(50).dma(0x100, address)
        if stopped:
            story.dma(0x100, kind="abort")
        return failed(judge.check_skipped(run_of(story.end(), case)))

    def test_abort(self):
        self.assertEqual(self.results("skip-abort"), [])
        self.assertEqual(len(self.results("skip-abort", 0x104000000)), 1)

    def test_silence_proves_nothing(self):
        self.assertEqual(len(self.results("skip-abort", stopped=False)), 1)
        self.assertEqual(len(self.results("skip-bypass")), 1)

    def test_bypass(self):
        self.assertEqual(self.results("skip-bypass", 0x104000000), [])


class Hits(unittest.TestCase):
    def test_only_inside_the_region(self):
        story = Story().to_stage().after(30000).dma(0x100, REGION[0] - 8)
        story.dma(0x100, REGION[1]).dma(0x100, REGION[1] - 8).end()
        run = run_of(story)
        self.assertEqual(run.trace.hits["quiet", 0x100], 1)
        self.assertEqual(len(failed(judge.check_nohits(run))), 1)

    def test_before_bus_masters_are_off_they_are_the_stages(self):
        story = Story().to_stage().dma(0x100, REGION[0])
        story.dma(0x100, kind="abort").quiesce().end()
        run = run_of(story)
        self.assertEqual(
            [counter[phase, 0x100] for counter in
             (run.trace.hits, run.trace.stopped)
             for phase in ("stage", "quiet")], [1, 0, 1, 0])
        self.assertEqual(failed(judge.check_nohits(run)), [])
        # Of the stock kexec they all count
        self.assertEqual(failed(judge.check_hits(run)), [])


class Reports(unittest.TestCase):
    def results(self, functions=GOOD, policy="abort", named=1, **keys):
        story = Story().to_stage().quiesce(policy).end()
        case = {"abort": "crash-6.12-dt", "bypass": "crash-bypass",
                "preserve": "crash-preserve"}[policy]
        return failed(judge.check_report(run_of(
            story, case, b"fdt" + report_bytes(functions, named, **keys))))

    def test_good(self):
        self.assertEqual(self.results(), [])
        self.assertEqual(self.results(policy="bypass", named=2), [])
        self.assertEqual(self.results(policy="preserve", named=3), [])

    def test_steps_before_bus_masters_are_off(self):
        good = {"plan": (0, 300), "masters": (300, 50), "verify": (350, 9)}
        self.assertEqual(self.results(steps=good), [])
        self.assertEqual(self.results(steps=dict(good, verify=(100, 250))), [
            "bus masters are off before the other steps begin: not verify"])

    def test_reset_that_never_was(self):
        lie = [(bdf, flags | reporting.FLR_DONE if bdf == 0x100 else flags,
                mastering) for bdf, flags, mastering in GOOD]
        self.assertRegex(" ".join(self.results(lie)),
                         r"01:00\.0 FLR: report says True, trace False")

    def test_reset_that_is_not_told(self):
        lie = [(bdf, flags & ~reporting.FLR_DONE, mastering)
               for bdf, flags, mastering in GOOD]
        self.assertRegex(" ".join(self.results(lie)),
                         r"02:00\.0 FLR: report says False, trace True")

    def test_missing_device(self):
        self.assertRegex(" ".join(self.results(GOOD[1:])),
                         "virtio-net is not in the report")

    def test_wrong_policy(self):
        self.assertTrue(self.results(named=2))
        self.assertTrue(self.results(policy="bypass", named=1))

    def test_policy_not_done(self):
        story = Story().to_stage().quiesce("preserve").end()
        run = run_of(story, fdt=report_bytes(GOOD))
        self.assertEqual(failed(judge.check_report(run)),
                         ["trace: the SMMU was set to abort"])

    def test_abort_only_after_off(self):
        story = Story().to_stage().smmu(0x20, 0).after(5).quiesce().end()
        run = run_of(story, fdt=report_bytes(GOOD))
        self.assertEqual(failed(judge.check_report(run)),
                         ["trace: the SMMU was set to abort"])

    def test_trouble(self):
        self.assertRegex(self.results(flags=4)[0], "trouble of its own")

    def test_damaged(self):
        story = Story().to_stage().quiesce().end()
        good = report_bytes(GOOD)
        for bad, why in ((good[:-1], "cut off"), (b"", "no report"),
                         (good[:100] + b"\xff" + good[101:], "SHA-256"),
                         (good[:8] + b"\2" + good[9:], "version 2")):
            self.assertRegex(failed(judge.check_report(
                run_of(story, fdt=bad)))[0], why)


class Updates(unittest.TestCase):
    """A NIC that was plugged in, and the plan updated in place for it."""
    HOT = (0x600, reporting.BME_CLEARED, True)

    def results(self, hot=HOT, generation=2, notes=(), plan=None, **keys):
        load = (b"L" * 16).hex()
        plan = plan or {"generation": generation, "functions": ["06:00.0"]}
        text = base64.b64encode(json.dumps(plan).encode()).decode()
        story = Story().busy().dma(0x600).after(100).code(ENTRY).code(START)
        run = run_of(
            story.quiesce().end(), "crash-updated",
            report_bytes(GOOD + [hot], generation=generation,
                         driver=b"e1000e", **keys),
            ["loaded 0 1 0", "update 0 load %s generation 1" % load,
             "update 0 load %s generation 2" % load,
             "out of reach 1 update-plan: the plan region is out of reach: "
             "this kernel has no /dev/mem (CONFIG_DEVMEM)",
             "doctor ok    a loaded plan can be updated in place",
             "begin plan", text, "end plan", *notes])
        return failed(judge.check_updated(run))

    def test_good(self):
        self.assertEqual(self.results(), [])

    def test_unlisted(self):
        flags = reporting.BME_CLEARED | reporting.UNLISTED
        self.assertRegex(self.results((0x600, flags, True))[0],
                         "is listed and quiet")

    def test_old_plan(self):
        self.assertRegex(" ".join(self.results(
            generation=1, plan={"generation": 2, "functions": ["06:00.0"]})),
            "the stage uses update 1")

    def test_unloaded(self):
        self.assertEqual(self.results(notes=["unloaded while updating"]),
                         ["a crash kernel is loaded all the time"])

    def test_loaded_plan_without_it(self):
        self.assertRegex(" ".join(self.results(plan={"generation": 2})),
                         "--loaded shows update 2")

    def test_another_load(self):
        self.assertRegex(" ".join(self.results(
            notes=["update 0 load 00 generation 1"])), "updated twice")


class Orderly(unittest.TestCase):
    def results(self, story, offenders, notes=()):
        functions = [(bdf, reporting.OFFENDER if bdf in offenders else 0,
                      False) for bdf, _, _ in GOOD]
        return failed(judge.check_gentle(run_of(
            story, "orderly", report_bytes(functions), notes)))

    def test_left_alone(self):
        story = Story().to_stage().code(START + tracing.PAYLOAD_ALIGN).end()
        self.assertEqual(self.results(story, ()), [])

    def test_not_left_alone(self):
        story = Story().to_stage().config("01:00.0", 4, 2)
        story.code(START + tracing.PAYLOAD_ALIGN).end()
        self.assertEqual(len(self.results(story, ())), 1)

    def test_offender(self):
        story = Story().to_stage().config("02:00.0", 4, 2)
        story.config("02:00.0", 0xa8, 0x8000)
        story.code(START + tracing.PAYLOAD_ALIGN).end()
        notes = ("offender 0000:02:00.0",)
        self.assertEqual(self.results(story, (0x200,), notes), [])
        self.assertEqual(len(self.results(story, (), notes)), 1)


class Table(unittest.TestCase):
    def test_cases_name_known_checks(self):
        for case in cases.read().values():
            self.assertTrue(case.checks, case.name)
            for check in case.checks:
                self.assertIn(check, judge.CHECKS, case.name)

    def test_unknown_key(self):
        with tempfile.NamedTemporaryFile("w", suffix=".cfg") as table:
            table.write(cases.TABLE.read_text() + "[new]\nkernle = 6.12\n")
            table.flush()
            with self.assertRaisesRegex(ValueError, "new.*kernle"):
                cases.read(table.name)


class Cpio(unittest.TestCase):
    def test_entries(self):
        archive = cpio.Archive()
        archive.file("a/b", b"12345", 0o755)
        archive.file("/a/b", b"later")
        data = archive.bytes()
        self.assertEqual(len(data) % 4, 0)
        self.assertEqual(data.count(b"070701"), 3)
        self.assertIn(b"a/b\0", data)
        self.assertNotIn(b"later", data)
        self.assertIn("a/b", archive)


if __name__ == "__main__":
    unittest.main()
