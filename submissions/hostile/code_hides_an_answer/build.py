"""The convolution is defined in a cell that is too long to be read: the kernel tells."""

from __future__ import annotations

import json
from pathlib import Path

from tests.hostile.making import handed_in, notebook

FILLER = "x=1;" * 6_000


def build(target: Path) -> None:
    made = notebook()
    for cell in made["cells"]:
        source = "".join(cell["source"])
        if "def conv1d_forward" in source:
            cell["source"] = f"{source}\n{FILLER}"
    handed_in(target, json.dumps(made).encode())
