"""What was typed and not saved, in a real browser, where somebody decided meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page

from grader.model.records.decisions import DecisionKind
from grader.review.desk.access import Role
from tests.grader.review.desk.conftest import ClassOnDisk
from tests.grader.review.desk.test_browser import Served, axe, listening_desk, said

pytestmark = [pytest.mark.browser, pytest.mark.whole]


@pytest.fixture
def served(class_on_disk: ClassOnDisk) -> Iterator[Served]:
    with listening_desk(class_on_disk) as made:
        yield made


def half_typed(served: Served, page: Page, place: int = 0) -> None:
    """Tick and type something, leave it unsaved, and let ben decide about the same answer."""
    page.goto(served.origin + served.opened.answer(place))
    page.keyboard.press("1")
    page.keyboard.press("c")
    page.keyboard.type("half a thought")
    page.keyboard.press("Escape")
    page.keyboard.press("l")
    page.wait_for_url(served.origin + served.opened.answer(place + 1))
    client = served.opened.client("ben", Role.GRADER)
    form = served.opened.form(place, item="none", comment="ben's word")
    assert client.post(f"{served.opened.answer(place)}/decision", data=form).is_success


def test_a_draft_from_before_somebody_decided_is_kept_beside_that_decision(
    served: Served, browser: Browser
) -> None:
    page = served.sit(browser)
    half_typed(served, page)
    page.goto(served.origin + served.opened.answer())
    said(page, "here again")
    assert page.input_value("[name=comment]") == "half a thought"
    assert "ben decided about this answer after you began" in page.inner_text("#alert")
    assert axe(page) == []
    page.keyboard.press("Enter")
    page.wait_for_selector("#alert a")
    assert "ben decided about this answer before you. Theirs counts" in page.inner_text("#alert")
    theirs, mine = served.opened.ledger.rows
    assert (theirs.author, theirs.kind) == ("ben", DecisionKind.HUMAN)
    assert (mine.comment, mine.kind) == ("half a thought", DecisionKind.CONFLICT)
    assert page.input_value("[name=comment]") == "ben's word"  # the draft is a decision by now


def test_who_comes_back_may_begin_with_the_decision_that_was_made_meanwhile(
    served: Served, browser: Browser
) -> None:
    page = served.sit(browser)
    half_typed(served, page)
    page.goto(served.origin + served.opened.answer())
    page.get_by_role("button", name="Begin with ben's decision").focus()
    page.keyboard.press("Enter")
    said(page, "What you had not saved is gone")
    assert page.input_value("[name=comment]") == "ben's word"
    assert page.is_checked("[value=none]")
    assert page.evaluate("Object.keys(sessionStorage).length") == 0
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    said(page, "Saved")
    theirs, mine = served.opened.ledger.rows
    assert (mine.kind, mine.parent, mine.share) == (DecisionKind.HUMAN, theirs.uuid, 0.5)


def test_a_draft_by_an_older_rubric_is_saved_after_that_was_told(
    served: Served, browser: Browser
) -> None:
    page = served.sit(browser)
    page.goto(served.origin + served.opened.answer())
    page.keyboard.press("2")
    page.keyboard.press("l")
    page.wait_for_url(served.origin + served.opened.answer(1))
    served.opened.ledger.save_rubric(replace(served.opened.ledger.made[-1], parent=2))
    page.goto(served.origin + served.opened.answer())
    said(page, "here again")
    page.keyboard.press("Enter")
    page.wait_for_selector("#alert:not(:empty)")
    assert "The rubric was changed meanwhile" in page.inner_text("#alert")
    assert served.opened.ledger.rows == []
    assert page.is_checked("[value=half]")
    page.keyboard.press("Enter")
    said(page, "Saved")
    assert served.opened.ledger.rows[0].rubric_number == 3


def test_two_tabs_of_one_person_tell_each_other_what_was_saved(
    served: Served, browser: Browser
) -> None:
    first = served.sit(browser)
    second = first.context.new_page()
    for page in (first, second):
        page.goto(served.origin + served.opened.answer())
    first.keyboard.press("1")
    first.keyboard.press("Enter")
    said(first, "Saved")
    second.keyboard.press("2")
    second.keyboard.press("Enter")
    second.wait_for_selector("#alert:not(:empty)")
    assert "You decided about this answer before, on another page" in second.inner_text("#alert")
    assert second.is_checked("[value=half]")  # what was chosen here is kept
    second.keyboard.press("Enter")
    second.wait_for_url(served.origin + served.opened.answer(1))
    kinds = [(row.share, row.kind) for row in served.opened.ledger.rows]
    assert kinds == [
        (1.0, DecisionKind.HUMAN),
        (0.5, DecisionKind.HUMAN),
    ]
    first.keyboard.press("u")  # what it saved was replaced in the other tab
    first.wait_for_selector("#alert:not(:empty)")
    assert "meanwhile; look at it first" in first.inner_text("#alert")
    assert first.url == served.origin + served.opened.answer()
    assert first.is_checked("[value=half]")
    first.keyboard.press("u")
    said(first, "Undone")
