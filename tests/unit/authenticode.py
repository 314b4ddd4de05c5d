#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Is a PE file what kexec_file_load(2) takes for a signed one?

Checks the file the way Linux's crypto/asymmetric_keys/verify_pefile.c reads
it, from the PE format alone and sharing no code with what wrote it: headers,
certificate table, and the digest in the signature against that of the file.
Keys are not looked at. Used: authenticode.py FILE; exit status 1 and a line
on stderr if the kernel would not take it.
"""

import hashlib
import re
import struct
import sys

CERTIFICATES = 4
SHA256_OID = bytes.fromhex("0609608648016503040201")


class Refused(Exception):
    """What the kernel would find wrong."""


def need(condition, what):
    if not condition:
        raise Refused(what)


def number(data, at, size):
    need(0 <= at <= len(data) - size, "a header lies outside the file")
    return int.from_bytes(data[at:at + size], "little")


class Pe:
    """The fields that matter, by their offsets in the PE format."""

    def __init__(self, data):
        need(data[:2] == b"MZ", "no MZ")
        pe = number(data, 60, 4)
        need(pe >= 64 and data[pe:pe + 4] == b"PE\0\0", "no PE header")
        optional = pe + 24
        need(number(data, pe + 4, 2) == 0xaa64, "not for arm64")
        need(number(data, optional, 2) == 0x20b, "not PE32+")
        self.data = data
        self.checksum = optional + 64
        self.header_size = number(data, optional + 60, 4)
        directories = optional + 112
        count = number(data, optional + 108, 4)
        need(count > CERTIFICATES, "no certificate directory")
        self.certificates = directories + CERTIFICATES * 8
        self.section_table = directories + count * 8
        self.section_count = number(data, pe + 6, 2)
        need(number(data, pe + 20, 2) == 112 + count * 8,
             "sections are not where the kernel looks for them")
        need(self.section_table + 40 * self.section_count <= self.header_size,
             "the headers are larger than they say")

    def sections(self):
        """(offset, size) in the file, in file order."""
        for i in range(self.section_count):
            at = self.section_table + 40 * i
            yield (number(self.data, at + 20, 4), number(self.data, at + 16, 4))

    def signature(self):
        """(offset, size) of the certificate table."""
        return (number(self.data, self.certificates, 4),
                number(self.data, self.certificates + 4, 4))

    def digest(self):
        data, (_, signature_size) = self.data, self.signature()
        digest = hashlib.sha256()
        digest.update(data[:self.checksum])
        digest.update(data[self.checksum + 4:self.certificates])
        digest.update(data[self.certificates + 8:self.header_size])
        hashed = self.header_size
        for offset, size in sorted(self.sections()):
            need(offset + size <= len(data), "a section lies outside")
            digest.update(data[offset:offset + size])
            hashed += size
        need(hashed + signature_size <= len(data), "the file is cut off")
        digest.update(data[hashed:len(data) - signature_size])
        return digest.digest()


def pkcs7(pe):
    """The PKCS#7 message in the certificate table."""
    start, size = pe.signature()
    need(start and size, "it is not signed")
    need(start >= pe.header_size and start + size <= len(pe.data),
         "the signature lies outside")
    length, revision, kind = struct.unpack_from("<IHH", pe.data, start)
    need(length <= size, "the signature is larger than its table")
    need((revision, kind) == (0x200, 2), "not a PKCS#7 signature")
    message = pe.data[start + 8:start + length]
    need(message[:2] == b"\x30\x82", "the signature is no PKCS#7 message")
    need(4 + int.from_bytes(message[2:4], "big") <= len(message),
         "the signature is cut off")
    return message


def check(data):
    pe = Pe(data)
    message = pkcs7(pe)
    signed = re.search(re.escape(SHA256_OID) + rb"(?:\x05\x00)?\x04\x20(.{32})",
                       message, re.DOTALL)
    need(signed, "no SHA-256 digest in the signature")
    need(signed.group(1) == pe.digest(), "the file was changed after signing")


def main():
    with open(sys.argv[1], "rb") as file:
        data = file.read()
    try:
        check(data)
    except Refused as reason:
        sys.exit("%s: %s" % (sys.argv[1], reason))


if __name__ == "__main__":
    main()
