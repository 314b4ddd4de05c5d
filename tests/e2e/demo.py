# SPDX-License-Identifier: GPL-2.0-or-later
"""Crash the emulated server with stock kexec and with ours, and put what
happened side by side. Run by tests/demo."""

import pathlib
import shutil
import sys
import time

sys.dont_write_bytecode = True
import cases
import guest
import judge
import machine
from trace import HANDOVER, STAGE, QUIET

CASE = "crash-6.12-acpi-el2"
STREAMS = (0x10, 0x100, 0x200, 0x300, 0x400, 0x18)


class Column:
    """One run, as the table shows it."""

    def __init__(self, run):
        trace, self.run = run.trace, run
        self.early = {sid: trace.landed_in(sid, HANDOVER, STAGE)
                      for sid in STREAMS}
        self.late = {sid: trace.landed_in(sid, QUIET) for sid in STREAMS}
        self.all_late = sum(
            trace.landed_in(sid, QUIET) for sid in trace.sids()
            if sid not in machine.ROOT_PORT_SIDS)
        self.seconds = (trace.user_space_us - trace.times[HANDOVER]) / 1e6
        self.vmcore = all(ok for ok, _ in judge.check_vmcore(run))
        self.devices = all(ok for ok, _ in judge.check_devices(run))


def say(text):
    """A line of progress in the form of tests/functions.sh."""
    print("[%4d s] %s" % (time.time() - float(sys.argv[3]), text),
          file=sys.stderr, flush=True)


def crash(case, label, root, logs):
    """Run one case and return its column."""
    directory = logs / case.name
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    say("%s: booting the server (Debian %s, ACPI, EL2)" % (
        label, guest.Kernel(case.kernel).version))
    with machine.scratch(directory) as work:
        guest.write_initrd(work / "initrd", case, root)
        console, error = machine.run(
            case, work, lambda text: say("%s: %s" % (label, text)))
    run = judge.Run(case, console, directory / "trace")
    if error or run.note("done") is None:
        sys.exit("demo: the %s run failed: %s\n%s" % (
            label, error or "the guest did not come to its end",
            "\n".join(run.console[-15:])))
    return Column(run)


def table(stock, ours):
    """The table, as lines."""
    form = "%-34s %12s   %12s %12s"
    rule = "-" * len(form % (("",) * 4))
    lines = ["", form % ("", "stock kexec", "kexec-quiesce", ""),
             form % ("DMA transactions that land after", "", "until all bus",
                     "afterwards"),
             form % ("the hand-over, by device", "", "masters off", ""),
             rule]
    for sid in STREAMS:
        lines.append(form % (
            "  %-11s StreamID 0x%x" % (machine.device_name(sid), sid),
            "{:,}".format(stock.early[sid] + stock.late[sid]),
            "{:,}".format(ours.early[sid]), "{:,}".format(ours.late[sid])))
    rows = (("hand-over to capture user space", "%.1f s", "seconds"),
            ("/proc/vmcore readable", "%s", "vmcore"),
            ("drive and NICs work afterwards", "%s", "devices"))
    lines.append(rule)
    for title, style, name in rows:
        values = [getattr(column, name) for column in (stock, ours)]
        values = [{True: "yes", False: "NO"}[value]
                  if isinstance(value, bool) else style % value
                  for value in values]
        lines.append(form % (title, values[0], "", values[1]))
    return lines


def main():
    """Two runs, one table, our report."""
    root, logs = (pathlib.Path(word) for word in sys.argv[1:3])
    stock_case, our_case = (cases.read()[CASE] for _ in range(2))
    stock_case.use_stock()
    stock = crash(stock_case, "stock kexec", root, logs)
    ours = crash(our_case, "kexec-quiesce", root, logs)
    print("\n".join(table(stock, ours)))
    print("\nBoth were loaded with kexec -i; without it purgatory's checksum "
          "delays both\nby seconds, in which the devices go on.")
    print("\nWhat 'quiescectl report' prints in the capture kernel:\n")
    print((ours.run.file("report") or b"(no report)").decode().rstrip())
    good = (ours.all_late == 0 and ours.vmcore and ours.devices
            and sum(stock.early.values()) + sum(stock.late.values()) > 0)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
