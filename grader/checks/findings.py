"""Short ways to say a verdict."""

from __future__ import annotations

from dataclasses import dataclass, replace

from grader.checks.context import RUN_ENDED, CheckContext
from grader.model.records import CellRun, Exhibit, Finding, Measurement, Outcome

_RANK = (
    Outcome.PASS,
    Outcome.PARTIAL,
    Outcome.NEEDS_HUMAN,
    Outcome.FAIL,
    Outcome.STUDENT_ERROR,
)
"""From best to worst, where several tries at one check are to be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A finding before it has its check's name."""

    outcome: Outcome
    """What became of it."""
    message: str
    """For the student."""
    credit: float = 0.0
    """Share of the points, 0 to 1."""
    staff: str = ""
    """For staff."""
    measurements: tuple[Measurement, ...] = ()
    """Rows of numbers."""
    exhibits: tuple[Exhibit, ...] = ()
    """Pictures and plots."""
    evidence_ids: tuple[str, ...] = ()
    """What it rests on."""

    def rank(self) -> tuple[int, float]:
        """Smaller is better for the student."""
        place = _RANK.index(self.outcome) if self.outcome in _RANK else len(_RANK)
        return place, -self.credit

    def finding(self, check_id: str) -> Finding:
        """Give it its check's name."""
        return Finding(
            check_id=check_id,
            outcome=self.outcome,
            credit=self.credit,
            message=self.message,
            staff_detail=self.staff,
            measurements=self.measurements,
            exhibits=self.exhibits,
            evidence_ids=self.evidence_ids,
        )

    def adding(self, sentence: str) -> Verdict:
        """Return the same verdict with a sentence added for the student; an empty one adds none."""
        return replace(self, message=f"{self.message} {sentence}".strip())

    def noting(self, *notes: str) -> Verdict:
        """Return the same verdict with sentences added for staff."""
        added = [note for note in (self.staff, *notes) if note]
        return replace(self, staff=" ".join(added))


def passed(message: str, staff: str = "") -> Verdict:
    """Full credit."""
    return Verdict(outcome=Outcome.PASS, credit=1.0, message=message, staff=staff)


def partly(message: str, credit: float, staff: str = "") -> Verdict:
    """Part of the credit; all of it or none have their own outcomes."""
    if credit <= 0:
        return failed(message, staff)
    return Verdict(outcome=Outcome.PARTIAL, credit=credit, message=message, staff=staff)


def failed(message: str, staff: str = "") -> Verdict:
    """No credit: it is wrong."""
    return Verdict(outcome=Outcome.FAIL, message=message, staff=staff)


def needs_human(message: str, staff: str = "") -> Verdict:
    """A person decides."""
    return Verdict(outcome=Outcome.NEEDS_HUMAN, message=message, staff=staff)


def not_attempted(message: str, staff: str = "") -> Verdict:
    """Nothing was handed in for it."""
    return Verdict(outcome=Outcome.NOT_ATTEMPTED, message=message, staff=staff)


def student_error(message: str, staff: str = "") -> Verdict:
    """The code raised."""
    return Verdict(outcome=Outcome.STUDENT_ERROR, message=message, staff=staff)


def keeps_state(function: str) -> str:
    """Say that a function gives another result when it is called again."""
    return (
        f"{function} gives another result when it is called again with the same arguments: "
        "it keeps something from call to call."
    )


def changes_arguments(function: str) -> str:
    """Say that a function works in place."""
    return f"{function} changes its arguments; work on a copy."


def sentence_of(run: CellRun) -> str:
    """Say how a cell ended."""
    cell = f"Cell {run.cell_index + 1} of the notebook"
    if run.error_name:
        return f"{cell} ended with {run.error_name}: {run.error_message}"[:400]
    return f"{cell} did not end: {run.outcome.value.replace('_', ' ').lower()}"


def why_missing(context: CheckContext, part_id: str, what: str, names: tuple[str, ...]) -> Verdict:
    """Say why there is no evidence: a cell that failed, a run that was cut, or nothing written.

    Args:
        context: Of the submission.
        part_id: The part in question.
        what: What is missing, as the beginning of a sentence.
        names: Names whose cells count as this part's cells too.
    """
    runs = {run.cell_index: run for run in context.evidence.cells}
    own = [runs[i] for i in _cells_concerned(context, part_id, names) if i in runs]
    broken = [run for run in own if run.outcome is not Outcome.PASS]
    if broken and broken[0].error_name == "NotImplementedError":
        return not_attempted(f"{what} was not found: its cell still holds the unfinished stub.")
    earlier = [run for run in context.evidence.cells if run.outcome is not Outcome.PASS]
    for run in (*broken, *(run for run in earlier if run.outcome in RUN_ENDED)):
        if run.outcome in RUN_ENDED:
            return Verdict(
                outcome=run.outcome,
                message=f"{what} was not found. {sentence_of(run)}.",
                evidence_ids=(f"cell {run.cell_index}",),
            )
    blamed = broken or earlier
    if blamed:
        return Verdict(
            outcome=Outcome.STUDENT_ERROR,
            message=f"{what} was not found, because an exception came before it. "
            f"{sentence_of(blamed[0])}.",
            evidence_ids=tuple(f"cell {run.cell_index}" for run in blamed),
        )
    return needs_human(
        f"{what} was not found in the run of the notebook; a person looks for it.",
        staff=f"No evidence for {part_id}; look at the notebook and at {context.pages(part_id)}.",
    )


def _cells_concerned(
    context: CheckContext, part_id: str, names: tuple[str, ...]
) -> tuple[int, ...]:
    """Cells of the part, and cells whose text has one of the names."""
    by_name = [
        cell.index
        for cell in context.submission.cells
        if cell.kind == "code" and any(name in cell.source for name in names)
    ]
    return tuple(dict.fromkeys((*context.cells_of(part_id), *by_name)))
