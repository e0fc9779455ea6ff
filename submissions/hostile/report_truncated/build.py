"""A report that was cut short."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, notebook_bytes, pdf_page


def build(target: Path) -> None:
    whole = pdf_page(b"BT /F1 12 Tf 50 700 Td (3a) Tj ET " * 200)
    handed_in(target, notebook_bytes(), whole[:2000])
