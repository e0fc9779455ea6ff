"""The CSV files of a class: nothing undecided counts as zero, and nothing is a formula."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.batch.exports.gradebook import canvas_id, render_gradebook, write_gradebook
from grader.batch.records import ClassRow, State
from grader.model.text import spreadsheet_text
from reference.errors import ConfigError
from tests.factories import ASSIGNMENT
from tests.grader.batch.factory import pending, row, without_sheet

CLASS = (
    row("zoe", platform="canvas", platform_id="17", total=5.5, days_late=7, late_coefficient=0.5),
    pending("ann"),
    row("bob", name='=HYPERLINK("http://x";"y")', extension_days=1.5, platform_id="901"),
    without_sheet("cyd", State.REJECTED, "Expected a zip, found a PDF."),
    without_sheet("dee", State.FAULT),
    without_sheet("eve", State.MISSING),
    without_sheet("fay", State.WAITING),
)


def read(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def test_the_gradebook_is_as_it_was(tmp_path: Path) -> None:
    made = write_gradebook(CLASS, ASSIGNMENT, tmp_path)

    golden = Path(__file__).with_name("golden")
    for path in made.paths:
        assert path.read_text(encoding="utf-8") == (golden / path.name).read_text(encoding="utf-8")
    assert sorted(tmp_path.iterdir()) == sorted(made.paths)


def test_the_order_of_the_rows_does_not_matter(tmp_path: Path) -> None:
    first = [path.read_bytes() for path in write_gradebook(CLASS, ASSIGNMENT, tmp_path).paths]
    second = write_gradebook(reversed(CLASS), ASSIGNMENT, tmp_path)

    assert [path.read_bytes() for path in second.paths] == first


def test_what_is_not_decided_is_empty_and_named(tmp_path: Path) -> None:
    made = write_gradebook(CLASS, ASSIGNMENT, tmp_path)

    totals = {one["kerberos"]: one["total"] for one in read(tmp_path / "gradebook.csv")}
    assert totals.pop("ann") == "10.2"
    assert totals.pop("bob") == "11"
    assert totals.pop("zoe") == "5.5"
    assert set(totals.values()) == {""}
    logins = [one["SIS Login ID"] for one in read(tmp_path / "canvas.csv")]
    assert logins == ["", "bob", "zoe"]
    assert made.left_out == (
        ("ann", "0.8 points not graded yet"),
        ("cyd", "the submission cannot be graded: Expected a zip, found a PDF."),
        ("dee", "grader error: no reason is known"),
        ("eve", "no submission"),
        ("fay", "not graded yet"),
    )
    assert made.sentence.startswith("canvas.csv has 2 students; 5 are not fully graded")


def test_canvas_gets_its_own_ids_only(tmp_path: Path) -> None:
    write_gradebook(CLASS, ASSIGNMENT, tmp_path)

    header, possible, bob, zoe = csv.reader(io.StringIO((tmp_path / "canvas.csv").read_text()))
    title = ASSIGNMENT.title
    assert header == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", title]
    assert possible == ["Points Possible", "", "", "", "", "11"]
    assert bob[1] == "901"  # of the manifest
    assert zoe == ["Zoe", "17", "", "zoe", "", "5.5"]
    assert canvas_id(row("ann", platform="gradescope", platform_id="912345678")) == ""
    assert canvas_id(row("ann", platform_id="ann@mit.edu")) == ""


def test_an_empty_class_has_empty_files(tmp_path: Path) -> None:
    made = write_gradebook((), ASSIGNMENT, tmp_path)

    assert made.left_out == ()
    assert [len(path.read_text().splitlines()) for path in made.paths] == [1, 2, 1]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gradebook\.csv: cannot be written: No such file"):
        write_gradebook(CLASS, ASSIGNMENT, tmp_path / "absent")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("\t@SUM(A1)", "'@SUM(A1)"),
        ("Doe; =cmd|'/C calc'!A0", "Doe; '=cmd|'/C calc'!A0"),
        ("\uff1d1", "'\uff1d1"),
        ("\u200b-1", "'-1"),
        ("Ann-Mary O'Neil", "Ann-Mary O'Neil"),
        ("a@mit.edu", "a@mit.edu"),
        ("line\r\n=1", "line =1"),
    ],
)
def test_no_text_is_a_formula(text: str, shown: str) -> None:
    assert spreadsheet_text(text) == shown


names = st.text(alphabet=st.sampled_from('=+-@;,"\t\r\n\x00 a|\u202e\uff1d'), max_size=12)


@given(names, names)
def test_no_name_makes_a_cell_of_its_own(name: str, source: str) -> None:
    student: ClassRow = row("ann", name=name, source=source)
    text = render_gradebook((student,), ASSIGNMENT)

    for delimiter in ",;":
        for line in csv.reader(io.StringIO(text), delimiter=delimiter):
            for cell in line:
                assert cell.lstrip()[:1] not in set("=+-@\uff1d") or cell == ""
    assert len(list(csv.reader(io.StringIO(text)))) == 2
