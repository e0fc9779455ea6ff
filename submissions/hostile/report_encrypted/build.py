"""A report with a password."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, notebook_bytes, pdf_bytes


def build(target: Path) -> None:
    handed_in(target, notebook_bytes(), pdf_bytes(2, password="secret"))
