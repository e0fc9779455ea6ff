"""File names and a kerberos that are formulas of a spreadsheet."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import notebook_bytes, pdf_bytes, plain_zip


def build(target: Path) -> None:
    names = ("=1+1.txt", "+cmd|calc.txt", "-2+3.py", "@SUM(A1).csv", "\t=1.txt")
    plain_zip(
        target,
        {"pset4.ipynb": notebook_bytes(), "report.pdf": pdf_bytes()} | dict.fromkeys(names, b"x"),
    )
