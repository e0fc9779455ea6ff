"""Several PDFs, none of them named as asked."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import notebook_bytes, pdf_bytes, plain_zip


def build(target: Path) -> None:
    plain_zip(target, {"pset4.ipynb": notebook_bytes(), "a.pdf": pdf_bytes(), "b.pdf": pdf_bytes()})
