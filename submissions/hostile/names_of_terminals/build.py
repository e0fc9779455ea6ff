"""A zip named with escape codes that set a link and the clipboard."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, notebook_bytes


def build(target: Path) -> None:
    handed_in(target, notebook_bytes())
