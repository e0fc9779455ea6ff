"""The desk in a real browser where hands do what nobody planned: slow servers, mice, lost links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, expect

from grader.model.records.rubrics import RubricItem
from grader.review.desk.access import Reviewer, Role
from tests.grader.review.desk.conftest import ClassOnDisk
from tests.grader.review.desk.test_browser import Served, axe, listening_desk, said
from tests.grader.review.desk.test_piles_on_desk import pile_of

pytestmark = pytest.mark.browser
NOTHING = "Still saving; this did nothing."


@pytest.fixture
def served(class_on_disk: ClassOnDisk) -> Iterator[Served]:
    with listening_desk(class_on_disk) as made:
        yield made


def test_while_an_answer_is_saved_no_control_changes_it_and_each_says_so(
    served: Served, browser: Browser
) -> None:
    opened = served.opened
    opened.client().post(
        f"{opened.answer(5)}/decision", data=opened.form(5, comment="Used before", item="right")
    )
    page = served.sit(browser)
    page.goto(served.origin + opened.answer())
    for key in ("1", "m", "Enter"):
        page.keyboard.press(key)
    page.keyboard.type("Which end?")
    page.get_by_text("Comments used before").click()
    served.trouble.delay_s = 4.0
    page.keyboard.press("Control+Enter")
    said(page, "Saving")
    page.evaluate("document.querySelector('#said').textContent = ''")
    for control in (
        page.locator(".insert"),
        page.get_by_role("button", name="Remove comment 1"),
        page.locator("[name=item]").nth(1),
        page.get_by_role("button", name="Undo"),
        page.get_by_role("link", name="Next", exact=True),
    ):
        control.dispatch_event("click")
        assert page.inner_text("#said") == NOTHING, control
        page.evaluate("document.querySelector('#said').textContent = ''")
    page.focus("[name=note]")
    page.keyboard.type("x")
    assert page.input_value("[name=note]") == ""
    page.get_by_role("tab", name="Code").click()  # to look is no change
    assert page.is_visible("#sheet-code")
    assert len(opened.ledger.rows) == 1
    said(page, "Saved")
    row = opened.ledger.rows[-1]
    assert ([mark.text for mark in row.marks], row.comment) == (["Which end?"], "")
    assert [item.id for item in row.items] == ["right"]
    assert page.url == served.origin + opened.answer(1)


@pytest.mark.whole
def test_after_the_last_answer_of_a_part_the_list_says_saved_and_asks_nothing(
    served: Served, browser: Browser
) -> None:
    opened = served.opened
    seats = opened.desk.attendance.room.order("3c")
    for place in range(1, len(seats)):
        opened.client().post(f"{opened.answer(place)}/decision", data=opened.form(place))
    page = served.sit(browser)
    page.goto(served.origin + opened.answer())
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    page.wait_for_url(served.origin + "/part/3c/answers")  # a question would be a complaint
    said(page, f"Saved: 3(c) of {seats[0].code}")
    page.goto(served.origin + opened.answer(1))
    page.keyboard.press("1")
    page.keyboard.press("Enter")  # nothing is left to grade here, too
    page.wait_for_url(served.origin + "/part/3c/answers")
    said(page, f"Saved: 3(c) of {seats[1].code}")


@pytest.mark.whole
def test_a_draft_belongs_to_one_reading_and_to_whoever_came_in_by_the_last_link(
    served: Served, browser: Browser
) -> None:
    opened = served.opened
    opened.client("ann").post(f"{opened.answer()}/decision", data=opened.form(item="right"))
    page = served.sit(browser, "ben", Role.GRADER)
    there = served.origin + opened.answer()

    def draft_at(where: str) -> str:
        page.evaluate("leaving.unsaved = () => false")
        page.goto(where)
        return page.input_value("[name=comment]")

    page.goto(f"{there}?second=100")
    page.fill("[name=comment]", "Of the second reading")
    assert draft_at(there) == ""
    page.fill("[name=comment]", "Of the first")
    assert draft_at(f"{there}?second=100") == "Of the second reading"
    assert draft_at(there) == "Of the first"
    page.evaluate("leaving.unsaved = () => false")
    page.goto(f"{served.origin}/enter#not-of-this-desk")
    expect(page.locator("#entering")).to_contain_text("used already", timeout=30_000)
    assert page.url == f"{served.origin}/enter"
    enter_as(served, page, "cai")  # into that very page: only what is behind the # is another
    assert draft_at(there) == ""


def enter_as(served: Served, page: Page, name: str) -> None:
    token = served.opened.desk.doors.link_for(Reviewer(name=name, role=Role.GRADER))
    page.goto(f"{served.origin}/enter#{token}")
    page.wait_for_selector("#overview")


@pytest.mark.whole
def test_enter_saves_after_a_click_and_does_its_own_after_tab(
    served: Served, browser: Browser
) -> None:
    page = served.sit(browser)
    page.goto(served.origin + served.opened.answer())
    rows = served.opened.ledger.rows

    def saved(many: int) -> None:
        said(page, "Saved")
        page.wait_for_url(served.origin + served.opened.answer(many))
        assert len(rows) == many

    page.get_by_role("tab", name="Notebook answer").click()
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    saved(1)
    page.get_by_role("tab", name="Report").click()
    page.locator(".page-button").first.click()
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    saved(2)
    page.get_by_role("button", name="Keys").click()
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    saved(3)
    assert not page.is_visible("#keys")
    page.keyboard.press("1")
    page.get_by_role("link", name="This student").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "show-keys"
    page.keyboard.press("Enter")  # reached by keyboard: it does what it always does
    assert page.is_visible("#keys")
    assert len(rows) == 3


@pytest.mark.whole
def test_keys_that_change_say_to_a_reader_that_they_change_nothing(
    served: Served, browser: Browser
) -> None:
    page = served.sit(browser, "rea", Role.READER)
    page.goto(served.origin + served.opened.answer())
    for key in ("1", "0", ".", "c", "m", "u", "o", "a", "f", "Enter", "Control+Enter"):
        page.evaluate("say('')")
        page.keyboard.press(key)
        assert "Your link is a reader's" in page.inner_text("#said"), key
    assert page.inner_text("#points") == "–"
    assert page.locator("#panel.unsaved").count() == 0
    assert page.evaluate("Object.keys(sessionStorage).length") == 0
    page.keyboard.press("l")
    page.wait_for_url(served.origin + served.opened.answer(1))


@pytest.mark.whole
def test_what_is_typed_into_a_rubric_stays_until_it_is_saved(
    served: Served, browser: Browser
) -> None:
    page = served.sit(browser)
    page.goto(served.origin + "/part/3c/rubric")
    assert page.evaluate("leaving.unsaved()") is False
    page.get_by_label("Text for the student, A slip of notation").fill("Mind your $i$.")
    page.get_by_label("Percent of Right, not explained").fill("fifty")
    page.get_by_label("Why").fill("Half was too hard")
    assert page.evaluate("leaving.unsaved()") is True  # the browser asks before it is left
    page.keyboard.press("Enter")
    expect(page.locator("form [role=alert]")).to_contain_text("found 'fifty'", timeout=30_000)
    assert page.get_by_label("Why").input_value() == "Half was too hard"
    assert page.get_by_label("Text for the student, A slip").input_value() == "Mind your $i$."
    page.get_by_label("Percent of Right, not explained").fill("50")
    theirs = served.opened.ledger.made[-1]
    served.opened.ledger.save_rubric(replace(theirs, parent=2, author="hal", reason="mine"))
    page.get_by_role("button", name="Save").click()
    expect(page.locator("form [role=alert]")).to_contain_text("hal changed", timeout=30_000)
    assert page.get_by_label("Text for the student, A slip").input_value() == "Mind your $i$."
    page.get_by_role("button", name="Save").click()
    said(page, "Saved. All graded answers follow it.")
    assert served.opened.ledger.made[-1].item("slip").for_student == "Mind your $i$."


@pytest.mark.whole
def test_a_pile_whose_reply_is_lost_is_not_known_to_be_saved_and_is_saved_once(
    served: Served, browser: Browser
) -> None:
    page = served.sit(browser)
    where, taken = pile_of(served.opened)
    page.goto(served.origin + where)
    page.get_by_role("button", name="Choose all, or none").click()
    page.get_by_role("checkbox", name="Right, not explained").check()
    served.trouble.fails = "after"
    page.get_by_role("button", name="Grade the chosen answers").click()
    expect(page.locator("form [role=alert]")).to_contain_text("Not known to be saved")
    assert len(served.opened.ledger.rows) == len(taken)
    served.trouble.fails = ""
    page.get_by_role("button", name="Grade the chosen answers").click()
    page.wait_for_url(re.compile("/part/3c/piles$"))
    said(page, "Saved")
    assert len(served.opened.ledger.rows) == len(taken)


def test_a_head_makes_an_item_of_a_pile_by_keyboard_and_grades_the_pile_with_it(
    served: Served, browser: Browser
) -> None:
    page = served.sit(browser)
    where, taken = pile_of(served.opened)
    page.goto(served.origin + where)
    page.get_by_role("button", name="Choose all, or none").click()
    page.get_by_label("Comment for the student").fill("Why zeros?")
    assert page.evaluate("leaving.unsaved()") is True  # the browser asks before it is left
    page.get_by_text("Make a rubric item").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Pads with zeros")
    page.keyboard.press("Tab")
    page.keyboard.type("60")
    assert axe(page) == []
    page.keyboard.press("Enter")  # in a field: it presses the button beside it
    said(page, "are not graded yet")
    assert served.opened.ledger.rows == []
    assert page.get_by_role("checkbox", name="Pads with zeros").is_checked()
    expect(page.locator(".effect li")).to_have_count(len(taken), timeout=30_000)
    page.locator("[name=member]").first.uncheck()
    expect(page.locator(".effect li")).to_have_count(len(taken) - 1, timeout=30_000)
    page.locator("[name=member]").first.check()
    assert axe(page) == []
    page.get_by_role("button", name="Grade the chosen answers").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(served.origin + "/part/3c/piles")
    rows = served.opened.ledger.rows
    assert [(row.share, row.comment) for row in rows] == [(0.6, "Why zeros?")] * len(taken)


@pytest.mark.whole
def test_items_above_nine_floor_and_cap_count_on_the_page_as_they_do_when_saved(
    served: Served, browser: Browser
) -> None:
    rubric = served.opened.ledger.made[-1]
    more = tuple(
        RubricItem(id=f"x{place}", share=share, title=f"Item {place}", group="More")
        for place, share in enumerate((0, 0, 0, 0, 0, -0.8, 0.7), start=5)
    )
    made = replace(rubric, parent=2, items=(*rubric.items, *more), floor=-0.25, ceiling=1.5)
    served.opened.ledger.save_rubric(made)
    page = served.sit(browser)
    page.goto(served.origin + served.opened.answer())
    most = float(page.get_attribute("#panel", "data-max") or 0)
    rows = served.opened.ledger.rows
    for keys, adjusted, share in (
        (("]", "1"), 0.0, 0.0),  # the tenth item: under the floor, and under nothing
        (("]", "1"), 0.5, 0.25),  # the floor, and half of the points
        (("1", "]", "2"), -0.4, 1.0),  # 1.7 is capped at 1.5
    ):
        before = page.url
        for key in keys:
            page.keyboard.press(key)
        page.fill("[name=adjust]", f"{adjusted * most:.6g}")
        shown = float(page.inner_text("#points"))
        page.keyboard.press("Control+Enter")
        page.wait_for_function("before => location.href !== before", arg=before)
        assert rows[-1].share == pytest.approx(share)
        assert shown == pytest.approx(share * most, abs=0.001)
        most = float(page.get_attribute("#panel", "data-max") or 0)
    assert [item.id for item in rows[-1].items] == ["right", "x11"]
