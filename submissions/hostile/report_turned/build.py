"""A report that lies on its side."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, notebook_bytes, pdf_page


def build(target: Path) -> None:
    font = b"/Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>"
    words = b"BT /F1 14 Tf 0 1 -1 0 300 100 Tm (Problem 3\\(a\\) The gradient flows back.) Tj ET"
    handed_in(target, notebook_bytes(), pdf_page(words, font))
