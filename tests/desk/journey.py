"""3(c) of a class graded by keyboard in a real browser, and how much work that is.

    python -m tests.desk.journey [STUDENTS]        40 by default, some 5 minutes

One grader, with `make review` as it is: piles, answers one by one, a changed item and its effect, a
conflict with a second grader, publishing, Canvas' file and the zip of feedback. Every key that is
pressed is counted, and compared with what the same decisions take in `grades.toml`.
"""

from __future__ import annotations

import random
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from uuid import uuid4

from playwright.sync_api import Browser, Page, expect, sync_playwright
from rapidfuzz.distance import Indel

from grader.batch.store.store import open_store
from grader.model.records import Decision, Findings, GradeSheet
from grader.model.records.codec import load, save
from grader.model.results_folder import ResultFolder
from grader.model.stage_keys import GraderKeys, StageKeys
from grader.scoring.grades_file import render_grades
from grader.scoring.overrides import human_grades
from grader.scoring.score import rescore
from tests.command_line import counts
from tests.desk.served import DeskProcess, desk_process
from tests.factories import ASSIGNMENT, evidence
from tests.grader.review.desk.synthetic import HUMAN, write_class

PART = "3c"
STUDENTS = 40
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
EQUAL = "We pad with zeros, so $x_{out}$ has as many samples as $x_{in}$."
"""What a quarter of the class hands in, to the letter."""
COMMENT = "Say what the first and the last output are made of."
ANSWERS: dict[str, tuple[tuple[str, ...], str]] = {
    "nothing is known": (("how", "why"), ""),
    "has as many samples": (("how", "why_weak"), ""),
    "would darken": (("how", "why", "effect"), ""),
    "windows wholly inside": (("how_partly",), COMMENT),
}
"""Words of an answer to the items of the rubric that apply, and what is typed for the student."""
_OPENINGS = ("In my layer", "Here", "As in the lecture", "For this part", "In the code above")
_BASES = (
    "zeros are put around the signal since nothing is known beyond its ends",
    "the border is reflected, for zeros would darken the ends",
    "only windows wholly inside count",
    "the padded output has as many samples as the input",
)


@dataclass
class Keyboard:
    """A keyboard that counts."""

    page: Page
    pressed: int = 0

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.pressed += 1
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        """Type a text, a key for each character."""
        self.pressed += len(text)
        self.page.keyboard.type(text)

    def tab_to(self, words: str, most: int = 250) -> None:
        """Press Tab until what has the focus says these words."""
        for _ in range(most):
            self.press("Tab")
            name = self.page.evaluate(
                "(document.activeElement.labels?.[0] ?? document.activeElement).innerText || ''"
            )
            if words in name:
                return
        raise AssertionError(f"no {words!r} within {most} presses of Tab on {self.page.url}")


@dataclass
class Counted:
    """What the journey took."""

    keys: list[int] = field(default_factory=list)
    """Per answer, those of a pile in equal shares."""
    in_piles: int = 0
    """Answers that were graded in piles."""
    files: int = 0
    """Files opened."""
    seen: list[str] = field(default_factory=list)
    """What happened, a line each."""


def answers_of(students: int) -> list[str]:
    """A quarter of equal answers, and others in words of their own."""
    draw = random.Random(3)  # noqa: S311 -- no secret
    own = [
        f"{draw.choice(_OPENINGS)}, {draw.choice(_BASES)}; with k = {number + 3} that is "
        f"{draw.choice(('simple', 'symmetric', 'usual', 'enough', 'cheap'))}."
        for number in range(students - students // 4)
    ]
    return [*own, *[EQUAL] * (students // 4)]


def grade_class(desk: DeskProcess, browser: Browser, students: int) -> Counted:
    """Grade 3(c) of everybody by keyboard."""
    done = Counted()
    ann = sit(browser, desk, "ann")
    keys = Keyboard(ann)
    _grade_piles(ann, keys, desk, done)
    ann.goto(f"{desk.origin}/part/{PART}")
    first = ann.url
    while "/answers/" in ann.url:
        _grade_one(ann, keys, done)
    assert len(done.keys) == students, (len(done.keys), students)
    _change_an_item(ann, desk, done)
    _conflict(ann, sit(browser, desk, "ben"), desk, first, done)
    return done


def sit(browser: Browser, desk: DeskProcess, name: str) -> Page:
    """Open a link as somebody, and see the overview."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(f"{desk.origin}/enter#{desk.tokens[name]}")
    page.wait_for_selector("#overview")
    return page


def _items_for(text: str) -> tuple[tuple[str, ...], str]:
    return next(found for words, found in ANSWERS.items() if words in text)


def _grade_piles(page: Page, keys: Keyboard, desk: DeskProcess, done: Counted) -> None:
    """Grade the pile of equal answers at once, after all of it was seen."""
    page.goto(f"{desk.origin}/part/{PART}/piles")
    links = page.locator("tbody tr", has_text="has as many samples as").get_by_role("link")
    if not links.count():
        return
    page.goto(desk.origin + (links.first.get_attribute("href") or ""))
    members = page.locator("[name=member]").count()
    before = keys.pressed
    items, _ = _items_for(page.locator(".members .prose p").first.inner_text())
    keys.tab_to("To the rubric")  # past all members
    keys.press("Enter")
    keys.tab_to("Choose all, or none")
    keys.press("Enter")
    for item in items:
        keys.tab_to(
            page.locator(f"label:has([value={item}]) .what").first.inner_text().split("\n")[0]
        )
        keys.press("Space")
    keys.tab_to("Grade the chosen answers")
    keys.press("Enter")
    page.wait_for_url(f"{desk.origin}/part/{PART}/piles")
    done.keys += [-(-(keys.pressed - before) // members)] * members
    done.in_piles = members
    took = keys.pressed - before
    done.seen.append(f"{members} answers with equal text graded as a pile, {took} keys")


def _grade_one(page: Page, keys: Keyboard, done: Counted) -> None:
    """Grade the answer that is shown; the next one that needs it is there afterwards."""
    before, here = keys.pressed, page.url
    items, comment = _items_for(page.locator("#sheet-notebook").text_content() or "")
    for item in items:
        keys.press(page.get_attribute(f"[name=item][value={item}]", "data-key") or "")
    if comment and len(done.keys) % 3 == 0:  # typed once in three times; else the items say it
        keys.press("c")
        keys.type(comment)
        keys.press("Control+Enter")
    else:
        keys.press("Enter")
    page.wait_for_url(lambda address: address != here)
    done.keys.append(keys.pressed - before)


def _change_an_item(page: Page, desk: DeskProcess, done: Counted) -> None:
    """Make one item cost less; what that does is shown before it is saved."""
    page.goto(f"{desk.origin}/part/{PART}/rubric")
    field_of_why = page.locator("tr", has=page.locator("[value='why']")).locator(
        "[aria-label^='Percent']"
    )
    field_of_why.first.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("30")
    page.wait_for_selector("#effect b")
    effect = " ".join(page.inner_text("#effect").split())
    page.get_by_label("Why").focus()
    page.keyboard.type("Half was too hard")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Saved. All graded answers follow it.")
    done.seen.append(f"an item changed: {effect[:120]}")


def _conflict(ann: Page, ben: Page, desk: DeskProcess, address: str, done: Counted) -> None:
    """Two decide about one answer; the second is told, and the head settles which one counts."""
    for page in (ann, ben):
        page.goto(address)
    for page in (ann, ben):
        page.keyboard.press("1")
        page.keyboard.press("Enter" if page is ben else "c")
        if page is ann:
            page.keyboard.type("Read again.")
            page.keyboard.press("Control+Enter")
            page.wait_for_url(lambda now: now != address)  # all are graded: the list is next
    ben.wait_for_selector("#alert a")
    told = ben.inner_text("#alert")
    ann.goto(f"{address}/compare")
    ann.get_by_role("button", name=re.compile("Let this one count")).focus()
    ann.keyboard.press("Enter")
    ann.wait_for_selector("text=Settled.")
    done.seen.append(f"a conflict: the second was told “{told.split('.')[0]}.”, and it was settled")


def publish(desk: DeskProcess, browser: Browser, page: Page, folder: Path) -> list[str]:
    """Publish by keyboard, and fetch Canvas' file and the zip of feedback."""
    page.goto(f"{desk.origin}/release/confirm?kind=publish")
    page.get_by_role("button", name=re.compile("^Publish")).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/release/work")
    expect(page.locator("#work")).to_contain_text("published.", timeout=1_800_000)
    said = [" ".join(page.inner_text("#work").split())]
    page.goto(f"{desk.origin}/release")
    for name in ("canvas.csv", "feedback.zip"):
        with page.expect_download(timeout=120_000) as coming:
            page.get_by_role("link", name=name, exact=True).focus()
            page.keyboard.press("Enter")
        path = folder / name
        coming.value.save_as(path)
        said.append(f"{name}: {path.stat().st_size} bytes")
    return said


# -- the same with grades.toml ---------------------------------------------------------------------


@dataclass(frozen=True)
class ByFile:
    """What a decision takes in `grades.toml`."""

    keys: int
    """Characters typed or deleted, without those that move the cursor."""
    fields: int
    """Values typed."""
    files: int
    """Files opened: `grades.toml`, and the report or the notebook."""


def by_file(sheet: GradeSheet, decision: Decision) -> ByFile:
    """Count what it takes to write a decision into the file that was made to be filled in."""
    empty = render_grades(sheet)
    held = human_grades((decision,), (), ASSIGNMENT)
    zip_sha256 = sheet.facts.zip_sha256
    decided = rescore(
        sheet, ASSIGNMENT, held.about(sheet.kerberos, zip_sha256, ASSIGNMENT, sheet.course)
    )
    part = next(one for one in decided.parts if one.id == decision.part_id)
    comment = "\n".join(filter(None, (*(i.title for i in part.human_items), part.human_comment)))
    lines = empty.split("\n")
    start = lines.index(f"[parts.{decision.part_id}]")
    place = next(i for i in range(start, len(lines)) if lines[i].startswith("# points ="))
    filled = [*lines]
    filled[place] = f"points = {part.points:.4g}"
    if comment:  # what the desk says by an item must be typed here
        filled.insert(place + 2, comment)  # between the quotes
    return ByFile(
        keys=Indel.distance("\n".join(lines), "\n".join(filled)),
        fields=1 + bool(comment),
        files=2,
    )


def table(done: Counted, files: Sequence[ByFile]) -> str:
    """Return the comparison as Markdown."""
    many = len(done.keys)
    rows = [
        ("", "`grades.toml`", "`make review`"),
        ("---", "---", "---"),
        ("answers to 3(c)", str(len(files)), str(many)),
        (
            "files opened per answer",
            f"{median(o.files for o in files):g}",
            f"{done.files / many:g}",
        ),
        ("values typed per answer, median", f"{median(o.fields for o in files):g}", "0"),
        (
            "key presses per answer, median",
            f"{median(o.keys for o in files):g}",
            f"{median(done.keys):g}",
        ),
        ("key presses in all", str(sum(o.keys for o in files)), str(sum(done.keys))),
        ("answers graded in piles", "0", str(done.in_piles)),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def make_class(results: Path, students: int) -> None:
    """Write a class of which pages can be made."""
    words = answers_of(students)
    random.Random(5).shuffle(words)  # noqa: S311
    with open_store(results) as store:
        names = write_class(results, store, students, each=words)
        for row in store.hand_ins(1):  # the other parts are graded already
            for part_id in HUMAN:
                if part_id != PART:
                    store.decide(
                        Decision(
                            uuid=uuid4().hex,
                            kerberos=row.kerberos,
                            part_id=part_id,
                            zip_sha256=row.zip_sha256,
                            share=1.0,
                            author="carol",
                        )
                    )
    for name in names:
        folder = ResultFolder(root=results / name)
        sheet = load(GradeSheet, folder.results)
        found = Findings(by_part={part.id: part.findings for part in sheet.parts})
        save(found, folder.record("findings"))
        save(evidence(), folder.record("evidence"))
        made_by = GraderKeys(evidence="e", judge="j", pages="p")
        save(StageKeys(run="", seed=1, grader=made_by), folder.key)


def counted_by_file(results: Path) -> list[ByFile]:
    """What the decisions of the class would have taken in its files."""
    with open_store(results) as store:
        decisions = store.decisions(part_id=PART)
    first = {one.kerberos: one for one in reversed(decisions) if one.counts}
    return [
        by_file(load(GradeSheet, ResultFolder(root=results / name).results), one)
        for name, one in sorted(first.items())
    ]


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(students: int) -> int:
    """Do all of it; print what came of it and the table."""
    with tempfile.TemporaryDirectory(prefix="journey-") as place:
        results = Path(place) / "results"
        results.mkdir()
        make_class(results, students)
        with (
            desk_process(results, "ann:head", "ben:grader") as desk,
            sync_playwright() as playwright,
        ):
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            done = grade_class(desk, browser, students)
            files = counted_by_file(results)
            _say("\n".join((*(f"- {line}" for line in done.seen), "", table(done, files))))
            page = browser.contexts[0].pages[0]
            _say("\n".join(f"- {line}" for line in publish(desk, browser, page, Path(place))))
            browser.close()
    goal = done.files == 0 and median(done.keys) <= 3
    return 0 if goal else 1


if __name__ == "__main__":
    sys.exit(main(*counts(__doc__, students=STUDENTS)))
