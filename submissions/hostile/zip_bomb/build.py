"""A file of 200 MB packed into 200 kB beside an honest hand-in."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import notebook_bytes, pdf_bytes, plain_zip


def build(target: Path) -> None:
    plain_zip(
        target,
        {"pset4.ipynb": notebook_bytes(), "report.pdf": pdf_bytes(), "data.bin": bytes(200 << 20)},
    )
