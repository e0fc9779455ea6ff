"""What students uploaded without a zip: the files of one student are one submission."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from grader.batch.collect.manifest import ManifestRow
from grader.batch.collect.platforms import hand_in_bytes
from grader.batch.records import Roster
from tests.grader.batch.collect.test_platforms import counted, find, put

JANE = ManifestRow(kerberos="jdoe", name="Jane Doe", platform_id="12345")


def packed(roster: Roster, kerberos: str) -> dict[str, str]:
    """The files of a student's zip, and which upload each one is."""
    (one,) = [one for one in roster.counted if one.kerberos == kerberos]
    with zipfile.ZipFile(io.BytesIO(hand_in_bytes(one))) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_a_loose_canvas_notebook_is_a_submission(tmp_path: Path) -> None:
    put(tmp_path, "doejane_12345_678901_pset4.ipynb", "grades.csv")

    roster = find(tmp_path, JANE)

    assert counted(roster) == {"jdoe": "doejane_12345_678901_pset4.ipynb"}
    assert roster.missing == ()
    assert packed(roster, "jdoe") == {"pset4.ipynb": "doejane_12345_678901_pset4.ipynb"}
    assert roster.notes[0].startswith("doejane_12345_678901_pset4.ipynb: uploaded without a zip")
    assert roster.notes[1] == "Not graded, not zip files: grades.csv."


def test_loose_files_of_one_student_are_one_submission(tmp_path: Path) -> None:
    names = (
        "doejane_LATE_12345_678901_pset4.ipynb",
        "doejane_LATE_12345_678902_report.pdf",
        "doejane_LATE_12345_678903_layers.py",
        "roejohn_22345_678904_pset4.ipynb",
    )
    put(tmp_path, *names)

    roster = find(tmp_path, JANE)

    assert set(packed(roster, "jdoe")) == {"pset4.ipynb", "report.pdf", "layers.py"}
    assert set(packed(roster, "roejohn")) == {"pset4.ipynb"}
    assert "Canvas marks it as late" in " ".join(roster.notes)
    (jane,) = [one for one in roster.counted if one.kerberos == "jdoe"]
    assert (jane.platform_id, jane.zip_name) == ("12345", "doejane.zip")


def test_of_a_name_uploaded_twice_the_later_file_counts(tmp_path: Path) -> None:
    names = ("doejane_12345_9_pset4-1.ipynb", "doejane_12345_10_pset4.ipynb")
    put(tmp_path, *names)

    roster = find(tmp_path, JANE)

    assert packed(roster, "jdoe") == {"pset4.ipynb": names[1]}
    assert f"{names[0]}: not graded; {names[1]} is a later upload of the same file." in roster.notes


@pytest.mark.parametrize(
    ("name", "manifest", "submitted"),
    [
        ("doejane_12345_1_answers.docx", True, True),
        ("doejane_12345_1_answers.docx", False, False),
        ("doejane_12345_1_report.pdf", False, True),
    ],
)
def test_what_makes_a_submission_is_a_notebook_a_pdf_or_an_id_of_the_manifest(
    name: str, manifest: bool, submitted: bool, tmp_path: Path
) -> None:
    put(tmp_path, name)

    roster = find(tmp_path, *([JANE] if manifest else []))

    assert bool(roster.counted) is submitted
    assert name in " ".join(roster.notes)


def test_a_report_beside_the_zip_is_graded_with_it(tmp_path: Path) -> None:
    put(tmp_path, "doejane_12345_1_jdoe.zip", "doejane_12345_2_report.pdf")

    roster = find(tmp_path, JANE)

    assert set(packed(roster, "jdoe")) == {"jdoe.zip", "report.pdf"}
    assert counted(roster) == {"jdoe": "doejane_12345_1_jdoe.zip"}


def test_a_notebook_beside_the_zip_is_for_a_person(tmp_path: Path) -> None:
    put(tmp_path, "doejane_12345_1_jdoe.zip", "doejane_12345_2_pset4.ipynb")

    roster = find(tmp_path, JANE)

    (jane,) = roster.counted
    assert hand_in_bytes(jane) == b"doejane_12345_1_jdoe.zip"
    assert "doejane_12345_2_pset4.ipynb: not graded" in roster.notes[0]


def test_files_named_after_a_student_of_the_manifest_are_a_submission(tmp_path: Path) -> None:
    put(tmp_path, "jdoe.ipynb", "jdoe_report.pdf", "roe/draft/pset4.ipynb", "roe/notes.txt")
    put(tmp_path, "jdoeling.ipynb", "smith.ipynb")

    roster = find(tmp_path, "jdoe", "roe", "ann")

    assert set(packed(roster, "jdoe")) == {"jdoe.ipynb", "jdoe_report.pdf"}
    assert set(packed(roster, "roe")) == {"draft/pset4.ipynb", "notes.txt"}
    assert roster.missing == ("ann",)
    assert roster.notes[-1] == "Not graded, not zip files: jdoeling.ipynb, smith.ipynb."


def test_a_zip_of_the_student_goes_before_loose_files(tmp_path: Path) -> None:
    put(tmp_path, "jdoe.zip", "jdoe/pset4.ipynb")

    roster = find(tmp_path, "jdoe")

    assert counted(roster) == {"jdoe": "jdoe.zip"}
    assert roster.notes[-1] == "Not graded, not zip files: jdoe/pset4.ipynb."
