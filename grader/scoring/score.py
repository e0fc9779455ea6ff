"""From findings to a grade sheet. Pure: nothing is read, nothing is run.

A part's points are split over its checks by weight. What is missing or broken is never zero and
never full: it is GRADER_FAULT, and the part's points wait. What a check leaves to a person waits as
well, while the part's other checks are decided. A person's decision is final.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from grader.model.assignment import Assignment, Course, Part
from grader.model.records import Finding, GradeSheet, Note, Outcome, PartGrade, RunFacts, Severity
from grader.model.text import format_points
from grader.scoring.lateness import Lateness
from grader.scoring.overrides import Override, within_range
from reference.errors import ConfigError, GraderFault

_WORST_FIRST = (
    Outcome.TIMEOUT,
    Outcome.RESOURCE_LIMIT,
    Outcome.STUDENT_ERROR,
    Outcome.FAIL,
    Outcome.PARTIAL,
    Outcome.NOT_ATTEMPTED,
    Outcome.PASS,
)
_FAULT_MESSAGE = (
    "This could not be graded because of an error on our side. The course staff will take care of "
    "it; you do not lose points for it."
)
_TOO_LATE = "Not graded: the submission came after the last day for credit."
_FULL = 1e-9
_SUBMITTED_TIME = "submitted-time"


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetFacts:
    """What a grade sheet says besides points."""

    kerberos: str
    """Whose submission."""
    course: Course
    """Which variant."""
    notes: tuple[Note, ...]
    """About the submission and the run."""
    answers: tuple[tuple[str, str], ...]
    """(part id, markdown) of the written answers in the notebook."""
    report_pages: int
    """Pages of report.pdf; 0 where there is none."""
    run: RunFacts
    """How the findings came about."""


def score(
    findings: Mapping[str, tuple[Finding, ...]],
    assignment: Assignment,
    facts: SheetFacts,
    lateness: Lateness,
    overrides: tuple[Override, ...] = (),
) -> GradeSheet:
    """Return the grade sheet of findings by part id.

    Raises:
        ConfigError: an override is out of range or names no part.
        GraderFault: findings are given for a part that the assignment does not have.
    """
    unknown = set(findings) - {part.id for part in assignment.parts}
    if unknown:
        raise GraderFault(f"findings for part {min(unknown)!r}, which {assignment.name} has not")
    parts = _overridden(
        tuple(
            _grade(part, findings.get(part.id, ()), assignment, facts.course)
            for part in assignment.parts
        ),
        assignment,
        facts.course,
        overrides,
    )
    if lateness.coefficient == 0:
        parts = tuple(_closed(part) for part in parts)
    notes = facts.notes
    if lateness.remark:
        notes += (Note(code=_SUBMITTED_TIME, severity=Severity.INFO, message=lateness.remark),)
    return GradeSheet(
        kerberos=facts.kerberos,
        course=facts.course,
        submitted=lateness.submitted,
        deadline=lateness.deadline,
        days_late=lateness.days_late,
        late_coefficient=lateness.coefficient,
        total=lateness.coefficient * math.fsum(part.points for part in parts),
        max_total=assignment.max_total(facts.course),
        pending=math.fsum(part.pending_points for part in parts),
        parts=parts,
        notes=notes,
        answers=facts.answers,
        report_pages=facts.report_pages,
        facts=facts.run,
    )


def rescore(
    sheet: GradeSheet,
    assignment: Assignment,
    overrides: tuple[Override, ...],
    lateness: Lateness | None = None,
) -> GradeSheet:
    """Return the sheet made anew from its own findings, with what people decided.

    Args:
        sheet: As it was.
        assignment: Today's points.
        overrides: What people decided.
        lateness: Today's; None where the sheet's own stands.

    Raises:
        ConfigError: see `score`; or findings are of a part that the assignment does not have.
    """
    findings = {part.id: part.findings for part in sheet.parts}
    unknown = sorted(findings.keys() - {part.id for part in assignment.parts})
    if unknown:
        raise ConfigError(
            f"{sheet.kerberos}: expected findings of the parts of {assignment.name}, found some of "
            f"{', '.join(unknown)}, which it does not have: another offering was graded. Name that "
            "one with --assignment, or judge by this one with `grader rejudge`"
        )
    notes = sheet.notes
    if lateness is not None:
        notes = tuple(note for note in notes if note.code != _SUBMITTED_TIME)
    return score(
        findings,
        assignment,
        SheetFacts(
            kerberos=sheet.kerberos,
            course=sheet.course,
            notes=notes,
            answers=sheet.answers,
            report_pages=sheet.report_pages,
            run=replace(
                sheet.facts, assignment=assignment.name, assignment_sha256=assignment.sha256
            ),
        ),
        lateness or lateness_on(sheet),
        overrides,
    )


def lateness_on(sheet: GradeSheet) -> Lateness:
    """Return how late the submission was by the sheet."""
    return Lateness(
        deadline=sheet.deadline,
        submitted=sheet.submitted,
        days_late=sheet.days_late,
        coefficient=sheet.late_coefficient,
    )


def _grade(
    part: Part, given: tuple[Finding, ...], assignment: Assignment, course: Course
) -> PartGrade:
    """Return a part's grade from the findings of its checks."""
    findings = _complete(part, given)
    max_points = assignment.max_points(part.id, course)
    outcome = part_outcome(findings)
    points = pending = offered = 0.0
    if outcome is Outcome.GRADER_FAULT:
        pending = max_points
    else:
        whole = math.fsum(check.weight for check in part.checks)
        for check, finding in zip(part.checks, findings, strict=True):
            share = max_points * check.weight / whole
            points += share * finding.credit
            pending += share if finding.outcome is Outcome.NEEDS_HUMAN else 0.0
            offered += share * finding.offered
    return PartGrade(
        id=part.id,
        title=part.title,
        problem=part.problem,
        points=points,
        max_points=max_points,
        pending_points=pending,
        offered_points=offered,
        outcome=outcome,
        message=_message(findings, outcome),
        required=course in part.required_for,
        bonus=part.bonus,
        findings=findings,
    )


def _complete(part: Part, given: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return one sound finding per check of the part, in the assignment's order."""
    known = [check.id for check in part.checks]
    strangers = [finding.check_id for finding in given if finding.check_id not in known]
    if strangers:
        raise GraderFault(f"part {part.id}: a finding of {strangers[0]!r}, which is no check of it")
    counts = Counter(finding.check_id for finding in given)
    by_id = {finding.check_id: finding for finding in given}
    complete = []
    for check_id in known:
        if counts[check_id] != 1:
            detail = f"expected one finding of {check_id}, found {counts[check_id]}"
            complete.append(_fault(check_id, detail))
        elif problem := _unsound(by_id[check_id]):
            complete.append(_fault(check_id, problem))
        else:
            complete.append(by_id[check_id])
    return tuple(complete)


def _unsound(finding: Finding) -> str:
    """Return why a finding's credit does not go with its outcome, or an empty string."""
    allowed = {Outcome.PASS: (1.0, 1.0), Outcome.PARTIAL: (0.0, 1.0)}
    low, high = allowed.get(finding.outcome, (0.0, 0.0))
    most = 1.0 if finding.outcome is Outcome.NEEDS_HUMAN else 0.0
    for what, value, least, greatest in (
        ("credit", finding.credit, low, high),
        ("an offered share of", finding.offered, 0.0, most),
    ):
        if not least <= value <= greatest:  # true for NaN
            return f"{what} {value} does not go with {finding.outcome.value}"
    return ""


def _fault(check_id: str, detail: str) -> Finding:
    return Finding(
        check_id=check_id,
        outcome=Outcome.GRADER_FAULT,
        credit=0.0,
        message=_FAULT_MESSAGE,
        staff_detail=detail,
    )


def part_outcome(findings: tuple[Finding, ...]) -> Outcome:
    """Return a part's outcome: undecided if any check is, PARTIAL between all and nothing.

    Args:
        findings: Of its checks, one or more.
    """
    outcomes = {finding.outcome for finding in findings}
    for undecided in (Outcome.GRADER_FAULT, Outcome.NEEDS_HUMAN):
        if undecided in outcomes:
            return undecided
    if len(outcomes) > 1 and any(finding.credit > 0 for finding in findings):
        return Outcome.PARTIAL
    return next(outcome for outcome in _WORST_FIRST if outcome in outcomes)


def _closed(part: PartGrade) -> PartGrade:
    """Return a part of a submission that gets no points whatever it holds: nobody need read it."""
    if not part.pending_points:
        return part
    return replace(part, pending_points=0.0, offered_points=0.0, message=_TOO_LATE)


def _message(findings: tuple[Finding, ...], outcome: Outcome) -> str:
    """Return the message of the check that weighs most on the part's outcome."""
    if outcome is Outcome.PASS and len(findings) > 1:
        return f"All {len(findings)} checks passed."
    order = (Outcome.GRADER_FAULT, *_WORST_FIRST[:-1], Outcome.NEEDS_HUMAN, Outcome.PASS)
    return min(findings, key=lambda finding: order.index(finding.outcome)).message


def _overridden(
    parts: tuple[PartGrade, ...],
    assignment: Assignment,
    course: Course,
    overrides: tuple[Override, ...],
) -> tuple[PartGrade, ...]:
    """Return the parts with what people decided."""
    decided: dict[str, Override] = {}
    for override in overrides:
        maximum = assignment.max_points(override.part_id, course)
        decided[override.part_id] = within_range(override, maximum, "override")
    return tuple(
        _by_person(part, decided[part.id]) if part.id in decided else part for part in parts
    )


def _by_person(part: PartGrade, override: Override) -> PartGrade:
    points = override.points
    part = replace(
        part,
        human_comment=override.comment,
        human_items=override.items,
        human_author=override.author,
        human_decision=override.decision,
        human_marks=override.marks,
        said=override.said,
    )
    if points is None:
        return part
    if part.max_points == 0:
        outcome = part.outcome
    elif points >= part.max_points - _FULL:
        outcome = Outcome.PASS
    else:
        outcome = Outcome.PARTIAL if points > 0 else Outcome.FAIL
    return replace(
        part,
        points=points,
        pending_points=0.0,
        offered_points=0.0,
        outcome=outcome,
        message=(
            f"Graded by a person: {format_points(points)} of {format_points(part.max_points)} "
            "points."
        ),
        human_points=points,
    )
