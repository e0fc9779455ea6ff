"""What works on foreign data does so apart: whatever becomes of it, whoever called goes on."""

from __future__ import annotations

import importlib
import multiprocessing
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from grader.sandbox.apart import (
    Bounds,
    Door,
    Ended,
    borrow,
    call_apart,
    door,
    end_server,
    get_ready,
)
from grader.sandbox.apart_server import is_shortage
from reference.errors import ConfigError
from tests.grader.sandbox import apart_calls as calls

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes of Linux")
ROOT = Path(__file__).parents[3]
MODULES = ("tests.grader.sandbox.apart_calls",)
BOUNDS = Bounds(memory_mib=128, step_cpu_s=0.3, wall_s=20)


@pytest.fixture(scope="module", autouse=True)
def _own_server() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        end_server()
        get_ready(MODULES)
        yield
        end_server()


def called(
    function: Callable[..., None], *arguments: Any, bounds: Bounds = BOUNDS
) -> tuple[Ended, list[str]]:
    words: list[str] = []
    ended = call_apart(function, arguments, bounds, modules=MODULES, on_word=words.append)
    return ended, words


def test_a_call_returns_what_it_told() -> None:
    assert called(calls.adds, 2, 3) == (Ended.WELL, ["adding", "5"])


@pytest.mark.parametrize(
    ("function", "ended", "word"),
    [
        (calls.loops, Ended.TIME, "looping"),
        (calls.fills_memory, Ended.MEMORY, "filling"),
        (calls.crashes, Ended.CRASH, "crashing"),
        (calls.exits, Ended.CRASH, "leaving"),
        (calls.is_killed, Ended.MEMORY, "dying"),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_a_limit_reached_is_told_by_name_and_the_next_call_is_well(
    function: Callable[..., None], ended: Ended, word: str
) -> None:
    assert called(function) == (ended, [word])
    assert called(calls.adds, 1, 1)[0] is Ended.WELL


def test_each_step_has_its_own_time() -> None:
    assert called(calls.works_in_steps, 4, 0.15)[0] is Ended.WELL
    assert called(calls.works_in_steps, 2, 0.6) == (Ended.TIME, ["0"])


def test_a_call_that_only_waits_is_cut_off_on_the_walls_clock() -> None:
    started = time.monotonic()
    short = Bounds(memory_mib=128, step_cpu_s=5, wall_s=0.5)
    assert called(calls.sleeps, bounds=short) == (Ended.TIME, ["sleeping"])
    assert time.monotonic() - started < 5


def test_what_the_call_raised_is_raised_here_with_its_traceback_as_a_note() -> None:
    with pytest.raises(ConfigError, match=r"x\.toml: expected y") as caught:
        called(calls.raises, True)
    assert "apart_calls.py" in caught.value.__notes__[0]
    with pytest.raises(RuntimeError, match="Own: nobody else knows this class"):
        called(calls.raises, False)


def test_no_process_of_a_call_is_left(tmp_path: Path) -> None:
    short = Bounds(memory_mib=128, step_cpu_s=5, wall_s=0.5)
    called(calls.leaves_a_process, str(tmp_path / "pid"), bounds=short)
    until = time.monotonic() + 5
    pid = int((tmp_path / "pid").read_text())
    while _lives(pid) and time.monotonic() < until:
        time.sleep(0.02)
    assert not _lives(pid)


def _lives(pid: int) -> bool:
    """Whether it runs; a zombie does not, and who reaps it depends on the tests before."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_server_that_was_killed_is_started_again() -> None:
    living = [p for p in psutil.Process().children() if _lives(p.pid)]
    server = next(p for p in living if "apart_server" in " ".join(p.cmdline()))
    server.kill()
    server.wait(5)
    assert called(calls.adds, 2, 3)[0] is Ended.WELL


@pytest.mark.parametrize(
    ("error", "short"),
    [
        (MemoryError(), True),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
            True,
        ),
        (RuntimeError("std::bad_alloc"), True),
        (OSError(12, "Cannot allocate memory"), True),
        (ValueError("shapes do not fit"), False),
    ],
)
def test_each_library_says_in_its_own_words_that_memory_is_short(
    error: Exception, short: bool
) -> None:
    assert is_shortage(error) is short


def test_where_a_gpu_is_the_memory_that_is_in_use_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    end_server()
    monkeypatch.setenv("PSET4_TEST_GPU", "1")
    bounds = Bounds(memory_mib=128, step_cpu_s=30, wall_s=60)
    assert called(calls.fills_slowly, bounds=bounds) == (Ended.MEMORY, ["filling"])
    end_server()


def test_a_call_that_nobody_listens_to_is_ended(tmp_path: Path) -> None:
    """And others, which were forked meanwhile, go on."""
    short = Bounds(memory_mib=128, step_cpu_s=5, wall_s=3)
    with ThreadPoolExecutor(2) as pool:
        left = pool.submit(called, calls.leaves_a_process, str(tmp_path / "pid"), bounds=short)
        slow = pool.submit(called, calls.works_in_steps, 6, 0.2)
        assert left.result(20)[0] is Ended.TIME
        assert slow.result(20) == (Ended.WELL, ["0", "1", "2", "3", "4", "5"])
    pid = int((tmp_path / "pid").read_text())
    until = time.monotonic() + 5
    while _lives(pid) and time.monotonic() < until:
        time.sleep(0.02)
    assert not _lives(pid)


def test_the_end_of_a_call_is_heard_while_others_go_on() -> None:
    """No other call may hold its connection open."""
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(called, calls.works_in_steps, 8, 0.2)
        started = time.monotonic()
        while not slow.running() and time.monotonic() < started + 5:
            time.sleep(0.01)
        assert called(calls.crashes)[0] is Ended.CRASH
        assert called(calls.adds, 1, 1) == (Ended.WELL, ["adding", "2"])
        assert not slow.done()
        assert slow.result(20)[0] is Ended.WELL


def test_what_is_made_when_idle_is_there_for_later_calls_and_delays_no_first_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lazy_module.py").write_text(
        "import time\nready = []\n"
        "def prepare_when_idle():\n    ready.append(1)\n"
        "def tells(tell):\n    tell(str(len(ready)))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{tmp_path}")
    lazy = importlib.import_module("lazy_module")
    end_server()
    words: list[str] = []
    until = time.monotonic() + 20
    while words[-1:] != ["1"] and time.monotonic() < until:
        assert call_apart(lazy.tells, (), BOUNDS, modules=("lazy_module",), on_word=words.append)
        time.sleep(0.1)
    assert words[-1] == "1"
    end_server()


def _in_a_worker(lent: Door, modules: tuple[str, ...], results: Any) -> None:
    borrow(lent)
    words: list[str] = []
    call_apart(calls.tells_parent, (), BOUNDS, modules=modules, on_word=words.append)
    results.put(words)


def test_a_process_that_this_one_starts_asks_the_same_server() -> None:
    """And one of its own where that lacks a module or is gone."""
    get_ready(MODULES)
    lent = door()
    assert lent is not None
    own = called(calls.tells_parent)[1]
    spawn = multiprocessing.get_context("spawn")
    results = spawn.Queue()
    seen = []
    for modules in (MODULES, (*MODULES, "json")):
        worker = spawn.Process(target=_in_a_worker, args=(lent, modules, results))
        worker.start()
        seen.append(results.get(timeout=60))
        worker.join(20)
    assert seen[0] == own
    assert seen[1] != own
    assert called(calls.tells_parent)[1] == own  # it did not go with the workers
    server = psutil.Process(int(own[0]))
    server.kill()
    server.wait(5)
    worker = spawn.Process(target=_in_a_worker, args=(lent, MODULES, results))
    worker.start()
    assert results.get(timeout=60) != own
    worker.join(20)
