"""Short ways to say a verdict."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from grader.checks.context import CheckContext
from grader.checks.sentences import STAGE
from grader.model.catalogue import Text, fill, load_catalogue
from grader.model.records import CellRun, Exhibit, Finding, Measurement, Outcome, Remark
from grader.model.text import cell_number
from reference.errors import GraderFault

_RANK = (
    Outcome.PASS,
    Outcome.PARTIAL,
    Outcome.NEEDS_HUMAN,
    Outcome.FAIL,
    Outcome.STUDENT_ERROR,
)
"""From best to worst, where several tries at one check are to be had."""

_MOST_OF_AN_ERROR = 400
"""Characters."""

_CELL_ENDED = {Outcome.TIMEOUT: "cell.timeout", Outcome.RESOURCE_LIMIT: "cell.resource_limit"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a check found, before it has its check's name."""

    outcome: Outcome
    """What became of it."""
    remarks: tuple[Remark, ...]
    """What was found, by code; the first is the verdict itself."""
    credit: float = 0.0
    """Share of the points, 0 to 1."""
    measurements: tuple[Measurement, ...] = ()
    """Rows of numbers."""
    exhibits: tuple[Exhibit, ...] = ()
    """Pictures and plots."""
    evidence_ids: tuple[str, ...] = ()
    """What it rests on; cells count from 1."""

    @property
    def message(self) -> str:
        """For the student."""
        return _joined(student_text(remark) for remark in self.remarks)

    @property
    def staff(self) -> str:
        """For staff."""
        return _joined(staff_text(remark) for remark in self.remarks)

    def rank(self) -> tuple[int, float]:
        """Smaller is better for the student."""
        place = _RANK.index(self.outcome) if self.outcome in _RANK else len(_RANK)
        return place, -self.credit

    def finding(self, check_id: str, sentences: Mapping[str, Text] | None = None) -> Finding:
        """Give it its check's name, in an offering's sentences; by default the grader's."""
        return Finding(
            check_id=check_id,
            outcome=self.outcome,
            credit=self.credit,
            remarks=self.remarks,
            message=_joined(student_text(remark, sentences) for remark in self.remarks),
            staff_detail=_joined(staff_text(remark, sentences) for remark in self.remarks),
            measurements=self.measurements,
            exhibits=self.exhibits,
            evidence_ids=self.evidence_ids,
        )

    def adding(self, *more: Remark) -> Verdict:
        """Return the same verdict with more said."""
        return replace(self, remarks=(*self.remarks, *more))


def say(code: str, **values: str | float) -> Remark:
    """Return a remark: a code of `grader/checks/messages`, or of the offering, and its values.

    Numbers that are not finite become words: JSON has none for them.
    """
    said = ((name, value if _sayable(value) else str(value)) for name, value in values.items())
    return Remark(code=code, values=tuple(said))


def _sayable(value: str | float) -> bool:
    return isinstance(value, str) or math.isfinite(value)


def student_text(remark: Remark, sentences: Mapping[str, Text] | None = None) -> str:
    """Return what a remark tells the student; may be empty. By default the grader's sentences.

    Raises:
        GraderFault: there is no sentence of that code, or a value is missing.
    """
    return fill(_text(remark.code, sentences).student, dict(remark.values))


def staff_text(remark: Remark, sentences: Mapping[str, Text] | None = None) -> str:
    """Return what a remark tells staff besides; as `student_text`."""
    return fill(_text(remark.code, sentences).staff, dict(remark.values))


def _text(code: str, sentences: Mapping[str, Text] | None) -> Text:
    text = (sentences if sentences is not None else load_catalogue(STAGE)).get(code)
    if text is None:
        raise GraderFault(f"there is no sentence {code!r} in the tables of messages")
    return text


def without_credit(
    outcome: Outcome, found: Remark, *, evidence_ids: tuple[str, ...] = ()
) -> Verdict:
    """Return a verdict without credit, of any outcome."""
    return Verdict(outcome=outcome, remarks=(found,), evidence_ids=evidence_ids)


def passed(found: Remark) -> Verdict:
    """Full credit."""
    return Verdict(outcome=Outcome.PASS, credit=1.0, remarks=(found,))


def partly(found: Remark, credit: float) -> Verdict:
    """Part of the credit; all of it or none have their own outcomes."""
    if credit <= 0:
        return failed(found)
    return Verdict(outcome=Outcome.PARTIAL, credit=credit, remarks=(found,))


def failed(found: Remark) -> Verdict:
    """No credit: it is wrong."""
    return without_credit(Outcome.FAIL, found)


def needs_human(found: Remark) -> Verdict:
    """A person decides."""
    return without_credit(Outcome.NEEDS_HUMAN, found)


def not_attempted(found: Remark) -> Verdict:
    """Nothing was handed in for it."""
    return without_credit(Outcome.NOT_ATTEMPTED, found)


def student_error(found: Remark) -> Verdict:
    """The code raised."""
    return without_credit(Outcome.STUDENT_ERROR, found)


def held(finding: Finding, *why: Remark) -> Finding:
    """Return what a check found as something that a person decides; its share is offered."""
    waiting = needs_human(why[0]).adding(*why[1:]).finding(finding.check_id)
    return replace(
        waiting,
        offered=finding.credit,
        measurements=finding.measurements,
        exhibits=finding.exhibits,
        evidence_ids=finding.evidence_ids,
    )


def annotated(finding: Finding, *more: Remark) -> Finding:
    """Return the same finding with more said."""
    return replace(
        finding,
        remarks=(*finding.remarks, *more),
        message=_joined((finding.message, *map(student_text, more))),
        staff_detail=_joined((finding.staff_detail, *map(staff_text, more))),
    )


def _joined(texts: Iterable[str]) -> str:
    return " ".join(text for text in texts if text)


def error_text(name: str, message: str) -> str:
    """Return an exception as `ValueError: message`, without a full stop at its end."""
    return f"{name}: {message}".rstrip(" .:")[:_MOST_OF_AN_ERROR]


def how_ended(run: CellRun) -> Remark:
    """Say how a cell ended that did not run to its end."""
    cell = cell_number(run.cell_index)
    if run.error_name:
        return say("cell.raised", cell=cell, error=error_text(run.error_name, run.error_message))
    return say(_CELL_ENDED.get(run.outcome, "cell.unfinished"), cell=cell)


def where_to_look(context: CheckContext, part_id: str) -> Remark:
    """Tell staff where in the report a part may be answered."""
    pages = context.pages(part_id)
    if pages:
        return say("look.report", pages=pages)
    if context.submission.report_path:
        return say("look.unreadable")
    return say("look.no_report")
