"""Files packed by methods that cannot be read."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import Member, honest_members, raw_zip


def build(target: Path) -> None:
    odd = [
        Member(name=b"m%d" % method, data=b"x", method=method) for method in (1, 6, 12, 14, 93, 99)
    ]
    raw_zip(target, [*honest_members(), *odd])
