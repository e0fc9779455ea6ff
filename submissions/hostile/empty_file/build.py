"""A zip of 0 bytes."""

from __future__ import annotations

from pathlib import Path


def build(target: Path) -> None:
    target.write_bytes(b"")
