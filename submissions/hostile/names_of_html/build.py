"""A zip and notebooks named as HTML."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import notebook_bytes, pdf_bytes, plain_zip


def build(target: Path) -> None:
    plain_zip(
        target,
        {
            "<script>alert(1)<\\script>.ipynb": notebook_bytes(),
            '"><svg onload=alert(1)>.ipynb': b"{}",
            "report.pdf": pdf_bytes(),
        },
    )
