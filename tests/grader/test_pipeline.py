"""From a zip to a results folder, for real."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from pypdf import PdfReader

from grader.app.own_report import render_own_report
from grader.model.assignment import load_assignment
from grader.model.records import GradeSheet, Outcome
from grader.model.records.codec import load
from grader.model.results_folder import ResultFolder
from grader.outputs.schema import results_schema
from grader.pipeline import GradeRecord, grade, rescore_folder
from grader.scoring.overrides import Override
from reference.errors import ConfigError, SubmissionError
from tests.grader.conftest import request_for, short_zip

pytestmark = pytest.mark.kernel


@pytest.fixture
def results(graded: GradeRecord, tmp_path: Path) -> ResultFolder:
    """A copy of the graded results that a test may change."""
    shutil.copytree(graded.folder.root, tmp_path / "jdoe")
    return ResultFolder(root=tmp_path / "jdoe")


def nothing(*_: object) -> None:
    """No display."""


def test_results_folder_is_complete(graded: GradeRecord) -> None:
    assert sorted(path.name for path in graded.folder.root.iterdir()) == [
        ".files",
        ".key",
        "evidence",
        "executed.ipynb",
        "feedback.html",
        "feedback.pdf",
        "grades.toml",
        "results.json",
        "staff.html",
        "submission",
    ]
    records = {path.stem for path in graded.folder.evidence.glob("*.json")}
    assert records == {"submission", "alignment", "plan", "evidence", "reading", "findings"}


def test_results_json_fits_the_schema(graded: GradeRecord) -> None:
    written = json.loads(graded.folder.results.read_text())
    jsonschema.validate(written, results_schema())
    assert (written["schema_version"], written["kerberos"]) == ("1.0", "jdoe")
    assert load(GradeSheet, graded.folder.results) == graded.sheet


def test_grades_of_a_notebook_with_two_answers(graded: GradeRecord) -> None:
    parts = {part.id: part for part in graded.sheet.parts}
    assert (parts["1a"].outcome, parts["1b"].outcome) == (Outcome.PASS, Outcome.PASS)
    assert parts["3a"].outcome is Outcome.NEEDS_HUMAN  # may be answered in the report
    assert all(part.outcome is not Outcome.GRADER_FAULT for part in parts.values())
    assert not any(parts[name].points for name in ("2a", "2b", "2c", "4a", "4b", "4d", "4e", "4f"))
    assert graded.sheet.total == parts["1a"].max_points + parts["1b"].max_points
    assert graded.sheet.report_pages == 2


def test_feedback_pdf_tells_the_grade(graded: GradeRecord) -> None:
    text = PdfReader(graded.folder.feedback_pdf).pages[0].extract_text()
    assert "jdoe" in text
    assert "of 11 points" in text


def test_human_points_are_merged_without_a_run(
    results: ResultFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.execution.stage.execute", None)  # a run would fail
    before = load(GradeSheet, results.results)
    decided = Override(part_id="3c", points=0.5, comment="Good, but circular?")
    sheet = rescore_folder(results, load_assignment(), (decided,), nothing)
    part = next(part for part in sheet.parts if part.id == "3c")
    assert (part.points, part.human_comment) == (0.5, "Good, but circular?")
    assert sheet.total == pytest.approx(before.total + 0.5)
    assert "Good, but circular?" in results.feedback_html.read_text()
    assert load(GradeSheet, results.results) == sheet


def test_results_of_another_offering_are_not_added_up_by_this_one(results: ResultFolder) -> None:
    before = results.results.read_bytes()
    with pytest.raises(ConfigError, match="parts of pset4_sp22, found those of pset4_sp21"):
        rescore_folder(results, load_assignment("pset4_sp22"), (), nothing)
    assert results.results.read_bytes() == before


def test_an_experiment_without_a_reference_stops_before_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.execution.stage.execute", None)  # a run would fail
    usual = load_assignment()
    others = tuple(replace(e, step_size=7.0) for e in usual.experiments)
    request = request_for(short_zip(tmp_path / "jdoe.zip"), tmp_path / "out")
    with pytest.raises(ConfigError, match="4a: the reference was never run with these"):
        grade(replace(request, assignment=replace(usual, experiments=others)), nothing, nothing)
    assert not (tmp_path / "out").exists()


def test_grading_again_keeps_what_people_decided(results: ResultFolder, tmp_path: Path) -> None:
    results.grades.write_text("[parts.3e]\npoints = 0.25\n")
    request = request_for(short_zip(tmp_path / "jdoe.zip"), tmp_path)
    decided = Override(part_id="3e", points=0.25)
    record = grade(replace(request, decided=lambda _: (decided,)), nothing, nothing)
    assert next(part for part in record.sheet.parts if part.id == "3e").points == 0.25
    assert record.folder.grades.read_text() == "[parts.3e]\npoints = 0.25\n"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_failed_grading_leaves_the_old_results(results: ResultFolder, tmp_path: Path) -> None:
    before = results.results.read_bytes()
    request = request_for(short_zip(tmp_path / "jdoe.zip"), tmp_path)
    decided = Override(part_id="9z", points=1.0)
    with pytest.raises(ConfigError, match="9z"):
        grade(replace(request, decided=lambda _: (decided,)), nothing, nothing)
    assert results.results.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["jdoe", "jdoe.zip"]


def test_unusable_zip_leaves_nothing(tmp_path: Path) -> None:
    zip_path = tmp_path / "jdoe.zip"
    zip_path.write_text("no zip")
    with pytest.raises(SubmissionError):
        grade(request_for(zip_path, tmp_path / "out"), nothing, nothing)
    assert not (tmp_path / "out").exists()


def test_own_report_uses_the_results_that_are_there(
    graded: GradeRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.execution.stage.execute", None)  # a run would fail
    out = tmp_path / "results"
    shutil.copytree(graded.folder.root, out / "jdoe")
    path = render_own_report(
        request_for(graded.folder.root.parents[1] / "jdoe.zip", out), nothing, nothing
    )
    assert path == out / "jdoe" / "report.pdf"
    text = "".join(page.extract_text() for page in PdfReader(path).pages)
    assert "maxpool1d_forward" in text
