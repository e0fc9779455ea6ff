"""Commands about one hand-in: quick to start, quick to try, and `pack`."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from grader.app.main import main
from grader.batch.store.store import open_store
from grader.intake.submission import read_submission
from tests import factories
from tests.grader.conftest import LAYERS
from tests.grader.review.desk.synthetic import write_class

SLOW_LOOP = """
import time
from tqdm.auto import tqdm
for turn in tqdm(range(1000)):
    time.sleep(1)
assert turn == 2
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a notebook that answers 1(a), 1(b) and 3(c)."""
    monkeypatch.chdir(tmp_path)
    cells = [
        factories.code_cell(LAYERS),
        factories.code_cell(SLOW_LOOP),
        factories.markdown_cell(
            "**Answer to 3(c).**\n\nZeros beyond the ends.", cell_id="p3c-answer-0"
        ),
        factories.markdown_cell(
            "**Answer to 3(e).**\n\n*Your answer here.*", cell_id="p3e-answer-0"
        ),
    ]
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "pset4.ipynb").write_bytes(factories.notebook_bytes(cells))
    return tmp_path / "home"


@pytest.mark.parametrize(
    ("modules", "absent"),
    [
        ("grader.app.hand_in_cli, grader.app.stored_report", ("torch", "scipy", "sqlalchemy")),
        ("grader.app.main, grader.app.cli", ("torch", "scipy")),
        ("grader.execution.driver, grader.execution.driver_server", ("torch", "scipy")),
        ("grader.pipeline, grader.app.early_start", ("torch", "scipy", "ziamath", "weasyprint")),
        ("grader.batch.class_run, grader.batch.run.worker", ("torch", "scipy")),
        ("grader.batch.run.kernel_server, grader.batch.run.keys", ("torch", "scipy")),
    ],
)
def test_they_start_without_pytorch(modules: str, absent: tuple[str, ...]) -> None:
    code = (
        f"import sys, {modules}; found = [name for name in {absent} if name in sys.modules];"
        "sys.exit(' '.join(found) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_class_is_scored_without_pytorch(tmp_path: Path) -> None:
    results = tmp_path / "results"
    results.mkdir()
    with open_store(results) as store:
        write_class(results, store, 2)
    code = (
        "import sys; sys.modules['torch'] = None; from grader.app.main import main;"
        f"sys.exit(main(['score', {str(results)!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert "2 students: 2 graded" in done.stdout, done.stdout + done.stderr
    assert (results / "gradebook.csv").is_file()


@pytest.mark.parametrize("verb", ["grade", "check", "report"])
@pytest.mark.parametrize("what", ["home", "home/pset4.ipynb"])
def test_a_notebook_is_offered_pack_at_once(
    verb: str, what: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert home.is_dir()
    assert main([verb, what]) == 2
    assert f"make one with `grader pack {what} --kerberos YOU`" in capsys.readouterr().err


@pytest.mark.slow
def test_pack_makes_the_zip_and_a_report_where_there_is_none(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["pack", str(home), "--kerberos", "jdoe"]) == 0
    shown = capsys.readouterr().out
    assert "jdoe.zip:\n- pset4.ipynb\n- report.pdf (made of the outputs saved" in shown
    assert "- 3(e) is not answered." in shown
    assert "3(c)" not in shown
    with zipfile.ZipFile("jdoe.zip") as archive:
        assert sorted(archive.namelist()) == ["pset4.ipynb", "report.pdf"]
        (home / "report.pdf").write_bytes(archive.read("report.pdf") + b"\n")
    # What pack made of the notebook is no place for an answer that the notebook lacks.
    assert not read_submission(Path("jdoe.zip"), Path("read")).report_says_more
    # A report that says that an answer is missing is none.
    assert main(["pack", str(home / "pset4.ipynb"), "-k", "jdoe"]) == 0
    assert "3(e): no answer was found." in capsys.readouterr().out


def test_pack_refuses_what_intake_would_refuse(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "report.pdf").write_text("no PDF")
    assert main(["pack", str(home), "--kerberos", "jdoe"]) == 2
    assert "'report.pdf' cannot be opened" in capsys.readouterr().err
    assert main(["pack", str(home), "--kerberos", "j doe"]) == 2
    assert not Path("jdoe.zip").exists()


@pytest.mark.slow
def test_report_of_saved_outputs_runs_nothing(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(home), "--stored", "--out", "mine.pdf"]) == 0
    shown = capsys.readouterr().out
    assert "Report: mine.pdf" in shown
    assert "3(e) is not answered." in shown
    assert Path("mine.pdf").read_bytes().startswith(b"%PDF")
    assert main(["report", "--stored"]) == 2


@pytest.mark.kernel
def test_some_parts_of_a_notebook_are_tried_with_few_steps(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["check", str(home / "pset4.ipynb"), "--isolation", "auto", "--threads", "1"]
    argv += ["--bundle", "studio-narrow"]
    assert main([*argv, "--only", "1a,4a", "--quick"]) == 0
    shown = capsys.readouterr().out
    assert "1(a)  Passed" in shown
    assert "4(a)" not in shown  # no verdict on attacks
    assert "cell 2" not in shown  # no part needs the loop
    assert "Quick check: attacks made a few steps only" in shown
    assert main([*argv, "--quick"]) == 1  # 3(e) and others are not answered
    shown = capsys.readouterr().out
    assert "cell 2" in shown
    assert "error" not in shown
    assert not (home.parent / "results").exists()


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", "expected a notebook, found an empty file"),
        (b"import numpy as np\n", "expected a notebook, found text that is not JSON"),
        (b'{"nbformat": 4}', "expected a notebook, found JSON without a list of cells"),
        (factories.notebook_bytes([]), "cannot be used as it is. 'my.ipynb' has no code in it"),
    ],
)
@pytest.mark.parametrize(
    "argv",
    [
        ("check", "my.ipynb", "--only", "1"),
        ("check", "my.ipynb", "--quick"),
        ("report", "my.ipynb", "--stored"),
    ],
)
def test_errors_name_the_students_own_file(
    argv: tuple[str, ...], data: bytes, found: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home.parent / "my.ipynb").write_bytes(data)
    assert main([*argv]) == 2
    told = capsys.readouterr().err
    assert told.startswith("my.ipynb")
    assert found in told
    assert ".zip" not in told


@pytest.mark.parametrize("verb", ["grade", "check", "report"])
@pytest.mark.parametrize("name", ["nowhere.ipynb", "nowhere.zip", "nowhere"])
def test_a_file_that_is_not_there_is_said_to_be_none(
    verb: str, name: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert home.is_dir()
    assert main([verb, name]) == 2
    assert (
        f"{name}: expected the zip of a submission, found no such file" in capsys.readouterr().err
    )


def test_parts_that_there_are_not_are_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(home), "--only", "1,7"]) == 2
    assert "--only: expected some of 1, 1a" in capsys.readouterr().err
