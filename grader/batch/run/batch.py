"""A class from folder to gradebook. Killed at any point, the same call goes on where it was.

Only this process writes to the store and to the class' files. A submission counts as done once its
row is in the store; what was with a worker when everything died is done again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from grader.batch.records import State
from grader.batch.run.asking import asked, missing, run_row
from grader.batch.run.decided import grades_in, import_grades
from grader.batch.run.dispatch import Assigned, Done, Work, dispatch
from grader.batch.run.keys import todays_keys
from grader.batch.run.options import BatchOptions, BatchOutcome, Found
from grader.batch.run.preflight import check_before_running
from grader.batch.run.rejudging import (
    Moved,
    NotJudged,
    RejudgeOptions,
    folder_holds,
    rejudge_standings,
    sorted_out,
)
from grader.batch.run.rescoring import rescore_batch
from grader.batch.run.task import (
    GradeTask,
    TaskResult,
    no_result,
    unpack,
    with_all_memory,
)
from grader.batch.run.watching import Watcher
from grader.batch.run.worker import grade_task
from grader.batch.store.rows import BatchRow, DoneRun, HandInRow, Judgement, RunRow, Standing
from grader.batch.store.store import FOLDER, Store
from grader.intake.hand_in import HandIn
from grader.model.results_folder import ResultFolder, recover, replacing, set_aside
from grader.model.stage_keys import GraderKeys
from grader.model.version import code_version
from grader.scoring.overrides import NO_GRADES, HumanGrades
from reference.errors import ConfigError

GRADE = Work(call=grade_task, failed=no_result, again=with_all_memory)
"""What workers do."""


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
    """Run what was not run yet, judge again what today's checks judge otherwise, score the rest.

    Raises:
        ConfigError: a file of staff's cannot be read, or the executor is gone.
    """
    batch = _Batch(
        options=options,
        store=store,
        executor=executor,
        watcher=watcher,
        keys=todays_keys(options.assignment, options.bundle.name),
    )
    _refuse_unknown(options.only, found)
    counted, others = batch.rows(found)
    row = BatchRow(
        assignment=options.assignment.name, options=options.to_json(), notes=found.roster.notes
    )
    batch_id = store.begin_batch(row, (*counted, *others))
    imported = import_grades(store, (*counted, *others), options.results, options.assignment)
    batch.human = grades_in(store, options.assignment)
    known = store.done_runs(row.cache_key for row in counted)
    there = {row.kerberos for row in counted if _is_there(row, known, options.results)}
    if options.force:
        there = {kerberos for kerberos in there if not options.is_asked(kerberos)}
    missing_runs = [row for row in counted if row.zip_sha256 and row.kerberos not in there]
    to_run = [row for row in missing_runs if options.is_asked(row.kerberos)]
    watcher.stage("grading")
    watcher.begin(len(counted), len(counted) - len(to_run))
    graded = frozenset(batch.run(to_run))
    present = (one for one in store.standings(batch_id) if one.hand_in.kerberos in there)
    judged = batch.rejudge(sorted_out(present, options.assignment, options.results).to_judge)
    damaged = {one.kerberos for one in judged if isinstance(one, NotJudged) and one.must_run}
    graded |= batch.run_damaged([row for row in counted if row.kerberos in damaged])
    watcher.stage("scoring")
    human = grades_in(store, options.assignment)  # somebody may have decided meanwhile
    rescored = rescore_batch(store, batch_id, options.assignment, human, code_version())
    return BatchOutcome(
        batch_id=batch_id,
        graded_now=graded,
        rejudged=frozenset(one.kerberos for one in judged if isinstance(one, Moved)),
        rescored=rescored,
        problems=(
            *imported.problems,
            *(
                f"{one.kerberos} could not be judged again: {one.sentence}"
                for one in judged
                if isinstance(one, NotJudged) and one.kerberos not in damaged
            ),
        ),
        faults=imported.faults,
    )


@dataclass(slots=True, kw_only=True)
class _Batch:
    """One call of `make batch`, and whom it works with."""

    options: BatchOptions
    store: Store
    executor: Executor
    watcher: Watcher
    keys: GraderKeys
    human: HumanGrades = NO_GRADES

    def rows(self, found: Found) -> tuple[list[HandInRow], list[HandInRow]]:
        """Return the rows of the hand-ins that count, and of all others."""
        roster, told = found.roster, {row.kerberos: row for row in found.manifest}
        counted = [self._asked(hand_in) for hand_in in roster.counted]
        others = [
            replace(self._asked(one.hand_in), role="superseded", superseded_by=one.by)
            for one in roster.superseded
        ]
        others += [missing(told[kerberos], self.options.course) for kerberos in roster.missing]
        return counted, others

    def _asked(self, hand_in: HandIn) -> HandInRow:
        return asked(hand_in, self.options, self.store, self.keys)

    def run(self, rows: Sequence[HandInRow]) -> Iterator[str]:
        """Run these, and yield whose came to an end."""
        if not rows:
            return
        options, slots = self.options, self.options.slots
        workers = min(slots(), len(rows))
        check_before_running(
            options.assignment, options.bundle.name, self.executor, workers, self.keys
        )
        by_name = {row.kerberos: row for row in rows}
        tasks = [
            Assigned(kerberos=kerberos, make=partial(_task, row, options, self.store, self.human))
            for kerberos, row in by_name.items()
        ]
        on_poll = self.watcher.under_way
        for done in dispatch(GRADE, tasks, self.executor, slots=slots, on_poll=on_poll):
            row, sheet = by_name[done.assigned.kerberos], done.result.sheet
            run = _keep(done, row, options, self.store)
            total, pending = (sheet.total, sheet.pending) if sheet else (None, 0.0)
            self.watcher.done(row.kerberos, run, total, pending)
            yield row.kerberos

    def run_damaged(self, rows: Sequence[HandInRow]) -> frozenset[str]:
        """Run those whose recorded evidence turned out to be damaged; return whose ended."""
        if rows:
            self.watcher.stage("grading")
            self.watcher.begin(len(rows), 0)
        return frozenset(self.run(rows))

    def rejudge(self, standings: Sequence[Standing]) -> tuple[Moved | NotJudged, ...]:
        """Judge the evidence of these again."""
        if not standings:
            return ()
        self.watcher.stage("judging")
        self.watcher.begin(len(standings), 0)
        options = RejudgeOptions(
            results=self.options.results,
            assignment=self.options.assignment,
            shared_files=self.options.shared_files,
            slots=self.options.slots,
            human=self.human,
            pdf=self.options.pdf,
        )
        judged = rejudge_standings(standings, options, self.store, self.executor, self.watcher)
        return tuple(judged)


def _refuse_unknown(only: frozenset[str], found: Found) -> None:
    known = {hand_in.kerberos for hand_in in found.roster.counted}
    strangers = sorted(only - known)
    if strangers:
        raise ConfigError(
            f"only: expected kerberos names with a submission in the folder, found {strangers[0]!r}"
        )


def _is_there(row: HandInRow, known: Mapping[str, DoneRun], results: Path) -> bool:
    """Whether the run is in the store, and its results are where they belong."""
    folder, run = ResultFolder(root=results / row.kerberos), known.get(row.cache_key)
    if run is None:
        return False
    if run.state == State.REJECTED:
        return not folder.root.exists()
    return folder_holds(folder, row.cache_key, run.seed)


def _task(row: HandInRow, options: BatchOptions, store: Store, human: HumanGrades) -> GradeTask:
    course = row.hand_in.course
    return GradeTask(
        overrides=human.about(row.kerberos, row.zip_sha256, options.assignment, course),
        content=store.blobs.get(row.zip_sha256),
        hand_in=row.hand_in,
        run_key=row.cache_key,
        assignment=options.assignment,
        settings=options.settings,
        out=options.results.absolute() if options.shared_files else None,
        pdf=options.pdf and not options.shared_files,
    )


def _keep(
    done: Done[GradeTask, TaskResult], row: HandInRow, options: BatchOptions, store: Store
) -> RunRow:
    """Put the results where they belong, then the row into the store: in this order."""
    result = done.result
    if result.archive:
        with replacing(options.results, row.kerberos) as folder:
            unpack(result.archive, folder)
    if result.state is State.REJECTED:
        set_aside(options.results, row.kerberos, options.results / FOLDER / "set_aside")
    blob = store.blobs.put(result.sheet_json) if result.sheet_json else ""
    run = replace(
        run_row(row, options, result.state, result.sentence),
        worker=result.worker,
        attempts=done.attempts,
        seconds=result.seconds,
        stage_seconds=json.dumps(dict(result.stage_seconds)),
        sheet_sha256=blob,
    )
    if result.sheet is None or result.keys is None:
        store.add_run(run, None)
        return run
    facts = result.sheet.facts
    run = replace(run, seed=facts.seed, device=facts.host.device, isolation=facts.host.isolation)
    judgement = Judgement(
        sheet=result.sheet,
        keys=result.keys,
        code_version=run.code_version,
        worker=result.worker,
        seconds=dict(result.stage_seconds).get("checks", 0.0),
    )
    store.add_run(run, judgement)
    return run
