"""A student's notebook: the solved answers to some problems, in the cells of the release."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from grader.model.offering_files import OFFERINGS, RELEASE, SOLVED

SOLVED_NOTEBOOK = OFFERINGS / "pset4_sp21" / SOLVED
RELEASE_NOTEBOOK = SOLVED_NOTEBOOK.with_name(RELEASE)


def read(path: Path) -> NotebookNode:
    """Read a notebook."""
    notebook: NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    return notebook


def fill_in(source: Path, target: Path, problems: str) -> None:
    """Write the notebook of a student who answers some problems, such as `13`, in `source`."""
    answers = read(SOLVED_NOTEBOOK).cells
    solved = {cell.metadata.id: cell.source for cell in answers}
    notebook = read(source)
    for cell in notebook.cells:
        mark = cell.metadata.get("pset4", {})
        if mark.get("part", "0")[0] in problems and mark["kind"] in ("answer", "todo", "run"):
            cell.source = solved[cell.metadata.id]
    # Further runs, which students add as cells of their own: 4(d) asks for three.
    there = [cell.metadata.get("id") for cell in notebook.cells]
    for before, cell in pairwise(answers):
        if cell.metadata.id not in there and cell.metadata.pset4.part[0] in problems:
            place = there.index(before.metadata.id) + 1
            notebook.cells.insert(place, cell)
            there.insert(place, cell.metadata.id)
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, target)  # type: ignore[no-untyped-call]
