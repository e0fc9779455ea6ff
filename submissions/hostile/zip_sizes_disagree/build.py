"""The header before the data states another size than the directory."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import Member, honest_members, raw_zip


def build(target: Path) -> None:
    two_faced = Member(name=b"two.txt", data=b"0123456789", local_size=3)
    raw_zip(target, [*honest_members(), two_faced])
