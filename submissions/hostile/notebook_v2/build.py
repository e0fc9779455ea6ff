"""A notebook of nbformat 2: nothing is wrong."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, notebook, notebook_bytes


def build(target: Path) -> None:
    cells = [
        {
            "cell_type": "code",
            "language": "python",
            "input": "".join(cell["source"]),
            "outputs": [],
            "prompt_number": 1,
            "collapsed": False,
        }
        for cell in notebook()["cells"]
    ]
    old = {"nbformat": 2, "metadata": {"name": "old"}, "worksheets": [{"cells": cells}]}
    handed_in(target, notebook_bytes(old))
