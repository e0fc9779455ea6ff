"""Nine notebooks of which none can be read."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import pdf_bytes, plain_zip


def build(target: Path) -> None:
    files = {f"n{number}.ipynb": b"[]" for number in range(9)}
    plain_zip(target, files | {"report.pdf": pdf_bytes()})
