"""A name that ends at a NUL for some programs."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import Member, honest_members, raw_zip


def build(target: Path) -> None:
    names = (b"report.pdf\x00.exe", b"pset4.ipynb\x00.txt")
    raw_zip(target, [*honest_members(), *(Member(name=name, data=b"x") for name in names)])
