"""One cell of 200,000 statements on one line, in a few kilobytes of zip."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, with_cells

SOURCE = "x=1;" * 200_000


def build(target: Path) -> None:
    cell = {
        "cell_type": "code",
        "source": SOURCE,
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    }
    handed_in(target, with_cells(cell))
