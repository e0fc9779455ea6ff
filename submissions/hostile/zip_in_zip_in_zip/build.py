"""Zips within zips, five deep."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import honest_members, plain_zip, raw_zip


def build(target: Path) -> None:
    raw_zip(target, honest_members())
    for depth in range(5):
        plain_zip(target, {f"level{depth}.zip": target.read_bytes()})
