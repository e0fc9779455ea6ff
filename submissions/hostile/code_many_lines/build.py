"""One cell of 20,000 lines."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, with_cells

SOURCE = "x = 1\n" * 20_000


def build(target: Path) -> None:
    cell = {
        "cell_type": "code",
        "source": SOURCE,
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    }
    handed_in(target, with_cells(cell))
