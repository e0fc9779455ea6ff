"""Names that are none."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import Member, honest_members, raw_zip


def build(target: Path) -> None:
    names = (b"", b"/", b"./.", b"//", b".", b"./")
    raw_zip(target, [*honest_members(), *(Member(name=name, data=b"x") for name in names)])
