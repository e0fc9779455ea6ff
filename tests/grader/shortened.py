"""A sample whose optimisations take fewer steps; the grader asks for the gain in as many."""

from __future__ import annotations

import zipfile
from pathlib import Path

STEPS = (b"n_iter=%d", b"range(%d)")
"""Where the samples' notebooks say how many steps an optimisation takes."""


def shorten(zip_path: Path, steps: int) -> None:
    """Let every optimisation of the notebook in the zip take `steps` instead of 200 steps."""
    with zipfile.ZipFile(zip_path) as archive:
        files = {info: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(zip_path, "w") as archive:
        for info, data in files.items():
            notebook = info.filename.endswith(".ipynb") and "checkpoints" not in info.filename
            archive.writestr(info, _with_steps(data, steps) if notebook else data)


def _with_steps(notebook: bytes, steps: int) -> bytes:
    for text in STEPS:
        assert text % 200 in notebook, text
        notebook = notebook.replace(text % 200, text % steps)
    return notebook
