"""A report that `pack` made of the notebook is no place for answers; one that changed is."""

from __future__ import annotations

from pathlib import Path

import pytest
from pypdf import PdfReader

from grader.intake.made_report import is_made_of, mark_as_made_of
from grader.intake.submission import read_submission
from tests import factories


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """A notebook and the report that was made of it."""
    made = {"pset4.ipynb": factories.notebook_bytes(), "report.pdf": factories.pdf_bytes(2)}
    for name, data in made.items():
        (tmp_path / name).write_bytes(data)
    mark_as_made_of(tmp_path / "report.pdf", tmp_path / "pset4.ipynb")
    return {name: tmp_path / name for name in made}


def intake(files: dict[str, Path], folder: Path) -> tuple[bool, bool]:
    place = folder / "jdoe.zip"
    factories.write_zip(place, {name: path.read_bytes() for name, path in files.items()})
    found = read_submission(place, folder / "files")
    assert found.report_pages == 2
    return found.report_is_notebook, found.report_says_more


def test_a_report_made_of_the_notebook_says_no_more(files: dict[str, Path], tmp_path: Path) -> None:
    assert len(PdfReader(files["report.pdf"]).pages) == 2
    assert intake(files, tmp_path) == (True, False)


@pytest.mark.parametrize("name", ["report.pdf", "pset4.ipynb"])
def test_one_changed_byte_makes_it_a_report_as_any(
    name: str, files: dict[str, Path], tmp_path: Path
) -> None:
    data = files[name].read_bytes()
    place = data.index(b"1")
    files[name].write_bytes(data[:place] + b"2" + data[place + 1 :])
    assert not is_made_of(files["report.pdf"], files["pset4.ipynb"])
    files[name].write_bytes(data + b" ")
    assert intake(files, tmp_path) == (False, True)


def test_other_reports_are_read(tmp_path: Path, files: dict[str, Path]) -> None:
    files["report.pdf"].write_bytes(factories.pdf_bytes(2))
    assert intake(files, tmp_path) == (False, True)
    files["report.pdf"].write_bytes(b"")
    assert not is_made_of(files["report.pdf"], files["pset4.ipynb"])
    assert not is_made_of(tmp_path / "none.pdf", files["pset4.ipynb"])
