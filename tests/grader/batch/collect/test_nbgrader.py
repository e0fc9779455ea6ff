"""nbgrader's folders in, and its feedback folders out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from grader.batch.collect.nbgrader import collected_at
from grader.batch.collect.platforms import find_hand_ins
from grader.batch.exports.nbgrader_feedback import write_feedback
from grader.batch.records import Roster
from grader.intake.hand_in import HandIn
from grader.model.records.codec import save
from grader.model.results_folder import ResultFolder
from reference.errors import ConfigError
from tests import factories


def collect(folder: Path, student: str, assignment: str, when: str) -> None:
    """As `nbgrader collect` does."""
    place = folder / student / assignment
    place.mkdir(parents=True)
    (place / "pset4.ipynb").write_bytes(factories.notebook_bytes())
    (place / "report.pdf").write_bytes(factories.pdf_bytes())
    (place / "timestamp.txt").write_text(when)
    (place / "submission_secret.txt").write_text("0" * 64)


def find(folder: Path) -> Roster:
    return find_hand_ins(folder, [], factories.ASSIGNMENT, "6.869")


def test_collected_folders_are_submissions_with_their_times(tmp_path: Path) -> None:
    submitted = tmp_path / "submitted"
    collect(submitted, "jdoe", "pset4", "2021-03-31 22:15:00.123456 EDT")
    collect(submitted, "bob", "pset4", "2021-04-01 02:15:00 UTC")
    for folder in (tmp_path, submitted):
        found = {one.kerberos: one for one in find(folder).counted}
        assert set(found) == {"jdoe", "bob"}
        assert found["jdoe"].submitted == datetime(2021, 4, 1, 2, 15, 0, 123456, UTC)
        assert found["bob"].submitted == datetime(2021, 4, 1, 2, 15, tzinfo=UTC)
        assert found["jdoe"].platform == "nbgrader"
        assert found["jdoe"].path.name == "pset4"


def test_other_assignments_of_the_term_are_left_out_and_named(tmp_path: Path) -> None:
    for name in ("pset3", "pset4"):
        collect(tmp_path, "jdoe", name, "2021-04-01 02:15:00 UTC")
    roster = find(tmp_path)
    assert [one.source for one in roster.counted] == ["jdoe/pset4"]
    assert any("jdoe/pset3" in note for note in roster.notes)


def test_which_of_several_it_is_must_be_known(tmp_path: Path) -> None:
    for name in ("week3", "week4"):
        collect(tmp_path, "jdoe", name, "2021-04-01 02:15:00 UTC")
    with pytest.raises(ConfigError, match="found week3, week4"):
        find(tmp_path)


@pytest.mark.parametrize("text", ["", "soon", "2021-04-01 02:15:00 Mars/Olympus", "\x00"])
def test_a_time_that_is_none_is_unknown(text: str, tmp_path: Path) -> None:
    (tmp_path / "timestamp.txt").write_text(text)
    assert collected_at(tmp_path) is None
    collect(tmp_path / "submitted", "jdoe", "pset4", text)
    assert any("graded as on time" in note for note in find(tmp_path / "submitted").notes)


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2021-03-31 22:15:00 EDT", 26),
        ("2021-03-31 22:15:00 America/New_York", 26),
        ("2021-03-31 22:15:00 UTC", 22),
        ("2021-03-31 22:15:00-04:00", 26),
        ("2021-03-31 22:15:00", 22),
    ],
)
def test_times_as_nbgrader_writes_them(text: str, hour: int, tmp_path: Path) -> None:
    (tmp_path / "timestamp.txt").write_text(text)
    midnight = datetime(2021, 3, 31, tzinfo=UTC)
    assert collected_at(tmp_path) == midnight + timedelta(hours=hour, minutes=15)


def test_feedback_goes_where_nbgrader_looks_for_it(tmp_path: Path) -> None:
    for kerberos in ("jdoe", "zipped"):
        folder = ResultFolder(root=tmp_path / "results" / kerberos)
        folder.evidence.mkdir(parents=True)
        folder.feedback_html.write_text(f"<html>{kerberos}")
        save(factories.submission(notebook_path="hw/pset4.ipynb"), folder.record("submission"))
        folder.submission.mkdir()
        (folder.submission / "timestamp.txt").write_text("2021-04-01 02:15:00 EDT")
    made = HandIn(
        path=tmp_path,
        course="6.869",
        kerberos="jdoe",
        source="jdoe/pset4",
        platform="nbgrader",
    )
    zipped = HandIn(path=tmp_path, course="6.869", kerberos="zipped", source="zipped.zip")
    written = write_feedback([made, zipped], tmp_path / "results", tmp_path / "feedback")
    assert written == (tmp_path / "feedback/jdoe/pset4/pset4.html",)
    assert written[0].read_text() == "<html>jdoe"
    assert (written[0].parent / "timestamp.txt").read_text() == "2021-04-01 02:15:00 EDT"
