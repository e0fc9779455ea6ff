"""Rows of a class for tests."""

from __future__ import annotations

import random
from dataclasses import replace

from grader.batch.records import ClassRow, PartFault, PartResult, State
from grader.model.records import Outcome, Remark
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
            message="Needs grading.",
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


def whole_class(many: int, seed: int = 7) -> tuple[ClassRow, ...]:
    """A class as it may be: most are good, some are late, a few could not be graded."""
    draw = random.Random(seed)  # noqa: S311 -- no secret
    return tuple(_anybody(f"student{index:03}", draw) for index in range(many))


def _anybody(kerberos: str, draw: random.Random) -> ClassRow:
    state = draw.choices(
        [State.GRADED, State.REJECTED, State.FAULT, State.MISSING, State.WAITING],
        weights=[90, 3, 1, 4, 2],
    )[0]
    if state is not State.GRADED:
        sentence = {State.REJECTED: "'x.zip': expected a zip, found a PDF.", State.FAULT: "Killed."}
        return without_sheet(kerberos, state, sentence.get(state, ""))
    skill = draw.betavariate(5, 1.5)
    parts = tuple(_any_part(one.id, skill, draw) for one in ASSIGNMENT.parts)
    late = draw.choice([0, 0, 0, 0, 1, 3, 7])
    coefficient = 1 - late / 14
    run = draw.lognormvariate(3, 0.3)
    return row(
        kerberos,
        course=draw.choice(["6.819", "6.869"]),
        name=f"Student {kerberos[-3:]} of a Rather Long Name",
        parts=parts,
        total=coefficient * sum(one.points for one in parts),
        pending=sum(one.pending_points for one in parts),
        days_late=late,
        late_coefficient=coefficient,
        notes=("Expected report.pdf in the zip, found no PDF.",) if draw.random() < 0.03 else (),
        seconds=run + 2,
        stage_seconds=(("intake", 0.3), ("run", run), ("checks", 1.2), ("reports", 0.5)),
        cached=draw.random() < 0.1,
    )


def in_words(check_id: str, message: str) -> PartFault:
    """Return a fault that is words and no more."""
    remark = Remark(code="text", values=(("student", message), ("staff", "")))
    return PartFault(check_id=check_id, remark=remark, message=message)


def _any_part(part_id: str, skill: float, draw: random.Random) -> PartResult:
    most = ASSIGNMENT.max_points(part_id, "6.869")
    if part_id in {"3c", "4f"} and draw.random() < 0.8:
        return part(part_id, 0.0, pending_points=most, outcome=Outcome.NEEDS_HUMAN)
    if draw.random() < skill:
        return part(part_id)
    fault = in_words(
        f"{part_id}_check",
        draw.choice(
            [
                f"The gradient differs at index {draw.randint(0, 99)}: found {draw.random():.2f}.",
                "The kernel is not flipped.",
                "The function was not written.",
            ]
        ),
    )
    share = draw.choice([0, 0.2, 0.5, 0.8])
    outcome = Outcome.PARTIAL if share else Outcome.FAIL
    return part(part_id, share * most, outcome=outcome, faults=(fault,), message=fault.message)
