"""Screens beside the desk in a real browser, by keyboard: one server and one class for all."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from grader.batch import class_pages
from grader.batch.store.store import open_store
from grader.model.records.decisions import DecisionKind
from grader.model.records.places import NAMES
from grader.review.desk.access import Role
from grader.review.desk.classroom import Seat
from grader.review.desk.place_view import parts_to_place
from tests.grader.review.desk.conftest import ClassOnDisk, open_on_store
from tests.grader.review.desk.synthetic import write_class
from tests.grader.review.desk.test_browser import Served, axe, listening_desk, said
from tests.grader.review.desk.test_release_on_desk import decide_all
from tests.grader.review.test_publishing import write_no_pages

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    results = tmp_path_factory.mktemp("screens")
    with pytest.MonkeyPatch.context() as patch, open_store(results) as store:
        patch.setattr(class_pages, "_renew_pages", write_no_pages)
        shared = ClassOnDisk(results, store, write_class(results, store, 3, scanned=(1,)))
        decide_all(store)
        with listening_desk(shared, open_on_store) as made:
            yield made


def test_grades_are_published_by_keyboard_after_their_numbers_were_seen(
    served: Served, browser: Browser
) -> None:
    page = served.sit(browser)
    page.goto(served.origin + "/release")
    assert axe(page) == []
    page.get_by_role("link", name="Publish grades").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/release/confirm?kind=publish")
    assert "Publish 3 grades?" in page.inner_text("h1")
    assert axe(page) == []
    page.get_by_role("button", name="Publish 3 grades").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/release/work")
    expect(page.locator("#work")).to_contain_text("3 of 3 grades published.", timeout=60_000)
    assert axe(page) == []
    with page.expect_download() as coming:
        page.goto(served.origin + "/release")
        page.get_by_role("link", name=re.compile("parts.csv")).click()
    assert coming.value.suggested_filename == "parts.csv"
    assert len(served.opened.desk.store.releases()) == 3


def test_the_pages_of_a_scan_are_said_by_keyboard(served: Served, browser: Browser) -> None:
    page = served.sit(browser)
    page.goto(served.origin + "/pages")
    assert axe(page) == []
    page.get_by_role("link", name="Say which pages").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/pages/of/*")
    assert axe(page) == []
    keys = ("1", "n", "ArrowRight", "2", "3", "ArrowRight", "3", "0")
    for key in keys:
        page.keyboard.press(key)
    assert page.inner_text("#page-now") == "3"
    page.locator(".page-button").first.click()  # after a click, Enter saves all the same
    page.keyboard.press("Enter")
    page.wait_for_url(served.origin + "/pages")
    assert "Of every report it is known" in page.inner_text("h1 ~ p")
    rows = served.opened.desk.store.places()
    pages = {one.part_id: one.pages for one in rows}
    parts = parts_to_place(served.opened.desk.attendance.room, scan(served))
    assert [pages[part] for part in parts[:3]] == [(1,), (2,), (2, 3)]
    assert {pages[part] for part in parts[3:]} <= {()}
    assert (pages[NAMES], len(rows)) == ((1,), len(parts) + 1)


def scan(served: Served) -> Seat:
    return served.opened.desk.attendance.room.by_kerberos["kerb001"]


def test_keys_lead_to_a_student_and_to_words_of_answers(served: Served, browser: Browser) -> None:
    page = served.sit(browser)
    first, second = served.opened.desk.attendance.room.order("3c")[:2]
    page.goto(f"{served.origin}/part/3c/answers/{first.code}")
    page.keyboard.press("g")
    assert axe(page) == []
    page.keyboard.type(second.kerberos)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{served.origin}/part/3c/answers/{second.code}")
    page.keyboard.press("/")
    page.keyboard.type("the")
    page.keyboard.press("Enter")
    page.wait_for_url("**/part/3c/search?q=the")
    assert axe(page) == []


def test_a_request_is_entered_and_answered_at_the_desk_by_keyboard(
    served: Served, browser: Browser
) -> None:
    page = served.sit(browser)
    seat = served.opened.desk.attendance.room.order("1a")[0]
    page.goto(f"{served.origin}/part/1a/answers/{seat.code}")
    page.get_by_text("Enter a regrade request").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Why **half**?")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".thread strong")).to_have_text("half", timeout=30_000)
    assert axe(page) == []
    page.get_by_label("Answer to the request").fill("It stays.")
    page.get_by_role("button", name="Keep the points").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".thread .chip")).to_have_text("answered", timeout=30_000)
    page.goto(served.origin + "/requests")
    assert axe(page) == []
    kinds = [one.kind.value for one in served.opened.desk.store.requests()]
    assert kinds == ["opened", "kept"]


def test_answers_are_read_a_second_time_by_keyboard(served: Served, browser: Browser) -> None:
    page = served.sit(browser, "ben", Role.GRADER)
    page.goto(served.origin + "/part/3c/readings")
    assert axe(page) == []
    page.get_by_role("link", name="Read all").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/answers/*?second=100")
    assert axe(page) == []
    before = page.url
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    said(page, "Saved: second reading")
    page.wait_for_url(lambda url: url != before)
    page.keyboard.press("h")  # leads nowhere: there the first decision is seen
    page.keyboard.press("u")
    said(page, "A second reading stays as it is")
    rows = served.opened.desk.store.decisions(part_id="3c")
    assert [one.author for one in rows if one.kind is DecisionKind.SECOND] == ["ben"]


@pytest.mark.whole
def test_on_a_telephone_how_far_a_part_is_stands_whole_in_sight(
    served: Served, browser: Browser
) -> None:
    page = served.sit(browser)
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(served.origin + "/")
    seen = page.locator("#overview .wide").bounding_box()
    for link in page.get_by_role("link", name=re.compile(r"\d of \d+ answers to")).all():
        box = link.bounding_box()
        assert seen
        assert box
        assert box["x"] + box["width"] <= seen["x"] + seen["width"]
