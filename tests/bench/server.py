# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs of the emulated server of tests/e2e, reduced to what is measured."""

import collections
import pathlib
import shutil
import struct
import sys
import types

sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import cases
import debian
import guest
import judge
import machine
import report
import trace as tracing

CASE = "crash-6.12-dt"
BOOTING = "Booting Linux on physical CPU"
ECAM = 0x4010000000
ECAM_SIZE = 1 << 28
COMMAND = 4
# The driver is part of Debian's kernel
NO_DRIVER = "initcall_blacklist=virtio_pci_driver_init"
# Register of 00:00.0 and values: the guest's mark, and replay.c's
_MARK, _ROUND = (0x3c, 0xa1), (0x3c, 0xa2)
_FILE_MOST = 0x1f0000       # replay.S: its stack ends at 2 MiB

# One line of the landmarks plugin
Landmark = collections.namedtuple("Landmark", "cpu address instructions us")
# One access to configuration space; offset from the ECAM's start
Access = collections.namedtuple("Access", "write offset value")


class Failed(Exception):
    """A run did not show what it was for."""


def make_case(name, kexec, args=""):
    """A crash as tests/e2e has it, by stock kexec or ours."""
    case = cases.read()[CASE]
    case.name, case.kexec, case.args = name, kexec, args
    return case


def serve(case, options):
    """Run a case; returns what it left behind, as judge.Run, its console's
    lines with times, and the directory of its files."""
    directory = options.logs / case.name
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    with machine.scratch(directory) as work:
        if case.disk:
            console, error = debian.run(case, options.root, work)
        else:
            guest.write_initrd(work / "initrd", case, options.root)
            console, error = machine.run(case, work)
    if error:
        raise Failed("%s: %s; see %s" % (case.name, error, directory))
    return judge.Run(case, console, None), console, directory


# Hand-over to payload: times and instructions

def read_landmarks(lines):
    """What the plugin wrote, in order."""
    words = (line.split() for line in lines)
    return [Landmark(int(cpu), int(address, 16), int(count), int(us))
            for cpu, address, count, us in words]


def hand_over(landmarks, image, ours):
    """First landmarks of the hand-over and of the payload: purgatory's and
    the kernel's first instruction. Of a quiesce image the stage is at the
    start, the payload at a later multiple of 2 MiB."""
    payload = [mark for mark in landmarks
               if image.start + bool(ours) <= mark.address < image.end
               and mark.address % tracing.PAYLOAD_ALIGN == 0]
    if not landmarks or not payload:
        raise Failed("the next kernel was not entered")
    return landmarks[0], payload[0]


def booting_us(console):
    """When the console showed the second kernel's first line, or None."""
    shown = [when for when, line in console if BOOTING in line]
    return shown[1] * 1e6 if len(shown) > 1 else None


def crash(case, options):
    """Crash once; microseconds and instructions from the hand-over on."""
    region = "low=0x%x,high=0x%x" % (0xd0000000, 0x100000000)
    case.observe = lambda directory: [
        "-plugin", "%s,out=%s,%s" % (options.build / "landmarks.so",
                                     directory / "landmarks", region)]
    case.ended = lambda lines: booting_us(lines) is not None
    run, console, directory = serve(case, options)
    if booting_us(console) is None:
        raise Failed("%s: the next kernel did not start; see %s"
                     % (case.name, directory))
    with open(directory / "landmarks", encoding="ascii") as lines:
        first, payload = hand_over(read_landmarks(lines), run.image,
                                   case.ours)
    return {"kernel_us": payload.us - first.us,
            "booting_us": round(booting_us(console) - first.us),
            "instructions": payload.instructions - first.instructions}


def loaded_bytes(options):
    """Bytes of kernel and initrd that a crash loads."""
    case = make_case("bytes", "ours")
    return len(case.image.read_bytes()) + len(
        guest.next_initrd(case, options.root))


# The last DMA

def last_dma(trace):
    """Microseconds from the hand-over to the last transaction of any
    endpoint that landed before the next kernel's drivers, and how many
    there were after the hand-over."""
    start = trace.times[tracing.HANDOVER]
    sids = [sid for sid in trace.sids() if sid not in machine.ROOT_PORT_SIDS]
    last = max((trace.last_landed_us.get(sid, 0) for sid in sids), default=0)
    landed = sum(trace.landed_in(sid, tracing.HANDOVER, tracing.STAGE,
                                 tracing.QUIET) for sid in sids)
    return {"last_us": max(last - start, 0), "landed": landed}


def crash_traced(case, options):
    """Crash once with every transaction traced."""
    case.ended = lambda lines: any("KQ: next kernel" in line
                                   for _, line in lines)
    _, console, directory = serve(case, options)
    run = judge.Run(case, console, directory / "trace")
    (directory / "trace").unlink()
    if not run.trace or tracing.HANDOVER not in run.trace.times:
        raise Failed("%s: no hand-over in the trace" % case.name)
    if not all(good for good, _ in judge.check_busy(run)):
        raise Failed("%s: the devices were not busy" % case.name)
    return last_dma(run.trace)


# What a load costs

def read_loads(notes):
    """Loads by name: dicts of what measure-load said."""
    loads = collections.defaultdict(list)
    for note in notes:
        words = note.split()
        if words[0] != "measured":
            continue
        if len(words) != 7:
            raise Failed("the load was not measured: " + note)
        name, status, wall, cpu, memory, loaded = words[1:]
        if status != "0" or loaded != "1":
            raise Failed("the load failed: " + note)
        loads[name].append({"wall_us": int(wall), "cpu_us": int(cpu),
                            "memory_kib": int(memory)})
    return loads


def load(options):
    """Load by turns, stock and ours; see guest/loads."""
    case = make_case("loads", "ours")
    case.first = "loads"
    case.observe = lambda directory: []
    run, _, directory = serve(case, options)
    loads = read_loads(run.notes)
    if not loads["stock"] or len(loads["stock"]) != len(loads["ours"]):
        raise Failed("not all loads were measured; see %s" % directory)
    image, initrd = (int(word) for word in run.note("sizes").split())
    return {"loads": loads, "image": image, "initrd": initrd}


# What a refresh costs

REFRESH = ("refresh-after-last-event-ms", "refresh-without-kernel-ms",
           "reload-ms", "reload-without-kernel-ms")


def read_numbers(notes, names):
    """The numbers of these names that the guest told."""
    told = dict(note.split()[1:3] for note in notes
                if note.startswith("number "))
    missing = [name for name in names if name not in told]
    if missing:
        raise Failed("the guest did not tell " + ", ".join(missing))
    return {name: float(told[name]) for name in names}


def refresh(options):
    """A refresh of quiesced and a reload by kdump-tools, as the Debian guest
    of tests/e2e measures them."""
    case = cases.read()["debian-daemon"]
    case.name = "bench-refresh"
    run, _, _ = serve(case, options)
    return {"numbers": read_numbers(run.notes, REFRESH)}


# Many functions

def function_devices(count):
    """So many functions that can be reset, eight to a root port."""
    args = []
    for i in range(count):
        port, function = divmod(i, 8)
        if function == 0:
            args += ["-device", "pcie-root-port,id=fp%d,bus=pcie.0,addr=%x.%x"
                     ",multifunction=on,chassis=%d,hotplug=off"
                     % (port, 16 + port // 8, port % 8, port + 1)]
        args += ["-device", "virtio-rng-pci,disable-legacy=on,"
                 "iommu_platform=on,bus=fp%d,addr=0.%x,multifunction=on"
                 % (port, function)]
    return [types.SimpleNamespace(nic=False, args=args)]


def read_accesses(lines):
    """Accesses to configuration space after the guest's mark, in order, from
    a trace of all accesses to devices: a list for each round."""
    rounds = [[]]
    for line in lines:
        words = line.split()
        if "name 'pcie-mmcfg" not in line:
            continue
        value = {key: word for key, word in zip(words, words[1:])}
        access = Access(":memory_region_ops_write" in words[0],
                        int(value["addr"], 16) % ECAM_SIZE,
                        int(value["value"], 16) & 0xffffffff)
        if access.write and (access.offset, access.value) == _MARK:
            rounds = [[]]
        elif access.write and (access.offset, access.value) == _ROUND:
            rounds.append([])
        else:
            rounds[-1].append(access)
    return rounds[:-1]


def same_work(first, again):
    """Whether two rounds touched the same registers in the same order."""
    return [access[:2] for access in first] == [
        access[:2] for access in again]


def replay_table(accesses):
    """What replay.c wants: first, untimed, each function's COMMAND as the
    stage found it, then every access."""
    found = {}
    for access in accesses:
        if access.offset % 4096 == COMMAND and not access.write:
            found.setdefault(access.offset, access.value & 0xffff)
    entries = [Access(True, *item) for item in found.items()] + accesses
    return struct.pack("<IIII", len(found), len(accesses), 0, 0) + b"".join(
        struct.pack("<QII", ECAM + access.offset | access.write,
                    access.value, 0) for access in entries)


# One round: the stage's report, and microseconds of stage and bare loop; the
# stage's are 0 when it was entered by others
Round = collections.namedtuple("Round", "report stage_us replay_us")


def replay_rounds(console):
    """What replay.c tells."""
    lines = [line for _, line in console]
    if "replay end" not in lines:
        raise Failed("the payload did not come to its end")
    rounds = []
    for line in lines[:lines.index("replay end")]:
        name, _, rest = line.partition(" ")
        if line == "round":
            rounds.append({"fdt": ""})
        elif name == "fdt":
            rounds[-1]["fdt"] += rest
        elif name in ("stage", "replay") and rounds:
            ticks, rate = (int(word, 16) for word in rest.split())
            rounds[-1][name] = ticks * 1e6 / rate
    if not rounds:
        raise Failed("the payload was not entered")
    return [Round(report.Report(bytes.fromhex(each["fdt"])), each["stage"],
                  each["replay"]) for each in rounds]


def _work(result):
    """What the stage did, as far as it is the same each time."""
    return [(f.bdf, f.flags, f.result) for f in result.functions]


def check_round(result, count, busmaster):
    """That the stage did all of its work."""
    reset = [f for f in result.functions if f.flags & report.FLR_DONE]
    if len(reset) != count:
        raise Failed("%d functions were reset, not %d" % (len(reset), count))
    if any(f.result != "reset" or not f.flags & report.RESTORED
           for f in reset):
        raise Failed("not all functions came back")
    mastering = sum(f.mastering_before for f in reset)
    if mastering != busmaster * count:
        raise Failed("%d functions were bus masters" % mastering)
    if result.flags or result.fault_count or \
            result.verify.result != "good" or \
            any(smmu.result != "done" for smmu in result.smmus):
        raise Failed("the stage had trouble")


def check_rounds(rounds, count, busmaster):
    """That the stage did all of its work each time."""
    if len(rounds) < 2:
        raise Failed("the stage was not entered again")
    for each in rounds:
        check_round(each.report, count, busmaster)
        if _work(each.report) != _work(rounds[0].report):
            raise Failed("the stage did something else the second time")


def run_functions(name, accesses, count, busmaster, options):
    """The stage on so many functions, with these accesses to replay; a trace
    of its accesses if there are none. Returns the rounds and the accesses of
    each."""
    case = make_case("functions-%d%s-%s" % (
        count, "-masters" * busmaster, name), "ours",
                     "--quiesce-budget=60000")
    case.first = "functions"
    if not busmaster:
        case.append = NO_DRIVER
    case.devices = function_devices(count)
    case.next_image = options.logs / "replay"
    options.logs.mkdir(parents=True, exist_ok=True)
    image = (options.build / "replay.bin").read_bytes()
    image += replay_table(accesses)
    if len(image) > _FILE_MOST:
        raise Failed("too many accesses to replay")
    case.next_image.write_bytes(image)
    case.observe = lambda directory: [] if accesses else machine.observe(
        directory, ("memory_region_ops_read", "memory_region_ops_write"))
    _, console, directory = serve(case, options)
    rounds = replay_rounds(console)
    if accesses:
        return rounds, []
    with open(directory / "trace", encoding="utf-8",
              errors="replace") as lines:
        traced = read_accesses(lines)
    (directory / "trace").unlink()
    return rounds, traced


def functions(count, busmaster, options):
    """The stage on so many functions, and the bare loop of its accesses: the
    first run tells which they are, the second times both."""
    rounds, traced = run_functions("recorded", [], count, busmaster, options)
    check_round(rounds[0].report, count, busmaster)
    # Nobody switches bus masters on again there
    if not busmaster:
        check_rounds(rounds, count, busmaster)
        if not same_work(traced[0], traced[1]):
            raise Failed("the stage's second run had other accesses")
    rounds, _ = run_functions("timed", traced[0], count, busmaster, options)
    check_rounds(rounds, count, busmaster)
    return {"functions": count, "busmaster": busmaster,
            "accesses": len(traced[0]),
            "first_us": rounds[0].report.total_us,
            "rounds": [{
                "stage_us": each.stage_us, "replay_us": each.replay_us,
                "steps_us": {name: duration for name, (_, duration)
                             in each.report.steps.items()}}
                       for each in rounds[1:]],
            "first_replay_us": rounds[0].replay_us}
