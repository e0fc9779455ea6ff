"""Annotations: at the line of the notebook's file, at most ten, escaped; GitHub's and GitLab's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.intake.cell_places import CellPlaces
from grader.model.records import (
    Alignment,
    CellMatch,
    CellRun,
    Finding,
    GradeSheet,
    Outcome,
    Severity,
)
from grader.outputs.annotations import (
    Annotation,
    Grounds,
    Level,
    Place,
    annotations_of,
    at_most,
    with_prefix,
)
from grader.outputs.code_quality import render_code_quality
from grader.outputs.gaps import Gap
from grader.outputs.github_commands import annotation_command, commands_stopped
from tests import factories

CELLS = (
    factories.cell(0, "import numpy as np"),
    factories.cell(1, "# 1(a)\ndef conv1d_forward(x, w):\n    return x"),
    factories.cell(2, "x = 1\nraise ValueError('no')"),
)
PLACES = CellPlaces(cells=((10,), (20, 21, 22), (30, 31)))


def grounds(**changes: Any) -> Grounds:
    values: dict[str, Any] = {
        "submission": factories.submission(cells=CELLS, notebook_path="pset4.ipynb"),
        "alignment": Alignment(matches=(), missing=(), answers=()),
        "evidence": factories.evidence(),
        "places": PLACES,
        "failed_lines": {},
        "functions": {"conv_forward": "conv1d_forward"},
        "automatic": frozenset({"1a", "4a"}),
    }
    return Grounds(**(values | changes))


def sheet_with(*findings: Finding, part: str = "4a", **changes: Any) -> GradeSheet:
    return factories.grade_sheet({part: findings}, **changes)


def first(*findings: Finding, part: str = "4a", **changes: Any) -> Annotation:
    found = annotations_of(sheet_with(*findings, part=part), grounds(**changes))
    return next(one for one in found if one.name.startswith(part))


def wrong(check: str = "targeted_attack", **changes: Any) -> Finding:
    return factories.finding(check, Outcome.FAIL, **changes)


def test_a_finding_is_at_the_cell_that_it_names() -> None:
    assert first(wrong(evidence_ids=("run3", "cell 2"))).place == Place(path="pset4.ipynb", line=20)


def test_a_failed_cell_is_annotated_at_the_statement_that_failed() -> None:
    place = first(wrong(evidence_ids=("cell 3",)), failed_lines={2: 2}).place
    assert place == Place(path="pset4.ipynb", line=31)


def test_a_function_is_annotated_where_it_is_defined() -> None:
    assert first(wrong("conv_forward"), part="1a").place.line == 21


def test_else_it_is_the_parts_first_code_cell_or_the_top() -> None:
    match = CellMatch(cell_index=2, template_id="", part_id="4a", how="id", similarity=1.0)
    aligned = Alignment(matches=(match,), missing=(), answers=())
    assert first(wrong(), alignment=aligned).place.line == 30
    assert first(wrong()).place == Place(path="pset4.ipynb", line=1)


def test_what_costs_points_comes_first_and_is_an_error() -> None:
    bonus = sheet_with(wrong("attack_bonus"), part="4f")
    levels = [one.level for one in annotations_of(bonus, grounds())]
    assert levels == sorted(levels, key=tuple(Level).index)
    assert first(wrong()).level is Level.ERROR
    assert first(wrong("attack_bonus"), part="4f").level is Level.WARNING


def test_what_is_right_is_not_annotated_and_what_waits_where_checks_decide_is_a_warning() -> None:
    def told(outcome: Outcome, **changes: Any) -> list[Level]:
        sheet = sheet_with(factories.finding("targeted_attack", outcome))
        found = annotations_of(sheet, grounds(**changes))
        return [one.level for one in found if one.name == "4a.targeted_attack"]

    assert told(Outcome.PASS) == []
    assert told(Outcome.NEEDS_HUMAN) == [Level.WARNING]
    assert told(Outcome.NEEDS_HUMAN, automatic=frozenset()) == []


def test_a_cell_that_failed_without_costing_points_is_a_warning() -> None:
    failed = CellRun(
        cell_index=2,
        outcome=Outcome.STUDENT_ERROR,
        seconds=0.1,
        error_name="ValueError",
        error_message="no",
    )
    found = annotations_of(sheet_with(), grounds(evidence=factories.evidence(cells=(failed,))))
    (told,) = (one for one in found if one.name == "cell-error")
    assert (told.level, told.message, told.place.line) == (Level.WARNING, "ValueError: no", 30)


def test_a_missing_report_is_an_error_about_no_file() -> None:
    sheet = factories.grade_sheet({}, notes=(factories.note("no-report", Severity.ERROR),))
    (told,) = (one for one in annotations_of(sheet, grounds()) if one.name == "no-report")
    assert (told.level, told.place) == (Level.ERROR, Place())


def test_what_a_hand_in_lacks_is_told_once_per_part() -> None:
    lacking = [
        Gap(code="gap.unanswered", part_id="1a", message="1(a) is not answered.", blocks=True),
        Gap(code="gap.names", part_id="", message="Rename it.", blocks=False),
    ]
    clean = annotations_of(sheet_with(), grounds(), lacking)
    told = {one.name: one for one in clean}
    assert told["1a.gap.unanswered"].level is Level.ERROR
    assert told["gap.names"].level is Level.WARNING
    both = annotations_of(sheet_with(wrong("conv_forward"), part="1a"), grounds(), lacking)
    assert [one.name for one in both if one.name.startswith("1a.")] == ["1a.conv_forward"]


def made(number: int, **changes: Any) -> Annotation:
    values: dict[str, Any] = {
        "level": Level.ERROR,
        "place": Place(path="pset4.ipynb", line=number),
        "title": f"Title {number}",
        "message": "message",
        "name": "1a.check",
    }
    return Annotation(**(values | changes))


def test_at_most_ten_a_step_and_the_rest_is_counted() -> None:
    shown = at_most([made(n) for n in range(25)])
    assert [one.place.line for one in shown[:9]] == list(range(9))
    assert len(shown) == 10
    assert shown[9].message == "16 more are in the summary and in the feedback."
    assert len(at_most([made(n) for n in range(10)])) == 10
    assert all(one.name != "more" for one in at_most([made(n) for n in range(10)]))


def test_an_annotation_is_a_workflow_command_with_its_text_escaped() -> None:
    one = made(7, title="1a, Conv: wrong", message="100% wrong\r\n::error::forged")
    assert annotation_command(one) == (
        "::error file=pset4.ipynb,line=7,title=1a%2C Conv%3A wrong::"
        "100%25 wrong%0D%0A::error::forged"
    )
    assert annotation_command(made(1, place=Place())) == "::error title=Title 1::message"
    moved = with_prefix(made(7), "hw/pset4")
    assert "file=hw/pset4/pset4.ipynb," in annotation_command(moved)


@given(text=st.text(), title=st.text())
def test_no_text_can_add_a_line_or_a_property(text: str, title: str) -> None:
    line = annotation_command(made(7, title=title, message=text))
    assert not set("\r\n") & set(line)
    properties, _, data = line.removeprefix("::error ").partition("::")
    assert [one.partition("=")[0] for one in properties.split(",")] == ["file", "line", "title"]
    unescaped = data.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
    assert unescaped == text


def test_the_runner_takes_no_command_of_a_students_text_while_it_is_shown() -> None:
    lines: list[str] = []

    def fails() -> None:
        with commands_stopped(lines.append):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    first, last = lines
    token = first.removeprefix("::stop-commands::")
    assert len(token) == 32
    assert last == f"::{token}::"
    other: list[str] = []
    with commands_stopped(other.append):
        pass
    assert other[0] != first  # nobody can know it


def test_gitlabs_report_has_distinct_fingerprints_that_outlive_a_moved_line() -> None:
    same = [made(1), made(2), made(3, name="2b.check"), made(4, place=Place())]
    entries = json.loads(render_code_quality(same))
    assert len({one["fingerprint"] for one in entries}) == len(entries)
    moved = json.loads(render_code_quality([made(100)]))
    assert moved[0]["fingerprint"] == entries[0]["fingerprint"]
    assert entries[0]["location"] == {"path": "pset4.ipynb", "lines": {"begin": 1}}
    assert {one["severity"] for one in entries} <= {"info", "minor", "major", "critical", "blocker"}
    assert all(one["location"]["path"] for one in entries)


def test_gitlabs_report_of_nothing_is_an_empty_list() -> None:
    assert json.loads(render_code_quality(())) == []


def test_the_file_of_a_gitlab_report_is_text_whatever_is_in_it(tmp_path: Path) -> None:
    odd = made(1, message="\ud800 \x1b[31m ünïcode")
    (tmp_path / "q.json").write_text(render_code_quality([odd]), encoding="utf-8")
    assert "ünïcode" in json.loads((tmp_path / "q.json").read_text())[0]["description"]
