"""A file whose packed bytes quote the next entry's header (CVE-2024-0450)."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from tests.hostile.making import DEFLATED, Member, honest_members, raw_zip


def build(target: Path) -> None:
    payload = bytes(4 << 20)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(payload) + packer.flush()
    inner_header = struct.pack(
        "<4s5H3L2H",
        *(b"PK\x03\x04", 20, 0x800, 8, 0, 0, zlib.crc32(payload), len(packed), len(payload), 5, 0),
    )
    quoted = inner_header + b"b.bin"
    # A stored block of DEFLATE, not the last one, that holds the header as its data.
    block = b"\x00" + struct.pack("<2H", len(quoted), len(quoted) ^ 0xFFFF)
    whole = quoted + payload
    outer = block + quoted + packed
    honest = honest_members()
    at = sum(30 + len(member.name) + len(member.data) for member in honest)
    header = struct.pack(
        "<4s5H3L2H",
        *(b"PK\x03\x04", 20, 0x800, 8, 0, 0, zlib.crc32(whole), len(outer), len(whole), 5, 0),
    )
    quoting = Member(
        name=b"a.bin", method=8, data=whole, packed_size=len(outer), offset=at, absent=True
    )
    inner = Member(
        name=b"b.bin",
        method=8,
        data=payload,
        packed_size=len(packed),
        offset=at + len(header) + 5 + len(block),
        absent=True,
    )
    # The bytes of both are written behind the honest files, as the tail of the last one's record.
    notebook_entry, report = honest
    raw_zip(target, [notebook_entry, report, quoting, inner], gap=header + b"a.bin" + outer)
