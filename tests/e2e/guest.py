# SPDX-License-Identifier: GPL-2.0-or-later
"""Make the initramfs that both kernels of an emulated server run.

The guest needs no disk: one small archive (programs and kernel modules) is
the crash kernel's initrd, and, followed by the kernel file and itself, the
first kernel's.
"""

import functools
import gzip
import os
import pathlib

import cpio
import elf
import kernelfile

HERE = pathlib.Path(__file__).resolve().parent

# Modules that first and next kernel may load; their dependencies follow
MODULES = ("virtio_pci", "virtio_net", "virtio_rng", "e1000e", "igb", "igbvf",
           "nvme", "xhci_pci", "ohci_pci", "usbhid", "hid_generic", "evdev")
# Programs that only the first kernel's side uses: not in what gets hashed
FIRST_PROGRAMS = ("sbin/ethtool", "usr/sbin/ethtool", "bin/ip")
# Debian's kernels lack kexec_file_load; ours lack none or the other one
LACKING_SYSCALL = {"file": "", "file-only": "-c", "file-signed": "-c"}
FRONT_END = "usr/libexec/kexec-quiesce/kexec"
UPDATE_PLAN = "usr/libexec/kexec-quiesce/update-plan"
MEASURE_LOAD = "usr/libexec/kexec-quiesce/measure-load"
KDUMP_HOOK = "usr/libexec/kexec-quiesce/kdump-hook"


class Missing(Exception):
    """Something the guest needs is not there: run tests/setup."""


def cache_dir():
    """Where tests/setup keeps what it downloads."""
    xdg = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(os.environ.get("KQ_CACHE")
                        or os.path.join(xdg, "kexec-quiesce"))


def is_built(name):
    """Whether a kernel is one of Debian's, or of our own and there."""
    return (name not in LACKING_SYSCALL
            or (cache_dir() / "kernel" / name / "complete").exists())


class Kernel:
    """One of the kernels that tests/setup unpacked."""

    def __init__(self, name):
        self.path = cache_dir() / "kernel" / name
        if not (self.path / "complete").exists():
            raise Missing("kernel %s is not in %s; run tests/setup"
                          % (name, self.path.parent))
        self.version = (self.path / "version").read_text().split()[0]
        self.image = self.path / "Image"

    @functools.cached_property
    def _modules(self):
        """Path of every module, by its name with underscores."""
        return {path.name.split(".")[0].replace("-", "_"): path
                for path in (self.path / "lib").rglob("*.ko*")}

    def modules(self, names):
        """(name, data) of these modules and all they need, in load order;
        what the kernel has built in is not there."""
        done = {}

        def visit(name):
            if name in done or name not in self._modules:
                return
            data = elf.module_data(self._modules[name])
            for other in elf.module_depends(data):
                visit(other)
            done[name] = data

        for name in names:
            visit(name)
        return done.items()


def _unpacked(name):
    """A directory of programs that tests/setup unpacked."""
    path = cache_dir() / name
    if not (path / "complete").exists():
        raise Missing("no %s in %s; run tests/setup" % (name, path.parent))
    return path


class Programs:
    """Find arm64 programs and libraries, and add them to an archive."""

    def __init__(self, archive, tools, root=None):
        self._archive = archive
        # Debian 12's kexec-tools are among the guest's programs
        newer = [] if tools == "2.0.25" else [_unpacked("tools/" + tools)]
        stock = newer + [_unpacked("guest")]
        self._roots = ([root] if root else []) + stock
        # Ours are linked against this machine's libraries, which are never
        # older than the ones that came with the stock programs
        self._libraries = [top / lib / "aarch64-linux-gnu"
                           for top in (*newer, pathlib.Path("/"), stock[-1])
                           for lib in ("lib", "usr/lib")]

    def add(self, path, name=None):
        """Add the program at this path of one of the roots, and return
        whether it was there."""
        for top in self._roots:
            if (top / path).is_file():
                self._add(top / path, name or path, 0o755)
                return True
        return False

    def _add(self, source, name, mode):
        data = source.read_bytes()
        self._archive.file(name, data, mode)
        if data[:4] != b"\x7fELF":
            return
        program = elf.Elf(data)
        if program.interpreter():
            self._library(program.interpreter().rpartition("/")[2], "lib")
        for needed in program.needed():
            self._library(needed, "lib")

    def _library(self, name, directory):
        if "%s/%s" % (directory, name) in self._archive:
            return
        for top in self._libraries:
            if (top / name).is_file():
                self._add(top / name, "%s/%s" % (directory, name), 0o755)
                return
        raise Missing("no arm64 %s on this machine; run tests/setup" % name)


@functools.lru_cache(maxsize=None)
def base(name, tools, root):
    """The compressed archive with programs and modules of kernel `name`;
    `tools` is the version of kexec-tools, `root` is where our programs were
    installed, or None."""
    kernel = Kernel(name)
    archive = cpio.Archive()
    for directory in ("proc", "sys", "dev", "tmp", "boot", "run", "etc"):
        archive.directory(directory)
    archive.device("dev/console", 5, 1)
    archive.file("etc/passwd", b"root:x:0:0::/:/bin/sh\n"
                 b"nobody:x:65534:65534::/:/bin/sh\n")
    for script in sorted((HERE / "guest").iterdir()):
        target = "init" if script.name == "init" else "kq/" + script.name
        archive.file(target, script.read_bytes(), 0o755)

    programs = Programs(archive, tools, root)
    programs.add("bin/busybox")
    # Its shell finds all other applets without links
    archive.link("bin/sh", "busybox")
    # Newer packages have it below /usr only
    programs.add("usr/sbin/kexec", "sbin/kexec") or programs.add("sbin/kexec")
    if root:
        for path in (FRONT_END, UPDATE_PLAN, "usr/libexec/kexec-quiesce/stage.elf",
                     "usr/sbin/quiescectl"):
            programs.add(path)
        hook = pathlib.Path(root) / KDUMP_HOOK
        archive.file(KDUMP_HOOK, hook.read_bytes(), 0o755)

    order = []
    for module, data in kernel.modules(MODULES):
        archive.file("modules/%s.ko" % module, data)
        order.append(module)
    archive.file("modules/order", "\n".join(order).encode() + b"\n")
    return gzip.compress(archive.bytes(), 6, mtime=0)


def next_initrd(case, root):
    """The next kernel's initrd. Its /case holds the shell variables that
    tell the guest's scripts what to do."""
    variables = cpio.Archive()
    variables.file("case", shell_variables(case.variables()))
    return aligned(base(case.kernel, case.tools, root)) + aligned(
        gzip.compress(variables.bytes(), mtime=0))


def write_initrd(path, case, root):
    """Write the first kernel's initrd: the next kernel's, which is also
    /boot/initrd in it, and the next kernel, the other file in /boot."""
    small = next_initrd(case, root)
    boot = cpio.Archive()
    boot.file("boot/initrd", small)
    image = (case.next_image or case.image).read_bytes()
    boot.file("boot/" + case.file, kernelfile.wrap(
        case.file, image, small, case.next_cmdline))
    programs = Programs(boot, case.tools)
    for program in FIRST_PROGRAMS:
        programs.add(program)
    if root:
        Programs(boot, case.tools, root).add(MEASURE_LOAD)
    if case.sign or case.first == "signatures":
        if not programs.add("usr/bin/sbsign"):
            raise Missing("no sbsign among the guest's programs; run "
                          "tests/setup")
        for key in sorted((cache_dir() / "kernel/test-key").glob("*.pem")):
            boot.file("kq/" + key.name, key.read_bytes(), 0o600)
    with open(path, "wb") as out:
        out.write(small)
        out.write(boot.bytes())


def shell_variables(case):
    """A shell script that sets these variables."""
    return "".join("%s='%s'\n" % item
                   for item in sorted(case.items())).encode()


def aligned(data):
    """An archive that follows another one must start on 4 bytes."""
    return data + bytes(-len(data) % 4)
