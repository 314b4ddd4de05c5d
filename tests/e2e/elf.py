# SPDX-License-Identifier: GPL-2.0-or-later
"""Just enough ELF to see what a program or a kernel module depends on."""

import lzma
import struct

_PT_DYNAMIC, _PT_INTERP = 2, 3
_DT_NEEDED, _DT_STRTAB = 1, 5
_PT_LOAD = 1


class Elf:
    """A 64-bit little-endian ELF file that has program headers."""

    def __init__(self, data):
        if data[:6] != b"\x7fELF\x02\x01":
            raise ValueError("not a 64-bit little-endian ELF file")
        self._data = data
        offset, = struct.unpack_from("<Q", data, 32)
        size, count = struct.unpack_from("<HH", data, 54)
        # type, flags, offset, vaddr, paddr, filesz, memsz, align
        self._segments = [struct.unpack_from("<IIQQQQQQ", data,
                                             offset + i * size)
                          for i in range(count)]

    def interpreter(self):
        """Path of the dynamic loader, or None for a static program."""
        for kind, _, offset, _, _, size, _, _ in self._segments:
            if kind == _PT_INTERP:
                return self._data[offset:offset + size - 1].decode()
        return None

    def needed(self):
        """Names of the shared libraries it is linked with."""
        dynamic = list(self._dynamic())
        tables = [value for tag, value in dynamic if tag == _DT_STRTAB]
        if not tables:
            return []
        table = self._offset_of(tables[0])
        return [self._string(table + value)
                for tag, value in dynamic if tag == _DT_NEEDED]

    def _dynamic(self):
        for kind, _, offset, _, _, size, _, _ in self._segments:
            if kind == _PT_DYNAMIC:
                for at in range(offset, offset + size, 16):
                    yield struct.unpack_from("<QQ", self._data, at)

    def _offset_of(self, address):
        for kind, _, offset, vaddr, _, size, _, _ in self._segments:
            if kind == _PT_LOAD and vaddr <= address < vaddr + size:
                return offset + address - vaddr
        raise ValueError("address 0x%x is in no segment" % address)

    def _string(self, offset):
        return self._data[offset:self._data.index(b"\0", offset)].decode()


def module_data(path):
    """Contents of a kernel module, decompressed."""
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == ".xz" else data


def module_depends(data):
    """Names of the modules that a module's .modinfo says it needs."""
    start = data.find(b"\0depends=")
    if start < 0:
        return []
    start += len(b"\0depends=")
    names = data[start:data.index(b"\0", start)].decode()
    return [name.replace("-", "_") for name in names.split(",") if name]
