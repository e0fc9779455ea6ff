"""Points of who has no grade sheet: rejected, missing, or beyond what the grader can run.

A person can grade them too, part by part. Once every part that counts is decided, the student is
graded like all others, and is in the gradebook and in Canvas' file.
"""

from __future__ import annotations

import math
from dataclasses import replace

from grader.batch.records import ClassRow, PartResult, State
from grader.batch.store.rows import HandInRow
from grader.model.assignment import Assignment, Part
from grader.model.records import (
    GradeSheet,
    HostFacts,
    Note,
    Outcome,
    PartGrade,
    RunFacts,
    Severity,
    grade_digest,
)
from grader.model.text import format_points
from grader.model.version import release
from grader.scoring.lateness import lateness_of
from grader.scoring.overrides import HumanGrades, Override

FEEDBACK = "feedback.html"
"""Page of who has no staff page."""


def by_people(
    row: ClassRow, hand_in: HandInRow, assignment: Assignment, human: HumanGrades
) -> ClassRow:
    """Return the row with the points that people gave; as it is where they gave none."""
    overrides = human.about(row.kerberos, hand_in.zip_sha256, assignment, row.course)
    decided = {one.part_id: one for one in overrides if one.points is not None}
    if not decided:
        return row
    parts = tuple(_part(part, decided.get(part.id), assignment, row) for part in assignment.parts)
    late = lateness_of(hand_in.hand_in, assignment)
    pending = math.fsum(part.pending_points for part in parts)
    return replace(
        row,
        state=row.state if pending else State.GRADED,
        submitted=late.submitted,
        days_late=late.days_late,
        late_coefficient=late.coefficient,
        total=late.coefficient * math.fsum(part.points for part in parts),
        max_total=assignment.max_total(row.course),
        pending=pending,
        parts=parts,
        page=FEEDBACK,
    )


def sheet_by_people(
    row: ClassRow, hand_in: HandInRow, assignment: Assignment, human: HumanGrades
) -> GradeSheet:
    """Return what people decided about who has no grade sheet, as one: nothing of it was run."""
    overrides = human.about(row.kerberos, hand_in.zip_sha256, assignment, row.course)
    decided = {one.part_id: one for one in overrides}
    said = row.sentence or "There is no submission."
    return GradeSheet(
        kerberos=row.kerberos,
        course=row.course,
        submitted=row.submitted,
        deadline=lateness_of(hand_in.hand_in, assignment).deadline,
        days_late=row.days_late,
        late_coefficient=row.late_coefficient,
        total=row.total or 0.0,
        max_total=row.max_total,
        pending=row.pending,
        parts=tuple(
            _graded_part(result, decided.get(result.id), assignment) for result in row.parts
        ),
        notes=(Note(code="not-run", severity=Severity.ERROR, message=said),),
        answers=(),
        report_pages=0,
        facts=RunFacts(
            assignment=assignment.name,
            assignment_sha256=assignment.sha256,
            bundle="",
            bundle_sha256="",
            grader_version=release(),
            zip_sha256=hand_in.zip_sha256,
            seed=0,
            seconds=0.0,
            host=HostFacts(device="", isolation="", versions=()),
            shims=(),
        ),
        published=human.published_at(
            row.kerberos, grade_digest(hand_in.zip_sha256, row.total, row.parts), assignment
        ),
    )


def _graded_part(result: PartResult, decided: Override | None, assignment: Assignment) -> PartGrade:
    part = assignment.part(result.id)
    given = decided is not None and decided.points is not None
    words = f"{format_points(result.points)} of {format_points(result.max_points)} points."
    return PartGrade(
        id=part.id,
        title=part.title,
        problem=part.problem,
        points=result.points,
        max_points=result.max_points,
        pending_points=result.pending_points,
        outcome=result.outcome,
        message=f"Graded by a person: {words}" if given else "",
        required=result.max_points > 0,
        bonus=part.bonus,
        findings=(),
        human_comment=decided.comment if decided else "",
        human_points=result.points if given else None,
        human_items=decided.items if decided else (),
        human_author=decided.author if decided else "",
        human_decision=decided.decision if decided else "",
    )


def _part(
    part: Part, decided: Override | None, assignment: Assignment, row: ClassRow
) -> PartResult:
    maximum = assignment.max_points(part.id, row.course)
    points = decided.points if decided is not None else None
    waits = points is None and not part.bonus  # a bonus that nobody gave is none
    return PartResult(
        id=part.id,
        title=part.title,
        outcome=_outcome(points, maximum, waits=waits),
        points=points or 0.0,
        max_points=maximum,
        pending_points=maximum if waits else 0.0,
        bonus=part.bonus,
        message="Graded by a person." if points is not None else row.sentence,
    )


def _outcome(points: float | None, maximum: float, *, waits: bool) -> Outcome:
    if points is None:
        return Outcome.NEEDS_HUMAN if waits else Outcome.NOT_ATTEMPTED
    if points >= maximum:
        return Outcome.PASS
    return Outcome.PARTIAL if points else Outcome.FAIL
