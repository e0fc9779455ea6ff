"""A bomb that says that it is small."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import DEFLATED, Member, honest_members, raw_zip


def build(target: Path) -> None:
    bomb = Member(name=b"data.bin", data=bytes(64 << 20), method=DEFLATED, size=1000)
    raw_zip(target, [*honest_members(), bomb])
