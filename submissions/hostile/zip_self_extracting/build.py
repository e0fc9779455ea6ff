"""A program in front, and offsets that do not know of it."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import honest_members, raw_zip


def build(target: Path) -> None:
    raw_zip(target, honest_members())
    target.write_bytes(b"MZ" + bytes(4000) + target.read_bytes())
