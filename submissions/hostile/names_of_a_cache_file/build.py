"""A file where a folder for caches is."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import notebook_bytes, pdf_bytes, plain_zip


def build(target: Path) -> None:
    plain_zip(
        target,
        {
            "pset4.ipynb": notebook_bytes(),
            "report.pdf": pdf_bytes(),
            ".cache": b"x",
        },
    )
