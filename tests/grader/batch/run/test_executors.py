"""Real workers: what a task does to its own worker is nobody else's loss."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Executor, wait
from pathlib import Path

import psutil
import pytest
from pebble import ProcessExpired

from grader.batch.run.executors import (
    HasOwnWorkers,
    MadeWayError,
    dask_cluster,
    local_pool,
    why_lost,
    workers_that_fit,
)
from grader.sandbox.making_way import may_make_way
from reference.errors import ConfigError

pytestmark = pytest.mark.slow


def kill_self() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def write_pid_and_sleep(path: Path) -> None:
    path.write_text(str(os.getpid()))
    time.sleep(600)


def wait_for_another(path: Path) -> None:
    with may_make_way():
        write_pid_and_sleep(path)


def half_done(path: Path) -> str:
    """Wait where nothing may be left half done, then where it may."""
    path.write_text(str(os.getpid()))
    while not list(Path(tempfile.gettempdir()).glob(f"pset4-{os.getppid()}-*/*-asked")):
        time.sleep(0.01)
    path.with_suffix(".whole").touch()
    with may_make_way():
        return "heard nothing"


def threads() -> str:
    return os.environ["OMP_NUM_THREADS"]


def appears(path: Path, timeout_s: float = 60) -> int:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if path.exists() and path.read_text():
            return int(path.read_text())
        time.sleep(0.05)
    raise AssertionError(f"{path} did not appear")


def ends(pid: int, timeout_s: float = 10) -> bool:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


def test_a_worker_that_dies_takes_only_its_own_task_along() -> None:
    with local_pool(2, threads=1, timeout_s=60) as pool:
        futures = [pool.submit(pow, 2, n) for n in range(3)]
        lost = pool.submit(kill_self)
        futures += [pool.submit(pow, 2, n) for n in range(3, 6)]
        assert [future.result(60) for future in futures] == [1, 2, 4, 8, 16, 32]
        with pytest.raises(ProcessExpired):
            lost.result(60)


def test_a_task_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    with local_pool(1, threads=1, timeout_s=3) as pool:
        late = pool.submit(write_pid_and_sleep, tmp_path / "pid")
        with pytest.raises(ProcessExpired) as ended:
            late.result(60)
        assert "took longer" in why_lost(ended.value)
        assert pool.submit(pow, 2, 3).result(60) == 8
    assert ends(appears(tmp_path / "pid"))


def test_a_clock_that_jumps_ends_no_task(monkeypatch: pytest.MonkeyPatch) -> None:
    with local_pool(1, threads=1, timeout_s=60) as pool:
        slow = pool.submit(time.sleep, 1.5)
        while not slow.running():
            time.sleep(0.01)
        now = time.time
        monkeypatch.setattr(time, "time", lambda: now() + 1e6)
        assert slow.result(60) is None


def test_an_error_in_the_block_ends_the_workers_at_once(tmp_path: Path) -> None:
    def interrupted() -> None:
        with local_pool(1, threads=1, timeout_s=600) as pool:
            pool.submit(write_pid_and_sleep, tmp_path / "pid")
            appears(tmp_path / "pid")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert ends(appears(tmp_path / "pid"))


def test_workers_die_with_the_coordinator(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path\n"
        "from grader.batch.run.executors import local_pool\n"
        "from tests.grader.batch.run.test_executors import write_pid_and_sleep\n"
        "if __name__ == '__main__':\n"
        "    with local_pool(1, threads=1, timeout_s=600) as pool:\n"
        "        pool.submit(write_pid_and_sleep, Path(sys.argv[1])).result()\n"
    )
    script = tmp_path / "coordinator.py"
    script.write_text(code)
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    with subprocess.Popen([sys.executable, script, tmp_path / "pid"], env=environment) as process:
        pid = appears(tmp_path / "pid")
        process.kill()
    assert ends(pid)


def test_workers_get_their_threads_and_this_process_keeps_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    with local_pool(1, threads=3, timeout_s=60) as pool:
        assert pool.submit(threads).result(60) == "3"
    assert "OMP_NUM_THREADS" not in os.environ


@pytest.mark.parametrize(("asked", "least", "most"), [(5, 5, 5), (None, 1, os.cpu_count() or 1)])
def test_no_more_workers_than_there_is_room_for(asked: int | None, least: int, most: int) -> None:
    assert least <= workers_that_fit(asked, "cpu") <= most


def test_no_scheduler_is_one_sentence() -> None:
    with (
        pytest.raises(ConfigError, match="expected a Dask scheduler"),
        dask_cluster("tcp://127.0.0.1:9", gpus=False),
    ):
        pass


def test_dask_does_what_a_lost_worker_did_not(
    dask: tuple[str, list[subprocess.Popen[bytes]]], tmp_path: Path
) -> None:
    address, _ = dask
    with dask_cluster(address, gpus=False) as (executor, slots):
        assert slots() == 2
        futures = [executor.submit(pid_after, tmp_path / str(n), 3.0) for n in range(4)]
        appears(tmp_path / "0")
        victim = appears(tmp_path / "1")
        os.kill(victim, signal.SIGKILL)
        done, not_done = wait(futures, timeout=60)
        assert not not_done
        survivors = {future.result() for future in done}
    assert victim not in survivors
    assert isinstance(executor, Executor)


def pid_after(path: Path, seconds: float) -> int:
    path.write_text(str(os.getpid()))
    time.sleep(seconds)
    return os.getpid()


def test_who_makes_way_leaves_nothing_half_done_and_keeps_its_worker(tmp_path: Path) -> None:
    with local_pool(1, threads=1, timeout_s=60) as pool:
        assert isinstance(pool, HasOwnWorkers)
        for number, call in enumerate((wait_for_another, half_done)):
            path = tmp_path / str(number)
            future = pool.submit(call, path)
            worker = appears(path)
            pool.make_way(future)
            with pytest.raises(MadeWayError):
                future.result(60)
            assert pool.submit(os.getpid).result(60) == worker
        assert (tmp_path / "1.whole").exists()
        pool.make_way(future)  # it has ended: nobody hears it
        assert pool.submit(os.getpid).result(60) == worker
