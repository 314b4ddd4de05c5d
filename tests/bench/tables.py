# SPDX-License-Identifier: GPL-2.0-or-later
"""Turn what was measured into the tables of docs/performance.md."""

import statistics

from server import report

# The one that functions which are reset share
_WAIT_US = 100000
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"

HANDOVERS = (("stock", "stock, its SHA-256"), ("stock-i", "stock -i, no check"),
             ("ours", "ours, full verification"),
             ("ours-none", "ours --verify=none -i, no check"),
             ("ours-purgatory", "ours --verify=purgatory"))


def _table(heads, rows):
    """A Markdown table; numbers are right-aligned."""
    return ["| %s |" % " | ".join(heads),
            "|---|%s" % ("---:|" * (len(heads) - 1))] + [
            "| %s |" % " | ".join(row) for row in rows]


def _ms(values):
    """Median and range of microseconds, in milliseconds."""
    if len(values) == 1:
        return "{:,.1f} ms".format(values[0] / 1e3)
    return "{:,.1f} ms ({:,.1f} to {:,.1f})".format(
        statistics.median(values) / 1e3, min(values) / 1e3, max(values) / 1e3)


def verdict(value, target):
    """A ratio beside its target."""
    return "%.3g (target: at most %g, %s)" % (
        value, target, "met" if value <= target else "**missed**")


def _medians(runs, key):
    """Median of one number over the runs of each way to load."""
    return {name: statistics.median(run[key] for run in each)
            for name, each in runs.items()}


def hand_over(data):
    """Times and instructions from the hand-over to the next kernel."""
    runs = data["runs"]
    booting, counts = (_medians(runs, key)
                       for key in ("booting_us", "instructions"))
    rows = [(title, _ms([run["kernel_us"] for run in runs[name]]),
             _ms([run["booting_us"] for run in runs[name]]),
             "{:,}".format(round(counts[name])),
             "%.3f" % (counts[name] / counts["stock"]))
            for name, title in HANDOVERS if name in runs]
    lines = _table(("loaded by", "kernel's first instruction",
                    '"Booting Linux" on the console',
                    "instructions until the kernel", "of stock's"), rows)
    lines += ["", "Hand-over to \"Booting Linux\", ours with full "
              "verification against stock with its check: %s."
              % verdict(booting["ours"] / booting["stock"], 0.35)]
    if "ours-none" in counts:
        size = data["bytes"]
        lines += ["", "SHA-256 costs purgatory {:.1f} instructions for each "
                  "byte loaded, the stage {:.2f} (kernel and initrd: {:,} "
                  "bytes).".format(
                      (counts["stock"] - counts["stock-i"]) / size,
                      (counts["ours"] - counts["ours-none"]) / size, size)]
    return lines


def last_dma(data):
    """The last transaction of any endpoint."""
    runs = data["runs"]
    rows = [(title, _ms([run["last_us"] for run in runs[name]]),
             "{:,}".format(round(statistics.median(
                 run["landed"] for run in runs[name]))))
            for name, title in HANDOVERS if name in runs]
    last = _medians(runs, "last_us")
    return _table(("loaded by", "last DMA after the hand-over",
                   "transactions"), rows) + [
        "", "Ours against stock with its check: %s."
        % verdict(last["ours"] / last["stock"], 0.01)]


def functions(data):
    """The stage's steps on few and on many functions. What is of the stage
    in a column is of one round, the typical one."""
    runs = data["runs"]
    rounds = [typical(run) for run in runs]
    steps = [name for name in report.STEPS
             if any(each["steps_us"].get(name, 0) >= 500 for each in rounds)]
    rows = [(name, [each["steps_us"][name] for each in rounds])
            for name in steps]
    rows += [("report and device tree", [each["stage_us"] - in_steps(each)
                                         for each in rounds]),
             ("**whole stage**", [each["stage_us"] for each in rounds]),
             ("without the one wait", [work(run) for run in runs]),
             ("bare loop", [loop(run) for run in runs]),
             ("whole stage, the first time",
              [run["first_us"] for run in runs]),
             ("bare loop, the first time",
              [run["first_replay_us"] for run in runs])]
    rows = [(title, *("{:,.1f}".format(us / 1e3) for us in times))
            for title, times in rows]
    rows += [("whole stage, all rounds", *(_range(run, "stage_us")
                                           for run in runs)),
             ("bare loop, all rounds", *(_range(run, "replay_us")
                                         for run in runs)),
             ("accesses", *("{:,}".format(run["accesses"]) for run in runs))]
    names = ["{}{}".format(run["functions"], ", bus masters" *
                           run["busmaster"]) for run in runs]
    ones = {run["busmaster"]: run for run in runs if run["functions"] == 1}
    many = [(name, ones[run["busmaster"]], run) for name, run in
            zip(names, runs)
            if run["functions"] > 1 and run["busmaster"] in ones]
    return _table(("ms, by number of functions", *names), rows) + [
        "", "What each further function costs, stage against bare loop: "
        + _further(many, work) + ".",
        "The same without report and device tree, which the loop does not "
        "make: " + _further(many, steps_work) + ".",
        "Stage without its one wait against the bare loop, fixed costs and "
        "all: " + "; ".join("%s: %.3g" % (name, work(run) / loop(run))
                            for name, run in zip(names, runs)) + "."]


def _further(many, measure):
    """Each column beside the one of a single function."""
    return "; ".join("%s: %s" % (name, verdict(further(one, run, measure),
                                               1.3))
                     for name, one, run in many)


def _range(run, key):
    """Least and most of all rounds, in milliseconds."""
    times = [each[key] / 1e3 for each in run["rounds"]]
    return "{:,.1f} to {:,.1f}".format(min(times), max(times))


def typical(run):
    """The round in the middle, by how long the stage took."""
    ordered = sorted(run["rounds"], key=lambda each: each["stage_us"])
    return ordered[(len(ordered) - 1) // 2]


def in_steps(each):
    """Microseconds of a round's steps; the digests are part of a wait."""
    return sum(us for name, us in each["steps_us"].items()
               if name != "verify")


def work(run):
    """Microseconds of the stage without its one wait for resets."""
    return typical(run)["stage_us"] - _WAIT_US


def steps_work(run):
    """The same of the steps alone, in which all accesses are; of the round
    that is in the middle by these."""
    return statistics.median_low(map(in_steps, run["rounds"])) - _WAIT_US


def loop(run):
    """Microseconds of the bare loop, in the round in the middle."""
    return statistics.median_low(each["replay_us"] for each in run["rounds"])


def further(one, many, measure):
    """What the stage took for more functions, in units of what the loop
    took for them: the fixed part of both is left out."""
    return (measure(many) - measure(one)) / (loop(many) - loop(one))


def loads(data):
    """What a load costs."""
    titles = (("stock", "stock"), ("stock-i", "stock -i"), ("ours", "ours"),
              ("ours-unverified", "ours --verify=none -i"),
              ("dry-run", "ours --quiesce-dry-run: all but the stock kexec"))
    values = {name: {key: [load[key] for load in data["loads"][name]]
                     for key in data["loads"][name][0]}
              for name, _ in titles if name in data["loads"]}
    rows = [(title, _ms(values[name]["wall_us"]), _ms(values[name]["cpu_us"]),
             "%.1f MiB" % (statistics.median(values[name]["memory_kib"])
                           / 1024))
            for name, title in titles if name in values]
    median = {name: {key: statistics.median(numbers)
                     for key, numbers in keys.items()}
              for name, keys in values.items()}
    wall = median["ours"]["wall_us"] / median["stock"]["wall_us"]
    more = (median["ours"]["memory_kib"]
            - median["stock"]["memory_kib"]) / 1024
    return _table(("`kexec -p`", "wall time", "CPU time", "memory, most"),
                  rows) + [
        "", "Image {:,} bytes, initrd {:,} bytes, {} loads each, by turns. "
        "Wall time against stock: {}. Memory above stock: {:.1f} MiB "
        "(target: less than 20, {}).".format(
            data["image"], data["initrd"], len(data["loads"]["ours"]),
            verdict(wall, 1.3), more, "met" if more < 20 else "**missed**")]


def refresh(data):
    """Loading anew after a change."""
    numbers = data["numbers"]
    rows = [(title, *("{:,.0f} ms".format(numbers[name]) for name in names))
            for title, names in (
                ("quiesced, from the last uevent",
                 ("refresh-after-last-event-ms", "refresh-without-kernel-ms")),
                ("`kdump-config reload`, from its start",
                 ("reload-ms", "reload-without-kernel-ms")))]
    return _table(("a NIC is plugged in", "until loaded",
                   "without a crash kernel"), rows)


SECTIONS = (("hand-over", "Hand-over to the next kernel", hand_over),
            ("dma", "Hand-over to the last DMA", last_dma),
            ("functions", "The stage, by step and number of functions",
             functions),
            ("loads", "Loading", loads),
            ("refresh", "Loading anew when devices change", refresh))


def document(results):
    """All tables that there is something for, each with how it was made."""
    lines = []
    for name, title, make in SECTIONS:
        if name not in results:
            continue
        made = results[name]["made"]
        lines += ["### " + title, "", *make(results[name]), "",
                  "%s; %s; load average at the start %s. `%s`" % (
                      made["date"], made["machine"], made["load"],
                      made["command"]), ""]
    return lines


def replace(text, lines):
    """The document with these lines between its two markers."""
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError("no markers for the tables")
    return "%s%s\n\n%s\n%s%s" % (head, begin, "\n".join(lines), end, tail)
