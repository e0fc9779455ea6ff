"""The solved notebook of an offering, graded as a student's: it must get every point.

What the checks judge must be right in full; what people read must wait for a person. Anything else
would happen to students.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from grader.checks.stage import OnStage
from grader.execution import OnProgress
from grader.execution.settings import RunSettings
from grader.intake.hand_in import HandIn
from grader.model.assignment import load_assignment, solved_notebook
from grader.model.assignment_record import Assignment
from grader.model.records import GradeSheet, Outcome
from grader.pipeline import GradeRequest, grade

NAME = "solved.zip"


def run_solved(
    name: str, settings: RunSettings, on_stage: OnStage, on_progress: OnProgress
) -> tuple[str, ...]:
    """Grade the solved notebook of an offering; return where it does not get all points.

    Args:
        name: Of the offering, or its folder; it has no faults, see `grader.offering.check`.
        settings: Bundle, device, threads.
        on_stage: Told what begins.
        on_progress: Told how far the run is.

    Raises:
        ConfigError: the offering or the bundle cannot be used.
    """
    assignment = load_assignment(name)
    with tempfile.TemporaryDirectory(prefix="pset4-offering-") as scratch:
        path = Path(scratch) / NAME
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(solved_notebook(name), "pset4.ipynb")
        request = GradeRequest(
            hand_in=HandIn(path=path, course=assignment.courses[-1]),
            out=Path(scratch) / "results",
            assignment=assignment,
            settings=settings,
        )
        return tuple(short_of(grade(request, on_stage, on_progress).sheet, assignment))


def short_of(sheet: GradeSheet, assignment: Assignment) -> Iterator[str]:
    """Say which parts of the solved notebook did not get what they must."""
    for part in sheet.parts:
        kind = assignment.part(part.id).kind
        wanted = Outcome.NEEDS_HUMAN if kind == "human" else Outcome.PASS
        if part.outcome is not wanted:
            yield (
                f"{assignment.name}: part {part.id}: expected {wanted.value} for the solved "
                f"notebook, found {part.outcome.value}: {part.message}"
            )
        elif kind != "human" and part.points != part.max_points:
            yield (
                f"{assignment.name}: part {part.id}: expected {part.max_points:g} points for the "
                f"solved notebook, found {part.points:g}: {part.message}"
            )
