"""What a person decided, on the pages: in words and items, and nobody waits for it any more."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from grader.model.records import AppliedItem, GradeSheet, Outcome
from grader.outputs.pages.feedback_view import page_of
from grader.outputs.pages.render import render_feedback_html
from grader.scoring.overrides import Override
from grader.scoring.score import rescore
from tests import factories

WAITS = factories.finding("prose", Outcome.NEEDS_HUMAN, message="Needs grading: staff will look.")
ITEM = AppliedItem(id="ends", share=-0.25, title="The *ends* are missing: $x_{in}$.")
GIVEN = Override(
    part_id="3c", points=0.4, comment="See $\\nabla C$ and `pad`.", items=(ITEM,), author="ta1"
)


@pytest.fixture
def sheet() -> GradeSheet:
    waiting = factories.grade_sheet({"3c": (WAITS,)})
    return rescore(waiting, factories.ASSIGNMENT, (GIVEN,))


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def card(page: str) -> str:
    return page.partition('id="part-3c"')[2].partition("</section>")[0]


def test_after_grading_nothing_says_that_a_person_will_read_it(
    sheet: GradeSheet, tmp_path: Path
) -> None:
    for staff in (False, True):
        (view,) = [
            one for one in page_of(sheet, tmp_path, staff=staff).parts if one.label == "3(c)"
        ]
        said = [str(one.message) + one.chip.word for one in view.findings] + [view.chip.word]
        assert not any("eeds grading" in one or "will look" in one for one in said)
        assert bool(view.findings) is staff


def test_what_to_work_on_quotes_comment_and_items(sheet: GradeSheet, tmp_path: Path) -> None:
    page = render_feedback_html(sheet, tmp_path)
    todo = page.partition("What to work on")[2].partition("</section>")[0]
    for place in (todo, card(page)):
        assert "The ends are missing" in text_of(place).replace("  ", " ")
        assert "(−25%)" in place
        assert "<code>pad</code>" in place
        assert 'alt="\\nabla C"' in place or "\\nabla" not in text_of(place)


def test_maths_and_markdown_of_a_comment_are_set_and_hostile_text_is_not(
    sheet: GradeSheet, tmp_path: Path
) -> None:
    hostile = replace(GIVEN, comment="<script>alert(1)</script> <img src=x onerror=alert(1)>")
    page = card(render_feedback_html(rescore(sheet, factories.ASSIGNMENT, (hostile,)), tmp_path))
    assert "<script" not in page
    assert "onerror" not in re.sub(r"&lt;.*?&gt;", "", page)


def test_feedback_says_provisional_until_it_is_published(sheet: GradeSheet, tmp_path: Path) -> None:
    assert "Provisional: points may change" in render_feedback_html(sheet, tmp_path)
    published = replace(sheet, published="2021-04-12T10:00:00+00:00")
    page = render_feedback_html(published, tmp_path)
    assert "Provisional" not in page
    assert "Published Mon 12 April 2021" in page
