"""Where tasks run: processes of this machine, or a Dask cluster. Both are `Executor`s.

Neither lets a task that takes its worker down spoil another: its own future fails, and a new
worker takes the place of the lost one.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Any, TypeVar

import psutil
from pebble import ProcessPool

from reference.errors import ConfigError

GIB = 2**30
WORKER_MEMORY_GIB = 3.0
"""Memory that a worker, its kernel and the checks take together at full size."""
GPU_WORKER_MEMORY_GIB = 8.0
"""GPU memory that a worker's kernel and checks take together."""
TASKS_PER_WORKER = 50
"""After so many a worker is replaced: what libraries leak goes with it."""
PR_SET_PDEATHSIG = 1

Result = TypeVar("Result")


class WorkerPool(Executor):
    """Processes of this machine; a task that outlasts `timeout_s` is killed with its worker."""

    def __init__(self, workers: int, *, timeout_s: float, initializer: Callable[[], None]) -> None:
        self._timeout_s = timeout_s
        self._pool = ProcessPool(
            max_workers=workers,
            max_tasks=TASKS_PER_WORKER,
            initializer=initializer,
            context=multiprocessing.get_context("spawn"),  # torch has threads by now
        )

    def submit(self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any) -> Future[Result]:
        """Run the call in a worker.

        The future fails with `pebble.ProcessExpired` where the worker dies, with `TimeoutError`
        where it takes too long.
        """
        future: Future[Result] = self._pool.schedule(
            fn, args=args, kwargs=kwargs, timeout=self._timeout_s
        )
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the workers: now, with `cancel_futures`, else when all is done."""
        if cancel_futures:
            self._pool.stop()
        else:
            self._pool.close()
        if wait:
            self._pool.join()


@contextmanager
def local_pool(workers: int, *, threads: int, timeout_s: float) -> Iterator[Executor]:
    """Give a pool of processes; all of them, and all below them, are gone when the block ends."""
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = str(threads)  # libraries read it once, when they are imported
    pool = WorkerPool(workers, timeout_s=timeout_s, initializer=_begin_worker)
    try:
        yield pool
    except BaseException:
        pool.shutdown(cancel_futures=True)
        raise
    else:
        pool.shutdown()
    finally:
        if before is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = before


@contextmanager
def dask_cluster(address: str, *, gpus: bool) -> Iterator[tuple[Executor, int]]:
    """Give the cluster of a Dask scheduler as an executor, and the tasks it can run at once.

    Args:
        address: Such as `tcp://host:8786`.
        gpus: Whether only workers with a free GPU may take a task (their resource `GPU`).

    Raises:
        ConfigError: Dask is not installed, or there is no scheduler at the address.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise ConfigError(
            "SCHEDULER: expected the package `distributed`, found none; install the extra: "
            "pip install 'pset4-grader[cluster]'"
        ) from error
    try:
        client = Client(address, timeout="15s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"SCHEDULER: expected a Dask scheduler at {address}, found none: {error}"
        ) from error
    with client:
        slots = sum(client.nthreads().values())
        options: dict[str, Any] = {"resources": {"GPU": 1}} if gpus else {}
        executor = client.get_executor(pure=False, **options)
        try:
            yield executor, max(1, slots)
        except BaseException:
            executor.shutdown(wait=False, cancel_futures=True)
            raise


def workers_that_fit(asked: int | None, gpu_memory_gib: float | None) -> int:
    """Return how many workers this machine has room for.

    Args:
        asked: By the caller, who is then believed; None for as many as fit.
        gpu_memory_gib: Free memory of the GPUs together; None where none is used.
    """
    if asked is not None:
        return asked
    memory = int(psutil.virtual_memory().available / GIB / WORKER_MEMORY_GIB)
    fitting = min(len(os.sched_getaffinity(0)), memory)
    if gpu_memory_gib is not None:
        fitting = min(fitting, int(gpu_memory_gib / GPU_WORKER_MEMORY_GIB))
    return max(1, fitting)


def free_gpu_memory_gib() -> float:
    """Return the free memory of all GPUs together; this process keeps none of it."""
    import torch

    return sum(
        torch.cuda.mem_get_info(index)[0] / GIB for index in range(torch.cuda.device_count())
    )


def _begin_worker() -> None:
    """Ctrl-C is for the coordinator; when that dies, so does this process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
