"""A class judged again: today's checks on the evidence that is there. No kernel starts.

A submission is done once its new findings are in the store; what was with a worker when everything
died is judged again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from grader.batch.run.dispatch import Assigned, Work, dispatch
from grader.batch.run.executors import Slots
from grader.batch.run.keys import todays_keys
from grader.batch.run.task import (
    RejudgeResult,
    RejudgeTask,
    not_rejudged,
    pack,
    unpack,
)
from grader.batch.run.watching import Watcher
from grader.batch.run.worker import made_by_judging, rejudge_task
from grader.batch.store.rows import Judgement, Standing
from grader.batch.store.store import Store
from grader.model.assignment import Assignment
from grader.model.records import GradeSheet
from grader.model.records.codec import load
from grader.model.results_folder import ResultFolder, is_whole, move_in
from grader.model.stage_keys import GraderKeys, StageKeys
from grader.model.version import code_version
from grader.scoring.changes import PartChange, changed_parts
from grader.scoring.overrides import HumanGrades
from reference.errors import ConfigError

REJUDGE = Work(call=rejudge_task, failed=not_rejudged)
"""What workers do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RejudgeOptions:
    """How a class is judged again."""

    results: Path
    """Results folder of the class."""
    assignment: Assignment
    """Today's."""
    shared_files: bool
    """Whether workers see the results folder."""
    slots: Slots
    """How many submissions the workers take at once."""
    human: HumanGrades
    """What people decided."""
    keep: bool = True
    """Whether results are written, or only told."""
    pdf: bool = True
    """Whether `feedback.pdf` is written, behind all points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A submission that was judged again."""

    kerberos: str
    """Whose."""
    total_before: float
    """After the late coefficient, as it was."""
    total_after: float
    """As it is."""
    changes: tuple[PartChange, ...]
    """Parts that do not stand as they did; empty where all do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotJudged:
    """A submission that could not be judged again."""

    kerberos: str
    """Whose."""
    sentence: str
    """Why."""
    must_run: bool
    """Whether its notebook has to be run again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """The submissions of a class by what judging them again takes."""

    to_judge: tuple[Standing, ...]
    """Other checks, tolerances, texts or rules judge them today."""
    as_today: tuple[Standing, ...]
    """Judged by today's already; only points may change."""
    to_run: tuple[NotJudged, ...]
    """Their evidence is not what would be recorded today."""


def sorted_out(standings: Iterable[Standing], assignment: Assignment, results: Path) -> Sorted:
    """Say what judging each submission again takes.

    Raises:
        ConfigError: assignment, bundle, checks and expected outputs do not go together.
    """
    to_judge, as_today, to_run = [], [], []
    today: dict[str, GraderKeys] = {}
    for one in standings:
        if one.grade is None or one.run is None:
            continue
        bundle = one.run.bundle
        if bundle not in today:
            today[bundle] = todays_keys(assignment, bundle)
        keys = keys_in(ResultFolder(root=results / one.hand_in.kerberos))
        if keys is None or not _of_run(keys, one.run.cache_key, one.run.seed):
            to_run.append(_other(one, "the results folder is not of the run that counts"))
        elif keys.grader.evidence != today[bundle].evidence:
            to_run.append(
                _other(one, "its evidence is of other code, other questions or other weights")
            )
        elif (one.judge_key, keys.grader.judge) == 2 * (today[bundle].judge,):
            as_today.append(one)
        else:
            to_judge.append(one)
    return Sorted(to_judge=tuple(to_judge), as_today=tuple(as_today), to_run=tuple(to_run))


def _other(standing: Standing, sentence: str) -> NotJudged:
    return NotJudged(kerberos=standing.hand_in.kerberos, sentence=sentence, must_run=True)


def rejudge_standings(
    standings: Iterable[Standing],
    options: RejudgeOptions,
    store: Store,
    executor: Executor,
    watcher: Watcher,
) -> Iterator[Moved | NotJudged]:
    """Judge the evidence of these again, and yield what came of each as soon as it is there.

    Raises:
        ConfigError: the executor is gone.
    """
    by_name = {one.hand_in.kerberos: one for one in standings}
    tasks = [
        Assigned(kerberos=kerberos, make=partial(_task, one, options))
        for kerberos, one in by_name.items()
    ]
    for done in dispatch(REJUDGE, tasks, executor, slots=options.slots, on_poll=watcher.under_way):
        one = _keep(by_name[done.assigned.kerberos], done.result, options, store)
        if isinstance(one, Moved):
            watcher.judged(one.kerberos, one.total_before, one.total_after)
        else:
            watcher.not_judged(one.kerberos, one.sentence)
        yield one


def keys_in(folder: ResultFolder) -> StageKeys | None:
    """Return what a results folder was made by; None where it does not say."""
    try:
        return load(StageKeys, folder.key)
    except ConfigError:
        return None


def folder_holds(folder: ResultFolder, run_key: str, seed: int | None) -> bool:
    """Whether a results folder is of that run, and of no other with the same key, and whole."""
    keys = keys_in(folder)
    return keys is not None and _of_run(keys, run_key, seed) and is_whole(folder)


def _of_run(keys: StageKeys, run_key: str, seed: int | None) -> bool:
    return (keys.run, keys.seed) == (run_key, seed)


def _task(standing: Standing, options: RejudgeOptions) -> RejudgeTask:
    folder = ResultFolder(root=options.results.absolute() / standing.hand_in.kerberos)
    shared, hand_in = options.shared_files, standing.hand_in
    overrides = options.human.about(
        hand_in.kerberos, hand_in.zip_sha256, options.assignment, hand_in.hand_in.course
    )
    return RejudgeTask(
        hand_in=hand_in.hand_in,
        overrides=overrides,
        assignment=options.assignment,
        folder=folder.root if shared else None,
        archive=b"" if shared else pack(folder, but=made_by_judging),
        keep=options.keep,
        pdf=options.pdf and not shared,
    )


def _keep(
    standing: Standing, result: RejudgeResult, options: RejudgeOptions, store: Store
) -> Moved | NotJudged:
    """Put new files where they belong, then the findings into the store: in this order."""
    kerberos = standing.hand_in.kerberos
    if result.after is None or result.keys is None or standing.run_id is None:
        return NotJudged(kerberos=kerberos, sentence=result.sentence, must_run=result.must_run)
    if result.archive:
        prefix = f".{kerberos}-"
        with tempfile.TemporaryDirectory(
            dir=options.results, prefix=prefix, suffix=".partial"
        ) as place:
            unpack(result.archive, ResultFolder(root=Path(place)))
            move_in(ResultFolder(root=Path(place)), ResultFolder(root=options.results / kerberos))
    if options.keep:
        judgement = Judgement(
            sheet=result.after,
            keys=result.keys,
            code_version=code_version(),
            worker=result.worker,
            seconds=result.seconds,
        )
        store.add_judgement(standing.run_id, judgement)
    before = standing.grade.sheet if standing.grade else result.before or result.after
    return moved(before, result.after)


def moved(before: GradeSheet, after: GradeSheet) -> Moved:
    """Return how a submission stands before and after."""
    return Moved(
        kerberos=after.kerberos,
        total_before=before.total,
        total_after=after.total,
        changes=changed_parts(before, after),
    )
