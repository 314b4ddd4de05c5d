#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest that boots Debian with systemd from a disk.

The disk is made once, by tests/setup: packages are unpacked on this machine,
which need not be able to run them, and configured in the emulated server. A
run works on a snapshot of it; what it brings along (our programs, the case)
is in the initrd, which copies it to the disk and starts systemd.
"""

import argparse
import gzip
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import cpio
import guest
import machine

HERE = pathlib.Path(__file__).resolve().parent
KERNEL = "6.12"
DISK_SIZE = "1G"
# What reaches the disk; the rest is for udev to load from it
INITRD_MODULES = ("virtio_pci", "virtio_blk", "crc32c_generic", "ext4")
CONFIGURE_TIMEOUT = 600


RAM_SIZE = 2 << 30
# No traffic here: what matters is which devices there are. Any number of
# virtual functions comes from the NVMe controller.
DEVICES = (
    machine.Device("e1000e", "e1000e,romfile=", port=1),
    machine.Device("igb", "igb,romfile=", port=2),
    machine.Device("nvme", "nvme,serial=kq,subsys=subsys,sriov_max_vfs=64,"
                   "sriov_vq_flexible=128,sriov_vi_flexible=64,"
                   "max_ioqpairs=130,msix_qsize=66", port=3),
    machine.Device("virtio-rng", "virtio-rng-pci,disable-legacy=on,"
                   "iommu_platform=on", port=5),
)
# Root ports for what is plugged in later
SPARE_PORTS = (6, 7)


def disk():
    """The disk that tests/setup made."""
    path = guest.cache_dir() / "debian"
    if not (path / "complete").exists():
        raise guest.Missing("no Debian disk in %s; run tests/setup as root"
                            % path)
    return path / "disk"


def _script(name):
    return (HERE / "debian" / name).read_bytes()


def _base():
    """The initrd that finds the disk, compressed: the capture kernel's."""
    archive = cpio.Archive()
    for directory in ("proc", "sys", "dev", "disk"):
        archive.directory(directory)
    archive.device("dev/console", 5, 1)
    archive.file("init", _script("init"), 0o755)
    guest.Programs(archive, "2.0.25").add("bin/busybox")
    archive.link("bin/sh", "busybox")
    order = []
    for module, data in guest.Kernel(KERNEL).modules(INITRD_MODULES):
        archive.file("modules/%s.ko" % module, data)
        order.append(module)
    archive.file("modules/order", "\n".join(order).encode() + b"\n")
    return guest.aligned(gzip.compress(archive.bytes(), 6, mtime=0))


def _add_tree(archive, tree):
    for source in sorted(tree.rglob("*")):
        name = "copy/" + str(source.relative_to(tree))
        if source.is_symlink():
            archive.link(name, str(source.readlink()))
        elif source.is_file():
            archive.file(name, source.read_bytes(),
                         source.stat().st_mode & 0o777)


def _write_initrd(path, root, case):
    """Write the initrd of a run: _base(), and what it copies to the disk:
    our programs as installed below `root`, the scripts, the case."""
    small = _base()
    extra = cpio.Archive()
    for tree in (HERE / "debian/root", pathlib.Path(root)):
        _add_tree(extra, tree)
    extra.link("copy/etc/systemd/system/multi-user.target.wants/kq.service",
               "../kq.service")
    extra.link("copy/usr/sbin/kexec", "/" + guest.FRONT_END)
    extra.file("copy/kq/common", (HERE / "guest/common").read_bytes())
    extra.file("copy/kq/case", guest.shell_variables(case))
    # Where kdump-tools looks for it
    extra.file("copy/var/lib/kdump/initrd.img-"
               + guest.Kernel(KERNEL).version, small)
    path.write_bytes(small + gzip.compress(extra.bytes(), 1, mtime=0))


def _disk_args(path, snapshot=True):
    return ["-drive", "id=disk,if=none,format=raw,file=%s,cache=unsafe,"
            "snapshot=%s" % (path, "on" if snapshot else "off"),
            "-device", "virtio-blk-pci,drive=disk,bus=pcie.0,addr=6,"
            "disable-legacy=on,iommu_platform=on,romfile="]


def _command(case, directory):
    command = machine.base_command(
        case.el, RAM_SIZE, case.image, directory / "initrd",
        case.first_cmdline) + _disk_args(disk()) + machine.qmp_args(directory)
    # The capture kernel ends by a restart, and then comes the next boot
    command += ["-action", "reboot=reset",
                "-device", "nvme-subsys,id=subsys,nqn=kq"]
    for device in DEVICES:
        command += device.args
    for port in SPARE_PORTS:
        command += machine.root_port_args(port)
    if case.firmware == "acpi":
        command += ["-bios", machine.EFI]
    return command


def run(case, root, directory, progress=None):
    """Like machine.run(), for a case with a disk; our programs are installed
    below `root`."""
    _write_initrd(directory / "initrd", root, case.variables())
    return machine.run_command(
        _command(case, directory), directory, lambda qemu, serial:
        _watch(qemu, serial, case, progress, directory))


def _watch(qemu, serial, case, progress, directory):
    """Wait for the end, and do what the guest asks its host for: "qmp
    COMMAND KEY=VALUE..." on its console."""
    end = time.monotonic() + case.timeout
    done = 0
    while qemu.poll() is None:
        time.sleep(0.1)
        lines = [line for _, line in serial.lines]
        for line in lines[done:]:
            if "KQ: " not in line:
                continue
            note = line.partition("KQ: ")[2]
            if progress and not note.startswith("good"):
                progress(note)
            if note.startswith("qmp "):
                _, command, *words = note.split()
                machine.qmp(directory, command, dict(
                    word.split("=", 1) for word in words))
        done = len(lines)
        if time.monotonic() > end:
            return "no end after %d s" % case.timeout
    return None


# --- Making the disk ------------------------------------------------------

def _unpack(deb, root):
    """Unpack a package, and register it as unpacked with dpkg."""
    info = root / "var/lib/dpkg/info"
    with tempfile.TemporaryDirectory() as name:
        subprocess.run(["dpkg-deb", "-e", deb, name], check=True)
        control = pathlib.Path(name, "control").read_text(encoding="utf-8")
        package = re.search(r"^Package: (.*)", control, re.M)[1]
        full = package
        if re.search(r"^Multi-Arch: same", control, re.M):
            full += ":arm64"
        for part in pathlib.Path(name).iterdir():
            if part.name != "control":
                shutil.move(part, info / ("%s.%s" % (full, part.name)))
    # Like dpkg, keep /bin and its like as links into /usr
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb],
                          stdout=subprocess.PIPE) as content:
        names = subprocess.run(
            ["tar", "-xpv", "--numeric-owner", "--keep-directory-symlink",
             "-C", root], stdin=content.stdout, stdout=subprocess.PIPE,
            check=True, text=True).stdout
    (info / (full + ".list")).write_text("".join(
        "/%s\n" % (line[2:].rstrip("/") or ".")
        for line in names.splitlines()))
    with open(root / "var/lib/dpkg/status", "a", encoding="utf-8") as status:
        status.write(control.rstrip().replace(
            "Package: %s\n" % package, "Package: %s\nStatus: install ok "
            "unpacked\n" % package, 1) + "\n\n")


def _unpack_all(debs, root):
    for directory in ("bin", "sbin", "lib"):
        (root / "usr" / directory).mkdir(parents=True)
        (root / directory).symlink_to("usr/" + directory)
    (root / "var/lib/dpkg/info").mkdir(parents=True)
    for name in ("available", "diversions", "statoverride"):
        (root / "var/lib/dpkg" / name).touch()
    for deb in sorted(debs.glob("*.deb")):
        _unpack(deb, root)
    # The very first files, which base-passwd expects somebody to have made
    for name in ("passwd", "group"):
        shutil.copy(root / "usr/share/base-passwd" / (name + ".master"),
                    root / "etc" / name)


def _add_kernel(root):
    """Kernel file and the modules that udev may want."""
    kernel = guest.Kernel(KERNEL)
    shutil.copy(kernel.image, root / "boot" / ("vmlinuz-" + kernel.version))
    directory = root / "lib/modules" / kernel.version
    (directory / "kernel").mkdir(parents=True)
    for name, data in kernel.modules(guest.MODULES + INITRD_MODULES):
        (directory / "kernel" / (name + ".ko")).write_bytes(data)
    for name in ("modules.builtin", "modules.builtin.modinfo"):
        found = kernel.path / "lib/modules" / kernel.version / name
        if found.exists():
            shutil.copy(found, directory)


def _wait(qemu, _):
    try:
        qemu.wait(CONFIGURE_TIMEOUT)
    except subprocess.TimeoutExpired:
        return "no end after %d s" % CONFIGURE_TIMEOUT
    return None


def _configure(path, directory):
    """Boot the disk once, for dpkg to configure what is on it."""
    initrd = directory / "initrd"
    extra = cpio.Archive()
    extra.file("copy/kq/configure", _script("configure"), 0o755)
    initrd.write_bytes(_base() + extra.bytes())
    command = machine.base_command(
        "1", 1 << 30, guest.Kernel(KERNEL).image, initrd,
        "console=ttyAMA0 loglevel=4 printk.devkmsg=on panic=-1 "
        "kq.init=/kq/configure") + _disk_args(path, snapshot=False)
    lines, error = machine.run_command(command, directory, _wait)
    if error or not any("KQ: configured 0" in line for _, line in lines):
        sys.exit("debian.py: the guest's Debian did not configure (%s); its "
                 "console is in %s" % (error or "see its console",
                                       directory / "serial"))


def main():
    """Make the disk from a directory of packages."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("debs", type=pathlib.Path)
    parser.add_argument("directory", type=pathlib.Path)
    options = parser.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    path = options.directory / "disk"
    with tempfile.TemporaryDirectory(dir=options.directory) as name:
        root = pathlib.Path(name, "root")
        root.mkdir(mode=0o755)
        _unpack_all(options.debs, root)
        _add_kernel(root)
        subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-d", root,
                        "-L", "debian", path, DISK_SIZE], check=True)
    _configure(path, options.directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
