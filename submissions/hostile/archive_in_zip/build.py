"""A 7z archive within the zip."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import plain_zip


def build(target: Path) -> None:
    plain_zip(target, {"pset4.7z": b"7z\xbc\xaf\x27\x1c" + bytes(500)})
