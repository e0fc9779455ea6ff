"""Grades in Canvas' own exported gradebook: one column, every other byte as it was."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.batch.exports.canvas_merge import Merged, merge_into_canvas
from grader.batch.records import ClassRow, State
from reference.errors import ConfigError
from tests.factories import ASSIGNMENT
from tests.grader.batch.factory import pending, row, without_sheet

EXPORT = (
    "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Problem Set 3 (70101),"
    '"Problem Set 4 (70102)",Final Project (70103),Current Score,Final Score\r\n'
    "Points Possible,,,,,10.00,11.00,20.00,(read only),(read only)\r\n"
    '"Doe, Jane",501,900000001,jdoe,"L01, R02",9.50,,,95.0,31.1\r\n'
    '"O""Neil, Ann",502,900000002,ann@MIT.EDU,L01,8.00,7.5,,80.0,26.2\r\n'
    '"Roe, Bob",503,900000003,bob,L01,,EX,,,\r\n'
    '"Poe, Cyd",504,900000004,cyd,L01,1.00,-,,10.0,3.3\r\n'
    '"Fox, Zoe",505,,zoe,L01,2.00,,,20.0,6.6\r\n'
    '"Student, Test",506,,,L01,,,,,'
)
"""Of the form that Canvas writes: byte order mark, quotes where needed, no end of the last line."""
CLASS = (
    row("jdoe", total=10.333),
    row("ann", total=11.0),
    row("bob"),
    pending("cyd"),
    row("zoe2", platform="canvas", platform_id="505", total=5.5, late_coefficient=0.5),
    row("eve"),
    without_sheet("fay", State.MISSING),
)


def merged(rows: tuple[ClassRow, ...] = CLASS, column: str = "70102", text: str = EXPORT) -> Merged:
    return merge_into_canvas(text, rows, ASSIGNMENT, column, where="export.csv")


def test_only_the_cells_of_the_column_change() -> None:
    wanted = EXPORT.replace("9.50,,,95.0", "9.50,10.33,,95.0").replace("8.00,7.5,", "8.00,11,")
    wanted = wanted.replace("L01,2.00,,,20.0", "L01,2.00,5.5,,20.0")
    made = merged()
    assert made.text == wanted
    assert (made.column, made.filled) == ("Problem Set 4 (70102)", 4)


def test_canvas_reads_it_back_as_the_grades_of_the_class() -> None:
    table = list(csv.DictReader(io.StringIO(merged().text.removeprefix("\ufeff"))))
    grades = {one["SIS Login ID"]: one["Problem Set 4 (70102)"] for one in table}
    assert grades["jdoe"] == "10.33"
    assert merged(text=merged().text).text == merged().text


def test_what_staff_should_know_is_told() -> None:
    told = " ".join(merged().told)
    assert "ann: 7.5 in Canvas, now 11." in told
    assert "bob: excused in Canvas" in told
    assert "Not in Canvas' file, so not in this one: eve." in told
    assert "2 of 7 students have no complete grade" in told
    assert "Switch off Canvas' own late policy" in told
    on_time = merged(rows=(row("jdoe"),)).told
    assert not [one for one in on_time if "late policy" in one]


def test_other_points_possible_are_told() -> None:
    told = merged(text=EXPORT.replace("10.00,11.00,", "10.00,100.00,")).told
    assert any("100.00 points possible" in one and "of 11" in one for one in told)


@pytest.mark.parametrize("name", ["70102", "Problem Set 4", "Problem Set 4 (70102)"])
def test_the_column_is_named_by_title_or_number(name: str) -> None:
    assert merged(column=name).column == "Problem Set 4 (70102)"


def test_without_a_column_that_fits_the_assignments_are_listed() -> None:
    with pytest.raises(ConfigError, match=r"found none; .*Problem Set 3 \(70101\), Problem Set 4"):
        merged(column="")
    twice = EXPORT.replace("Problem Set 3 (70101)", "Problem Set 4 (70101)")
    with pytest.raises(ConfigError, match="found several"):
        merged(column="Problem Set 4", text=twice)
    assert merged(column="70102", text=twice).filled == 4


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", 'Student,ID,SIS Login ID\n"x"y,1,z\n'])
def test_another_file_is_one_sentence(text: str) -> None:
    with pytest.raises(ConfigError, match=r"export.csv:\d+: expected"):
        merged(text=text)


def test_nobody_gets_the_grade_of_another_student_with_the_same_name() -> None:
    """Canvas' id decides: its login `zoe` is not the class's zoe, whose id is another one."""
    made = merged(rows=(row("zoe", platform="canvas", platform_id="999", total=1.0),))
    assert made.text == EXPORT
    assert made.filled == 0


def test_semicolons_and_line_ends_stay() -> None:
    text = "Student;ID;SIS Login ID;PS4 (7)\nDoe;1;jdoe;\nRoe;2;bob;3,5\n"
    made = merged(column="7", text=text)
    assert made.text == "Student;ID;SIS Login ID;PS4 (7)\nDoe;1;jdoe;10.33\nRoe;2;bob;11\n"


_cells = st.text(alphabet='ab",\n\r; é', max_size=6)


@given(table=st.lists(st.lists(_cells, min_size=4, max_size=4), max_size=5))
def test_any_file_without_these_students_is_as_it_was(table: list[list[str]]) -> None:
    target = io.StringIO()
    header = ["Student", "ID", "SIS Login ID", "PS4 (7)"]
    csv.writer(target, lineterminator="\n").writerows([header, *table])
    assert merged(column="7", text=target.getvalue()).text == target.getvalue()
