"""The notebook itself is a symbolic link."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import SYMLINK, Member, honest_members, raw_zip


def build(target: Path) -> None:
    _, report = honest_members()
    link = Member(name=b"pset4.ipynb", data=b"/etc/passwd", attributes=SYMLINK)
    raw_zip(target, [link, report])
