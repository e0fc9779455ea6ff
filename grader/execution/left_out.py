"""Statements that a run goes on without: what the kernel must know for it, and what is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from grader.execution.notes import note
from grader.kernel.going_on import digest_of
from grader.model.notebook_code import names_meant
from grader.model.records import CellRun, LeftOut, Note, Severity, Submission
from grader.model.text import cell_number

MOST_NOTES = 30
"""Statements of a run that have a note of their own."""
MOST_OF_A_LINE = 80
"""Characters of a statement that a note quotes."""


def machine_facts(submission: Submission) -> str:
    """Return the keyword arguments of the kernel's `start` that concern this, as source text."""
    code = [cell for cell in submission.cells if cell.kind == "code"]
    well = submission.ended_well()
    digests = sorted({digest_of(cell.source) for cell in code if cell.index in well})
    bound = sorted(frozenset().union(*(names_meant(cell.source) for cell in code)))
    return f"ended_well={digests!r}, bound={bound!r}"


def notes_of(cells: Sequence[CellRun]) -> Iterator[Note]:
    """Yield a note for each statement that was left out, and what it means for the student."""
    told = [(run, one) for run in cells for one in run.left_out]
    for run, one in told[:MOST_NOTES]:
        yield note(
            f"left-out.{one.reason}",
            Severity.WARNING,
            cell=cell_number(run.cell_index),
            line=one.line,
            text=_shortened(one.code),
            error=_error(one),
        )
    if len(told) > MOST_NOTES:
        yield note("more-left-out", Severity.WARNING, count=len(told) - MOST_NOTES)


def _error(one: LeftOut) -> str:
    text = f"{one.error_name}: {one.error_message}" if one.error_name else one.error_message
    return text.rstrip(" .:")


def _shortened(code: str) -> str:
    return code if len(code) <= MOST_OF_A_LINE else code[: MOST_OF_A_LINE - 1] + "…"
