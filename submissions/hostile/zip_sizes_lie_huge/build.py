"""A file that says that it has 4 GiB."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import Member, honest_members, raw_zip


def build(target: Path) -> None:
    liar = Member(name=b"data.bin", data=b"small", size=0xFFFFFFFE)
    raw_zip(target, [*honest_members(), liar])
