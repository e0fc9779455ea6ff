"""The one place that reads what else a submission holds: its report and stored outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grader.model.records import NO_REPORT, Note, ReportReading, Severity, Submission
from grader.reading.conduct import conduct_notes
from grader.reading.notebook_outputs import read_cell_outputs
from grader.reading.notes import note
from grader.reading.report_limits import ReportLimits
from grader.reading.report_process import read_report_apart
from grader.reading.stored_outputs import compare_with_rerun

if TYPE_CHECKING:
    # It imports PyTorch, for which each process that reads a report would wait 3 s.
    from grader.model.assignment import Assignment
    from grader.reading.report_families import KnownPicture

SAID_BY_INTAKE = {"stored-not-run": "notebook-not-run", "report-damaged": "unreadable-report"}
"""Notes that intake has given in its own words already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandInReading:
    """What was found."""

    report: ReportReading
    """The report."""
    notes: tuple[Note, ...]
    """For staff: trouble with the report, and the notebook as submitted against our run."""


def nothing_read() -> HandInReading:
    """Return what there is where reading reached a limit."""
    return HandInReading(report=NO_REPORT, notes=(note("reading-limit"),))


def read_hand_in(
    submission: Submission,
    folder: Path,
    assignment: Assignment,
    pictures: Sequence[KnownPicture],
    executed: Path,
    limits: ReportLimits | None = None,
) -> HandInReading:
    """Read the report, and compare the notebook's stored outputs with those of our run.

    Args:
        submission: What was submitted.
        folder: Where its files lie.
        assignment: Its part ids are looked for.
        pictures: Pictures that the report may show.
        executed: The notebook as our run left it; it may be missing.
        limits: Bounds of reading the report.
    """
    report = NO_REPORT
    if submission.report_path:
        part_ids = [part.id for part in assignment.parts]
        path = folder / submission.report_path
        report = read_report_apart(path, limits or ReportLimits(), part_ids, pictures)
    notes = tuple(
        Note(code=one.code, severity=Severity.WARNING, message=one.message, for_student=False)
        for one in report.trouble
    )
    if submission.notebook_path:
        handed_in = read_cell_outputs(folder / submission.notebook_path)
        notes += compare_with_rerun(handed_in, read_cell_outputs(executed))
    notes += conduct_notes(submission.cells)
    said = {note.code for note in submission.notes}
    return HandInReading(
        report=report,
        notes=tuple(note for note in notes if SAID_BY_INTAKE.get(note.code) not in said),
    )
