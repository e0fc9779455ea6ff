"""Every file asks for a password."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import ENCRYPTED, UTF8, Member, honest_members, raw_zip


def build(target: Path) -> None:
    locked = [
        Member(name=member.name, data=member.data, flags=UTF8 | ENCRYPTED)
        for member in honest_members()
    ]
    raw_zip(target, locked)
