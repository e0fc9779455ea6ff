"""Pages of sizes that are no numbers."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, notebook_bytes, pdf_of


def build(target: Path) -> None:
    pages = (
        b"0 0 1e30 1e30",
        b"0 0 0.0001 9000",
        b"5 5 5 5",
        b"0 0 -100 -200",
        b"a b c d",
        b"0 0 595",
    )
    kids = b" ".join(b"%d 0 R" % (3 + number) for number in range(len(pages)))
    report = pdf_of(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%b]/Count %d>>" % (kids, len(pages)),
        *(b"<</Type/Page/Parent 2 0 R/MediaBox[%b]>>" % box for box in pages),
    )
    handed_in(target, notebook_bytes(), report)
