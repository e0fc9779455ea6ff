"""A list of half a million files."""

from __future__ import annotations

import struct
from pathlib import Path

from tests.hostile.making import honest_members, raw_zip


def build(target: Path) -> None:
    raw_zip(target, honest_members())
    data = bytearray(target.read_bytes())
    at = data.rindex(b"PK\x05\x06")
    data[at + 12 : at + 16] = struct.pack("<L", 30 << 20)
    target.write_bytes(data)
