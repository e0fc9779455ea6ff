"""A class judged again after its rules changed: who moves, what is kept, and no kernel starts."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from authoring.class_samples import build_class
from grader.app.cli import app
from grader.batch.class_records import RejudgeClassRequest
from grader.batch.class_run import rejudge_class
from grader.batch.run.batch import only_batch
from grader.batch.run.decided import grades_in
from grader.batch.run.rejudging import Moved, RejudgeOptions, rejudge_standings, sorted_out
from grader.batch.store.store import Store, open_store
from grader.batch.store.tables import FINDING, GRADE, JUDGEMENT, RUN
from grader.checks import tolerance
from grader.model.assignment import Assignment, load_assignment
from grader.model.records import GradeSheet
from grader.model.records.codec import load, save
from grader.model.results_folder import ResultFolder
from grader.model.stage_keys import StageKeys
from grader.sandbox.apart import Bounds, Ended
from tests import factories
from tests.grader.batch.run.test_batch import Class, Here, Seen
from tests.lanes import more

pytestmark = pytest.mark.kernel

ODD_KERNELS_ONLY = """
import numpy as np

def conv1d_forward(x, w):
    x, w = np.asarray(x), np.asarray(w)
    padded = np.pad(x, len(w) // 2)
    return np.array([padded[i:i + len(w)] @ w for i in range(len(padded) - len(w) + 1)])
"""
ASSIGNMENT = load_assignment()
STRICTER = replace(
    ASSIGNMENT,
    credit={
        **ASSIGNMENT.credit,
        "conv_forward": {**ASSIGNMENT.credit["conv_forward"], "even_kernel": 0.25},
    },
)


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Class:
    """One student of the sample class, and one whose convolution takes odd kernels only."""
    folder = build_class(tmp_path_factory.mktemp("in") / "class", only=("dlate", "sbroken"))
    (folder / "manifest.csv").unlink()
    cells = [factories.code_cell(ODD_KERNELS_ONLY)]
    factories.write_zip(folder / "oddonly.zip", {"pset4.ipynb": factories.notebook_bytes(cells)})
    school = Class(folder=folder, results=folder.parent / "results")
    school.results.mkdir()
    with open_store(school.results) as store:
        school.batch(store)
        (school.results / "oddonly" / "grades.toml").write_text("[parts.3c]\npoints = 0.5\n")
        school.batch(store)
    return school


@pytest.fixture
def no_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    def starts(*_: object, **__: object) -> None:
        raise AssertionError("a kernel starts")

    monkeypatch.setattr("grader.execution.stage.execute", starts)
    monkeypatch.setattr("grader.execution.run.started_driver", starts)


def judged(school: Class, store: Store, assignment: Assignment, *, keep: bool) -> dict[str, Moved]:
    newest = store.newest_batch()
    assert newest is not None
    found = sorted_out(store.standings(newest[0]), assignment, school.results)
    assert found.to_run == ()
    options = RejudgeOptions(
        results=school.results,
        assignment=assignment,
        shared_files=school.shared_files,
        slots=lambda: 1,
        human=grades_in(store, assignment),
        keep=keep,
    )
    made = rejudge_standings(found.to_judge, options, store, Here(), Seen())
    return {one.kerberos: one for one in made if isinstance(one, Moved)}


def rows(store: Store, table: Any) -> int:
    with store.engine.connect() as connection:
        return len(connection.execute(select(table.c.id)).all())


@pytest.mark.parametrize("shared_files", [True, *more(False)])
def test_who_moves_when_a_share_changes(
    graded: Class, no_kernel: None, tmp_path: Path, shared_files: bool
) -> None:
    school = copied(graded, tmp_path)
    school.shared_files = shared_files
    files = {path: path.read_bytes() for path in school.results.glob("*/*") if path.is_file()}
    with open_store(school.results) as store:
        before = {table.name: rows(store, table) for table in (RUN, JUDGEMENT, GRADE, FINDING)}
        told = judged(school, store, STRICTER, keep=False)
        assert {name: bool(one.changes) for name, one in told.items()} == {
            "dlate": False,
            "oddonly": True,
            "sbroken": False,
        }
        (change,) = told["oddonly"].changes
        assert change.before is not None
        assert change.after is not None
        share = ASSIGNMENT.max_points("1a", "6.869")
        assert change.part_id == "1a"
        assert change.before.points == pytest.approx(0.5 * share)
        assert change.after.points == pytest.approx(0.25 * share)
        assert {path: path.read_bytes() for path in files} == files
        assert rows(store, JUDGEMENT) == before["judgement"]

        kept = judged(school, store, STRICTER, keep=True)
        assert kept == told
        assert rows(store, RUN) == before["run"]
        assert rows(store, JUDGEMENT) == before["judgement"] + 3
        assert rows(store, FINDING) == 2 * before["finding"]
        assert judged(school, store, STRICTER, keep=True) == {}
        (standing,) = (s for s in store.standings(1) if s.hand_in.kerberos == "oddonly")
        assert standing.grade is not None
        human = next(part for part in standing.grade.sheet.parts if part.id == "3c")
        assert human.human_points == 0.5
    page = (school.results / "oddonly" / "feedback.html").read_text(encoding="utf-8")
    assert "0.25" in page


def checked_here(
    function: Callable[..., None],
    arguments: tuple[Any, ...],
    bounds: Bounds,
    *,
    modules: tuple[str, ...],
    on_word: Callable[[str], None],
) -> Ended:
    """Stands for `call_apart`, whose process would not see what this one has patched."""
    function(on_word, *arguments)
    return Ended.WELL


def test_a_tolerance_moves_points_too(
    graded: Class, no_kernel: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    school = copied(graded, tmp_path)
    monkeypatch.setattr("grader.bounded.judging.call_apart", checked_here)
    none = {key: replace(one, rtol=0.0, atol=0.0) for key, one in tolerance.TOLERANCES.items()}
    monkeypatch.setattr(tolerance, "TOLERANCES", none)
    with open_store(school.results) as store:
        told = judged(school, store, STRICTER, keep=False)
    parts = {change.part_id for change in told["dlate"].changes if change.moves_points}
    assert parts & {"1a", "1b", "3a", "3b", "3d"}


def test_a_batch_judges_again_and_runs_nothing(
    graded: Class, no_kernel: None, tmp_path: Path
) -> None:
    school = copied(graded, tmp_path)
    school.assignment = STRICTER
    with open_store(school.results) as store:
        outcome = school.batch(store)
        assert outcome.graded_now == frozenset()
        assert outcome.rejudged == {"dlate", "oddonly", "sbroken"}
        assert school.batch(store).rejudged == frozenset()


def test_evidence_of_another_version_must_be_recorded_again(
    graded: Class, no_kernel: None, tmp_path: Path
) -> None:
    school = copied(graded, tmp_path)
    folder = ResultFolder(root=school.results / "oddonly")
    keys = load(StageKeys, folder.key)
    save(replace(keys, grader=replace(keys.grader, evidence="older")), folder.key)
    with open_store(school.results) as store:
        found = sorted_out(store.standings(1), STRICTER, school.results)
    assert [one.kerberos for one in found.to_run] == ["oddonly"]
    result = CliRunner().invoke(app, ["rejudge", str(folder.root)])
    assert result.exit_code == 1
    assert "oddonly: must be graded again: its evidence" in " ".join(result.output.split())


def test_one_submission_is_judged_by_its_command(
    graded: Class, no_kernel: None, tmp_path: Path
) -> None:
    school = copied(graded, tmp_path)
    result = CliRunner().invoke(app, ["rejudge", str(school.results / "oddonly"), "--dry-run"])
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())
    assert "oddonly 3c" in said  # what a person decided since the pages were written
    assert "Points would change for 1 of 1" in said


STOPS = {
    "before the store": (Store, "add_judgement", 2),
    "halfway through the files": (Path, "replace", 30),
}


@dataclass(frozen=True)
class Whole:
    """The class judged again without a stop."""

    school: Class
    moved: dict[str, Moved]
    sheets: dict[str, GradeSheet]


@pytest.fixture(scope="module")
def whole(graded: Class, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    school = copied(graded, tmp_path_factory.mktemp("whole"))
    with open_store(school.results) as store:
        moved = judged(school, store, STRICTER, keep=True)
        sheets = {name: sheet_of(store, name) for name in moved}
    return Whole(school, moved, sheets)


@pytest.mark.parametrize("stops", ["before the store", *more("halfway through the files")])
def test_a_class_that_was_stopped_goes_on_where_it_was(
    graded: Class,
    whole: Whole,
    no_kernel: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stops: str,
) -> None:
    school = copied(graded, tmp_path)
    with open_store(school.results) as store:
        with monkeypatch.context() as patched:
            stop_at(patched, *STOPS[stops])
            with pytest.raises(KeyboardInterrupt):
                judged(school, store, STRICTER, keep=True)
        done = rows(store, JUDGEMENT) - 3
        assert done < 3

        again = judged(school, store, STRICTER, keep=True)
        assert len(again) == 3 - done
        assert again.items() <= whole.moved.items()
        assert rows(store, JUDGEMENT) == 6
        assert {name: sheet_of(store, name) for name in whole.sheets} == whole.sheets
    for name in whole.sheets:
        folders = [ResultFolder(root=one.results / name) for one in (school, whole.school)]
        assert folders[0].key.read_bytes() == folders[1].key.read_bytes()
        assert folders[0].results.read_bytes() == folders[1].results.read_bytes()


def stop_at(patched: pytest.MonkeyPatch, owner: type, name: str, call: int) -> None:
    """Let the n-th call of a method be Ctrl-C."""
    left = iter(range(call - 1))
    method = getattr(owner, name)

    def stopped(*args: Any) -> Any:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return method(*args)

    patched.setattr(owner, name, stopped)


def sheet_of(store: Store, kerberos: str) -> GradeSheet:
    (standing,) = (one for one in store.standings(1) if one.hand_in.kerberos == kerberos)
    assert standing.grade is not None
    return standing.grade.sheet


DAMAGES = {
    "no record": ("evidence/evidence.json", None),
    "no notebook": ("submission/pset4.ipynb", None),
    "a record cut off": ("evidence/plan.json", b'{"cells": ['),
    "a record of other bytes": ("evidence/submission.json", b"\xff\xfe"),
    "no replies": ("evidence/conv1d_forward.npz", None),
    "changed replies": ("evidence/conv1d_forward.npz", b"PK"),
}


def damage(folder: Path, kind: str) -> str:
    name, content = DAMAGES[kind]
    path = folder / name
    if name.endswith(".npz"):
        path = next(folder.glob("evidence/*.npz"))
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    return path.name


@pytest.mark.parametrize("kind", DAMAGES)
def test_damaged_evidence_is_named(
    graded: Class, no_kernel: None, tmp_path: Path, kind: str
) -> None:
    school = copied(graded, tmp_path)
    name = damage(school.results / "oddonly", kind)
    result = CliRunner().invoke(app, ["rejudge", str(school.results / "oddonly"), "--dry-run"])
    assert result.exit_code == 1, result.output
    said = " ".join(result.output.split())
    assert "oddonly: must be graded again: " in said
    assert name in said
    assert str(tmp_path) not in said
    assert ".partial" not in said


def test_a_batch_grades_again_whose_evidence_is_damaged(graded: Class, tmp_path: Path) -> None:
    school = copied(graded, tmp_path)
    school.assignment = STRICTER
    damage(school.results / "oddonly", "changed replies")
    with open_store(school.results) as store:
        outcome = school.batch(store)
        assert outcome.graded_now == {"oddonly"}
        assert outcome.rejudged == {"dlate", "sbroken"}
        assert outcome.problems == ()
        human = next(part for part in sheet_of(store, "oddonly").parts if part.id == "3c")
        assert human.human_points == 0.5
        again = school.batch(store)
    assert (again.graded_now, again.rejudged) == (frozenset(), frozenset())


def test_a_class_tells_whom_it_left(graded: Class, tmp_path: Path) -> None:
    school = copied(graded, tmp_path)
    (school.results / "oddonly" / ".key").unlink()
    result = CliRunner().invoke(app, ["rejudge", str(school.results), "--dry-run"])
    assert result.exit_code == 1, result.output
    assert "oddonly: must be graded again" in " ".join(result.output.split())


@pytest.mark.whole
def test_a_class_is_judged_by_its_workers(graded: Class, tmp_path: Path) -> None:
    school = copied(graded, tmp_path)
    request = RejudgeClassRequest(
        results=school.results,
        assignment=None,
        keep=True,
        workers=1,
        scheduler=None,
        store=None,
    )
    outcome = rejudge_class(request, Seen())
    assert [one.kerberos for one in outcome.judged] == ["dlate", "oddonly", "sbroken"]
    assert outcome.not_judged == ()
    assert outcome.finished is not None
    with only_batch(school.results):
        pass


def copied(graded: Class, tmp_path: Path) -> Class:
    """The graded class, for a test to change."""
    shutil.copytree(graded.results, tmp_path / "results")
    return Class(folder=graded.folder, results=tmp_path / "results")
