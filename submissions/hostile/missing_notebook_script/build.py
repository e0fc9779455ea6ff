"""A Python file in the place of the notebook."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import pdf_bytes, plain_zip


def build(target: Path) -> None:
    plain_zip(target, {"pset4.py": b"x = 1\n", "report.pdf": pdf_bytes()})
