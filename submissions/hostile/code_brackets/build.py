"""Brackets nested 5,000 deep."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, with_cells

SOURCE = "x = " + "[" * 5_000 + "]" * 5_000


def build(target: Path) -> None:
    cell = {
        "cell_type": "code",
        "source": SOURCE,
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    }
    handed_in(target, with_cells(cell))
