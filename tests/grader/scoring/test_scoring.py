"""Scoring: points by weight, nothing missing is ever zero or full, people's word is final."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.model.assignment import load_assignment
from grader.model.records import Finding, GradeSheet, Outcome, PartGrade
from grader.scoring.overrides import Override
from grader.scoring.score import rescore, score
from reference.errors import ConfigError, GraderFault
from tests import factories

ASSIGNMENT = load_assignment()
finding = factories.finding


def part_of(sheet: GradeSheet, part_id: str) -> PartGrade:
    return next(part for part in sheet.parts if part.id == part_id)


def test_a_perfect_submission_has_all_but_what_people_read() -> None:
    sheet = factories.grade_sheet()

    assert math.isclose(sheet.total, 11 + 0.5 - 3 * 0.8)
    assert math.isclose(sheet.pending, 3 * 0.8)
    assert math.isclose(sheet.max_total, 11)
    assert [p.id for p in sheet.parts if p.outcome is Outcome.NEEDS_HUMAN] == ["3c", "3e", "4c"]


def test_what_is_optional_for_a_course_has_no_points() -> None:
    sheet = factories.grade_sheet({"1b": (finding("pool_forward", Outcome.FAIL),)}, course="6.819")

    part = part_of(sheet, "1b")
    assert (part.points, part.max_points, part.required) == (0, 0, False)
    assert math.isclose(sheet.max_total, 11)
    assert math.isclose(sheet.total + sheet.pending, 11.5)


def test_lateness_scales_all_points_bonus_included() -> None:
    late = factories.lateness(days_late=7, coefficient=0.5)

    assert math.isclose(factories.grade_sheet(late=late).total, 0.5 * factories.grade_sheet().total)


PASS, PARTIAL, FAIL = Outcome.PASS, Outcome.PARTIAL, Outcome.FAIL
ERROR, TIMEOUT, NONE = Outcome.STUDENT_ERROR, Outcome.TIMEOUT, Outcome.NOT_ATTEMPTED
HUMAN, FAULT = Outcome.NEEDS_HUMAN, Outcome.GRADER_FAULT


@pytest.mark.parametrize(
    ("kernel", "update", "outcome", "share", "pending"),
    [
        (PASS, PASS, PASS, 1, 0),
        (PASS, PARTIAL, PARTIAL, 0.75, 0),
        (PASS, FAIL, PARTIAL, 0.5, 0),
        (FAIL, FAIL, FAIL, 0, 0),
        (FAIL, NONE, FAIL, 0, 0),
        (ERROR, NONE, ERROR, 0, 0),
        (ERROR, FAIL, ERROR, 0, 0),
        (TIMEOUT, ERROR, TIMEOUT, 0, 0),
        (NONE, NONE, NONE, 0, 0),
        (PASS, HUMAN, HUMAN, 0.5, 0.5),
        (FAIL, HUMAN, HUMAN, 0, 0.5),
        (HUMAN, HUMAN, HUMAN, 0, 1),
        (PASS, FAULT, FAULT, 0, 1),
        (HUMAN, FAULT, FAULT, 0, 1),
    ],
)
def test_outcome_of_a_part_with_two_checks(
    kernel: Outcome, update: Outcome, outcome: Outcome, share: float, pending: float
) -> None:
    findings = (finding("conv_grad_kernel", kernel), finding("conv_update", update))

    part = part_of(factories.grade_sheet({"3b": findings}), "3b")

    assert part.outcome is outcome
    assert part.points == pytest.approx(share * 0.8)
    assert part.pending_points == pytest.approx(pending * 0.8)
    assert part.message


def test_the_message_is_that_of_the_check_that_costs_points() -> None:
    findings = (finding("conv_grad_kernel"), finding("conv_update", FAIL, message="Mind the sign."))

    assert part_of(factories.grade_sheet({"3b": findings}), "3b").message == "Mind the sign."


def test_checks_count_by_weight() -> None:
    part = ASSIGNMENT.part("3b")
    heavy = replace(part, checks=(part.checks[0], replace(part.checks[1], weight=3.0)))
    assignment = replace(
        ASSIGNMENT, parts=tuple(heavy if p.id == "3b" else p for p in ASSIGNMENT.parts)
    )
    findings = factories.all_findings(assignment) | {
        "3b": (finding("conv_grad_kernel", FAIL), finding("conv_update"))
    }

    sheet = score(findings, assignment, factories.sheet_facts(), factories.lateness())

    assert part_of(sheet, "3b").points == pytest.approx(0.75 * 0.8)


@pytest.mark.parametrize(
    "given_findings",
    [
        (),
        (finding("conv_update"),),
        (finding("conv_grad_kernel"), finding("conv_grad_kernel"), finding("conv_update")),
        (finding("conv_grad_kernel", PASS, 0.5), finding("conv_update")),
        (finding("conv_grad_kernel", FAIL, 1.0), finding("conv_update")),
        (finding("conv_grad_kernel", PARTIAL, 1.5), finding("conv_update")),
        (finding("conv_grad_kernel", PARTIAL, math.nan), finding("conv_update")),
        (finding("conv_grad_kernel", HUMAN, 0.5), finding("conv_update")),
    ],
    ids=["none", "one_missing", "twice", "pass_half", "fail_full", "above", "nan", "human_credit"],
)
def test_missing_and_unsound_findings_are_our_fault(given_findings: tuple[Finding, ...]) -> None:
    part = part_of(factories.grade_sheet({"3b": given_findings}), "3b")

    assert part.outcome is FAULT
    assert (part.points, part.pending_points) == (0, 0.8)
    assert "our side" in part.message
    assert [f.check_id for f in part.findings] == ["conv_grad_kernel", "conv_update"]
    assert any(f.staff_detail for f in part.findings)


def test_findings_that_belong_nowhere_are_refused() -> None:
    with pytest.raises(GraderFault, match="part '9z'"):
        factories.grade_sheet({"9z": ()})
    with pytest.raises(GraderFault, match="part 3b: a finding of 'stranger'"):
        factories.grade_sheet({"3b": (finding("stranger"),)})


def test_a_person_decides() -> None:
    overrides = (
        Override(part_id="3c", points=0.6, comment="The ends are not discussed.", author="ta"),
        Override(part_id="4a", points=0.0),
        Override(part_id="3e", points=0.8),
        Override(part_id="4b", points=None, comment="Nice stripes."),
    )

    sheet = factories.grade_sheet(overrides=overrides)

    decided = part_of(sheet, "3c")
    assert (decided.outcome, decided.points, decided.pending_points) == (PARTIAL, 0.6, 0)
    assert (decided.human_points, decided.human_comment) == (0.6, "The ends are not discussed.")
    assert part_of(sheet, "4a").outcome is FAIL
    assert part_of(sheet, "3e").outcome is PASS
    commented = part_of(sheet, "4b")
    assert (commented.points, commented.human_points) == (0.8, None)
    assert commented.human_comment == "Nice stripes."
    assert math.isclose(sheet.total, 11.5 - 0.2 - 0.8 - 0.8)
    assert math.isclose(sheet.pending, 0.8)


def test_a_person_can_decide_what_we_broke() -> None:
    sheet = factories.grade_sheet({"4a": ()}, overrides=(Override(part_id="4a", points=0.8),))

    assert part_of(sheet, "4a").outcome is PASS
    assert part_of(sheet, "4a").pending_points == 0


@pytest.mark.parametrize("points", [-0.1, 0.81, math.nan, math.inf])
def test_points_by_people_stay_in_range(points: float) -> None:
    with pytest.raises(ConfigError, match=r"expected 0 to 0\.8 points for part 3c"):
        factories.grade_sheet(overrides=(Override(part_id="3c", points=points),))


def test_rounded_maximum_is_the_maximum() -> None:
    sheet = factories.grade_sheet(overrides=(Override(part_id="2a", points=0.33),))

    assert part_of(sheet, "2a").points == pytest.approx(1 / 3, abs=1e-12)
    assert part_of(sheet, "2a").outcome is PASS


def test_scoring_again_gives_the_same_sheet() -> None:
    findings = {"3b": (finding("conv_update", FAIL),), "4a": (finding("targeted_attack", FAIL),)}
    late = factories.lateness(days_late=1, coefficient=1 - 0.5 / 7)
    facts = factories.run_facts(assignment_sha256=ASSIGNMENT.sha256)
    sheet = factories.grade_sheet(findings, late=late, facts=facts)
    override = Override(part_id="4a", points=0.4)

    assert rescore(sheet, ASSIGNMENT, ()) == sheet
    changed = rescore(sheet, ASSIGNMENT, (override,))
    assert part_of(changed, "4a").points == 0.4
    assert rescore(changed, ASSIGNMENT, ()) == sheet


def test_scoring_again_follows_the_assignment_and_the_lateness_of_today() -> None:
    sheet = factories.grade_sheet(late=factories.lateness(remark="Shown twice."))
    today = factories.lateness(days_late=7, coefficient=0.5)

    again = rescore(sheet, ASSIGNMENT, (), today)

    assert again.facts.assignment_sha256 == ASSIGNMENT.sha256
    assert again.total == pytest.approx(sheet.total / 2)
    assert (again.days_late, again.late_coefficient) == (7, 0.5)
    assert [note.code for note in again.notes] == []


def test_a_remark_on_the_time_becomes_a_note_once() -> None:
    sheet = factories.grade_sheet(late=factories.lateness(remark="01:30 was shown twice."))

    assert [note.message for note in sheet.notes] == ["01:30 was shown twice."]
    assert rescore(sheet, ASSIGNMENT, ()).notes == sheet.notes


# Whatever the findings, taking some away or lowering a credit never pays.

SLOTS = [(part.id, check.id) for part in ASSIGNMENT.parts for check in part.checks]


@st.composite
def some_findings(draw: st.DrawFn) -> dict[str, tuple[Finding, ...]]:
    made: dict[str, tuple[Finding, ...]] = {part.id: () for part in ASSIGNMENT.parts}
    for part_id, check_id in SLOTS:
        outcome = draw(st.sampled_from(list(Outcome)))
        credit = draw(st.floats(0, 1)) if outcome is PARTIAL else None
        made[part_id] += (finding(check_id, outcome, credit),)
    return made


@given(
    findings=some_findings(),
    removed=st.sets(st.sampled_from(SLOTS)),
    course=st.sampled_from(["6.819", "6.869"]),
    coefficient=st.floats(0, 1),
)
def test_deleting_findings_never_raises_the_total(
    findings: dict[str, tuple[Finding, ...]],
    removed: set[tuple[str, str]],
    course: Any,
    coefficient: float,
) -> None:
    fewer = {
        part_id: tuple(f for f in given_ if (part_id, f.check_id) not in removed)
        for part_id, given_ in findings.items()
    }
    late = factories.lateness(coefficient=coefficient)

    full = factories.grade_sheet(findings, course=course, late=late)
    less = factories.grade_sheet(fewer, course=course, late=late)

    assert less.total <= full.total
    passing = {part.id for part in full.parts if part.outcome is PASS}
    assert {part.id for part in less.parts if part.outcome is PASS} <= passing
    for sheet in (full, less):
        assert 0 <= sheet.total <= 11.5 + 1e-9
        for part in sheet.parts:
            assert part.points + part.pending_points <= part.max_points + 1e-9


@given(
    findings=some_findings(),
    slot=st.sampled_from(SLOTS),
    pair=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_more_credit_never_costs(
    findings: dict[str, tuple[Finding, ...]],
    slot: tuple[str, str],
    pair: tuple[float, float],
) -> None:
    def total(credit: float) -> float:
        part_id, check_id = slot
        changed = tuple(
            finding(check_id, PARTIAL, credit) if f.check_id == check_id else f
            for f in findings[part_id]
        )
        return factories.grade_sheet(findings | {part_id: changed}).total

    assert total(min(pair)) <= total(max(pair))


def test_nothing_waits_where_the_submission_came_after_the_last_day() -> None:
    sheet = factories.grade_sheet(late=factories.lateness(coefficient=0.0))
    assert (sheet.total, sheet.pending) == (0.0, 0.0)
    assert not any(part.pending_points for part in sheet.parts)
    (part,) = [one for one in sheet.parts if one.id == "3c"]
    assert "after the last day" in part.message
    extended = rescore(sheet, ASSIGNMENT, (), factories.lateness())
    assert extended.pending > 0
