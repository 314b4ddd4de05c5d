#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compare what we read from ACPI tables with what iasl -d says of them.

Tables: a synthetic IORT, and those of real machines in $KQ_TEST_DATA/acpi
(else ../shared/data/acpi beside the source), if there are any. StreamIDs are
worked out here once more from iasl's text, for every requester ID.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path("tests/unit")  # build directory
SMMU_TYPES = {0: 1, 1: 2, 2: 1, 3: 2, 4: 2, 5: 2}  # v1/v2 model -> our type
OTHER = 255


def disassemble(path, scratch):
    copy = scratch / "table.bin"
    shutil.copy(path, copy)
    subprocess.run(["iasl", "-d", copy.name], cwd=scratch, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return (scratch / "table.dsl").read_text(errors="replace")


def fields(dsl):
    """(offset, name, value) of each line; a flag's line has no offset."""
    line = re.compile(r"^(?:\[([0-9A-F]+)h \d+ +[0-9A-F]+h?\])? +(.*?) : ?(.*)$")
    for text in dsl.splitlines():
        match = line.match(text)
        if match:
            yield int(match[1] or "0", 16), match[2].strip(), match[3].strip()


def number(value):
    return int(value.split()[0], 16)


def parse_iort(dsl):
    nodes, oem = {}, {}
    node = mapping = None
    for offset, name, value in fields(dsl):
        if name in ("Oem ID", "Oem Table ID"):
            oem[name] = value.strip('"')
        elif name == "Type":
            node = {"type": number(value), "maps": []}
            nodes[offset] = node
        elif name == "Base Address":
            node["base"] = number(value)
        elif name == "Model":
            node["model"] = number(value)
        elif name == "PCI Segment Number":
            node["segment"] = number(value)
        elif name in ("Input base", "Input Base"):  # older, newer iasl
            mapping = {"in": number(value)}
            node["maps"].append(mapping)
        elif name == "ID Count":
            mapping["count"] = number(value)
        elif name == "Output Base":
            mapping["out"] = number(value)
        elif name == "Output Reference":
            mapping["to"] = number(value)
        elif name == "Single Mapping":
            mapping["single"] = number(value)
    return nodes, oem


def smmu_type(node, oem):
    if node["type"] == 4:
        return 3 if node["model"] <= 2 else OTHER
    if (oem["Oem ID"].startswith("QCOM") or
            (oem["Oem ID"], oem["Oem Table ID"].strip()) ==
            ("LENOVO", "CB-01")):
        return OTHER
    return SMMU_TYPES.get(node["model"], OTHER)


def matches(mapping, rid):
    return (mapping["single"] or
            mapping["in"] <= rid <= mapping["in"] + mapping["count"])


def translate(nodes, segment, rid):
    for node in nodes.values():
        if node["type"] != 2 or node["segment"] != segment:
            continue
        found = [m for m in node["maps"] if matches(m, rid)]
        # Several: the one that starts here, as the others only end here.
        found.sort(key=lambda m: m["in"] != rid)
        for m in found[:1]:
            to = nodes.get(m["to"], {})
            if to.get("type") in (3, 4):
                out = m["out"] + (0 if m["single"] else rid - m["in"])
                return to["base"], out
    return None


def expected_iort(dsl):
    nodes, oem = parse_iort(dsl)
    lines = ["smmu %x %u" % (n["base"], smmu_type(n, oem))
             for n in nodes.values() if n["type"] in (3, 4)]
    for segment in range(16):
        if not any(n.get("segment") == segment for n in nodes.values()):
            continue
        for rid in range(0x10000):
            found = translate(nodes, segment, rid)
            if found:
                lines.append("map %x %x %x %x" % (segment, rid, *found))
    return lines


def expected_mcfg(dsl):
    lines, entry = [], {}
    for _, name, value in fields(dsl):
        entry[name] = value
        if name == "End Bus Number":
            lines.append("window %x %x %x %x" % tuple(
                number(entry[key]) for key in (
                    "Segment Group Number", "Start Bus Number",
                    "End Bus Number", "Base Address")))
    return lines


def is_sound(path):
    """Signature and checksum, worked out without our code."""
    data = path.read_bytes()
    kind = path.name[:4].upper().encode()
    return (len(data) >= 36 and data[:4] == kind and
            int.from_bytes(data[4:8], "little") <= len(data) and
            sum(data[:int.from_bytes(data[4:8], "little")]) % 256 == 0)


def check(path, scratch):
    kind = path.name[:4]
    ours = subprocess.run([HERE / f"test-{kind}", "dump", path], check=True,
                          capture_output=True, text=True).stdout.splitlines()
    if not is_sound(path):
        good = len(ours) == 1 and ours[0].startswith("refused ")
        print(f"{path.name}: {ours[0] if good else 'NOT REFUSED'}")
        return good
    dsl = disassemble(path, scratch)
    theirs = (expected_iort if kind == "iort" else expected_mcfg)(dsl)
    if ours != theirs:
        different = set(ours) ^ set(theirs)
        print(f"{path.name}: differs from iasl:", sorted(different)[:10])
        return False
    print(f"{path.name}: {len(ours)} lines, as iasl")
    return True


def main():
    if not shutil.which("iasl"):
        print("no iasl here: skipped")
        return 77
    source = pathlib.Path(os.environ.get("srcdir", "."))
    data = pathlib.Path(os.environ.get("KQ_TEST_DATA",
                                       source / "../shared/data"))
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        synthetic = scratch / "iort-synthetic.bin"
        subprocess.run([HERE / "test-iort", "write", synthetic], check=True)
        tables = [synthetic] + sorted((data / "acpi").glob("*.bin"))
        if len(tables) == 1:
            print("no tables of real machines here: only a synthetic one")
        return 0 if all([check(table, scratch) for table in tables]) else 1


if __name__ == "__main__":
    sys.exit(main())
