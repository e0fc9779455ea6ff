"""A grade explains itself: the parts' points add up to the total, wherever both are shown."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.model.records import GradeSheet
from grader.model.records.codec import to_json
from grader.outputs.pages import words
from grader.outputs.pages.render import render_feedback_html
from tests import factories, strategies
from tests.lanes import examples

CARD = re.compile(
    r'<section class="card" id="part-(\w+)">.*?class="points">([^<]*)<small>([^<]*)', re.DOTALL
)
NUMERAL = re.compile(r'class="numeral">([^<]*)<')
OUT_OF = re.compile(r'class="of">of ([^<]*) points<')


PLACES = 0.005
"""What rounding a total to two decimals may change."""
THIRDS = 3 * 0.0005
"""What rounding the three parts that share one point to three decimals may change."""


@st.composite
def sheets(draw: st.DrawFn) -> GradeSheet:
    course = draw(strategies.courses)
    return factories.grade_sheet(
        draw(strategies.all_findings(strategies.usual_credits)),
        course=course,
        overrides=draw(strategies.overrides(course)),
        late=draw(strategies.late_by_days()),
    )


@given(sheet=sheets())
def test_parts_add_up_to_the_total_of_the_sheet(sheet: GradeSheet) -> None:
    earned = math.fsum(part.points for part in sheet.parts)
    assert sheet.total == pytest.approx(sheet.late_coefficient * earned, abs=1e-12)
    assert sheet.pending == pytest.approx(
        math.fsum(p.pending_points for p in sheet.parts), abs=1e-12
    )
    most = math.fsum(part.max_points for part in sheet.parts if not part.bonus)
    assert sheet.max_total == pytest.approx(most, abs=1e-12) == 11
    for part in sheet.parts:
        assert 0 <= part.points <= part.max_points + 1e-12
        assert part.points + part.pending_points <= part.max_points + 1e-12


@given(sheet=sheets())
def test_parts_add_up_to_the_total_of_results_json(sheet: GradeSheet) -> None:
    told = json.loads(to_json(sheet))
    earned = math.fsum(part["points"] for part in told["parts"])
    assert told["total"] == pytest.approx(told["late_coefficient"] * earned, abs=1e-12)
    by_checks = [
        part["max_points"]
        * math.fsum(
            w * f["credit"] for w, f in zip(weights(part["id"]), part["findings"], strict=True)
        )
        for part in told["parts"]
        if part["human_points"] is None and part["outcome"] != "GRADER_FAULT"
    ]
    decided = [
        part["points"]
        for part in told["parts"]
        if part["human_points"] is None and part["outcome"] != "GRADER_FAULT"
    ]
    assert decided == pytest.approx(by_checks, abs=1e-12)


def weights(part_id: str) -> list[float]:
    """Shares of a part's points, by check."""
    checks = factories.ASSIGNMENT.part(part_id).checks
    whole = math.fsum(check.weight for check in checks)
    return [check.weight / whole for check in checks]


@given(sheet=sheets())
@settings(max_examples=examples(25))
def test_points_on_the_page_add_up_to_the_total_on_the_page(sheet: GradeSheet) -> None:
    page = render_feedback_html(sheet, Path("/nowhere"))
    shown = {part: points for part, points, _ in CARD.findall(page)}
    assert list(shown) == [part.id for part in sheet.parts]
    earned = math.fsum(0.0 if p == "–" else float(p) for p in shown.values())
    (total,) = (float(text) for text in NUMERAL.findall(page))
    allowed = PLACES + THIRDS + 1e-9
    assert total == pytest.approx(sheet.late_coefficient * earned, abs=allowed)


def test_points_of_a_perfect_sheet_add_up_as_they_are_printed() -> None:
    sheet = factories.grade_sheet()
    page = render_feedback_html(sheet, Path("/nowhere"))
    earned = math.fsum(0.0 if p == "–" else float(p) for _, p, _ in CARD.findall(page))
    assert NUMERAL.findall(page) == [words.points(earned)] == ["9.1"]


@given(sheet=sheets())
@settings(max_examples=examples(10))
def test_maxima_on_the_page_add_up_to_the_maximum_on_the_page(sheet: GradeSheet) -> None:
    page = render_feedback_html(sheet, Path("/nowhere"))
    shown = [most.strip(" /") for _, _, most in CARD.findall(page)]
    most = math.fsum(float(m) for m in shown if re.fullmatch(r"[\d.]+", m))
    (out_of,) = (float(text) for text in OUT_OF.findall(page))
    assert words.points(most) == words.points(out_of)
