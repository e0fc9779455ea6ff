"""Only the report."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import pdf_bytes, plain_zip


def build(target: Path) -> None:
    plain_zip(target, {"report.pdf": pdf_bytes()})
