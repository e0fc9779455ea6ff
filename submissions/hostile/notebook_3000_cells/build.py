"""Three thousand cells."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, markdown, with_cells


def build(target: Path) -> None:
    handed_in(target, with_cells(*markdown(*(f"Cell {number}" for number in range(3000)))))
