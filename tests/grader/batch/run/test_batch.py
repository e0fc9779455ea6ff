"""A batch with hand-ins that need no kernel: what is run, kept, or only scored anew."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from authoring.class_samples import build_class
from grader.batch.collect.manifest import ManifestRow
from grader.batch.collect.platforms import find_hand_ins
from grader.batch.exports.gradebook import write_gradebook
from grader.batch.records import ClassRow, State
from grader.batch.run.batch import only_batch, run_batch
from grader.batch.run.decided import grades_in
from grader.batch.run.keys import todays_keys
from grader.batch.run.options import BatchOptions, BatchOutcome, Found
from grader.batch.run.pages import renew_pages, stale_pages
from grader.batch.run.pdfs import without_pdf, write_pdfs
from grader.batch.run.rescoring import class_rows, roster_of
from grader.batch.run.task import pack, unpack
from grader.batch.store.rows import RunRow
from grader.batch.store.store import Store, open_store
from grader.execution.settings import RunSettings
from grader.model.assignment import load_assignment
from grader.model.disk import DiskFull
from grader.model.results_folder import ResultFolder
from reference.bundles import get_bundle
from reference.errors import ConfigError
from tests.full_disk import FullDisk
from tests.lanes import more

pytestmark = pytest.mark.slow

ASSIGNMENT = load_assignment()


@dataclass
class Here(Executor):
    """Runs each call at once, in this process; `lose` of them are lost with their workers."""

    lose: int = 0
    calls: list[str] = field(default_factory=list)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if fn is todays_keys:
            future.set_result(fn(*args, **kwargs))
            return future
        self.calls.append(getattr(args[0], "kerberos", fn.__name__))
        if self.lose:
            self.lose -= 1
            future.set_exception(EOFError("the worker is gone"))
        else:
            future.set_result(fn(*args, **kwargs))
        return future


@dataclass
class Seen:
    """What a watcher was told."""

    known: int = -1
    runs: list[RunRow] = field(default_factory=list)
    rejudged: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    written_pdfs: list[str] = field(default_factory=list)

    def stage(self, name: str) -> None:
        pass

    def begin(self, total: int, known: int) -> None:
        self.known = known

    def under_way(self, names: tuple[str, ...]) -> None:
        pass

    def done(self, kerberos: str, run: RunRow, total: float | None, pending: float) -> None:
        self.runs.append(run)

    def judged(self, kerberos: str, before: float, after: float) -> None:
        self.rejudged.append(kerberos)

    def written(self, kerberos: str) -> None:
        self.written_pdfs.append(kerberos)

    def not_judged(self, kerberos: str, sentence: str) -> None:
        self.left.append(kerberos)


@dataclass
class Class:
    """A folder of hand-ins and the results of its batches."""

    folder: Path
    results: Path
    executor: Here = field(default_factory=Here)
    seen: Seen = field(default_factory=Seen)
    manifest: tuple[ManifestRow, ...] = ()
    assignment: Any = ASSIGNMENT
    shared_files: bool = True
    only: frozenset[str] = frozenset()
    force: bool = False

    def batch(self, store: Store) -> BatchOutcome:
        self.executor.calls.clear()
        self.seen = Seen()
        roster = find_hand_ins(self.folder, self.manifest, self.assignment, "6.869")
        options = BatchOptions(
            results=self.results,
            assignment=self.assignment,
            course="6.869",
            bundle=get_bundle("studio-narrow"),
            settings=RunSettings(bundle="studio-narrow", device="cpu", threads=1),
            shared_files=self.shared_files,
            slots=lambda: 2,
            only=self.only,
            force=self.force,
        )
        found = Found(roster=roster, manifest=self.manifest)
        return run_batch(found, options, store, self.executor, self.seen)

    def rows(self, store: Store, outcome: BatchOutcome) -> dict[str, ClassRow]:
        return {
            row.kerberos: row
            for row in class_rows(
                store,
                outcome.batch_id,
                frozenset(),
                self.assignment,
                grades_in(store, self.assignment),
            )
        }


@pytest.fixture(scope="module")
def hand_ins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that is graded without a kernel, and one that is rejected."""
    folder = build_class(tmp_path_factory.mktemp("in") / "class", only=("sbroken", "pbroken"))
    (folder / "manifest.csv").unlink()
    return folder


@pytest.fixture
def school(tmp_path: Path, hand_ins: Path) -> Class:
    folder = tmp_path / "in"
    shutil.copytree(hand_ins, folder)
    (tmp_path / "results").mkdir()
    missing = ManifestRow(kerberos="gone", course="6.819", name="Gone Home")
    return Class(folder=folder, results=tmp_path / "results", manifest=(missing,))


def test_everybody_stands_where_they_must(school: Class) -> None:
    with open_store(school.results) as store:
        outcome = school.batch(store)
        rows = school.rows(store, outcome)
    assert {name: row.state for name, row in rows.items()} == {
        "sbroken": State.GRADED,
        "pbroken": State.REJECTED,
        "gone": State.MISSING,
    }
    assert rows["gone"].name == "Gone Home"
    assert rows["gone"].course == "6.819"
    assert rows["pbroken"].total is None
    assert "found no file to use" in rows["pbroken"].sentence
    assert rows["sbroken"].pending > 0
    assert outcome.graded_now == {"sbroken", "pbroken"}
    assert (school.results / "sbroken" / "feedback.html").is_file()
    write_gradebook(list(rows.values()), ASSIGNMENT, school.results)


def test_what_is_done_is_not_done_again(school: Class) -> None:
    with open_store(school.results) as store:
        school.batch(store)
        again = school.batch(store)
        assert school.executor.calls == []
        assert school.seen.known == 2
        assert again.graded_now == frozenset()
        assert school.rows(store, again)["sbroken"].state is State.GRADED


@pytest.mark.parametrize("harm", ["partly", *more("other")])
def test_results_that_are_not_there_are_made_again(school: Class, harm: str) -> None:
    with open_store(school.results) as store:
        school.batch(store)
        folder = ResultFolder(root=school.results / "sbroken")
        if harm == "partly":
            folder.feedback_html.unlink()
        else:
            folder.key.write_text("of `make grade` meanwhile")
        school.batch(store)
    assert school.executor.calls == ["sbroken"]
    assert folder.feedback_html.is_file()


def test_a_hand_in_that_changes_is_run_again_and_what_it_was_is_kept(school: Class) -> None:
    good, bad = school.folder / "sbroken.zip", school.folder / "pbroken.zip"
    with open_store(school.results) as store:
        school.batch(store)
        (school.results / "sbroken" / "grades.toml").write_text("[parts.3c]\npoints = 0.5\n")
        content = good.read_bytes()
        shutil.copyfile(bad, good)
        outcome = school.batch(store)
        assert school.executor.calls == ["sbroken"]
        assert school.rows(store, outcome)["sbroken"].state is State.REJECTED
        assert not (school.results / "sbroken").exists()
        kept = store.blobs.put(b"[parts.3c]\npoints = 0.5\n")
        assert any(str(store.blobs.path(kept)) in one for one in outcome.problems)
        good.write_bytes(content)
        outcome = school.batch(store)
        back = school.rows(store, outcome)["sbroken"]
        assert (back.state, back.total) == (State.GRADED, 0.5)  # decided about this very zip
        assert (school.results / "sbroken" / "results.json").is_file()


@pytest.mark.parametrize(
    ("lost", "calls", "state", "attempts"),
    [(0, 1, State.GRADED, 1), (1, 2, State.GRADED, 2), (2, 2, State.FAULT, 2)],
)
def test_a_lost_worker_is_nobodys_fault(
    school: Class, lost: int, calls: int, state: State, attempts: int
) -> None:
    (school.folder / "pbroken.zip").unlink()
    with open_store(school.results) as store:
        school.executor.lose = lost
        outcome = school.batch(store)
        row = school.rows(store, outcome)["sbroken"]
        assert (len(school.executor.calls), row.state) == (calls, state)
        assert [run.attempts for run in school.seen.runs] == [attempts]
        if state is State.FAULT:
            assert "worker was lost" in row.sentence
            assert row.total is None
            school.batch(store)  # a fault is tried again with the next call
            assert school.executor.calls == ["sbroken"]


def test_people_and_dates_change_points_without_a_run(school: Class) -> None:
    with open_store(school.results) as store:
        first = school.batch(store)
        before = school.rows(store, first)["sbroken"]
        grades = school.results / "sbroken" / "grades.toml"
        grades.write_text('[parts.3c]\npoints = 0.5\nauthor = "ta"\n')
        late = ManifestRow(kerberos="sbroken", submitted=datetime(2021, 4, 1, 12, 0))
        school.manifest = (late,)
        second = school.batch(store)
        after = school.rows(store, second)["sbroken"]
        assert school.executor.calls == []
        assert second.rescored == 1
        assert after.days_late == 1
        assert after.total == pytest.approx(after.late_coefficient * 0.5)
        assert after.pending == pytest.approx(before.pending - 0.8)

        school.manifest = (replace(late, extension=timedelta(days=2)),)
        third = school.batch(store)
        extended = school.rows(store, third)["sbroken"]
        assert extended.days_late == 0
        assert extended.total == pytest.approx(0.5)

        stale = stale_pages(store, third.batch_id)
        assert [one.hand_in.kerberos for one in stale] == ["sbroken"]
        assert renew_pages(stale, school.results, store, school.executor) == ()
        assert stale_pages(store, third.batch_id) == ()
        page = (school.results / "sbroken" / "feedback.html").read_text(encoding="utf-8")
        assert "Graded by a person" in page
        _write_pdfs_behind(school)


def _write_pdfs_behind(school: Class) -> None:
    """PDFs come last, and only where one is missing: an older one went with the older page."""
    folder = ResultFolder(root=school.results / "sbroken")
    names = ("sbroken", "pbroken", "gone")
    assert without_pdf(names, school.results) == ("sbroken",)
    with ThreadPoolExecutor(1) as workers:
        assert write_pdfs(["sbroken"], school.results, workers, school.seen) == ()
    assert school.seen.written_pdfs == ["sbroken"]
    assert "Graded by a person" in PdfReader(folder.feedback_pdf).pages[1].extract_text()
    assert without_pdf(names, school.results) == ()
    folder.feedback_pdf.unlink()
    folder.results.rename(folder.root / "aside")
    with ThreadPoolExecutor(1) as workers:
        (problem,) = write_pdfs(["sbroken"], school.results, workers, school.seen)
    assert problem.startswith("sbroken: feedback.pdf was not written: ")
    (folder.root / "aside").rename(folder.results)
    assert without_pdf(names, school.results) == ("sbroken",)  # the next call tries again


def test_without_shared_files_the_results_come_back(school: Class) -> None:
    school.shared_files = False
    with open_store(school.results) as store:
        school.batch(store)
        school.batch(store)
    assert school.executor.calls == []
    assert (school.results / "sbroken" / "feedback.pdf").is_file()
    assert (school.results / "sbroken" / "submission").is_dir()


def test_a_results_folder_survives_the_way(tmp_path: Path) -> None:
    there, back = ResultFolder(root=tmp_path / "a"), ResultFolder(root=tmp_path / "b")
    (there.evidence).mkdir(parents=True)
    (there.evidence / "x.npy").write_bytes(b"1")
    there.key.write_text("k")
    back.root.mkdir()
    unpack(pack(there), back)
    assert {path.relative_to(back.root).as_posix() for path in back.root.rglob("*")} == {
        "evidence",
        "evidence/x.npy",
        ".key",
    }


def test_the_roster_comes_back_from_the_store(school: Class) -> None:
    shutil.copytree(school.folder, school.folder / "again")
    school.manifest += tuple(ManifestRow(kerberos=name) for name in ("pbroken", "sbroken"))
    with open_store(school.results) as store:
        outcome = school.batch(store)
        roster = roster_of(store, outcome.batch_id)
    assert [one.kerberos for one in roster.counted] == ["pbroken", "sbroken"]
    assert [one.hand_in.kerberos for one in roster.superseded] == ["pbroken", "sbroken"]
    assert roster.missing == ("gone",)
    assert roster.notes


def test_a_second_batch_on_the_folder_is_refused(tmp_path: Path) -> None:
    with (
        only_batch(tmp_path),
        pytest.raises(ConfigError, match="another batch"),
        only_batch(tmp_path),
    ):
        pass
    with only_batch(tmp_path):
        pass


def test_an_assignment_that_does_not_go_with_the_bundle_stops_it_before_the_first(
    school: Class,
) -> None:
    first = ASSIGNMENT.experiments[0]
    school.assignment = replace(
        ASSIGNMENT, experiments=(replace(first, step_size=9.0), *ASSIGNMENT.experiments[1:])
    )
    with open_store(school.results) as store, pytest.raises(ConfigError):
        school.batch(store)
    assert school.executor.calls == []


# -- a disk that is full --------------------------------------------------------------------------

EVERY = 11


def test_a_full_disk_is_a_sentence_at_every_write_and_the_same_command_goes_on(
    school: Class, tmp_path: Path
) -> None:
    disk = FullDisk(tmp_path, Path(tempfile.gettempdir()))
    sentences = []
    with open_store(school.results) as store:
        for after in range(0, 1000, EVERY):
            try:
                with disk.full_after(after):
                    outcome = school.batch(store)
            except DiskFull as error:
                sentences.append(str(error))
                assert State.FAULT not in {run.state for run in school.seen.runs}
            else:
                break
        rows = school.rows(store, outcome)
        states = {name: rows[name].state for name in ("sbroken", "pbroken")}
        assert states == {"sbroken": State.GRADED, "pbroken": State.REJECTED}
        with disk.full_after(0), pytest.raises(ConfigError, match=r"gradebook.csv: cannot be writ"):
            write_gradebook(list(rows.values()), ASSIGNMENT, school.results)
    assert len(sentences) > 2
    assert all(one.startswith("/") and "the disk is full" in one for one in sentences)
    assert [path.name for path in school.results.glob(".*")] == [".store"]


@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("mount"), reason="only root mounts")
def test_a_disk_that_is_truly_full(school: Class) -> None:
    """Too small for the store, then for the results; then large enough."""
    said = []
    mount(school.results, "16k")
    try:
        for size_kib in (16, 300, 64_000):
            mount(school.results, f"{size_kib}k", "remount")
            try:
                with open_store(school.results) as store:
                    rows = school.rows(store, school.batch(store))
            except ConfigError as error:
                said.append(str(error))
                assert State.FAULT not in {run.state for run in school.seen.runs}
        assert rows["sbroken"].state is State.GRADED
        assert len(said) == 2
        assert all(str(school.results) in one and "disk is full" in one for one in said), said
    finally:
        subprocess.run(["umount", school.results], check=True)


def mount(place: Path, size: str, *options: str) -> None:
    how = ",".join((f"size={size}", *options))
    subprocess.run(["mount", "-t", "tmpfs", "-o", how, "tmpfs", place], check=True)
