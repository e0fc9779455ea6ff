"""What hypothesis draws: findings, overrides, lateness."""

from __future__ import annotations

from hypothesis import strategies as st

from grader.model.records import Finding, Outcome
from grader.scoring.lateness import Lateness
from grader.scoring.overrides import Override
from tests import factories
from tests.factories import ASSIGNMENT

SLOTS = tuple((part.id, check.id) for part in ASSIGNMENT.parts for check in part.checks)
"""(part, check) of the assignment."""

usual_credits = st.integers(0, 20).map(lambda twentieth: twentieth / 20)
"""Shares of a check's points such as the checks give."""

any_credits = st.one_of(st.floats(0, 1), usual_credits)
"""Any shares."""

courses = st.sampled_from(ASSIGNMENT.courses)


@st.composite
def findings_of(
    draw: st.DrawFn, check_id: str, shares: st.SearchStrategy[float] = any_credits
) -> Finding:
    """Any sound finding of a check."""
    outcome = draw(st.sampled_from(list(Outcome)))
    credit = draw(shares) if outcome is Outcome.PARTIAL else None
    return factories.finding(check_id, outcome, credit)


@st.composite
def all_findings(
    draw: st.DrawFn, shares: st.SearchStrategy[float] = any_credits
) -> dict[str, tuple[Finding, ...]]:
    """Findings of every check, by part."""
    made: dict[str, tuple[Finding, ...]] = {}
    for part_id, check_id in SLOTS:
        made[part_id] = (*made.get(part_id, ()), draw(findings_of(check_id, shares)))
    return made


@st.composite
def overrides(draw: st.DrawFn, course: str) -> tuple[Override, ...]:
    """What people may decide: points in range for some parts, comments for others."""
    made = []
    for part in ASSIGNMENT.parts:
        if draw(st.integers(0, 3)) == 0:
            most = ASSIGNMENT.max_points(part.id, course)
            hundredths = st.integers(0, int(100 * most)).map(lambda n: n / 100)
            points = draw(st.one_of(st.none(), hundredths))
            made.append(Override(part_id=part.id, points=points, comment="Read."))
    return tuple(made)


def late_by_days() -> st.SearchStrategy[Lateness]:
    """In time, late, and too late."""
    return st.integers(0, 9).map(
        lambda days: factories.lateness(
            days_late=days, coefficient=1 - 0.5 * days / 7 if days <= 7 else 0.0
        )
    )
