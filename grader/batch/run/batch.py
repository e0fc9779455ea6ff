"""A class from folder to gradebook. Killed at any point, the same call goes on where it was.

Only this process writes to the store and to the class' files. A submission counts as done once its
row is in the store; what was with a worker when everything died is done again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from grader.batch.collect.manifest import ManifestRow
from grader.batch.collect.platforms import hand_in_bytes
from grader.batch.records import Roster, State
from grader.batch.run.dispatch import Assigned, Done, dispatch
from grader.batch.run.executors import Slots
from grader.batch.run.keys import RunKey, run_digest
from grader.batch.run.preflight import check_before_running
from grader.batch.run.rescoring import rescore_batch
from grader.batch.run.task import GradeTask, unpack
from grader.batch.store.rows import BatchRow, HandInRow, RunRow
from grader.batch.store.store import FOLDER, Store, now
from grader.execution.settings import RunSettings
from grader.intake.hand_in import HandIn
from grader.model.assignment import Assignment, Course
from grader.model.results_folder import ResultFolder, recover, replacing, set_aside
from grader.model.text import one_line
from grader.model.version import code_version
from reference.bundles import Bundle, bundle_version
from reference.errors import ConfigError, SubmissionError


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOptions:
    """How a class is graded."""

    results: Path
    """Results folder of the class."""
    assignment: Assignment
    """Parts and points."""
    course: Course
    """Variant of whoever the manifest does not name."""
    bundle: Bundle
    """Weights and pictures; the one that the settings name."""
    settings: RunSettings
    """How notebooks are run."""
    shared_files: bool
    """Whether workers see the results folder."""
    slots: Slots
    """How many submissions the workers take at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What there is to grade, and what staff say about it."""

    roster: Roster
    """The hand-ins."""
    manifest: tuple[ManifestRow, ...]
    """One per student that staff name."""


class Watcher(Protocol):
    """Sees how a batch comes along."""

    def stage(self, name: str) -> None:
        """A stage begins: `grading`, `scoring`, `exports` or `pages`."""

    def begin(self, total: int, known: int) -> None:
        """So many submissions count; the results of so many are there already."""

    def under_way(self, names: tuple[str, ...]) -> None:
        """These are with the workers."""

    def done(self, kerberos: str, run: RunRow, total: float | None, pending: float) -> None:
        """One has come to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOutcome:
    """What a batch has done."""

    batch_id: int
    """Its row in the store."""
    graded_now: frozenset[str]
    """Kerberos names that were run, and not taken from an earlier batch."""
    rescored: int
    """Grades that changed without a run."""


@contextmanager
def only_batch(results: Path) -> Iterator[None]:
    """Let no second batch write to the same folder.

    Raises:
        ConfigError: one does already, or the folder cannot be written.
    """
    lock = FileLock(results / FOLDER / "lock")
    try:
        (results / FOLDER).mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ConfigError(
            f"{results}: another batch writes to this folder; wait for it, or name another one"
        ) from error
    except OSError as error:
        raise ConfigError(f"{results}: expected a folder to write to, found: {error}") from error
    try:
        recover(results)  # of a batch that was killed
        yield
    finally:
        recover(results)  # of one that is interrupted now
        lock.release()


def run_batch(
    found: Found, options: BatchOptions, store: Store, executor: Executor, watcher: Watcher
) -> BatchOutcome:
    """Grade what is not graded yet, and score the rest as it stands today.

    Raises:
        ConfigError: a file of staff's cannot be read, or the executor is gone.
    """
    roster = found.roster
    digest = run_digest(options.assignment)
    asked = [(one, _asked(one, options, store, digest)) for one in roster.counted]
    rows = [row for _, row in asked]
    rows += [
        replace(
            _asked(one.hand_in, options, store, digest), role="superseded", superseded_by=one.by
        )
        for one in roster.superseded
    ]
    told = {row.kerberos: row for row in found.manifest}
    rows += [_missing(told[kerberos], options.course) for kerberos in roster.missing]
    batch = BatchRow(
        assignment=options.assignment.name, options=_options_json(options), notes=roster.notes
    )
    batch_id = store.begin_batch(batch, rows)
    known = store.done_states(row.cache_key for _, row in asked)
    to_do = [
        Assigned(kerberos=hand_in.kerberos, make=partial(_task, hand_in, row, options, store))
        for hand_in, row in asked
        if row.zip_sha256 and not _is_there(row, known, options.results)
    ]
    watcher.stage("grading")
    watcher.begin(len(asked), len(asked) - len(to_do))
    if to_do:
        workers = min(options.slots(), len(to_do))
        check_before_running(options.assignment, options.bundle.name, executor, workers)
    by_name = {row.kerberos: row for _, row in asked}
    graded = set()
    for done in dispatch(to_do, executor, slots=options.slots, on_poll=watcher.under_way):
        row = by_name[done.assigned.kerberos]
        run = _keep(done, row, options, store)
        graded.add(row.kerberos)
        sheet = done.result.sheet
        watcher.done(
            row.kerberos, run, sheet.total if sheet else None, sheet.pending if sheet else 0.0
        )
    watcher.stage("scoring")
    rescored = rescore_batch(store, batch_id, options.assignment, options.results, code_version())
    return BatchOutcome(batch_id=batch_id, graded_now=frozenset(graded), rescored=rescored)


def _asked(hand_in: HandIn, options: BatchOptions, store: Store, assignment: str) -> HandInRow:
    """Keep the zip, and say which run it asks for; `assignment` is its `run_digest`."""
    try:
        content = hand_in_bytes(hand_in)
    except (SubmissionError, ConfigError) as error:  # one file never stops the class
        return _unreadable(hand_in, options, store, str(error))
    digest = store.blobs.put(content)
    key = RunKey(
        zip_sha256=digest,
        zip_name=hand_in.zip_name,
        kerberos=hand_in.kerberos,
        course=hand_in.course,
        assignment=assignment,
        bundle=f"{options.bundle.name} {bundle_version(options.bundle)}",
        code=code_version(),
        device=options.settings.device,
        limits=options.settings.limits,
    )
    return _row(hand_in, digest, key.digest())


def _row(hand_in: HandIn, digest: str, key: str) -> HandInRow:
    return HandInRow(
        kerberos=hand_in.kerberos,
        course=hand_in.course,
        zip_sha256=digest,
        cache_key=key,
        role="counted",
        source=hand_in.source,
        zip_name=hand_in.zip_name,
        name=hand_in.name,
        platform=hand_in.platform,
        platform_id=hand_in.platform_id,
        submitted=hand_in.submitted.isoformat() if hand_in.submitted else "",
        extension_days=hand_in.extension / timedelta(days=1),
    )


def _unreadable(hand_in: HandIn, options: BatchOptions, store: Store, why: str) -> HandInRow:
    """A hand-in of which not even a zip can be made: rejected, and a person looks."""
    key = hashlib.sha256(f"{hand_in.kerberos}\0{hand_in.source}\0{why}".encode()).hexdigest()
    if not store.done_states([key]):
        run = _run_row(_row(hand_in, "", key), options, State.REJECTED, one_line(why))
        store.add_run(run, None)
    return _row(hand_in, "", key)


def _missing(told: ManifestRow, course: Course) -> HandInRow:
    """A student of the manifest who handed in nothing."""
    return HandInRow(
        kerberos=told.kerberos,
        course=told.course or course,
        zip_sha256="",
        cache_key="",
        role="missing",
        name=told.name,
        extension_days=told.extension / timedelta(days=1),
    )


def _is_there(row: HandInRow, known: Mapping[str, str], results: Path) -> bool:
    """Whether the run is in the store, and its results are where they belong."""
    folder = ResultFolder(root=results / row.kerberos)
    match known.get(row.cache_key):
        case State.GRADED:
            try:
                return folder.key.read_text(encoding="ascii") == row.cache_key
            except (OSError, UnicodeDecodeError):
                return False
        case State.REJECTED:
            return not folder.root.exists()
        case _:
            return False


def _task(hand_in: HandIn, row: HandInRow, options: BatchOptions, store: Store) -> GradeTask:
    return GradeTask(
        content=store.blobs.get(row.zip_sha256),
        hand_in=hand_in,
        key=row.cache_key,
        assignment=options.assignment,
        settings=options.settings,
        out=options.results.absolute() if options.shared_files else None,
    )


def _keep(done: Done, row: HandInRow, options: BatchOptions, store: Store) -> RunRow:
    """Put the results where they belong, then the row into the store: in this order."""
    result = done.result
    if result.archive:
        with replacing(options.results, row.kerberos) as folder:
            unpack(result.archive, folder)
    if result.state is State.REJECTED:
        set_aside(options.results, row.kerberos, options.results / FOLDER / "set_aside")
    blob = store.blobs.put(result.sheet_json) if result.sheet_json else ""
    run = _run_row(row, options, result.state, result.sentence)
    run = replace(
        run,
        worker=result.worker,
        attempts=done.attempts,
        seconds=result.seconds,
        stage_seconds=json.dumps(dict(result.stage_seconds)),
        sheet_sha256=blob,
    )
    if result.sheet is not None:
        facts = result.sheet.facts
        run = replace(
            run, seed=facts.seed, device=facts.host.device, isolation=facts.host.isolation
        )
    store.add_run(run, result.sheet)
    return run


def _run_row(row: HandInRow, options: BatchOptions, state: State, sentence: str) -> RunRow:
    return RunRow(
        kerberos=row.kerberos,
        cache_key=row.cache_key,
        state=state.value,
        sentence=sentence,
        zip_sha256=row.zip_sha256,
        assignment=options.assignment.name,
        assignment_sha256=options.assignment.sha256,
        code_version=code_version(),
        bundle=options.bundle.name,
        bundle_sha256=bundle_version(options.bundle),
        seed=None,
        device="",
        isolation="",
        worker="",
        attempts=0,
        seconds=0.0,
        stage_seconds="{}",
        sheet_sha256="",
        finished_at=now(),
    )


def _options_json(options: BatchOptions) -> str:
    return json.dumps(
        {
            "bundle": options.bundle.name,
            "device": options.settings.device,
            "threads": options.settings.threads,
            "isolation": options.settings.isolation.value,
            "warm": options.settings.warm,
            "workers": options.slots(),
        }
    )
