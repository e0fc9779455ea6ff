"""A file with the name of a folder."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import Member, honest_members, notebook_bytes, raw_zip


def build(target: Path) -> None:
    clash = [
        Member(name=b"pset4.ipynb/x", data=b"x"),
        Member(name=b"a", data=b"x"),
        Member(name=b"a/b", data=b"x"),
    ]
    raw_zip(
        target, [Member(name=b"jdoe.ipynb", data=notebook_bytes()), *honest_members()[1:], *clash]
    )
