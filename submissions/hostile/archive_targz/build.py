"""A tar.gz under the name of a zip."""

from __future__ import annotations

from pathlib import Path


def build(target: Path) -> None:
    target.write_bytes(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03" + bytes(500))
