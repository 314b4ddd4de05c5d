# SPDX-License-Identifier: GPL-2.0-or-later
"""Judge a run by QEMU's trace and by what the guest wrote on its console."""

import base64
import gzip
import hashlib
import json
import re
import uuid

import machine
import report as reporting
import trace as tracing
from trace import BUSY, HANDOVER, STAGE, QUIET

_NOTE = re.compile(r"KQ: (.*)$")
# Streams that are busy up to the crash, and how many transactions stock
# kexec lets land at least; measured are four times these
_BUSY_SIDS = {0x10: 2000, 0x100: 2000, 0x200: 2000, 0x18: 8000}
# No machine is so busy that bus masters are off only then
_SLOW_US = 5000000


class Run:
    """What one run left behind: console, notes, trace (if there is one)."""

    def __init__(self, case, console, trace_path):
        self.case = case
        self.console = [line for _, line in console]
        self.notes = [match[1] for match in map(_NOTE.search, self.console)
                      if match]
        self.image = self._loaded_image() or self._file_loaded_image()
        self.trace = None
        if self.image and trace_path:
            with open(trace_path, encoding="utf-8",
                      errors="replace") as lines:
                self.trace = tracing.Trace(lines, self.image)

    @property
    def never_left(self):
        """The first kernel was told to leave and hung before the hand-over:
        in an emulator that happens to stock kexec's kernels, too."""
        return (self.note("leaving") is not None and bool(self.trace)
                and HANDOVER not in self.trace.times
                and not any("Bye!" in line for line in self.console))

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

    @property
    def syscall(self):
        """The system call that loaded the image; `kexec -d` tells of one."""
        return "load" if self.note("kexec kexec_load:") else "file"

    def _loaded_image(self):
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
        return tracing.Image(entry, largest["mem"],
                             largest["mem"] + largest["sz"], self._region())

    def _file_loaded_image(self):
        """Where the kernel said it put the image, which is entered without a
        purgatory. Older kexec-tools do not make it talk, but then it is the
        first thing in the crash region."""
        for line in self.console:
            match = re.search(r"Loaded kernel at 0x(\w+) bufsz=\w+ "
                              r"memsz=0x(\w+)", line)
            if match:
                start, size = int(match[1], 16), int(match[2], 16)
                return tracing.Image(start, start, start + size,
                                     self._region())
        region = self._region()
        return region and tracing.Image(region[0], *region, region)

    def _region(self):
        """First address of the crash region, and the first one after it."""
        match = re.search(r"(\w+)-(\w+) : Crash kernel",
                          self.note("crash region") or "")
        return (int(match[1], 16), int(match[2], 16) + 1) if match else None


def judge(run):
    """All checks of the case: a list of (passed, sentence)."""
    results = [_went_through(run)]
    if run.case.first == "first":
        results.append((run.syscall == run.case.syscall,
                        "loaded by system call %s" % run.syscall))
    if results[0][0]:
        for check in run.case.checks:
            results += CHECKS[check](run)
    return results


def _went_through(run):
    if run.note("done") is None and "hits" not in run.case.checks:
        return False, "the run came to its end"
    if run.case.first == "first" and (
            not run.trace or STAGE not in run.trace.times):
        return False, "the next kernel's image was entered"
    return True, "the run came to its end"


def check_busy(run):
    """Nothing is proved by silence of devices that were silent before."""
    names = {sid: machine.device_name(sid) for sid in _BUSY_SIDS}
    return [(run.trace.landed_in(sid, BUSY) > 0, "%s was busy before" % name)
            for sid, name in names.items() if name != run.case.offender]


def check_noisy(run):
    """With stock kexec the devices go on: the judge can see it."""
    results = check_busy(run)
    # Without purgatory, and with a small kernel, they have a tenth of the time
    fast = 10 if run.case.syscall == "file" else 1
    for sid, least in _BUSY_SIDS.items():
        least //= fast
        count = run.trace.landed_in(sid, HANDOVER, STAGE, QUIET)
        results.append((count >= least, "%s goes on with stock kexec: %d" % (
            machine.device_name(sid), count)))
    return results


def check_quiet(run):
    """The stage first of all switches bus masters off. From a device's own
    nothing of it lands, and from the last one nothing at all. Order and not
    time is judged, or nearly: how long a write takes is the emulator's."""
    trace = run.trace
    spared = set(machine.ROOT_PORT_SIDS) | set(run.case.skipped_sids)
    quiet = {sid: trace.landed_in(sid, QUIET) for sid in trace.sids()
             if sid not in spared}
    off = {sid: trace.after_off[sid] for sid in quiet}
    left_on = [machine.device_name(sid) for sid in trace.left_on() - spared]
    took = trace.times[QUIET] - trace.times[STAGE]
    # What the plan does not have must be found first, which takes its time
    early = trace.before_masters_off(
        [machine.HOT.bdf] if "unlisted" in run.case.checks else ())
    return check_busy(run) + [
        (trace.payload is not None, "the stage ends in its payload"),
        (not left_on, "every bus master is switched off%s"
         % (left_on and ": not " + " ".join(left_on) or "")),
        (took < _SLOW_US, "they are off after %.1f ms" % (took / 1e3)),
        (not early, "bus masters are off before anything else is written%s"
         % (early and ": %s" % (early[0],) or "")),
        _none_landed("no transaction lands after the last bus master off",
                     quiet),
        _none_landed("no transaction lands after its own bus master off",
                     off)]


def _none_landed(sentence, counts):
    landed = ["%s (0x%x) %d" % (machine.device_name(sid), sid, count)
              for sid, count in counts.items() if count]
    return not landed, sentence + (": " + ", ".join(landed) if landed else "")


def check_skipped(run):
    """A function that was left alone goes on, and the SMMU deals with it as
    the policy says, from the stage's last word to the SMMU on."""
    trace, results = run.trace, []
    for sid in run.case.skipped_sids:
        name = machine.device_name(sid)
        landed, pages = trace.settled[sid], trace.settled_pages[sid]
        if run.case.policy in ("bypass", "preserve"):
            results.append((landed > 0, "%s goes on under %s: %d" % (
                name, run.case.policy, landed)))
        elif run.case.policy == "sink":
            low, high = run.trace.image_region
            results.append((landed > 0 and len(pages) == 1 and all(
                low <= page << 12 < high for page in pages),
                "all %d of %s land in one page of the image: %s" % (
                    landed, name, " ".join(map(hex, sorted(pages)[:4])))))
        else:
            results.append((landed == 0 and trace.settled_stopped[sid] > 0,
                            "%s is stopped %d times and lands %d times" % (
                                name, trace.settled_stopped[sid], landed)))
    return results


def check_unlisted(run):
    """The stage finds what was plugged in after the load."""
    sid = machine.HOT.sid
    found = [function for function in _report(run).functions
             if function.bdf == "0000:" + machine.HOT.bdf]
    return [(run.trace.landed_in(sid, BUSY) > 0, "%s was busy before"
             % machine.HOT.name),
            (len(found) == 1 and found[0].flags & reporting.UNLISTED != 0
             and found[0].flags & reporting.BME_CLEARED != 0,
             "the report names it as unlisted, master off: %s" % found)]


def check_updated(run):
    """What was plugged in after the load is in the plan by an update in
    place: the stage deals with it as with all others, and it is the same
    load still."""
    report = _report(run)
    updates = [note for note in run.notes if note.startswith("update ")]
    plan = json.loads(run.file("plan") or b"{}")
    return _hot_is_listed(run, report) + [
        (updates == ["update 0 load %s generation %d" % (report.load_id, n)
                     for n in (1, 2)],
         "the plan of this load is updated twice: %s" % updates),
        (run.note("unloaded while updating") is None
         and run.note("loaded") == "0 1 0",
         "a crash kernel is loaded all the time"),
        (report.plan_generation == 2 and report.region_error == 0,
         "the stage uses update %d" % report.plan_generation),
        (run.note("out of reach") == "1 update-plan: the plan region is out "
         "of reach: this kernel has no /dev/mem (CONFIG_DEVMEM)",
         "without /dev/mem: %s" % run.note("out of reach")),
        ("can be updated in place" in (run.note("doctor") or ""),
         "quiescectl doctor: %s" % run.note("doctor")),
        (plan.get("generation") == 2 and machine.HOT.bdf in str(plan),
         "quiescectl plan --loaded shows update %s"
         % plan.get("generation"))]


def _hot_is_listed(run, report):
    """The plan that the stage used has what was plugged in."""
    found = [function for function in report.functions
             if function.bdf == "0000:" + machine.HOT.bdf]
    return [(len(found) == 1 and found[0].flags & reporting.UNLISTED == 0
             and found[0].flags & reporting.BME_CLEARED != 0
             and (found[0].result, found[0].driver) == ("quiet", "e1000e"),
             "%s is listed and quiet: %s" % (machine.HOT.name, found)),
            (run.trace.landed_in(machine.HOT.sid, BUSY) > 0,
             "%s was busy before" % machine.HOT.name)]


def check_updating(run):
    """A crash in the middle of an update, after many: a whole plan."""
    report = _report(run)
    return _hot_is_listed(run, report) + [
        (run.note("updating") == "going on",
         "updates go on up to the crash: %s"
         % run.note("updating")),
        (report.plan_generation > 10 and report.region_error == 0,
         "the stage uses update %d, error %d" % (
             report.plan_generation, report.region_error))]


def check_not_updated(run):
    """Where firmware reserves nothing, this is said in a line, and the plan
    in the image is used."""
    report = _report(run)
    return [(run.notes.count("update 1 update-plan: the loaded plan has no "
                             "plan region") == 2,
             "there is no plan region: %s" % run.note("update")),
            (report.plan_generation == 0 and report.region_error == 0,
             "the stage uses the plan in the image")]


def check_hits(run):
    """Stock kexec lets devices write into the next kernel's memory."""
    hits = sum(run.trace.hits[phase, sid] for sid in run.trace.sids()
               for phase in (STAGE, QUIET))
    broken = any(sign in line for line in run.console for sign in (
        "insecure W+X mapping", "Kernel panic - not syncing: "
        "level", "Oops", "Internal error")) or run.note("done") is None
    return [(hits > 0, "stock kexec: %d hits in the crash region" % hits),
            (True, "stock kexec: the next kernel was %s" %
             ("corrupted" if broken else "lucky"))]


def check_nohits(run):
    """Nothing writes into the next kernel's memory after the stage."""
    hits = sum(run.trace.hits[QUIET, sid] for sid in run.trace.sids())
    return [(hits == 0, "%d hits in the crash region after the stage" % hits)]


def check_vmcore(run):
    """The dump is there, of sane size, and belongs to this kernel."""
    if run.case.kernel == "6.1":
        return [(run.note("vmcore exists") is not None,
                 "/proc/vmcore exists")]
    size = int(run.note("vmcore size") or 0)
    return [
        (run.note("vmcore magic") == "7f454c46", "/proc/vmcore is an ELF"),
        (run.note("vmcore readable") is not None, "/proc/vmcore is readable"),
        ("OSRELEASE=" in (run.note("vmcore release") or ""),
         "/proc/vmcore names the crashed kernel"),
        (machine.RAM_SIZE * 3 // 4 < size < machine.RAM_SIZE * 5 // 4,
         "/proc/vmcore has a sane size: %d MiB" % (size >> 20))]


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


def _report(run):
    """The report in the device tree that the guest handed over."""
    return reporting.Report(gzip.decompress(run.file("fdt") or b""))


# Plan invalid and stage fault; a budget that a busy machine used up is not
# the stage's fault, and waits that are cut short show in the results
_TROUBLE = 1 << 0 | 1 << 2


def check_report(run):
    """Our own report is there and says what the trace says."""
    try:
        report = _report(run)
    except (reporting.Bad, EOFError, OSError) as error:
        return [(False, "report: %s" % (error or "not there"))]
    results = [
        (report.flags & _TROUBLE == 0, "the stage had no trouble of its own: "
         "flags 0x%x, plan error %d" % (report.flags, report.plan_error)),
        (report.boot_id == uuid.UUID(run.note("boot")).hex,
         "the report is of this boot"),
        (report.exception_level == int(run.case.el[0]),
         "the stage ran at EL%d" % report.exception_level)]
    results.append(_verified(run, report.verify))
    results.append(_masters_first(report))
    results += _functions_agree(run, report)
    results += _smmu_agrees(run, report)
    return results + _quiescectl_agrees(run, report)


def _verified(run, verify):
    """What was loaded was verified: through the caches, and not before all
    was quiet."""
    if "--verify=" in run.case.args:
        return (verify.result == "not-asked",
                "the stage verifies nothing: %s" % verify.result)
    parts = reporting.STAGE | reporting.PAYLOAD | reporting.INITRD
    late = reporting.LATE if run.case.skip else 0
    return (verify.result == "good" and verify.parts == parts
            and verify.flags == reporting.CACHED | reporting.SHA2 | late,
            "the stage verified %.1f MiB: %s, parts %d, flags %d"
            % (verify.bytes / (1 << 20), verify.result, verify.parts,
               verify.flags))


def _masters_first(report):
    """Nothing that takes its time came before bus masters were off."""
    end = sum(report.steps["masters"])
    early = [name for name, (start, duration) in report.steps.items()
             if duration and start < end and name not in ("plan", "masters")]
    return (not early, "bus masters are off before the other steps begin%s"
            % (early and ": not " + " ".join(early) or ""))


def _functions_agree(run, report):
    """What the report says of functions is what the trace shows."""
    wrong = []
    writes = run.trace.by_stage(run.trace.config)
    listed = {function.bdf[5:]: function for function in report.functions}
    for device in machine.DEVICES:
        if device.bdf not in listed:
            wrong.append("%s is not in the report" % device.name)
    for bdf, function in listed.items():
        own = [write for write in writes if write.bdf == bdf]
        cleared = any(write.register == 4 and not write.value & 4
                      for write in own)
        reset = any(_is_flr(run, bdf, write) for write in own)
        for claim, fact, what in (
                (function.flags & reporting.BME_CLEARED, cleared,
                 "bus master off"),
                (function.flags & reporting.FLR_DONE, reset, "FLR"),
                (function.mastering_before, run.trace.mastering(bdf),
                 "mastering before")):
            # Restoring after an FLR writes COMMAND, too
            if bool(claim) != fact and not (fact and reset
                                            and what == "bus master off"):
                wrong.append("%s %s: report says %s, trace %s" % (
                    bdf, what, bool(claim), fact))
    return [(not wrong, "report and trace agree on %d functions%s" % (
        len(listed), wrong and ": " + ", ".join(wrong[:4]) or ""))]


def _is_flr(run, bdf, write):
    """Is this write to Device Control, with the bit that resets?"""
    express = run.note("express 0000:" + bdf)
    return (express is not None and write.register == int(express) + 8
            and bool(write.value & 0x8000))


_GBPA, _STRTAB = 0x44, (0x80, 0x84, 0x88)
_SMMUEN, _GBPA_ABORT = 1, 1 << 20


def _smmu_agrees(run, report):
    """The SMMU was programmed as the policy asks and the report says."""
    # abort,0x9050000=bypass: the one SMMU's own policy counts
    policy = run.case.policy.rpartition("=")[2]
    results = [([(smmu.policy, smmu.result) for smmu in report.smmus]
                == [(policy, "done")], "the report says %s for the SMMU: %s"
                % (policy, report.smmus))]
    writes = run.trace.by_stage(run.trace.mmio)
    off = [write.order for write in writes
           if write.offset == tracing.SMMU_CR0 and not write.value & _SMMUEN]
    aborts = [write.order for write in writes
              if write.offset == _GBPA and write.value & _GBPA_ABORT]
    tables = [write for write in writes if write.offset in _STRTAB]
    if policy == "abort":
        right = bool(off and aborts) and min(aborts) <= min(off)
    elif policy == "bypass":
        right = bool(off) and not aborts
    elif policy == "sink":
        right = _runs_on_own_table(run, writes)
    else:
        right = not off and not tables
    return results + [(right, "trace: the SMMU was set to %s" % policy)]


def _runs_on_own_table(run, writes):
    """The stage's last word: a stream table in the image, and SMMUEN."""
    low, high = run.trace.image_region
    base = [write.value & 0xffffffffffffc0 for write in writes
            if write.offset == _STRTAB[0]]
    switch = [write.value for write in writes
              if write.offset == tracing.SMMU_CR0]
    return bool(base and switch) and low <= base[-1] & 0xfffffffffffff < high \
        and bool(switch[-1] & _SMMUEN)


def check_probed(run):
    """The probe window names whom the stage left alone, and nobody else."""
    report = reporting.Report(gzip.decompress(run.file("fdt") or b""))
    named = {stray.stream_id for stray in report.strays}
    spared = set(run.case.skipped_sids)
    events = run.trace.mmio and sum(s.probe_events for s in report.smmus)
    return [
        (named == spared, "the probe window names %s: %s" % (
            " ".join(run.case.skip) or "nobody",
            " ".join(map(hex, sorted(named))) or "nobody")),
        (bool(events) == bool(spared), "it caught %d transactions" % events),
        (all(smmu.probe_us >= 50000 for smmu in report.smmus),
         "it was open for %s us" % " ".join(
             str(smmu.probe_us) for smmu in report.smmus))]


def _quiescectl_agrees(run, report):
    """quiescectl prints what the report holds."""
    data = run.file("json") or b""
    if run.note("quiescectl report") is None:
        return []
    if run.note("quiescectl report") != "0":
        return [(False, "quiescectl report: %s" % (
            (run.file("report") or b"no output").decode()[-200:]))]
    try:
        json.loads(data)
    except ValueError as error:
        return [(False, "quiescectl report --json: %s" % error)]
    missing = [function.bdf for function in report.functions
               if function.bdf.encode() not in data]
    return [(not missing, "quiescectl report --json names every function%s"
             % (missing and ": not " + " ".join(missing) or ""))]


def check_kept(run):
    """The report is kept once, as it was, and saved beside the dump."""
    report = _report(run)
    said = (run.file("kept") or b"").decode()
    saved = (run.file("hook") or b"").decode()
    kept = gzip.decompress(run.file("kept.gz") or gzip.compress(b""))
    return [
        (run.note("collect") == "0" and ": kept and logged\n" in said,
         "quiescectl report --collect: %s" % said[:200].strip()),
        (": kept and logged before\n" in said and
         "\n1 " in said and report.load_id[:8] in said, "once"),
        (kept == report.data,
         "the file is the report"),
        (run.note("hook") == "0" and "functions quiet" in saved,
         "kdump-hook saves it: %s" % saved.split("\n")[0]),
        ("kexec-quiesce: the report is in /tmp/dump/" in saved,
         "and says so in the kernel's log")]


def check_offender(run):
    """Stock kexec leaves an unbound function bus-mastering."""
    bdf = (run.note("offender") or "")[5:]
    return [(bool(bdf) and run.trace.mastering(bdf),
             "%s (%s) is left bus-mastering" % (run.case.offender, bdf))]


def check_gentle(run):
    """Orderly kexec: the stage touches offenders only, and names them."""
    offender = run.note("offender")
    written = {write.bdf for write in run.trace.by_stage(run.trace.config)}
    expected = {offender[5:]} if offender else set()
    results = [(written == expected, "the stage wrote to %s only: %s" % (
        offender or "nothing", " ".join(sorted(written)) or "nothing"))]
    report = _report(run)
    named = {function.bdf for function in report.functions
             if function.flags & reporting.OFFENDER}
    results.append((named == ({offender} if offender else set()),
                    "the report names %s" % (" ".join(named) or "nobody")))
    if offender:
        results.append((any(
            _is_flr(run, write.bdf, write) for write in
            run.trace.by_stage(run.trace.config)), "the offender is reset"))
    return results


def check_refused(run):
    """What a guest's own checks found: "good NAME: ..." or "bad NAME: ..."."""
    verdicts = [note for note in run.notes
                if note.startswith(("good ", "bad "))]
    return [(note.startswith("good "), note) for note in verdicts] + [
        (len(verdicts) > 1 and "done" in run.notes,
         "the guest came to the end of its checks")]


def _index(notes, note):
    """Index of a note, or of the end where nobody wrote it."""
    return notes.index(note) if note in notes else len(notes)


CHECKS = {name[len("check_"):]: function
          for name, function in list(globals().items())
          if name.startswith("check_")}
