"""A sample whose optimizations take fewer steps, or that lacks some; the grader asks for the gain
in as many steps."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Collection
from pathlib import Path

STEPS = (b"n_iter=%d", b"range(%d)")
"""Where the samples' notebooks say how many steps an optimisation takes."""


def shorten(zip_path: Path, steps: int) -> None:
    """Let every optimization of the notebook in the zip take `steps` instead of 200 steps."""
    _change_notebook(zip_path, lambda notebook: _with_steps(notebook, steps))


def cut(zip_path: Path, cells: Collection[str]) -> None:
    """Take cells, by their ids, out of the notebook in the zip."""

    def change(data: bytes) -> bytes:
        notebook = json.loads(data)
        there = {cell["metadata"]["id"] for cell in notebook["cells"]}
        assert there & set(cells)
        kept = [cell for cell in notebook["cells"] if cell["metadata"]["id"] not in cells]
        return json.dumps({**notebook, "cells": kept}).encode()

    _change_notebook(zip_path, change)


def _change_notebook(zip_path: Path, change: Callable[[bytes], bytes]) -> None:
    with zipfile.ZipFile(zip_path) as archive:
        files = {info: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(zip_path, "w") as archive:
        for info, data in files.items():
            notebook = info.filename.endswith(".ipynb") and "checkpoints" not in info.filename
            archive.writestr(info, change(data) if notebook else data)


def _with_steps(notebook: bytes, steps: int) -> bytes:
    for text in STEPS:
        assert text % 200 in notebook, text
        notebook = notebook.replace(text % 200, text % steps)
    return notebook
