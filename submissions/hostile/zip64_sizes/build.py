"""An entry that says in its 64-bit field that it has an exabyte."""

from __future__ import annotations

import struct
from pathlib import Path

from tests.hostile.making import Member, honest_members, raw_zip


def build(target: Path) -> None:
    extra = struct.pack("<2HQ", 1, 8, 1 << 60)
    exabyte = Member(name=b"data.bin", data=b"x", size=0xFFFFFFFF, extra=extra)
    raw_zip(target, [*honest_members(), exabyte])
