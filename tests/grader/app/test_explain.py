"""`grader explain` replays a part's checks on the stored evidence and prints each number."""

from __future__ import annotations

import json
import shutil
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from grader.app.explain_cli import _show_check
from grader.app.main import main
from grader.outputs.explanation import CheckExplained
from grader.pipeline import GradeRecord


def files_of(root: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_part_is_replayed_with_its_seed_and_nothing_changes(
    graded: GradeRecord, capsys: pytest.CaptureFixture[str]
) -> None:
    root = graded.folder.root
    before = files_of(root)
    assert main(["explain", "jdoe", "1(a)", "--out", str(root.parent)]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert files_of(root) == before
    sheet = json.loads(graded.folder.results.read_text())
    part = next(one for one in sheet["parts"] if one["id"] == "1a")
    assert f"seed of the hidden inputs {sheet['facts']['seed']}" in shown
    for row in part["findings"][0]["measurements"]:
        assert " ".join(row["quantity"].split()) in shown
        assert row["measured"] in shown
    assert "Check conv_forward, worth 1 point: Passed, 1 of 1 point" in shown
    assert "Rests on what was probed: outputs for hidden signals" in shown
    assert "Code, cell 1, line 4" in shown
    assert "def conv1d_forward(x, w):" in shown
    assert "stored results say otherwise" not in shown


def test_results_that_say_otherwise_are_named(
    graded: GradeRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(graded.folder.root, tmp_path / "jdoe")
    path = tmp_path / "jdoe" / "results.json"
    sheet = json.loads(path.read_text())
    for part in sheet["parts"]:
        for finding in part["findings"]:
            if finding["check_id"] == "conv_forward":
                finding |= {"outcome": "FAIL", "credit": 0.0}
    path.write_text(json.dumps(sheet))
    assert main(["explain", "jdoe", "1a", "--out", str(tmp_path / "jdoe")]) == 0
    assert "The stored results say otherwise" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["nobody", "1a"], "no checks); there are results of jdoe"),
        (["jdoe", "9z"], "expected one of the parts 1a, 1b, 2a"),
    ],
)
def test_who_or_what_is_not_there_is_told(
    argv: list[str], sentence: str, graded: GradeRecord, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", *argv, "--out", str(graded.folder.root.parent)]) == 2
    assert sentence in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", "jdoe", "1a", "--out", str(tmp_path / "none")]) == 2
    assert "expected a results folder, found none; name it with --out" in capsys.readouterr().err


def test_evidence_that_was_changed_is_told_and_not_judged(
    graded: GradeRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(graded.folder.root, tmp_path / "jdoe")
    for path in (tmp_path / "jdoe" / "evidence").glob("*.np[yz]"):
        path.write_bytes(b"0" * 10)
    assert main(["explain", "jdoe", "1a", "--out", str(tmp_path)]) == 2
    assert "grade the submission again" in capsys.readouterr().err


def test_an_answer_that_is_quoted_keeps_its_lines_and_says_nothing_to_the_terminal() -> None:
    printed = StringIO()
    console = Console(file=printed, width=200)
    answer = "## Ends\n\nZeros, so\t$y$\n::error::\x1b[31m"
    check = CheckExplained(
        check_id="prose",
        outcome="Needs grading",
        worth=1.0,
        points="0 of 1 point",
        share="",
        message="",
        staff=f"The answer in the notebook: {answer}",
        rests=(),
        measurements=(),
        series=(),
        evidence=(),
        agrees=True,
    )
    _show_check(console, check)
    shown = printed.getvalue()
    lines = shown.splitlines()
    at = lines.index("For staff: The answer in the notebook: # # Ends")
    assert lines[at : at + 4] == [lines[at], "", "    Zeros, so $y$", "    : :error: :[31m"]
    assert "\x1b" not in shown
