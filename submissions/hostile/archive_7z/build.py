"""Another kind of archive under the name of a zip."""

from __future__ import annotations

from pathlib import Path


def build(target: Path) -> None:
    target.write_bytes(b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(500))
