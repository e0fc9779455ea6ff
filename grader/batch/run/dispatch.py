"""Keep workers busy, and hear them out one by one. What is lost is tried once more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from dataclasses import dataclass

from grader.batch.records import State
from grader.batch.run.executors import Slots
from grader.batch.run.task import GradeTask, TaskResult
from grader.batch.run.worker import grade_task
from grader.model.text import one_line
from reference.errors import ConfigError, PsetError

TRIES = 2
"""Times that a submission is tried before it is set apart as a fault of the grader."""
POLL_S = 0.5
"""Seconds between two signs of life while nothing ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """A task that waits to be made, so that few zips are in memory at a time."""

    kerberos: str
    """Whose."""
    make: Callable[[], GradeTask]
    """Reads the zip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A submission that has come to its end, one way or another."""

    assigned: Assigned
    """The task."""
    result: TaskResult
    """What came of the last attempt."""
    attempts: int
    """How often it was tried."""


OnPoll = Callable[[tuple[str, ...]], None]
"""Told now and then whose submissions are with the workers."""


def dispatch(
    tasks: Iterable[Assigned], executor: Executor, *, slots: Slots, on_poll: OnPoll
) -> Iterator[Done]:
    """Yield each task's end as soon as it is there; no order.

    Args:
        tasks: What to do.
        executor: Who does it.
        slots: Tasks that it runs at once; one more is with it, and no more zips are in memory.
        on_poll: See `OnPoll`.

    Raises:
        ConfigError: the executor itself is gone.
    """
    waiting = iter(tasks)
    under_way: dict[Future[TaskResult], tuple[Assigned, int]] = {}
    while True:
        while len(under_way) <= slots() and (one := next(waiting, None)) is not None:
            under_way[_submit(executor, one)] = (one, 1)
        if not under_way:
            return
        on_poll(tuple(assigned.kerberos for assigned, _ in under_way.values()))
        ended, _ = wait(under_way, timeout=POLL_S, return_when=FIRST_COMPLETED)
        for future in ended:
            assigned, attempt = under_way.pop(future)
            result = _result(future)
            if result.worth_retrying and attempt < TRIES:
                under_way[_submit(executor, assigned)] = (assigned, attempt + 1)
            else:
                yield Done(assigned=assigned, result=result, attempts=attempt)


def _submit(executor: Executor, assigned: Assigned) -> Future[TaskResult]:
    try:
        task = assigned.make()
    except PsetError as error:  # its zip cannot be read any more: nobody else's loss
        failed: Future[TaskResult] = Future()
        failed.set_exception(error)
        return failed
    try:
        return executor.submit(grade_task, task)
    except RuntimeError as error:
        raise ConfigError(
            f"The workers are gone ({error}); the same command continues where it was."
        ) from error


def _result(future: Future[TaskResult]) -> TaskResult:
    try:
        return future.result()
    except CancelledError as error:
        raise ConfigError(
            "The scheduler is gone; results so far are kept, the same command continues."
        ) from error
    except PsetError as error:
        return _failed(one_line(str(error)))
    except Exception as error:  # noqa: BLE001 -- whatever a lost worker leaves
        reason = one_line(str(error)) or type(error).__name__
        return _failed(f"The worker was lost ({type(error).__name__}: {reason[:300]}).")


def _failed(sentence: str) -> TaskResult:
    """What there is to say where no worker came back with a result."""
    return TaskResult(
        state=State.FAULT,
        sentence=sentence,
        worth_retrying=True,
        sheet=None,
        sheet_json=b"",
        archive=b"",
        stage_seconds=(),
        seconds=0.0,
        worker="",
    )
