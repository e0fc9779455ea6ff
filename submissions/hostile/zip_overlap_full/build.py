"""Fifty names for the same bytes."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import DEFLATED, Member, honest_members, raw_zip


def build(target: Path) -> None:
    kernel = Member(name=b"f00.bin", data=bytes(1 << 20), method=DEFLATED)
    honest = honest_members()
    at = sum(30 + len(member.name) + len(member.data) for member in honest)
    copies = [
        Member(
            name=b"f%02d.bin" % number,
            data=kernel.data,
            method=DEFLATED,
            offset=at,
            absent=True,
        )
        for number in range(1, 51)
    ]
    raw_zip(target, [*honest, kernel, *copies])
