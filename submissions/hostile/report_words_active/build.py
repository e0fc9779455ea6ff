"""A report whose words are HTML, markdown and escape codes."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, notebook_bytes, pdf_page


def build(target: Path) -> None:
    font = b"/Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>"
    words = b"BT /F1 12 Tf 50 700 Td (3\\(a\\) <script>alert\\(1\\)</script> \\033[31m =1+1) Tj ET"
    handed_in(target, notebook_bytes(), pdf_page(words, font))
