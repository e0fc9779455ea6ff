"""A symbolic link to a system file, and a file below a linked folder."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import SYMLINK, Member, honest_members, raw_zip


def build(target: Path) -> None:
    links = [
        Member(name=b"notes.txt", data=b"/etc/passwd", attributes=SYMLINK),
        Member(name=b"data", data=b"/tmp", attributes=SYMLINK),
        Member(name=b"data/hostile-link.txt", data=b"x"),
        Member(name=b"pipe", attributes=0o010644 << 16),
        Member(name=b"device", attributes=0o060644 << 16),
    ]
    raw_zip(target, [*honest_members(), *links])
