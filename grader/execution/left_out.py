"""Statements that a run goes on without: what the kernel must know for it, and what is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from grader.execution.notes import note
from grader.kernel.going_on import digest_of
from grader.model.notebook_code import names_meant
from grader.model.records import CellRun, LeftOut, Note, Outcome, Severity, Submission
from grader.model.text import cell_number

NO_PYTHON = frozenset({"SyntaxError", "IndentationError", "TabError"})
"""Exceptions of a cell that is not valid Python."""
MOST_NOTES = 30
"""Statements of a run that have a note of their own."""
MOST_OF_A_LINE = 80
"""Characters of a statement that a note quotes."""


def machine_facts(submission: Submission) -> str:
    """Return the keyword arguments of the kernel's `start` that concern this, as source text."""
    code = [cell for cell in submission.cells if cell.kind == "code"]
    well = submission.ended_well()
    digests = sorted({digest_of(cell.source) for cell in code if cell.index in well})
    bound = sorted(frozenset().union(*(names_meant(cell.code) for cell in code)))
    return f"ended_well={digests!r}, bound={bound!r}"


def as_handed_in(run: CellRun, submission: Submission) -> CellRun:
    """Return a cell's run; one that is no Python here and ended well as handed in waits.

    A later Python reads more than this one. The kernel never sees the statements of such a cell.
    """
    no_python = run.outcome is Outcome.STUDENT_ERROR and run.error_name in NO_PYTHON
    if not no_python or run.cell_index not in submission.ended_well():
        return run
    source = submission.cells[run.cell_index].source
    differs = LeftOut(
        line=1,
        code=next((line.strip() for line in source.split("\n") if line.strip()), ""),
        reason="differs",
        error_name=run.error_name,
        error_message=run.error_message,
        names=tuple(sorted(names_meant(source))),
    )
    return replace(run, outcome=Outcome.NEEDS_HUMAN, left_out=(*run.left_out, differs))


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
