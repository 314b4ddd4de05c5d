# SPDX-License-Identifier: GPL-2.0-or-later
"""Read cases.cfg, the table of what is run."""

import configparser
import pathlib
import time

import guest
import machine

TABLE = pathlib.Path(__file__).resolve().parent / "cases.cfg"
NICS = "virtio_net e1000e igb"


class Case:
    """One section of the table; its keys are explained there."""

    def __init__(self, section):
        self.name = section.name
        self.kernel = section["kernel"]
        self.tools = section["tools"]
        self.syscall = section["syscall"]
        self.firmware = section["firmware"]
        self.el = section["el"]
        self.kexec = section["kexec"]
        self.mode = section["mode"]
        self.policy = section["policy"]
        self.args = section["args"]
        self.crashkernel = section["crashkernel"]
        self.append = section["append"]
        self.next_append = section["next_append"]
        self.first = section["first"]
        self.disk = section.getboolean("disk")
        self.skip = section["skip"].split()
        self.smmu_stage = section["smmu_stage"]
        self.hotplug = section.getboolean("hotplug")
        self.region = section["region"]
        self.update = section["update"]
        self.file = section["file"]
        self.sign = section.getboolean("sign")
        self.reuse = section.getboolean("reuse")
        self.offender = section["offender"]
        self.vfs = section.getint("vfs")
        self.timeout = section.getint("timeout")
        self.groups = section["groups"].split()
        self.checks = section["checks"].split()
        # What no case of the table needs, but tests/bench does
        self.devices = machine.DEVICES
        self.observe = machine.observe
        self.next_image = None
        self.ended = lambda lines: False

    def use_stock(self):
        """Make this the stock twin of a case, whatever it was."""
        if self.ours:
            self.name += "-stock"
            self.kexec = "stock"
            self.checks = ["busy"]
            self.args = " ".join(word for word in self.args.split()
                                 if word == "-i")

    @property
    def ours(self):
        """Whether our front end loads the next kernel."""
        return self.kexec == "ours"

    @property
    def skipped_sids(self):
        """StreamIDs of the devices that --quiesce-skip spares."""
        return [machine.device(name).sid for name in self.skip]

    @property
    def image(self):
        """The first kernel's file."""
        return guest.Kernel(self.kernel).image

    @property
    def first_cmdline(self):
        """Command line of the first kernel."""
        words = ["console=ttyAMA0", "loglevel=7", "printk.devkmsg=on",
                 "panic=-1"]
        if self.crashkernel:
            words.append("crashkernel=" + self.crashkernel)
        if self.firmware == "acpi":
            words.append("acpi=force")
        return " ".join(words + self.append.split())

    @property
    def next_cmdline(self):
        """Command line of the kernel that is loaded."""
        words = ["console=ttyAMA0", "loglevel=7", "printk.devkmsg=on",
                 "panic=-1", "kq.next"]
        if self.mode == "crash":
            words += ["maxcpus=1", "reset_devices"]
        if self.firmware == "acpi":
            words.append("acpi=force")
        return " ".join(words + self.next_append.split())

    def variables(self):
        """What the guest's scripts are told."""
        args = self.args
        # Nothing can be asked of an image that is signed: its policy stands
        # in the guest's config file when it is made
        if self.ours and not self.sign:
            args += " --smmu-policy=" + self.policy
            if self.skip:
                args += " --quiesce-skip=" + ",".join(
                    machine.device(name).bdf for name in self.skip)
        cmdline = "--command-line=" + self.next_cmdline
        initrd = "--initrd=/boot/initrd"
        if self.reuse:
            cmdline = "--reuse-cmdline --append=kq.next"
        if self.file.startswith("uki"):
            cmdline = initrd = ""
        return {"KQ_FIRST": self.first, "KQ_MODE": self.mode,
                "KQ_TOOL": "/" + guest.FRONT_END if self.ours
                           else "/sbin/kexec",
                "KQ_LOAD": "-p" if self.mode == "crash" else "-l",
                "KQ_ARGS": args.strip(), "KQ_OPTIONS": self.args,
                "KQ_SIGN": "yes" if self.sign else "",
                "KQ_POLICY": self.policy, "KQ_NOW": int(time.time()),
                "KQ_LACKS": guest.LACKING_SYSCALL.get(self.kernel, "-s"),
                "KQ_CMDLINE": cmdline, "KQ_INITRD": initrd,
                "KQ_IMAGE": "/boot/" + self.file,
                "KQ_OFFENDER": self.offender, "KQ_VFS": self.vfs,
                "KQ_HOTPLUG": "yes" if self.hotplug else "",
                "KQ_UPDATE": self.update,
                "KQ_UPDATE_PLAN": "/" + guest.UPDATE_PLAN,
                "KQ_KEEP": "yes" if "kept" in self.checks else "",
                "KQ_HOOK": "/" + guest.KDUMP_HOOK,
                "KQ_NICS": NICS}


def read(path=TABLE):
    """All cases in the table's order, by name."""
    table = configparser.ConfigParser(interpolation=None)
    with open(path, encoding="utf-8") as source:
        table.read_file(source)
    known = set(table.defaults())
    for name in table.sections():
        unknown = set(table[name]) - known
        if unknown:
            raise ValueError("%s: case %s has unknown keys: %s" % (
                path, name, " ".join(sorted(unknown))))
        if table[name]["el"] not in machine.CPUS:
            raise ValueError("%s: case %s: unknown el" % (path, name))
    return {name: Case(table[name]) for name in table.sections()}
