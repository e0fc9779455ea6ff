"""Rows of a class for tests."""

from __future__ import annotations

from dataclasses import replace

from grader.batch.records import ClassRow, PartResult, State
from grader.records import Outcome
from tests.factories import ASSIGNMENT


def part(part_id: str, points: float | None = None, **changes: object) -> PartResult:
    """One part of a 6.869 hand-in, passed unless told otherwise."""
    known = ASSIGNMENT.part(part_id)
    most = ASSIGNMENT.max_points(part_id, "6.869")
    made = PartResult(
        id=part_id,
        title=known.title,
        outcome=Outcome.PASS if points is None or points == most else Outcome.PARTIAL,
        points=most if points is None else points,
        max_points=most,
        pending_points=0.0,
        bonus=known.bonus,
        message="As expected.",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def row(kerberos: str, **changes: object) -> ClassRow:
    """A student with every point but the bonus."""
    parts = tuple(part(one.id, 0.0 if one.bonus else None) for one in ASSIGNMENT.parts)
    made = ClassRow(
        kerberos=kerberos,
        course="6.869",
        state=State.GRADED,
        name=kerberos.title(),
        source=f"{kerberos}.zip",
        submitted="2021-03-30T12:00:00-04:00",
        total=11.0,
        max_total=11.0,
        parts=parts,
        seconds=20.0,
        stage_seconds=(("intake", 0.5), ("run", 18.0), ("checks", 1.5)),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def pending(kerberos: str, part_id: str = "3c") -> ClassRow:
    """A student of whom a person must read one part."""
    made = row(kerberos)
    parts = tuple(
        replace(
            one,
            points=0.0,
            pending_points=one.max_points,
            outcome=Outcome.NEEDS_HUMAN,
            message="A person reads this.",
        )
        if one.id == part_id
        else one
        for one in made.parts
    )
    waits = ASSIGNMENT.max_points(part_id, "6.869")
    return replace(made, parts=parts, total=11.0 - waits, pending=waits)


def without_sheet(kerberos: str, state: State, sentence: str = "") -> ClassRow:
    """A student who was not graded."""
    return ClassRow(kerberos=kerberos, course="6.869", state=state, sentence=sentence)
