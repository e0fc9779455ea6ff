"""A zip with 100 kB behind its end."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import honest_members, raw_zip


def build(target: Path) -> None:
    raw_zip(target, honest_members(), suffix=b"trailing " * 11_000)
