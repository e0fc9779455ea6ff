"""A hundred thousand tiny files around an honest hand-in."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import Member, honest_members, raw_zip


def build(target: Path) -> None:
    tiny = [Member(name=b"many/%06d" % number, data=b"x") for number in range(100_000)]
    raw_zip(target, [*tiny, *honest_members()])
