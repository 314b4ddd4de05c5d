#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Read `lspci -xxxx` dumps of real machines through the inventory.

Each dump in $KQ_TEST_DATA/lspci (else ../shared/data/lspci beside the source)
becomes a directory like /sys; what the inventory says of each function is
compared with what this script finds in the same bytes.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path("tests/unit")  # build directory
CAP_EXP, CAP_AF = 0x10, 0x13
EXT_AER, EXT_SRIOV, EXT_DPC = 0x01, 0x10, 0x1d
ENDPOINTS = (0, 1, 9)


def word(config, at, size=2):
    return int.from_bytes(config[at:at + size], "little")


def parse(text):
    """{(segment, bdf): config space} of a dump."""
    functions = {}
    config = None
    head = re.compile(r"^(?:([0-9a-f]{4}):)?([0-9a-f]{2}):([0-9a-f]{2})"
                      r"\.([0-7]) ")
    data = re.compile(r"^([0-9a-f]{2,3}): ((?:[0-9a-f]{2} ?){1,16})$")
    for line in text.splitlines():
        line = line.strip()
        if match := head.match(line):
            bdf = (int(match[2], 16) << 8 | int(match[3], 16) << 3
                   | int(match[4]))
            config = functions[int(match[1] or "0", 16), bdf] = bytearray()
        elif match := data.match(line):
            # Mail loses a line now and then
            config += bytes(int(match[1], 16) - len(config))
            config += bytes.fromhex(match[2])
    return functions


def name(address):
    segment, bdf = address
    return "%04x:%02x:%02x.%x" % (segment, bdf >> 8, bdf >> 3 & 31, bdf & 7)


def parent(functions, address):
    """The bridge whose secondary bus the function is on."""
    for other, config in functions.items():
        if (other[0] == address[0] and config[0x0e] & 0x7f == 1
                and config[0x19] == address[1] >> 8 and config[0x19]):
            return other
    return None


def place(functions, address):
    above = parent(functions, address)
    if above:
        return "%s/%s" % (place(functions, above), name(address))
    return "pci%04x:%02x/%s" % (address[0], address[1] >> 8, name(address))


def write_tree(functions, root):
    links = root / "sys/bus/pci/devices"
    links.mkdir(parents=True)
    for address, config in functions.items():
        where = place(functions, address)
        directory = root / "sys/devices" / where
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "vendor").write_text("0x%04x\n" % word(config, 0))
        (directory / "device").write_text("0x%04x\n" % word(config, 2))
        (directory / "class").write_text("0x%06x\n" % word(config, 9, 3))
        (directory / "config").write_bytes(config)
        (links / name(address)).symlink_to("../../../devices/" + where)


def capabilities(config):
    """{id: first offset} of the ordinary list."""
    found = {}
    at = config[0x34] & ~3 if word(config, 6) & 0x10 else 0
    while at and len(found) < 64:
        found.setdefault(config[at], at)
        at = config[at + 1] & ~3
    return found


def extended(config):
    """{id: first offset} of PCI Express's list."""
    found = {}
    at = 0x100
    while at and at + 4 <= len(config) and word(config, at, 4) and \
            len(found) < 64:
        found.setdefault(word(config, at), at)
        at = word(config, at + 2) >> 4 & ~3
    return found


def expected(functions):
    order = sorted(functions)
    for address in order:
        config = functions[address]
        caps = capabilities(config)
        express = caps.get(CAP_EXP, 0)
        ext = extended(config) if express else {}
        port = word(config, express + 2) >> 4 & 15 if express else 0
        af = caps.get(CAP_AF, 0)
        reset = "none"
        if config[0x0e] & 0x7f == 0:
            if express and port in ENDPOINTS and \
                    word(config, express + 4, 4) >> 28 & 1:
                reset = "flr"
            elif af and config[af + 3] & 3 == 3:
                reset = "af_flr"
        above = parent(functions, address)
        yield ("%04x:%04x %04x:%04x %08x type %u pcie %x/%u af %x aer %x "
               "dpc %x sriov %x parent %d %s" % (
                   *address, word(config, 0), word(config, 2),
                   word(config, 8, 4), config[0x0e] & 0x7f, express, port, af,
                   ext.get(EXT_AER, 0), ext.get(EXT_DPC, 0),
                   ext.get(EXT_SRIOV, 0),
                   order.index(above) if above else -1, reset))


def check(dump):
    functions = parse(dump.read_text(errors="replace"))
    with tempfile.TemporaryDirectory() as root:
        write_tree(functions, pathlib.Path(root))
        ours = subprocess.run([HERE / "test-inventory", "show", root],
                              check=True, capture_output=True,
                              text=True).stdout.splitlines()
    theirs = list(expected(functions))
    if not ours or ours != theirs:
        print(f"{dump.name}: differs")
        for a, b in zip(ours, theirs):
            if a != b:
                print("  ours    ", a)
                print("  expected", b)
        return False
    print(f"{dump.name}: {len(ours)} functions agree")
    return True


def main():
    source = pathlib.Path(os.environ.get("srcdir", "."))
    data = pathlib.Path(os.environ.get("KQ_TEST_DATA",
                                       source / "../shared/data"))
    dumps = sorted((data / "lspci").glob("*.txt"))
    if not dumps:
        print("no lspci dumps of real machines here: skipped")
        return 77
    return 0 if all([check(dump) for dump in dumps]) else 1


if __name__ == "__main__":
    sys.exit(main())
