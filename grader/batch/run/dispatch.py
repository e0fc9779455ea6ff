"""Keep workers busy, and hear them out one by one. What is lost is tried once more."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from grader.batch.run.executors import HasOwnWorkers, MadeWayError, Slots, why_lost
from grader.model.disk import DiskFull
from grader.model.text import one_line
from reference.errors import ConfigError, PsetError

TRIES = 2
"""Times that a submission is tried before it is set apart as a fault of the grader."""
LONGEST_TURN, LEAST_TURN_S, FEWEST_SEEN = 1.5, 10.0, 3
"""A submission that takes more than so many times what nine in ten others took (of as many at
least), and more than so many seconds, makes way while others wait, and is run anew after them."""
SLOWEST = 0.9
"""Share of the others that are not slower than what a turn is measured by."""
MOST_LATE = 0.5
"""How many may make way, as a share of those that ended: more than that are the class itself."""
GRACE_S = 5.0
"""Seconds in which who makes way is gone; then its worker is ended."""
POLL_S = 0.5
"""Seconds between two signs of life while nothing ends."""


class Result(Protocol):
    """What comes back from a worker."""

    @property
    def worth_retrying(self) -> bool:
        """Whether another try may end otherwise."""

    @property
    def disk_full(self) -> bool:
        """Whether there was no room for it, so that all others wait too."""

    @property
    def sentence(self) -> str:
        """Why nothing came of it; empty otherwise."""


T = TypeVar("T")


def _as_it_is(task: T) -> T:
    return task


R = TypeVar("R", bound=Result)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work(Generic[T, R]):
    """What workers do with each task."""

    call: Callable[[T], R]
    """Does it; in a worker."""
    failed: Callable[[str], R]
    """What there is to say where no worker came back with a result."""
    again: Callable[[T], T] = _as_it_is
    """What is different the second time, when nothing else goes on beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned(Generic[T]):
    """A task that waits to be made, so that few zips are in memory at a time."""

    kerberos: str
    """Whose."""
    make: Callable[[], T]
    """Reads the files that it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done(Generic[T, R]):
    """A submission that has come to its end, one way or another."""

    assigned: Assigned[T]
    """The task."""
    result: R
    """What came of the last attempt."""
    attempts: int
    """How often it was tried."""


OnPoll = Callable[[tuple[str, ...]], None]
"""Told now and then whose submissions are with the workers."""


def dispatch(
    work: Work[T, R],
    tasks: Iterable[Assigned[T]],
    executor: Executor,
    *,
    slots: Slots,
    on_poll: OnPoll,
) -> Iterator[Done[T, R]]:
    """Yield each task's end as soon as it is there; no order.

    What is worth another try has it in a fresh worker, once nothing else is under way. What takes
    far longer than the others makes way, and is run from its start when no others wait: limits on
    time hold as ever, so no grade depends on it. Where the executor has no workers of its own, a
    second try comes as soon as may be, and nothing makes way.

    Args:
        work: What is done with each.
        tasks: What to do.
        executor: Who does it.
        slots: Tasks that it runs at once; one more is with it, and no more zips are in memory.
        on_poll: See `OnPoll`.

    Raises:
        ConfigError: the executor itself is gone.
        DiskFull: a worker has no room to write to.
    """
    waiting = iter(tasks)
    again: list[tuple[Assigned[T], int]] = []
    late: list[Assigned[T]] = []
    under_way: dict[Future[R], _Try[T]] = {}
    pace = _Pace()
    while True:
        at_once = len(again) if not isinstance(executor, HasOwnWorkers) else 0
        while len(under_way) <= slots() and (following := _following(waiting, late)) is not None:
            under_way[_submit(work, executor, following.assigned)] = following
        for one, attempt in again[: at_once or not under_way]:
            under_way[_submit_again(work, executor, one)] = _Try(one, attempt)
            again.remove((one, attempt))
        if not under_way:
            return
        on_poll(tuple(trying.assigned.kerberos for trying in under_way.values()))
        ended, _ = wait(under_way, timeout=POLL_S, return_when=FIRST_COMPLETED)
        for future in ended:
            trying = under_way.pop(future)
            if not future.cancelled() and isinstance(future.exception(), MadeWayError):
                late.append(trying.assigned)
                continue
            result = _result(work, future)
            pace.note(trying)
            if result.disk_full:
                raise DiskFull(result.sentence)
            if result.worth_retrying and trying.attempt < TRIES:
                again.append((trying.assigned, trying.attempt + 1))
            else:
                yield Done(assigned=trying.assigned, result=result, attempts=trying.attempt)
        if isinstance(executor, HasOwnWorkers):
            late += pace.let_others_go_first(under_way, executor)


@dataclass(slots=True)
class _Try(Generic[T]):
    """A task that is with the workers."""

    assigned: Assigned[T]
    attempt: int
    late: bool = False
    """Whether it has made way before."""
    began: float | None = None
    """When a worker was first seen at it, on the monotonic clock; None before."""
    asked: float | None = None
    """When it was asked to make way; None if it was not."""


def _following(waiting: Iterator[Assigned[T]], late: list[Assigned[T]]) -> _Try[T] | None:
    """Take the next task; those that made way come last."""
    one = next(waiting, None)
    if one is not None:
        return _Try(one, 1)
    return _Try(late.pop(0), 1, late=True) if late else None


class _Pace:
    """How long submissions take, and so which of them the others should not wait for."""

    def __init__(self) -> None:
        self._seconds: list[float] = []
        self._late = 0

    def note(self, trying: _Try[T]) -> None:
        """Take note of one that ended."""
        if trying.began is not None:
            self._seconds.append(time.monotonic() - trying.began)

    def let_others_go_first(
        self, under_way: dict[Future[R], _Try[T]], executor: HasOwnWorkers
    ) -> list[Assigned[T]]:
        """Ask what takes far longer than others did to make way, while others wait.

        Return what was asked in vain, and was ended with its worker.
        """
        now = time.monotonic()
        for future, trying in under_way.items():
            if trying.began is None and future.running():
                trying.began = now
        for future, trying in self._too_long(under_way, now):
            self._late += 1
            trying.asked = now
            executor.make_way(future)
        deaf = [
            future
            for future, trying in under_way.items()
            if trying.asked is not None and now - trying.asked > GRACE_S and future.cancel()
        ]
        return [under_way.pop(future).assigned for future in deaf]

    def _too_long(
        self, under_way: dict[Future[R], _Try[T]], now: float
    ) -> Iterator[tuple[Future[R], _Try[T]]]:
        """Yield what takes far longer than others did, while others wait."""
        others_wait = any(not f.running() and not t.late for f, t in under_way.items())
        if len(self._seconds) < FEWEST_SEEN or not others_wait:
            return
        usual = sorted(self._seconds)[int(SLOWEST * (len(self._seconds) - 1))]
        most = max(LEAST_TURN_S, LONGEST_TURN * usual)
        for future, trying in under_way.items():
            if trying.late or trying.asked is not None or self._late >= self._most_late:
                continue
            if trying.began is not None and now - trying.began > most:
                yield future, trying

    @property
    def _most_late(self) -> float:
        return MOST_LATE * len(self._seconds)


def _submit(work: Work[T, R], executor: Executor, assigned: Assigned[T]) -> Future[R]:
    return _submit_to(executor.submit, work.call, assigned.make)


def _submit_again(work: Work[T, R], executor: Executor, assigned: Assigned[T]) -> Future[R]:
    submit = executor.submit_fresh if isinstance(executor, HasOwnWorkers) else executor.submit
    return _submit_to(submit, work.call, lambda: work.again(assigned.make()))


def _submit_to(
    submit: Callable[..., Future[R]], call: Callable[[T], R], make: Callable[[], T]
) -> Future[R]:
    try:
        task = make()
    except PsetError as error:  # its files cannot be read any more: nobody else's loss
        failed: Future[R] = Future()
        failed.set_exception(error)
        return failed
    try:
        return submit(call, task)
    except RuntimeError as error:
        raise ConfigError(
            f"The workers are gone ({error}); the same command continues where it was."
        ) from error


def _result(work: Work[T, R], future: Future[R]) -> R:
    try:
        return future.result()
    except CancelledError as error:
        raise ConfigError(
            "The scheduler is gone; results so far are kept, the same command continues."
        ) from error
    except PsetError as error:
        return work.failed(one_line(str(error)))
    except Exception as error:  # noqa: BLE001 -- whatever a lost worker leaves
        return work.failed(why_lost(error))
