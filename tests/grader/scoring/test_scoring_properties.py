"""Scores are monotone in the findings: a worse verdict on a check never pays, whatever the others.

Points order verdicts: a credit, or nothing. What waits for a person has no points yet, and a part
with a fault of ours waits as a whole; what may still come is `points + pending_points`, which is
monotone as well: a loss that was decided leaves less to be had than one that waits.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from grader.model.assignment import Course
from grader.model.records import Finding, GradeSheet, Outcome
from grader.scoring.lateness import Lateness
from tests import factories, strategies

Findings = dict[str, tuple[Finding, ...]]


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Findings, Findings]:
    """Findings, and others that are nowhere better: neither for certain nor at best."""
    better = draw(strategies.all_findings())
    worse = {part_id: tuple(draw(no_better(f)) for f in row) for part_id, row in better.items()}
    return better, worse


def no_better(finding: Finding) -> st.SearchStrategy[Finding]:
    made: list[st.SearchStrategy[Finding]] = [st.just(finding)]
    if finding.outcome is not Outcome.GRADER_FAULT:
        # A fault of ours makes the whole part wait, so that it may only come from a fault.
        made += [
            st.just(factories.finding(finding.check_id, outcome))
            for outcome in (Outcome.FAIL, Outcome.NOT_ATTEMPTED, Outcome.TIMEOUT)
        ]
        made.append(
            st.floats(0, finding.credit).map(
                lambda credit: factories.finding(finding.check_id, Outcome.PARTIAL, credit)
            )
        )
    return st.one_of(made)


@given(pair=pairs(), course=strategies.courses, late=strategies.late_by_days())
def test_worse_findings_never_pay(
    pair: tuple[Findings, Findings], course: Course, late: Lateness
) -> None:
    better, worse = (factories.grade_sheet(f, course=course, late=late) for f in pair)
    assert worse.total <= better.total + 1e-12
    for low, high in zip(worse.parts, better.parts, strict=True):
        assert low.points <= high.points + 1e-12
        assert low.points + low.pending_points <= high.points + high.pending_points + 1e-12


@given(findings=strategies.all_findings(), data=st.data(), course=strategies.courses)
def test_our_own_fault_gives_and_takes_nothing(
    findings: Findings, data: st.DataObject, course: Course
) -> None:
    """A part with a fault of ours has no points and loses none: all of it waits."""
    part_id, check_id = data.draw(st.sampled_from(strategies.SLOTS))
    broken = tuple(
        factories.finding(check_id, Outcome.GRADER_FAULT) if f.check_id == check_id else f
        for f in findings[part_id]
    )
    sheet: GradeSheet = factories.grade_sheet(findings | {part_id: broken}, course=course)
    part = next(p for p in sheet.parts if p.id == part_id)
    assert (part.points, part.pending_points) == (0, part.max_points)
    untouched = factories.grade_sheet(findings, course=course)
    others = [(p, q) for p, q in zip(sheet.parts, untouched.parts, strict=True) if p.id != part_id]
    assert all(p == q for p, q in others)


@given(findings=strategies.all_findings(), course=strategies.courses, data=st.data())
def test_one_check_moves_no_other_part(
    findings: Findings, course: Course, data: st.DataObject
) -> None:
    part_id, check_id = data.draw(st.sampled_from(strategies.SLOTS))
    other = data.draw(strategies.findings_of(check_id))
    changed = findings | {
        part_id: tuple(other if f.check_id == check_id else f for f in findings[part_id])
    }
    before, after = (factories.grade_sheet(f, course=course) for f in (findings, changed))
    for p, q in zip(before.parts, after.parts, strict=True):
        assert p.id == part_id or p == q


@given(findings=strategies.all_findings(), course=strategies.courses)
def test_the_order_of_findings_does_not_matter(findings: Findings, course: Course) -> None:
    turned = {part_id: row[::-1] for part_id, row in reversed(findings.items())}
    sheet = factories.grade_sheet(findings, course=course)
    assert factories.grade_sheet(turned, course=course) == sheet
