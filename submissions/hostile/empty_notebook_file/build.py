"""A notebook and a report of 0 bytes."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import plain_zip


def build(target: Path) -> None:
    plain_zip(target, {"pset4.ipynb": b"", "report.pdf": b""})
