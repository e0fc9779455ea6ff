"""The notebooks whose form is changed: ours, the course's of 2021, ours for 2022; all cut."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import lru_cache

import nbformat
from nbformat import NotebookNode

from authoring.samples import build_notebook
from tests.accuracy.corpus import SOLVED
from tests.accuracy.forms.form import Depth, Draft, new_cell

STEPS = 20
"""Of each optimisation: as few as the grader compares with the reference's after as many."""
BESIDE = {"answers.txt": b"My answers.\n"}
"""A file of every base, so that written parts wait in all of them: there is something to read."""
ENDS: dict[Depth, str] = {"short": "## Problem 4", "attacks": "### 4(d)"}
"""Start of the cell that is the first to be left out."""
LAYERS = ("p1a-conv-fwd", "p1b-pool-fwd", "p3ab-conv-bw", "p3d-pool-bw-")
"""Cells of Problems 1 and 3, which the course's own form has no cells for: put into it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A notebook that is right."""

    id: str
    sample: str
    """Sample submission that it is taken from."""
    assignment: str
    """Offering that it is graded by."""
    own_layers: bool = False
    """Whether it gets cells of the student's own for Problems 1 and 3."""


BASES = {
    base.id: base
    for base in (
        Base(id="solved", sample="complete", assignment="pset4_sp21"),
        Base(id="course", sample="course_form", assignment="pset4_sp21", own_layers=True),
        Base(id="sp22", sample="sp22_complete", assignment="pset4_sp22"),
    )
}


def draft_of(base: Base, depth: Depth) -> Draft:
    """Return the base, unchanged, as it would be handed in."""
    return Draft(notebook=copy.deepcopy(_notebook(base.id, depth)), files=dict(BESIDE))


@lru_cache(maxsize=8)
def _notebook(base_id: str, depth: Depth) -> NotebookNode:
    base = BASES[base_id]
    notebook = build_notebook(base.sample)
    for cell in notebook.cells:
        cell.source = cell.source.replace("=200)", f"={STEPS})").replace(
            "range(200)", f"range({STEPS})"
        )
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    if base.own_layers:
        place = 1 + next(
            index for index, cell in enumerate(notebook.cells) if "import torch" in cell.source
        )
        notebook.cells[place:place] = [new_cell(source) for source in _layer_sources()]
    end = ENDS[depth]
    place = next(i for i, cell in enumerate(notebook.cells) if cell.source.startswith(end))
    notebook.cells = notebook.cells[:place]
    return notebook


def _layer_sources() -> list[str]:
    solved = nbformat.read(SOLVED, as_version=4)  # type: ignore[no-untyped-call]
    by_id = {cell.metadata.get("id", ""): cell.source for cell in solved.cells}
    return [by_id[cell_id] for cell_id in LAYERS]
