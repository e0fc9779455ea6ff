"""Names that lead out of the folder, by every spelling."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import Member, honest_members, raw_zip


def build(target: Path) -> None:
    names = (
        b"../../hostile-slip.txt",
        b"/tmp/hostile-slip.txt",
        b"..\\..\\hostile-slip.txt",
        b"a/../../hostile-slip.txt",
        b"C:\\hostile-slip.txt",
        b"\\\\server\\share\\hostile-slip.txt",
        b"~/../../hostile-slip.txt",
        b"a/..",
    )
    raw_zip(target, [*honest_members(), *(Member(name=name, data=b"out") for name in names)])
