"""Four hundred long cells that nearly resemble the template's, for the comparison."""

from __future__ import annotations

import random
from pathlib import Path

from tests.hostile.making import handed_in, notebook, with_cells


def build(target: Path) -> None:
    cells = notebook()["cells"]
    text = "".join("".join(cell["source"]) for cell in cells)
    draw = random.Random(3)
    made = []
    for _ in range(400):
        letters = list(text * 3)
        for _ in range(len(letters) // 3):
            letters[draw.randrange(len(letters))] = draw.choice("abcdef (),\n")
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
