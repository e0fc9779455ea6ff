"""The header before the data names another file than the directory."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import Member, honest_members, raw_zip


def build(target: Path) -> None:
    two_faced = Member(name=b"harmless.txt", local_name=b"evil.ipynb!!", data=b"{}")
    raw_zip(target, [*honest_members(), two_faced])
