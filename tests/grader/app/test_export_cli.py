"""`grader export canvas`: who is decided gets a grade in Canvas' own file, and nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.app.main import main
from grader.batch import class_pages
from grader.batch.store.store import open_store
from tests.grader.review.desk.synthetic import HUMAN, write_class
from tests.grader.review.test_publishing import decided, write_no_pages

EXPORT = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Problem Set 4 (70102)\n"
    "    Points Possible,,,,,11.00\n"
    '"Familyname000, Given000",501,900000001,kerb000,L01,\n'
    '"Familyname001, Given001",502,900000002,kerb001,L01,7\n'
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A class of two, of whom the first is decided, and Canvas' file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(class_pages, "_renew_pages", write_no_pages)
    results = tmp_path / "results"
    results.mkdir()
    with open_store(results) as store:
        first, _ = write_class(results, store, 2)
        sha = next(row.zip_sha256 for row in store.hand_ins(1) if row.kerberos == first)
        for part_id in HUMAN:
            store.decide(decided(first, part_id, sha))
    Path("export.csv").write_text(EXPORT, encoding="utf-8")
    return tmp_path


def test_decided_grades_are_put_into_canvas_own_file(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["export", "canvas", "results", "--into", "export.csv", "--column"]
    assert main([*argv, "70102"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "1 grade in column Problem Set 4 (70102): results/canvas_import.csv" in shown
    before, after = EXPORT.splitlines(), Path("results/canvas_import.csv").read_text().splitlines()
    assert (after[:2], after[3:]) == (before[:2], before[3:])
    assert 0 < float(after[2].removeprefix(before[2])) < 11
    assert Path("export.csv").read_text(encoding="utf-8") == EXPORT

    assert main([*argv, "Problem Set 4", "--out", "elsewhere.csv"]) == 0
    assert Path("elsewhere.csv").read_bytes() == Path("results/canvas_import.csv").read_bytes()


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["--into", "none.csv"], "none.csv: expected Canvas' gradebook in UTF-8, found"),
        (["--into", "results/gradebook.db"], "expected Canvas' gradebook in UTF-8, found"),
        (["--into", "export.csv", "--column", "5"], "expected one column named '5', found none"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_written(
    argv: list[str], sentence: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "results/gradebook.db").write_bytes(b"\xff\xfe\x00")
    assert main(["export", "canvas", "results", *argv]) == 2
    assert sentence in " ".join(capsys.readouterr().err.split())
    assert not Path("results/canvas_import.csv").exists()
