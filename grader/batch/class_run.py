"""`make batch` and `make score`: the stages of this package on the results folder of a class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from grader.batch.collect.manifest import ManifestRow, read_manifest
from grader.batch.collect.platforms import find_hand_ins
from grader.batch.exports.class_files import write_exports, write_similarity
from grader.batch.exports.neighbors import link_neighbors
from grader.batch.records import ClassRow, Roster
from grader.batch.run.batch import only_batch, run_batch
from grader.batch.run.decided import Imported, grades_in, import_grades
from grader.batch.run.executors import Slots, dask_cluster, local_pool, room_for, workers_that_fit
from grader.batch.run.options import BatchOptions, BatchOutcome, Found
from grader.batch.run.pages import renew_pages, stale_pages
from grader.batch.run.pdfs import without_pdf, write_pdfs
from grader.batch.run.rejudging import (
    Moved,
    NotJudged,
    RejudgeOptions,
    Sorted,
    moved,
    rejudge_standings,
    sorted_out,
)
from grader.batch.run.rescoring import class_rows, rescore_batch, roster_of, scored_today
from grader.batch.run.unrun_pages import write_unrun_pages
from grader.batch.run.watching import Watcher
from grader.batch.store.store import FOLDER, Store, holds_class, open_store
from grader.execution.run import deadline_s
from grader.execution.settings import RunSettings
from grader.model.assignment import Assignment, Course, load_assignment
from grader.model.offering_files import offering_place, recorded_offering
from grader.model.results_folder import ResultFolder
from grader.model.version import code_version
from grader.sandbox.tiers import Wish, choose_tier, host_support
from grader.scoring.overrides import HumanGrades
from reference.bundles import get_bundle
from reference.errors import ConfigError

CHECKS_TIMEOUT_S = 1800.0
"""Wall-clock seconds that a worker may take for one submission beside the run itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRequest:
    """What is asked for."""

    folder: Path
    """The hand-ins, as they were downloaded."""
    manifest: Path | None
    """CSV with what staff know; None for `manifest.csv` in the folder, where there is one."""
    results: Path
    """Results folder of the class."""
    assignment: Assignment
    """Parts and points."""
    course: Course
    """Variant of whoever the manifest does not name."""
    settings: RunSettings
    """How notebooks are run."""
    workers: int | None
    """Processes of this machine; None for as many as fit."""
    scheduler: str | None
    """Address of a Dask scheduler; None for processes of this machine."""
    store: str | None
    """URL of another database; None for SQLite in the results folder."""
    offering: str = ""
    """Name or path of the offering, where it is found again; empty for its name."""
    only: frozenset[str] = frozenset()
    """Kerberos names that are run; empty for all that are not done."""
    force: bool = False
    """Whether also what is done is run again."""
    pdf: bool = True
    """Whether `feedback.pdf` is written, behind all grades."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """Which pages a stage ends with."""

    html: bool = True
    """Whether those are written whose points changed; else the next call writes them."""
    pdf: bool = True
    """Whether PDFs are written that are not there; else the next call writes them."""
    executor: Executor | None = None
    """Workers that are there already; None for new ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassOutcome:
    """What came of it."""

    batch: BatchOutcome
    """What was done."""
    rows: tuple[ClassRow, ...]
    """How each student stands."""
    notes: tuple[str, ...]
    """What staff should know about the folder, one sentence each."""
    problems: tuple[str, ...]
    """What staff must see to, one sentence each."""
    files: tuple[tuple[str, Path], ...]
    """(what it is, where) of the class' files."""
    faults: tuple[str, ...] = ()
    """Files of staff's that cannot be read, a sentence each; all else is done."""


def grade_class(request: ClassRequest, watcher: Watcher) -> ClassOutcome:
    """Grade a class, and write its files; what is done already is not done again.

    Raises:
        ConfigError: an option, the manifest, the bundle or the results folder is wrong, or this
            host cannot isolate and was not told that it need not.
    """
    if request.scheduler is None:
        _refuse_unasked_process(request.settings.isolation)
    bundle = get_bundle(request.settings.bundle)
    rows = _manifest(request)
    roster = find_hand_ins(request.folder, rows, request.assignment, request.course)
    _refuse_nobody(request.folder, roster)
    with only_batch(request.results), open_store(request.results, request.store) as store:
        other = _scored_by_another(store, request)
        with _executor(request) as (executor, slots):
            options = BatchOptions(
                results=request.results,
                assignment=request.assignment,
                course=request.course,
                bundle=bundle,
                settings=_beside_others(request, slots()),
                shared_files=request.scheduler is None,
                slots=slots,
                only=request.only,
                force=request.force,
                pdf=request.pdf,
            )
            found = Found(roster=roster, manifest=rows)
            batch = run_batch(found, options, store, executor, watcher)
            batch = replace(batch, problems=(*other, *batch.problems))
            pages = Pages(pdf=request.pdf, executor=executor if options.shared_files else None)
            return _finish(store, batch, request.assignment, request.results, watcher, pages)


def score_class(
    results: Path,
    assignment_name: str | None,
    store_url: str | None,
    watcher: Watcher,
    pages: Pages = Pages(),
) -> ClassOutcome:
    """Score a class anew from its store and everybody's `grades.toml`; no notebook is run.

    The class' files come first; then the pages of those whose points changed.

    Args:
        results: Results folder of the class.
        assignment_name: Offering, where it is not the one that the class was graded by.
        store_url: URL of another database than that of the results folder.
        watcher: Sees how it comes along.
        pages: Which are written.

    Raises:
        ConfigError: there is no batch in the folder.
    """
    with only_batch(results), open_store(results, store_url) as store:
        batch_id, assignment = newest_class(store, results, assignment_name)
        store.note_scoring(class_offering(store, results, assignment_name))
        watcher.stage("scoring")
        imported = import_grades(store, store.hand_ins(batch_id), results, assignment)
        human = grades_in(store, assignment)
        done = BatchOutcome(
            batch_id=batch_id,
            graded_now=frozenset(),
            rejudged=frozenset(),
            rescored=rescore_batch(store, batch_id, assignment, human, code_version()),
            problems=imported.problems,
            faults=imported.faults,
        )
        return _finish(store, done, assignment, results, watcher, pages)


@dataclass(frozen=True, slots=True, kw_only=True)
class RejudgeClassRequest:
    """What is to be judged again."""

    results: Path
    """Results folder of the class."""
    assignment: str | None
    """Name or path of the offering; None for the one that the class was graded by."""
    keep: bool
    """Whether results are written; else it is only told who would move."""
    workers: int | None
    """Processes of this machine; None for as many as fit."""
    scheduler: str | None
    """Address of a Dask scheduler; None for processes of this machine."""
    store: str | None
    """URL of another database; None for SQLite in the results folder."""
    pdf: bool = True
    """Whether `feedback.pdf` is written, behind all points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RejudgeClassOutcome:
    """What came of it."""

    judged: tuple[Moved, ...]
    """Everybody whose evidence was judged, or whose points were scored anew, by kerberos."""
    not_judged: tuple[NotJudged, ...]
    """Whose was not, and why."""
    finished: ClassOutcome | None
    """The class's files; None where nothing was written."""


def rejudge_class(request: RejudgeClassRequest, watcher: Watcher) -> RejudgeClassOutcome:
    """Judge the evidence of a class by today's checks and rules; no notebook is run.

    Raises:
        ConfigError: there is no batch in the folder, the offering or a file of staff's cannot be
            read, or the executor is gone; the same command then goes on where it was.
    """
    results = request.results
    with only_batch(results), open_store(results, request.store) as store:
        batch_id, assignment = newest_class(store, results, request.assignment)
        watcher.stage("judging")
        imported = Imported()
        if request.keep:
            imported = import_grades(store, store.hand_ins(batch_id), results, assignment)
        human = grades_in(store, assignment)
        standings = tuple(store.standings(batch_id))
        found = sorted_out(standings, assignment, results)
        watcher.begin(len(found.to_judge) + len(found.as_today), len(found.as_today))
        judged, not_judged = _judged(request, assignment, (found, human), store, watcher)
        for one in found.as_today:
            if one.grade is not None:
                today = scored_today(one, one.grade, assignment, human)
                judged.append(moved(one.grade.sheet, today))
        finished = None
        if request.keep:
            store.note_scoring(class_offering(store, results, request.assignment))
            watcher.stage("scoring")
            done = BatchOutcome(
                batch_id=batch_id,
                graded_now=frozenset(),
                rejudged=frozenset(one.hand_in.kerberos for one in found.to_judge),
                rescored=rescore_batch(store, batch_id, assignment, human, code_version()),
                problems=imported.problems,
                faults=imported.faults,
            )
            pages = Pages(pdf=request.pdf)
            finished = _finish(store, done, assignment, results, watcher, pages)
        return RejudgeClassOutcome(
            judged=tuple(sorted(judged, key=lambda one: one.kerberos)),
            not_judged=(*found.to_run, *not_judged),
            finished=finished,
        )


def _judged(
    request: RejudgeClassRequest,
    assignment: Assignment,
    asked: tuple[Sorted, HumanGrades],
    store: Store,
    watcher: Watcher,
) -> tuple[list[Moved], list[NotJudged]]:
    """Let workers judge what has to be judged again."""
    found, human = asked
    judged: list[Moved] = []
    not_judged: list[NotJudged] = []
    if not found.to_judge:
        return judged, not_judged
    with _judging_executor(request, len(found.to_judge)) as (executor, slots):
        options = RejudgeOptions(
            results=request.results,
            assignment=assignment,
            shared_files=request.scheduler is None,
            slots=slots,
            keep=request.keep,
            human=human,
            pdf=request.pdf,
        )
        for one in rejudge_standings(found.to_judge, options, store, executor, watcher):
            if isinstance(one, Moved):
                judged.append(one)
            else:
                not_judged.append(one)
    return judged, not_judged


@contextmanager
def _judging_executor(request: RejudgeClassRequest, most: int) -> Iterator[tuple[Executor, Slots]]:
    if request.scheduler is not None:
        with dask_cluster(request.scheduler, gpus=False) as (executor, slots):
            yield executor, slots
        return
    workers = min(most, workers_that_fit(request.workers, "auto"))
    with local_pool(workers, threads=1, timeout_s=CHECKS_TIMEOUT_S) as executor:
        yield executor, lambda: workers


def _refuse_nobody(folder: Path, roster: Roster) -> None:
    if not (roster.counted or roster.superseded or roster.missing):
        raise ConfigError(
            f"{folder}: expected submissions, such as kerberos.zip, or a manifest.csv, found none; "
            "name the folder that you downloaded"
        )


def _scored_by_another(store: Store, request: ClassRequest) -> tuple[str, ...]:
    """Note by which offering a batch gives points; return a sentence where it was another."""
    before = store.scored_by()
    offering = request.offering or request.assignment.name
    store.note_scoring(offering)
    if before in {"", offering}:
        return ()
    sentence = (
        f"Points were given by the offering {before} until now, and are given by {offering} from "
        f"now on. To go back: `grader score {request.results} --assignment {before}`."
    )
    return (sentence,)


def class_offering(store: Store, results: Path, name: str | None) -> str:
    """Return the offering of a class: that which is named, or by which it was scored last.

    Raises:
        ConfigError: there is no batch in the folder, or the offering is not found any more.
    """
    if name:
        return offering_place(name)
    newest, last = store.newest_batch(), store.scored_by()
    if not Path(last).is_absolute():
        return recorded_offering(last or (newest[1] if newest else ""), results)
    if not Path(last).exists():
        raise ConfigError(
            f"{results}: the class was scored last by the offering {last}, which is not there any "
            "more; put it back, or say where it is with --assignment FOLDER (make: "
            "ASSIGNMENT=FOLDER)"
        )
    return last


def newest_class(store: Store, results: Path, name: str | None) -> tuple[int, Assignment]:
    """Return the newest batch, and the offering that is named or by which it was scored last.

    Raises:
        ConfigError: there is no batch in the folder.
    """
    newest = store.newest_batch()
    if newest is None:
        raise ConfigError(
            f"{results}: expected a graded class in its store, found none; if it is in another "
            "database, name that with --store"
        )
    return newest[0], load_assignment(class_offering(store, results, name))


def is_class(results: Path) -> bool:
    """Whether a folder holds the results of a class; else it holds those of one submission.

    Raises:
        ConfigError: it holds neither.
    """
    if ResultFolder(root=results).results.is_file():
        return False
    if holds_class(results):
        return True
    if not results.exists():
        raise ConfigError(f"{results}: no such folder; name the one that grading wrote")
    if not results.is_dir():
        raise ConfigError(f"{results}: expected a folder, found a file; name what grading wrote")
    if any(ResultFolder(root=path).results.is_file() for path in results.iterdir()):
        raise ConfigError(
            f"{results}: expected the store of a class ({FOLDER}), found only folders of students; "
            "put the store back, or name the students' folders one by one"
        )
    raise ConfigError(
        f"{results}: expected the results of a submission (results.json) or of a class ({FOLDER}), "
        "found neither; grade first"
    )


def refuse_class(results: Path) -> None:
    """Refuse to grade a single submission into the results of a class.

    It would know neither the course nor the deadline that the manifest gives, and its pages would
    stand where those of the class belong.

    Raises:
        ConfigError: the folder holds a class.
    """
    if holds_class(results):
        raise ConfigError(
            f"{results}: expected a folder for single submissions, found the results of a class; "
            "name another folder (OUT=), or grade one student of the class anew with `make batch "
            "ONLY=kerberos FORCE=1`"
        )


def refuse_faults(faults: Sequence[str]) -> None:
    """End with the files of staff's that could not be read, where all else is done.

    Raises:
        ConfigError: there are such files.
    """
    if faults:
        count = "1 file was" if len(faults) == 1 else f"{len(faults)} files were"
        raise ConfigError(f"{count} not taken, all else is scored: {'; '.join(faults)}")


def _manifest(request: ClassRequest) -> tuple[ManifestRow, ...]:
    usual = request.folder / "manifest.csv"
    path = request.manifest or (usual if usual.is_file() else None)
    return read_manifest(path, request.assignment) if path else ()


@contextmanager
def _executor(request: ClassRequest) -> Iterator[tuple[Executor, Slots]]:
    """Give the workers, and how many submissions they take at once."""
    settings = request.settings
    if request.scheduler is not None:
        with dask_cluster(request.scheduler, gpus=settings.device == "cuda") as (executor, slots):
            yield executor, slots
        return
    workers = workers_that_fit(request.workers, settings.device)
    timeout_s = deadline_s(settings.limits) + CHECKS_TIMEOUT_S
    with local_pool(workers, threads=settings.threads or 1, timeout_s=timeout_s) as executor:
        yield executor, lambda: workers


def _beside_others(request: ClassRequest, workers: int) -> RunSettings:
    """How notebooks are run while as many go on; a cluster's workers are whoever set it up's."""
    if request.scheduler is not None:
        return request.settings
    return replace(request.settings, room_mib=room_for(workers, request.settings.limits))


def _refuse_unasked_process(wish: Wish) -> None:
    """A class is code by many strangers: a host that cannot isolate must be told that it may."""
    support = host_support()
    if wish not in (Wish.PROCESS, Wish.USER) and not choose_tier(wish, support).boxed:
        raise ConfigError(
            f"A class is graded in boxes only, and this host has none: {support.why_not}; install "
            "bubblewrap, or, for code that you trust, say ISOLATION=process"
        )


def _finish(
    store: Store,
    batch: BatchOutcome,
    assignment: Assignment,
    results: Path,
    watcher: Watcher,
    pages: Pages,
) -> ClassOutcome:
    """Write the class' files; then the pages whose points changed, and PDFs last."""
    watcher.stage("exports")
    human = grades_in(store, assignment)
    rows = tuple(class_rows(store, batch.batch_id, batch.graded_now, assignment, human))
    roster = roster_of(store, batch.batch_id)
    common = write_similarity(rows, assignment, results) if batch.graded_now else ()
    told = (*batch.faults, *batch.problems)
    files = (*write_exports(rows, roster, assignment, results, problems=told), *common)
    problems = list(batch.problems)
    if pages.html:
        problems += _renew_pages(store, batch.batch_id, results, watcher, pages.executor)
        unrun = store.hand_ins(batch.batch_id)
        problems += write_unrun_pages(rows, unrun, assignment, human, results)
        problems += link_neighbors(rows, results)
        problems += _write_pdfs([row.kerberos for row in rows], results, watcher, pages)
    return ClassOutcome(
        batch=batch,
        rows=rows,
        notes=roster.notes,
        problems=tuple(problems),
        files=files,
        faults=batch.faults,
    )


def _renew_pages(
    store: Store, batch_id: int, results: Path, watcher: Watcher, executor: Executor | None
) -> tuple[str, ...]:
    stale = stale_pages(store, batch_id)
    if not stale:
        return ()
    watcher.stage("pages")
    with _page_workers(executor, len(stale)) as workers:
        return renew_pages(stale, results, store, workers)


def _write_pdfs(
    names: Sequence[str], results: Path, watcher: Watcher, pages: Pages
) -> tuple[str, ...]:
    missing = without_pdf(names, results)
    if not missing:
        return ()
    if not pages.pdf:
        count = "1 feedback.pdf is" if len(missing) == 1 else f"{len(missing)} feedback.pdf are"
        return (f"{count} not written, as asked; the same command without that writes them",)
    watcher.stage("pdfs")
    with _page_workers(pages.executor, len(missing)) as workers:
        return write_pdfs(missing, results, workers, watcher)


@contextmanager
def _page_workers(executor: Executor | None, most: int) -> Iterator[Executor]:
    if executor is not None:
        yield executor
        return
    workers = min(most, workers_that_fit(None, "cpu"))
    with local_pool(workers, threads=1, timeout_s=CHECKS_TIMEOUT_S) as pool:
        yield pool
