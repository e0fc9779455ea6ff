"""Points of a class as they stand today: findings of the store, and what people decided since."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from grader.batch.records import ClassRow, PartFault, PartResult, Roster, State, Superseded
from grader.batch.run.without_sheet import by_people
from grader.batch.store.conversion import sheet_digest
from grader.batch.store.rows import Grade, Standing
from grader.batch.store.store import Store
from grader.model.assignment import Assignment
from grader.model.records import (
    Finding,
    GradeSheet,
    Outcome,
    PartGrade,
    Remark,
    Severity,
    grade_digest,
)
from grader.scoring.lateness import lateness_of
from grader.scoring.overrides import HumanGrades
from grader.scoring.score import rescore

CONDUCT = "conduct"
"""Code of the note on what a notebook does beyond answering."""
_NOTHING_LOST = (Outcome.PASS, Outcome.NEEDS_HUMAN, Outcome.GRADER_FAULT, Outcome.NOT_ATTEMPTED)


def rescore_batch(
    store: Store, batch_id: int, assignment: Assignment, human: HumanGrades, code: str
) -> int:
    """Score a batch anew where points, dates or people's decisions changed; return how many."""
    renewed: list[tuple[int, GradeSheet]] = []
    for standing in store.standings(batch_id):
        if standing.grade is None:
            continue
        today = scored_today(standing, standing.grade, assignment, human)
        if sheet_digest(today) != standing.grade.digest:
            renewed.append((standing.grade.run_id, today))
    store.add_grades(renewed, code)
    return len(renewed)


def scored_today(
    standing: Standing, grade: Grade, assignment: Assignment, human: HumanGrades
) -> GradeSheet:
    """Return the points of findings of the store, and of people's decisions, as of today."""
    hand_in = standing.hand_in.hand_in
    digest = standing.hand_in.zip_sha256
    overrides = human.about(hand_in.kerberos, digest, assignment, hand_in.course)
    sheet = replace(grade.sheet, course=hand_in.course)
    today = rescore(sheet, assignment, overrides, lateness_of(hand_in, assignment))
    grade_is = grade_digest(digest, today.total, today.parts)
    return replace(today, published=human.published_at(hand_in.kerberos, grade_is, assignment))


def class_rows(
    store: Store,
    batch_id: int,
    graded_now: frozenset[str],
    assignment: Assignment,
    human: HumanGrades,
) -> Iterator[ClassRow]:
    """Yield one row per student of the batch, by kerberos; superseded hand-ins have none.

    Args:
        store: Where it stands.
        batch_id: Of the batch.
        graded_now: Kerberos names whose runs are not taken from an earlier batch.
        assignment: Today's points.
        human: What people decided: whoever has no sheet can have points by them alone.
    """
    for standing in store.standings(batch_id):
        if standing.hand_in.role != "superseded":
            row = _row(standing, cached=standing.hand_in.kerberos not in graded_now)
            yield row if standing.grade else by_people(row, standing.hand_in, assignment, human)


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingToday:
    """How a student stands by what people decided until now, whether it was scored or not."""

    standing: Standing
    """With the points of today; the store may hold older ones."""
    row: ClassRow
    """The same in the tables of the class."""
    shown: bool
    """Whether the store and the pages of the results folder show these points."""


def standing_today(
    standing: Standing, assignment: Assignment, human: HumanGrades, shown_by: str
) -> StandingToday:
    """Return how a student stands today.

    Args:
        standing: As the store has it.
        assignment: Today's points.
        human: What people decided.
        shown_by: Key of today's pages.
    """
    if standing.grade is None:
        row = by_people(_row(standing, cached=True), standing.hand_in, assignment, human)
        return StandingToday(standing=standing, row=row, shown=True)
    sheet = scored_today(standing, standing.grade, assignment, human)
    grade = replace(standing.grade, sheet=sheet, digest=sheet_digest(sheet))
    today = replace(standing, grade=grade)
    return StandingToday(
        standing=today,
        row=_row(today, cached=True),
        shown=grade.digest == standing.grade.digest and grade.pages_key == shown_by,
    )


def roster_of(store: Store, batch_id: int) -> Roster:
    """Return what the batch found, as the class' pages show it."""
    rows = store.hand_ins(batch_id)
    return Roster(
        counted=tuple(row.hand_in for row in rows if row.role == "counted"),
        superseded=tuple(
            Superseded(hand_in=row.hand_in, by=row.superseded_by)
            for row in rows
            if row.role == "superseded"
        ),
        missing=tuple(row.kerberos for row in rows if row.role == "missing"),
        notes=store.batch_notes(batch_id),
    )


def _row(standing: Standing, *, cached: bool) -> ClassRow:
    hand_in, run, grade = standing.hand_in.hand_in, standing.run, standing.grade
    row = ClassRow(
        kerberos=hand_in.kerberos,
        course=hand_in.course,
        state=State.MISSING if standing.hand_in.role == "missing" else State.WAITING,
        name=hand_in.name,
        platform=hand_in.platform,
        platform_id=hand_in.platform_id,
        source=hand_in.source,
        submitted=hand_in.submitted.isoformat() if hand_in.submitted else "",
        extension_days=hand_in.extension / timedelta(days=1),
    )
    if run is None:
        return row
    row = replace(
        row,
        cached=cached,
        state=State(run.state),
        sentence=run.sentence,
        seconds=run.seconds,
        stage_seconds=tuple(json.loads(run.stage_seconds).items()),
    )
    if grade is None:
        return row
    sheet = grade.sheet
    return replace(
        row,
        submitted=sheet.submitted,
        days_late=sheet.days_late,
        late_coefficient=sheet.late_coefficient,
        total=sheet.total,
        max_total=sheet.max_total,
        pending=sheet.pending,
        parts=tuple(_part(part) for part in sheet.parts),
        notes=tuple(note.message for note in sheet.notes if note.severity is Severity.ERROR),
        conduct=tuple(note.message for note in sheet.notes if note.code == CONDUCT),
    )


def _part(part: PartGrade) -> PartResult:
    return PartResult(
        id=part.id,
        title=part.title,
        outcome=part.outcome,
        points=part.points,
        max_points=part.max_points,
        pending_points=part.pending_points,
        bonus=part.bonus,
        message=part.message,
        faults=tuple(
            PartFault(check_id=finding.check_id, remark=_found(finding), message=finding.message)
            for finding in part.findings
            if finding.outcome not in _NOTHING_LOST
        ),
    )


def _found(finding: Finding) -> Remark:
    """Return what a finding is counted by; of one saved before there were codes, its words."""
    words = Remark(code="text", values=(("student", finding.message), ("staff", "")))
    return finding.remarks[0] if finding.remarks else words
