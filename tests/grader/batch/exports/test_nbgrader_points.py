"""Points for nbgrader's gradebook: the file, the script, and the command that writes both."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from grader.app.main import main
from grader.batch import class_pages
from grader.batch.exports.nbgrader_points import (
    POINTS,
    SCHEMA,
    SCRIPT,
    points_text,
    student_points,
    without_points,
)
from grader.batch.records import ClassRow, PartResult, State
from grader.batch.store.rows import BatchRow
from grader.batch.store.store import open_store
from grader.model.records import Outcome
from grader.model.resources import templates
from grader.model.results_folder import ResultFolder
from tests.factories import ASSIGNMENT
from tests.grader.review.desk.synthetic import HUMAN, write_class
from tests.grader.review.test_publishing import write_no_pages

WHEN = "2021-03-31 12:00:00.000000 UTC"


def part(part_id: str, points: float, pending: float = 0.0) -> PartResult:
    return PartResult(
        id=part_id,
        title=part_id,
        outcome=Outcome.NEEDS_HUMAN if pending else Outcome.PASS,
        points=points,
        max_points=points + pending,
        pending_points=pending,
        bonus=False,
        message=f"About {part_id}.",
    )


ROW = ClassRow(
    kerberos="jdoe",
    course="6.869",
    state=State.GRADED,
    platform="nbgrader",
    source="jdoe/pset4",
    late_coefficient=0.5,
    total=1.0,
    parts=(part("1a", 1.0), part("1b", 0.0), part("3b", 0.4, 0.4), part("3c", 0.0, 0.8)),
)


def test_what_waits_is_null_and_never_zero() -> None:
    told = student_points(ROW, WHEN, {"1a": "Well done."})
    assert (told["student"], told["assignment"], told["collected"]) == ("jdoe", "pset4", WHEN)
    assert [(one["id"], one["points"], one["waits"]) for one in told["parts"]] == [
        ("1a", 1.0, False),
        ("1b", 0.0, False),
        ("3b", 0.4, True),
        ("3c", None, True),
    ]
    assert [one["comment"] for one in told["parts"]] == [
        "Well done.",
        "About 1b.",
        "About 3b.",
        None,
    ]


def test_who_has_no_grade_any_more_has_no_points_there_either() -> None:
    told = without_points(replace(ROW, state=State.FAULT, sentence="It broke."), ASSIGNMENT)
    assert told["why"] == "grader error: It broke."
    assert {one["points"] for one in told["parts"]} == {None}
    assert [one["id"] for one in told["parts"]] == [one.id for one in ASSIGNMENT.parts]


def test_the_command_writes_feedback_points_and_script(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(class_pages, "_renew_pages", write_no_pages)
    results, course = tmp_path / "results", tmp_path / "course"
    results.mkdir()
    with open_store(results) as store:
        names = write_class(results, store, 2)
        newest = store.newest_batch()
        assert newest is not None
        rows = [
            replace(
                row,
                hand_in=replace(
                    row.hand_in, platform="nbgrader", source=f"{row.hand_in.kerberos}/pset4"
                ),
            )
            for row in store.hand_ins(newest[0])
        ]
        store.begin_batch(BatchRow(assignment=ASSIGNMENT.name, options="{}", notes=()), rows)
    for name in names:
        folder = ResultFolder(root=results / name)
        folder.feedback_html.write_text(f"<html>{name}")
        (folder.submission / "timestamp.txt").write_text(WHEN)

    assert main(["export", "nbgrader", str(results), str(course)]) == 2
    assert "expected the folder of an nbgrader course" in capsys.readouterr().err
    (course / "submitted").mkdir(parents=True)
    assert main(["export", "nbgrader", str(results), str(course)]) == 0

    assert "points of 2 students" in capsys.readouterr().out
    table = json.loads((course / POINTS).read_text())
    assert table["schema"] == SCHEMA
    assert [one["student"] for one in table["students"]] == list(names)
    for one in table["students"]:
        assert one["collected"] == WHEN
        assert {part["id"] for part in one["parts"] if part["points"] is None} <= set(HUMAN)
        assert any(part["waits"] for part in one["parts"])
    assert sorted(path.parent.parent.name for path in course.glob("feedback/*/pset4/*.html")) == [
        *names
    ]
    assert (course / SCRIPT).read_bytes() == (templates() / "nbgrader" / SCRIPT).read_bytes()


def test_the_script_says_which_python_it_needs(tmp_path: Path) -> None:
    script = templates() / "nbgrader" / SCRIPT
    ended = subprocess.run(
        [sys.executable, "-S", script], check=False, capture_output=True, text=True
    )
    assert ended.returncode == 2
    assert "expected the Python in which nbgrader is installed" in ended.stderr
    assert "Traceback" not in ended.stderr


class Missing(Exception):
    """As nbgrader's MissingEntry."""


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, beside modules that stand for nbgrader's."""
    fakes: dict[str, dict[str, Any]] = {
        "nbgrader": {},
        "nbgrader.api": {"Gradebook": object, "MissingEntry": Missing},
        "nbgrader.apps": {},
        "nbgrader.apps.baseapp": {"NbGrader": object},
        "nbgrader.utils": {"parse_utc": lambda text: datetime.fromisoformat(text[:19])},
    }
    for name, values in fakes.items():
        module = ModuleType(name)
        vars(module).update(values)
        monkeypatch.setitem(sys.modules, name, module)
    spec = importlib.util.spec_from_file_location("fill", templates() / "nbgrader" / SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "fill", made)
    spec.loader.exec_module(made)
    return made


class FakeGradebook:
    """A gradebook with one submission, as `nbgrader autograde` leaves it."""

    def __init__(self, parts: tuple[str, ...]) -> None:
        self.notebook = SimpleNamespace(late_submission_penalty=None)
        self.notebook.grades = [
            SimpleNamespace(
                name=one,
                auto_score=None,
                manual_score=None,
                extra_credit=None,
                needs_manual_grade=True,
                notebook=self.notebook,
            )
            for one in parts
        ]
        self.notebook.comments = [SimpleNamespace(name=one, auto_comment=None) for one in parts]
        self.submission = SimpleNamespace(
            timestamp=datetime.fromisoformat(WHEN[:19]), notebooks=[self.notebook]
        )
        self.db = SimpleNamespace(commit=lambda: None)

    def find_submission(self, assignment: str, student: str) -> SimpleNamespace:
        if student != "jdoe":
            raise Missing
        return self.submission

    def grade(self, part_id: str) -> Any:
        return next(one for one in self.notebook.grades if one.name == part_id)


PARTS = ("1a", "1b", "3b", "3c")
TOLD = student_points(ROW, WHEN, {})


def fill(script: ModuleType, gradebook: FakeGradebook, student: dict[str, Any]) -> Any:
    told = script.Told()
    script.fill_student(gradebook, json.loads(points_text([student]))["students"][0], told)
    return told


def test_points_are_filled_in_once(script: ModuleType) -> None:
    gradebook = FakeGradebook(PARTS)
    told = fill(script, gradebook, TOLD)
    assert (told.students, told.waiting, told.without) == (1, 2, [])
    found = [(one.auto_score, one.needs_manual_grade) for one in gradebook.notebook.grades]
    assert found == [(1.0, False), (0.0, False), (0.4, True), (None, True)]
    assert gradebook.notebook.late_submission_penalty == pytest.approx(0.7)
    assert fill(script, gradebook, TOLD).changed == 0


def test_what_a_person_gave_stays_and_is_told(script: ModuleType) -> None:
    gradebook = FakeGradebook(PARTS)
    given, waiting = gradebook.grade("1a"), gradebook.grade("3c")
    given.manual_score, given.needs_manual_grade = 0.25, False
    waiting.manual_score, waiting.needs_manual_grade = 0.8, False
    told = fill(script, gradebook, TOLD)
    assert (given.manual_score, given.needs_manual_grade) == (0.25, False)
    assert (waiting.manual_score, waiting.needs_manual_grade) == (0.8, False)
    assert told.kept == ["jdoe, 1a: 0.25 by a person in the formgrader stays; the grader has 1"]
    # Half of 0.25, 0, 0.4 and 0.8.
    assert gradebook.notebook.late_submission_penalty == pytest.approx(0.725)


def test_points_of_another_submission_are_not_filled_in(script: ModuleType) -> None:
    gradebook = FakeGradebook(PARTS)
    told = fill(script, gradebook, {**TOLD, "collected": "2021-04-01 12:00:00 UTC"})
    assert "run `nbgrader autograde`, `grader batch`" in told.without[0]
    told = fill(script, gradebook, {**TOLD, "student": "bob"})
    assert "bob: expected a submission of pset4 in the gradebook" in told.without[0]
    told = fill(script, FakeGradebook(("1a", "1b")), TOLD)
    assert "found none for 3b, 3c; its source is made by" in told.without[0]
    assert {one.auto_score for one in gradebook.notebook.grades} == {None}


def test_points_that_no_longer_hold_are_taken_back(script: ModuleType) -> None:
    gradebook = FakeGradebook(tuple(one.id for one in ASSIGNMENT.parts))
    every = replace(ROW, parts=tuple(part(one.id, 1.0) for one in ASSIGNMENT.parts))
    fill(script, gradebook, student_points(every, WHEN, {}))
    assert {one.auto_score for one in gradebook.notebook.grades} == {1.0}
    lost = without_points(replace(ROW, state=State.FAULT, sentence="It broke."), ASSIGNMENT)
    told = fill(script, gradebook, lost)
    assert told.without == ["jdoe: grader error: It broke."]
    assert {(one.auto_score, one.needs_manual_grade) for one in gradebook.notebook.grades} == {
        (None, True)
    }
    assert gradebook.notebook.late_submission_penalty == 0
