# SPDX-License-Identifier: GPL-2.0-or-later
"""Write cpio archives in the 'newc' form that the kernel unpacks."""

import stat


class Archive:
    """An archive in the making; every file belongs to root, time 0."""

    def __init__(self):
        self._parts = []
        self._seen = set()
        self._inode = 1

    def directory(self, path):
        """Add a directory and its parents, each once."""
        path = path.strip("/")
        if not path or path in self._seen:
            return
        self.directory(path.rpartition("/")[0])
        self._entry(path, stat.S_IFDIR | 0o755, b"")

    def file(self, path, data, mode=0o644):
        """Add a regular file; the first one under a name stays."""
        self._leaf(path, stat.S_IFREG | mode, data)

    def link(self, path, target):
        """Add a symbolic link."""
        self._leaf(path, stat.S_IFLNK | 0o777, target.encode())

    def device(self, path, major, minor):
        """Add a character device."""
        self._leaf(path, stat.S_IFCHR | 0o600, b"", major, minor)

    def __contains__(self, path):
        return path.strip("/") in self._seen

    def bytes(self):
        """The archive, closed: it can be followed by another one."""
        end = Archive()
        end._entry("TRAILER!!!", 0, b"")
        return b"".join(self._parts + end._parts)

    def _leaf(self, path, mode, data, major=0, minor=0):
        path = path.strip("/")
        if path in self._seen:
            return
        self.directory(path.rpartition("/")[0])
        self._entry(path, mode, data, major, minor)

    def _entry(self, path, mode, data, major=0, minor=0):
        name = path.encode() + b"\0"
        fields = (self._inode, mode, 0, 0, 1, 0, len(data), 0, 0,
                  major, minor, len(name), 0)
        head = b"070701" + b"".join(b"%08x" % field for field in fields)
        self._parts += [_pad(head + name), _pad(data)]
        self._seen.add(path)
        self._inode += 1


def _pad(data):
    """Every header with its name, and every content, ends on 4 bytes."""
    return data + bytes(-len(data) % 4)
