"""What people decide about a class: by `grades.toml`, for a hand-in, in shares, never lost."""

from __future__ import annotations

import shutil
import zipfile
from dataclasses import replace
from datetime import datetime
from html import unescape
from pathlib import Path

import pytest

from authoring.class_samples import build_class
from grader.batch.collect.manifest import ManifestRow
from grader.batch.exports.gradebook import is_decided
from grader.batch.records import State
from grader.batch.run.decided import grades_in
from grader.batch.run.unrun_pages import write_unrun_pages
from grader.batch.store.store import open_store
from grader.model.assignment import load_assignment
from grader.model.records import DecisionKind
from grader.model.results_folder import ResultFolder
from reference.errors import ConfigError
from tests import factories
from tests.grader.batch.run.test_batch import Class

pytestmark = pytest.mark.slow

ASSIGNMENT = load_assignment()


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Class:
    """One student who is graded and one who is rejected: run once."""
    folder = build_class(tmp_path_factory.mktemp("in") / "class", only=("sbroken", "pbroken"))
    (folder / "manifest.csv").unlink()
    made = Class(folder=folder, results=folder.parent / "results")
    made.results.mkdir()
    with open_store(made.results) as store:
        made.batch(store)
    return made


@pytest.fixture
def school(graded: Class, tmp_path: Path) -> Class:
    """A copy of it."""
    shutil.copytree(graded.folder.parent, tmp_path / "all")
    folder = tmp_path / "all" / graded.folder.name
    return Class(folder=folder, results=tmp_path / "all" / "results")


def test_one_bad_grades_file_stops_no_other(school: Class) -> None:
    with open_store(school.results) as store:
        school.batch(store)
        (school.results / "pbroken").mkdir()
        (school.results / "pbroken" / "grades.toml").write_text("[parts.3c]\npoints = 99\n")
        (school.results / "sbroken" / "grades.toml").write_text("[parts.3c]\npoints = 0.5\n")
        outcome = school.batch(store)
        (fault,) = outcome.faults
        assert "grades.toml:2" in fault
        assert "found 99" in fault
        rows = school.rows(store, outcome)
        assert (rows["pbroken"].total, rows["sbroken"].total) == (None, 0.5)


def test_deleting_a_grades_file_withdraws_nothing(school: Class) -> None:
    with open_store(school.results) as store:
        school.batch(store)
        grades = school.results / "sbroken" / "grades.toml"
        grades.write_text("[parts.3c]\npoints = 0.5\n")
        school.batch(store)
        grades.unlink()
        outcome = school.batch(store)
        assert school.rows(store, outcome)["sbroken"].total == 0.5
        grades.write_text("[parts.3c]\nwithdraw = true\n")
        outcome = school.batch(store)
        assert school.rows(store, outcome)["sbroken"].total == 0.0
        kinds = [one.kind for one in store.decisions()]
    assert kinds == [DecisionKind.IMPORTED, DecisionKind.WITHDRAWN]


def test_points_stay_the_same_share_when_the_maximum_changes(school: Class) -> None:
    with open_store(school.results) as store:
        school.batch(store)
        grades = school.results / "sbroken" / "grades.toml"
        grades.write_text("[parts.3c]\npoints = 0.8\n\n[parts.3e]\npoints = 0.4\n")
        school.batch(store)
        for points, total in ((5.0, 1.5), (2.0, 0.6)):  # of 4 in all, over five parts
            problems = tuple(
                replace(one, points=points) if one.number == 3 else one
                for one in ASSIGNMENT.problems
            )
            school.assignment = replace(ASSIGNMENT, problems=problems)
            outcome = school.batch(store)
            assert outcome.faults == ()
            assert school.rows(store, outcome)["sbroken"].total == pytest.approx(total)
        assert len(store.decisions()) == 2


def test_an_edit_beside_a_decision_that_was_made_meanwhile_is_kept_and_told(
    school: Class,
) -> None:
    with open_store(school.results) as store:
        outcome = school.batch(store)
        (hand_in,) = [one for one in store.hand_ins(outcome.batch_id) if one.kerberos == "sbroken"]
        desk = factories.decision(kerberos="sbroken", zip_sha256=hand_in.zip_sha256, share=1.0)
        store.decide(desk)
        (school.results / "sbroken" / "grades.toml").write_text("[parts.3c]\npoints = 0.5\n")
        outcome = school.batch(store)
        assert school.rows(store, outcome)["sbroken"].total == pytest.approx(0.8)
        assert any("ta1 decided otherwise" in one for one in outcome.problems)
        assert school.batch(store).problems == ()  # told once, kept for good
        assert [one.kind for one in store.decisions()] == ["human", "conflict"]


def test_a_later_zip_makes_the_part_wait_again_and_the_file_is_kept(school: Class) -> None:
    good = school.folder / "sbroken.zip"
    with open_store(school.results) as store:
        school.batch(store)
        grades = school.results / "sbroken" / "grades.toml"
        grades.write_text("[parts.3c]\npoints = 0.5\n")
        before = school.rows(store, school.batch(store))["sbroken"]
        with zipfile.ZipFile(good, "a") as later:
            later.writestr("readme.txt", "Now with a file more.")
        outcome = school.batch(store)
        after = school.rows(store, outcome)["sbroken"]
        assert (before.total, after.total) == (0.5, 0.0)
        assert any("handed in again" in one for one in outcome.problems)
        (old,) = store.in_force("sbroken", "3c").values()
        assert old.share == pytest.approx(0.5 / 0.8)
        assert "points = 0.5" not in grades.read_text()
        assert school.rows(store, school.batch(store))["sbroken"].total == 0.0


def test_whoever_has_no_sheet_can_be_given_points(school: Class) -> None:
    school.manifest = (ManifestRow(kerberos="absent", submitted=datetime(2021, 3, 31, 12, 0)),)
    every = "".join(
        f"[parts.{part.id}]\npoints = 0\n" for part in ASSIGNMENT.parts if not part.bonus
    )
    with open_store(school.results) as store:
        school.batch(store)
        for name in ("pbroken", "absent"):
            (school.results / name).mkdir()
            text = every.replace("[parts.3c]\npoints = 0\n", "[parts.3c]\npoints = 0.5\n")
            (school.results / name / "grades.toml").write_text(text)
        outcome = school.batch(store)
        rows = school.rows(store, outcome)
        assert outcome.faults == ()
        for name in ("pbroken", "absent"):
            assert (rows[name].state, rows[name].total, rows[name].pending) == ("graded", 0.5, 0)
            assert is_decided(rows[name])
        feedback = ResultFolder(root=school.results / "pbroken")
        facts = (rows.values(), store.hand_ins(outcome.batch_id), ASSIGNMENT)
        human = grades_in(store, ASSIGNMENT)
        assert write_unrun_pages(*facts, human, school.results) == ()
        html = feedback.feedback_html.read_text(encoding="utf-8")
        assert "Graded by a person: 0.5 of 0.8 points." in html
        assert rows["pbroken"].sentence.split(":")[-1] in unescape(html)  # why it was not run
        assert feedback.feedback_pdf.read_bytes().startswith(b"%PDF")
        stamp = feedback.feedback_pdf.stat().st_mtime_ns
        write_unrun_pages(*facts, human, school.results)
        assert feedback.feedback_pdf.stat().st_mtime_ns == stamp  # nothing changed
        bare = [replace(row, parts=()) for row in rows.values()]
        write_unrun_pages(bare, *facts[1:], human, school.results)
        assert not feedback.feedback_html.exists()  # points that were taken back
        (school.results / "absent" / "grades.toml").write_text("[parts.3c]\nwithdraw = true\n")
        row = school.rows(store, school.batch(store))["absent"]
        assert (row.state, row.pending) == ("missing", 0.8)


def test_only_one_student_is_run_again_when_staff_say_so(school: Class) -> None:
    with open_store(school.results) as store:
        school.batch(store)
        school.only, school.force = frozenset({"sbroken"}), True
        outcome = school.batch(store)
        assert school.executor.calls == ["sbroken"]
        assert outcome.graded_now == {"sbroken"}
        assert school.rows(store, outcome)["sbroken"].state is State.GRADED
        school.force = False
        school.batch(store)
        assert school.executor.calls == []
        school.only = frozenset({"nobody"})
        with pytest.raises(ConfigError, match="found 'nobody'"):
            school.batch(store)
