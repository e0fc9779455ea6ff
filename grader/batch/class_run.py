"""`make batch`, `make score` and `make rejudge`: the stages of this package on a class."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from grader.batch.class_folder import class_offering, newest_class
from grader.batch.class_pages import CHECKS_TIMEOUT_S, finish_class
from grader.batch.class_records import (
    ALL_PAGES,
    ClassOutcome,
    ClassRequest,
    Pages,
    RejudgeClassOutcome,
    RejudgeClassRequest,
)
from grader.batch.collect.manifest import ManifestRow, read_manifest
from grader.batch.collect.platforms import find_hand_ins
from grader.batch.records import Roster
from grader.batch.run.batch import only_batch, run_batch
from grader.batch.run.decided import Imported, grades_in, import_grades
from grader.batch.run.executors import Slots, dask_cluster, local_pool, room_for, workers_that_fit
from grader.batch.run.options import BatchOptions, BatchOutcome, Found
from grader.batch.run.rejudging import (
    Moved,
    NotJudged,
    RejudgeOptions,
    Sorted,
    moved,
    rejudge_standings,
    sorted_out,
)
from grader.batch.run.rescoring import rescore_batch, scored_today
from grader.batch.run.shared_servers import checks_only, shared_servers, start_checks_anew
from grader.batch.run.watching import Watcher
from grader.batch.store.store import Store, open_store
from grader.execution.run import deadline_s
from grader.execution.settings import RunSettings
from grader.model.assignment import Assignment
from grader.model.version import code_version
from grader.sandbox.tiers import Wish, choose_tier, host_support
from grader.scoring.overrides import HumanGrades
from reference.bundles import get_bundle
from reference.errors import ConfigError


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
        with _executor(request, roster) as (executor, slots):
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
            return finish_class(store, batch, request.assignment, request.results, watcher, pages)


def score_class(
    results: Path,
    assignment_name: str | None,
    store_url: str | None,
    watcher: Watcher,
    pages: Pages = ALL_PAGES,
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
        return finish_class(store, done, assignment, results, watcher, pages)


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
            finished = finish_class(store, done, assignment, results, watcher, pages)
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
    with local_pool(workers, threads=1, timeout_s=CHECKS_TIMEOUT_S, shared=checks_only) as executor:
        start_checks_anew()
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


def _manifest(request: ClassRequest) -> tuple[ManifestRow, ...]:
    usual = request.folder / "manifest.csv"
    path = request.manifest or (usual if usual.is_file() else None)
    return read_manifest(path, request.assignment) if path else ()


@contextmanager
def _executor(request: ClassRequest, roster: Roster) -> Iterator[tuple[Executor, Slots]]:
    """Give the workers, and how many submissions they take at once.

    What is imported once for all of them begins at once where it is seen that some are to run.
    """
    settings = request.settings
    if request.scheduler is not None:
        with dask_cluster(request.scheduler, gpus=settings.device == "cuda") as (executor, slots):
            yield executor, slots
        return
    workers = workers_that_fit(request.workers, settings.device)
    timeout_s = deadline_s(settings.limits) + CHECKS_TIMEOUT_S
    threads = settings.threads or 1
    with (
        shared_servers(settings) as servers,
        local_pool(workers, threads=threads, timeout_s=timeout_s, shared=servers.wait) as executor,
    ):
        start_checks_anew()
        if any(not (request.results / one.kerberos).exists() for one in roster.counted):
            servers.begin()
        yield executor, lambda: workers


def _beside_others(request: ClassRequest, workers: int) -> RunSettings:
    """How notebooks are run while as many go on; a cluster's workers are whoever set it up's."""
    if request.scheduler is not None:
        return request.settings
    room_mib = room_for(workers, request.settings.limits)
    return replace(request.settings, room_mib=room_mib, beside_others=workers > 1)


def _refuse_unasked_process(wish: Wish) -> None:
    """A class is code by many strangers: a host that cannot isolate must be told that it may."""
    support = host_support()
    if wish not in (Wish.PROCESS, Wish.USER) and not choose_tier(wish, support).boxed:
        raise ConfigError(
            f"A class is graded in boxes only, and this host has none: {support.why_not}; install "
            "bubblewrap, or, for code that you trust, say ISOLATION=process"
        )
