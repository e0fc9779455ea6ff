"""A thousand branches of one condition."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, with_cells

SOURCE = "x = y = 0\nif x:\n    y = 1\n" + "elif x:\n    y = 2\n" * 900


def build(target: Path) -> None:
    cell = {
        "cell_type": "code",
        "source": SOURCE,
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    }
    handed_in(target, with_cells(cell))
