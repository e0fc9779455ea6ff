"""Names that are devices or streams on Windows."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import Member, honest_members, raw_zip


def build(target: Path) -> None:
    names = (
        b"CON",
        b"aux.py",
        b"nul.ipynb.txt",
        b"com1.pdf.txt",
        b"dots...",
        b"space ",
        b"report.pdf:stream",
    )
    raw_zip(
        target,
        [
            *honest_members(),
            Member(name=b"c:drive.txt", data=b"x"),
            *(Member(name=name, data=b"x") for name in names),
        ],
    )
