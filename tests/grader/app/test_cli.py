"""Exit statuses and sentences of the command line."""

from __future__ import annotations

import json
import shutil
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from grader.app import main as edge
from grader.app.main import main
from grader.model.results_folder import ResultFolder
from grader.outputs.pages.words import part_label
from grader.pipeline import GradeRecord
from reference.errors import ConfigError, GraderFault
from tests.grader.conftest import short_zip

BAD_INPUT = {
    "no file": (["grade", "nowhere.zip"], "nowhere.zip: expected the zip of a submission"),
    "course": (["grade", "x.zip", "--variant", "6.001"], "course: expected 6.819 or 6.869"),
    "time": (["grade", "x.zip", "--submitted", "yesterday"], "yesterday"),
    "bundle": (["grade", "x.zip", "--bundle", "mnist"], "bundle: expected one of studio"),
    "assignment": (["grade", "x.zip", "--assignment", "pset9"], "assignment 'pset9'"),
    "policy": (["check", "x.zip", "--require", "beauty"], "--require: expected structure"),
    "nothing to score": (["score", "nowhere"], "nowhere: no such folder"),
    "nothing to judge": (["rejudge", "nowhere"], "nowhere: no such folder"),
    "an empty folder": (["rejudge", "."], "found neither; grade first"),
    "unknown option": (["grade", "x.zip", "--speed", "9"], "--speed"),
    "no such verb": (["greade"], "greade"),
}


@pytest.mark.parametrize(("argv", "sentence"), BAD_INPUT.values(), ids=BAD_INPUT)
def test_bad_input_is_one_sentence_and_status_2(
    argv: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(argv) == 2
    shown = capsys.readouterr()
    assert sentence in shown.err
    assert "Traceback" not in shown.err + shown.out
    assert list(tmp_path.iterdir()) == []


def test_the_desk_says_that_it_opens_before_anything_is_read(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def load() -> None:
        seen.append(capsys.readouterr().out)
        raise ConfigError("not today")

    monkeypatch.setattr(edge, "_every", load)
    assert main(["review", str(tmp_path)]) == 2
    assert seen == ["Opening the desk …\n"]


def test_unforeseen_error_is_our_fault_and_kept(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("grader.app.hand_in_cli.load_assignment", lambda _: 1 / 0)
    assert main(["grade", "x.zip"]) == 3
    said = capsys.readouterr().err
    assert "Grader error: ZeroDivisionError" in said
    (log,) = (tmp_path / "state").rglob("fault-*.log")
    assert str(log) in said.replace("\n", "")
    assert "Traceback" in log.read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


def test_a_fault_names_its_case_and_shows_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def fails(*_: object) -> None:
        fault = GraderFault("The driver ended.")
        fault.add_note('Traceback (most recent call last):\n  File "driver.py"')
        raise fault

    monkeypatch.setattr("grader.app.hand_in_cli.starting", lambda _: nullcontext())
    monkeypatch.setattr("grader.pipeline._grade", fails)
    zip_path = short_zip(tmp_path / "ada.zip")
    assert main(["grade", str(zip_path), "--out", str(tmp_path / "out")]) == 3
    said = capsys.readouterr().err
    assert "Grader error: ada.zip: The driver ended." in said
    assert "Traceback" not in said
    (log,) = (tmp_path / "state").rglob("fault-*.log")
    assert 'File "driver.py"' in log.read_text()


def test_its_traceback_is_kept_where_the_folder_for_logs_cannot_be_written_to(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "state").write_text("a file")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("grader.app.hand_in_cli.load_assignment", lambda _: 1 / 0)
    assert main(["grade", "x.zip"]) == 3
    (log,) = tmp_path.glob("grader-fault-*.log")
    assert str(log) in capsys.readouterr().err
    assert "Traceback" in log.read_text()


@pytest.mark.parametrize("verb", ["grade", "check", "score", "report", "pack"])
def test_every_verb_has_help(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--help"]) == 0
    assert "Usage" in capsys.readouterr().out


@pytest.mark.kernel
def test_check_grades_by_its_policy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    zip_path = short_zip(tmp_path / "jdoe.zip")
    argv = ["check", str(zip_path), "--require", "points=10", "--bundle", "studio-narrow"]
    assert main([*argv, "--out", str(tmp_path / "out"), "--threads", "1"]) == 1
    shown = capsys.readouterr().out
    assert "Policy met." not in shown
    assert "Not answered or not shown:\n- " in shown
    assert "\x1b[" not in shown  # no colour without a terminal
    folder = tmp_path / "out" / "jdoe"
    assert ET.parse(folder / "junit.xml").getroot().tag == "testsuites"  # noqa: S314 -- our own
    assert "jdoe" in (folder / "summary.md").read_text()


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("require", "status"), [("structure", 0), ("run", 0), ("points=2", 0), ("points=10", 1)]
)
def test_check_follows_its_policy(
    require: str,
    status: int,
    graded: GradeRecord,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(graded.folder.root, tmp_path / "graded")  # once for them all; this writes there
    copied = replace(graded, folder=ResultFolder(root=tmp_path / "graded"))
    monkeypatch.setattr("grader.pipeline.grade", lambda *_: copied)
    monkeypatch.setattr("grader.app.hand_in_cli.starting", lambda _: nullcontext())
    zip_path = short_zip(tmp_path / "jdoe.zip")
    argv = ["check", str(zip_path), "--require", require, "--bundle", "studio-narrow"]
    assert main([*argv, "--out", str(tmp_path / "out")]) == status
    assert ("Policy met." in capsys.readouterr().out) == (status == 0)


@pytest.mark.kernel
def test_score_shows_the_table(graded: GradeRecord, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", str(graded.folder.root)]) == 0
    shown = capsys.readouterr().out
    for part in json.loads(graded.folder.results.read_text())["parts"]:
        assert part_label(part["id"]) in shown
    assert "2.00 of 11.00 points" in shown
    assert "feedback.pdf" in shown


def test_ctrl_c_is_no_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def interrupted(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("grader.app.cli.load_assignment", interrupted)

    assert main(["batch", str(tmp_path)]) == 130
    assert "the same command continues" in " ".join(capsys.readouterr().err.split())


def test_a_folder_that_is_not_there_is_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["batch", str(tmp_path / "none"), "--out", str(tmp_path / "out")]) == 2
    assert "none" in capsys.readouterr().err
    assert main(["score", str(tmp_path)]) == 2


def test_a_folder_without_submissions_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = tmp_path / "class"
    there.mkdir()
    (there / "readme.txt").write_text("nothing yet")
    assert main(["batch", str(there), "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "expected submissions, such as kerberos.zip, or a manifest.csv, found none" in said
    assert not (tmp_path / "out").exists()


def test_a_manifest_that_is_wrong_is_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "manifest.csv").write_text("kerberos,weight\njdoe,3\n")
    assert main(["batch", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "weight" in capsys.readouterr().err
