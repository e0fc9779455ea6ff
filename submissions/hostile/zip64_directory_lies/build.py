"""A 64-bit end record that points nowhere."""

from __future__ import annotations

import struct
from pathlib import Path

from tests.hostile.making import honest_members, raw_zip


def build(target: Path) -> None:
    raw_zip(target, honest_members(), zip64=True)
    data = bytearray(target.read_bytes())
    at = data.rindex(b"PK\x06\x06")
    data[at + 40 : at + 56] = struct.pack("<2Q", 1 << 20, 1 << 40)
    target.write_bytes(data)
