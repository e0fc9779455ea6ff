"""A course with nbgrader: released, submitted by the exchange, graded here, filled in there."""

from __future__ import annotations

import csv
import getpass
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.nbgrader.hub import GRADER, Hub, same_cells
from tests.solved_answers import fill_in

LATE = "bob"
"""Answers problems 1 and 3 only, two days late."""
PERSON = 0.25
"""Points that a person gives in the formgrader."""


def try_nbgrader(hub: Hub) -> Iterator[str]:
    """Go all the way; yield what was seen.

    Raises:
        AssertionError: something is not as it must be.
    """
    student = hub.folder / "student"
    _make_course(hub, student)
    hub.run(hub.course, "nbgrader", "generate_assignment", "pset4")
    same_cells(hub.course / "release/pset4/pset4.ipynb")
    yield "generate_assignment makes our release notebook, cell by cell"

    hub.run(hub.course, "nbgrader", "release_assignment", "pset4")
    hub.run(student, "nbgrader", "fetch_assignment", "pset4")
    notebook = student / "pset4/pset4.ipynb"
    fill_in(notebook, notebook, "1234")
    hub.run(student, "nbgrader", "submit", "pset4")
    hub.run(hub.course, "nbgrader", "collect", "pset4")
    late = hub.course / f"submitted/{LATE}/pset4"
    fill_in(hub.course / "release/pset4/pset4.ipynb", late / "pset4.ipynb", "13")
    (late / "timestamp.txt").write_text("2021-04-02 12:00:00 EDT")
    (late / "submission_secret.txt").write_text("0" * 128)  # release_feedback stops without
    yield "released, fetched, submitted and collected through the exchange"

    hub.run(hub.course, "nbgrader", "autograde", "pset4")
    book = hub.gradebook()
    me = getpass.getuser()
    assert set(book) == {me, LATE}, set(book)
    for one in book.values():
        assert {tuple(score) for score in one["parts"].values()} == {(None, None, True)}
    yield "autograde takes them in, runs nothing and decides nothing"

    rows = _grade(hub, me)
    yield "grader batch grades nbgrader's folders"
    yield from _filled(hub, rows)
    yield from _people(hub, rows, me)
    yield from _fed_back(hub, student, me)
    yield from _once_more(hub, late)


def _make_course(hub: Hub, student: Path) -> None:
    hub.run(hub.folder, GRADER, "offering", "nbgrader", "--into", hub.course)
    exchange = hub.folder / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)
    student.mkdir()
    (hub.folder / "home").mkdir()
    lines = f'c.CourseDirectory.course_id = "vision"\nc.Exchange.root = "{exchange}"\n'
    (student / "nbgrader_config.py").write_text(f"c = get_config()\n{lines}")
    with (hub.course / "nbgrader_config.py").open("a") as config:
        config.write(lines)


def _grade(hub: Hub, me: str) -> dict[str, dict[str, str]]:
    """Grade the folder; return our gradebook by student."""
    manifest = hub.folder / "manifest.csv"
    # The exchange says today, years after the deadline; staff say otherwise, as they may.
    manifest.write_text(f"kerberos,submitted\n{me},2021-03-30T12:00\n{LATE},\n")
    options = ("--bundle", "studio-narrow", "--no-pdf", "--workers", "1")
    where = ("--manifest", manifest, "--out", hub.folder / "results")
    hub.run(hub.folder, GRADER, "batch", hub.course / "submitted", *options, *where)
    with (hub.folder / "results/gradebook.csv").open(newline="") as source:
        rows = {row["kerberos"]: row for row in csv.DictReader(source)}
    assert {row["state"] for row in rows.values()} == {"graded"}, rows
    assert rows[LATE]["coefficient"] == "0.857", rows[LATE]
    return rows


def _filled(hub: Hub, rows: dict[str, dict[str, str]]) -> Iterator[str]:
    _fill(hub)
    book = hub.gradebook()
    for student, row in rows.items():
        for part_id, (score, given, waits) in book[student]["parts"].items():
            assert given is None, part_id
            assert _shown(score) == row[part_id], f"{student}, {part_id}: {score}, {row[part_id]}"
            assert waits or row[part_id] != "", f"{student}, {part_id}: no points, not waiting"
    assert any(waits for *_, waits in book[LATE]["parts"].values())
    assert "adjoint" in book[LATE]["comments"]["3a"], book[LATE]["comments"]
    _totals(hub, rows)
    yield "nbgrader's export has the points of our gradebook, lateness included"
    assert " 0 entries changed" in hub.python(hub.course, "fill_points.py")
    hub.run(hub.course, "nbgrader", "autograde", "pset4", "--force")
    assert hub.gradebook()[LATE]["parts"] == book[LATE]["parts"]
    yield "a second call changes nothing, and a second autograde takes no point away"
    hub.python(hub.course, "fill_points.py")


def _people(hub: Hub, rows: dict[str, dict[str, str]], me: str) -> Iterator[str]:
    hub.give(me, "3a", PERSON)
    hub.give(me, "3c", PERSON)
    told = hub.python(hub.course, "fill_points.py")
    assert f"{me}, 3a: {PERSON:g} by a person in the formgrader stays" in told, told
    parts = hub.gradebook()[me]["parts"]
    assert parts["3a"][1:] == parts["3c"][1:] == [PERSON, False], parts
    total = float(rows[me]["total"]) - float(rows[me]["3a"]) + 2 * PERSON
    _totals(hub, {me: {**rows[me], "total": str(total)}})
    yield "what a person gave in the formgrader stays, counts and is told"


def _fed_back(hub: Hub, student: Path, me: str) -> Iterator[str]:
    hub.run(hub.course, "nbgrader", "release_feedback", "pset4")
    hub.run(student, "nbgrader", "fetch_feedback", "pset4")
    (page,) = student.glob("pset4/feedback/*/pset4.html")
    ours = hub.folder / f"results/{me}/feedback.html"
    assert page.read_bytes() == ours.read_bytes()
    yield "release_feedback and fetch_feedback bring our page to the student"


def _once_more(hub: Hub, late: Path) -> Iterator[str]:
    (late / "timestamp.txt").write_text("2021-04-03 12:00:00 EDT")
    hub.run(hub.course, "nbgrader", "autograde", "pset4", "--force")
    told = hub.python(hub.course, "fill_points.py", status=1)
    assert f"{LATE}: the points are of the submission of 2021-04-02" in told, told
    yield "points of an earlier submission are refused"


def _fill(hub: Hub) -> None:
    hub.run(hub.folder, GRADER, "export", "nbgrader", hub.folder / "results", hub.course)
    points = json.loads((hub.course / "nbgrader_points.json").read_text())
    assert len(points["students"]) == 2, points
    hub.python(hub.course, "fill_points.py")


def _totals(hub: Hub, rows: dict[str, dict[str, str]]) -> None:
    hub.run(hub.course, "nbgrader", "export")
    with (hub.course / "grades.csv").open(newline="") as source:
        theirs = {row["student_id"]: row for row in csv.DictReader(source)}
    for student, row in rows.items():
        found = theirs[student]
        for name, want in (("score", row["total"]), ("max_score", row["max"])):
            assert abs(float(found[name]) - float(want)) < 0.006, (
                f"{student}, {name}: {found}, {row}"
            )


def _shown(score: Any) -> str:
    return "" if score is None else f"{score:.3f}".rstrip("0").rstrip(".")
