"""A table of references that leads to itself."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, notebook_bytes, pdf_of


def build(target: Path) -> None:
    loop = pdf_of(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>",
        b"4 0 R",
    )
    at = loop.rindex(b"xref\n0")
    handed_in(target, notebook_bytes(), loop.replace(b"/Root 1 0 R", b"/Root 1 0 R/Prev %d" % at))
