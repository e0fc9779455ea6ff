"""A zip without files."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import raw_zip


def build(target: Path) -> None:
    raw_zip(target, [])
