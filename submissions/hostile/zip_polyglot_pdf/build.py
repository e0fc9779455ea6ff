"""A file that is a PDF and a zip at once."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import honest_members, pdf_bytes, raw_zip


def build(target: Path) -> None:
    raw_zip(target, honest_members(), prefix=pdf_bytes(3))
