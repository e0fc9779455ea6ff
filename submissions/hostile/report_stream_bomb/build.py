"""A page whose content is a million lines, twice packed."""

from __future__ import annotations

import zlib
from pathlib import Path

from tests.hostile.making import handed_in, notebook_bytes, pdf_of


def build(target: Path) -> None:
    inner = zlib.compress(b"0 0 m 9 9 l S " * 1_000_000, 9)
    packed = zlib.compress(inner, 9)
    report = pdf_of(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>",
        b"<</Filter[/FlateDecode/FlateDecode]/Length %d>>\nstream\n%b\nendstream"
        % (len(packed), packed),
    )
    handed_in(target, notebook_bytes(), report)
