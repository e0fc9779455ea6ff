"""Paths within their bounds of bytes, of hundreds of folders."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import Member, honest_members, raw_zip


def build(target: Path) -> None:
    names = (b"a/" * 499 + b"x", b"b\\" * 300 + b"x", b"c/" * 40 + b"x")
    raw_zip(target, [*honest_members(), *(Member(name=name, data=b"x") for name in names)])
