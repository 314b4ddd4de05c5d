# SPDX-License-Identifier: GPL-2.0-or-later
"""Judge a run by QEMU's trace and by what the guest wrote on its console."""

import base64
import hashlib
import json
import re

import machine
import trace as tracing
from trace import BUSY, HANDOVER, STAGE, QUIET, DRIVERS

_NOTE = re.compile(r"KQ: (.*)$")
# Streams that are busy up to the crash, and how many transactions stock
# kexec lets land at least; measured are four times these
_BUSY_SIDS = {0x10: 2000, 0x100: 2000, 0x200: 2000, 0x18: 100000}


class Run:
    """What one run left behind: console, notes, trace."""

    def __init__(self, case, console, trace_path):
        self.case = case
        self.console = [line for _, line in console]
        self.notes = [match[1] for match in map(_NOTE.search, self.console)
                      if match]
        self.image = self._image()
        self.trace = None
        if self.image:
            with open(trace_path, encoding="utf-8",
                      errors="replace") as lines:
                self.trace = tracing.Trace(lines, self.image)

    def note(self, start):
        """Rest of the first note that starts so, or None."""
        for note in self.notes:
            if note.startswith(start + " ") or note == start:
                return note[len(start):].strip()
        return None

    def file(self, name):
        """A file that the guest handed over, or None."""
        try:
            start = self.notes.index("begin " + name) + 1
            end = self.notes.index("end " + name)
        except ValueError:
            return None
        return base64.b64decode("".join(self.notes[start:end]))

    def _image(self):
        """Where `kexec -d` said it put the largest segment, the image."""
        entry, segments = None, {}
        for note in self.notes:
            match = re.match(r"kexec kexec_load: entry = 0x(\w+)", note)
            if match:
                entry = int(match[1], 16)
            match = re.match(
                r"kexec segment\[(\d+)\]\.mem(sz)?\s*=\s*(?:0x)?(\w+)", note)
            if match:
                segments.setdefault(int(match[1]), {})[
                    match[2] or "mem"] = int(match[3], 16)
        whole = [s for s in segments.values() if len(s) == 2]
        if entry is None or not whole:
            return None
        largest = max(whole, key=lambda s: s["sz"])
        region = re.search(r"(\w+)-(\w+) : Crash kernel",
                           self.note("crash region") or "")
        return tracing.Image(
            entry, largest["mem"], largest["mem"] + largest["sz"],
            (int(region[1], 16), int(region[2], 16) + 1) if region else None)


def judge(run):
    """All checks of the case: a list of (passed, sentence)."""
    results = [_went_through(run)]
    if results[0][0]:
        for check in run.case.checks:
            results += CHECKS[check](run)
    return results


def _went_through(run):
    if run.note("done") is None:
        return False, "the run came to its end"
    if run.case.first == "first" and (
            not run.trace or STAGE not in run.trace.times):
        return False, "the next kernel's image was entered"
    return True, "the run came to its end"


def check_busy(run):
    """Nothing is proved by silence of devices that were silent before."""
    return [(run.trace.landed_in(sid, BUSY) > 0, "%s was busy before" %
             machine.device_name(sid)) for sid in _BUSY_SIDS]


def check_noisy(run):
    """With stock kexec the devices go on: the judge can see it."""
    results = check_busy(run)
    for sid, least in _BUSY_SIDS.items():
        count = run.trace.landed_in(sid, HANDOVER, STAGE, QUIET)
        results.append((count >= least, "%s goes on with stock kexec: %d" % (
            machine.device_name(sid), count)))
    return results


def check_quiet(run):
    """From 20 ms after the stage's first instruction nothing lands."""
    results = check_busy(run)
    late = {sid: run.trace.landed_in(sid, QUIET) for sid in run.trace.sids()
            if sid not in machine.ROOT_PORT_SIDS}
    landed = ["%s (0x%x) %d" % (machine.device_name(sid), sid, count)
              for sid, count in late.items() if count]
    results.append((not landed, "no transaction lands after the stage%s" % (
        landed and ": " + ", ".join(landed) or "")))
    return results


def check_hits(run):
    """Stock kexec lets devices write into the next kernel's memory."""
    hits = sum(run.trace.hits[phase, sid] for phase in (QUIET, DRIVERS)
               for sid in run.trace.sids())
    return [(hits > 0, "stock kexec: %d hits in the crash region" % hits)]


def check_nohits(run):
    """Nothing writes into the next kernel's memory after the stage."""
    hits = sum(run.trace.hits[QUIET, sid] for sid in run.trace.sids())
    return [(hits == 0, "%d hits in the crash region after the stage" % hits)]


def check_vmcore(run):
    """The dump is there, of sane size, and belongs to this kernel."""
    size = int(run.note("vmcore size") or 0)
    results = [
        (run.note("vmcore magic") == "7f454c46", "/proc/vmcore is an ELF"),
        (run.note("vmcore readable") is not None, "/proc/vmcore is readable"),
        ("OSRELEASE=" in (run.note("vmcore release") or ""),
         "/proc/vmcore names the crashed kernel")]
    if run.case.kernel != "6.1":
        # 6.1's own /proc/vmcore has a nonsense size with Debian's kexec
        results.append((machine.RAM_SIZE * 3 // 4 < size
                        < machine.RAM_SIZE * 5 // 4,
                        "/proc/vmcore has a sane size: %d MiB" % (size >> 20)))
    return results


def check_devices(run):
    """Drive and NICs work in the next kernel."""
    expected = hashlib.sha256(machine.drive_content()).hexdigest()
    after = run.notes[_index(run.notes, "next kernel"):]
    results = [("nvme " + expected in after,
                "the NVMe drive works in the next kernel")]
    for driver in run.case.variables()["KQ_NICS"].split():
        results.append(("rx %s yes" % driver in after,
                        "%s receives in the next kernel" % driver))
    return results


def check_clean(run):
    """The next kernel has nothing to complain about."""
    complaints = [note for note in run.notes if note.startswith("complaint")]
    return [(not complaints, "the next kernel boots cleanly%s" % (
        ": " + complaints[0] if complaints else ""))]


def check_report(run):
    """Our own report is there and says what the trace says."""
    data = run.file("json")
    if run.note("quiescectl report") != "0" or not data:
        return [(False, "quiescectl report: %s" % (
            (run.file("report") or b"no report").decode()[-200:]))]
    try:
        report = json.loads(data)
    except ValueError as error:
        return [(False, "quiescectl report --json: %s" % error)]
    return [(bool(report), "quiescectl report --json is JSON")]


def _index(notes, note):
    return notes.index(note) if note in notes else len(notes)


CHECKS = {name[len("check_"):]: function
          for name, function in list(globals().items())
          if name.startswith("check_")}
