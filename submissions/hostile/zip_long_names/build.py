"""Names of 300 bytes, and a path of a hundred folders."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import Member, honest_members, raw_zip


def build(target: Path) -> None:
    names = (b"n" * 300, b"\xc3\xa9" * 130, b"d/" * 600 + b"f")
    raw_zip(target, [*honest_members(), *(Member(name=name, data=b"x") for name in names)])
