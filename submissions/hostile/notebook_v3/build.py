"""A notebook of nbformat 3 earns what it would in format 4."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, notebook, notebook_bytes


def build(target: Path) -> None:
    cells = [
        {
            "cell_type": "code",
            "language": "python",
            "input": cell["source"],
            "outputs": [],
            "prompt_number": 1,
            "collapsed": False,
            "metadata": {},
        }
        for cell in notebook()["cells"]
    ]
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": "old"},
        "worksheets": [{"cells": cells, "metadata": {}}],
    }
    handed_in(target, notebook_bytes(old))
