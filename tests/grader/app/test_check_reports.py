"""`grader check` in a pipeline: its files and annotations, for every exit status."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from grader.app.main import main
from grader.pipeline import GradeRecord
from reference.errors import GraderFault
from tests import factories


@pytest.fixture(autouse=True)
def nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.chdir(tmp_path)


def junit_of(path: Path) -> ET.Element:
    return ET.fromstring(path.read_text())  # noqa: S314 -- our own output


def commands_in(shown: str) -> list[str]:
    """The commands that GitHub's runner would carry out."""
    done, stopped = [], ""
    for line in shown.splitlines():
        if stopped:
            stopped = "" if line == f"::{stopped}::" else stopped
        elif line.startswith("::stop-commands::"):
            stopped = line.removeprefix("::stop-commands::")
        elif line.startswith("::"):
            done.append(line)
    assert not stopped, "commands stay stopped for the steps that follow"
    return done


def check(*argv: str, files: Path) -> int:
    named = ["--junit", f"{files}/j.xml", "--summary", f"{files}/s.md"]
    named += ["--code-quality", f"{files}/q.json"]
    return main(["check", *argv, *named, "--annotations", "github"])


BROKEN = {
    "no zip": ("jdoe.zip", None),
    "not a zip": ("jdoe.zip", b"hello"),
    "neither notebook nor report": ("jdoe.zip", {"notes.txt": b"later"}),
}


@pytest.mark.parametrize("case", BROKEN.values(), ids=BROKEN)
def test_summary_and_junit_are_written_for_a_submission_that_cannot_be_used(
    case: tuple[str, bytes | dict[str, bytes] | None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name, content = case
    if isinstance(content, bytes):
        (tmp_path / name).write_bytes(content)
    elif content is not None:
        factories.write_zip(tmp_path / name, content)
    assert check(name, "--isolation", "auto", files=tmp_path) == 2
    shown = capsys.readouterr()
    (annotation,) = commands_in(shown.out)
    assert annotation.startswith("::error title=The submission could not be checked::")
    assert name in annotation
    root = junit_of(tmp_path / "j.xml")
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("1", "1", "0")
    assert "could not be checked" in (tmp_path / "s.md").read_text()
    (entry,) = json.loads((tmp_path / "q.json").read_text())
    assert entry["check_name"] == "not-checked"
    assert "Traceback" not in shown.err


def test_they_are_written_for_wrong_options_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check("jdoe.zip", "--require", "beauty", files=tmp_path) == 2
    assert "--require: expected structure" in commands_in(capsys.readouterr().out)[0]
    assert (tmp_path / "s.md").is_file()


@pytest.mark.parametrize(
    "error", [GraderFault("The driver ended."), ZeroDivisionError("division by zero")]
)
def test_they_are_written_for_a_fault_of_the_grader(
    error: Exception,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr("grader.app.hand_in_cli.starting", lambda _: nullcontext())
    monkeypatch.setattr("grader.pipeline._grade", fails)
    factories.write_zip(tmp_path / "jdoe.zip", factories.honest_files())
    assert check("jdoe.zip", files=tmp_path) == 3
    assert commands_in(capsys.readouterr().out)[0].startswith("::error title=Grader error::")
    assert junit_of(tmp_path / "j.xml").get("errors") == "1"
    assert "grader error" in (tmp_path / "s.md").read_text()


def test_by_default_they_lie_where_the_results_would(tmp_path: Path) -> None:
    (tmp_path / "jdoe.zip").write_bytes(b"hello")
    assert main(["check", "jdoe.zip", "--isolation", "auto"]) == 2
    names = {path.name for path in (tmp_path / "results" / "jdoe").iterdir()}
    assert names == {"junit.xml", "summary.md", "gl-code-quality.json"}


def test_without_githubs_runner_nothing_is_annotated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "jdoe.zip").write_bytes(b"hello")
    main(["check", "jdoe.zip"])
    assert "::" not in capsys.readouterr().out
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    main(["check", "jdoe.zip"])
    assert len(commands_in(capsys.readouterr().out)) == 1
    main(["check", "jdoe.zip", "--annotations", "none"])
    assert "::" not in capsys.readouterr().out


@pytest.mark.kernel
def test_a_graded_submission_is_annotated_at_the_lines_of_its_notebook(
    graded: GradeRecord,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("grader.app.hand_in_cli.starting", lambda _: nullcontext())
    monkeypatch.setattr("grader.pipeline.grade", lambda *_: graded)
    factories.write_zip(tmp_path / "jdoe.zip", factories.honest_files())
    assert check("jdoe.zip", "--prefix", "hw4", files=tmp_path) == 1
    shown = commands_in(capsys.readouterr().out)
    assert 5 < len(shown) <= 10
    notebook = graded.folder.submission / graded.submission.notebook_path
    last = len(notebook.read_text().split("\n"))
    for line in shown:
        assert line.startswith(("::error ", "::warning ", "::notice "))
        properties = dict(
            one.split("=", 1) for one in line.split("::")[1].split(" ", 1)[1].split(",")
        )
        if "file" in properties:
            assert properties["file"] == "hw4/pset4.ipynb"
            assert 1 <= int(properties["line"]) <= last
    cases = junit_of(tmp_path / "j.xml").iter("testcase")
    assert all(case.get("file") == "pset4.ipynb" for case in cases)
    entries = json.loads((tmp_path / "q.json").read_text())
    assert len({one["fingerprint"] for one in entries}) == len(entries) >= len(shown) - 1
