"""The class's page: its figures are right, its text is inert, and it lies in one place only."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import statistics
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from playwright.sync_api import sync_playwright

from grader.batch.exports.class_page import render_class_page, write_class_page
from grader.batch.exports.class_plots import share_counts, totals_svg
from grader.batch.exports.class_view import class_view
from grader.batch.exports.common_faults import CommonFault, common_faults
from grader.batch.exports.distribution import distribution, histogram
from grader.batch.records import ClassRow, PartFault, Roster, State, Superseded
from grader.intake.hand_in import HandIn
from grader.model.catalogue import Text
from grader.model.records import Outcome, Remark
from grader.outputs.pages.render import TEMPLATES
from tests.factories import ASSIGNMENT
from tests.grader.batch.factory import in_words, part, pending, row, whole_class, without_sheet
from tests.grader.outputs.pages.test_browser import AXE, CHROMIUM, FLAGS
from tests.grader.outputs.pages.test_render import ACTIVE, Inventory
from tests.hostile.pages import active_content

NASTY = "<script>alert(1)</script>{{ 7*7 }}\u202e<img src=x onerror=alert(1)>"


def hand_in(kerberos: str, source: str) -> HandIn:
    return HandIn(
        source=source, path=Path(source), zip_name="x.zip", kerberos=kerberos, course="6.869"
    )


def with_fault(kerberos: str, fault: PartFault) -> ClassRow:
    made = row(kerberos)
    worse = part("4a", 0.2, outcome=Outcome.PARTIAL, faults=(fault,))
    return replace(made, parts=tuple(worse if one.id == "4a" else one for one in made.parts))


CLASS = (
    with_fault("zoe", in_words("attack", "The gain is too small.")),
    with_fault("ann", in_words("attack", "The gain is too small.")),
    replace(pending("bob"), total=5.0, days_late=3, late_coefficient=0.786),
    replace(row("eli"), total=9.0, notes=("Expected report.pdf, found none.",), seconds=100.0),
    replace(row("fay"), total=1.0, cached=True, seconds=1e6),
    without_sheet("cyd", State.REJECTED, "Expected a zip, found a PDF."),
    without_sheet("dee", State.FAULT, "The box did not start."),
    without_sheet("gus", State.MISSING),
    without_sheet("hal", State.WAITING),
)
ROSTER = Roster(
    counted=(),
    superseded=(Superseded(hand_in=hand_in("zoe", "old/zoe.zip"), by="new/zoe.zip"),),
    missing=("gus",),
    notes=("notes.txt is no zip.",),
)


def test_the_header_counts_everybody() -> None:
    view = class_view(CLASS, ROSTER, ASSIGNMENT)

    assert {one.words: one.count for one in view.figures} == {
        "fully graded": "4",
        "needs grading": "1",
        "late": "1",
        "rejected": "1",
        "grader error": "1",
        "not graded yet": "1",
        "missing": "1",
    }
    assert view.sentence == "4 of 9 students are fully graded; 1 still needs grading."
    (totals,) = view.totals
    assert (totals.course, totals.many) == ("6.869", 5)
    assert "Mean 7.4 (67%), median 9 (82%), middle half 5 to 11, of 11 points" in totals.words


def test_nobody_is_graded_whose_points_wait() -> None:
    waiting = tuple(replace(row, pending=0.8) for row in CLASS if row.state is State.GRADED)
    view = class_view(waiting, ROSTER, ASSIGNMENT)

    assert {one.words: one.count for one in view.figures}["fully graded"] == "0"
    assert {line.chip.word for line in view.students} == {"Needs grading"}


def test_who_needs_a_person_is_listed() -> None:
    view = class_view(CLASS, ROSTER, ASSIGNMENT)

    assert [(one.who.kerberos, one.sentence) for one in view.attention] == [
        ("dee", "The box did not start."),
        ("cyd", "Expected a zip, found a PDF."),
    ]
    assert [(one.sentence, [who.link for who in one.students]) for one in view.remarks] == [
        ("Expected report.pdf, found none.", ["eli/staff.html"])
    ]
    assert [
        (one.label, [who.link for who in one.waiting]) for one in view.parts if one.waiting
    ] == [("3(c)", ["bob/staff.html"])]


def test_conduct_is_marked_in_the_list_and_needs_attention() -> None:
    note = "The notebook does what no answer needs: opens sockets (cell 3)."
    view = class_view((row("ann"), row("eve", conduct=(note,))), ROSTER, ASSIGNMENT)
    assert [(one.who.kerberos, one.conduct) for one in view.students] == [
        ("ann", ""),
        ("eve", note),
    ]
    assert "Conduct" in view.students[1].states
    assert [(str(one.sentence), one.students[0].kerberos) for one in view.remarks] == [
        (note, "eve")
    ]
    html = render_class_page((row("eve", conduct=(note,)),), ROSTER, ASSIGNMENT)
    assert f'<span class="chip tone-fail" title="{note}">Conduct</span>' in html


def test_students_are_sorted_by_state_then_name() -> None:
    view = class_view(tuple(reversed(CLASS)), ROSTER, ASSIGNMENT)

    assert "".join(one.who.kerberos[0] for one in view.students) == "dchabefzg"
    assert [one.who.link for one in view.students[:2]] == ["", ""]


def test_parts_count_what_is_decided() -> None:
    view = class_view(CLASS, ROSTER, ASSIGNMENT)
    lines = {line.label: line.courses[0] for line in view.parts}

    assert lines["3(c)"].decided == 4
    assert lines["4(a)"].decided == 5
    assert lines["4(a)"].mean == "70%"  # of 0.8: 0.2, 0.2, 0.8, 0.8, 0.8
    assert "2 in the quarters" not in lines["4(a)"].figure
    assert "0 with nothing, 0 / 2 / 0 / 0 in the quarters between, 3 with" in lines["4(a)"].figure
    assert lines["4(a)"].max_points == "0.8"


def of_6819(kerberos: str, total: float, points: float) -> ClassRow:
    """A student of 6.819, where 4(a) has one point."""
    made = row(kerberos, course="6.819", total=total)
    parts = (part("4a", points, max_points=1.0) if p.id == "4a" else p for p in made.parts)
    return replace(made, parts=tuple(parts))


def test_courses_are_counted_apart_and_parts_as_shares() -> None:
    rows = (*CLASS, of_6819("ida", 10.0, 1.0), of_6819("jon", 5.0, 0.5))
    view = class_view(rows, ROSTER, ASSIGNMENT)
    assert [(one.course, one.many) for one in view.totals] == [("6.819", 2), ("6.869", 5)]
    assert "Mean 7.5 (68%)" in view.totals[0].words
    four = next(line for line in view.parts if line.label == "4(a)")
    assert [(one.course, one.max_points, one.mean) for one in four.courses] == [
        ("6.819", "1", "75%"),
        ("6.869", "0.8", "70%"),
    ]
    only_one = next(line for line in view.parts if line.label == "1(b)")
    assert [one.course for one in only_one.courses] == ["6.869"]  # 6.819 has no points for it


def weak(kerberos: str, code: str = "attack.weak", **values: str | float) -> ClassRow:
    remark = Remark(code=code, values=tuple(values.items()))
    return with_fault(kerberos, PartFault(check_id="attack", remark=remark, message="As said."))


def test_errors_are_counted_by_code_whatever_their_values() -> None:
    catalogue = {
        "attack.weak": Text(student="The gain is {gain:.1f} after {steps:step|steps} to {name}."),
        "attack.other": Text(student="The gain is 0.5 after 1 step to a cat."),
    }
    ann = weak("ann", gain=0.5, steps=1, name="a cat")
    eve = weak("eve", gain=0.25, steps=7, name="a cat")
    zoe = weak("zoe", code="attack.other")

    assert common_faults((eve, zoe, ann), catalogue) == (
        CommonFault(
            part_id="4a",
            check_id="attack",
            code="attack.weak",
            sentence="The gain is \u2026 after \u2026 steps to a cat.",
            kerberos_names=("ann", "eve"),
        ),
        CommonFault(
            part_id="4a",
            check_id="attack",
            code="attack.other",
            sentence="The gain is 0.5 after 1 step to a cat.",
            kerberos_names=("zoe",),
        ),
    )
    assert common_faults((ann,), catalogue)[0].sentence == "The gain is 0.5 after 1 step to a cat."
    assert common_faults((weak("kim", code="own.check"),), catalogue)[0].sentence == "As said."
    assert common_faults((), catalogue) == ()


def test_errors_in_words_are_the_same_where_the_words_are() -> None:
    other = with_fault("eve", in_words("attack", "The image left the ball."))
    assert [one.kerberos_names for one in common_faults((*CLASS, other), {})] == [
        ("ann", "zoe"),
        ("eve",),
    ]


def test_times_leave_out_what_was_not_run() -> None:
    view = class_view(CLASS, ROSTER, ASSIGNMENT)

    assert [(one.name, one.median, one.slowest) for one in view.stages] == [
        ("intake", "0.5 s", "0.5 s"),
        ("run", "18 s", "18 s"),
        ("checks", "1.5 s", "1.5 s"),
        ("all", "20 s", "1 min 40 s"),
    ]
    assert view.stages[-1].who.kerberos == "eli"


@pytest.mark.parametrize("many", [0, 1, 300])
def test_a_class_of_any_size_has_a_page(many: int) -> None:
    html = render_class_page(whole_class(many), ROSTER, ASSIGNMENT)

    assert html.count("/staff.html") >= many * 0.8
    assert "old/zoe.zip" in html
    assert len(html) < 1_000_000


def test_text_of_others_can_do_nothing() -> None:
    rows = (
        replace(
            with_fault("ann", in_words("attack", NASTY)), name=NASTY, notes=(NASTY,), source=NASTY
        ),
        without_sheet("bob", State.REJECTED, NASTY),
    )
    superseded = (Superseded(hand_in=hand_in("ann", NASTY), by=NASTY),)
    roster = Roster(counted=(), superseded=superseded, missing=("x",), notes=(NASTY,))

    html = render_class_page(rows, roster, ASSIGNMENT, files=("gradebook.csv",))

    found = Inventory(html)
    assert found.tags & ACTIVE == {"script", "form"}
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    assert scripts == [(TEMPLATES / "class.js").read_text(encoding="utf-8")]  # ours alone
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'; style-src" in html  # and no other can run
    assert not found.handlers
    assert "img" not in found.tags
    assert "\u202e" not in html
    allowed = re.compile(r"#\w+|gradebook\.csv|ann/staff\.html")
    assert all(allowed.fullmatch(url) for url in found.urls)
    assert "".join(found.words).count("<script>alert(1)</script>{{ 7*7 }}") >= 7
    assert "default-src 'none'" in html
    links = {"<a href> to 'gradebook.csv'", "<a href> to 'ann/staff.html'"}
    links |= {"<script>", "<form>", "<input>"}
    found_active = {one for one in active_content(html) if "lax Content-Security" not in one}
    assert found_active == links  # the page's own; nothing else that acts


def test_a_name_cannot_leave_the_folder_by_its_link() -> None:
    view = class_view((row("..%2f..?x#y"),), ROSTER, ASSIGNMENT)

    assert view.students[0].who.link == "..%252f..%3Fx%23y/staff.html"


def test_only_the_class_folder_is_written(tmp_path: Path) -> None:
    for one in CLASS:
        (tmp_path / one.kerberos).mkdir()

    path = write_class_page(CLASS, ROSTER, ASSIGNMENT, tmp_path)

    assert path == tmp_path / "staff.html"
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == [path]


def test_a_page_is_the_same_each_time() -> None:
    first = render_class_page(whole_class(30), ROSTER, ASSIGNMENT)

    assert render_class_page(whole_class(30)[::-1], ROSTER, ASSIGNMENT) == first


values = st.lists(st.floats(0, 13, allow_nan=False), min_size=1, max_size=50)


@given(values)
def test_a_distribution_is_what_statistics_say(points: list[float]) -> None:
    spread = distribution([*points, float("nan")])

    assert spread is not None
    assert spread.median == pytest.approx(statistics.median(points))
    assert spread.mean == pytest.approx(statistics.fmean(points))
    assert spread.low_quartile <= spread.median <= spread.high_quartile <= spread.ninetieth + 1e-9


@given(values, st.sampled_from([0.5, 1.0, 2.0]))
def test_a_histogram_loses_nobody(points: list[float], width: float) -> None:
    spread = distribution(points)
    assert spread is not None
    bars = histogram(spread, 0.0, 11.0, width)

    assert sum(bar.count for bar in bars) == len(points)
    assert bars[-1].high >= max(11.0, *points) - 1e-5
    assert "NaN" not in totals_svg(spread, 11.0)


@given(st.lists(st.floats(0, 0.8), max_size=50))
def test_shares_lose_nobody(points: list[float]) -> None:
    assert sum(share_counts(points, 0.8)) == len(points)


@pytest.mark.parametrize(
    ("value", "place"), [(0, 0), (0.1, 1), (0.25, 2), (0.5, 3), (0.75, 4), (0.99, 4), (1, 5)]
)
def test_shares_are_quarters(value: float, place: int) -> None:
    assert share_counts([value], 1.0).index(1) == place


@pytest.mark.whole
@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_the_page_shows_in_a_real_browser(tmp_path: Path) -> None:
    html, picture = tmp_path / "page.html", tmp_path / "page.png"
    html.write_text(render_class_page(whole_class(40), ROSTER, ASSIGNMENT), encoding="utf-8")
    command = [
        *(str(CHROMIUM), *FLAGS, f"--user-data-dir={tmp_path / 'profile'}"),
        *("--window-size=1250,1400", f"--screenshot={picture}", html.as_uri()),
    ]

    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)

    assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []
    assert np.asarray(Image.open(picture).convert("RGB"), dtype=float).std() > 15
    shutil.rmtree(tmp_path / "profile", ignore_errors=True)


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_the_table_is_sorted_and_filtered_by_keyboard(tmp_path: Path) -> None:
    html = tmp_path / "page.html"
    rows = (*CLASS, of_6819("ida", 10.0, 1.0))
    html.write_text(render_class_page(rows, ROSTER, ASSIGNMENT), encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        told: list[str] = []
        page.on("console", lambda message: told.append(message.text))
        page.goto(html.as_uri())

        def names() -> str:
            shown = page.locator("table.students tbody tr:not([hidden]) td:first-child")
            return "".join(text[0] for text in shown.all_inner_texts())

        assert names() == "dchabefizg"
        total = page.get_by_role("button", name="Total", exact=True)
        total.focus()
        page.keyboard.press("Enter")
        assert names() == "fbeiaz" + "dchg"  # those without points come last
        page.keyboard.press("Enter")
        assert names() == "azieb" + "f" + "dchg"
        assert page.locator("th[aria-sort=descending]").inner_text().startswith("Total")
        page.get_by_label("Find").focus()
        page.keyboard.type("ELI")
        assert (names(), page.locator("#shown").inner_text()) == ("e", "1 of 10 students.")
        page.get_by_label("Find").fill("")
        page.get_by_label("Course").select_option("6.819")
        assert names() == "i"
        page.get_by_label("Course").select_option("")
        page.get_by_label("State").select_option("Late")
        assert names() == "b"
        page.get_by_label("State").select_option("")
        page.evaluate(AXE.read_text(encoding="utf-8"))
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
            assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == [], width
        assert told == []
        bare = browser.new_context(java_script_enabled=False).new_page()
        bare.goto(html.as_uri())  # without script it is a plain table
        assert bare.locator("table.students tbody tr").count() == len(rows)
        assert not bare.locator("#find").is_visible()
        browser.close()
