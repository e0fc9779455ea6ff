"""A web page named report.pdf."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, notebook_bytes


def build(target: Path) -> None:
    handed_in(target, notebook_bytes(), b"<html><script>alert(1)</script>")
