"""A comment that holds another end record."""

from __future__ import annotations

import struct
from pathlib import Path

from tests.hostile.making import honest_members, raw_zip


def build(target: Path) -> None:
    other = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0, 0, 0, 0, 0)
    raw_zip(target, honest_members(), comment=b"x" * 40 + other)
