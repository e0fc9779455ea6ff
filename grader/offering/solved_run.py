"""The solved notebook of an offering, judged as a student's: it must be right in every part.

What the checks judge must pass with full credit; what people read must wait for a person. Anything
else would happen to students.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from grader.execution import OnProgress
from grader.execution.settings import RunSettings
from grader.intake.hand_in import HandIn
from grader.model.assignment import load_assignment, solved_notebook
from grader.model.assignment_record import Assignment
from grader.model.records import Finding, Outcome
from grader.outputs.pages.words import CHIPS
from grader.pipeline import GradeRequest, try_out
from grader.planning.standard import OnStage

NAME = "solved.zip"


def run_solved(
    name: str, settings: RunSettings, on_stage: OnStage, on_progress: OnProgress
) -> tuple[str, ...]:
    """Run and judge the solved notebook of an offering; return where it falls short.

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
            out=Path(scratch),
            assignment=assignment,
            settings=settings,
        )
        return tuple(short_of(try_out(request, on_stage, on_progress).findings, assignment))


def short_of(findings: Mapping[str, tuple[Finding, ...]], assignment: Assignment) -> Iterator[str]:
    """Say which checks did not find of the solved notebook what they must."""
    for part in assignment.parts:
        wanted = Outcome.NEEDS_HUMAN if part.kind == "human" else Outcome.PASS
        for found in findings.get(part.id, ()):
            full = found.outcome is wanted and (part.kind == "human" or found.credit == 1)
            if not full:
                yield (
                    f"{assignment.name}: part {part.id}: {found.check_id}: expected "
                    f"{CHIPS[wanted].word!r} with all of its points for the solved notebook, found "
                    f"{CHIPS[found.outcome].word!r} with {found.credit:.0%}: {found.message}"
                )
