"""Where tasks run: processes of this machine, or a Dask cluster. Both are `Executor`s.

Neither lets a task that takes its worker down spoil another: its own future fails, and a new
worker takes the place of the lost one.
"""

from __future__ import annotations

import itertools
import logging
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

import psutil
from pebble import ProcessExpired, ProcessPool

from grader.batch.run.shared_servers import (
    NOTHING_SHARED,
    Shared,
    kernels_are_shared,
    take_over,
)
from grader.execution.settings import DRIVER_ROOM_MIB
from grader.model.quiet import quiet_libraries
from grader.model.records import Limits
from grader.model.text import one_line
from grader.sandbox.leftovers import sweep
from grader.sandbox.making_way import MadeWay, ask, turn
from grader.sandbox.orphans import die_with_parent
from reference.errors import ConfigError

GIB = 2**30
IDLE_WORKER_MIB = 300.0
"""Memory in MiB of a worker itself; it takes 150."""
SERVER_MIB = 900.0
"""Memory in MiB of what checks and pages are forked from, which all workers share, and as much of
what kernels and drivers are forked from: each has PyTorch imported once, which takes 700."""
LEAST_ROOM_MIB = 2560.0
"""Least memory in MiB for the run of a notebook beside others; a complete one takes 1,500. What
needs more is run again alone."""
SPARE_MIB = 1024.0
"""Memory in MiB that is left to the coordinator and to the machine."""
GPU_WORKER_MEMORY_GIB = 8.0
"""GPU memory that a worker's kernel and checks take together."""
TASKS_PER_WORKER = 200
"""After so many a worker is replaced: what libraries leak, up to 1 MiB each, goes with it."""
WORKERS_TIMEOUT_S = 60.0
"""Seconds until the first worker of a cluster must be there."""

Slots = Callable[[], int]
"""How many tasks run at once, at this moment."""

Result = TypeVar("Result")


class MadeWayError(Exception):
    """A call was given up because it was asked to make way; nobody is at fault."""


@runtime_checkable
class HasOwnWorkers(Protocol):
    """An executor of this machine: can run a call in a worker of its own, and ask one to end."""

    def submit_fresh(
        self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any
    ) -> Future[Result]:
        """Run the call in a worker that nothing before can have harmed."""

    def make_way(self, future: Future[Result]) -> None:
        """Ask a call that runs to make way: soon its future fails with `MadeWayError`."""


class WorkerPool(Executor):
    """Processes of this machine; a task that outlasts `timeout_s` is killed with its worker."""

    def __init__(
        self,
        workers: int,
        *,
        timeout_s: float,
        initializer: Callable[[Shared], None],
        shared: Callable[[], Shared] = NOTHING_SHARED,
    ) -> None:
        """Start no worker yet.

        Args:
            workers: Number of processes.
            timeout_s: Wall-clock seconds of a task.
            initializer: Called in each process as it starts.
            shared: Asked, when the first worker is needed, what all of them share.
        """
        self._workers = workers
        self._timeout_s = timeout_s
        self._initializer = initializer
        self._shared = shared
        self._fresh: list[ProcessPool] = []
        self._places = Path(tempfile.mkdtemp(prefix=f"pset4-{os.getpid()}-"))
        self._number = itertools.count()
        self._turns: dict[Future[Any], Path] = {}
        """Where each call can be asked to make way."""
        self._usual: ProcessPool | None = None

    def _pool(self) -> ProcessPool:
        if self._usual is None:
            self._usual = ProcessPool(
                max_workers=self._workers,
                max_tasks=TASKS_PER_WORKER,
                initializer=self._initializer,
                initargs=(self._shared(),),
                context=multiprocessing.get_context("spawn"),  # there are threads by now
            )
        return self._usual

    def _pools(self) -> tuple[ProcessPool, ...]:
        return (*((self._usual,) if self._usual is not None else ()), *self._fresh)

    def submit(self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any) -> Future[Result]:
        """Run the call in a worker.

        The future fails with `pebble.ProcessExpired` where the worker dies or takes too long; see
        `why_lost`.
        """
        call = partial(fn, *args, **kwargs)
        place = self._places / str(next(self._number))
        future: Future[Result] = self._pool().schedule(_timed, args=(self._timeout_s, place, call))
        self._turns[future] = place
        future.add_done_callback(lambda ended: self._turns.pop(ended, None))
        return future

    def make_way(self, future: Future[Result]) -> None:
        """Ask a call that runs to make way: soon its future fails with `MadeWayError`."""
        if (place := self._turns.get(future)) is not None:
            ask(place)

    def submit_fresh(
        self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any
    ) -> Future[Result]:
        """Run the call in a worker of its own, which nothing before can have harmed.

        It shares nothing with others.
        """
        pool = ProcessPool(
            max_workers=1,
            initializer=self._initializer,
            initargs=(Shared(),),
            context=multiprocessing.get_context("spawn"),
        )
        call = partial(fn, *args, **kwargs)
        place = self._places / str(next(self._number))
        future: Future[Result] = pool.schedule(_timed, args=(self._timeout_s, place, call))
        pool.close()  # it ends with this call
        self._fresh.append(pool)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the workers: now, with `cancel_futures`, else when all is done."""
        for pool in self._pools():
            if cancel_futures:
                pool.stop()
            else:
                pool.close()
        if wait:
            for pool in self._pools():
                pool.join()
        shutil.rmtree(self._places, ignore_errors=True)


def _timed(limit_s: float, place: Path, call: Callable[[], Result]) -> Result:
    """Do it; where it takes too long the system ends this process, by a clock that never jumps."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        with turn(place):
            return call()
    except MadeWay:
        raise MadeWayError from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def why_lost(error: Exception) -> str:
    """Return a sentence about a task whose worker came back with no result."""
    if isinstance(error, ProcessExpired):
        if error.exitcode == -signal.SIGALRM:
            return "It took longer than any submission may; its worker was ended."
        return f"Its worker ended (status {error.exitcode})."
    reason = one_line(str(error)) or type(error).__name__
    return f"The worker was lost ({type(error).__name__}: {reason[:300]})."


@contextmanager
def local_pool(
    workers: int,
    *,
    threads: int,
    timeout_s: float,
    shared: Callable[[], Shared] = NOTHING_SHARED,
) -> Iterator[Executor]:
    """Give a pool of processes; all of them, and all below them, are gone when the block ends.

    Args:
        workers: Number of processes.
        threads: Of each.
        timeout_s: Wall-clock seconds of a task.
        shared: See `WorkerPool`.
    """
    caches = tempfile.mkdtemp(prefix=f"pset4-{os.getpid()}-")  # torch would leave one behind
    # Libraries read these once, when they are imported.
    ours = {"OMP_NUM_THREADS": str(threads), "TORCHINDUCTOR_CACHE_DIR": caches}
    before = {name: os.environ.get(name) for name in ours}
    os.environ |= ours
    pool = WorkerPool(workers, timeout_s=timeout_s, initializer=_begin_worker, shared=shared)
    try:
        yield pool
    except BaseException:
        pool.shutdown(cancel_futures=True)
        raise
    else:
        pool.shutdown()
    finally:
        shutil.rmtree(caches, ignore_errors=True)
        sweep()  # what a worker that was ended could not take away
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@contextmanager
def dask_cluster(address: str, *, gpus: bool) -> Iterator[tuple[Executor, Slots]]:
    """Give the cluster of a Dask scheduler as an executor, and the tasks it can run at once.

    Workers may come and go meanwhile; a lost one's tasks are given to another.

    Args:
        address: Such as `tcp://host:8786`.
        gpus: Whether only workers with a free GPU may take a task (their resource `GPU`).

    Raises:
        ConfigError: Dask is not installed, or there is no scheduler at the address.
    """
    try:
        from distributed import Client

        # What it logs is in the sentences about lost workers, and in the scheduler's own log.
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
    except ImportError as error:
        raise ConfigError(
            "SCHEDULER: expected the package `distributed`, found none; install the packages of "
            "requirements.lock"
        ) from error
    try:
        client = Client(address, timeout="15s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"SCHEDULER: expected a Dask scheduler at {address}, found none: {error}"
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=WORKERS_TIMEOUT_S)
        except TimeoutError as error:
            raise ConfigError(
                f"SCHEDULER: expected workers at {address}, found none; start some and try again"
            ) from error
        options: dict[str, Any] = {"resources": {"GPU": 1}} if gpus else {}
        executor = client.get_executor(pure=False, **options)
        try:
            yield executor, lambda: max(1, sum(client.nthreads().values()))
        except BaseException:
            executor.shutdown(wait=False)  # which takes back what no worker has begun
            raise


def room_for(workers: int, limits: Limits) -> float | None:
    """Return the memory in MiB that a run may take while as many go on, all at their limits.

    None where each may take all that its limits say.
    """
    each = (_available_mib() - SPARE_MIB - _shared_mib()) / workers - _idle_mib()
    if workers == 1 or each >= limits.memory_mib + limits.driver_memory_mib:
        return None
    return max(LEAST_ROOM_MIB, min(limits.memory_mib, each - DRIVER_ROOM_MIB))


def _idle_mib() -> float:
    """Memory in MiB of a worker that waits, and of what it does not share."""
    return IDLE_WORKER_MIB + (0.0 if kernels_are_shared() else SERVER_MIB)


def _shared_mib() -> float:
    return SERVER_MIB * (2 if kernels_are_shared() else 1)


def _available_mib() -> float:
    return float(psutil.virtual_memory().available) / 2**20


def workers_that_fit(asked: int | None, device: str) -> int:
    """Return how many workers this machine has room for, each with all that it may take.

    Args:
        asked: By the caller, who is then believed; None for as many as fit.
        device: `auto`, `cpu` or `cuda`; where it means a GPU, its memory counts too.
    """
    if asked is not None:
        return asked
    each = _idle_mib() + DRIVER_ROOM_MIB + LEAST_ROOM_MIB
    memory = int((_available_mib() - SPARE_MIB - _shared_mib()) / each)
    fitting = min(_cores(), memory)
    if device != "cpu" and Path("/dev/nvidiactl").exists():
        fitting = min(fitting, int(_free_gpu_memory_gib() / GPU_WORKER_MEMORY_GIB))
    return max(1, fitting)


def _free_gpu_memory_gib() -> float:
    """Return the free memory of all GPUs together."""
    import torch

    return sum(
        torch.cuda.mem_get_info(index)[0] / GIB for index in range(torch.cuda.device_count())
    )


def _begin_worker(shared: Shared) -> None:
    """Ctrl-C is for the coordinator; when that dies, so does this process. It says nothing."""
    quiet_libraries()
    nothing = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nothing, stream)
    os.close(nothing)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent()
    take_over(shared)


def _cores() -> int:
    """Return the cores that this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
