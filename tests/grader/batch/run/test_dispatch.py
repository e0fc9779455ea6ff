"""What a worker did not come to an end with is tried once more: alone, in a fresh worker."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from grader.batch.run.dispatch import Assigned, Done, Work, _Pace, _Try, dispatch
from grader.batch.run.executors import (
    LEAST_ROOM_MIB,
    SERVER_MIB,
    HasOwnWorkers,
    MadeWayError,
    local_pool,
    room_for,
    workers_that_fit,
)
from grader.batch.run.task import GradeTask, with_all_memory
from grader.execution.settings import DRIVER_ROOM_MIB, RunSettings
from grader.execution.stage import _limits as limits_of
from grader.model.records import Limits


@dataclass(frozen=True)
class Outcome:
    sentence: str
    worth_retrying: bool = False
    disk_full: bool = False


class Ordinary(Executor):
    """Does at once what it is given."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.calls.append(f"{args[0]}")
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


class WithFresh(Ordinary):
    def submit_fresh(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future = self.submit(fn, *args, **kwargs)
        self.calls[-1] = f"fresh {self.calls[-1]}"
        return future

    def make_way(self, future: Future[Any]) -> None:
        raise AssertionError(f"nothing here takes long: {future}")


def work(failing: set[str]) -> Work[str, Outcome]:
    return Work(
        call=lambda task: Outcome(task, worth_retrying=task in failing),
        failed=Outcome,
        again=lambda task: f"{task} with all memory",
    )


def done(executor: Executor, failing: set[str]) -> list[Done[str, Outcome]]:
    tasks = [Assigned(kerberos=name, make=lambda name=name: name) for name in "abcd"]  # type: ignore[misc]
    given = dispatch(work(failing), tasks, executor, slots=lambda: 1, on_poll=lambda _: None)
    return list(given)


def test_a_second_try_waits_until_nothing_else_goes_on() -> None:
    executor = WithFresh()
    ended = done(executor, {"a", "b"})
    assert executor.calls[:4] == ["a", "b", "c", "d"]
    fresh = {"fresh a with all memory", "fresh b with all memory"}
    assert set(executor.calls[4:]) == fresh
    attempts = {one.assigned.kerberos: one.attempts for one in ended}
    assert attempts == {"a": 2, "b": 2, "c": 1, "d": 1}


class Queue(WithFresh):
    """Has one worker, which is done with a task when the test says so."""

    def __init__(self, slow: str, *, deaf: bool = False) -> None:
        super().__init__()
        self.slow, self.deaf = slow, deaf
        self.running: list[Running] = []
        self.stopped: list[str] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.calls.append(f"{args[0]}")
        future = Running(self, args[0])
        future.result_of = lambda: fn(*args, **kwargs)
        self.running.append(future)
        return future

    def make_way(self, future: Future[Any]) -> None:
        assert isinstance(future, Running)
        if not self.deaf:
            self.stopped.append(f"{future.task} made way")
            self.running.remove(future)
            future.set_exception(MadeWayError())

    def turn(self) -> None:
        """End the first in the row, unless it is a slow one and the end has not come."""
        if self.running:
            first = self.running[0]
            if first.task not in self.slow:
                self.running.pop(0).set_result(first.result_of())


class Running(Future[Any]):
    def __init__(self, queue: Queue, task: str) -> None:
        super().__init__()
        self.queue, self.task = queue, task
        self.result_of: Callable[[], Any] = lambda: None

    def running(self) -> bool:
        return bool(self.queue.running) and self.queue.running[0] is self

    def cancel(self) -> bool:
        self.queue.running.remove(self)
        self.queue.stopped.append(f"{self.task} ended")
        return True


def order_of(monkeypatch: pytest.MonkeyPatch, executor: Queue, names: str) -> list[str]:
    """The order in which a queue's tasks end, where the slow ones do when the others have."""
    clock = iter(range(0, 100_000, 30))
    monkeypatch.setattr("grader.batch.run.dispatch.time.monotonic", lambda: float(next(clock)))
    monkeypatch.setattr("grader.batch.run.dispatch.POLL_S", 0.001)
    tasks = [Assigned(kerberos=name, make=lambda name=name: name) for name in names]  # type: ignore[misc]
    given = dispatch(
        work(set()), tasks, executor, slots=lambda: 1, on_poll=lambda _: executor.turn()
    )
    ended: list[str] = []
    quick = len(names) - len(executor.slow)
    for one in given:
        ended.append(one.assigned.kerberos)
        assert one.attempts == 1  # it was not at fault
        if len(ended) == quick:
            executor.slow = ""
    return ended


@pytest.mark.parametrize("deaf", [False, True])
@pytest.mark.parametrize("slow", ["e", "h", "eg"])
def test_who_takes_far_longer_than_others_lets_them_go_first(
    monkeypatch: pytest.MonkeyPatch, slow: str, deaf: bool
) -> None:
    executor = Queue(slow, deaf=deaf)
    ended = order_of(monkeypatch, executor, "abcdefgh")
    assert ended == [name for name in "abcdefgh" if name not in slow] + [*slow]
    # The last one has nobody behind it: it is let run.
    how = "ended" if deaf else "made way"
    assert executor.stopped == [f"{name} {how}" for name in slow if name != "h"]
    assert not [call for call in executor.calls if "fresh" in call]  # it was no fault


def test_where_many_take_long_not_all_of_them_make_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.batch.run.dispatch.time.monotonic", lambda: 1000.0)
    executor = Queue("d")
    pace = _Pace()
    pace._seconds = [20.0] * 4
    for asked in range(4):
        future = executor.submit(lambda task: task, "d")
        executor.running[:] = [future]  # type: ignore[list-item]
        behind: Future[Any] = Future()
        trying = _Try(Assigned(kerberos="d", make=lambda: "d"), 1, began=0.0)
        rows: Any = {future: trying, behind: _Try(trying.assigned, 1)}
        pace.let_others_go_first(rows, executor)
        assert (trying.asked is not None) is (asked < 2)  # half of the four that ended


def test_there_is_no_third_try() -> None:
    executor = WithFresh()
    ended = done(executor, {"a", "a with all memory"})
    assert [one.result.worth_retrying for one in ended if one.attempts == 2] == [True]
    assert len(executor.calls) == 5


def test_a_cluster_tries_again_as_soon_as_it_can() -> None:
    executor = Ordinary()
    tasks = [Assigned(kerberos=name, make=lambda name=name: name) for name in "abcdefgh"]  # type: ignore[misc]
    given = dispatch(work({"a"}), tasks, executor, slots=lambda: 1, on_poll=lambda _: None)
    assert len(list(given)) == 8
    assert executor.calls.index("a with all memory") < 6


def test_a_fresh_worker_is_a_process_of_its_own() -> None:
    with local_pool(1, threads=1, timeout_s=60) as pool:
        assert isinstance(pool, HasOwnWorkers)
        first = pool.submit(os.getpid).result(60)
        fresh = pool.submit_fresh(os.getpid).result(60)
        again = pool.submit(os.getpid).result(60)
    assert first == again != fresh


@pytest.mark.parametrize(
    ("available_gib", "workers", "room"),
    [(5, 1, None), (15, 2, 4940), (64, 4, None), (64, 8, 6515), (24, 2, 8192)],
)
def test_workers_that_fit_have_what_their_processes_may_take(
    monkeypatch: pytest.MonkeyPatch, available_gib: int, workers: int, room: float | None
) -> None:
    monkeypatch.setattr("grader.batch.run.executors.kernels_are_shared", lambda: True)
    monkeypatch.setattr("grader.batch.run.executors._available_mib", lambda: available_gib * 1024.0)
    found = room_for(workers, Limits())
    assert found == (room if room is None else pytest.approx(room, abs=30))


def test_servers_that_are_not_shared_count_for_each_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.batch.run.executors._available_mib", lambda: 64 * 1024.0)
    rooms = []
    for shared in (True, False):
        monkeypatch.setattr("grader.batch.run.executors.kernels_are_shared", lambda: shared)  # noqa: B023
        rooms.append(room_for(8, Limits()))
    assert rooms[0] is not None
    assert rooms[1] is not None
    assert rooms[0] - rooms[1] == pytest.approx(SERVER_MIB * 7 / 8)


def test_no_worker_is_started_that_has_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.batch.run.executors._cores", lambda: 64)
    for gib in (4, 8, 16, 32, 64):
        monkeypatch.setattr("grader.batch.run.executors._available_mib", lambda: gib * 1024.0)  # noqa: B023
        workers = workers_that_fit(None, "cpu")
        room = room_for(workers, Limits())
        assert room is None or room >= LEAST_ROOM_MIB
        if workers > 1:
            limits = limits_of(RunSettings(bundle="studio", room_mib=room))
            taken = workers * (limits.run_memory_mib + limits.driver_memory_mib)
            assert taken < gib * 1024


def test_a_run_beside_others_has_less_memory_and_alone_all_of_it() -> None:
    settings = RunSettings(bundle="studio", room_mib=3000.0, beside_others=True)
    beside = limits_of(settings)
    assert (beside.run_memory_mib, beside.memory_mib) == (3000.0, Limits().memory_mib)
    assert beside.driver_memory_mib == DRIVER_ROOM_MIB
    task = GradeTask(
        content=b"",
        hand_in=None,  # type: ignore[arg-type]
        run_key="",
        assignment=None,  # type: ignore[arg-type]
        settings=settings,
        out=Path(),
    )
    assert not with_all_memory(task).settings.beside_others
    alone = limits_of(with_all_memory(task).settings)
    assert alone == replace(Limits())
    assert alone.run_memory_mib == alone.memory_mib
