"""Waiting for a kernel's answer on a machine that has other things to do."""

from __future__ import annotations

import asyncio
from collections.abc import Set as AbstractSet
from typing import Any

from grader.sandbox.waiting import waited_since_s, waits_s

LEAST_MORE_S = 0.05
"""Seconds; to wait less would change nothing."""


async def first_of(
    tasks: AbstractSet[asyncio.Future[Any]], timeout_s: float, pid: int, busy_machine_s: float
) -> set[asyncio.Future[Any]]:
    """Wait for the first of the tasks; return what is done, nothing at the limit.

    Args:
        tasks: What may come to an end.
        timeout_s: Wall-clock seconds to wait.
        pid: The kernel's process, or the one above it.
        busy_machine_s: At most so many more, as far as the kernel was ready and others had the
            CPUs.
    """
    before = waits_s(pid) if busy_machine_s else {}
    more_s, given_s = timeout_s, 0.0
    while True:
        done, _ = await asyncio.wait(tasks, timeout=more_s, return_when=asyncio.FIRST_COMPLETED)
        if done or not busy_machine_s:
            return done
        waited_s = waited_since_s(before, waits_s(pid))
        more_s = min(busy_machine_s, waited_s) - given_s
        if more_s < LEAST_MORE_S:
            return done
        given_s += more_s
