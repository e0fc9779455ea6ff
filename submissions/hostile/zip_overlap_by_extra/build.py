"""A file whose local extra field is another file, unseen by the directory."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from tests.hostile.making import Member, honest_members, raw_zip


def build(target: Path) -> None:
    payload = b"shared " * 1000
    second = Member(name=b"b.bin", data=payload)
    inner = struct.pack(
        "<4s5H3L2H",
        *(b"PK\x03\x04", 20, 0x800, 0, 0, 0),
        *(zlib.crc32(payload), len(payload), len(payload), 5, 0),
    )
    filler = bytes(8000)  # so that the directory's sizes alone show no overlap
    header = inner[:26] + struct.pack("<2H", 5, len(filler) + len(inner) + 5)
    honest = honest_members()
    at = sum(30 + len(member.name) + len(member.data) for member in honest)
    first = Member(name=b"a.bin", data=payload, offset=at, absent=True)
    shared = Member(
        name=b"b.bin", data=second.data, offset=at + len(header) + 5 + len(filler), absent=True
    )
    gap = header + b"a.bin" + filler + inner + b"b.bin" + payload
    raw_zip(target, [*honest, first, shared], gap=gap)
