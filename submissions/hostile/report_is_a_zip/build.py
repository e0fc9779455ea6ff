"""A report that is the zip of another."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, honest_members, notebook_bytes, raw_zip


def build(target: Path) -> None:
    raw_zip(target, honest_members())
    handed_in(target, notebook_bytes(), target.read_bytes())
