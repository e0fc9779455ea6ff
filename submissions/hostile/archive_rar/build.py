"""A RAR archive under the name of a zip."""

from __future__ import annotations

from pathlib import Path


def build(target: Path) -> None:
    target.write_bytes(b"Rar!\x1a\x07\x01\x00" + bytes(500))
