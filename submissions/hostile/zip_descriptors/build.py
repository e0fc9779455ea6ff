"""Sizes behind the data, as streaming programs write them: nothing is wrong."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import DEFLATED, DESCRIPTOR, UTF8, Member, honest_members, raw_zip


def build(target: Path) -> None:
    streamed = [
        Member(name=member.name, data=member.data, method=DEFLATED, flags=UTF8 | DESCRIPTOR)
        for member in honest_members()
    ]
    raw_zip(target, streamed)
