"""How long the threads of a run waited for a CPU that others had: no fault of the run."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

NS_PER_S = 1e9


def waits_s(pid: int) -> dict[int, float]:
    """Seconds that each thread of a process, and of all below it, was ready and had no CPU.

    By thread id, since the thread began. Empty where the system does not tell (`schedstat` of
    Linux), or the process is gone.
    """
    return _by_thread(pid, 1)


def ran_s(pid: int) -> dict[int, float]:
    """Seconds that each thread had a CPU; as `waits_s`."""
    return _by_thread(pid, 0)


def _by_thread(pid: int, column: int) -> dict[int, float]:
    found: dict[int, float] = {}
    with suppress(psutil.Error):
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            found.update(_of_process(process.pid, column))
    return found


def _of_process(pid: int, column: int) -> dict[int, float]:
    found: dict[int, float] = {}
    with suppress(OSError):  # it has ended
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError, ValueError, IndexError):
                time_ns = int((thread / "schedstat").read_text().split()[column])
                found[int(thread.name)] = time_ns / NS_PER_S
    return found


def ran_since_s(before: Mapping[int, float], now: Mapping[int, float]) -> float:
    """Seconds that all threads together have run between two calls of `ran_s`."""
    return sum(ran - before.get(one, 0.0) for one, ran in now.items())


def waited_since_s(before: Mapping[int, float], now: Mapping[int, float]) -> float:
    """Seconds that the thread which waited most has waited between two calls of `waits_s`."""
    return max((waited - before.get(one, 0.0) for one, waited in now.items()), default=0.0)
