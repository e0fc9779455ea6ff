"""Fifteen hundred cells with the letters of the template's in another order, for the comparison."""

from __future__ import annotations

import random
from pathlib import Path

from tests.hostile.making import handed_in, notebook, with_cells


def build(target: Path) -> None:
    draw = random.Random(3)
    sources = ["".join(cell["source"]) for cell in notebook()["cells"][1:]]
    made = []
    for number in range(1500):
        letters = list(sources[number % len(sources)])
        draw.shuffle(letters)
        made.append(
            {
                "cell_type": "code",
                "source": "".join(letters),
                "metadata": {},
                "outputs": [],
                "execution_count": 1,
            }
        )
    handed_in(target, with_cells(*made))
