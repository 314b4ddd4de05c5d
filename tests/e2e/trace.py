# SPDX-License-Identifier: GPL-2.0-or-later
"""Read QEMU's trace: who did DMA when, as nobody in the guest can tell.

The trace has every transaction that reached the SMMU, every register and
config write, and every piece of code the guest ran for the first time. The
guest's scripts leave marks in it (writes to the host bridge's interrupt
line); by these, the code addresses of the loaded image and what the stage
writes it falls into phases.
"""

import collections
import re

# Phases in their order; each lasts until the next one's start
BEFORE = "before"          # devices come up
BUSY = "busy"              # the last second before the hand-over
HANDOVER = "handover"      # purgatory runs
STAGE = "stage"            # the image runs, up to its last bus master off
QUIET = "quiet"            # later, until the next kernel loads its drivers
DRIVERS = "drivers"        # the next kernel uses the devices
PHASES = (BEFORE, BUSY, HANDOVER, STAGE, QUIET, DRIVERS)

SMMU_CR0 = 0x20
PAYLOAD_ALIGN = 2 << 20    # where in a quiesce image the kernel may start

_MARK = re.compile(r"pci_cfg_write \S+ 00:00\.0 @0x3c <- 0x(\w+)$")
_CODE = re.compile(r"0x([0-9a-f]+): ")
_EVENT = re.compile(r"\d+@(\d+)\.(\d+):(\w+) (.*)$")
_SID = re.compile(r"sid=0x(\w+)")
_ADDRESS = re.compile(r"(?:translated|addr|iova)[=:]0x(\w+)")
_CONFIG = re.compile(r"(\S+) (\w\w:\w\w\.\w) @0x(\w+) <- 0x(\w+)")
_MMIO = re.compile(r"addr: 0x(\w+) val:0x(\w+)")

LANDED = {"smmuv3_translate_success": "translated",
          "smmuv3_translate_bypass": "bypass",
          "smmuv3_translate_disable": "bypass"}
STOPPED = {"smmuv3_translate_abort": "abort"}


def _sid_of(bdf):
    """StreamID of a function: the emulated SMMU takes the requester ID."""
    bus, device, function = re.split("[:.]", bdf)
    return int(bus, 16) << 8 | int(device, 16) << 3 | int(function, 16)


class Image:
    """Where the loaded image lies, as `kexec -d` tells."""

    def __init__(self, entry, start, end, region=None):
        self.entry, self.start, self.end = entry, start, end
        self.region = region or (start, end)


class ConfigWrite(collections.namedtuple(
        "ConfigWrite", "order phase device bdf register value")):
    """One write to configuration space; order: its place in the trace."""

    @property
    def master_off(self):
        """Whether it leaves bus mastering off."""
        return self.register == 4 and not self.value & 4


class MmioWrite(collections.namedtuple(
        "MmioWrite", "order phase offset value")):
    """One write to an SMMU register; order: its place in the trace."""


class Trace:
    """The trace of one run, reduced to what is judged.

    landed, stopped: Counter of (phase, StreamID)
    hits:            Counter of (phase, StreamID): landed inside the region
                     that belongs to the next kernel
    masters_off:     every ConfigWrite of the stage that switched a function's
                     bus mastering off
    after_off:       Counter of StreamID: landed between such a write and the
                     next kernel's drivers
    last_landed_us:  last time a stream landed before those drivers
    settled:         Counter of StreamID: landed between the stage's last
                     write to the SMMU's CR0 and those drivers
    settled_stopped: the same, of those that did not land
    settled_pages:   StreamID to the set of pages that these landed in
    times:           start of each phase, microseconds of the epoch
    payload:         place in the trace where a quiesce image's kernel
                     started, None where it did not
    user_space_us:   when the next kernel's first process started
    config, mmio:    every ConfigWrite and MmioWrite
    """

    def __init__(self, lines, image):
        self._image = image
        self.image_region = image.start, image.end
        self.landed = collections.Counter()
        self.stopped = collections.Counter()
        self.hits = collections.Counter()
        self.masters_off = []
        self._mastering, self._mastering_then = set(), set()
        self.after_off = collections.Counter()
        self.last_landed_us = {}
        self._off = set()
        self._forget_settled()
        self.times = {BEFORE: None}
        self.user_space_us = None
        self.config, self.mmio = [], []
        self.payload = None
        self._phase = BEFORE
        self._now, self._order = None, 0
        for line in lines:
            self._line(line)

    def landed_in(self, sid, *phases):
        """How many transactions of a stream landed in these phases."""
        return sum(self.landed[phase, sid] for phase in phases)

    def by_stage(self, writes):
        """Those config or MMIO writes that the stage did."""
        return [write for write in writes if write.phase in (STAGE, QUIET)
                and write.order <= (self.payload or 0)]

    def left_on(self):
        """StreamIDs of the functions that were bus masters when the stage
        began and that it has not switched off."""
        off = {write.bdf for write in self.masters_off}
        return {_sid_of(bdf) for bdf in self._mastering_then - off}

    def before_masters_off(self, apart=()):
        """What the stage wrote to configuration space and SMMUs before the
        last bus master was off (apart from these functions'), other than
        that."""
        last = max((write.order for write in self.masters_off
                    if write.bdf not in apart), default=0)
        others = [write for write in self.config if not write.master_off]
        return [write for write in self.by_stage(others + self.mmio)
                if write.order < last]

    def mastering(self, bdf):
        """Whether bus mastering of a function was on at the hand-over."""
        return bdf in self._mastering_then

    def sids(self):
        """Every StreamID that was seen."""
        return sorted({sid for counter in (self.landed, self.stopped)
                       for _, sid in counter})

    def _line(self, line):
        event = _EVENT.match(line)
        if event:
            self._now = int(event[1]) * 1000000 + int(event[2])
            self._order += 1
            self._event(event[3], event[4])
        elif self._phase != BEFORE and line.startswith("0x"):
            code = _CODE.match(line)
            if code:
                self._code(int(code[1], 16))

    def _event(self, name, rest):
        if name in LANDED:
            self._transaction(self.landed, rest)
        elif name in STOPPED or name == "smmuv3_record_event":
            self._transaction(self.stopped, rest)
        elif name == "pci_cfg_write":
            self._config_write(rest)
        elif name == "smmuv3_write_mmio":
            self._mmio_write(_MMIO.search(rest))

    def _forget_settled(self):
        self.settled = collections.Counter()
        self.settled_stopped = collections.Counter()
        self.settled_pages = collections.defaultdict(set)

    def _transaction(self, counter, rest):
        match = _SID.search(rest)
        if not match:
            return
        sid = int(match[1], 16)
        counter[self._phase, sid] += 1
        if self._phase == DRIVERS:
            return
        if counter is self.stopped:
            self.settled_stopped[sid] += 1
        else:
            self._landed(sid, _ADDRESS.findall(rest))

    def _landed(self, sid, addresses):
        """One that landed before the next kernel's drivers."""
        self.last_landed_us[sid] = self._now
        self.settled[sid] += 1
        if sid in self._off:
            self.after_off[sid] += 1
        if not addresses:
            return
        address = int(addresses[-1], 16)
        self.settled_pages[sid].add(address >> 12)
        low, high = self._image.region
        if low <= address < high:
            self.hits[self._phase, sid] += 1

    def _config_write(self, rest):
        mark = _MARK.match("pci_cfg_write " + rest)
        if mark:
            self._mark(int(mark[1], 16))
            return
        match = _CONFIG.match(rest)
        if not match:
            return
        write = ConfigWrite(self._order, self._phase, match[1], match[2],
                            int(match[3], 16), int(match[4], 16))
        self.config.append(write)
        if write.register == 4:
            self._command(write)

    def _command(self, write):
        """One write to a function's COMMAND register."""
        if not write.master_off:
            self._mastering.add(write.bdf)
            return
        by_stage = self._phase in (STAGE, QUIET) and not self.payload
        if by_stage:
            self._off.add(_sid_of(write.bdf))
        if by_stage and write.bdf in self._mastering:
            self.masters_off.append(write)
            self._quiet_from_now()
        self._mastering.discard(write.bdf)

    def _quiet_from_now(self):
        """What came since the image was entered belongs to the stage."""
        for counter in (self.landed, self.stopped, self.hits):
            for phase, sid in [key for key in counter if key[0] == QUIET]:
                counter[STAGE, sid] += counter.pop((phase, sid))
        self._enter(QUIET)

    def _mmio_write(self, match):
        if not match:
            return
        write = MmioWrite(self._order, self._phase, int(match[1], 16),
                          int(match[2], 16))
        self.mmio.append(write)
        if (write.offset == SMMU_CR0 and not self.payload and
                self._phase in (STAGE, QUIET)):
            self._forget_settled()

    def _mark(self, value):
        if value == 0xa1 and self._phase == BEFORE:
            self._enter(BUSY)
        elif value == 0xa2:
            self.user_space_us = self._now
        elif value == 0xa3:
            self._enter(DRIVERS)

    def _code(self, address):
        """Code carries no time: the event before it gives one, so that
        what a phase forbids is never forbidden too late."""
        image = self._image
        if address == image.entry and self._phase == BUSY:
            self._enter(HANDOVER)
        if not image.start <= address < image.end:
            return
        if self._phase in (BUSY, HANDOVER):
            self._mastering_then = set(self._mastering)
            self._enter(STAGE)
            self._enter(QUIET)
        elif address % PAYLOAD_ALIGN == 0 and not self.payload:
            self.payload = self._order

    def _enter(self, phase):
        self._phase = phase
        self.times[phase] = self._now
