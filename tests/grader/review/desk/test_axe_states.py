"""Every page of the desk in every state that it has: nothing for axe, and no page too wide.

`STATES` names an address of `routes.RULES` for each; a page without a state fails here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from grader.batch.store.store import open_store
from grader.review.desk import evidence_view
from grader.review.desk.access import Role
from grader.review.desk.asked import Desk
from grader.review.desk.routes import RULES
from grader.review.page_pictures import PageSet
from tests.grader.review.desk.conftest import ClassOnDisk, open_over
from tests.grader.review.desk.every_stand import (
    DOUBLE,
    FLAGGED,
    NOT_RUN,
    OFFERED,
    OPEN,
    SCAN,
    SECOND,
    code,
    place,
    prepare,
)
from tests.grader.review.desk.synthetic import write_class
from tests.grader.review.desk.test_browser import AXE, Served, listening_desk, said
from tests.grader.review.desk.test_piles_on_desk import pile_of
from tests.lanes import more

SEEN = ((1280, "light"), (390, "dark"))
"""Width and colours of the window."""
NO_PAGES = {
    "/static/{name}", "/part/{part}", "/part/{part}/rubric/row", "/release/files/{name}",
    "/part/{part}/second", "/go", "/part/{part}/answers/{code}/here", "/pages/next",
    "/students/{code}/pages/{number:int}", "/students/{code}/report.pdf",
}  # fmt: skip
"""Addresses that lead to another one, or answer with a file or a piece of a page."""
ANSWER = "/part/{part}/answers/{code}"
PILE = "/part/{part}/piles/{pile}"
ASKED_FOR = ("XXXXXXX", "code=X", "status of 401", "status of 403")
"""What a browser's console says of states that are faults."""


@dataclass(frozen=True)
class Sitting:
    """Somebody at the desk."""

    page: Page
    served: Served

    def go(self, address: str) -> Page:
        self.page.goto(self.served.origin + address)
        return self.page

    def answer(self, which: int, end: str = "") -> Page:
        opened = self.served.opened
        return self.go(opened.answer(place(opened, which)) + end)


@dataclass(frozen=True)
class State:
    """A page in a state."""

    says: str
    """What can be read on the page then, and on no other of the same address."""
    rule: str
    """Its address in `RULES`."""
    opens: Callable[[Sitting], object]
    """Goes there, and does what it takes."""
    role: Role = Role.HEAD
    """Of who sits there."""
    blind: bool = False
    """Whether names are hidden."""

    def __repr__(self) -> str:
        return f"{self.rule} {self.says}"


def student(sitting: Sitting, which: int = SECOND) -> Page:
    return sitting.go(f"/students/{code(sitting.served.opened, which)}")


def press(sitting: Sitting, which: int, *keys: str) -> None:
    page = sitting.answer(which)
    for key in keys:
        page.keyboard.press(key)


def tab(sitting: Sitting, many: int) -> None:
    press(sitting, SECOND, *"t" * many)
    expect(sitting.page.get_by_role("tabpanel").nth(0)).to_be_visible()
    expect(sitting.page.get_by_role("tab").nth(many)).to_have_attribute("aria-selected", "true")


def dialog(sitting: Sitting, key: str) -> None:
    press(sitting, OPEN, key)
    expect(sitting.page.get_by_role("dialog")).to_be_visible()


def failing(sitting: Sitting) -> None:
    sitting.served.trouble.fails = "before"
    press(sitting, OPEN, "1", "Enter")
    sitting.page.wait_for_selector("#alert:not(:empty)")
    sitting.served.trouble.fails = ""


def without_session(sitting: Sitting) -> None:
    page = sitting.answer(OPEN)
    page.context.clear_cookies()
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    page.wait_for_selector("#alert:not(:empty)")


def fresh(sitting: Sitting) -> None:
    sitting.page.context.clear_cookies()
    sitting.go("/enter")


def used_link(sitting: Sitting) -> None:
    sitting.page.context.clear_cookies()
    sitting.go("/enter#used")


def effect(sitting: Sitting, percent: str) -> None:
    page = sitting.go("/part/3c/rubric")
    page.get_by_label("Percent of Right, not explained").fill(percent)
    page.wait_for_selector("#effect :not(.aside)")


def rubric_refused(sitting: Sitting) -> None:
    effect(sitting, "900")
    sitting.page.get_by_label("Why").fill("Wrong")
    sitting.page.keyboard.press("Enter")
    sitting.page.wait_for_selector("form [role=alert]:not(:empty)")


def pile_with_effect(sitting: Sitting) -> None:
    page = sitting.go(pile_of(sitting.served.opened, "3e")[0])
    page.get_by_role("button", name="Choose all, or none").click()
    page.get_by_role("checkbox", name="Nothing").first.check()
    page.wait_for_selector("#effect li")
    for summary in page.locator("aside summary").all():
        summary.click()


def graded_pile(sitting: Sitting) -> None:
    opened = sitting.served.opened
    where, taken = pile_of(opened, "3a")
    form = {"uuid": uuid4().hex, "rubric": "1", "nothing": "1", "member": taken}
    opened.client().post(where, data=form)
    sitting.go(where)


def new_link(sitting: Sitting) -> None:
    page = sitting.go("/")
    page.get_by_text("A new link for somebody").click()
    page.get_by_role("button", name="Make a link").click()
    page.wait_for_selector(".given:not(:empty)")


def worked(sitting: Sitting, *, fails: bool) -> None:
    def work(_: object) -> tuple[str, ...]:
        if fails:
            raise OSError("The disk is full")
        return ("3 of 3 grades published.", "1 was left out.")

    sitting.served.opened.desk.work.start("Publishing", "ann", work)
    sitting.served.opened.desk.work.wait()
    sitting.go("/release/work")


def undrawn(sitting: Sitting) -> None:
    none = PageSet(
        folder=sitting.served.opened.desk.results, pages=4, drawn=(), failed=(1, 2, 3, 4)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evidence_view, "pages_of", lambda _: none)
        sitting.answer(SECOND)


def scored_otherwise(sitting: Sitting) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Desk, "_another_offering", property(lambda _: "pset4_sp30"))
        sitting.answer(OPEN)


def place_page(sitting: Sitting) -> Page:
    return sitting.go(f"/pages/of/{code(sitting.served.opened, SCAN)}")


def revealed(sitting: Sitting) -> None:
    page = student(sitting)
    page.get_by_label("Show the name").fill("An e-mail of theirs")
    page.get_by_role("button", name="Show").click()
    said(page, "kerb")
    page.reload()


STATES = (
    State(
        "It works once.",
        "/enter",
        fresh,
    ),
    State("used already", "/enter", used_link),
    State("A new link for somebody", "/", lambda at: at.go("/")),
    State("good once", "/", new_link),
    State("need grading", "/", lambda at: at.go("/"), Role.READER),
    State("Students", "/students", lambda at: at.go("/students")),
    State("0 found", "/students", lambda at: at.go("/students?search=nobody")),
    State("Publish this grade", "/students/{code}", student),
    State("Show the name", "/students/{code}", student, blind=True),
    State("Familyname", "/students/{code}", revealed, blind=True),
    State("not run yet", "/students/{code}", lambda at: student(at, NOT_RUN)),
    State("no student with this code", "/students/{code}", lambda at: at.go("/students/XXXXXXX")),
    State("Say which pages", "/pages", lambda at: at.go("/pages")),
    State("Pages of", "/pages/of/{code}", place_page),
    State("1 waits for an answer", "/requests", lambda at: at.go("/requests")),
    State("Figures", "/figures", lambda at: at.go("/figures")),
    State("Figures", "/part/{part}/figures", lambda at: at.go("/part/3c/figures")),
    State("Withdraw grades", "/release", lambda at: at.go("/release")),
    State("What is missing", "/release", lambda at: at.go("/release"), Role.READER),
    State(
        "leave them out",
        "/release/confirm",
        lambda at: at.go("/release/confirm?kind=publish&anyway=1"),
    ),
    State(
        "nothing to withdraw",
        "/release/confirm",
        lambda at: at.go("/release/confirm?kind=withdraw"),
    ),
    State(
        "cannot be shown",
        "/release/confirm",
        lambda at: at.go("/release/confirm?kind=publish&code=X"),
    ),
    State("Nothing is under way", "/release/work", lambda at: at.go("/release/work")),
    State("done", "/release/work", lambda at: worked(at, fails=False)),
    State("stopped", "/release/work", lambda at: worked(at, fails=True)),
    State("in the order in which", "/part/{part}/answers", lambda at: at.go("/part/3c/answers")),
    State("0 answers", "/part/{part}/answers", lambda at: at.go("/part/3e/answers?show=flagged")),
    State("Rubric of", "/part/{part}/rubric", lambda at: at.go("/part/3c/rubric"), Role.READER),
    State("Rubric of", "/part/{part}/rubric", lambda at: at.go("/part/3c/rubric")),
    State("of 3 graded", "/part/{part}/rubric", lambda at: effect(at, "70")),
    State("expected a percentage", "/part/{part}/rubric", rubric_refused),
    State("can be read together", "/part/{part}/piles", lambda at: at.go("/part/3c/piles")),
    State("Take back", PILE, graded_pile),
    State("Make the item", PILE, pile_with_effect),
    State(
        "of these",
        PILE,
        lambda at: at.go(pile_of(at.served.opened, "3e")[0]),
        Role.READER,
        blind=True,
    ),
    State(
        "Scanned pages have no words",
        "/part/{part}/search",
        lambda at: at.go("/part/3c/search?q=zeros"),
    ),
    State("0 answers found", "/part/{part}/search", lambda at: at.go("/part/3c/search?q=nowhere")),
    State("Of the maximum", "/part/{part}/readings", lambda at: at.go("/part/3c/readings")),
    State(
        "waits for a head",
        "/part/{part}/readings",
        lambda at: at.go("/part/3c/readings"),
        Role.READER,
    ),
    State("Came later", f"{ANSWER}/compare", lambda at: at.answer(DOUBLE, "/compare")),
    State(
        "Second reading", f"{ANSWER}/compare", lambda at: at.answer(SECOND, "/compare"), blind=True
    ),
    State("Settled", f"{ANSWER}/compare", lambda at: at.answer(OPEN, "/compare")),
    State("Graded twice", ANSWER, lambda at: at.answer(DOUBLE)),
    State("waits", ANSWER, lambda at: at.answer(SECOND)),
    State(
        "Second reading: you do not",
        ANSWER,
        lambda at: at.answer(SECOND, "?second=100"),
        Role.GRADER,
    ),
    State("notebook", ANSWER, lambda at: tab(at, 1)),
    State("no code of its own", ANSWER, lambda at: tab(at, 2)),
    State("What the run found", ANSWER, lambda at: tab(at, 3)),
    State("The reference's answer", ANSWER, lambda at: tab(at, 4)),
    State("flagged", ANSWER, lambda at: at.answer(FLAGGED)),
    State("Before this hand-in", ANSWER, lambda at: at.answer(OFFERED)),
    State("needs grading", ANSWER, lambda at: at.answer(OPEN), Role.READER),
    State("names hidden", ANSWER, lambda at: at.answer(OPEN), Role.GRADER, blind=True),
    State("has not run yet", ANSWER, lambda at: at.answer(NOT_RUN)),
    State("is not known", ANSWER, lambda at: at.answer(SCAN)),
    State("could not be drawn", ANSWER, undrawn),
    State("while this desk was open", ANSWER, scored_otherwise),
    State("No single keys", ANSWER, lambda at: dialog(at, "?")),
    State("Go to", ANSWER, lambda at: dialog(at, "g")),
    State("Search in", ANSWER, lambda at: dialog(at, "/")),
    State("comment", ANSWER, lambda at: press(at, OPEN, "m", "ArrowDown", "Enter")),
    State("Not known to be saved", ANSWER, failing),
    State("This session has ended", ANSWER, without_session),
    State("There is no part", ANSWER, lambda at: at.go("/part/9z/answers/XXXXXXX")),
)


ONCE = tuple({one.rule: one for one in reversed(STATES)}.values())
"""A state of each page; all others are for `make test-all`."""


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[bool, Served]]:
    """One class, once with names and once without; what is decided is the same."""
    results = tmp_path_factory.mktemp("states")
    with open_store(results) as store:
        shared = ClassOnDisk(results, store, write_class(results, store, 7, scanned=(6,)))
        with serving(shared, blind=False) as named, serving(shared, blind=True) as hidden:
            yield {False: named, True: hidden}


@contextmanager
def serving(shared: ClassOnDisk, *, blind: bool) -> Iterator[Served]:
    with listening_desk(shared, open_over, blind=blind) as served:
        prepare(served.opened)
        yield served
        served.complaints[:] = [
            one for one in served.complaints if not any(words in one for words in ASKED_FOR)
        ]


def found_by_axe(page: Page) -> list[str]:
    found = []
    for width, scheme in SEEN:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        if not page.evaluate("Boolean(window.axe)"):
            page.evaluate(AXE.read_text(encoding="utf-8"))
        wide = page.evaluate("document.documentElement.scrollWidth")
        found += [f"{width}: the page is {wide} px wide"] if wide > width else []
        result = page.evaluate("axe.run({resultTypes: ['violations']})")
        found += [
            f"{width} {scheme}: {one['id']} {[node['html'][:120] for node in one['nodes'][:3]]}"
            for one in result["violations"]
        ]
    return found


def test_every_page_has_a_state() -> None:
    pages = {rule.path for rule in RULES if rule.method == "GET"} - NO_PAGES
    assert {state.rule for state in STATES} == pages
    assert {state.rule for state in STATES} & NO_PAGES == set()


@pytest.mark.browser
@pytest.mark.parametrize(
    "state", [*ONCE, *more(*(one for one in STATES if one not in ONCE))], ids=repr
)
def test_axe_finds_nothing(desks: dict[bool, Served], browser: Browser, state: State) -> None:
    served = desks[state.blind]
    page = served.sit(browser, state.role.name.lower(), state.role)
    try:
        state.opens(Sitting(page, served))
        expect(page.locator("body")).to_contain_text(state.says, timeout=10_000)
        assert found_by_axe(page) == []
    finally:
        page.context.close()
