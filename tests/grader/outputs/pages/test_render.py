from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from jinja2 import UndefinedError

from grader.model.records import AppliedItem, Outcome
from grader.outputs.pages.render import render_feedback_html, render_page, render_ungraded_html
from grader.outputs.pages.words import CHIPS
from tests.factories import finding, grade_sheet
from tests.grader.outputs.pages.conftest import Pages
from tests.hostile.pages import active_content

ACTIVE = {"script", "iframe", "object", "embed", "form", "base", "link", "foreignobject"}


BESIDE_LINKS = [
    "submission/My%20report%20%231.pdf",
    "submission/a/pset%204%3F.ipynb",
    "executed.ipynb",
    "feedback.html",
    "submission/My%20report%20%231.pdf#page=2",
    "submission/My%20report%20%231.pdf#page=3",
]
"""Of the staff page: what lies beside it, and the pages of the report that answer 3(c)."""


class Inventory(HTMLParser):
    """Tags, URLs, event handlers and visible text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.urls: list[str] = []
        self.handlers: list[str] = []
        self.words: list[str] = []
        self.images_without_alt = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        self.urls += [str(given[key]) for key in ("src", "href", "xlink:href") if key in given]
        self.handlers += [key for key in given if key.startswith("on")]
        self.images_without_alt += tag == "img" and not given.get("alt")

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.parametrize("page", ["feedback", "staff"])
def test_text_of_others_can_do_nothing(pages: Pages, page: str) -> None:
    found = Inventory(getattr(pages, page))
    assert not found.tags & ACTIVE
    assert not found.handlers
    beside = [url for url in found.urls if not url.startswith(("data:image/", "#"))]
    assert beside == (BESIDE_LINKS if page == "staff" else [])
    assert found.images_without_alt == 0
    assert "<script>alert('x')</script>" in "".join(found.words)  # shown as text
    assert "{{ 7*7 }}" in "".join(found.words)


@pytest.mark.parametrize("page", ["feedback", "staff"])
def test_no_control_colour_or_direction_characters(pages: Pages, page: str) -> None:
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e]", getattr(pages, page))
    assert "[31m" not in getattr(pages, page)


def test_policy_forbids_everything_but_data(pages: Pages) -> None:
    assert (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
        "base-uri 'none'; form-action 'none'" in pages.feedback
    )
    assert not re.search(r'url\((?!"data:)', pages.feedback)
    assert "@import" not in pages.feedback


def test_student_sees_nothing_that_is_for_staff(pages: Pages) -> None:
    for secret in ("424242", "weights digest differs", "Stored outputs differ", "I pad with zeros"):
        assert secret not in pages.feedback
        assert secret in pages.staff


def test_staff_see_the_run(pages: Pages) -> None:
    for detail in ("WelshCorgi.jpeg", "generate_adversarial_example, target 76", "conv1d_forward"):
        assert detail in pages.staff
    assert "http://example.org/&lt;b&gt;" in pages.staff


def test_answers_in_two_cells_are_both_shown(pages: Pages) -> None:
    assert "A second cell." in pages.staff


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_a_word_and_an_icon(pages: Pages, outcome: Outcome) -> None:
    chip = CHIPS[outcome]
    pattern = (
        rf'class="chip tone-{chip.tone}"><svg class="icon"[^§]*?</svg> {re.escape(chip.word)}<'
    )
    assert re.search(pattern, pages.feedback)


def test_header_says_how_it_went(pages: Pages) -> None:
    text = "".join(Inventory(pages.feedback).words)
    assert "4.71" in text
    assert "of 11 points" in text
    assert "Two parts are not graded yet (up to 1.71 more points); five parts need work." in text
    assert "Submitted two days late: all points are multiplied by 0.857." in text
    assert "Fri 2 April 2021, 10:00 ET" in text


def test_cards_stand_in_the_handouts_order(pages: Pages) -> None:
    cards = re.findall(r'<section class="card" id="part-(\w+)">', pages.feedback)
    assert cards == [part.id for part in pages.sheet.parts]


def test_optional_and_bonus_parts_show_no_points_of_zero(pages: Pages) -> None:
    optional = re.search(r'id="part-1b">.*?class="points">(.*?)</span>', pages.feedback, re.DOTALL)
    bonus = re.search(r'id="part-4f">.*?class="points">(.*?)</span>', pages.feedback, re.DOTALL)
    assert optional is not None
    assert optional[1] == "–<small> optional in 6.869</small>"
    assert bonus is not None
    assert bonus[1] == "+1<small> bonus</small>"


def test_same_sheet_same_page(pages: Pages) -> None:
    assert render_feedback_html(pages.sheet, pages.folder) == pages.feedback


def test_a_name_that_is_not_there_is_an_error() -> None:
    nothing: Any = object()
    with pytest.raises(UndefinedError):
        render_page("feedback.html.j2", "feedback", report=nothing)


@pytest.mark.parametrize("page", ["feedback", "staff"])
def test_a_browsers_parser_finds_nothing_active(pages: Pages, page: str) -> None:
    assert active_content(getattr(pages, page)) == ()


@pytest.mark.parametrize(
    "html",
    [
        "<script>1</script>",
        "<p onclick=x>",
        "<img src=http://evil.example/x>",
        "<a href=javascript:alert(1)>",
        "<a href='file:///etc/passwd'>",
        "<style>@import 'x'</style>",
        "<p style='background:url(//evil.example)'>",
        "<svg><use href='#x'/></svg>",
        "<meta http-equiv=refresh content='0;url=x'>",
        "<form></form>",
        "words \x1b[31m",
    ],
)
def test_the_inventory_finds_what_is_active(pages: Pages, html: str) -> None:
    assert active_content(pages.feedback.replace("<main>", f"<main>{html}"))


def test_a_page_without_its_policy_is_noticed(pages: Pages) -> None:
    assert active_content(pages.feedback.replace("default-src 'none'", "default-src *"))


WAITS = finding("prose", Outcome.NEEDS_HUMAN, message="Needs grading: staff will look for it.")


def graded(**changes: Any) -> str:
    """The feedback of a sheet with one part, 3(c), which its check left to a person."""
    sheet = grade_sheet({"3c": (WAITS,)}, kerberos="jdoe")
    part = replace(next(one for one in sheet.parts if one.id == "3c"), **changes)
    return render_feedback_html(replace(sheet, parts=(part,), pending=part.pending_points), Path())


PROMISES = re.compile(r"needs grading|not graded yet|staff will|a person", re.IGNORECASE)


def test_before_it_is_graded_a_part_says_so() -> None:
    assert PROMISES.search(graded())


def test_after_grading_no_page_says_that_a_person_will_read_it() -> None:
    given = {"pending_points": 0.0, "outcome": Outcome.PARTIAL, "human_points": 0.4, "points": 0.4}
    html = graded(**given, message="Graded by a person: 0.4 of 0.8 points.")
    said = PROMISES.findall("".join(Inventory(html).words))
    assert set(said) == {"a person"}  # who graded it, and nobody who will


def test_an_optional_part_and_one_that_is_too_late_promise_nobody() -> None:
    for part in ({"max_points": 0.0}, {"message": "Not graded: the submission came too late."}):
        html = graded(pending_points=0.0, **part)
        assert not PROMISES.search("".join(Inventory(html).words))
        assert "Not graded" in html


def test_what_to_work_on_quotes_the_comment_and_the_rubric_items() -> None:
    html = graded(
        pending_points=0.0,
        outcome=Outcome.PARTIAL,
        human_points=0.4,
        points=0.4,
        human_comment="Say *why* zeros.",
        human_items=(AppliedItem(id="no_reason", share=-0.5, title="No reason is given"),),
    )
    todo = html[html.index("What to work on") :]
    todo = todo[: todo.index("</section>")]
    assert "Say <em>why</em> zeros." in todo
    assert "No reason is given (−50%)" in todo


def test_the_feedback_of_who_was_not_run_tells_of_no_run() -> None:
    sheet = grade_sheet(kerberos="jdoe")
    html = render_ungraded_html(sheet)
    assert "How it was run" not in html
    assert "jdoe" in html
    assert active_content(html) == ()
