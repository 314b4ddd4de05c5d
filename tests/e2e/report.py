# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the stage's report (docs/report-format.md) without our C code, so
that writer and reader are not wrong together."""

import collections
import hashlib
import struct

MAGIC = b"\x89KQREPT\n"
VERSION = 1

# kq_report_function.flags
BRIDGE, VF = 1 << 0, 1 << 1
UNLISTED, OFFENDER = 1 << 16, 1 << 17
BME_CLEARED, FLR_DONE, AF_FLR_DONE = 1 << 18, 1 << 19, 1 << 20
RESTORED = 1 << 21

RESULTS = ("not-reached quiet reset reset-with-pf left-alone skipped observed "
           "gone replaced unreachable no-config-access still-mastering "
           "reset-timeout").split()
POLICIES = {0: "none", 1: "abort", 2: "bypass", 3: "preserve", 4: "sink"}
SMMU_RESULTS = "not-reached done unreachable stuck left-alone".split()

_HEADER = struct.Struct("<8sIIII32s16s16sQ32s8I")
STEPS = ("plan masters evidence pending walk reset restore bridges probe smmu "
         "errors verify").split()
_STEPS_AT = 160
_SECTIONS = 256
_STRAYS = 320
_UPDATE = struct.Struct("<IQ")
_UPDATE_AT = 340
_VERIFY = 352
_FUNCTION = struct.Struct("<HHHHIIIHHI" "IIIIII" "4IIIII" "I32s")
_SMMU = struct.Struct("<QIIIIIIIIIIII")
_VERIFY_STRUCT = struct.Struct("<IIIIQII")
_STRAY = struct.Struct("<IIIIQQ48s")

Function = collections.namedtuple(
    "Function", "bdf flags result stream_id mastering_before command_after "
    "reset_us driver")
Smmu = collections.namedtuple(
    "Smmu", "base policy applied flags result probe_us probe_events "
    "aborted_streams")
# of Verify: its parts, its flags
STAGE, PAYLOAD, INITRD = 1, 2, 4
CACHED, SHA2, LATE = 1, 2, 4
VERIFY_RESULTS = "not-asked good bad too-slow fault".split()
Verify = collections.namedtuple("Verify", "result parts bad flags bytes")
Stray = collections.namedtuple("Stray", "smmu stream_id count event")


class Bad(Exception):
    """There is no whole report."""


class Report:
    """A report found in a flattened device tree (or bare)."""

    def __init__(self, data):
        start = data.find(MAGIC)
        if start < 0:
            raise Bad("no report in the device tree")
        data = data[start:]
        if len(data) < _VERIFY + 32:
            raise Bad("report is cut off")
        (_, version, _, size, self.flags, digest, load_id, boot_id, _, _,
         self.kind, _, _, self.exception_level, self.plan_error,
         self.fault_count, _, self.total_us) = _HEADER.unpack_from(data)
        if version != VERSION:
            raise Bad("report has version %d" % version)
        if size > len(data):
            raise Bad("report is cut off")
        self.data = data = data[:size]
        if hashlib.sha256(data[:24] + bytes(32) + data[56:]).digest() \
                != digest:
            raise Bad("report's SHA-256 is wrong")
        self.region_error, self.plan_generation = _UPDATE.unpack_from(
            data, _UPDATE_AT)
        # microseconds: name to (start, duration)
        self.steps = {name: struct.unpack_from("<II", data, _STEPS_AT + 8 * i)
                      for i, name in enumerate(STEPS)}
        self.load_id, self.boot_id = load_id.hex(), boot_id.hex()
        self.functions = [self._function(entry)
                          for entry in _section(data, 0)]
        self.smmus = [self._smmu(entry) for entry in _section(data, 1)]
        result, parts, bad, flags, size, _, _ = _VERIFY_STRUCT.unpack_from(
            data, _VERIFY)
        self.verify = Verify(VERIFY_RESULTS[result], parts, bad, flags, size)
        self.event_count = len(_section(data, 2))
        self.strays = [Stray(*_STRAY.unpack_from(entry)[:4])
                       for entry in _section_at(data, _STRAYS)]

    @staticmethod
    def _function(entry):
        (segment, bdf, _, _, _, flags, result, _, _, stream_id, before, after,
         *_, reset_us, _, driver) = _FUNCTION.unpack_from(entry)
        return Function("%04x:%02x:%02x.%x" % (
            segment, bdf >> 8, bdf >> 3 & 31, bdf & 7), flags,
            RESULTS[result], stream_id, bool(before & 4), after & 0xffff,
            reset_us, driver.split(b"\0")[0].decode("ascii", "replace"))

    @staticmethod
    def _smmu(entry):
        (base, _, policy, applied, flags, result, _, _, _, _, probe_us,
         probe_events, aborted_streams) = _SMMU.unpack_from(entry)
        return Smmu(base, POLICIES[policy], POLICIES[applied], flags,
                    SMMU_RESULTS[result], probe_us, probe_events,
                    aborted_streams)


def _section(data, index):
    """The entries of one of the first three tables."""
    return _section_at(data, _SECTIONS + 16 * index)


def _section_at(data, place):
    offset, count, size, _ = struct.unpack_from("<IIII", data, place)
    return [data[offset + i * size:offset + (i + 1) * size]
            for i in range(count)]
