#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The bench's own tests: what it reads, and what it makes of it."""

import json
import pathlib
import struct
import sys
import types
import unittest
import unittest.mock

sys.dont_write_bytecode = True
import server
import tables
import trace as tracing

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
IMAGE = tracing.Image(0xf0001000, 0xdc000000, 0xe0000000)
LANDMARKS = """\
1 0xf0001000 0 1000
1 0xdc000000 100 1500
1 0xdc001040 110 1600
1 0xdc400000 900 9000
1 0xdc400040 904 9001
""".splitlines()


def mmcfg(kind, offset, value):
    """A line of QEMU's about one access to configuration space."""
    return ("7@1.000001:memory_region_ops_%s cpu 0 mr 0x55 addr 0x%x value "
            "0x%x size 4 name 'pcie-mmcfg-mmio'" % (kind, offset, value))


class HandOver(unittest.TestCase):
    """Where the hand-over starts and where it ends."""

    def setUp(self):
        self.landmarks = server.read_landmarks(LANDMARKS)

    def test_ours_ends_at_the_payload_not_at_the_stage(self):
        first, payload = server.hand_over(self.landmarks, IMAGE, True)
        self.assertEqual(payload.us - first.us, 8000)
        self.assertEqual(payload.instructions, 900)

    def test_stock_ends_at_the_start_of_its_image(self):
        _, payload = server.hand_over(self.landmarks, IMAGE, False)
        self.assertEqual(payload.us, 1500)

    def test_no_payload_is_a_failure(self):
        with self.assertRaises(server.Failed):
            server.hand_over(self.landmarks[:3], IMAGE, True)

    def test_second_boot_is_the_one_that_counts(self):
        line = "[    0.000000] Booting Linux on physical CPU 0x0"
        self.assertIsNone(server.booting_us([(1.0, line)]))
        self.assertEqual(server.booting_us([(1.0, line), (2.5, "x"),
                                            (9.0, line)]), 9e6)


class LastDma(unittest.TestCase):
    """The last transaction of an endpoint before the drivers."""

    @staticmethod
    def last(*rest):
        dma = "7@%d.000000:smmuv3_translate_success sid=0x%x translated=0x1"
        lines = [dma % (1, 0x100),
                 "7@2.000000:pci_cfg_write gpex 00:00.0 @0x3c <- 0xa1",
                 dma % (3, 0x100),
                 "7@4.000000:pci_cfg_write nic 01:00.0 @0x3c <- 0x1",
                 "0xf0001000: nop"]
        lines += [line if isinstance(line, str) else dma % line
                  for line in rest]
        return server.last_dma(tracing.Trace(lines, IMAGE))

    def test_none_after_the_hand_over_is_zero(self):
        self.assertEqual(self.last(), {"last_us": 0, "landed": 0})

    def test_an_endpoint_counts_and_a_root_port_does_not(self):
        port = next(iter(server.machine.ROOT_PORT_SIDS))
        self.assertEqual(self.last((5, 0x100), (6, port)),
                         {"last_us": 1000000, "landed": 1})

    def test_what_drivers_do_does_not_count(self):
        mark = "7@6.000000:pci_cfg_write gpex 00:00.0 @0x3c <- 0xa3"
        self.assertEqual(self.last((5, 0x100), mark, (7, 0x100))["last_us"],
                         1000000)


class Loads(unittest.TestCase):
    """What the guest says of its loads."""

    def test_each_name_has_its_loads(self):
        loads = server.read_loads(["boot x", "measured stock 0 5 4 3 1",
                                   "measured stock 0 6 4 3 1"])
        self.assertEqual([load["wall_us"] for load in loads["stock"]], [5, 6])

    def test_a_load_that_failed_is_a_failure(self):
        for line in ("measured stock 1", "measured stock 1 5 4 3 1",
                     "measured stock 0 5 4 3 0"):
            with self.assertRaises(server.Failed):
                server.read_loads([line])

    def test_targets(self):
        load = {"wall_us": 1000, "cpu_us": 900, "memory_kib": 50 << 10}
        more = dict(load, wall_us=1500, memory_kib=71 << 10)
        text = "\n".join(tables.loads({"loads": {
            "stock": [load], "ours": [more]}, "image": 1, "initrd": 1}))
        self.assertIn("1.5 (target: at most 1.3, **missed**)", text)
        self.assertIn("21.0 MiB (target: less than 20, **missed**)", text)


class Refresh(unittest.TestCase):
    """The numbers that a guest tells."""

    def test_those_asked_for(self):
        notes = ["number a 1.5", "a 7", "number b 2 of them", "number c x"]
        self.assertEqual(server.read_numbers(notes, ("a", "b")),
                         {"a": 1.5, "b": 2})

    def test_one_not_told_is_a_failure(self):
        with self.assertRaises(server.Failed):
            server.read_numbers(["number a 1"], ("a", "b"))


class Functions(unittest.TestCase):
    """The list of accesses, and what is made of the replay."""

    LINES = [mmcfg("read", 0x1000, 0x1234), mmcfg("write", 0x3c, 0xa1),
             mmcfg("read", 0x100004, 0x00100006),
             mmcfg("write", 0x100004, 0x2),
             mmcfg("read", 0x100004, 0xffffffff00100002),
             "7@1.0:memory_region_ops_read cpu 0 mr 0x1 addr 0x9000000 value "
             "0x0 size 4 name 'pl011'"]

    def test_accesses_start_at_the_mark(self):
        end = mmcfg("write", 0x3c, 0xa2)
        first = [(False, 0x100004, 0x100006), (True, 0x100004, 2),
                 (False, 0x100004, 0x100002)]
        self.assertEqual(server.read_accesses(self.LINES), [])
        self.assertEqual(server.read_accesses(self.LINES + [end]), [first])
        again = self.LINES + [end] + self.LINES[2:] + [end]
        self.assertEqual(server.read_accesses(again), [first, first])

    def test_other_values_are_the_same_work(self):
        first, = server.read_accesses(self.LINES + [mmcfg("write", 0x3c,
                                                          0xa2)])
        self.assertTrue(server.same_work(first, [
            access._replace(value=7) for access in first]))
        self.assertFalse(server.same_work(first, first[1:]))
        self.assertFalse(server.same_work(first[:2], first[1::-1]))

    def test_table_first_restores_what_was_found(self):
        table = server.replay_table(server.read_accesses(
            self.LINES + [mmcfg("write", 0x3c, 0xa2)])[0])
        self.assertEqual(struct.unpack_from("<II", table), (1, 3))
        self.assertEqual(len(table), 16 + 4 * 16)
        self.assertEqual(struct.unpack_from("<QI", table, 16),
                         (server.ECAM + 0x100004 | 1, 6))
        self.assertEqual(struct.unpack_from("<QI", table, 48),
                         (server.ECAM + 0x100004 | 1, 2))

    def test_a_replay_without_an_end_is_a_failure(self):
        with self.assertRaises(server.Failed):
            server.replay_rounds([(0, "round"), (0, "replay 10 20")])

    @staticmethod
    def rounds(count=2, **changes):
        """Rounds in which one function was reset."""
        flags = server.report.FLR_DONE | server.report.RESTORED
        function = types.SimpleNamespace(bdf=8, flags=flags, result="reset",
                                         mastering_before=0)
        made = []
        for _ in range(count):
            result = types.SimpleNamespace(
                functions=[function], flags=0, fault_count=0,
                verify=types.SimpleNamespace(result="good"),
                smmus=[types.SimpleNamespace(result="done")])
            vars(result).update(changes)
            made.append(server.Round(result, 1, 1))
        return made

    def test_a_stage_that_did_less_is_a_failure(self):
        server.check_rounds(self.rounds(), 1, False)
        other = types.SimpleNamespace(bdf=9, flags=0, result="gone",
                                      mastering_before=0)
        function = self.rounds()[0].report.functions[0]
        for bad in (self.rounds(count=1), self.rounds(functions=[]),
                    self.rounds(flags=1), self.rounds(fault_count=1),
                    self.rounds(verify=types.SimpleNamespace(result="bad")),
                    self.rounds(smmus=[types.SimpleNamespace(
                        result="stuck")]),
                    self.rounds(functions=[types.SimpleNamespace(
                        **dict(vars(function), result="reset-timeout"))])):
            with self.assertRaises(server.Failed):
                server.check_rounds(bad, 1, False)
        twice = self.rounds()
        twice[1].report.functions.append(other)
        with self.assertRaises(server.Failed):
            server.check_rounds(twice, 1, False)
        for count, busmaster in ((2, False), (1, True)):
            with self.assertRaises(server.Failed):
                server.check_rounds(self.rounds(), count, busmaster)

    def test_what_was_recorded_is_checked_before_it_is_replayed(self):
        read = server.Access(False, 0, 0)
        other = server.Access(False, 4, 0)
        masters = self.rounds()
        masters[0].report.functions = [types.SimpleNamespace(**dict(
            vars(masters[1].report.functions[0]), mastering_before=1))]
        for busmaster, first, again, good in (
                (False, self.rounds(), [read], True),
                (False, self.rounds(), [other], False),
                (False, self.rounds(count=1), [read], False),
                (False, self.rounds(flags=1), [read], False),
                (True, self.rounds(), [read], False),
                (True, masters, [other], True)):
            asked = []

            def run_functions(name, accesses, *_):
                asked.append(name)
                if name == "timed":
                    raise server.Failed(name)
                return first, [[read], again]

            with unittest.mock.patch.object(server, "run_functions",
                                            run_functions):
                with self.assertRaises(server.Failed):
                    server.functions(1, busmaster, None)
            self.assertEqual("timed" in asked, good)

    @staticmethod
    def run_of(functions, stage, replay, busmaster=False):
        """A run with these times, milliseconds."""
        return {"functions": functions, "busmaster": busmaster, "accesses": 7,
                "first_us": 0, "first_replay_us": 0, "rounds": [
                    {"stage_us": s * 1000, "replay_us": r * 1000,
                     "steps_us": {"walk": s * 10, "bridges": 0,
                                  "verify": 100}}
                    for s, r in zip(stage, replay)]}

    def test_what_is_fixed_and_what_grows(self):
        one = self.run_of(1, (150, 112, 110), (1, 9, 3))
        many = self.run_of(32, (134, 180, 136), (31, 21, 23))
        self.assertEqual(tables.work(one), 12000)
        self.assertEqual(tables.loop(many), 23000)
        self.assertEqual(tables.further(one, many, tables.work), 1.2)
        # Of 112 ms 1.12 are walked, of 136 ms 1.36; the wait is 100
        self.assertEqual(tables.steps_work(one), 1120 - 100000)
        self.assertAlmostEqual(tables.further(one, many, tables.steps_work),
                               0.012)

    def test_table_of_functions(self):
        text = "\n".join(tables.functions({"runs": [
            self.run_of(1, (150, 112, 110), (1, 9, 3)),
            self.run_of(32, (134, 180, 136), (31, 21, 23))]}))
        self.assertIn("| walk | 1.1 | 1.4 |", text)
        self.assertNotIn("bridges", text)
        self.assertIn("| report and device tree | 110.9 | 134.6 |", text)
        self.assertIn("| **whole stage** | 112.0 | 136.0 |", text)
        self.assertIn("| bare loop, all rounds | 1.0 to 9.0 | 21.0 to 31.0 |",
                      text)
        self.assertIn("fixed costs and all: 1: 4; 32: 1.57.", text)
        self.assertIn("32: 1.2 (target: at most 1.3, met)", text)

    def test_bus_masters_are_compared_with_one_bus_master(self):
        text = "\n".join(tables.functions({"runs": [
            self.run_of(1, (101,), (1,)),
            self.run_of(1, (103,), (2,), busmaster=True),
            self.run_of(32, (163,), (52,), busmaster=True)]}))
        self.assertIn("bare loop: 32, bus masters: 1.2 (target", text)
        # Numbers of before there was that one
        tables.functions({"runs": [
            self.run_of(1, (101,), (1,)),
            self.run_of(32, (163,), (52,), busmaster=True)]})

    def test_as_many_devices_as_asked_for(self):
        for count in 1, 8, 9, 256:
            args = server.function_devices(count)[0].args
            rngs = [word for word in args if word.startswith("virtio-rng")]
            ports = [word for word in args if word.startswith("pcie-root")]
            self.assertEqual(len(set(rngs)), count)
            self.assertEqual(len(set(ports)), -(-count // 8))


class Document(unittest.TestCase):
    """The tables go between the markers and nowhere else."""

    def test_replaces_what_was_there(self):
        text = "a\n%s\nold\n%s\nb\n" % (tables.BEGIN, tables.END)
        once = tables.replace(text, ["new"])
        self.assertEqual(once, "a\n%s\n\nnew\n%s\nb\n"
                         % (tables.BEGIN, tables.END))
        self.assertEqual(tables.replace(once, ["new"]), once)

    def test_numbers_of_before_can_be_shown(self):
        known = json.loads((DOCS / "performance.json").read_text())
        text = (DOCS / "performance.md").read_text()
        tables.replace(text, tables.document(known))

    def test_no_markers_is_an_error(self):
        with self.assertRaises(ValueError):
            tables.replace("nothing", ["new"])

    def test_verdict(self):
        self.assertIn("met", tables.verdict(0.35, 0.35))
        self.assertIn("**missed**", tables.verdict(0.351, 0.35))


if __name__ == "__main__":
    unittest.main()
