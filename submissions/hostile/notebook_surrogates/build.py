"""Halves of characters in sources, ids and outputs."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, markdown, with_cells


def build(target: Path) -> None:
    lone = "\ud800 and \udfff"
    cells = [
        {
            "cell_type": "code",
            "source": f"print('{lone}')",
            "id": lone,
            "metadata": {"id": lone, "pset4": {"part": lone}},
            "execution_count": 1,
            "outputs": [{"output_type": "stream", "name": "stdout", "text": lone}],
        },
        *markdown(f"**Answer to 3(c).**\n\n{lone}"),
    ]
    handed_in(target, with_cells(*cells))
