"""The desk in a real browser, by keyboard alone; with a server that is slow, fails, or is gone."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import pytest
import uvicorn
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from authoring.hostile_samples import build_hostile
from grader.batch.store.store import open_store
from grader.intake.submission import read_submission
from grader.model.records.decisions import DecisionKind
from grader.review.desk.access import Reviewer, Role
from grader.review.desk.guard import Guard
from grader.review.desk.routes import application
from grader.review.desk.server import listen
from tests.grader.review.desk.conftest import ClassOnDisk, Opened, open_over
from tests.grader.review.desk.synthetic import write_class
from tests.grader.review.desk.test_piles_on_desk import pile_of

AXE = Path(__file__).parents[3] / "axe" / "axe.min.js"
WIDTHS = (1280, 390)
EXPECTED = (*(f"status of {code}" for code in (403, 409, 422, 500)), "ERR_EMPTY_RESPONSE")
"""What a browser's console says of answers that a test asks for."""

pytestmark = pytest.mark.browser


@dataclass
class Trouble:
    """Stands before a desk, and does to forms what a test asks for."""

    app: Guard
    delay_s: float = 0.0
    fails: str = ""
    """`before` (not passed on), `after` (passed on, no reply), or empty."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] == "/enter":
            await self.app(scope, receive, send)
            return
        await asyncio.sleep(self.delay_s)
        if self.fails == "before":
            await PlainTextResponse("no", status_code=500)(scope, receive, send)
        elif self.fails == "after":
            await self.app(scope, receive, _nobody)
            raise ConnectionResetError
        else:
            await self.app(scope, receive, send)


async def _nobody(_: object) -> None:
    """Where a reply goes that is never read."""


@dataclass
class Served:
    """A desk that listens, with decisions of its own."""

    opened: Opened
    trouble: Trouble
    origin: str
    complaints: list[str] = field(default_factory=list)

    def sit(self, browser: Browser, name: str = "ann", role: Role = Role.HEAD) -> Page:
        """Open a link as somebody; every message of the console is a complaint."""
        page = browser.new_context(viewport={"width": WIDTHS[0], "height": 900}).new_page()

        def listen_to(message: ConsoleMessage) -> None:
            if not any(known in message.text for known in EXPECTED):
                self.complaints.append(f"{message.text} {message.location['url']}")

        page.on("console", listen_to)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog {dialog.message}"))
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((self.origin, "data:"))
                else self.complaints.append(f"request {request.url}")
            ),
        )
        token = self.opened.desk.doors.link_for(Reviewer(name=name, role=role))
        page.goto(f"{self.origin}/enter#{token}")
        page.wait_for_selector("#overview")
        assert token not in page.url
        return page


HOSTILE = (
    "<script>window.pwned=1</script><img src=https://evil.example/x onerror=alert(1)>"
    "<svg onload=alert(2)><a href=javascript:alert(3)>x</a><iframe src=//evil.example></iframe>"
    "![p](https://evil.example/y.png)\n\n[l](javascript:alert(4)) $\\href{javascript:alert(5)}{x}$"
    '<div hx-get="https://evil.example/z" hx-trigger="load" style="background:url(//evil.example)">'
    "</textarea></title><style>*{display:none}</style>'\"><button data-post=/x>"
)


CORPUS = (
    *("markdown_active", "markdown_bombs", "notebook_attachments", "notebook_control_characters"),
    *("notebook_surrogates", "prompt_injection", "picture_bombs"),
)
"""Hostile submissions whose notebooks hold texts of their own."""
LONGEST = 6_000
"""Characters of a text of the corpus that are shown: its bombs take seconds, here and elsewhere."""


def texts_of(case: str, folder: Path) -> str:
    """What the notebook of a hostile submission says, in its text cells or in all of them."""
    found = read_submission(build_hostile(case, folder / f"{case}.zip"), folder / case)
    said = [cell.source for cell in found.cells if cell.kind == "markdown"]
    return "\n\n".join(said or [cell.source for cell in found.cells])[:LONGEST]


@pytest.fixture(scope="module")
def hostile_class(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClassOnDisk]:
    results = tmp_path_factory.mktemp("hostile")
    texts = (HOSTILE, *(texts_of(case, tmp_path_factory.mktemp("zips")) for case in CORPUS))
    with open_store(results) as store:
        yield ClassOnDisk(results, store, write_class(results, store, len(texts), each=texts))


@pytest.fixture
def served(class_on_disk: ClassOnDisk) -> Iterator[Served]:
    with listening_desk(class_on_disk) as made:
        yield made


@contextmanager
def listening_desk(
    class_on_disk: ClassOnDisk, opens: Callable[..., Opened] = open_over, *, blind: bool = False
) -> Iterator[Served]:
    """A desk that listens; at its end nothing may have been complained of."""
    listening = listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    opened = opens(class_on_disk, blind=blind, port=port)
    trouble = Trouble(application(opened.desk))
    config = uvicorn.Config(
        trouble,
        log_level="critical",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=3,  # forced, it would leave its connections open
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    made = Served(opened, trouble, f"http://127.0.0.1:{port}")
    yield made
    server.should_exit = True
    thread.join(timeout=10)
    listening.close()
    assert made.complaints == []


def said(page: Page, words: str) -> None:
    """Wait until the page says so."""
    expect(page.locator("#said")).to_contain_text(words, timeout=30_000)


def axe(page: Page) -> list[str]:
    """What axe-core finds at both widths, and whether the page is wider than its window."""
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if not page.evaluate("Boolean(window.axe)"):
            page.evaluate(AXE.read_text(encoding="utf-8"))
        wide = page.evaluate("document.documentElement.scrollWidth")
        found += [f"{width}: the page is {wide} px wide"] if wide > width else []
        result = page.evaluate("axe.run({resultTypes: ['violations']})")
        found += [
            f"{width}: {one['id']} {[node['html'][:120] for node in one['nodes'][:3]]}"
            for one in result["violations"]
        ]
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    return found


def test_three_keys_grade_an_answer_and_the_next_one_is_there(
    served: Served, browser: Browser
) -> None:
    page = served.sit(browser)
    page.goto(served.origin + "/part/3c")
    for key in ("2", "4", "Enter"):
        page.keyboard.press(key)
    said(page, "Saved")
    page.wait_for_url(served.origin + served.opened.answer(1))
    (row,) = served.opened.ledger.rows
    assert [item.id for item in row.items] == ["half", "slip"]
    assert row.share == pytest.approx(0.4)
    assert page.evaluate("document.activeElement.id") == "answer-head"
    assert page.inner_text("#so-far") == "1 graded, 5 to do"  # although it was read ahead
    assert page.inner_text("[data-count=half]") == "1"
    page.keyboard.press(".")
    most = float(page.get_attribute("#panel", "data-max") or 0)  # differs between courses
    assert float(page.inner_text("#points")) == pytest.approx(0.4 * most, abs=0.001)
    page.keyboard.press("c")
    page.keyboard.type("1 and s and Enter are typed here")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(served.origin + served.opened.answer(2))
    assert served.opened.ledger.rows[1].comment == "1 and s and Enter are typed here"
    page.keyboard.press("u")
    said(page, "Undone")
    assert page.url == served.origin + served.opened.answer(1)
    assert "needs grading" in page.inner_text("#stand")
    assert len(served.opened.ledger.rows) == 3


@pytest.mark.whole
def test_keys_faster_than_a_slow_server_change_nothing_and_reach_no_other_student(
    served: Served, browser: Browser
) -> None:
    page = served.sit(browser)
    page.goto(served.origin + served.opened.answer())
    served.trouble.delay_s = 2.0
    for key in ("1", "Enter", "2", "Enter", "u", "l", "s", "3", "Enter"):
        page.keyboard.press(key)
    said(page, "this did nothing")
    assert served.opened.ledger.rows == []
    said(page, "Saved")
    time.sleep(0.3)
    (row,) = served.opened.ledger.rows
    assert ([item.id for item in row.items], row.share) == (["right"], 1.0)
    assert page.url == served.origin + served.opened.answer(1)
    assert page.inner_text("#points") == "–"


def test_saved_is_not_said_where_the_server_fails_and_the_choices_stay(
    served: Served, browser: Browser
) -> None:
    page = served.sit(browser)
    page.goto(served.origin + served.opened.answer())
    served.trouble.fails = "before"
    page.keyboard.press("1")
    page.keyboard.press("c")
    page.keyboard.type("Kept")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#alert:not(:empty)")
    assert "Saved" not in page.inner_text("#said")
    assert page.input_value("[name=comment]") == "Kept"
    page.evaluate("window.onbeforeunload = null")
    served.trouble.fails = ""
    page.keyboard.press("Control+Enter")
    said(page, "Saved")
    (row,) = served.opened.ledger.rows
    assert (row.comment, row.share) == ("Kept", 1.0)


def test_a_reply_that_is_lost_after_the_row_is_stored_makes_no_second_row(
    served: Served, browser: Browser
) -> None:
    page = served.sit(browser)
    page.goto(served.origin + served.opened.answer())
    served.trouble.fails = "after"
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    page.wait_for_selector("#alert:not(:empty)")
    assert len(served.opened.ledger.rows) == 1
    served.trouble.fails = ""
    page.keyboard.press("Enter")
    said(page, "Saved")
    assert len(served.opened.ledger.rows) == 1


@pytest.mark.whole
def test_what_is_typed_is_there_again_after_the_page_was_left(
    served: Served, browser: Browser
) -> None:
    page = served.sit(browser)
    page.goto(served.origin + served.opened.answer())
    page.keyboard.press("2")
    page.keyboard.press("c")
    page.keyboard.type("half a tho")
    page.keyboard.press("Escape")
    page.keyboard.press("l")
    page.wait_for_url(served.origin + served.opened.answer(1))
    assert page.input_value("[name=comment]") == ""
    page.keyboard.press("h")
    said(page, "here again")
    assert page.input_value("[name=comment]") == "half a tho"
    assert page.is_checked("[value=half]")
    assert served.opened.ledger.rows == []


def test_two_graders_at_one_answer_the_second_sees_both_and_a_head_settles(
    served: Served, browser: Browser
) -> None:
    ann, ben = served.sit(browser, "ann"), served.sit(browser, "ben", Role.GRADER)
    for page in (ann, ben):
        page.goto(served.origin + served.opened.answer())
    ann.keyboard.press("1")
    ann.keyboard.press("Enter")
    said(ann, "Saved")
    ben.keyboard.press("2")
    ben.keyboard.press("Enter")
    ben.wait_for_selector("#alert a")
    assert "ann decided" in ben.inner_text("#alert")
    assert axe(ben) == []
    assert [row.author for row in served.opened.ledger.rows] == ["ann", "ben"]
    ann.goto(served.origin + served.opened.answer() + "/compare")
    assert axe(ann) == []
    ann.get_by_role("button", name=re.compile("Let this one count")).focus()
    ann.keyboard.press("Enter")
    ann.wait_for_selector("text=Settled.")
    assert served.opened.ledger.rows[-1].share == 0.5


@pytest.mark.whole
def test_a_head_is_asked_before_another_persons_decision_is_taken_back(
    served: Served, browser: Browser
) -> None:
    client = served.opened.client("ben", Role.GRADER)
    client.post(f"{served.opened.answer()}/decision", data=served.opened.form())
    ann = served.sit(browser, "ann")
    ann.goto(served.origin + served.opened.answer())
    ann.on("dialog", lambda dialog: dialog.accept())
    ann.keyboard.press("u")
    said(ann, "Undone")
    asked = "dialog ben decided this, not you. Take it back?"
    assert asked in served.complaints
    served.complaints.remove(asked)
    assert [row.author for row in served.opened.ledger.rows] == ["ben", "ann"]
    assert served.opened.ledger.rows[-1].takes_back == served.opened.ledger.rows[0].uuid


def test_the_effect_of_a_rubric_is_seen_before_it_is_saved(
    served: Served, browser: Browser
) -> None:
    page = served.sit(browser)
    page.goto(served.origin + served.opened.answer())
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    said(page, "Saved")
    page.goto(served.origin + "/part/3c/rubric")
    page.get_by_label("Percent of Right, not explained").fill("70")
    page.wait_for_selector("#effect b")
    assert "1 answer changes of 1 graded: 1 up, 0 down" in page.inner_text("#effect")
    assert axe(page) == []
    page.get_by_role("button", name="Add an item").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#items tr")).to_have_count(6, timeout=30_000)
    page.get_by_label("Why").fill("Half was too hard")
    page.keyboard.press("Enter")
    said(page, "Saved. All graded answers follow it.")
    assert len(served.opened.ledger.made) == 2


def test_a_pile_is_graded_by_keyboard_after_all_of_it_was_seen(
    served: Served, browser: Browser
) -> None:
    page = served.sit(browser)
    where, taken = pile_of(served.opened)
    page.goto(served.origin + where)
    assert axe(page) == []
    expect(page.locator("[name=member]:checked")).to_have_count(0)
    page.get_by_role("button", name="Choose all, or none").focus()
    page.keyboard.press("Enter")
    said(page, f"Chosen: {len(taken)}.")
    page.get_by_role("checkbox", name="Right, not explained").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Grade the chosen answers").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(served.origin + "/part/3c/piles")
    assert [row.share for row in served.opened.ledger.rows] == [0.5] * len(taken)
    assert axe(page) == []
    page.goto(served.origin + where)
    expect(page.locator("text=ann graded")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("button", name=re.compile("Take back")).focus()
    page.keyboard.press("Enter")
    said(page, "Taken back")
    expect(page.get_by_role("button", name="Choose all, or none")).to_be_visible()
    assert {row.kind for row in served.opened.ledger.rows[len(taken) :]} == {DecisionKind.WITHDRAWN}


@pytest.mark.whole
def test_hostile_texts_run_nothing_and_fetch_nothing_on_any_screen(
    hostile_class: ClassOnDisk, browser: Browser
) -> None:
    with listening_desk(hostile_class) as served:
        page = served.sit(browser)
        opened = served.opened
        mark = json.dumps({"page": 1, "box": [0.1, 0.1, 0.5, 0.2], "text": HOSTILE})
        form = opened.form(comment=HOSTILE, flag=HOSTILE[:250], note=HOSTILE, mark=mark)
        there = opened.answer()
        opened.client().post(f"{there}/decision", data=form)
        second = opened.form(comment=HOSTILE, item="right") | {"parent": ""}
        opened.client("ben").post(f"{there}/decision", data=second)
        asks = {"uuid": uuid4().hex, "kind": "opened", "text": HOSTILE}
        opened.client().post(f"{there}/request", data=asks)
        again = opened.form(comment=HOSTILE, item="none", second="100")
        opened.client("cai").post(f"{there}/decision", data=again)
        opened.desk.work.start(HOSTILE, "ann", lambda _: (HOSTILE,))
        code = there.rpartition("/")[2]
        lists: tuple[str, ...] = (
            "/",
            "/students",
            f"/students/{code}",
            "/part/3c/answers",
            "/part/3c/piles",
        )
        lists += ("/release", "/release/work", "/requests", "/pages", f"/pages/of/{code}")
        lists += ("/figures", "/part/3c/figures", "/part/3c/readings", "/part/3c/rubric")
        lists += (f"/part/3c/search?q={quote('script')}", f"{there}?second=100")
        seats = opened.desk.attendance.room.order("3c")
        answers = [opened.answer(place) for place in range(1, len(seats))]
        for where in (*lists, there, f"{there}/compare", *answers):
            page.goto(served.origin + where)
            for _ in range(4 if "/answers/" in where else 0):
                page.keyboard.press("t")
            assert page.evaluate("window.pwned") is None, where
    assert (len(opened.ledger.rows), len(opened.ledger.events)) == (3, 1)


def test_a_comment_is_placed_on_a_page_by_keyboard_and_by_pointer(
    served: Served, browser: Browser
) -> None:
    page = served.sit(browser)
    page.goto(served.origin + served.opened.answer())
    for key in ("1", "m", "ArrowDown", "Shift+ArrowUp", "Shift+ArrowLeft", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    page.keyboard.type("Which end?")
    assert axe(page) == []
    page.get_by_role("button", name="Place a comment").click()
    box = page.locator(".report-page:visible .page-sheet").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 200)
    page.keyboard.type("And here?")
    page.get_by_label("Comment for the student").fill("Half of $x^2$ *only*")
    expect(page.locator("#preview em")).to_have_text("only", timeout=30_000)
    expect(page.locator("#preview img")).to_have_count(1)
    assert axe(page) == []
    page.keyboard.press("Control+Enter")
    said(page, "Saved")
    (row,) = served.opened.ledger.rows
    first, second = row.marks
    assert (first.text, second.text) == ("Which end?", "And here?")
    left, top, right, bottom = first.box
    assert (left, right) == (pytest.approx(0.12), pytest.approx(0.9))
    assert bottom - top == pytest.approx(0.08, abs=0.002)
    assert (second.box[0] + second.box[2]) / 2 == pytest.approx(0.5, abs=0.01)
    page.keyboard.press("u")
    said(page, "Undone")
    assert page.locator(".mark-box").count() == 0
    page.keyboard.press("m")
    page.keyboard.press("Escape")
    assert page.locator(".mark-row").count() == 0


@pytest.mark.whole
def test_single_keys_can_be_turned_off(served: Served, browser: Browser) -> None:
    page = served.sit(browser)
    page.goto(served.origin + served.opened.answer())
    page.keyboard.press("?")
    page.get_by_label("No single keys").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    for key in ("1", "Enter", "l"):
        page.keyboard.press(key)
    assert not page.is_checked("[value=right]")
    assert page.url == served.origin + served.opened.answer()
