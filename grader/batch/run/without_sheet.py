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
from grader.model.records import Outcome
from grader.scoring.lateness import lateness_of
from grader.scoring.overrides import HumanGrades, Override


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
