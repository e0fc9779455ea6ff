from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import pytest

from grader.model.records import GradeSheet, Outcome
from grader.outputs.pages import words
from grader.outputs.pages.feedback_view import feedback_page, late_line, sentence_of
from tests.grader.outputs.pages.conftest import Pages


class Case(NamedTuple):
    given: str
    shown: str


@pytest.mark.parametrize(
    "case", [Case("4a", "4(a)"), Case("12b", "12(b)"), Case("x", "x"), Case("7", "7")]
)
def test_part_label(case: Case) -> None:
    assert words.part_label(case.given) == case.shown


@pytest.mark.parametrize(
    "case",
    [
        Case("2021-03-31T23:59:00-04:00", "Wed 31 March 2021, 23:59 ET"),
        Case("2021-01-05T09:00:00-05:00", "Tue 5 January 2021, 09:00 ET"),
        Case("2021-04-01T03:59:00+00:00", "Thu 1 April 2021, 03:59 UTC"),
        Case("soon", "soon"),
    ],
)
def test_moment(case: Case) -> None:
    assert words.moment(case.given) == case.shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1 / 3, "0.333"), (0.8, "0.8"), (0.64, "0.64"), (1.0, "1"), (0.0, "0"), (0.1 + 0.2, "0.3")],
)
def test_points_of_a_part_are_exact_enough_to_add_up(value: float, shown: str) -> None:
    assert words.part_points(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(1.0, "1"), (2 / 3, "0.67"), (10.0, "10"), (0.0, "0"), (0.5, "0.5")]
)
def test_points(value: float, shown: str) -> None:
    assert words.points(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(3.14, "3.1 s"), (41.0, "41 s"), (365.0, "6 min 5 s")]
)
def test_seconds(value: float, shown: str) -> None:
    assert words.seconds(value) == shown


def _only(sheet: GradeSheet, *outcomes: Outcome) -> GradeSheet:
    parts = tuple(
        replace(
            sheet.parts[0],
            outcome=outcome,
            pending_points=float(outcome is Outcome.NEEDS_HUMAN),
        )
        for outcome in outcomes
    )
    return replace(sheet, parts=parts, pending=1.0, late_coefficient=1.0)


@pytest.mark.parametrize(
    ("outcomes", "sentence"),
    [
        ((Outcome.PASS, Outcome.PASS), "Everything is correct."),
        (
            (Outcome.PASS, Outcome.NEEDS_HUMAN),
            "One part is not graded yet (up to 1 more point); everything graded so far is correct.",
        ),
        ((Outcome.FAIL,), "One part needs work."),
        ((), "Nothing was graded."),
    ],
)
def test_sentence(pages: Pages, outcomes: tuple[Outcome, ...], sentence: str) -> None:
    assert sentence_of(_only(pages.sheet, *outcomes)) == sentence


def test_late_line_says_when_nothing_counts(pages: Pages) -> None:
    gone = replace(pages.sheet, days_late=9, late_coefficient=0.0)
    assert late_line(gone) == "Submitted nine days late, after the last day for credit: no points."
    assert late_line(replace(pages.sheet, days_late=0, late_coefficient=1.0)) == ""


@pytest.mark.parametrize(("total", "pending"), [(12.0, 3.0), (-1.0, 0.0), (11.0, 0.0), (4.0, 20.0)])
def test_bar_never_leaves_its_box(pages: Pages, total: float, pending: float) -> None:
    sheet = replace(pages.sheet, total=total, pending=pending, late_coefficient=1.0, parts=())
    bar = feedback_page(sheet, pages.folder).bar
    assert 0 <= bar.earned <= 100
    assert bar.pending >= 0
    assert bar.earned + bar.pending <= 100.01
