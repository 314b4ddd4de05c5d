# SPDX-License-Identifier: GPL-2.0-or-later
"""The emulated Arm server: its devices, its QEMU process, its traffic."""

import contextlib
import ctypes
import json
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

EFI = "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd"
RAM_START, RAM_SIZE = 0x40000000, 4 << 30
EVENTS = ("smmuv3_translate_success", "smmuv3_translate_bypass",
          "smmuv3_translate_abort", "smmuv3_translate_disable",
          "smmuv3_record_event", "smmuv3_write_mmio", "pci_cfg_write")
FRAMES_PER_SECOND = 200
DRIVE_BYTES = 64 << 20

# With SME the stage would hash without SIMD (purgatory/hash-arm64.c)
CPUS = {"1": ("cortex-a72", ""),
        "2": ("cortex-a72", ",virtualization=on"),
        "2vhe": ("max,pauth-impdef=on,lpa2=off,sme=off",
                 ",virtualization=on")}


def root_port_args(number):
    """A root port; `number` is free for it to have."""
    return ["-device", "pcie-root-port,id=rp%d,bus=pcie.0,addr=%x,"
            "chassis=%d" % (number, 7 + number, number)]


class Device:
    """A PCI device of the server; `port` numbers its root port, None for
    one on the root bus."""

    def __init__(self, name, option, addr=None, port=None, nic=False,
                 extra=()):
        self.name, self.port, self.nic = name, port, nic
        self.sid = port << 8 if port else addr << 3
        self.bdf = "%02x:%02x.0" % (port or 0, 0 if port else addr)
        where = "rp%d" % port if port else "pcie.0,addr=%x" % addr
        self.port_args = root_port_args(port) if port else []
        self.args = [*self.port_args,
                     "-device", "%s,bus=%s" % (option, where), *extra]

    def nic_backend(self, directory):
        """Ethernet frames come and go as datagrams of a Unix socket."""
        return ["-netdev", "dgram,id=%s,local.type=unix,local.path=%s,"
                "remote.type=unix,remote.path=%s"
                % (self.name, directory / (self.name + ".in"),
                   directory / (self.name + ".out"))]


DEVICES = (
    Device("virtio-net", "virtio-net-pci,netdev=virtio-net,disable-legacy=on,"
           "iommu_platform=on,romfile=,rx_queue_size=1024,packed=on",
           addr=2, nic=True),
    Device("usb-ohci", "pci-ohci,id=oh", addr=3,
           extra=["-device", "usb-tablet,bus=oh.0"]),
    Device("edu", "edu,dma_mask=0xffffffffffffffff", addr=5),
    Device("e1000e", "e1000e,netdev=e1000e,romfile=", port=1, nic=True),
    Device("igb", "igb,netdev=igb,romfile=", port=2, nic=True),
    Device("nvme", "nvme,serial=kq,drive=drive", port=3),
    Device("xhci", "qemu-xhci,id=xh", port=4,
           extra=["-device", "usb-kbd,bus=xh.0"]),
    Device("virtio-rng", "virtio-rng-pci,disable-legacy=on,iommu_platform=on",
           port=5),
)
# Plugged in only after the next kernel was loaded, so in nobody's plan
HOT = Device("hot-e1000e", "e1000e,id=hot,netdev=hot-e1000e,romfile=", port=6,
             nic=True)
ROOT_PORT_SIDS = {(7 + d.port) << 3: "root port %d" % d.port
                  for d in DEVICES + (HOT,) if d.port}


def device(name):
    """The device of this name."""
    return next(device for device in DEVICES + (HOT,) if device.name == name)


def device_name(sid):
    """The device (or virtual function) behind a StreamID."""
    for device in DEVICES + (HOT,):
        if device.sid == sid:
            return device.name
        if device.port and device.sid < sid < device.sid + 0x100:
            return "%s VF" % device.name
    return ROOT_PORT_SIDS.get(sid, "?")


def drive_content():
    """What the NVMe drive holds, so that a guest can prove it reads it."""
    return b"".join(b"%-16x" % i for i in range((256 << 10) // 16))


class Traffic(threading.Thread):
    """Broadcast frames to every NIC until told to stop."""

    def __init__(self, directory):
        super().__init__(daemon=True)
        self._directory = directory
        self._ended = threading.Event()
        self._frame = (b"\xff" * 6 + b"\x02\0\0\0\0\1" + b"\x88\xb5"
                       + bytes(range(64)))
        self._sockets = []
        for device in DEVICES + (HOT,):
            if device.nic:
                self._sockets.append((self._socket(device.name),
                                      str(directory / (device.name + ".in"))))

    def _socket(self, name):
        path = self._directory / (name + ".out")
        path.unlink(missing_ok=True)
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        sock.bind(str(path))
        sock.setblocking(False)
        return sock

    def run(self):
        while not self._ended.wait(1 / FRAMES_PER_SECOND):
            for sock, peer in self._sockets:
                self._exchange(sock, peer)

    def _exchange(self, sock, peer):
        # A full queue means that the NIC takes nothing now: not our matter
        try:
            sock.sendto(self._frame, peer)
        except OSError:
            pass
        try:
            while sock.recv(65536):
                pass
        except OSError:
            pass

    def stop(self):
        """End the traffic and its sockets."""
        self._ended.set()
        self.join()
        for sock, _ in self._sockets:
            sock.close()


class Serial(threading.Thread):
    """The guest's console: kept with times, and in a file as it comes."""

    def __init__(self, stream, path):
        super().__init__(daemon=True)
        self._stream, self._path = stream, path
        self.lines = []
        self.start()

    def run(self):
        with open(self._path, "w", encoding="utf-8") as out:
            for raw in self._stream:
                line = raw.decode("utf-8", "replace").rstrip()
                self.lines.append((time.time(), line))
                out.write(line + "\n")
                out.flush()

    def seen(self, pattern):
        """Whether a line matches."""
        return any(re.search(pattern, line) for _, line in list(self.lines))


    def next_kernel_died(self):
        """Whether the second kernel on this console had its last words
        10 s ago; the first one is meant to crash."""
        lines = list(self.lines)
        boots = [i for i, (_, line) in enumerate(lines)
                 if "Booting Linux on physical CPU" in line]
        return len(boots) > 1 and any(
            "Internal error" in line and when < time.time() - 10
            for when, line in lines[boots[1]:])


def observe(directory, events=EVENTS):
    """Options that make QEMU trace these events, and the code it runs."""
    (directory / "events").write_text("\n".join(events) + "\n")
    return ["-trace", "events=%s" % (directory / "events"),
            "-D", str(directory / "trace"), "-d", "guest_errors,in_asm",
            "-dfilter", "0x%x+0x%x" % (RAM_START, RAM_SIZE)]


def base_command(el, ram_size, image, initrd, cmdline):
    """A server without devices, that boots this kernel."""
    cpu, machine = CPUS[el]
    return ["qemu-system-aarch64", "-M",
            "virt,gic-version=3,iommu=smmuv3" + machine,
            "-cpu", cpu, "-accel", "tcg,thread=multi", "-smp", "2",
            "-m", str(ram_size >> 20), "-nographic", "-nodefaults",
            "-no-reboot", "-serial", "stdio", "-msg", "timestamp=on",
            "-kernel", str(image), "-initrd", str(initrd),
            "-append", cmdline]


def qemu_command(case, directory):
    """The command line of a case's server."""
    command = base_command(case.el, RAM_SIZE, case.image,
                           directory / "initrd", case.first_cmdline)
    command += [*case.observe(directory),
                "-drive", "id=drive,if=none,format=raw,file=%s"
                % (directory / "drive")]
    if case.smmu_stage:
        command += ["-global", "arm-smmuv3.stage=" + case.smmu_stage]
    if case.firmware == "acpi":
        command += ["-bios", EFI]
    for device in case.devices:
        if device.nic:
            command += device.nic_backend(directory)
        command += device.args
    if case.hotplug:
        command += HOT.nic_backend(directory) + HOT.port_args
        command += qmp_args(directory)
    return command


def qmp_args(directory):
    """Listen for qmp()."""
    return ["-qmp", "unix:%s,server=on,wait=off" % (directory / "qmp")]


def _reserve_plan_region(region, command, directory):
    """Have QEMU write its device tree, add the node of the plan region, and
    return the options that make it use that one."""
    dtb = str(directory / "dtb")
    machine = command.index("-M") + 1
    _run([*command[:machine], command[machine] + ",dumpdtb=" + dtb,
          *command[machine + 1:]])
    base, size = (int(word, 0) for word in region.split())
    parent = "/reserved-memory"
    node = "%s/plan@%x" % (parent, base)
    _run(["fdtput", "-p", "-c", dtb, node])
    for words in ((parent, "#address-cells", "2"), (parent, "#size-cells", "2"),
                  (node, "reg", *(hex(cell) for number in (base, size) for cell
                                  in (number >> 32, number & 0xffffffff)))):
        _run(["fdtput", "-t", "x", dtb, *words])
    _run(["fdtput", "-t", "s", dtb, node, "compatible",
          "kexec-quiesce,plan"])
    for path, name in ((parent, "ranges"), (node, "no-map")):
        _run(["fdtput", "-t", "s", dtb, path, name])
    return ["-dtb", dtb]


def _run(command):
    """A short command that must succeed."""
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL,
                   capture_output=True, timeout=60)


def qmp(directory, command, arguments):
    """Have the running server's QEMU do something."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(str(directory / "qmp"))
        talk = sock.makefile("rw")
        for request in ({"execute": "qmp_capabilities"},
                        {"execute": command, "arguments": arguments}):
            talk.write(json.dumps(request) + "\n")
            talk.flush()
            while "return" not in (answer := json.loads(talk.readline())):
                if "error" in answer:
                    raise OSError(answer["error"]["desc"])


def _plug(directory):
    """Plug the hot device into the running server."""
    driver, *options = HOT.args[-1].split(",")
    qmp(directory, "device_add",
        {"driver": driver, **dict(word.split("=") for word in options)})


@contextlib.contextmanager
def scratch(directory):
    """A directory to run in, in memory where there is room: a trace that
    waits for a busy disk stops the whole server. What the run leaves behind
    moves to `directory` in the end."""
    memory = pathlib.Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2 << 30
    with tempfile.TemporaryDirectory(prefix="kexec-quiesce-", dir=memory
                                     if roomy else directory) as name:
        work = pathlib.Path(name)
        try:
            yield work
        finally:
            for left in ("command", "landmarks", "qemu-errors", "serial",
                         "trace"):
                if (work / left).exists():
                    shutil.move(work / left, directory / left)


def _die_with_parent():
    """A runner that is killed leaves no QEMU behind."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def run(case, directory, progress=None):
    """Run a case's server until it powers off, has shown what the case wants
    to see, or its time is over. Returns the console's lines with their times,
    and an error or None."""
    with open(directory / "drive", "wb") as drive:
        drive.write(drive_content())
        drive.truncate(DRIVE_BYTES)
    command = qemu_command(case, directory)
    if case.region:
        command += _reserve_plan_region(case.region, command, directory)
    traffic = Traffic(directory)
    traffic.start()
    try:
        return run_command(command, directory, lambda qemu, serial: _watch(
            qemu, serial, case, progress, directory))
    finally:
        traffic.stop()


def run_command(command, directory, watch):
    """Run a QEMU until `watch` returns, which is told the process and its
    console and says what went wrong, if anything. Returns the console's
    lines with their times, and an error or None."""
    (directory / "command").write_text(" ".join(
        "'%s'" % word for word in command) + "\n")
    with open(directory / "qemu-errors", "wb") as errors:
        qemu = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=errors,
                                preexec_fn=_die_with_parent)
    serial = Serial(qemu.stdout, directory / "serial")
    killed = False
    try:
        error = watch(qemu, serial)
    finally:
        if qemu.poll() is None:
            killed = True
            qemu.kill()
        qemu.wait()
        serial.join()
    if not error and not killed and qemu.returncode:
        error = "QEMU ended with %d: %s" % (
            qemu.returncode,
            (directory / "qemu-errors").read_text().strip()[-300:])
    return serial.lines, error


def _watch(qemu, serial, case, progress, directory):
    """Wait for the end; tell `progress` each landmark once, and plug in
    what this case wants plugged."""
    to_plug = case.hotplug
    landmarks = [("the first kernel is up", r"KQ: load "),
                 ("the next kernel's image is loaded", r"KQ: loaded"),
                 ("the machine crashes" if case.mode == "crash" else
                  "the machine leaves for the next kernel", r"KQ: leaving"),
                 ("the next kernel is up", r"KQ: next kernel")]
    end = time.monotonic() + case.timeout
    while qemu.poll() is None:
        time.sleep(0.1)
        if progress and landmarks and serial.seen(landmarks[0][1]):
            progress(landmarks.pop(0)[0])
        if to_plug and serial.seen(r"KQ: loaded"):
            _plug(directory)
            to_plug = False
        if time.monotonic() > end:
            return "no end after %d s" % case.timeout
        if case.ended(list(serial.lines)):
            return None
        if serial.next_kernel_died():
            return "the next kernel crashed"
    return None
