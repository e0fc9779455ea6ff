"""Waiting for a kernel's answer on a machine that has other things to do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from grader.sandbox.waiting import ran_s, ran_since_s, waited_since_s, waits_s

LEAST_MORE_S = 0.05
"""Seconds; to wait less would change nothing."""


MOST_MORE = 3.0
"""Times its limit that something may wait longer, because others had the CPUs."""
BUSY_SHARE = 0.25
"""Share of its limit that a cell must have waited for a CPU, for the machine to be called busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How much longer than its limit something may take on a busy machine."""

    most_s: float = 0.0
    """At most so many seconds more, as far as the kernel was ready and others had the CPUs."""
    by_others: bool = False
    """Whether what the kernel's own processes took from each other counts as their own: one CPU
    that they kept busy all the while is all that a limit promises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waited:
    """How a wait ended."""

    done: set[asyncio.Future[Any]]
    """What came to its end; nothing at the limit."""
    given_s: float
    """Seconds that were given beyond the limit."""

    def for_long(self, timeout_s: float) -> bool:
        """Whether so much was given that the machine was busy, whatever the limit."""
        return self.given_s > BUSY_SHARE * timeout_s


def for_cell(timeout_s: float, left_s: float) -> Patience:
    """Return the patience with a cell, of the seconds that are left for all cells together."""
    return Patience(most_s=max(0.0, min(MOST_MORE * timeout_s, left_s)), by_others=True)


async def first_of(
    tasks: AbstractSet[asyncio.Future[Any]], timeout_s: float, pid: int, patience: Patience
) -> Waited:
    """Wait for the first of the tasks; return what is done, nothing at the limit.

    Args:
        tasks: What may come to an end.
        timeout_s: Wall-clock seconds to wait.
        pid: The kernel's process, or the one above it.
        patience: How much longer on a busy machine.
    """
    before = waits_s(pid) if patience.most_s else {}
    ran_before = ran_s(pid) if patience.by_others and patience.most_s else {}
    started, more_s, given_s = time.monotonic(), timeout_s, 0.0
    while True:
        done, _ = await asyncio.wait(tasks, timeout=more_s, return_when=asyncio.FIRST_COMPLETED)
        if done or not patience.most_s:
            return Waited(done=done, given_s=given_s)
        waited_s = waited_since_s(before, waits_s(pid))
        if patience.by_others:
            idle_s = time.monotonic() - started - ran_since_s(ran_before, ran_s(pid))
            waited_s = min(waited_s, idle_s)
        more_s = min(patience.most_s, waited_s) - given_s
        if more_s < LEAST_MORE_S:
            return Waited(done=done, given_s=given_s)
        given_s += more_s
