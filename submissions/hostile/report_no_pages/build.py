"""A report without a page."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, notebook_bytes, pdf_of


def build(target: Path) -> None:
    report = pdf_of(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>")
    handed_in(target, notebook_bytes(), report)
