"""A small zip with a 64-bit end record, as some programs always write it: nothing is wrong."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import honest_members, raw_zip


def build(target: Path) -> None:
    raw_zip(target, honest_members(), zip64=True)
