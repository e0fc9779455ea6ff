"""A notebook of another offering is not graded without a word."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.intake.other_offering import other_offering_notes
from grader.intake.submission import read_submission
from grader.model.assignment import Assignment, load_assignment
from grader.model.offering_files import OFFERINGS
from grader.model.records import Severity, Submission
from tests import factories


def hand_in(tmp_path: Path, offering: str) -> Submission:
    data = (OFFERINGS / offering / "release.ipynb").read_bytes()
    zip_path = factories.write_zip(tmp_path / "jdoe.zip", {"pset4.ipynb": data})
    return read_submission(zip_path, tmp_path / "unpacked")


def as_of(name: str, tmp_path: Path) -> Assignment:
    """An offering of that name which uses 2021's notebook."""
    text = (OFFERINGS / "pset4_sp21" / "assignment.toml").read_text()
    path = tmp_path / f"{name}.toml"
    path.write_text(text.replace('name = "pset4_sp21"', f'name = "{name}"'))
    return load_assignment(str(path))


def test_an_sp22_notebook_graded_as_sp21_is_said_to_student_and_staff(tmp_path: Path) -> None:
    submission = hand_in(tmp_path, "pset4_sp22")
    assert submission.made_for == "pset4_sp22"

    student, staff = other_offering_notes(submission, load_assignment("pset4_sp21"))
    assert (student.code, student.severity, student.for_student) == (
        "other-offering",
        Severity.ERROR,
        True,
    )
    assert "is the notebook of pset4_sp22, but it is graded here as pset4_sp21" in student.message
    assert not staff.for_student
    assert "Which one does the student take? If pset4_sp22, grade again" in staff.message
    assert other_offering_notes(submission, load_assignment("pset4_sp22")) == ()


@pytest.mark.parametrize("offering", ["pset4_sp21", "next"])
def test_a_notebook_that_an_offering_uses_is_its_own(tmp_path: Path, offering: str) -> None:
    submission = hand_in(tmp_path, "pset4_sp21")
    own = load_assignment(offering) if offering != "next" else as_of(offering, tmp_path)
    assert other_offering_notes(submission, own) == ()


def test_a_notebook_that_names_no_offering_is_told_nothing(tmp_path: Path) -> None:
    zip_path = factories.write_zip(tmp_path / "jdoe.zip", factories.honest_files())
    submission = read_submission(zip_path, tmp_path / "unpacked")
    assert other_offering_notes(submission, load_assignment()) == ()
