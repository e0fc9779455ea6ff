"""A limit counts the seconds that a kernel could have used."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from grader.execution.patience import Patience, first_of
from grader.sandbox.waiting import waited_since_s, waits_s

BUSY = "import os, sys\nos.sched_setaffinity(0, {int(sys.argv[1])})\nwhile True: pass"
IDLE = "import time\nwhile True: time.sleep(0.01)"


@pytest.fixture
def crowd() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Four processes that are always ready, on one CPU."""
    one = str(min(os.sched_getaffinity(0)))
    crowd = [subprocess.Popen([sys.executable, "-c", BUSY, one]) for _ in range(4)]
    yield crowd
    for process in crowd:
        process.kill()
        process.wait()


@pytest.fixture
def idle() -> Iterator[subprocess.Popen[bytes]]:
    """A process that sleeps: it waits for no CPU."""
    process = subprocess.Popen([sys.executable, "-c", IDLE])
    yield process
    process.kill()
    process.wait()


def seconds_of_waiting(
    pid: int, *, timeout_s: float, busy_machine_s: float, by_others: bool = False
) -> float:
    async def wait() -> float:
        started = time.monotonic()
        never = asyncio.ensure_future(asyncio.sleep(60))
        patience = Patience(most_s=busy_machine_s, by_others=by_others)
        waited = await first_of({never}, timeout_s, pid, patience)
        assert not waited.done
        assert waited.given_s <= busy_machine_s
        never.cancel()
        return time.monotonic() - started

    return asyncio.run(wait())


def test_who_shares_a_cpu_waits_for_it(crowd: list[subprocess.Popen[bytes]]) -> None:
    time.sleep(0.5)  # they start
    before = waits_s(crowd[0].pid)
    time.sleep(1.0)
    assert 0.3 < waited_since_s(before, waits_s(crowd[0].pid)) < 1.5


def test_a_kernel_that_had_no_cpu_gets_more_time(crowd: list[subprocess.Popen[bytes]]) -> None:
    time.sleep(0.5)
    taken_s = seconds_of_waiting(crowd[0].pid, timeout_s=0.6, busy_machine_s=1.2)
    assert 0.9 < taken_s < 3.0
    plain_s = seconds_of_waiting(crowd[0].pid, timeout_s=0.2, busy_machine_s=0.0)
    assert plain_s < 0.9


def test_a_cell_that_others_keep_from_the_cpu_gets_more_time(
    crowd: list[subprocess.Popen[bytes]],
) -> None:
    time.sleep(0.5)
    one = crowd[0].pid
    assert seconds_of_waiting(one, timeout_s=0.6, busy_machine_s=1.2, by_others=True) > 0.9


def test_what_a_run_takes_from_itself_gives_it_no_time(
    crowd: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for a notebook of 200 processes: each waits, and together they never do."""
    clock = [0.0]

    def whole_cpu(_: int) -> dict[int, float]:
        clock[0] = time.monotonic()
        return {1: clock[0]}

    monkeypatch.setattr("grader.execution.patience.ran_s", whole_cpu)
    one = crowd[0].pid
    assert seconds_of_waiting(one, timeout_s=0.4, busy_machine_s=30.0, by_others=True) < 5.0
    assert clock[0] > 0.0


def test_a_function_that_sleeps_gets_none(idle: subprocess.Popen[bytes]) -> None:
    assert seconds_of_waiting(idle.pid, timeout_s=0.3, busy_machine_s=30.0) < 5.0


def test_who_has_ended_waits_for_nothing(idle: subprocess.Popen[bytes]) -> None:
    idle.kill()
    idle.wait()
    assert waits_s(idle.pid) == {}
    assert waited_since_s({1: 5.0}, {}) == 0.0


def test_a_thread_that_is_new_counts_from_its_start() -> None:
    assert waited_since_s({1: 2.0, 2: 9.0}, {1: 2.5, 3: 1.5}) == pytest.approx(1.5)
